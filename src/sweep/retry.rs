//! Decides which failures are worth a retry, and how long to wait before it.

use std::time::Duration;

use crate::observation::{Failure, LookupReason, Observation, Offer, Reason};

/// Returns true if another visit could have a different result: a connection was dropped, timed
/// out, met an internal error or a request to come later, or reached one of our own limits. One
/// such failure says little about a server, whatever the server answered to the next hello. A
/// service that speaks TLS at once, where a dialogue was expected, is not retried.
pub(super) fn may_pass(observation: &Observation) -> bool {
    let failed = observation.failure().is_some_and(transient);
    let failed = failed || observation.contradicted().is_some();
    let dropped = observation.exchanges.iter().any(|exchange| {
        exchange.offer.speaks() && exchange.failure.as_ref().is_some_and(transient)
    });
    observation.implicit_tls() != Some(true) && (failed || dropped && !is_complete(observation))
}

/// Returns true if the handshake of a current client was completed. The row is then not judged by
/// the failures of other hellos.
fn is_complete(observation: &Observation) -> bool {
    observation.exchanges.iter().any(|exchange| {
        let whole = matches!(
            exchange.offer,
            Offer::Modern | Offer::NoAlpn | Offer::MoreGroups
        );
        whole && exchange.failure.is_none()
    })
}

/// Returns true if the failure may be temporary.
pub(super) fn transient(failure: &Failure) -> bool {
    use LookupReason as Is;
    match failure.lookup() {
        Some(Is::LocalLimit | Is::Timeout | Is::NoResolver | Is::Servfail | Is::ResolverError) => {
            true
        }
        Some(Is::Nxdomain | Is::NoAddress | Is::InvalidName | Is::UnusableAddress) => false,
        None => {
            let passing = matches!(failure.reason, Reason::LocalLimit | Reason::Timeout);
            passing || failure.is_drop()
        }
    }
}

/// Returns the delay before the attempt after this one: one second after the first attempt, doubled
/// each time, at most 30 seconds.
pub(super) fn delay(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.saturating_sub(1).min(5)).min(Duration::from_secs(30))
}
