//! FTP (RFC 4217). The client sends AUTH TLS without FEAT, because FEAT need not list it.

use super::text::{NoReply, reply};
use super::{Phase, Protocol, SetbackKind, Speaker, Step, no_opening};

/// FTP's control connection.
pub(super) const FTP: Protocol = Protocol {
    name: "ftp",
    first: Speaker::Server,
    farewell: b"QUIT\r\n",
    ends: Some(b'\n'),
    begins: Phase::Greeting,
    opening: no_opening,
    step: |phase, bytes, _| step(phase, bytes),
};

fn step(phase: Phase, bytes: &[u8]) -> Step {
    let reply = match reply(bytes, true) {
        Ok(reply) => reply,
        Err(NoReply::More) => return Step::More,
        Err(NoReply::Other) => return Step::other(bytes),
    };
    match (phase, reply.code) {
        // 120 means "ready in some minutes". The real greeting follows.
        (Phase::Greeting, 120) => Step::Skip { taken: reply.taken },
        (Phase::Greeting, 220) => Step::say(reply.taken, *b"AUTH TLS\r\n", Phase::Asked),
        (Phase::Greeting, 400..) => {
            Step::no(SetbackKind::TurnedAway, reply.is_transient(), reply.all)
        }
        (Phase::Greeting, _) => Step::other(reply.all),
        (_, 234) => Step::upgrade(reply.taken),
        // Unknown, not implemented, or not with TLS. Servers without TLS send 530 to every command
        // before the login.
        (_, 500 | 502 | 504 | 530) => Step::fail(SetbackKind::NotOffered, reply.all),
        // 421: shutting down or full. 431: a resource that security needs is unavailable (RFC 2228
        // section 4).
        _ => Step::no(SetbackKind::Refused, reply.is_transient(), reply.all),
    }
}
