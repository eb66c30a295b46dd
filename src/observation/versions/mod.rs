//! Which protocol versions an endpoint accepts. This is derived only from the answers to each
//! ClientHello and from what an answer proves about other versions.
//!
//! Only a ClientHello that offers a version can prove that the version is rejected. If a ClientHello
//! offers several versions, only the chosen version counts, never a refusal.

mod asking;
mod evidence;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Serialize;

pub(super) use asking::is_dead;
pub(crate) use asking::{most_version_hellos, next_for_versions};
use evidence::{Evidence, evidence};
pub(super) use evidence::{may_speak, reason_text};

use super::{Exchange, Observation, Offer, Reason, phrases};
use crate::tls::{AlertDescription, ProtocolVersion};

/// How an endpoint reacts to a protocol version.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum VersionWord {
    /// The endpoint chose the version with offered parameters, and its answer was complete.
    Supported,
    /// The endpoint claims to support the version by the downgrade mark in the random of an older
    /// answer. The version was not probed, or the probe got no answer.
    Claimed,
    /// The endpoint chose the version and then aborted the handshake in both attempts: by an alert, a
    /// close, a malformed message, a parameter that was not offered, or a key exchange that clients
    /// reject.
    BrokeOff,
    /// The endpoint answered the ClientHello with an alert or by choosing an older version.
    Rejected,
    /// The endpoint closes, resets or sends an invalid answer to this ClientHello, to its repetition and
    /// to the short one, if there is one. It answers other versions properly.
    Intolerant,
    /// The endpoint did not answer, or closed the connection for every version, or the close was seen
    /// only once.
    NoAnswer,
    /// The version was not probed: the endpoint was not reached, or stopped answering earlier.
    NotProbed,
}

/// The outcome for one protocol version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct VersionOutcome {
    /// How the endpoint reacts to the version.
    pub outcome: VersionWord,
    /// Reason for the outcome: `chosen`, `downgrade_mark`, `chose TLSv1.2`, the alert's name, `close`,
    /// `reset`, `timeout`, `http`, ... For `broke_off` it says how the handshake was aborted.
    pub reason: Cow<'static, str>,
    /// Id of the ClientHello that led to the outcome; null if none was sent.
    pub hello: Option<&'static str>,
}

/// The outcomes of all versions, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions([VersionOutcome; ProtocolVersion::ALL.len()]);

impl Versions {
    /// Returns the outcomes, or `None` if versions were not probed.
    pub fn of(observation: &Observation) -> Option<Self> {
        observation
            .versions_asked
            .then(|| Self::concluded(&observation.exchanges))
    }

    fn concluded(exchanges: &[Exchange]) -> Self {
        let found = ProtocolVersion::ALL.map(|version| (version, evidence(exchanges, version)));
        let mut known = found.iter().filter_map(|(_, evidence)| evidence.as_ref());
        let answered = known.any(Evidence::answers);
        Self(found.map(|(_, evidence)| outcome_of(evidence, answered)))
    }

    /// Returns the outcome of a version.
    pub fn outcome(&self, version: ProtocolVersion) -> &VersionOutcome {
        &self.0[version as usize]
    }

    /// Returns the versions that the endpoint accepts, oldest first.
    pub fn supported(&self) -> impl Iterator<Item = ProtocolVersion> {
        let all = ProtocolVersion::ALL.into_iter();
        all.filter(|version| self.outcome(*version).outcome == VersionWord::Supported)
    }
}

/// Returns true if the TLS 1.3 probe, which has an empty key share, was refused by an alert that need not
/// be about the version. Only a whole handshake can then show if the version is supported.
pub(crate) fn needs_handshake(exchanges: &[Exchange]) -> bool {
    let tls13 = Offer::Version(ProtocolVersion::Tls13);
    let refused = exchanges.iter().any(|exchange| {
        let failure = exchange.failure.as_ref();
        exchange.offer == tls13
            && exchange.session.is_none()
            && failure.is_some_and(|failure| {
                failure.reason == Reason::Alert
                    && !failure.is_alert(AlertDescription::PROTOCOL_VERSION)
            })
    });
    let tried = exchanges
        .iter()
        .any(|exchange| exchange.offer == Offer::Modern);
    refused && !tried && !is_dead(exchanges)
}

/// Returns `Some(true)` if an answer proves TLS 1.3, or `None` otherwise.
pub fn supports_tls13(observation: &Observation) -> Option<bool> {
    match evidence(&observation.exchanges, ProtocolVersion::Tls13) {
        Some(Evidence::Supported(..)) => Some(true),
        _ => None,
    }
}

/// Returns `Some(true)` if the server claims TLS 1.3 by the downgrade mark in the random of an older
/// answer and no answer proves or refutes it, or `None` otherwise. Some middleboxes copy the random of
/// the server behind them.
pub fn claims_tls13(observation: &Observation) -> Option<bool> {
    match evidence(&observation.exchanges, ProtocolVersion::Tls13) {
        Some(Evidence::Claimed(_)) => Some(true),
        _ => None,
    }
}

fn outcome_of(evidence: Option<Evidence>, answered: bool) -> VersionOutcome {
    let (outcome, reason, offer) = match evidence {
        Some(Evidence::Supported(reason, offer)) => {
            (VersionWord::Supported, reason.into(), Some(offer))
        }
        Some(Evidence::Claimed(offer)) => (
            VersionWord::Claimed,
            phrases::DOWNGRADE_MARK.into(),
            Some(offer),
        ),
        Some(Evidence::BrokeOff(reason, offer)) => (VersionWord::BrokeOff, reason, Some(offer)),
        Some(Evidence::Rejected(reason, offer)) => (VersionWord::Rejected, reason, Some(offer)),
        Some(Evidence::Broke(reason, offer)) if answered => {
            (VersionWord::Intolerant, reason, Some(offer))
        }
        Some(
            Evidence::Broke(reason, offer)
            | Evidence::Doubtful(reason, offer)
            | Evidence::DoubtfulNo(reason, offer)
            | Evidence::DoubtfulChoice(reason, offer)
            | Evidence::TurnedAway(reason, offer)
            | Evidence::Silent(reason, offer),
        ) => (VersionWord::NoAnswer, reason, Some(offer)),
        None => (VersionWord::NotProbed, phrases::NOT_ASKED.into(), None),
    };
    VersionOutcome {
        outcome,
        reason,
        hello: offer.map(Offer::id),
    }
}
