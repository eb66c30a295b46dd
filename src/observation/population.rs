//! The class of a visit in a study: how far it got, from "the name has no address" to "a TLS version
//! was accepted". Every visit is in exactly one class, except those that this machine could not make.

use serde::Serialize;

use super::{Exchange, Failure, Observation, Offer, Reason, Stage, Versions};

/// How far a visit got. The classes do not overlap, so they can be denominators of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// The name did not resolve to an address.
    Unresolved,
    /// The TCP connection was refused.
    Refused,
    /// The TCP connection timed out.
    TimedOut,
    /// The TCP connection failed for another reason, or the dialogue before TLS failed.
    Unreachable,
    /// The server answered in another protocol.
    NotTls,
    /// The connection was made, and no ClientHello got an answer in TLS: it was closed, reset or
    /// silent, or the answer was malformed.
    NoTlsAnswer,
    /// The server accepted a TLS version: it sent a ServerHello. With `--versions all`, at least one
    /// version must be `supported`.
    Tls,
    /// The server answered in TLS and accepted no version: only alerts, or with `--versions all` no
    /// version that is `supported`. This says nothing about the versions that the server would
    /// accept if it worked.
    TlsNoVersion,
}

impl Population {
    /// Returns the class of a visit, or `None` if nothing was measured because of a limit or fault on
    /// our own side.
    pub fn of(observation: &Observation) -> Option<Self> {
        if observation.exchanges.iter().any(answered) {
            return Some(match accepts_a_version(observation) {
                true => Self::Tls,
                false => Self::TlsNoVersion,
            });
        }
        let failure = observation.failure()?;
        if is_ours(failure, observation) {
            return None;
        }
        Some(match (failure.stage, failure.reason) {
            (Stage::Dns, _) => Self::Unresolved,
            (Stage::Connect, Reason::Refused) => Self::Refused,
            (Stage::Connect, Reason::Timeout) => Self::TimedOut,
            (Stage::Connect | Stage::Starttls, _) => Self::Unreachable,
            (Stage::Handshake, Reason::NotTls) => Self::NotTls,
            (Stage::Handshake, _) => Self::NoTlsAnswer,
        })
    }
}

/// Returns true if a ClientHello for the service got a ServerHello or an alert.
fn answered(exchange: &Exchange) -> bool {
    let alert = |failure: &Failure| failure.reason == Reason::Alert;
    let tls = exchange.session.is_some() || exchange.failure.as_ref().is_some_and(alert);
    tls && exchange.offer != Offer::Implicit
}

fn accepts_a_version(observation: &Observation) -> bool {
    match Versions::of(observation) {
        Some(versions) => versions.supported().next().is_some(),
        None => {
            let chose = |it: &Exchange| it.offer != Offer::Implicit && it.session.is_some();
            observation.exchanges.iter().any(chose)
        }
    }
}

/// Returns true if the failure says nothing about the target: this machine ran out of a resource, its
/// network may be down, or no ClientHello could be sent.
fn is_ours(failure: &Failure, observation: &Observation) -> bool {
    let unable = |exchange: &Exchange| {
        let failure = exchange.failure.as_ref();
        failure.is_some_and(|it| matches!(it.reason, Reason::LocalLimit | Reason::ScannerLimit))
    };
    let exchanges = &observation.exchanges;
    matches!(failure.reason, Reason::LocalLimit | Reason::AllSilent)
        || !exchanges.is_empty() && exchanges.iter().all(unable)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::inventory::{Defaults, Endpoint, TargetSpec};
    use crate::observation::Session;
    use crate::tls::{AlertDescription, ProtocolVersion};

    fn observation(failure: Option<Failure>, exchanges: Vec<Exchange>) -> Observation {
        let mut targets = TargetSpec::expand("a.example", &Defaults::default()).unwrap();
        let endpoint = Endpoint {
            target: Arc::new(targets.next().unwrap()),
            address: "192.0.2.1".parse().ok(),
        };
        Observation {
            failure,
            exchanges,
            ..Observation::of(endpoint, Timestamp::UNIX_EPOCH)
        }
    }

    fn exchange(offer: Offer, hello: bool, failure: Option<Failure>) -> Exchange {
        Exchange {
            offer,
            transcript: None,
            session: hello.then(|| Session::of(ProtocolVersion::Tls12, 0xC02F)),
            chain: None,
            chain_cut: false,
            failure,
        }
    }

    fn failed(stage: Stage, reason: Reason) -> Option<Failure> {
        Some(Failure::new(stage, reason, ""))
    }

    #[test]
    fn a_visit_without_an_answer_in_tls_is_classed_by_its_failure() {
        use Reason::{
            AddressDead, AllSilent, Eof, LocalLimit, Malformed, NoRoute, NotTls, Nxdomain, Refused,
            ScannerLimit, Timeout, UpgradeRefused,
        };
        for (stage, reason, expected) in [
            (Stage::Dns, Nxdomain, Some(Population::Unresolved)),
            (Stage::Dns, Timeout, Some(Population::Unresolved)),
            (Stage::Connect, Refused, Some(Population::Refused)),
            (Stage::Connect, Timeout, Some(Population::TimedOut)),
            (Stage::Connect, NoRoute, Some(Population::Unreachable)),
            (Stage::Connect, AddressDead, Some(Population::Unreachable)),
            (
                Stage::Starttls,
                UpgradeRefused,
                Some(Population::Unreachable),
            ),
            (Stage::Starttls, Timeout, Some(Population::Unreachable)),
            (Stage::Handshake, NotTls, Some(Population::NotTls)),
            (Stage::Handshake, Timeout, Some(Population::NoTlsAnswer)),
            (Stage::Handshake, Eof, Some(Population::NoTlsAnswer)),
            (Stage::Handshake, Malformed, Some(Population::NoTlsAnswer)),
            // Our own side is never blamed on the target.
            (Stage::Dns, LocalLimit, None),
            (Stage::Connect, LocalLimit, None),
            (Stage::Connect, AllSilent, None),
            (Stage::Handshake, ScannerLimit, None),
        ] {
            let made = exchange(Offer::Modern, false, failed(stage, reason));
            let visited = observation(None, vec![made]);
            assert_eq!(Population::of(&visited), expected, "{stage:?} {reason:?}");
            let unvisited = observation(failed(stage, reason), vec![]);
            let class = Population::of(&unvisited);
            assert!(class == expected || reason == ScannerLimit, "{reason:?}");
        }
    }

    #[test]
    fn a_server_of_alerts_only_accepts_no_version() {
        let alert = || Some(Failure::alert(AlertDescription::HANDSHAKE_FAILURE));
        let refuses = exchange(Offer::Modern, false, alert());
        let closes = exchange(Offer::Wide, false, failed(Stage::Handshake, Reason::Eof));
        let seen = observation(None, vec![refuses.clone(), closes]);
        assert_eq!(Population::of(&seen), Some(Population::TlsNoVersion));
        for failure in [
            None,
            alert(),
            failed(Stage::Handshake, Reason::KeyNotProven),
        ] {
            let chooses = exchange(Offer::Wide, true, failure);
            let seen = observation(None, vec![refuses.clone(), chooses]);
            assert_eq!(Population::of(&seen), Some(Population::Tls));
        }
        // A connection that this machine could not make hides no answer.
        let ours = exchange(
            Offer::Wide,
            false,
            failed(Stage::Connect, Reason::LocalLimit),
        );
        let seen = observation(None, vec![refuses, ours]);
        assert_eq!(Population::of(&seen), Some(Population::TlsNoVersion));
    }

    #[test]
    fn with_all_versions_a_version_must_be_supported() {
        let version = Offer::Version(ProtocolVersion::Tls12);
        let alert = || Some(Failure::alert(AlertDescription::INTERNAL_ERROR));
        let asked = |exchanges| Observation {
            versions_asked: true,
            ..observation(None, exchanges)
        };
        let breaks_off = || exchange(version, true, alert());
        let seen = asked(vec![breaks_off(), breaks_off()]);
        let versions = Versions::of(&seen).unwrap();
        let outcome = versions.outcome(ProtocolVersion::Tls12).outcome;
        assert_eq!(outcome, crate::observation::VersionWord::BrokeOff);
        assert_eq!(Population::of(&seen), Some(Population::TlsNoVersion));
        let seen = asked(vec![breaks_off(), exchange(version, true, None)]);
        assert_eq!(Population::of(&seen), Some(Population::Tls));
    }

    #[test]
    fn tls_instead_of_the_dialogue_is_not_the_service() {
        let silent = exchange(
            Offer::Modern,
            false,
            failed(Stage::Starttls, Reason::Timeout),
        );
        let implicit = exchange(Offer::Implicit, true, None);
        let seen = observation(None, vec![silent, implicit]);
        assert_eq!(Population::of(&seen), Some(Population::Unreachable));
    }
}
