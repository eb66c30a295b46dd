//! IMAP (RFC 9051 section 6.2.1).

use super::text::{begins, has_any, has_word, line, lines};
use super::{Phase, Protocol, SetbackKind, Speaker, Step, no_opening};

/// The Internet Message Access Protocol.
pub(super) const IMAP: Protocol = Protocol {
    name: "imap",
    first: Speaker::Server,
    farewell: b"a3 LOGOUT\r\n",
    ends: Some(b'\n'),
    begins: Phase::Greeting,
    opening: no_opening,
    step: |phase, bytes, _| step(phase, bytes),
};

const ASK: &[u8] = b"a2 STARTTLS\r\n";

fn step(phase: Phase, bytes: &[u8]) -> Step {
    match phase {
        Phase::Greeting => greeting(bytes),
        Phase::Offers => offers(bytes),
        Phase::Asked | Phase::AskedBlindly => answer(bytes),
    }
}

fn greeting(bytes: &[u8]) -> Step {
    let Some((greeting, taken)) = line(bytes) else {
        return Step::More;
    };
    if begins(greeting, "* OK") {
        // A greeting may list only some of the capabilities, so a missing STARTTLS means nothing.
        return match has_word(greeting, "STARTTLS") {
            true => Step::say(taken, ASK, Phase::Asked),
            false => Step::say(taken, *b"a1 CAPABILITY\r\n", Phase::Offers),
        };
    }
    if begins(greeting, "* PREAUTH") {
        // The session is authenticated from the start, when an upgrade is no longer allowed.
        return Step::fail(SetbackKind::NotOffered, greeting);
    }
    match begins(greeting, "* BYE") {
        true => Step::fail(SetbackKind::Temporary, greeting),
        false => Step::other(bytes),
    }
}

fn offers(bytes: &[u8]) -> Step {
    let Some((reply, taken)) = tagged(bytes, "a1") else {
        return Step::More;
    };
    let offers = &bytes[..taken];
    let listed = |line: &[u8]| line.starts_with(b"*") && has_word(line, "STARTTLS");
    if lines(offers).any(|(line, _)| listed(line)) {
        return Step::say(taken, ASK, Phase::Asked);
    }
    match begins(reply, "a1 OK") {
        true => Step::fail(SetbackKind::NotOffered, offers),
        false => Step::no(SetbackKind::TurnedAway, is_temporary(reply), offers),
    }
}

fn answer(bytes: &[u8]) -> Step {
    let Some((reply, taken)) = tagged(bytes, "a2") else {
        return Step::More;
    };
    match begins(reply, "a2 OK") {
        true => Step::upgrade(taken),
        false => Step::no(SetbackKind::Refused, is_temporary(reply), reply),
    }
}

/// Returns true for a temporary failure: `BYE` of a server that is full or shutting down (RFC 9051
/// section 7.1.5), UNAVAILABLE, or INUSE, after which a later attempt may succeed (RFC 5530 section
/// 3). LIMIT and SERVERBUG of that section are not described as temporary.
fn is_temporary(reply: &[u8]) -> bool {
    const CODES: [&str; 2] = ["[UNAVAILABLE]", "[INUSE]"];
    begins(reply, "* BYE") || has_any(reply, &CODES)
}

/// Returns the line with our tag, or an untagged `BYE`, and the number of bytes up to its end.
fn tagged<'a>(bytes: &'a [u8], tag: &str) -> Option<(&'a [u8], usize)> {
    lines(bytes).find(|(line, _)| begins(line, tag) || begins(line, "* BYE"))
}
