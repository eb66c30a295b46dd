//! Why something was not seen: at which stage, for which reason, in whose words.

use serde::{Deserialize, Serialize};

use crate::tls::{alert, alert_name};

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

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
}

impl Failure {
    /// A failure with its particulars.
    pub fn new(stage: Stage, reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            stage,
            reason,
            detail: detail.into(),
        }
    }

    /// Returns true if the server accepted the connection and then dropped it, in a way that may have
    /// come in passing: a close, a reset, `internal_error`, or a word that asks us to come later.
    pub fn is_drop(&self) -> bool {
        match self.reason {
            // A reset right after the connection was accepted may be seen before we know that it was.
            Reason::Eof | Reason::Reset => self.stage != Stage::Dns,
            Reason::Alert => alert_name(alert::INTERNAL_ERROR) == Some(&*self.detail),
            Reason::Temporary => true,
            _ => false,
        }
    }
}
