//! NNTP (RFC 4642).

use super::text::{NoReply, begins, dotted, reply};
use super::{Phase, Protocol, SetbackKind, Speaker, Step, no_opening};

/// The Network News Transfer Protocol.
pub(super) const NNTP: Protocol = Protocol {
    name: "nntp",
    first: Speaker::Server,
    farewell: b"QUIT\r\n",
    ends: Some(b'\n'),
    begins: Phase::Greeting,
    opening: no_opening,
    step: |phase, bytes, _| step(phase, bytes),
};

const ASK: &[u8] = b"STARTTLS\r\n";

fn step(phase: Phase, bytes: &[u8]) -> Step {
    let reply = match reply(bytes, false) {
        Ok(reply) => reply,
        Err(NoReply::More) => return Step::More,
        Err(NoReply::Other) => return Step::other(bytes),
    };
    match (phase, reply.code) {
        (Phase::Greeting, 200 | 201) => Step::say(reply.taken, *b"CAPABILITIES\r\n", Phase::Offers),
        // Temporarily unavailable (RFC 3977 section 5.1), and an internal fault or problem (section
        // 3.2.1), which is temporary like all 4xx. 502 is permanent.
        (_, 400 | 403) => Step::fail(SetbackKind::Temporary, reply.all),
        (Phase::Greeting, 400..) => Step::fail(SetbackKind::TurnedAway, reply.all),
        (Phase::Greeting, _) => Step::other(reply.all),
        (Phase::Offers, 101) => offers(bytes),
        // Servers older than RFC 3977 cannot list what they offer.
        (Phase::Offers, _) => Step::say(reply.taken, ASK, Phase::AskedBlindly),
        (_, 382) => Step::upgrade(reply.taken),
        (Phase::AskedBlindly, 500..=503) => Step::fail(SetbackKind::NotOffered, reply.all),
        _ => Step::fail(SetbackKind::Refused, reply.all),
    }
}

fn offers(bytes: &[u8]) -> Step {
    let Some((list, taken)) = dotted(bytes) else {
        return Step::More;
    };
    match list.iter().any(|line| begins(line, "STARTTLS")) {
        true => Step::say(taken, ASK, Phase::Asked),
        false => Step::fail(SetbackKind::NotOffered, &list[1..].join(&b' ')),
    }
}
