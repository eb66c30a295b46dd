//! Each store picks the best of its paths, and the policy decides which store's pick explains the
//! chain. Revocation is known here, so a store prefers a path without a revoked certificate.

use std::sync::Arc;

use super::Policy;
use super::evaluated_path::{Ending, EvaluatedPath};
use super::merit::{Class, Dates, Merit};
use crate::crypto::Fingerprint;
use crate::verdict::{AcceptedBy, Barrier, StoreTrust};

/// A path and its revocation state.
#[derive(Clone)]
pub(crate) struct Candidate {
    /// The path.
    pub(crate) path: Arc<EvaluatedPath>,
    /// True if a source with the authority to say so reports that a certificate of the path is
    /// revoked.
    pub(crate) revoked: bool,
}

/// The picks of all stores for a chain.
pub(crate) struct Choice {
    /// Result of each store, in the order of the policy.
    pub(crate) trust: Vec<StoreTrust>,
    /// True if a store that trusts the chain requires its CAs to follow the rules for public CAs.
    pub(crate) public: bool,
    /// The path that the findings are about.
    pub(crate) best: Arc<EvaluatedPath>,
    /// The paths of each store, best first.
    pub(crate) stores: Vec<Vec<Candidate>>,
}

impl Choice {
    /// Returns the choice among the paths of each store. Each store must have at least one path.
    /// `alone` is the path if there is no store.
    pub(crate) fn of(
        policy: &Policy,
        mut stores: Vec<Vec<Candidate>>,
        alone: &Arc<EvaluatedPath>,
        at: i64,
    ) -> Self {
        let merit = |it: &Candidate| Merit::of(&it.path, it.revoked, at);
        stores.iter_mut().for_each(|paths| {
            paths.sort_by_cached_key(merit);
        });
        let picks: Vec<&Candidate> = stores.iter().filter_map(|paths| paths.first()).collect();
        let judged = || policy.stores.iter().zip(&picks);
        let trust = judged().map(|(store, pick)| {
            let trusted = trusted(pick);
            let needs_rules = trusted && !pick.path.needed_rules.is_empty();
            StoreTrust {
                store: store.name().clone(),
                trusted,
                reason: reason(pick, at),
                accepted_by: needs_rules.then_some(AcceptedBy::Rfc5280),
            }
        });
        let trust = trust.collect();
        let public = judged().any(|(store, pick)| store.is_public() && trusted(pick));
        let best = policy.decide(&picks, |pick| merit(pick));
        let best = best.map_or_else(|| alone.clone(), |pick| pick.path.clone());
        Self {
            trust,
            public,
            best,
            stores,
        }
    }

    /// Returns the paths that warnings are about: that of the verdict, and the path of each
    /// required store.
    pub(crate) fn deciding<'c>(
        &'c self,
        policy: &'c Policy,
    ) -> impl Iterator<Item = &'c EvaluatedPath> {
        let required = policy.required.iter().filter_map(|store| {
            let pick = self.stores.get(*store)?.first()?;
            Some(&*pick.path)
        });
        let others = required.filter(|path| !std::ptr::eq(*path, &*self.best));
        std::iter::once(&*self.best).chain(others)
    }

    /// Returns true if every path that the deciding stores accept needs this certificate. If they
    /// accept none, the certificate is on the path that explains why.
    pub(crate) fn needs(&self, policy: &Policy, certificate: Fingerprint, at: i64) -> bool {
        let uses = |path: &EvaluatedPath| {
            let mut dated = path.dated();
            dated.any(|(_, it)| it.sha256 == certificate)
        };
        let accepts_without = |store: usize| {
            let paths = self.stores.get(store).into_iter().flatten();
            let accepted = |it: &&Candidate| {
                let dates = Dates::of(&it.path, at);
                Class::of(&it.path, it.revoked, dates) == Class::Accepted
            };
            paths.take_while(accepted).any(|it| !uses(&it.path))
        };
        !policy.suffices(accepts_without)
    }
}

fn trusted(pick: &Candidate) -> bool {
    pick.path.trusted() && !pick.revoked
}

/// Returns why a store does not trust the path, or `None` if it has no fault.
fn reason(pick: &Candidate, at: i64) -> Option<Barrier> {
    let path = &pick.path;
    match path.ending {
        Ending::Anchor | Ending::Completed(_) if pick.revoked => Some(Barrier::Revoked),
        Ending::Anchor => match path.defects.first() {
            Some(defect) => Some(defect.reason),
            None => Dates::of(path, at).barrier(),
        },
        Ending::Completed(_) => Some(Barrier::MissingIntermediate),
        Ending::SelfSigned(_) => Some(Barrier::SelfSigned),
        Ending::Root => Some(Barrier::UntrustedCa),
        Ending::Absent => Some(Barrier::IssuerUnknown),
        Ending::BadSignature => Some(Barrier::BadSignature),
        Ending::Exceeded => Some(Barrier::TooManyCertificates),
        Ending::Unreadable => Some(Barrier::Unparseable),
    }
}
