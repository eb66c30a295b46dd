//! Determines what a visit shows about the address, independent of the target's name.

use crate::observation::{Exchange, Observation, Reason, Stage};
use crate::pace::VisitOutcome;

/// Returns what the visit so far shows about its address.
pub(super) fn of(observation: &Observation) -> VisitOutcome {
    let exchanges = observation.exchanges.as_slice();
    if exchanges.iter().any(answered) {
        return VisitOutcome::Answered;
    }
    let silent = |exchange: &Exchange| {
        let failure = exchange.failure.as_ref();
        failure.is_some_and(|failure| failure.reason == Reason::Timeout)
    };
    if exchanges.is_empty() || !exchanges.iter().all(silent) {
        return VisitOutcome::Unclear;
    }
    let accepted = exchanges.iter().any(|exchange| {
        let failure = exchange.failure.as_ref();
        failure.is_some_and(|failure| failure.stage != Stage::Connect)
    });
    // A retry of the same name proves nothing new about the address: the silence may be specific to
    // this name.
    match accepted && observation.attempt > 1 {
        true => VisitOutcome::Unclear,
        false => VisitOutcome::Silent { accepted },
    }
}

/// Returns true if any response was received, including a refusal.
fn answered(exchange: &Exchange) -> bool {
    let heard = exchange.transcript.as_ref().is_some_and(|it| it.heard());
    let failure = match &exchange.failure {
        None => return true,
        Some(failure) => failure,
    };
    let said = match failure.reason {
        // A timeout has a detail if part of a response had arrived.
        Reason::Timeout => !failure.is_silence(),
        Reason::LocalLimit | Reason::NoRoute => false,
        Reason::UnusableAddress | Reason::AddressDead | Reason::AllSilent => false,
        _ => true,
    };
    heard || said || exchange.session.is_some() || exchange.chain.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Defaults, Endpoint, TargetSpec};
    use crate::observation::{Failure, Offer};
    use crate::sweep::job::empty;

    #[test]
    fn only_timeouts_without_a_byte_are_silence() {
        use Reason::{Alert, Eof, LocalLimit, NoRoute, Refused, Reset, Timeout};
        use Stage::{Connect, Handshake, Starttls};
        let target = TargetSpec::expand("a.test@192.0.2.1", &Defaults::default());
        let target = std::sync::Arc::new(target.unwrap().next().unwrap());
        let accepted = VisitOutcome::Silent { accepted: true };
        let dropped = VisitOutcome::Silent { accepted: false };
        for (failures, attempt, want) in [
            (&[][..], 1, VisitOutcome::Unclear),
            (&[(Connect, Timeout, "")], 1, dropped),
            (&[(Connect, Timeout, "")], 2, dropped),
            (&[(Handshake, Timeout, "")], 1, accepted),
            (&[(Handshake, Timeout, "")], 2, VisitOutcome::Unclear),
            (
                &[(Handshake, Timeout, ""), (Connect, Timeout, "")],
                1,
                accepted,
            ),
            (
                &[(Handshake, Timeout, "the answer was not finished")],
                1,
                VisitOutcome::Answered,
            ),
            (&[(Starttls, Timeout, "")], 1, accepted),
            (&[(Connect, Refused, "")], 1, VisitOutcome::Answered),
            (&[(Connect, Reset, "")], 1, VisitOutcome::Answered),
            (&[(Handshake, Eof, "")], 1, VisitOutcome::Answered),
            (
                &[(Handshake, Alert, "x"), (Handshake, Timeout, "")],
                1,
                VisitOutcome::Answered,
            ),
            (&[(Connect, NoRoute, "")], 1, VisitOutcome::Unclear),
            (&[(Connect, LocalLimit, "")], 1, VisitOutcome::Unclear),
            (
                &[(Handshake, Timeout, ""), (Connect, LocalLimit, "")],
                1,
                VisitOutcome::Unclear,
            ),
        ] {
            let endpoint = Endpoint {
                target: target.clone(),
                address: target.address,
            };
            let mut observation = empty(endpoint, None, attempt, None);
            observation.exchanges = failures
                .iter()
                .map(|(stage, reason, detail)| Exchange {
                    offer: Offer::Modern,
                    transcript: None,
                    session: None,
                    chain: None,
                    chain_cut: false,
                    failure: Some(Failure::saved_as(*stage, *reason, detail)),
                })
                .collect();
            assert_eq!(of(&observation), want, "{failures:?} {attempt}");
        }
    }
}
