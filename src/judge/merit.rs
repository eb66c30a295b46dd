//! The orders of paths. `Merit` is the total order, best first: a store picks the first of its
//! paths, and stores are compared by their picks (`Gravity` if all stores are required).
//! `Explanation` orders paths without an anchor. None of them depends on the order in which
//! certificates were sent or stores were named. `docs/STORES.md` describes them.

use std::cmp::Reverse;

use super::evaluated_path::{Ending, EvaluatedPath};
use super::graph::{Graph, Source};
use super::paths::PathEnd;
use crate::crypto::Fingerprint;
use crate::verdict::{Barrier, CompletedBy, VerdictKind};

/// Number of certificates of a path that are outside their validity at some time.
#[derive(Clone, Copy)]
pub(crate) struct Dates {
    expired: usize,
    early: usize,
}

impl Dates {
    /// Returns the counts at a time, in seconds since the epoch.
    pub(crate) fn of(path: &EvaluatedPath, at: i64) -> Self {
        let mut dates = Self {
            expired: 0,
            early: 0,
        };
        for contents in path.dated_contents() {
            dates.expired += usize::from(contents.not_after < at);
            dates.early += usize::from(contents.not_before > at);
        }
        dates
    }

    /// Returns the reason to reject the path, or `None` if all certificates are valid. Expired
    /// comes before not yet valid, as for verdicts.
    pub(crate) fn barrier(self) -> Option<Barrier> {
        match (self.expired, self.early) {
            (0, 0) => None,
            (0, _) => Some(Barrier::NotYetValid),
            _ => Some(Barrier::Expired),
        }
    }
}

/// Class of a path by what a client can do with it, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// The client can accept it.
    Accepted,
    /// It can accept it at another time.
    Untimely,
    /// It can accept it with certificates that were not sent.
    Completed,
    /// It can accept it with certificates that were not sent, at another time.
    CompletedUntimely,
    /// It rejects it for a defect.
    Defective,
    /// It rejects it for a defect, and the path needs certificates that were not sent.
    CompletedDefective,
    /// It rejects it as revoked.
    Revoked,
    /// It rejects a leaf that is its own issuer.
    SelfSigned,
    /// It rejects it for its unknown root.
    UnknownRoot,
    /// It rejects it for a bad signature.
    BadSignature,
    /// It rejects it because the issuer is unknown.
    UnknownIssuer,
    /// Limits were exceeded, so nothing certain is known.
    Exceeded,
    /// The leaf cannot be parsed.
    Unreadable,
}

impl Class {
    /// Returns the class of a path with these counts of dates.
    pub(crate) fn of(path: &EvaluatedPath, revoked: bool, dates: Dates) -> Self {
        let untimely = dates.barrier().is_some();
        match (path.ending, path.defects.is_empty()) {
            (Ending::Anchor | Ending::Completed(_), _) if revoked => Self::Revoked,
            (Ending::Anchor, true) if untimely => Self::Untimely,
            (Ending::Anchor, true) => Self::Accepted,
            (Ending::Anchor, false) => Self::Defective,
            (Ending::Completed(_), true) if untimely => Self::CompletedUntimely,
            (Ending::Completed(_), true) => Self::Completed,
            (Ending::Completed(_), false) => Self::CompletedDefective,
            (Ending::SelfSigned(_), _) => Self::SelfSigned,
            (Ending::Root, _) => Self::UnknownRoot,
            (Ending::BadSignature, _) => Self::BadSignature,
            (Ending::Absent, _) => Self::UnknownIssuer,
            (Ending::Exceeded, _) => Self::Exceeded,
            (Ending::Unreadable, _) => Self::Unreadable,
        }
    }
}

/// Sort key of a path, best first. The fields are compared in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Merit {
    /// Class of the path.
    pub(crate) class: Class,
    /// Number of defects.
    defects: usize,
    /// Number of rules of RFC 5280 that it needs and that some verifiers do not implement.
    needed_rules: usize,
    /// Number of its certificates that are outside their validity.
    untimely: usize,
    /// Source of the certificates that were not sent: `--intermediates` first, then the sweep, then
    /// downloads.
    completed_by: Option<CompletedBy>,
    /// Expired comes before not yet valid, as for verdicts.
    not_yet_valid: bool,
    /// First expiry on the path. The path that stays valid longest comes first.
    until: Reverse<i64>,
    /// Number of certificates. The shortest path comes first.
    length: usize,
    /// Fingerprints, which break ties independently of the order of input.
    certificates: Vec<Fingerprint>,
    anchor: Option<(Fingerprint, Option<Fingerprint>)>,
}

impl Merit {
    /// Returns the verdict for a path of this class.
    pub(crate) fn verdict(&self) -> VerdictKind {
        match self.class {
            Class::Accepted => VerdictKind::Ok,
            Class::Untimely if self.not_yet_valid => VerdictKind::NotYetValid,
            Class::Untimely => VerdictKind::Expired,
            Class::Completed | Class::CompletedUntimely | Class::CompletedDefective => {
                VerdictKind::MissingIntermediate
            }
            Class::Revoked => VerdictKind::Revoked,
            Class::SelfSigned => VerdictKind::SelfSigned,
            Class::UnknownRoot | Class::UnknownIssuer => VerdictKind::UntrustedCa,
            Class::Defective | Class::BadSignature | Class::Exceeded | Class::Unreadable => {
                VerdictKind::InvalidCertificate
            }
        }
    }

    /// Returns the merit of a path at a time, in seconds since the epoch.
    pub(crate) fn of(path: &EvaluatedPath, revoked: bool, at: i64) -> Self {
        let contents = || path.dated_contents();
        let dates = Dates::of(path, at);
        let certificates = path.steps.iter().map(|step| step.certificate.sha256);
        Self {
            class: Class::of(path, revoked, dates),
            defects: path.defects.len(),
            needed_rules: path.needed_rules.len(),
            untimely: dates.expired + dates.early,
            completed_by: match path.ending {
                Ending::Completed(by) => Some(by),
                _ => None,
            },
            not_yet_valid: dates.barrier() == Some(Barrier::NotYetValid),
            until: Reverse(contents().map(|it| it.not_after).min().unwrap_or(i64::MAX)),
            length: path.steps.len(),
            certificates: certificates.collect(),
            anchor: path.anchor.as_ref().map(|anchor| {
                let certificate = anchor.certificate.as_ref();
                (anchor.spki_sha256, certificate.map(|it| it.sha256))
            }),
        }
    }
}

/// Sort key of stores that must all accept. The last has the gravest verdict, and among equals the
/// worst path.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gravity {
    verdict: Reverse<VerdictKind>,
    merit: Merit,
}

impl From<Merit> for Gravity {
    fn from(merit: Merit) -> Self {
        Self {
            verdict: Reverse(merit.verdict()),
            merit,
        }
    }
}

/// Sort key of paths without an anchor, best explanation first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Explanation {
    end: PathEnd,
    /// True if the path needs certificates that were not sent.
    needs_others: bool,
    /// Number of certificates. The longest path comes first: its missing issuer is the one that is
    /// really missing.
    length: Reverse<usize>,
    certificates: Vec<Fingerprint>,
}

impl Explanation {
    /// Returns the sort key of the path over these nodes.
    pub(crate) fn of(graph: &Graph<'_>, nodes: &[usize], end: PathEnd) -> Self {
        let mut each = nodes.iter().map(|node| graph.node(*node));
        let certificates = nodes
            .iter()
            .map(|node| graph.node(*node).certificate.sha256);
        Self {
            end,
            needs_others: each.any(|node| node.source != Source::Sent),
            length: Reverse(nodes.len()),
            certificates: certificates.collect(),
        }
    }
}
