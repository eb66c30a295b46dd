//! Collects the CA certificates of a chain, for the chains of other hosts that lack them.

use std::sync::Arc;

use super::TrustStore;
use super::graph::{Graph, Proof};
use super::list_faults::ListFaults;
use super::paths::Paths;
use crate::observation::Certificate;
use crate::verdict::SeenIssuers;

/// Returns the CA certificates that were sent: those that verified signatures connect with an
/// anchor, even if the leaf has faults, and the others. A root that no store contains is in neither
/// list.
pub(super) fn seen(
    graph: &Graph<'_>,
    stores: &[TrustStore],
    paths: &[Paths],
    sent: &[Arc<Certificate>],
    list_faults: &ListFaults,
    own_leaf: bool,
) -> Arc<SeenIssuers> {
    let mut seen = SeenIssuers::default();
    let known = |list: &[Arc<Certificate>], it: &Certificate| {
        list.iter().any(|known| known.sha256 == it.sha256)
    };
    for (store, paths) in stores.iter().zip(paths) {
        for path in &paths.reached {
            let mut key = store.anchor(path.anchor).spki_sha256;
            for node in path.nodes.iter().skip(1).rev() {
                let certificate = &graph.node(*node).certificate;
                if graph.proof(*node, key) != Proof::Proven || !certificate.is_ca() {
                    break;
                }
                key = graph.contents(*node).key.spki_sha256;
                if !known(&seen.proven, certificate) {
                    seen.proven.push(certificate.clone());
                }
            }
        }
    }
    for (place, certificate) in sent.iter().enumerate() {
        let listed = known(&seen.proven, certificate) || known(&seen.unproven, certificate);
        if !certificate.is_ca() || listed || place == 0 && own_leaf {
            continue;
        }
        if !list_faults.roots.contains(&place) {
            seen.unproven.push(certificate.clone());
        } else if stores.iter().any(|store| is_anchor(store, certificate)) {
            seen.proven.push(certificate.clone());
        }
    }
    for list in [&mut seen.proven, &mut seen.unproven] {
        list.sort_by_key(|certificate| certificate.sha256);
    }
    Arc::new(seen)
}

/// Returns true if the store has an anchor with the name and key of this certificate.
fn is_anchor(store: &TrustStore, certificate: &Certificate) -> bool {
    certificate.contents.as_ref().is_ok_and(|contents| {
        let mut named = store.with_subject(&contents.subject).iter();
        named.any(|place| store.anchor(*place).spki_sha256 == contents.key.spki_sha256)
    })
}

/// Returns the CA certificates that were sent with a leaf that cannot be parsed. The leaf does not
/// affect them.
pub(super) fn beside_unreadable(sent: &[Arc<Certificate>]) -> Arc<SeenIssuers> {
    let mut unproven: Vec<_> = sent.iter().filter(|it| it.is_ca()).cloned().collect();
    unproven.sort_by_key(|certificate| certificate.sha256);
    unproven.dedup_by_key(|certificate| certificate.sha256);
    Arc::new(SeenIssuers {
        proven: Vec::new(),
        unproven,
    })
}
