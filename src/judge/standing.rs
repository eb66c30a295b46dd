//! The standing of a chain: the results of all stores, without revocation. All paths are found
//! (`graph`, `paths`), each is evaluated (`evaluate`), and each store picks its best (`choice`).
//! The result depends on the certificates, the policy and the time, not on the requested name or
//! the session, so it can be cached.

use std::sync::Arc;

use super::choice::{Candidate, Choice};
use super::defects::{self, Defect};
use super::evaluate::evaluate;
use super::graph::{Graph, Proof, Source};
use super::memo::Window;
use super::merit::Explanation;
use super::order::Order;
use super::outcome::{Ending, Outcome, Step};
use super::paths::{End, Paths};
use super::signatures::Signatures;
use super::{Policy, TrustStore, seen, without_anchor};
use crate::observation::{Certificate, Contents};
use crate::verdict::{Barrier, SeenIssuers};

/// Results of the stores of a policy for one chain.
pub(crate) struct Standing {
    /// The choice without revocation answers.
    pub(crate) choice: Arc<Choice>,
    /// Outcome of the chain without any store.
    pub(crate) alone: Arc<Outcome>,
    /// Faults in the order of the certificates as sent.
    pub(crate) order: Arc<Order>,
    /// The CA certificates that were sent.
    pub(crate) seen: Arc<SeenIssuers>,
    /// Certificates whose issuer is unknown, on the paths to stores that were not reached.
    pub(crate) lacking: Vec<Arc<Certificate>>,
    /// True if no certificate from elsewhere can change it.
    pub(crate) settled: bool,
    /// Window in which it is valid.
    pub(crate) window: Window,
    /// Window in which it is valid, without the dates of the leaf.
    pub(crate) window_above: Window,
    /// True if a limit prevented some certificates or paths from being considered.
    pub(crate) incomplete: bool,
}

/// Result of one store for the chain, without revocation.
struct Judged {
    outcomes: Vec<Outcome>,
    lacking: Vec<Arc<Certificate>>,
}

impl Standing {
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
        let order = Order::of(sent, &mut graph);
        let self_signed = graph.self_signed(0).filter(|it| *it != Proof::Refuted);
        let seen = seen::seen(&graph, stores, &paths, sent, &order, self_signed.is_some());
        let as_sent = stores.iter().zip(&paths);
        let as_sent = as_sent.map(|(store, paths)| evaluated(&graph, leaf, store, paths, at));
        let mut judged: Vec<Option<Judged>> = as_sent.collect();
        let all = judged.iter().all(Option::is_some);
        // A store whose anchors the sent certificates reach is judged by those alone. The others
        // may use certificates from elsewhere.
        if !all && self_signed.is_none() {
            graph.join(&policy.issuers);
        }
        for (store, judged) in stores.iter().zip(&mut judged) {
            if judged.is_none() {
                *judged = Some(match self_signed {
                    Some(proof) => explained(&graph, &[0], Ending::SelfSigned(proof), at).into(),
                    None => completed(&mut graph, leaf, store, at),
                });
            }
        }
        let judged: Vec<Judged> = judged.into_iter().flatten().collect();
        let mut lacking: Vec<_> = judged.iter().flat_map(|it| it.lacking.clone()).collect();
        lacking.sort_by_key(|certificate| certificate.sha256);
        lacking.dedup_by_key(|certificate| certificate.sha256);
        let (window, window_above) = (window(&graph, stores, at, 0), window(&graph, stores, at, 1));
        let incomplete = graph.incomplete();
        let alone = Arc::new(Outcome::ending(Ending::Absent, &graph, &[0]));
        let outcomes = judged.into_iter().map(|it| it.outcomes).collect();
        Self {
            settled: all || self_signed.is_some() || incomplete,
            lacking,
            window,
            window_above,
            incomplete,
            seen,
            ..Self::choose(policy, outcomes, Arc::new(order), alone, at)
        }
    }

    /// Returns the standing of a chain with these outcomes for each store.
    pub(crate) fn choose(
        policy: &Policy,
        outcomes: Vec<Vec<Outcome>>,
        order: Arc<Order>,
        alone: Arc<Outcome>,
        at: i64,
    ) -> Self {
        let candidate = |outcome| Candidate {
            outcome: Arc::new(outcome),
            revoked: false,
        };
        let stores = outcomes.into_iter();
        let stores = stores.map(|outcomes| outcomes.into_iter().map(candidate).collect());
        Self {
            choice: Arc::new(Choice::of(policy, stores.collect(), &alone, at)),
            alone,
            order,
            seen: Arc::default(),
            lacking: Vec::new(),
            settled: true,
            window: Window::ALWAYS,
            window_above: Window::ALWAYS,
            incomplete: false,
        }
    }

    fn unreadable(sent: &[Arc<Certificate>], policy: &Policy) -> Self {
        let path = sent.first().map(|leaf| Step {
            certificate: leaf.clone(),
            source: Source::Sent,
        });
        let outcome = Outcome {
            ending: Ending::Unreadable,
            path: path.into_iter().collect(),
            anchor: None,
            defects: Vec::new(),
            limits: Vec::new(),
        };
        let outcomes = vec![vec![outcome.clone()]; policy.stores.len()];
        Self {
            seen: seen::beside_unreadable(sent),
            ..Self::choose(policy, outcomes, Arc::default(), Arc::new(outcome), 0)
        }
    }
}

impl From<Outcome> for Judged {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcomes: vec![outcome],
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
) -> Option<Judged> {
    if store.contains(leaf) {
        let pinned = Outcome {
            defects: defects::of_pinned(graph.contents(0)),
            ..Outcome::ending(Ending::Anchor, graph, &[0])
        };
        return Some(pinned.into());
    }
    let outcomes = paths.reached.iter();
    let outcomes: Vec<_> = outcomes
        .map(|path| evaluate(graph, path, store, at))
        .collect();
    if outcomes.is_empty() {
        return None;
    }
    // The paths that were not considered may include one without defects.
    match paths.incomplete && !outcomes.iter().any(|it| clean_above(it, at)) {
        true => Some(too_many(graph).into()),
        false => Some(Judged {
            outcomes,
            lacking: Vec::new(),
        }),
    }
}

/// Returns true if the path has no fault other than the dates of the leaf.
fn clean_above(outcome: &Outcome, at: i64) -> bool {
    let mut above = outcome.dated_contents().skip(1);
    outcome.defects.is_empty() && above.all(|it| it.is_valid_at(at))
}

/// Returns the result of a store for the chain, with certificates from elsewhere.
fn completed(graph: &mut Graph<'_>, leaf: &Certificate, store: &TrustStore, at: i64) -> Judged {
    let paths = Paths::of(graph, store);
    if let Some(judged) = evaluated(graph, leaf, store, &paths, at) {
        return judged;
    }
    if paths.incomplete {
        return too_many(graph).into();
    }
    let ended = &paths.ended;
    let tops = ended.iter().filter(|(_, end)| *end != End::Root);
    let tops = tops.filter_map(|(nodes, _)| nodes.last());
    let lacking = tops.map(|top| graph.node(*top).certificate.clone());
    let lacking = lacking.collect();
    let best = ended.iter();
    let best = best.min_by_key(|(nodes, end)| Explanation::of(graph, nodes, *end));
    let outcome = match best {
        Some((nodes, End::Root)) => explained(graph, nodes, Ending::Root, at),
        Some((nodes, End::BadSignature)) => explained(graph, nodes, Ending::BadSignature, at),
        Some((nodes, End::Absent)) => explained(graph, nodes, Ending::Absent, at),
        None => too_many(graph),
    };
    Judged {
        outcomes: vec![outcome],
        lacking,
    }
}

/// Returns the outcome if a limit was exceeded. The issuer may be among the certificates that were
/// not considered.
fn too_many(graph: &Graph<'_>) -> Outcome {
    let detail = "more certificates than the limit, or too many with one name";
    Outcome {
        defects: vec![Defect::new(Barrier::TooManyCertificates, None, detail)],
        ..Outcome::ending(Ending::Exceeded, graph, &[0])
    }
}

/// Returns a path that reaches no anchor, with all its other defects.
fn explained(graph: &Graph<'_>, nodes: &[usize], ending: Ending, at: i64) -> Outcome {
    Outcome {
        defects: without_anchor::remaining(graph, nodes, ending, at),
        ..Outcome::ending(ending, graph, nodes)
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
