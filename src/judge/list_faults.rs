//! Faults in the list of certificates as sent: duplicates, certificates on no path, roots, and
//! certificates that do not follow one that they certify.

use std::sync::Arc;

use super::graph::{Graph, MAX_SENT, Proof};
use crate::observation::Certificate;

/// Positions in the list as sent. The leaf is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListFaults {
    /// Copies of an earlier certificate.
    pub(crate) duplicates: Vec<usize>,
    /// Self-signed certificates after the leaf.
    pub(crate) roots: Vec<usize>,
    /// Certificates on no path from the leaf.
    pub(crate) extra: Vec<usize>,
    /// Certificates that certify no earlier certificate but certify a later one.
    pub(crate) misplaced: Vec<usize>,
}

impl ListFaults {
    /// Returns the faults of the list. The graph must contain only certificates that were sent.
    pub(crate) fn of(sent: &[Arc<Certificate>], graph: &mut Graph<'_>) -> Self {
        let signers: Vec<Vec<usize>> = (0..graph.nodes().len())
            .map(|node| match graph.above(node) {
                // A bad signature is one fault. The certificate is not reported as extra as well.
                Some(above) if above.issuers.is_empty() => above.refuted.clone(),
                Some(above) => above.issuers.clone(),
                None => Vec::new(),
            })
            .collect();
        let reachable = reachable(&signers);
        let mut faults = Self::default();
        let mut before: Vec<usize> = Vec::new();
        for (place, certificate) in sent.iter().take(MAX_SENT).enumerate() {
            let node = graph.position(certificate);
            if sent[..place]
                .iter()
                .any(|other| other.sha256 == certificate.sha256)
            {
                faults.duplicates.push(place);
                continue;
            }
            let Some(node) = node else {
                // A certificate that cannot be parsed is on no path.
                faults.extra.push(place);
                continue;
            };
            if place > 0
                && graph
                    .self_signed(node)
                    .is_some_and(|proof| proof != Proof::Refuted)
            {
                faults.roots.push(place);
            }
            if !reachable[node] {
                faults.extra.push(place);
                continue;
            }
            if place > 0 && !before.iter().any(|lower| signers[*lower].contains(&node)) {
                faults.misplaced.push(place);
            }
            before.push(node);
        }
        faults
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
