//! What an observation means: the words Verdict, Finding, Severity, Side and their evidence. They
//! are plain values; what fills them is in `judge`.

mod barrier;
mod finding;
mod finding_id;
mod kind;
mod revocation;
mod rule;
mod words;

pub use barrier::Barrier;
pub use finding::{Finding, Severity, Side, Value};
pub use finding_id::FindingId;
pub use kind::VerdictKind;
pub use revocation::{Revocation, RevocationAnswer, RevocationStatus};
pub use rule::Rule;

use std::sync::Arc;

use crate::crypto::Fingerprint;
use crate::observation::Certificate;

/// What one store says of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreTrust {
    /// The store's name.
    pub store: Arc<str>,
    /// Whether a path reaches one of its anchors and can be accepted, dates and name apart.
    pub trusted: bool,
    /// Why not, or what stands beside the trust (`expired`).
    pub reason: Option<Barrier>,
    /// Who accepts the path where rustls-webpki refuses it; `None` for a path that it accepts.
    pub accepted_by: Option<AcceptedBy>,
}

/// Who accepts a path that rustls-webpki refuses for a rule that it does not implement.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AcceptedBy {
    /// Path validation by RFC 5280 section 6.1.
    Rfc5280,
}

/// The CA certificates of a chain, which may complete the chains of other hosts. Both lists are in
/// the order of their fingerprints.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SeenIssuers {
    /// Those that verified signatures connect with an anchor of a store.
    pub proven: Vec<Arc<Certificate>>,
    /// The others, roots apart.
    pub unproven: Vec<Arc<Certificate>>,
}

/// Who supplied the certificates that the server left out; the earlier one gets the credit.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CompletedBy {
    /// A file of intermediates given by the user.
    Bundle,
    /// Another host of the same sweep.
    Sweep,
    /// The address that the certificate below names (`--aia`).
    Aia,
}

/// The path that was taken, leaf first; the anchor is the last where it is a known certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPath {
    /// Fingerprints of the certificates, leaf first, without the anchor.
    pub certificates: Vec<Fingerprint>,
    /// Who supplied what was missing.
    pub completed_by: Option<CompletedBy>,
}

/// What an observation means under a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The one verdict.
    pub kind: VerdictKind,
    /// Whose side it is on; `None` when nothing is wrong.
    pub side: Option<Side>,
    /// Everything found, the verdict's own finding first.
    pub findings: Vec<Finding>,
    /// What each chosen store says, in the order chosen; empty when there was no chain to judge.
    pub trust: Vec<StoreTrust>,
    /// The path that was taken, when one reaches an anchor.
    pub path: Option<TrustPath>,
    /// What is known of revocation; `None` when nobody asked.
    pub revocation: Option<Revocation>,
    /// False while certificates that other hosts of the sweep send could still change it.
    pub settled: bool,
    /// The CA certificates of each chain that the server sent.
    pub seen: Vec<Arc<SeenIssuers>>,
}

impl Verdict {
    /// Whether this finding is among those made.
    pub fn finds(&self, id: FindingId) -> bool {
        self.findings.iter().any(|finding| finding.id == id)
    }
}
