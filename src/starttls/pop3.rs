//! POP3 (RFC 2595 section 4), its list of capabilities by RFC 2449.

use super::text::{begins, dotted, has_any, line};
use super::{Phase, Protocol, SetbackKind, Speaker, Step, silence};

/// The Post Office Protocol.
pub(super) const POP3: Protocol = Protocol {
    name: "pop3",
    first: Speaker::Server,
    farewell: b"QUIT\r\n",
    ends: Some(b'\n'),
    begins: Phase::Greeting,
    opening: silence,
    step: |phase, bytes, _| step(phase, bytes),
};

const ASK: &[u8] = b"STLS\r\n";

fn step(phase: Phase, bytes: &[u8]) -> Step {
    let Some((first, taken)) = line(bytes) else {
        return Step::More;
    };
    match (phase, begins(first, "+OK"), begins(first, "-ERR")) {
        (_, false, false) => Step::other(bytes),
        (Phase::Greeting, true, _) => Step::say(taken, *b"CAPA\r\n", Phase::Offers),
        (Phase::Greeting, ..) => Step::no(SetbackKind::TurnedAway, is_temporary(first), first),
        (Phase::Offers, true, _) => offers(bytes),
        // A server from before RFC 2449 does not list what it offers.
        (Phase::Offers, ..) => Step::say(taken, ASK, Phase::AskedBlindly),
        (_, true, _) => Step::upgrade(taken),
        _ if is_temporary(first) => Step::fail(SetbackKind::Temporary, first),
        (Phase::AskedBlindly, ..) => Step::fail(SetbackKind::NotOffered, first),
        _ => Step::fail(SetbackKind::Refused, first),
    }
}

/// The codes for what may pass: LOGIN-DELAY and IN-USE (RFC 2449 sections 8.1.1 and 8.1.2), and
/// SYS/TEMP, a problem that is likely to be temporary (RFC 3206 section 4). SYS/PERM is not.
fn is_temporary(reply: &[u8]) -> bool {
    has_any(reply, &["[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]"])
}

fn offers(bytes: &[u8]) -> Step {
    let Some((list, taken)) = dotted(bytes) else {
        return Step::More;
    };
    match list.iter().any(|line| begins(line, "STLS")) {
        true => Step::say(taken, ASK, Phase::Asked),
        false => Step::fail(SetbackKind::NotOffered, &list[1..].join(&b' ')),
    }
}
