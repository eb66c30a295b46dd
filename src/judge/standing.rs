//! What the stores make of a chain, revocation apart: all paths are found (`graph`, `paths`), each
//! is evaluated (`evaluate`), and each store picks its best (`choice`). The result depends on the
//! certificates, the policy and the time: not on the name asked for, nor on the session, so it can
//! be remembered.

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

/// What the stores make of a chain under a policy.
pub(crate) struct Standing {
    /// The choice where nothing is known of revocation.
    pub(crate) choice: Arc<Choice>,
    /// What the chain is without any store.
    pub(crate) alone: Arc<Outcome>,
    /// The list as sent.
    pub(crate) order: Arc<Order>,
    /// The CA certificates that were sent.
    pub(crate) seen: Arc<SeenIssuers>,
    /// Certificates whose issuer is unknown, for a store that is not reached.
    pub(crate) lacking: Vec<Arc<Certificate>>,
    /// Whether no certificate from elsewhere can change it.
    pub(crate) settled: bool,
    /// How long it holds.
    pub(crate) window: Window,
    /// How long it holds whatever the dates of the leaf.
    pub(crate) window_above: Window,
    /// Whether not everything that was sent was considered.
    pub(crate) incomplete: bool,
}

/// What one store makes of the chain, revocation apart.
struct Judged {
    outcomes: Vec<Outcome>,
    lacking: Vec<Arc<Certificate>>,
}

impl Standing {
    /// Judges a chain. `keeping` remembers signatures from one chain to the next.
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
        // A store that what was sent reaches is judged by that. The others are completed.
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

    /// Returns the standing of a chain of which these are the outcomes for each store.
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

/// Returns the evaluated paths to a store, if there are any. A leaf that is itself in the store is
/// trusted as it is.
fn evaluated(
    graph: &Graph<'_>,
    leaf: &Certificate,
    store: &TrustStore,
    paths: &Paths,
    at: i64,
) -> Option<Judged> {
    if store.holds(leaf) {
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
    // A clean path may be among those that were not considered.
    match paths.incomplete && !outcomes.iter().any(|it| clean_above(it, at)) {
        true => Some(too_many(graph).into()),
        false => Some(Judged {
            outcomes,
            lacking: Vec::new(),
        }),
    }
}

/// Returns true if nothing but the dates of the leaf speaks against the path.
fn clean_above(outcome: &Outcome, at: i64) -> bool {
    let mut above = outcome.dated_contents().skip(1);
    outcome.defects.is_empty() && above.all(|it| it.is_valid_at(at))
}

/// Returns what a store makes of the chain with certificates from elsewhere.
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

/// Nothing can be said of the issuer: it may be among what was not considered.
fn too_many(graph: &Graph<'_>) -> Outcome {
    let detail = "more certificates than are considered, or too many of one name";
    Outcome {
        defects: vec![Defect::new(Barrier::TooManyCertificates, None, detail)],
        ..Outcome::ending(Ending::Exceeded, graph, &[0])
    }
}

/// Returns a path that reaches no anchor, with everything else that is wrong with it.
fn explained(graph: &Graph<'_>, nodes: &[usize], ending: Ending, at: i64) -> Outcome {
    Outcome {
        defects: without_anchor::remaining(graph, nodes, ending, at),
        ..Outcome::ending(ending, graph, nodes)
    }
}

/// Returns how long nothing changes: until the next date of any certificate that was considered.
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
