//! What an observation means: the types Verdict, Finding, Severity and Side, and their evidence.
//! They are plain values; `judge` fills them.

mod barrier;
mod completed_by;
mod finding;
mod finding_id;
mod kind;
mod named_enum;
mod revocation;
mod revocation_reason;
mod rule;
mod term;

pub use barrier::Barrier;
pub use completed_by::CompletedBy;
pub use finding::{Finding, Severity, Side, Value};
pub use finding_id::FindingId;
pub use kind::VerdictKind;
pub use revocation::{Revocation, RevocationAnswer, RevocationStatus};
pub use revocation_reason::RevocationReason;
pub use rule::Rule;
pub use term::{NameHint, Position, Term, UntrustedReason};

use std::sync::Arc;

use crate::crypto::Fingerprint;
use crate::observation::Certificate;

/// The result for one trust store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreTrust {
    /// Name of the store.
    pub store: Arc<str>,
    /// True if a path to one of its anchors is valid, apart from dates and host name.
    pub trusted: bool,
    /// Why the chain is not trusted, or a problem that does not affect trust (`expired`).
    pub reason: Option<Barrier>,
    /// Which validator accepts the path if rustls-webpki rejects it; `None` if rustls-webpki
    /// accepts it.
    pub accepted_by: Option<AcceptedBy>,
}

/// The validator that accepts a path which rustls-webpki rejects because it does not implement a
/// rule.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AcceptedBy {
    /// Path validation as in RFC 5280 section 6.1.
    Rfc5280,
}

/// The CA certificates of a chain, which may complete the chains of other hosts. Both lists are
/// ordered by fingerprint.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SeenIssuers {
    /// Certificates linked to an anchor of a store by verified signatures.
    pub proven: Vec<Arc<Certificate>>,
    /// All others, except roots.
    pub unproven: Vec<Arc<Certificate>>,
}

/// The validated path, leaf first. The anchor comes last if it is a known certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPath {
    /// Fingerprints of the certificates, leaf first, without the anchor.
    pub certificates: Vec<Fingerprint>,
    /// Source of the missing certificates.
    pub completed_by: Option<CompletedBy>,
}

/// What an observation means under a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The verdict of the row.
    pub kind: VerdictKind,
    /// Where the problem can usually be fixed; `None` if nothing is wrong.
    pub side: Option<Side>,
    /// All findings, the verdict's own finding first.
    pub findings: Vec<Finding>,
    /// The result for each chosen store, in the order chosen; empty if there was no chain to judge.
    pub trust: Vec<StoreTrust>,
    /// The validated path, if one reaches an anchor.
    pub path: Option<TrustPath>,
    /// Revocation answers; `None` if revocation was not checked.
    pub revocation: Option<Revocation>,
    /// False if what the rest of the sweep shows could still change the verdict: certificates from
    /// elsewhere, or how many lookups fail.
    pub settled: bool,
    /// The CA certificates of each chain that the server sent.
    pub seen: Vec<Arc<SeenIssuers>>,
}

impl Verdict {
    /// Returns true if the finding with this id is present.
    pub fn finds(&self, id: FindingId) -> bool {
        self.findings.iter().any(|finding| finding.id == id)
    }
}
