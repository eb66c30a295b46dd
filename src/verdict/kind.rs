//! The verdicts, in the order in which they win: a connection problem hides everything after it;
//! among certificate problems authority comes before name, and name before date.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The one word for an endpoint. The order of the variants is the order of precedence.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// The name gave no address.
    DnsFailure,
    /// No TCP connection.
    Unreachable,
    /// The dialogue before TLS does not offer or refuses the upgrade.
    StarttlsUnavailable,
    /// Bytes came back that are not TLS.
    NotTls,
    /// TLS was spoken and no offer of ours was accepted.
    HandshakeFailed,
    /// The best version it accepts is below TLS 1.2.
    LegacyTlsOnly,
    /// A certificate on the path is revoked.
    Revoked,
    /// The leaf is its own issuer and no store trusts it.
    SelfSigned,
    /// The server left out a certificate between its own and a trusted root.
    MissingIntermediate,
    /// The path ends in a root that no chosen store trusts, or its issuer is unknown.
    UntrustedCa,
    /// The path cannot be accepted for a reason other than trust, name and date.
    InvalidCertificate,
    /// The certificate is for other names.
    NameMismatch,
    /// A date has passed.
    Expired,
    /// A date has not come yet.
    NotYetValid,
    /// None of these.
    Ok,
}

impl VerdictKind {
    /// All of them, in order of precedence.
    pub const ALL: [Self; 15] = [
        Self::DnsFailure,
        Self::Unreachable,
        Self::StarttlsUnavailable,
        Self::NotTls,
        Self::HandshakeFailed,
        Self::LegacyTlsOnly,
        Self::Revoked,
        Self::SelfSigned,
        Self::MissingIntermediate,
        Self::UntrustedCa,
        Self::InvalidCertificate,
        Self::NameMismatch,
        Self::Expired,
        Self::NotYetValid,
        Self::Ok,
    ];

    /// The word in records and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::DnsFailure => "dns_failure",
            Self::Unreachable => "unreachable",
            Self::StarttlsUnavailable => "starttls_unavailable",
            Self::NotTls => "not_tls",
            Self::HandshakeFailed => "handshake_failed",
            Self::LegacyTlsOnly => "legacy_tls_only",
            Self::Revoked => "revoked",
            Self::SelfSigned => "self_signed",
            Self::MissingIntermediate => "missing_intermediate",
            Self::UntrustedCa => "untrusted_ca",
            Self::InvalidCertificate => "invalid_certificate",
            Self::NameMismatch => "name_mismatch",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Ok => "ok",
        }
    }

    /// The verdict with this word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
