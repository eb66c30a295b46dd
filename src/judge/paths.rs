//! Every way from the leaf upwards: paths that reach an anchor of a store, and where the others
//! end. Bounded in depth, in number and in steps; the order of sending does not matter.

use super::TrustStore;
use super::links::{Links, Proof};

/// Certificates on a path, anchor apart. webpki allows six intermediates; longer paths are walked
/// further so that the refusal can say what they are.
const MAX_DEPTH: usize = 24;

/// Paths kept for one chain and store. Cross-signed hierarchies have a handful.
const MAX_PATHS: usize = 50;

/// Certificates stepped on for one chain and store, also in vain.
const MAX_STEPS: usize = 2_000;

/// A path that reaches an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Nodes, leaf first.
    pub(crate) nodes: Vec<usize>,
    /// Which anchor of the store.
    pub(crate) anchor: usize,
}

/// Where a path ends that reaches none. In the order in which they explain best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// In a certificate that signed itself.
    Root,
    /// Somebody has the issuer's name and key identifier, but did not make the signature.
    BadSignature,
    /// Nobody has the issuer's name.
    Absent,
}

/// Everything found above a leaf.
#[derive(Default)]
pub(crate) struct Walk {
    /// The paths to anchors.
    pub(crate) reached: Vec<Reached>,
    /// The others, each with its end.
    pub(crate) ended: Vec<(Vec<usize>, End)>,
    steps: usize,
}

impl Walk {
    /// Walks from node 0 towards the anchors of a store.
    pub(crate) fn of(links: &mut Links<'_>, store: &TrustStore) -> Self {
        let mut walk = Self::default();
        walk.step(links, store, &mut vec![0]);
        walk
    }

    fn step(&mut self, links: &mut Links<'_>, store: &TrustStore, path: &mut Vec<usize>) {
        let Some(&top) = path.last() else { return };
        self.steps += 1;
        if self.steps > MAX_STEPS || self.reached.len() + self.ended.len() >= MAX_PATHS {
            return;
        }
        let anchors = links.anchors_above(top, store);
        for anchor in &anchors.issuers {
            self.reached.push(Reached {
                nodes: path.clone(),
                anchor: *anchor,
            });
        }
        match links.self_signed(top) {
            Some(Proof::Proven | Proof::Claimed) if anchors.issuers.is_empty() => {
                self.ended.push((path.clone(), End::Root));
            }
            _ => self.climb(links, store, path, anchors),
        }
    }

    fn climb(
        &mut self,
        links: &mut Links<'_>,
        store: &TrustStore,
        path: &mut Vec<usize>,
        anchors: super::links::Above,
    ) {
        let top = path[path.len() - 1];
        let above = links.above(top);
        let mut climbed = !anchors.issuers.is_empty();
        for issuer in above.issuers {
            if path.len() < MAX_DEPTH && !repeats(links, path, issuer) {
                climbed = true;
                path.push(issuer);
                self.step(links, store, path);
                path.pop();
            }
        }
        if !climbed {
            let end = match above.refuted.is_empty() && anchors.refuted.is_empty() {
                true => End::Absent,
                false => End::BadSignature,
            };
            self.ended.push((path.clone(), end));
        }
    }
}

/// Whether the same name with the same key is on the path already (RFC 4158 section 5.2).
fn repeats(links: &Links<'_>, path: &[usize], next: usize) -> bool {
    let next = links.contents(next);
    path.iter().any(|node| {
        let node = links.contents(*node);
        node.key.spki_sha256 == next.key.spki_sha256 && node.subject.der == next.subject.der
    })
}
