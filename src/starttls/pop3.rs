//! POP3 (RFC 2595 section 4), with the capability list of RFC 2449.

use super::text::{begins, dotted, has_any, line};
use super::{Phase, Protocol, SetbackKind, Speaker, Step, no_opening};

/// The Post Office Protocol.
pub(super) const POP3: Protocol = Protocol {
    name: "pop3",
    first: Speaker::Server,
    farewell: b"QUIT\r\n",
    ends: Some(b'\n'),
    begins: Phase::Greeting,
    opening: no_opening,
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
        // Servers older than RFC 2449 cannot list what they offer.
        (Phase::Offers, ..) => Step::say(taken, ASK, Phase::AskedBlindly),
        (_, true, _) => Step::upgrade(taken),
        _ if is_temporary(first) => Step::fail(SetbackKind::Temporary, first),
        (Phase::AskedBlindly, ..) => Step::fail(SetbackKind::NotOffered, first),
        _ => Step::fail(SetbackKind::Refused, first),
    }
}

/// Returns true for the codes of temporary failures: LOGIN-DELAY and IN-USE (RFC 2449 sections 8.1.1
/// and 8.1.2), and SYS/TEMP (RFC 3206 section 4). SYS/PERM is permanent.
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
