//! The orders of paths. `Merit` is the total order, best first: a store picks the first of its paths,
//! and stores are compared by the paths that they picked (`Gravity` where all of them count).
//! `Explanation` is that of paths without an anchor. The order knows nothing of the order in which
//! certificates were sent or stores were named: `docs/STORES.md` describes it.

use std::cmp::Reverse;

use super::graph::{Graph, Source};
use super::outcome::{Ending, Outcome};
use super::paths::End;
use crate::crypto::Fingerprint;
use crate::verdict::{Barrier, CompletedBy, VerdictKind};

/// How many certificates of a path are outside their dates at some moment.
#[derive(Clone, Copy)]
pub(crate) struct Dates {
    expired: usize,
    early: usize,
}

impl Dates {
    /// Returns the count at a time, in seconds since the epoch.
    pub(crate) fn of(outcome: &Outcome, at: i64) -> Self {
        let mut dates = Self {
            expired: 0,
            early: 0,
        };
        for contents in outcome.dated_contents() {
            dates.expired += usize::from(contents.not_after < at);
            dates.early += usize::from(contents.not_before > at);
        }
        dates
    }

    /// Returns what bars the path. What has expired comes before what is not yet valid, as verdicts
    /// have it.
    pub(crate) fn barrier(self) -> Option<Barrier> {
        match (self.expired, self.early) {
            (0, 0) => None,
            (0, _) => Some(Barrier::NotYetValid),
            _ => Some(Barrier::Expired),
        }
    }
}

/// What a client can do with a path, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Accept it.
    Accepted,
    /// Accept it at another time.
    Untimely,
    /// Accept it with certificates that were not sent.
    Completed,
    /// The same, at another time.
    CompletedUntimely,
    /// Refuse it for a defect.
    Defective,
    /// The same, with certificates that were not sent.
    CompletedDefective,
    /// Refuse it as revoked.
    Revoked,
    /// Refuse a leaf that is its own issuer.
    SelfSigned,
    /// Refuse it for its unknown root.
    UnknownRoot,
    /// Refuse it for a false signature.
    BadSignature,
    /// Refuse it for want of an issuer.
    UnknownIssuer,
    /// Nothing certain can be said.
    Exceeded,
    /// The leaf cannot be parsed.
    Unreadable,
}

impl Class {
    /// Returns the class of a path with these dates.
    pub(crate) fn of(outcome: &Outcome, revoked: bool, dates: Dates) -> Self {
        let untimely = dates.barrier().is_some();
        match (outcome.ending, outcome.defects.is_empty()) {
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

/// The place of a path in the order. The fields count in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Merit {
    /// What a client can do with it.
    pub(crate) class: Class,
    /// How many defects it has.
    defects: usize,
    /// How many rules of RFC 5280 it needs that some verifiers do not implement.
    limits: usize,
    /// How many of its certificates are outside their dates.
    untimely: usize,
    /// A file of intermediates comes before the sweep, and the sweep before fetched ones.
    completed_by: Option<CompletedBy>,
    /// What has expired comes before what is not yet valid, as verdicts have it.
    not_yet_valid: bool,
    /// The path that stays valid for longest.
    until: Reverse<i64>,
    /// The shortest.
    length: usize,
    /// The rest is arbitrary, and the same for every order of input.
    certificates: Vec<Fingerprint>,
    anchor: Option<(Fingerprint, Option<Fingerprint>)>,
}

impl Merit {
    /// Returns the verdict that a path of this kind leads to.
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
    pub(crate) fn of(outcome: &Outcome, revoked: bool, at: i64) -> Self {
        let contents = || outcome.dated_contents();
        let dates = Dates::of(outcome, at);
        let certificates = outcome.path.iter().map(|step| step.certificate.sha256);
        Self {
            class: Class::of(outcome, revoked, dates),
            defects: outcome.defects.len(),
            limits: outcome.limits.len(),
            untimely: dates.expired + dates.early,
            completed_by: match outcome.ending {
                Ending::Completed(by) => Some(by),
                _ => None,
            },
            not_yet_valid: dates.barrier() == Some(Barrier::NotYetValid),
            until: Reverse(contents().map(|it| it.not_after).min().unwrap_or(i64::MAX)),
            length: outcome.path.len(),
            certificates: certificates.collect(),
            anchor: outcome.anchor.as_ref().map(|anchor| {
                let certificate = anchor.certificate.as_ref();
                (anchor.spki_sha256, certificate.map(|it| it.sha256))
            }),
        }
    }
}

/// The order of the stores that all have to accept: the last has the gravest verdict, and among equals
/// the worst path.
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

/// The order in which paths without an anchor explain a chain, the best first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Explanation {
    end: End,
    /// Whether it needs certificates that were not sent.
    helped: bool,
    /// The longest names the issuer that is really absent.
    length: Reverse<usize>,
    certificates: Vec<Fingerprint>,
}

impl Explanation {
    /// Returns the place of the path over these nodes.
    pub(crate) fn of(graph: &Graph<'_>, nodes: &[usize], end: End) -> Self {
        let mut each = nodes.iter().map(|node| graph.node(*node));
        let certificates = nodes
            .iter()
            .map(|node| graph.node(*node).certificate.sha256);
        Self {
            end,
            helped: each.any(|node| node.source != Source::Sent),
            length: Reverse(nodes.len()),
            certificates: certificates.collect(),
        }
    }
}
