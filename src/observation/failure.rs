//! Failed steps: the stage, the reason and the details. Code decides by the typed fields only;
//! `detail` is for people.

use serde::{Deserialize, Deserializer, Serialize};

use crate::tls::AlertDescription;

/// The step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The DNS lookup.
    Dns,
    /// The TCP handshake.
    Connect,
    /// The plaintext dialogue before TLS (STARTTLS).
    Starttls,
    /// The TLS handshake.
    Handshake,
}

/// Why a step failed. The judge decides which verdict follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The name does not exist.
    Nxdomain,
    /// The resolver answered SERVFAIL: it could not find the answer.
    Servfail,
    /// The resolver answered with another error, such as REFUSED, FORMERR or NOTIMP, or with an answer
    /// that cannot be used.
    ResolverError,
    /// No resolver could be reached.
    NoResolver,
    /// The name exists, but has no address of the requested families.
    NoAddress,
    /// The name is not a valid DNS name.
    InvalidName,
    /// A step did not finish in time, at any stage.
    Timeout,
    /// The TCP connection was refused.
    Refused,
    /// The TCP connection was reset.
    Reset,
    /// There is no route to the address, or an ICMP error reported it as unreachable.
    NoRoute,
    /// The address cannot be connected to: it is unspecified, multicast, broadcast or link-local.
    /// Nothing was sent.
    UnusableAddress,
    /// Nothing was sent, because the address did not respond to many earlier visits.
    AddressDead,
    /// Nothing was sent, because no address visited so far responded: our own network may be down.
    AllSilent,
    /// This machine ran out of file descriptors, ports or memory. This is never the target's fault.
    LocalLimit,
    /// The peer closed the connection.
    Eof,
    /// The received bytes are not TLS.
    NotTls,
    /// The peer sent a fatal alert.
    Alert,
    /// The peer sent TLS messages that violate the protocol.
    Malformed,
    /// The handshake could not continue: the server chose a version, suite or group that was not
    /// offered.
    Incompatible,
    /// The peer sent more bytes than any handshake needs.
    TooLarge,
    /// The TLS library of this scanner has a limit that a correct server may exceed: it cannot read
    /// a message of this size, or cannot send such a name. This is not a fault of the server.
    ScannerLimit,
    /// The handshake signature does not verify with the key of the certificate, so the server did
    /// not prove possession of the private key.
    KeyNotProven,
    /// The server accepted only an anonymous key exchange, without a certificate.
    Anonymous,
    /// The service does not offer the upgrade to TLS.
    UpgradeNotOffered,
    /// The service offers the upgrade, but refuses the command for it.
    UpgradeRefused,
    /// The service refuses the dialogue in its greeting or in its reply to ours.
    TurnedAway,
    /// The service reports that it cannot continue or upgrade at the moment.
    Temporary,
    /// The service speaks a different protocol than the target names.
    OtherProtocol,
    /// The service speaks TLS from the first byte, where a plaintext dialogue was expected.
    ImplicitTls,
}

impl Reason {
    /// Returns the name of the reason in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nxdomain => "nxdomain",
            Self::Servfail => "servfail",
            Self::ResolverError => "resolver_error",
            Self::NoResolver => "no_resolver",
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

/// Why a lookup failed. Code that decides by it names every variant, so that the compiler shows all
/// of it to a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupReason {
    /// The name does not exist.
    Nxdomain,
    /// The resolver answered SERVFAIL.
    Servfail,
    /// The resolver answered with another error, or its answer is unusable.
    ResolverError,
    /// No resolver could be reached.
    NoResolver,
    /// The name has no address of the requested families.
    NoAddress,
    /// The name is not a valid DNS name.
    InvalidName,
    /// No answer arrived in time.
    Timeout,
    /// No connection is possible to any address of the name.
    UnusableAddress,
    /// This machine ran out of something that the lookup needs.
    LocalLimit,
}

impl Reason {
    /// Returns the reason as one of a lookup, or `None` if no lookup fails for it.
    fn of_lookup(self) -> Option<LookupReason> {
        match self {
            Self::Nxdomain => Some(LookupReason::Nxdomain),
            Self::Servfail => Some(LookupReason::Servfail),
            Self::ResolverError => Some(LookupReason::ResolverError),
            Self::NoResolver => Some(LookupReason::NoResolver),
            Self::NoAddress => Some(LookupReason::NoAddress),
            Self::InvalidName => Some(LookupReason::InvalidName),
            Self::Timeout => Some(LookupReason::Timeout),
            Self::UnusableAddress => Some(LookupReason::UnusableAddress),
            Self::LocalLimit => Some(LookupReason::LocalLimit),
            Self::Refused
            | Self::Reset
            | Self::NoRoute
            | Self::AddressDead
            | Self::AllSilent
            | Self::Eof
            | Self::NotTls
            | Self::Alert
            | Self::Malformed
            | Self::Incompatible
            | Self::TooLarge
            | Self::ScannerLimit
            | Self::KeyNotProven
            | Self::Anonymous
            | Self::UpgradeNotOffered
            | Self::UpgradeRefused
            | Self::TurnedAway
            | Self::Temporary
            | Self::OtherProtocol
            | Self::ImplicitTls => None,
        }
    }
}

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Failure {
    /// The step that failed.
    pub stage: Stage,
    /// Why it failed.
    #[serde(rename = "kind")]
    pub reason: Reason,
    /// Details: the alert's IANA name (`handshake_failure`), the protocol that the peer speaks
    /// instead (`http`), or the error text of the operating system. Empty if the reason says
    /// everything. It may contain text of the peer: escape it before you display it.
    pub detail: String,
    /// The alert, or `None` for every other reason. Records and recordings contain it as `detail`.
    #[serde(skip)]
    pub alert: Option<AlertDescription>,
    /// True if part of an answer arrived before the timeout.
    #[serde(skip)]
    pub answer_began: bool,
}

impl Failure {
    /// Returns a failure with details. Use [`Self::alert`] for alerts and [`Self::unfinished`] for
    /// answers that did not finish in time.
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

    /// Returns the failure of a handshake that the peer ended with this alert.
    pub fn alert(alert: AlertDescription) -> Self {
        Self {
            stage: Stage::Handshake,
            reason: Reason::Alert,
            detail: alert.to_string(),
            alert: Some(alert),
            answer_began: false,
        }
    }

    /// Returns the failure of a handshake whose answer began but did not finish in time.
    pub fn unfinished(detail: impl Into<String>) -> Self {
        Self {
            answer_began: true,
            ..Self::new(Stage::Handshake, Reason::Timeout, detail)
        }
    }

    /// Returns the failure that these fields of a recording represent.
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

    /// Returns true if the lookup got no answer to the question: the resolver is unreachable, silent
    /// or failing. The cause may be the resolver as well as the zone.
    pub fn is_failed_lookup(&self) -> bool {
        use LookupReason as Is;
        match self.lookup() {
            Some(Is::Timeout | Is::Servfail | Is::ResolverError | Is::NoResolver) => true,
            Some(Is::Nxdomain | Is::NoAddress | Is::InvalidName) => false,
            Some(Is::UnusableAddress | Is::LocalLimit) | None => false,
        }
    }

    /// Returns why the lookup failed, or `None` if another step failed.
    pub fn lookup(&self) -> Option<LookupReason> {
        self.reason.of_lookup().filter(|_| self.stage == Stage::Dns)
    }

    /// Returns true if nothing was received before the timeout.
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

/// A failure in a recording. There, the details are only text.
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
    fn a_failure_survives_saving() {
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
    fn every_reason_has_the_name_that_serde_writes() {
        let schema = serde_json::to_value(schemars::schema_for!(Reason)).unwrap();
        let words = schema["oneOf"].as_array().unwrap();
        assert!(words.len() > 20);
        for word in words.iter().map(|it| &it["const"]) {
            let reason: Reason = serde_json::from_value(word.clone()).unwrap();
            assert_eq!(word, reason.word());
        }
    }

    #[test]
    fn text_of_a_peer_is_no_alert() {
        let alert = AlertDescription::PROTOCOL_VERSION;
        let spoken = Failure::new(Stage::Handshake, Reason::NotTls, alert.to_string());
        assert!(!spoken.is_alert(alert) && Failure::alert(alert).is_alert(alert));
        let saved = r#"{"stage":"handshake","kind":"alert","detail":"made up"}"#;
        let unknown: Failure = serde_json::from_str(saved).unwrap();
        assert_eq!(unknown.alert, None);
    }
}
