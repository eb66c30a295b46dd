//! How the list of certificates was put together: repetitions, strangers, roots, and whether each
//! certificate comes after one that it certifies.

use std::sync::Arc;

use super::graph::{Graph, MAX_SENT, Proof};
use crate::observation::Certificate;

/// Places in the list as sent, the leaf being 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    /// Copies of an earlier one.
    pub(crate) duplicates: Vec<usize>,
    /// Self-signed certificates after the leaf.
    pub(crate) roots: Vec<usize>,
    /// Those on no path from the leaf.
    pub(crate) extra: Vec<usize>,
    /// Those that certify none of the certificates before them, yet one after.
    pub(crate) misplaced: Vec<usize>,
}

impl Order {
    /// Returns the order of the list. The graph must hold nothing but what was sent.
    pub(crate) fn of(sent: &[Arc<Certificate>], graph: &mut Graph<'_>) -> Self {
        let signers: Vec<Vec<usize>> = (0..graph.nodes().len())
            .map(|node| match graph.above(node) {
                // A broken signature is one fault, not also a stranger in the list.
                Some(above) if above.issuers.is_empty() => above.refuted.clone(),
                Some(above) => above.issuers.clone(),
                None => Vec::new(),
            })
            .collect();
        let reachable = reachable(&signers);
        let mut order = Self::default();
        let mut before: Vec<usize> = Vec::new();
        for (place, certificate) in sent.iter().take(MAX_SENT).enumerate() {
            let node = graph.position(certificate);
            if sent[..place]
                .iter()
                .any(|other| other.sha256 == certificate.sha256)
            {
                order.duplicates.push(place);
                continue;
            }
            let Some(node) = node else {
                // It cannot be read: on no path, whatever it is.
                order.extra.push(place);
                continue;
            };
            if place > 0
                && graph
                    .self_signed(node)
                    .is_some_and(|proof| proof != Proof::Refuted)
            {
                order.roots.push(place);
            }
            if !reachable[node] {
                order.extra.push(place);
                continue;
            }
            if place > 0 && !before.iter().any(|lower| signers[*lower].contains(&node)) {
                order.misplaced.push(place);
            }
            before.push(node);
        }
        order
    }
}

fn reachable(signers: &[Vec<usize>]) -> Vec<bool> {
    let mut seen = vec![false; signers.len()];
    let mut waiting = vec![0];
    while let Some(node) = waiting.pop() {
        if !std::mem::replace(&mut seen[node], true) {
            waiting.extend(&signers[node]);
        }
    }
    seen
}
