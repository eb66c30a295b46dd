//! SMTP (RFC 3207) and LMTP (RFC 2033), which differ in one command.

use super::text::{NoReply, Reply, begins, reply};
use super::{Names, Phase, Protocol, SetbackKind, Speaker, Step, no_opening};

/// SMTP, between servers and for submission.
pub(super) const SMTP: Protocol = Protocol {
    name: "smtp",
    first: Speaker::Server,
    farewell: b"QUIT\r\n",
    ends: Some(b'\n'),
    begins: Phase::Greeting,
    opening: no_opening,
    step: |phase, bytes, names| step("EHLO", phase, bytes, names),
};

/// LMTP, for local delivery.
pub(super) const LMTP: Protocol = Protocol {
    name: "lmtp",
    step: |phase, bytes, names| step("LHLO", phase, bytes, names),
    ..SMTP
};

fn step(hello: &str, phase: Phase, bytes: &[u8], names: &Names<'_>) -> Step {
    let reply = match reply(bytes, false) {
        Ok(reply) => reply,
        Err(NoReply::More) => return Step::More,
        Err(NoReply::Other) => return Step::other(bytes),
    };
    match phase {
        Phase::Greeting => greeting(hello, &reply, names),
        Phase::Offers => offers(&reply),
        Phase::Asked | Phase::AskedBlindly => answer(&reply),
    }
}

fn greeting(hello: &str, reply: &Reply<'_>, names: &Names<'_>) -> Step {
    match reply.code {
        220 => Step::say(
            reply.taken,
            format!("{hello} {}\r\n", names.ehlo),
            Phase::Offers,
        ),
        400.. => no(SetbackKind::TurnedAway, reply),
        _ => Step::other(reply.all),
    }
}

fn offers(reply: &Reply<'_>) -> Step {
    match reply.code {
        250 if reply.texts().skip(1).any(|text| begins(text, "STARTTLS")) => {
            Step::say(reply.taken, *b"STARTTLS\r\n", Phase::Asked)
        }
        250 => {
            let texts: Vec<_> = reply.texts().collect();
            Step::fail(SetbackKind::NotOffered, &texts.join(&b' '))
        }
        // Servers older than RFC 1869 do not know EHLO and have no extensions to offer.
        500 | 502 => Step::fail(SetbackKind::NotOffered, reply.all),
        _ => no(SetbackKind::TurnedAway, reply),
    }
}

fn answer(reply: &Reply<'_>) -> Step {
    match reply.code {
        220 => Step::upgrade(reply.taken),
        _ => no(SetbackKind::Refused, reply),
    }
}

/// Fails with this kind, or with `Temporary` for 4yz. 421 means that the service is not available
/// (RFC 5321 section 3.8), 454 that TLS is not available for a temporary reason (RFC 3207 section
/// 4).
fn no(kind: SetbackKind, reply: &Reply<'_>) -> Step {
    Step::no(kind, reply.is_transient(), reply.all)
}
