//! The enums whose variants are evidence.

use serde::Serialize;

use super::named_enum::named_enum;
use super::revocation_reason::RevocationReason;
use super::{Barrier, CompletedBy};

named_enum! {
    /// Role of a certificate on a path.
    pub enum Position {
        /// Certificate of the server.
        Leaf = "leaf",
        /// CA certificate between the leaf and the root.
        Intermediate = "intermediate",
        /// Trust anchor, or a self-issued certificate at the top of the path.
        Root = "root",
    }
}

named_enum! {
    /// Reason why the nearest name does not match, if the difference is a familiar one. If several
    /// names are near, the reason listed first here is reported.
    pub enum NameHint {
        /// `www.example.com` was requested and only `example.com` is present.
        WwwMissing = "www_missing",
        /// `example.com` was requested and only `www.example.com` or `*.example.com` is present.
        ApexMissing = "apex_missing",
        /// A wildcard covers one label, and the requested name has more.
        WildcardDepth = "wildcard_depth",
        /// An address was requested and only names are present.
        AddressNotListed = "address_not_listed",
        /// One label differs.
        OneLabel = "one_label",
    }
}

named_enum! {
    /// Reason of the finding `untrusted_ca`.
    pub enum UntrustedReason {
        /// The path ends at a root that the store does not contain.
        UntrustedRoot = "untrusted_root",
        /// The issuer at the end of the path is unknown.
        IssuerUnknown = "issuer_unknown",
    }
}

/// A piece of evidence that is one of a fixed list. It is written as its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Term {
    /// Why a store rejects a path.
    Barrier(Barrier),
    /// Source of the certificates that the server left out.
    CompletedBy(CompletedBy),
    /// Why the nearest name does not match.
    NameHint(NameHint),
    /// Role of the certificate that the finding is about.
    Position(Position),
    /// Why a certificate was revoked, or why its revocation status is unknown.
    RevocationReason(RevocationReason),
    /// Why the issuer is not trusted.
    UntrustedReason(UntrustedReason),
}

impl Term {
    /// Returns the name in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Barrier(it) => it.name(),
            Self::CompletedBy(it) => it.name(),
            Self::NameHint(it) => it.name(),
            Self::Position(it) => it.name(),
            Self::RevocationReason(it) => it.name(),
            Self::UntrustedReason(it) => it.name(),
        }
    }
}

impl From<Barrier> for Term {
    fn from(barrier: Barrier) -> Self {
        Self::Barrier(barrier)
    }
}

impl From<CompletedBy> for Term {
    fn from(source: CompletedBy) -> Self {
        Self::CompletedBy(source)
    }
}

impl From<NameHint> for Term {
    fn from(hint: NameHint) -> Self {
        Self::NameHint(hint)
    }
}

impl From<Position> for Term {
    fn from(position: Position) -> Self {
        Self::Position(position)
    }
}

impl From<RevocationReason> for Term {
    fn from(reason: RevocationReason) -> Self {
        Self::RevocationReason(reason)
    }
}

impl From<UntrustedReason> for Term {
    fn from(reason: UntrustedReason) -> Self {
        Self::UntrustedReason(reason)
    }
}
