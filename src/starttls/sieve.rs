//! ManageSieve (RFC 5804), which lists its capabilities in the greeting.

use super::text::{begins, has_any, lines};
use super::{Phase, Protocol, SetbackKind, Speaker, Step, no_opening};

/// The protocol for managing Sieve scripts.
pub(super) const SIEVE: Protocol = Protocol {
    name: "sieve",
    first: Speaker::Server,
    farewell: b"LOGOUT\r\n",
    ends: Some(b'\n'),
    begins: Phase::Greeting,
    opening: no_opening,
    step: |phase, bytes, _| step(phase, bytes),
};

fn step(phase: Phase, bytes: &[u8]) -> Step {
    let mut offered = false;
    for (line, taken) in lines(bytes) {
        let no = begins(line, "NO") || begins(line, "BYE");
        match phase {
            _ if line.starts_with(b"\"") => offered |= begins(line, "\"STARTTLS\""),
            Phase::Greeting if begins(line, "OK") && offered => {
                return Step::say(taken, *b"STARTTLS\r\n", Phase::Asked);
            }
            Phase::Greeting if begins(line, "OK") => {
                return Step::fail(SetbackKind::NotOffered, &bytes[..taken]);
            }
            Phase::Greeting if no => {
                return Step::no(SetbackKind::TurnedAway, is_temporary(line), line);
            }
            Phase::Greeting => return Step::other(bytes),
            _ if begins(line, "OK") => return Step::upgrade(taken),
            _ => return Step::no(SetbackKind::Refused, is_temporary(line), line),
        }
    }
    Step::More
}

/// Returns true for a temporary failure: `BYE` without a referral to another server, or the code
/// TRYLATER (RFC 5804 sections 1.2 and 1.3).
fn is_temporary(line: &[u8]) -> bool {
    let bye = begins(line, "BYE") && !has_any(line, &["(REFERRAL"]);
    bye || has_any(line, &["(TRYLATER)"])
}
