//! One evaluated path: its end, and the defects that prevent a client from accepting it.

use std::sync::Arc;

use super::TrustStore;
use super::defects::Defect;
use super::graph::{Graph, Proof, Source};
use super::paths::Reached;
use super::store::Anchor;
use crate::observation::{Certificate, Contents};
use crate::verdict::{CompletedBy, Position, Rule};

/// End of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// At an anchor, using only certificates that were sent.
    Anchor,
    /// At an anchor, with certificates from elsewhere.
    Completed(CompletedBy),
    /// The leaf is its own issuer.
    SelfSigned(Proof),
    /// At a root that the store does not contain.
    Root,
    /// An issuer of the right name did not make the signature.
    BadSignature,
    /// The issuer is unknown.
    Absent,
    /// A limit was exceeded, and the certificates that were considered form no acceptable path.
    Exceeded,
    /// The leaf cannot be parsed.
    Unreadable,
}

/// One certificate of a path.
#[derive(Clone)]
pub(crate) struct PathStep {
    /// The certificate.
    pub(crate) certificate: Arc<Certificate>,
    /// Source of the certificate.
    pub(crate) source: Source,
}

impl PathStep {
    /// Returns the parsed contents. They are `None` only for a leaf that cannot be parsed.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.certificate.contents.as_ref().ok()
    }
}

/// A path and its defects, without revocation.
#[derive(Clone)]
pub(crate) struct EvaluatedPath {
    /// End of the path.
    pub(crate) ending: Ending,
    /// Certificates of the path, leaf first, without the anchor.
    pub(crate) steps: Vec<PathStep>,
    /// The anchor, if the path reaches one.
    pub(crate) anchor: Option<Arc<Anchor>>,
    /// Defects other than dates. For a path that reaches no anchor: the defects that would remain
    /// if it did.
    pub(crate) defects: Vec<Defect>,
    /// Rules of RFC 5280 that this path needs and that webpki does not implement. Empty for a path
    /// that webpki accepts.
    pub(crate) needed_rules: Vec<Rule>,
}

impl EvaluatedPath {
    /// Returns true if the path reaches an anchor.
    pub(crate) fn reaches(&self) -> bool {
        matches!(self.ending, Ending::Anchor | Ending::Completed(_))
    }

    /// Returns true if the store accepts the chain as sent, apart from dates and revocation.
    pub(crate) fn trusted(&self) -> bool {
        self.ending == Ending::Anchor && self.defects.is_empty()
    }

    /// Returns the position of the certificate with this index. One past the end is the anchor.
    pub(crate) fn position(&self, index: usize) -> Position {
        let root = self.ending == Ending::Root && index + 1 == self.steps.len();
        match index {
            0 => Position::Leaf,
            _ if root || index >= self.steps.len() => Position::Root,
            _ => Position::Intermediate,
        }
    }

    /// Returns the anchor's certificate, or `None` if there is no anchor or the store does not
    /// contain its certificate.
    pub(crate) fn root(&self) -> Option<&Arc<Certificate>> {
        self.anchor.as_ref()?.certificate.as_ref()
    }

    /// Returns the certificates whose dates count, with their positions: the path and the anchor.
    pub(crate) fn dated(&self) -> impl Iterator<Item = (Position, &Arc<Certificate>)> {
        let steps = self.steps.iter().enumerate();
        let steps = steps.map(|(index, step)| (self.position(index), &step.certificate));
        steps.chain(self.root().map(|root| (Position::Root, root)))
    }

    /// Returns the contents of the certificates whose dates count.
    pub(crate) fn dated_contents(&self) -> impl Iterator<Item = &Contents> {
        self.dated().filter_map(|(_, it)| it.contents.as_ref().ok())
    }

    /// Returns the part of the path above the leaf.
    pub(crate) fn above(&self) -> &[PathStep] {
        self.steps.get(1..).unwrap_or_default()
    }

    /// Returns a path of the leaf alone.
    pub(crate) fn alone(leaf: PathStep, ending: Ending) -> Self {
        Self {
            ending,
            steps: vec![leaf],
            anchor: None,
            defects: Vec::new(),
            needed_rules: Vec::new(),
        }
    }

    /// Returns a path over these nodes.
    pub(crate) fn ending(ending: Ending, graph: &Graph<'_>, nodes: &[usize]) -> Self {
        let steps = nodes.iter().map(|node| {
            let node = graph.node(*node);
            PathStep {
                certificate: node.certificate.clone(),
                source: node.source,
            }
        });
        Self {
            ending,
            steps: steps.collect(),
            anchor: None,
            defects: Vec::new(),
            needed_rules: Vec::new(),
        }
    }

    /// Returns a path that reaches an anchor, without any defect yet.
    pub(crate) fn reaching(graph: &Graph<'_>, path: &Reached, store: &TrustStore) -> Self {
        let sources = path.nodes.iter().map(|node| graph.node(*node).source);
        let ending = sources.fold(Ending::Anchor, |ending, source| match (ending, source) {
            (_, Source::Sent) => ending,
            // If several sources helped, the last one consulted is reported: the earlier ones did
            // not suffice.
            (Ending::Completed(others), Source::Pool(by)) => Ending::Completed(by.max(others)),
            (_, Source::Pool(by)) => Ending::Completed(by),
        });
        Self {
            anchor: Some(store.anchor(path.anchor).clone()),
            ..Self::ending(ending, graph, &path.nodes)
        }
    }
}
