//! IMAP (RFC 9051 section 6.2.1).

use super::text::{begins, has_any, has_word, line, lines};
use super::{Phase, Protocol, SetbackKind, Speaker, Step, silence};

/// The Internet Message Access Protocol.
pub(super) const IMAP: Protocol = Protocol {
    name: "imap",
    first: Speaker::Server,
    farewell: b"a3 LOGOUT\r\n",
    ends: Some(b'\n'),
    begins: Phase::Greeting,
    opening: silence,
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
        // A greeting may list fewer capabilities than there are: only a yes is taken from it.
        return match has_word(greeting, "STARTTLS") {
            true => Step::say(taken, ASK, Phase::Asked),
            false => Step::say(taken, *b"a1 CAPABILITY\r\n", Phase::Offers),
        };
    }
    if begins(greeting, "* PREAUTH") {
        // Logged in from the start, and hence too late for an upgrade.
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

/// A server says BYE that is full or shutting down (RFC 9051 section 7.1.5). UNAVAILABLE is a
/// temporary failure, and after INUSE a later try may succeed (RFC 5530 section 3). LIMIT and SERVERBUG
/// of the same section are not called temporary.
fn is_temporary(reply: &[u8]) -> bool {
    const CODES: [&str; 2] = ["[UNAVAILABLE]", "[INUSE]"];
    begins(reply, "* BYE") || has_any(reply, &CODES)
}

/// The line with our tag, or a farewell out of turn, and the bytes up to its end.
fn tagged<'a>(bytes: &'a [u8], tag: &str) -> Option<(&'a [u8], usize)> {
    lines(bytes).find(|(line, _)| begins(line, tag) || begins(line, "* BYE"))
}
