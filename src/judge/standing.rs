//! Where a chain stands: what each store says of it, and the path that explains it best. It
//! depends on the certificates, the policy and the time alone: not on the name asked for, nor on
//! the session, so that it can be remembered.

use std::sync::Arc;

use webpki::{EndEntityCert, KeyUsage};

use super::defects::{self, Defect, unix_time};
use super::links::{Links, MAX_SENT, Proof, Source};
use super::memo::Window;
use super::order::Order;
use super::outcome::{Ending, Outcome, Step, TOO_MANY};
use super::paths::{End, Reached, Walk};
use super::{Policy, Position, TrustStore, unreached};
use crate::crypto::Fingerprint;
use crate::observation::{Certificate, Contents};
use crate::verdict::StoreTrust;

/// Intermediates up to which webpki may search for a path itself. It tries orders without
/// checking signatures first, so a peer that sends many of one name could keep it busy; beyond,
/// only paths whose links are proven are put to it.
const MAX_SEARCHED: usize = 8;

/// Where a chain stands under a policy.
pub(crate) struct Standing {
    /// What each store says, in the policy's order.
    pub(crate) trust: Vec<StoreTrust>,
    /// Whether one of the stores that trust it binds its CAs to the rules for public ones.
    pub(crate) public: bool,
    /// The outcome that findings are made from.
    pub(crate) best: Outcome,
    /// The list as sent.
    pub(crate) order: Arc<Order>,
    /// Whether no certificate from elsewhere can change it.
    pub(crate) settled: bool,
    /// How long it holds.
    pub(crate) window: Window,
}

/// What a store remembers of an issuer, to accept its next leaf by one signature.
pub(crate) struct Remembered {
    /// The path above the leaf.
    pub(crate) above: Vec<Step>,
    /// The anchor's own certificate.
    pub(crate) anchor: Option<Arc<Certificate>>,
    /// The list as sent.
    pub(crate) order: Arc<Order>,
}

/// What may be remembered for other leaves of the same issuer.
#[derive(Default)]
pub(crate) struct Memorable {
    /// For each store of the policy.
    pub(crate) stores: Vec<Option<Remembered>>,
    /// How long it holds, whatever the dates of the leaf.
    pub(crate) window: Window,
}

impl Standing {
    /// Judges a chain from nothing, and says for each store what may be remembered of it.
    pub(crate) fn of(sent: &[Arc<Certificate>], policy: &Policy, at: i64) -> (Self, Memorable) {
        let Some(leaf) = sent.first().filter(|leaf| leaf.contents.is_ok()) else {
            return (Self::unreadable(sent, policy), Memorable::default());
        };
        let mut links = Links::of(sent);
        let mut outcomes: Vec<Option<Outcome>> = policy
            .stores
            .iter()
            .map(|store| accepted(leaf, &mut links, store, at))
            .collect();
        let order = Arc::new(Order::of(sent, &mut links));
        for (store, outcome) in policy.stores.iter().zip(&mut outcomes) {
            if outcome.is_none() {
                *outcome = barred(&mut links, store, at);
            }
        }
        let reached = policy.suffices(|store| matches!(outcomes.get(store), Some(Some(_))));
        let all = outcomes.iter().all(Option::is_some);
        // A store is judged as if it were the only one.
        if !all {
            links.open(&policy.issuers);
        }
        let outcomes: Vec<Outcome> = policy
            .stores
            .iter()
            .zip(outcomes)
            .map(|(store, outcome)| outcome.unwrap_or_else(|| unreached(&mut links, store, at)))
            .collect();
        let stores = policy.stores.iter().zip(&outcomes);
        let memorable = Memorable {
            stores: stores
                .map(|(store, outcome)| rememberable(sent, store, outcome, &order))
                .collect(),
            window: window(&links, &policy.stores, at, 1),
        };
        let window = window(&links, &policy.stores, at, 0);
        let alone = Outcome::ending(Ending::Absent, &links, &[0]);
        let settled = |best: &Outcome| {
            let reached = reached && (all || best.trusted() || !policy.required.is_empty());
            reached || matches!(best.ending, Ending::SelfSigned(_))
        };
        let standing = Self::weigh(policy, outcomes, alone, at, order, window, settled);
        (standing, memorable)
    }

    /// The standing of a leaf whose issuer every store has accepted before; `window` is how long
    /// that and the leaf's own dates hold.
    pub(crate) fn remembered(
        leaf: &Arc<Certificate>,
        policy: &Policy,
        remembered: &[&Remembered],
        at: i64,
        window: Window,
    ) -> Self {
        let leaf = Step {
            certificate: leaf.clone(),
            source: Source::Sent,
        };
        let outcomes = remembered.iter().map(|remembered| Outcome {
            ending: Ending::Anchor,
            path: std::iter::once(&leaf)
                .chain(&remembered.above)
                .cloned()
                .collect(),
            anchor: remembered.anchor.clone(),
            defects: Vec::new(),
        });
        let outcomes: Vec<Outcome> = outcomes.collect();
        let alone = Outcome::alone(leaf, Ending::Absent);
        let order = remembered
            .first()
            .map(|r| r.order.clone())
            .unwrap_or_default();
        Self::weigh(policy, outcomes, alone, at, order, window, |_| true)
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
        };
        let outcomes = vec![outcome.clone(); policy.stores.len()];
        let order = Arc::default();
        Self::weigh(policy, outcomes, outcome, 0, order, Window::ALWAYS, |_| {
            true
        })
    }

    fn weigh(
        policy: &Policy,
        outcomes: Vec<Outcome>,
        without_stores: Outcome,
        at: i64,
        order: Arc<Order>,
        window: Window,
        settled: impl Fn(&Outcome) -> bool,
    ) -> Self {
        let judged = || policy.stores.iter().zip(&outcomes);
        let trust = judged().map(|(store, outcome)| StoreTrust {
            store: store.name().clone(),
            trusted: outcome.trusted(),
            reason: outcome.reason(at).map(str::to_owned),
        });
        let trust = trust.collect();
        let public = judged().any(|(store, outcome)| store.is_public() && outcome.trusted());
        let best = policy.decide(outcomes, |outcome| outcome.rank(at));
        let best = best.unwrap_or(without_stores);
        Self {
            trust,
            public,
            settled: settled(&best),
            best,
            order,
            window,
        }
    }
}

/// What the store accepts at once: a leaf that is itself in it, or a path that webpki finds.
fn accepted(
    leaf: &Certificate,
    links: &mut Links<'_>,
    store: &TrustStore,
    at: i64,
) -> Option<Outcome> {
    if store.holds(leaf) {
        let defects = defects::of_pinned(links.contents(0));
        return Some(Outcome {
            defects,
            ..Outcome::ending(Ending::Anchor, links, &[0])
        });
    }
    if links.nodes().len() > MAX_SEARCHED + 1 || !defects::acceptable(leaf, Position::Leaf) {
        return None;
    }
    let path = search(leaf, links, store, at)?;
    note(links, &path, store);
    Some(Outcome::reaching(links, &path, store, Vec::new()))
}

/// The first path that webpki accepts and that passes the rules which webpki leaves aside.
fn search(leaf: &Certificate, links: &Links<'_>, store: &TrustStore, at: i64) -> Option<Reached> {
    let place = |der: &[u8]| {
        links
            .nodes()
            .iter()
            .position(|node| node.certificate.der.as_ref() == der)
    };
    let found = |path: &webpki::VerifiedPath<'_>| -> Option<Reached> {
        let issuers = path.intermediate_certificates();
        let issuers: Option<Vec<usize>> = issuers.map(|issuer| place(&issuer.der())).collect();
        let nodes = std::iter::once(0).chain(issuers?).collect();
        let anchor = store.position(path.anchor())?;
        Some(Reached { nodes, anchor })
    };
    let passes = |path: &webpki::VerifiedPath<'_>| {
        let passes = found(path).is_some_and(|path| {
            let issuers = path.nodes.iter().skip(1);
            let usages = issuers
                .map(|node| &links.node(*node).certificate)
                .all(|issuer| defects::acceptable(issuer, Position::Intermediate));
            let anchor = store.anchor(path.anchor);
            let timely = anchor
                .contents()
                .is_none_or(|anchor| (anchor.not_before..=anchor.not_after).contains(&at));
            usages && timely && defects::of_anchor(anchor, links, &path).is_none()
        });
        // Any error makes webpki look for another path.
        passes.then_some(()).ok_or(webpki::Error::UnknownIssuer)
    };
    let issuers: Vec<_> = links
        .nodes()
        .iter()
        .skip(1)
        .map(|node| rustls_pki_types::CertificateDer::from(node.certificate.der.as_ref()))
        .collect();
    let leaf = EndEntityCert::try_from(&leaf.der).ok()?;
    let verified = leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        store.webpki(),
        &issuers,
        unix_time(at),
        KeyUsage::server_auth(),
        None,
        Some(&passes),
    );
    verified.ok().and_then(|path| found(&path))
}

/// What webpki proved need not be proven again.
fn note(links: &mut Links<'_>, path: &Reached, store: &TrustStore) {
    for pair in path.nodes.windows(2) {
        let issuer = links.contents(pair[1]).key.spki_sha256;
        links.note_proven(pair[0], issuer);
    }
    if let Some(top) = path.nodes.last() {
        let anchor = &store.anchor(path.anchor).spki;
        links.note_proven(*top, Fingerprint::of(anchor));
    }
}

/// The best of the paths that reach an anchor, with what bars it.
fn barred(links: &mut Links<'_>, store: &TrustStore, at: i64) -> Option<Outcome> {
    let reached = Walk::of(links, store).reached;
    let outcomes = reached.iter().map(|path| {
        let defects = defects::of_path(links, path, store, at);
        Outcome::reaching(links, path, store, defects)
    });
    outcomes.min_by_key(|outcome| outcome.preference(at))
}

/// Why no anchor of the store is reached with what was sent.
fn unreached(links: &mut Links<'_>, store: &TrustStore, at: i64) -> Outcome {
    if let Some(proof @ (Proof::Proven | Proof::Claimed)) = links.self_signed(0) {
        return explained(links, &[0], Ending::SelfSigned(proof), at);
    }
    if let Some(outcome) = barred(links, store, at) {
        return outcome;
    }
    let ended = Walk::of(links, store).ended.into_iter();
    if links.exceeded() {
        return too_many(links);
    }
    let best = ended.min_by_key(|(nodes, end)| {
        let helped = nodes
            .iter()
            .any(|node| links.node(*node).source != Source::Sent);
        let fingerprints: Vec<_> = nodes
            .iter()
            .map(|node| links.node(*node).certificate.sha256)
            .collect();
        // The longest explains most: it names the issuer that is really absent.
        (*end, helped, std::cmp::Reverse(nodes.len()), fingerprints)
    });
    match best {
        Some((nodes, End::Root)) => explained(links, &nodes, Ending::Root, at),
        Some((nodes, End::BadSignature)) => explained(links, &nodes, Ending::BadSignature, at),
        Some((nodes, End::Absent)) => explained(links, &nodes, Ending::Absent, at),
        // The bounds of the walk were met before any path ended.
        None => too_many(links),
    }
}

/// Nothing can be said of the issuer: it may be among what was not looked at.
fn too_many(links: &Links<'_>) -> Outcome {
    let detail = "more certificates than are looked at, or too many of one name";
    Outcome {
        defects: vec![Defect::new(TOO_MANY, None, detail)],
        ..Outcome::ending(Ending::Exceeded, links, &[0])
    }
}

/// A path that reaches no anchor, with everything else that is wrong with it.
fn explained(links: &Links<'_>, nodes: &[usize], ending: Ending, at: i64) -> Outcome {
    Outcome {
        defects: unreached::remaining(links, nodes, ending, at),
        ..Outcome::ending(ending, links, nodes)
    }
}

/// How long nothing changes: until the next date of any certificate that was looked at.
fn window(links: &Links<'_>, stores: &[TrustStore], at: i64, first: usize) -> Window {
    let contents = (first..links.nodes().len()).map(|node| links.contents(node));
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
        let named = store.with_subject(&below.issuer.der).iter();
        named.filter_map(move |position| store.anchor(*position).contents())
    })
}

/// Conditions under which the next leaf of this issuer, sent with the same intermediates, takes
/// the same path: it is the only certificate of that name at hand, in the list or in the store,
/// and nothing above it looks at the leaf's names.
fn rememberable(
    sent: &[Arc<Certificate>],
    store: &TrustStore,
    outcome: &Outcome,
    order: &Arc<Order>,
) -> Option<Remembered> {
    let (leaf, above) = outcome.path.split_first()?;
    let issuer = above.first()?.contents()?;
    let others = sent.get(1..)?;
    let readable = |c: &Arc<Certificate>| c.contents.is_ok() && c.sha256 != leaf.certificate.sha256;
    let namesakes = others.iter().filter(|other| {
        let same = |c: &Contents| c.subject.der == issuer.subject.der;
        other.sha256 != above[0].certificate.sha256 && other.contents.as_ref().is_ok_and(same)
    });
    let constrained = above[1..]
        .iter()
        .any(|step| step.contents().is_none_or(|c| c.has_name_constraints));
    let top = above.last()?.contents()?;
    // Several anchors of one name are rare; then the constraints of each count.
    let anchored_freely = store
        .with_subject(&top.issuer.der)
        .iter()
        .all(|anchor| store.webpki_anchor(*anchor).name_constraints.is_none());
    let same_again = outcome.trusted()
        && sent.len() <= MAX_SENT.min(MAX_SEARCHED + 1)
        && others.iter().all(readable)
        && namesakes.count() == 0
        && store.with_subject(&issuer.subject.der).is_empty()
        && !constrained
        && anchored_freely;
    same_again.then(|| Remembered {
        above: above.to_vec(),
        anchor: outcome.anchor.clone(),
        order: order.clone(),
    })
}
