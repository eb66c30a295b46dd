//! FTP (RFC 4217): AUTH TLS is asked for outright, as FEAT need not name it.

use super::text::{NoReply, reply};
use super::{Phase, Protocol, SetbackKind, Speaker, Step, silence};

/// FTP's control connection.
pub(super) const FTP: Protocol = Protocol {
    name: "ftp",
    first: Speaker::Server,
    farewell: b"QUIT\r\n",
    ends: Some(b'\n'),
    begins: Phase::Greeting,
    opening: silence,
    step: |phase, bytes, _| step(phase, bytes),
};

fn step(phase: Phase, bytes: &[u8]) -> Step {
    let reply = match reply(bytes, true) {
        Ok(reply) => reply,
        Err(NoReply::More) => return Step::More,
        Err(NoReply::Other) => return Step::other(bytes),
    };
    match (phase, reply.code) {
        // Ready in some minutes: the greeting is still to come.
        (Phase::Greeting, 120) => Step::Skip { taken: reply.taken },
        (Phase::Greeting, 220) => Step::say(reply.taken, *b"AUTH TLS\r\n", Phase::Asked),
        (Phase::Greeting, 400..) => {
            Step::no(SetbackKind::TurnedAway, reply.is_transient(), reply.all)
        }
        (Phase::Greeting, _) => Step::other(reply.all),
        (_, 234) => Step::upgrade(reply.taken),
        // Not known, not implemented, not with TLS; and 530, which servers without TLS say to
        // everything before the login.
        (_, 500 | 502 | 504 | 530) => Step::fail(SetbackKind::NotOffered, reply.all),
        // 421: shutting down or full; 431: what security needs is not there now (RFC 2228, 4).
        _ => Step::no(SetbackKind::Refused, reply.is_transient(), reply.all),
    }
}
