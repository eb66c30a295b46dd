//! Fast path for the next leaf of a known issuer. Every store has accepted this issuer before, sent
//! with the same other certificates, so one signature decides. Every other case takes the full path
//! (`trust_result`).

use std::sync::Arc;

use super::Policy;
use super::defects;
use super::evaluated_path::{Ending, EvaluatedPath, PathStep};
use super::graph::{MAX_SENT, Source};
use super::list_faults::ListFaults;
use super::memo::Window;
use super::trust_result::TrustResult;
use super::webpki_check;
use crate::observation::{Certificate, Contents};
use crate::verdict::{Position, SeenIssuers};

/// Cached data of an issuer: the paths of each store for one of its leaves.
pub(crate) struct Remembered {
    stores: Vec<Vec<Arc<EvaluatedPath>>>,
    list_faults: Arc<ListFaults>,
    seen: Arc<SeenIssuers>,
}

/// Returns the first certificate that has the leaf's issuer name, or `None` if there is none.
pub(crate) fn issuer<'c>(
    leaf: &Contents,
    others: &'c [Arc<Certificate>],
) -> Option<&'c Arc<Certificate>> {
    let named = |other: &&Arc<Certificate>| {
        let contents = other.contents.as_ref();
        contents.is_ok_and(|other| other.subject.der == leaf.issuer.der)
    };
    others.iter().find(named)
}

impl Remembered {
    /// Returns the issuer and the data to cache, or `None` if the next leaf might take other paths.
    /// The next leaf, sent with the same certificates, takes the same paths if all of them lead
    /// through the issuer, the issuer is the only certificate of its name, and nothing above it
    /// constrains the leaf's names.
    pub(crate) fn of(
        sent: &[Arc<Certificate>],
        policy: &Policy,
        result: &TrustResult,
    ) -> Option<(Arc<Certificate>, Self)> {
        let (leaf, others) = sent.split_first()?;
        let issuer = issuer(leaf.contents.as_ref().ok()?, others)?;
        let name = &issuer.contents.as_ref().ok()?.subject;
        let readable = |it: &Arc<Certificate>| it.contents.is_ok() && it.sha256 != leaf.sha256;
        let namesakes = others.iter().filter(|other| {
            let same = |it: &Contents| it.subject.matches(name);
            other.sha256 != issuer.sha256 && other.contents.as_ref().is_ok_and(same)
        });
        let through = |path: &EvaluatedPath| {
            let mut above = path.above().iter();
            let first = above.next();
            path.ending == Ending::Anchor
                && path.needed_rules.is_empty()
                && first.is_some_and(|first| first.certificate.sha256 == issuer.sha256)
                && above.all(|step| step.contents().is_some_and(|it| !it.has_name_constraints))
                && anchor_constrains_no_names(path)
        };
        let choice = &result.choice;
        let repeatable = sent.len() <= MAX_SENT
            && !result.incomplete
            && others.iter().all(readable)
            && namesakes.count() == 0
            && !policy.stores.is_empty()
            && policy
                .stores
                .iter()
                .all(|it| it.with_subject(name).is_empty())
            && choice.stores.iter().all(|paths| {
                let trusted = paths.first().is_some_and(|best| best.path.trusted());
                trusted && paths.iter().all(|it| through(&it.path))
            });
        repeatable.then(|| {
            let paths = choice.stores.iter();
            let paths = paths.map(|paths| paths.iter().map(|it| it.path.clone()).collect());
            let remembered = Self {
                stores: paths.collect(),
                list_faults: result.list_faults.clone(),
                seen: result.seen.clone(),
            };
            (issuer.clone(), remembered)
        })
    }

    /// Returns the result for another leaf of this issuer, or `None` if it has any fault other
    /// than dates and name. `window` is the window of the part above the leaf.
    pub(crate) fn for_leaf(
        &self,
        leaf: &Arc<Certificate>,
        issuer: &Certificate,
        policy: &Policy,
        at: i64,
        window: Window,
    ) -> Option<TrustResult> {
        let contents = leaf.contents.as_ref().ok()?;
        // webpki treats a name and key that occur twice on a path as a loop.
        let known = |step: &PathStep| {
            step.contents().is_some_and(|above| {
                above.key.spki_sha256 == contents.key.spki_sha256
                    && above.subject.matches(&contents.subject)
            })
        };
        let mut above = self.stores.iter().flatten().flat_map(|path| path.above());
        let alike = !above.any(known)
            && !policy.stores.iter().any(|store| store.contains(leaf))
            && defects::acceptable(contents, Position::Leaf)
            && defects::of_certificate(contents, 0).is_empty();
        if !alike || !webpki_check::accepts_under(leaf, issuer, at) {
            return None;
        }
        let step = PathStep {
            certificate: leaf.clone(),
            source: Source::Sent,
        };
        let with_leaf = |known: &Arc<EvaluatedPath>| EvaluatedPath {
            steps: std::iter::once(&step)
                .chain(known.above())
                .cloned()
                .collect(),
            anchor: known.anchor.clone(),
            defects: known.defects.clone(),
            ..EvaluatedPath::alone(step.clone(), Ending::Anchor)
        };
        let stores = self.stores.iter();
        let paths = stores.map(|paths| paths.iter().map(with_leaf).collect());
        let alone = Arc::new(EvaluatedPath::alone(step.clone(), Ending::Absent));
        let list_faults = self.list_faults.clone();
        Some(TrustResult {
            seen: self.seen.clone(),
            window: window.around(at, contents.not_before, contents.not_after),
            ..TrustResult::choose(policy, paths.collect(), list_faults, alone, at)
        })
    }
}

/// Returns true if the path has an anchor that constrains no names.
fn anchor_constrains_no_names(path: &EvaluatedPath) -> bool {
    let anchor = path.anchor.as_ref();
    anchor.is_some_and(|anchor| anchor.webpki.name_constraints.is_none())
}
