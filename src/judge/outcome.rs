//! What one store makes of a chain: the path that explains it best, how it ends, and what bars it.

use std::sync::Arc;

use super::defects::Defect;
use super::links::{Links, Proof, Source};
use super::paths::Reached;
use super::{Position, TrustStore};
use crate::observation::{Certificate, Contents};
use crate::verdict::CompletedBy;

/// More certificates, or more of one name, than are looked at.
pub(crate) const TOO_MANY: &str = "too_many_certificates";

/// How the best path of a store ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// At an anchor, with what was sent.
    Anchor,
    /// At an anchor, with certificates from elsewhere.
    Completed(CompletedBy),
    /// The leaf is its own issuer.
    SelfSigned(Proof),
    /// In a root that the store does not have.
    Root,
    /// An issuer of the right name did not make the signature.
    BadSignature,
    /// The issuer is not at hand.
    Absent,
    /// More was sent than is looked at, and what was looked at reaches no anchor.
    Exceeded,
    /// The leaf cannot be read.
    Unreadable,
}

/// One certificate of a path.
#[derive(Clone)]
pub(crate) struct Step {
    /// The certificate.
    pub(crate) certificate: Arc<Certificate>,
    /// Where from.
    pub(crate) source: Source,
}

impl Step {
    /// What it says; only readable certificates are put on paths, bar an unreadable leaf.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.certificate.contents.as_ref().ok()
    }
}

/// What one store makes of the chain.
#[derive(Clone)]
pub(crate) struct Outcome {
    /// How the path ends.
    pub(crate) ending: Ending,
    /// The path, leaf first, anchor apart.
    pub(crate) path: Vec<Step>,
    /// The anchor's own certificate, when the path reaches one that the store has in full.
    pub(crate) anchor: Option<Arc<Certificate>>,
    /// What bars the path, dates apart; of a path that reaches no anchor, what else would.
    pub(crate) defects: Vec<Defect>,
}

impl Outcome {
    /// Whether the store accepts the chain as sent, dates apart.
    pub(crate) fn trusted(&self) -> bool {
        self.ending == Ending::Anchor && self.defects.is_empty()
    }

    /// The certificates whose dates count, each with its position.
    pub(crate) fn dated(&self) -> impl Iterator<Item = (Position, &Arc<Certificate>)> {
        let certificates = self.path.iter().map(|step| &step.certificate);
        let path = certificates
            .enumerate()
            .map(|(index, certificate)| (Position::of(index, certificate), certificate));
        path.chain(self.anchor.iter().map(|anchor| (Position::Root, anchor)))
    }

    /// `expired` or `not_yet_valid`, when a date stands in the way.
    fn date_reason(&self, at: i64) -> Option<&'static str> {
        let contents = || self.dated().filter_map(|(_, c)| c.contents.as_ref().ok());
        if contents().any(|contents| contents.not_after < at) {
            return Some("expired");
        }
        let early = contents().any(|contents| contents.not_before > at);
        early.then_some("not_yet_valid")
    }

    pub(crate) fn reason(&self, at: i64) -> Option<&'static str> {
        match self.ending {
            Ending::Anchor => match self.defects.first() {
                Some(defect) => Some(defect.reason),
                None => self.date_reason(at),
            },
            Ending::Completed(_) => Some("missing_intermediate"),
            Ending::SelfSigned(_) => Some("self_signed"),
            Ending::Root => Some("untrusted_ca"),
            Ending::Absent => Some("issuer_unknown"),
            Ending::BadSignature => Some("bad_signature"),
            Ending::Exceeded => Some(TOO_MANY),
            Ending::Unreadable => Some("unparseable"),
        }
    }

    /// Smaller explains the chain better when several stores disagree.
    pub(crate) fn rank(&self, at: i64) -> (u8, usize, bool) {
        let rank = match self.ending {
            Ending::Anchor if self.defects.is_empty() => 0,
            Ending::Completed(_) if self.defects.is_empty() => 1,
            Ending::Anchor => 2,
            Ending::Completed(_) => 3,
            Ending::SelfSigned(_) => 4,
            Ending::Root => 5,
            Ending::BadSignature => 6,
            Ending::Absent => 7,
            Ending::Exceeded => 8,
            Ending::Unreadable => 9,
        };
        (rank, self.defects.len(), self.date_reason(at).is_some())
    }

    pub(crate) fn alone(leaf: Step, ending: Ending) -> Self {
        Self {
            ending,
            path: vec![leaf],
            anchor: None,
            defects: Vec::new(),
        }
    }

    pub(crate) fn ending(ending: Ending, links: &Links<'_>, nodes: &[usize]) -> Self {
        let steps = nodes.iter().map(|node| {
            let node = links.node(*node);
            Step {
                certificate: node.certificate.clone(),
                source: node.source,
            }
        });
        Self {
            ending,
            path: steps.collect(),
            anchor: None,
            defects: Vec::new(),
        }
    }

    pub(crate) fn reaching(
        links: &mut Links<'_>,
        path: &Reached,
        store: &TrustStore,
        defects: Vec<Defect>,
    ) -> Self {
        let nodes = path.nodes.iter().map(|node| links.node(*node).source);
        let ending = nodes.fold(Ending::Anchor, |ending, source| match (ending, source) {
            (_, Source::Sent) => ending,
            // Who came last was needed.
            (Ending::Completed(others), Source::Pool(by)) => Ending::Completed(by.max(others)),
            (_, Source::Pool(by)) => Ending::Completed(by),
        });
        Self {
            anchor: store.anchor(path.anchor).certificate.clone(),
            defects,
            ..Self::ending(ending, links, &path.nodes)
        }
    }

    /// Fewest faults, then without help from elsewhere, then the fewest dates in the way, then
    /// what was not fetched, then what has passed before what is still to come, as verdicts have
    /// it, then the shortest; equals are told apart by their fingerprints.
    pub(crate) fn preference(&self, at: i64) -> impl Ord + use<> {
        let untimely = self.dated().filter(|(_, certificate)| {
            let contents = certificate.contents.as_ref();
            contents.is_ok_and(|c| c.not_after < at || c.not_before > at)
        });
        let helped = self.ending != Ending::Anchor;
        let fetched = self.ending == Ending::Completed(CompletedBy::Aia);
        let fingerprints: Vec<_> = self.path.iter().map(|s| s.certificate.sha256).collect();
        (
            self.defects.len(),
            helped,
            untimely.count(),
            fetched,
            self.date_reason(at) == Some("not_yet_valid"),
            self.path.len(),
            fingerprints,
        )
    }
}
