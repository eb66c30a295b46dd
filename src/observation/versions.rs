//! Which protocol versions an endpoint accepts, concluded from its exchanges alone: what each
//! hello was answered with, and what an answer proves about the versions around it.
//!
//! Only a hello that offers a version can say no to it. What several versions share one hello for
//! is concluded from the version that was chosen, never from a refusal.

mod asking;
mod evidence;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Serialize;

pub(super) use asking::is_dead;
pub(crate) use asking::next_for_versions;
use evidence::{Evidence, evidence};
pub(super) use evidence::{may_speak, reason_text};

use super::{Exchange, Observation, Offer, Reason};
use crate::tls::{AlertDescription, ProtocolVersion};

/// What an endpoint does with a version.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum VersionWord {
    /// It chose the version, with parameters that were on offer, and sent the whole of its answer.
    Supported,
    /// It said by the mark in the random of an older answer that it could have spoken the version. It
    /// was not asked, or did not answer.
    Claimed,
    /// It chose the version and then broke off, both times that it was asked: by an alert, a close,
    /// a malformed message, a parameter that was not on offer, or a key exchange that clients refuse.
    BrokeOff,
    /// It answered that hello by an alert, or by choosing an older version.
    Rejected,
    /// It closes, resets or answers nonsense to that hello when it is sent again too, and to the
    /// short one where there is one, but answers others properly.
    Intolerant,
    /// Nothing came back, or nothing but a close to every hello, or a close that was seen once
    /// alone.
    NoAnswer,
    /// It was not asked: the endpoint was not reached, or stopped answering before its turn.
    NotProbed,
}

/// One version's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct VersionOutcome {
    /// What the endpoint does with the version.
    pub outcome: VersionWord,
    /// Why: `chosen`, `downgrade_mark`, `chose TLSv1.2`, the alert's name, `close`, `reset`,
    /// `timeout`, `http`, ... Of what broke off, how.
    pub reason: Cow<'static, str>,
    /// The id of the hello that the answer was given to; null when none was sent.
    pub hello: Option<&'static str>,
}

/// The outcome of each version, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions([VersionOutcome; ProtocolVersion::ALL.len()]);

impl Versions {
    /// What the exchanges show, when versions were asked for.
    pub fn of(observation: &Observation) -> Option<Self> {
        observation
            .versions_asked
            .then(|| Self::concluded(&observation.exchanges))
    }

    fn concluded(exchanges: &[Exchange]) -> Self {
        let found = ProtocolVersion::ALL.map(|version| (version, evidence(exchanges, version)));
        let mut known = found.iter().filter_map(|(_, evidence)| evidence.as_ref());
        let answered = known.any(Evidence::answers);
        Self(found.map(|(_, evidence)| settle(evidence, answered)))
    }

    /// The outcome of a version.
    pub fn outcome(&self, version: ProtocolVersion) -> &VersionOutcome {
        &self.0[version as usize]
    }

    /// The versions that the endpoint accepts, oldest first.
    pub fn supported(&self) -> impl Iterator<Item = ProtocolVersion> {
        let all = ProtocolVersion::ALL.into_iter();
        all.filter(|version| self.outcome(*version).outcome == VersionWord::Supported)
    }
}

/// Whether an empty key share was refused in words that need not be about the version, so that only
/// a whole handshake can tell.
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

/// Whether TLS 1.3 is proven; `None` when nothing proves it.
pub fn supports_tls13(observation: &Observation) -> Option<bool> {
    match evidence(&observation.exchanges, ProtocolVersion::Tls13) {
        Some(Evidence::Supported(..)) => Some(true),
        _ => None,
    }
}

/// Whether the server claims TLS 1.3 by the mark in the random of an older answer, and no answer
/// proves or refutes it. Some boxes copy the random of the server behind them.
pub fn claims_tls13(observation: &Observation) -> Option<bool> {
    match evidence(&observation.exchanges, ProtocolVersion::Tls13) {
        Some(Evidence::Claimed(_)) => Some(true),
        _ => None,
    }
}

fn settle(evidence: Option<Evidence>, answered: bool) -> VersionOutcome {
    let (outcome, reason, offer) = match evidence {
        Some(Evidence::Supported(reason, offer)) => {
            (VersionWord::Supported, reason.into(), Some(offer))
        }
        Some(Evidence::Claimed(offer)) => {
            (VersionWord::Claimed, "downgrade_mark".into(), Some(offer))
        }
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
        None => (VersionWord::NotProbed, "not asked".into(), None),
    };
    VersionOutcome {
        outcome,
        reason,
        hello: offer.map(Offer::id),
    }
}
