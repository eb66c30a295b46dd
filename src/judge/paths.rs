//! Enumerates the paths from the leaf to the anchors of one store, and the paths that end
//! elsewhere. Both lists depend only on the certificates, not on their order.

use super::TrustStore;
use super::graph::{Anchors, Graph, Proof};
use super::store::Anchor;

/// Maximum number of certificates on a path, without the anchor. webpki allows six intermediates.
/// Longer paths are enumerated so that the refusal can name the path.
const MAX_DEPTH: usize = 24;

/// Maximum number of paths for one chain and store. Cross-signed hierarchies have a handful.
const MAX_PATHS: usize = 200;

/// Maximum number of certificates visited for one chain and store, repetitions included.
const MAX_STEPS: usize = 10_000;

/// A path that reaches an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Nodes, leaf first.
    pub(crate) nodes: Vec<usize>,
    /// Index of the anchor in the store.
    pub(crate) anchor: usize,
}

/// End of a path that reaches no anchor, best explanation first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PathEnd {
    /// A certificate that signed itself.
    Root,
    /// A certificate has the issuer's name and key identifier but did not make the signature.
    BadSignature,
    /// No certificate has the issuer's name.
    Absent,
}

/// All paths from a leaf.
#[derive(Default)]
pub(crate) struct Paths {
    /// Paths to anchors.
    pub(crate) reached: Vec<Reached>,
    /// Other paths, each with its end.
    pub(crate) ended: Vec<(Vec<usize>, PathEnd)>,
    /// True if more paths may exist.
    pub(crate) incomplete: bool,
    steps: usize,
}

impl Paths {
    /// Returns the paths from node 0 to the anchors of a store.
    pub(crate) fn of(graph: &mut Graph<'_>, store: &TrustStore) -> Self {
        let anchors = graph.anchors_above(store);
        let mut paths = Self {
            incomplete: anchors.incomplete,
            ..Self::default()
        };
        let mut search = PathSearch {
            graph,
            store,
            anchors: &anchors,
        };
        paths.step(&mut search, &mut vec![0]);
        paths
    }

    fn step(&mut self, search: &mut PathSearch<'_, '_>, path: &mut Vec<usize>) {
        let Some(&top) = path.last() else { return };
        self.steps += 1;
        if self.steps > MAX_STEPS || self.reached.len() + self.ended.len() >= MAX_PATHS {
            self.incomplete = true;
            return;
        }
        let anchors = &search.anchors.above[top];
        for place in &anchors.issuers {
            if !search.passes(path, search.store.anchor(*place)) {
                self.reached.push(Reached {
                    nodes: path.clone(),
                    anchor: *place,
                });
            }
        }
        match search.graph.self_signed(top) {
            Some(Proof::Proven | Proof::Claimed) if anchors.issuers.is_empty() => {
                self.ended.push((path.clone(), PathEnd::Root));
            }
            _ => self.climb(search, path),
        }
    }

    fn climb(&mut self, search: &mut PathSearch<'_, '_>, path: &mut Vec<usize>) {
        let top = path[path.len() - 1];
        let above = search.graph.above(top).cloned().unwrap_or_default();
        let anchors = &search.anchors.above[top];
        let mut climbed = !anchors.issuers.is_empty();
        for issuer in above.issuers {
            if path.len() < MAX_DEPTH && !search.repeats(path, issuer) {
                climbed = true;
                path.push(issuer);
                self.step(search, path);
                path.pop();
            }
        }
        if !climbed {
            let end = match above.refuted.is_empty() && anchors.refuted.is_empty() {
                true => PathEnd::Absent,
                false => PathEnd::BadSignature,
            };
            self.ended.push((path.clone(), end));
        }
    }
}

/// Input of the enumeration.
struct PathSearch<'a, 's> {
    graph: &'a mut Graph<'s>,
    store: &'a TrustStore,
    anchors: &'a Anchors,
}

impl PathSearch<'_, '_> {
    /// Returns true if the next certificate is the leaf, or if an issuer with its name and key is
    /// already on the path (RFC 4158 section 5.2).
    fn repeats(&self, path: &[usize], next: usize) -> bool {
        if next == 0 {
            return true;
        }
        let next = self.graph.contents(next);
        path.iter().skip(1).any(|node| {
            let node = self.graph.contents(*node);
            node.key.spki_sha256 == next.key.spki_sha256 && node.subject.matches(&next.subject)
        })
    }

    /// Returns true if a certificate above the leaf has the name and key of the anchor. The shorter
    /// path ends there.
    fn passes(&self, path: &[usize], anchor: &Anchor) -> bool {
        path.iter().skip(1).any(|node| {
            let node = self.graph.contents(*node);
            node.key.spki_sha256 == anchor.spki_sha256 && node.subject.matches(&anchor.subject)
        })
    }
}
