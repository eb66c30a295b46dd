//! The result of all stores for one chain, without revocation. All paths are found (`graph`,
//! `paths`), each is evaluated (`evaluate`), and each store picks its best (`choice`).
//! The result depends on the certificates, the policy and the time, not on the requested name or
//! the session, so it can be cached.

use std::sync::Arc;

use super::choice::{Candidate, Choice};
use super::defects::{self, Defect};
use super::evaluate::evaluate;
use super::evaluated_path::{Ending, EvaluatedPath, PathStep};
use super::graph::{Graph, Proof, Source};
use super::list_faults::ListFaults;
use super::memo::Window;
use super::merit::Explanation;
use super::paths::{PathEnd, Paths};
use super::signatures::Signatures;
use super::{Policy, TrustStore, seen, without_anchor};
use crate::observation::{Certificate, Contents};
use crate::verdict::{Barrier, SeenIssuers};

/// Result of all stores of a policy for one chain.
pub(crate) struct TrustResult {
    /// The choice without revocation answers.
    pub(crate) choice: Arc<Choice>,
    /// Path of the chain if there is no store.
    pub(crate) alone: Arc<EvaluatedPath>,
    /// Faults of the list of certificates as sent.
    pub(crate) list_faults: Arc<ListFaults>,
    /// The CA certificates that were sent.
    pub(crate) seen: Arc<SeenIssuers>,
    /// Certificates whose issuer is unknown, on the paths to stores that were not reached.
    pub(crate) lacking: Vec<Arc<Certificate>>,
    /// True if no certificate from elsewhere can change the result.
    pub(crate) settled: bool,
    /// Window in which it is valid.
    pub(crate) window: Window,
    /// Window in which it is valid, without the dates of the leaf.
    pub(crate) window_above: Window,
    /// True if a limit prevented some certificates or paths from being considered.
    pub(crate) incomplete: bool,
}

/// Result of one store for the chain, without revocation.
struct StoreResult {
    paths: Vec<EvaluatedPath>,
    lacking: Vec<Arc<Certificate>>,
}

impl TrustResult {
    /// Judges a chain. `keeping` caches signatures from one chain to the next.
    pub(crate) fn of(
        sent: &[Arc<Certificate>],
        policy: &Policy,
        at: i64,
        keeping: &mut Signatures,
    ) -> Self {
        let Some(leaf) = sent.first().filter(|leaf| leaf.contents.is_ok()) else {
            return Self::unreadable(sent, policy);
        };
        let stores = &policy.stores;
        let mut graph = Graph::of(sent, keeping);
        let paths: Vec<Paths> = stores.iter().map(|it| Paths::of(&mut graph, it)).collect();
        let list_faults = ListFaults::of(sent, &mut graph);
        let self_signed = graph.self_signed(0).filter(|it| *it != Proof::Refuted);
        let seen = seen::seen(
            &graph,
            stores,
            &paths,
            sent,
            &list_faults,
            self_signed.is_some(),
        );
        let as_sent = stores.iter().zip(&paths);
        let as_sent = as_sent.map(|(store, paths)| evaluated(&graph, leaf, store, paths, at));
        let mut results: Vec<Option<StoreResult>> = as_sent.collect();
        let all = results.iter().all(Option::is_some);
        // A store whose anchors the sent certificates reach is judged by those alone. The others
        // may use certificates from elsewhere.
        if !all && self_signed.is_none() {
            graph.join(&policy.issuers);
        }
        for (store, result) in stores.iter().zip(&mut results) {
            if result.is_none() {
                *result = Some(match self_signed {
                    Some(proof) => explained(&graph, &[0], Ending::SelfSigned(proof), at).into(),
                    None => completed(&mut graph, leaf, store, at),
                });
            }
        }
        let results: Vec<StoreResult> = results.into_iter().flatten().collect();
        let mut lacking: Vec<_> = results.iter().flat_map(|it| it.lacking.clone()).collect();
        lacking.sort_by_key(|certificate| certificate.sha256);
        lacking.dedup_by_key(|certificate| certificate.sha256);
        let (window, window_above) = (window(&graph, stores, at, 0), window(&graph, stores, at, 1));
        let incomplete = graph.incomplete();
        let alone = Arc::new(EvaluatedPath::ending(Ending::Absent, &graph, &[0]));
        let paths = results.into_iter().map(|it| it.paths).collect();
        Self {
            settled: all || self_signed.is_some() || incomplete,
            lacking,
            window,
            window_above,
            incomplete,
            seen,
            ..Self::choose(policy, paths, Arc::new(list_faults), alone, at)
        }
    }

    /// Returns the result for a chain with these paths for each store.
    pub(crate) fn choose(
        policy: &Policy,
        paths: Vec<Vec<EvaluatedPath>>,
        list_faults: Arc<ListFaults>,
        alone: Arc<EvaluatedPath>,
        at: i64,
    ) -> Self {
        let candidate = |path| Candidate {
            path: Arc::new(path),
            revoked: false,
        };
        let stores = paths.into_iter();
        let stores = stores.map(|paths| paths.into_iter().map(candidate).collect());
        Self {
            choice: Arc::new(Choice::of(policy, stores.collect(), &alone, at)),
            alone,
            list_faults,
            seen: Arc::default(),
            lacking: Vec::new(),
            settled: true,
            window: Window::ALWAYS,
            window_above: Window::ALWAYS,
            incomplete: false,
        }
    }

    fn unreadable(sent: &[Arc<Certificate>], policy: &Policy) -> Self {
        let step = sent.first().map(|leaf| PathStep {
            certificate: leaf.clone(),
            source: Source::Sent,
        });
        let path = EvaluatedPath {
            ending: Ending::Unreadable,
            steps: step.into_iter().collect(),
            anchor: None,
            defects: Vec::new(),
            needed_rules: Vec::new(),
        };
        let paths = vec![vec![path.clone()]; policy.stores.len()];
        Self {
            seen: seen::beside_unreadable(sent),
            ..Self::choose(policy, paths, Arc::default(), Arc::new(path), 0)
        }
    }
}

impl From<EvaluatedPath> for StoreResult {
    fn from(path: EvaluatedPath) -> Self {
        Self {
            paths: vec![path],
            lacking: Vec::new(),
        }
    }
}

/// Returns the evaluated paths to a store, or `None` if there are none. A leaf that the store
/// itself contains is trusted directly.
fn evaluated(
    graph: &Graph<'_>,
    leaf: &Certificate,
    store: &TrustStore,
    paths: &Paths,
    at: i64,
) -> Option<StoreResult> {
    if store.contains(leaf) {
        let pinned = EvaluatedPath {
            defects: defects::of_pinned(graph.contents(0)),
            ..EvaluatedPath::ending(Ending::Anchor, graph, &[0])
        };
        return Some(pinned.into());
    }
    let reached = paths.reached.iter();
    let evaluated: Vec<_> = reached
        .map(|path| evaluate(graph, path, store, at))
        .collect();
    if evaluated.is_empty() {
        return None;
    }
    // The paths that were not considered may include one without defects.
    match paths.incomplete && !evaluated.iter().any(|it| clean_above(it, at)) {
        true => Some(too_many(graph).into()),
        false => Some(StoreResult {
            paths: evaluated,
            lacking: Vec::new(),
        }),
    }
}

/// Returns true if the path has no fault other than the dates of the leaf.
fn clean_above(path: &EvaluatedPath, at: i64) -> bool {
    let mut above = path.dated_contents().skip(1);
    path.defects.is_empty() && above.all(|it| it.is_valid_at(at))
}

/// Returns the result of a store for the chain, with certificates from elsewhere.
fn completed(
    graph: &mut Graph<'_>,
    leaf: &Certificate,
    store: &TrustStore,
    at: i64,
) -> StoreResult {
    let paths = Paths::of(graph, store);
    if let Some(result) = evaluated(graph, leaf, store, &paths, at) {
        return result;
    }
    if paths.incomplete {
        return too_many(graph).into();
    }
    let ended = &paths.ended;
    let tops = ended.iter().filter(|(_, end)| *end != PathEnd::Root);
    let tops = tops.filter_map(|(nodes, _)| nodes.last());
    let lacking = tops.map(|top| graph.node(*top).certificate.clone());
    let lacking = lacking.collect();
    let best = ended.iter();
    let best = best.min_by_key(|(nodes, end)| Explanation::of(graph, nodes, *end));
    let path = match best {
        Some((nodes, PathEnd::Root)) => explained(graph, nodes, Ending::Root, at),
        Some((nodes, PathEnd::BadSignature)) => explained(graph, nodes, Ending::BadSignature, at),
        Some((nodes, PathEnd::Absent)) => explained(graph, nodes, Ending::Absent, at),
        None => too_many(graph),
    };
    StoreResult {
        paths: vec![path],
        lacking,
    }
}

/// Returns the path if a limit was exceeded. The issuer may be among the certificates that were
/// not considered.
fn too_many(graph: &Graph<'_>) -> EvaluatedPath {
    let detail = "more certificates than the limit, or too many with one name";
    EvaluatedPath {
        defects: vec![Defect::new(Barrier::TooManyCertificates, None, detail)],
        ..EvaluatedPath::ending(Ending::Exceeded, graph, &[0])
    }
}

/// Returns a path that reaches no anchor, with all its other defects.
fn explained(graph: &Graph<'_>, nodes: &[usize], ending: Ending, at: i64) -> EvaluatedPath {
    EvaluatedPath {
        defects: without_anchor::remaining(graph, nodes, ending, at),
        ..EvaluatedPath::ending(ending, graph, nodes)
    }
}

/// Returns the window in which nothing changes: until the next date of any considered certificate,
/// starting at this node.
fn window(graph: &Graph<'_>, stores: &[TrustStore], at: i64, first: usize) -> Window {
    let contents = (first..graph.nodes().len()).map(|node| graph.contents(node));
    contents.fold(Window::ALWAYS, |window, contents| {
        let window = window.around(at, contents.not_before, contents.not_after);
        anchors(stores, contents).fold(window, |window, anchor| {
            window.around(at, anchor.not_before, anchor.not_after)
        })
    })
}

fn anchors<'a>(
    stores: &'a [TrustStore],
    below: &'a Contents,
) -> impl Iterator<Item = &'a Contents> {
    stores.iter().flat_map(move |store| {
        let named = store.with_subject(&below.issuer).iter();
        named.filter_map(move |position| store.anchor(*position).contents())
    })
}
