//! The verdicts in order of precedence. A connection problem hides every later problem. Among
//! certificate problems, trust comes before name, and name before dates.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The one conclusion about an endpoint. The variants are in order of precedence.
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
    /// The name did not resolve to an address.
    DnsFailure,
    /// No TCP connection could be made.
    Unreachable,
    /// The dialogue before TLS (STARTTLS and similar) does not offer TLS, or the server refuses it.
    StarttlsUnavailable,
    /// The server's response is not TLS.
    NotTls,
    /// The server speaks TLS, but no handshake succeeded.
    HandshakeFailed,
    /// The newest version that the server accepts is older than TLS 1.2.
    LegacyTlsOnly,
    /// A certificate on the path is revoked.
    Revoked,
    /// The leaf is its own issuer and no store trusts it.
    SelfSigned,
    /// The server did not send a certificate that is needed between its own and a trusted root.
    MissingIntermediate,
    /// The path ends in a root that no chosen store trusts, or the issuer is unknown.
    UntrustedCa,
    /// The path is invalid for a reason other than trust, name or dates.
    InvalidCertificate,
    /// The certificate is not valid for the requested name.
    NameMismatch,
    /// A certificate on the path has expired.
    Expired,
    /// A certificate on the path is not valid yet.
    NotYetValid,
    /// None of the above.
    Ok,
}

impl VerdictKind {
    /// All verdicts, in order of precedence.
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

    /// Returns the name used in records and on the command line.
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

    /// Returns the verdict with this name, or `None` if there is none.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
