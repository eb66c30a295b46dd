//! One evaluated path: how it ends, and what prevents a client from accepting it.

use std::sync::Arc;

use super::TrustStore;
use super::defects::Defect;
use super::graph::{Graph, Proof, Source};
use super::paths::Reached;
use super::position::Position;
use super::store::Anchor;
use crate::observation::{Certificate, Contents};
use crate::verdict::{CompletedBy, Rule};

/// How a path ends.
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
    /// The issuer is unknown.
    Absent,
    /// More was sent than is considered, and what was considered gives no acceptable path.
    Exceeded,
    /// The leaf cannot be parsed.
    Unreadable,
}

/// One certificate of a path.
#[derive(Clone)]
pub(crate) struct Step {
    /// The certificate.
    pub(crate) certificate: Arc<Certificate>,
    /// Where it comes from.
    pub(crate) source: Source,
}

impl Step {
    /// Returns what it says. Every certificate of a path is readable but an unreadable leaf.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.certificate.contents.as_ref().ok()
    }
}

/// A path and what prevents its acceptance, revocation apart.
#[derive(Clone)]
pub(crate) struct Outcome {
    /// How the path ends.
    pub(crate) ending: Ending,
    /// The path, leaf first, anchor apart.
    pub(crate) path: Vec<Step>,
    /// The anchor, if the path reaches one.
    pub(crate) anchor: Option<Arc<Anchor>>,
    /// What prevents acceptance, dates apart; of a path that reaches no anchor, what else would.
    pub(crate) defects: Vec<Defect>,
    /// The rules of RFC 5280 that webpki does not implement and that this path needs. Empty for
    /// a path that webpki accepts.
    pub(crate) limits: Vec<Rule>,
}

impl Outcome {
    /// Returns true if the path reaches an anchor.
    pub(crate) fn reaches(&self) -> bool {
        matches!(self.ending, Ending::Anchor | Ending::Completed(_))
    }

    /// Returns true if the store accepts the chain as sent, dates and revocation apart.
    pub(crate) fn trusted(&self) -> bool {
        self.ending == Ending::Anchor && self.defects.is_empty()
    }

    /// Returns where the certificate with this index stands. One past the end is the anchor.
    pub(crate) fn position(&self, index: usize) -> Position {
        let root = self.ending == Ending::Root && index + 1 == self.path.len();
        match index {
            0 => Position::Leaf,
            _ if root || index >= self.path.len() => Position::Root,
            _ => Position::Intermediate,
        }
    }

    /// Returns the anchor's own certificate, if the store has it in full.
    pub(crate) fn root(&self) -> Option<&Arc<Certificate>> {
        self.anchor.as_ref()?.certificate.as_ref()
    }

    /// Returns the certificates whose dates count, each with its position.
    pub(crate) fn dated(&self) -> impl Iterator<Item = (Position, &Arc<Certificate>)> {
        let path = self.path.iter().enumerate();
        let path = path.map(|(index, step)| (self.position(index), &step.certificate));
        path.chain(self.root().map(|root| (Position::Root, root)))
    }

    /// Returns the contents of the certificates whose dates count.
    pub(crate) fn dated_contents(&self) -> impl Iterator<Item = &Contents> {
        self.dated().filter_map(|(_, it)| it.contents.as_ref().ok())
    }

    /// Returns the part of the path above the leaf.
    pub(crate) fn above(&self) -> &[Step] {
        self.path.get(1..).unwrap_or_default()
    }

    /// Returns a path of the leaf alone.
    pub(crate) fn alone(leaf: Step, ending: Ending) -> Self {
        Self {
            ending,
            path: vec![leaf],
            anchor: None,
            defects: Vec::new(),
            limits: Vec::new(),
        }
    }

    /// Returns a path over these nodes.
    pub(crate) fn ending(ending: Ending, graph: &Graph<'_>, nodes: &[usize]) -> Self {
        let steps = nodes.iter().map(|node| {
            let node = graph.node(*node);
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
            limits: Vec::new(),
        }
    }

    /// Returns a path that reaches an anchor, without any defect yet.
    pub(crate) fn reaching(graph: &Graph<'_>, path: &Reached, store: &TrustStore) -> Self {
        let sources = path.nodes.iter().map(|node| graph.node(*node).source);
        let ending = sources.fold(Ending::Anchor, |ending, source| match (ending, source) {
            (_, Source::Sent) => ending,
            // The last source that was needed gets the credit.
            (Ending::Completed(others), Source::Pool(by)) => Ending::Completed(by.max(others)),
            (_, Source::Pool(by)) => Ending::Completed(by),
        });
        Self {
            anchor: Some(store.anchor(path.anchor).clone()),
            ..Self::ending(ending, graph, &path.nodes)
        }
    }
}
