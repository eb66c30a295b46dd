//! Which failures may pass, and when to look again.

use std::time::Duration;

use crate::observation::{Failure, Observation, Reason, Stage};

/// Whether another visit may see something else: a timeout, a reset, or our own limits. What the
/// server said in so many words is not asked again, nor one that was found to speak TLS at once.
pub(super) fn may_pass(observation: &Observation) -> bool {
    observation.implicit_tls() != Some(true)
        && (observation.contradicted().is_some() || observation.failure().is_some_and(transient))
}

/// A server that closes or resets after the hello has been asked twice by then, with two offers:
/// only before the hello is a reset worth another look.
pub(super) fn transient(failure: &Failure) -> bool {
    match failure.reason {
        Reason::LocalLimit | Reason::Timeout => true,
        Reason::Reset => failure.stage == Stage::Connect,
        Reason::Servfail => failure.stage == Stage::Dns,
        _ => false,
    }
}

/// How long to wait before the attempt after this one: one second, then twice as long each time, up
/// to half a minute.
pub(super) fn delay(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.saturating_sub(1).min(5)).min(Duration::from_secs(30))
}
