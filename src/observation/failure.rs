//! Why something was not seen: at which stage, for which reason, in whose words. Typed fields decide;
//! `detail` is for people.

use serde::{Deserialize, Deserializer, Serialize};

use crate::tls::AlertDescription;

/// The step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The name lookup.
    Dns,
    /// The TCP handshake.
    Connect,
    /// The dialogue in clear before TLS.
    Starttls,
    /// The TLS handshake.
    Handshake,
}

/// Why it failed. Which verdict follows is judged elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The name does not exist.
    Nxdomain,
    /// The resolver failed or refused.
    Servfail,
    /// The name exists and has no address of the families asked for.
    NoAddress,
    /// The text is not a valid DNS name.
    InvalidName,
    /// No answer in time, at any stage.
    Timeout,
    /// TCP refused.
    Refused,
    /// TCP reset.
    Reset,
    /// No route, or an ICMP error said so.
    NoRoute,
    /// No connection can be made to the address: unspecified, multicast, broadcast, or link-local.
    /// Nothing was sent.
    UnusableAddress,
    /// Nothing was sent: the address had stayed silent to many visits before.
    AddressDead,
    /// Nothing was sent: every address visited had stayed silent, so our own network may be down.
    AllSilent,
    /// This machine ran out of descriptors, ports or memory; never the target's fault.
    LocalLimit,
    /// The peer closed the connection.
    Eof,
    /// The bytes that came are not TLS.
    NotTls,
    /// The peer sent a fatal alert.
    Alert,
    /// TLS that breaks its own rules.
    Malformed,
    /// TLS that we could not go on with: a version, suite or group that was not on offer.
    Incompatible,
    /// More bytes than any handshake needs.
    TooLarge,
    /// The library behind this scanner cannot do what the server may do soundly: read a message as
    /// large as this one, or send such a name. It says nothing against the server.
    ScannerLimit,
    /// The handshake signature does not fit the certificate: the key was not proven.
    KeyNotProven,
    /// Only a key exchange without any certificate was accepted.
    Anonymous,
    /// The service does not offer the upgrade to TLS.
    UpgradeNotOffered,
    /// The service offers the upgrade and then refuses it.
    UpgradeRefused,
    /// The service does not want to talk: its greeting, or its answer to ours, is a no.
    TurnedAway,
    /// The service says that it cannot talk, or upgrade, at the moment.
    Temporary,
    /// The service speaks another protocol than the target names.
    OtherProtocol,
    /// The service speaks TLS from the first byte, where a dialogue in clear was expected.
    ImplicitTls,
}

impl Reason {
    /// Returns the word in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nxdomain => "nxdomain",
            Self::Servfail => "servfail",
            Self::NoAddress => "no_address",
            Self::InvalidName => "invalid_name",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::NoRoute => "no_route",
            Self::UnusableAddress => "unusable_address",
            Self::AddressDead => "address_dead",
            Self::AllSilent => "all_silent",
            Self::LocalLimit => "local_limit",
            Self::Eof => "eof",
            Self::NotTls => "not_tls",
            Self::Alert => "alert",
            Self::Malformed => "malformed",
            Self::Incompatible => "incompatible",
            Self::TooLarge => "too_large",
            Self::ScannerLimit => "scanner_limit",
            Self::KeyNotProven => "key_not_proven",
            Self::Anonymous => "anonymous",
            Self::UpgradeNotOffered => "upgrade_not_offered",
            Self::UpgradeRefused => "upgrade_refused",
            Self::TurnedAway => "turned_away",
            Self::Temporary => "temporary",
            Self::OtherProtocol => "other_protocol",
            Self::ImplicitTls => "implicit_tls",
        }
    }
}

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Failure {
    /// Which step.
    pub stage: Stage,
    /// Why.
    #[serde(rename = "kind")]
    pub reason: Reason,
    /// The particulars: the alert's IANA name (`handshake_failure`), the protocol that spoke
    /// instead (`http`), or the system's own words. May hold the peer's text: escape it where it
    /// is shown. Empty when the reason says all.
    pub detail: String,
    /// What the alert said; `None` of every other reason. Records and saved facts have it as `detail`.
    #[serde(skip)]
    pub alert: Option<AlertDescription>,
    /// Whether an answer had begun when the time was up.
    #[serde(skip)]
    pub answer_began: bool,
}

impl Failure {
    /// Returns a failure with its particulars. Alerts and answers without an end have their own
    /// functions.
    pub fn new(stage: Stage, reason: Reason, detail: impl Into<String>) -> Self {
        debug_assert!(reason != Reason::Alert, "an alert has its description");
        Self {
            stage,
            reason,
            detail: detail.into(),
            alert: None,
            answer_began: false,
        }
    }

    /// Returns the failure of a handshake that the peer ended by this alert.
    pub fn alert(alert: AlertDescription) -> Self {
        Self {
            stage: Stage::Handshake,
            reason: Reason::Alert,
            detail: alert.to_string(),
            alert: Some(alert),
            answer_began: false,
        }
    }

    /// Returns the failure of a handshake whose answer began and did not end in time.
    pub fn unfinished(detail: impl Into<String>) -> Self {
        Self {
            answer_began: true,
            ..Self::new(Stage::Handshake, Reason::Timeout, detail)
        }
    }

    /// Returns the failure that is saved as this.
    #[cfg(test)]
    pub(crate) fn saved_as(stage: Stage, reason: Reason, detail: &str) -> Self {
        let detail = detail.to_owned();
        Saved {
            stage,
            reason,
            detail,
        }
        .into()
    }

    /// Returns true if the peer sent this alert.
    pub fn is_alert(&self, alert: AlertDescription) -> bool {
        self.alert == Some(alert)
    }

    /// Returns true if nothing came back in time.
    pub fn is_silence(&self) -> bool {
        self.reason == Reason::Timeout && !self.answer_began
    }

    /// Returns true if the server accepted the connection and then dropped it, in a way
    /// that may be temporary: a close, a reset, `internal_error`, or a temporary refusal.
    pub fn is_drop(&self) -> bool {
        match self.reason {
            // A reset right after the accept may be seen before the connection is known to be
            // accepted.
            Reason::Eof | Reason::Reset => self.stage != Stage::Dns,
            Reason::Alert => self.is_alert(AlertDescription::INTERNAL_ERROR),
            Reason::Temporary => true,
            _ => false,
        }
    }
}

/// A failure in the saved form, where text alone holds the particulars.
#[derive(Deserialize)]
struct Saved {
    stage: Stage,
    #[serde(rename = "kind")]
    reason: Reason,
    detail: String,
}

impl<'de> Deserialize<'de> for Failure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Saved::deserialize(deserializer).map(Self::from)
    }
}

impl From<Saved> for Failure {
    fn from(saved: Saved) -> Self {
        let alert = match saved.reason {
            Reason::Alert => AlertDescription::displayed_as(&saved.detail),
            _ => None,
        };
        let handshake = saved.reason == Reason::Timeout && saved.stage == Stage::Handshake;
        Self {
            stage: saved.stage,
            reason: saved.reason,
            alert,
            answer_began: handshake && !saved.detail.is_empty(),
            detail: saved.detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_is_the_same_after_saving() {
        use Reason::{Eof, NotTls, Timeout};
        use Stage::{Connect, Handshake, Starttls};
        let alerts = (0..=u8::MAX).map(|number| Failure::alert(AlertDescription(number)));
        let others = [
            Failure::unfinished("the answer was not finished"),
            Failure::new(Handshake, Timeout, ""),
            Failure::new(Connect, Timeout, ""),
            Failure::new(Starttls, Timeout, ""),
            Failure::new(Handshake, Eof, ""),
            Failure::new(Handshake, NotTls, "protocol_version"),
        ];
        for failure in alerts.chain(others) {
            let saved = serde_json::to_value(&failure).unwrap();
            assert_eq!(saved.as_object().unwrap().len(), 3, "{saved}");
            assert_eq!(serde_json::from_value::<Failure>(saved).unwrap(), failure);
        }
    }

    #[test]
    fn every_reason_has_the_word_that_serde_writes() {
        let schema = serde_json::to_value(schemars::schema_for!(Reason)).unwrap();
        let words = schema["oneOf"].as_array().unwrap();
        assert!(words.len() > 20);
        for word in words.iter().map(|it| &it["const"]) {
            let reason: Reason = serde_json::from_value(word.clone()).unwrap();
            assert_eq!(word, reason.word());
        }
    }

    #[test]
    fn the_words_of_a_peer_are_no_alert() {
        let alert = AlertDescription::PROTOCOL_VERSION;
        let spoken = Failure::new(Stage::Handshake, Reason::NotTls, alert.to_string());
        assert!(!spoken.is_alert(alert) && Failure::alert(alert).is_alert(alert));
        let saved = r#"{"stage":"handshake","kind":"alert","detail":"made up"}"#;
        let unknown: Failure = serde_json::from_str(saved).unwrap();
        assert_eq!(unknown.alert, None);
    }
}
