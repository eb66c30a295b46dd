//! Which failures may pass, and when to look again.

use std::time::Duration;

use crate::observation::{Failure, Observation, Offer, Reason, Stage};
use crate::tls::AlertDescription;

/// Whether another visit may see something else: a connection was dropped, or met silence, an
/// internal error, a request to come later, or our own limits. One such end does not define a
/// server, whatever it answered to the next hello. A service that was found to speak TLS at once,
/// where a dialogue was expected, is not asked again.
pub(super) fn may_pass(observation: &Observation) -> bool {
    let failed = observation.failure().is_some_and(transient);
    let failed = failed || observation.contradicted().is_some();
    let dropped = observation.exchanges.iter().any(|exchange| {
        exchange.offer.speaks() && exchange.failure.as_ref().is_some_and(transient)
    });
    observation.implicit_tls() != Some(true) && (failed || dropped && !is_complete(observation))
}

/// Whether a current client's handshake came to its end. What other hellos met is then nothing
/// that the row is judged by.
fn is_complete(observation: &Observation) -> bool {
    observation.exchanges.iter().any(|exchange| {
        let whole = matches!(
            exchange.offer,
            Offer::Modern | Offer::NoAlpn | Offer::MoreGroups
        );
        whole && exchange.failure.is_none()
    })
}

/// Whether the failure alone may pass.
pub(super) fn transient(failure: &Failure) -> bool {
    match failure.reason {
        Reason::LocalLimit | Reason::Timeout | Reason::Temporary => true,
        Reason::Eof | Reason::Reset => failure.stage != Stage::Dns,
        Reason::Alert => failure.is_alert(AlertDescription::INTERNAL_ERROR),
        Reason::Servfail => failure.stage == Stage::Dns,
        _ => failure.is_drop(),
    }
}

/// How long to wait before the attempt after this one: one second, then twice as long each time, up
/// to half a minute.
pub(super) fn delay(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.saturating_sub(1).min(5)).min(Duration::from_secs(30))
}
