//! The expected verdict: the result of each store for its best path, and the combined result.

use std::collections::BTreeSet;

use tlsweep::verdict::VerdictKind;

use super::oracle::{self, Class, Path, Rules};
use super::trial::Trial;

/// The result of one store.
pub(crate) struct StoreResult {
    /// All paths to one of its anchors.
    pub(crate) paths: Vec<Path>,
    /// The best paths, which have the same findings; empty if no anchor is reached.
    pub(crate) best: Vec<Path>,
    /// The verdicts that this store alone allows. Several only if a wrong signature and an unknown
    /// issuer both explain why no anchor is reached.
    pub(crate) kinds: BTreeSet<VerdictKind>,
}

impl StoreResult {
    /// Returns the result of one store for a trial.
    pub(crate) fn of(trial: &Trial, store: usize) -> Self {
        let paths = oracle::paths(trial, store, Rules::default());
        let least = paths.iter().map(Path::weight).min();
        let best = paths.iter().filter(|path| Some(path.weight()) == least);
        let best: Vec<Path> = best.cloned().collect();
        let mut kinds: BTreeSet<_> = best.iter().map(kind).collect();
        if best.is_empty() {
            let leaf = trial.spec(trial.leaf).leaf.expect("a leaf");
            kinds.insert(
                match leaf.addressed && !oracle::knows_issuer_of_leaf(trial) {
                    true => VerdictKind::MissingIntermediate,
                    false => VerdictKind::UntrustedCa,
                },
            );
            if oracle::namesakes(trial, store) {
                kinds.extend([VerdictKind::InvalidCertificate, VerdictKind::UntrustedCa]);
            }
        }
        Self { paths, best, kinds }
    }

    /// Returns the class of its best path, or `None` if no anchor is reached.
    pub(crate) fn class(&self) -> Option<Class> {
        self.best.first().map(Path::class)
    }

    /// Returns true if it accepts the chain as sent, apart from dates.
    pub(crate) fn trusts(&self) -> bool {
        self.class().is_some_and(|class| class <= Class::Untimely)
    }

    /// Returns true if the certificates sent reach one of its anchors.
    pub(crate) fn reached_by_what_was_sent(&self) -> bool {
        self.paths.iter().any(|path| !path.helped)
    }

    /// Returns the valid paths that need only certificates that were sent.
    pub(crate) fn acceptable(&self) -> impl Iterator<Item = &Path> {
        self.paths
            .iter()
            .filter(|path| path.class() == Class::Clean)
    }

    fn rank(&self) -> (Option<Class>, usize, bool) {
        let weight = self.best.first().map(Path::weight);
        let (_, class, untimely, early) = weight.unwrap_or((true, Class::Revoked, 0, false));
        (Some(class).filter(|_| weight.is_some()), untimely, early)
    }

    /// Returns the rank; having no path at all is the last.
    fn order(&self) -> (bool, Option<Class>, usize, bool) {
        let (class, untimely, early) = self.rank();
        (class.is_none(), class, untimely, early)
    }
}

/// Returns the verdict for a path, apart from the name.
fn kind(path: &Path) -> VerdictKind {
    let found = [
        (path.revoked, VerdictKind::Revoked),
        (path.helped, VerdictKind::MissingIntermediate),
        (!path.defects.is_empty(), VerdictKind::InvalidCertificate),
        (!path.expired.is_empty(), VerdictKind::Expired),
        (!path.early.is_empty(), VerdictKind::NotYetValid),
    ];
    let first = found
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, kind)| kind);
    first.min().unwrap_or(VerdictKind::Ok)
}

/// The expected result of a trial.
pub(crate) struct Expected {
    /// The result of each store.
    pub(crate) stores: Vec<StoreResult>,
    /// The expected verdicts. Several only if stores reject for different reasons and either may be
    /// reported.
    pub(crate) kinds: BTreeSet<VerdictKind>,
    /// True if no certificate from elsewhere could change the result.
    pub(crate) settled: bool,
}

impl Expected {
    /// Returns the expected result.
    pub(crate) fn of(trial: &Trial) -> Self {
        let stores: Vec<_> = (0..trial.stores.len())
            .map(|store| StoreResult::of(trial, store))
            .collect();
        let required = |store: &usize| trial.required.is_empty() || trial.required.contains(store);
        let deciding = (0..stores.len())
            .filter(required)
            .map(|store| &stores[store]);
        let deciding: Vec<&StoreResult> = deciding.collect();
        let chosen = match trial.required.is_empty() {
            true => best(&deciding),
            false => worst(&deciding),
        };
        let named = trial.spec(trial.leaf).leaf.is_some_and(|leaf| leaf.named);
        let with_name = |kind: VerdictKind| match named {
            true => kind,
            false => kind.min(VerdictKind::NameMismatch),
        };
        Self {
            kinds: chosen.into_iter().map(with_name).collect(),
            settled: stores.iter().all(StoreResult::reached_by_what_was_sent),
            stores,
        }
    }
}

/// One store that trusts the chain is enough.
fn best(deciding: &[&StoreResult]) -> BTreeSet<VerdictKind> {
    let least = deciding.iter().map(|said| said.order()).min();
    let best = deciding.iter().filter(|said| Some(said.order()) == least);
    let mut kinds: BTreeSet<_> = best.flat_map(|said| said.kinds.clone()).collect();
    let refused = |class: &Option<Class>| class.is_none_or(|class| class >= Class::Defective);
    if deciding.iter().all(|said| refused(&said.class())) {
        kinds.extend(deciding.iter().flat_map(|said| said.kinds.clone()).max());
    }
    kinds
}

/// All required stores have to trust the chain.
fn worst(deciding: &[&StoreResult]) -> BTreeSet<VerdictKind> {
    let most = deciding.iter().map(|said| said.order()).max();
    let worst = deciding.iter().filter(|said| Some(said.order()) == most);
    let mut kinds: BTreeSet<_> = worst.flat_map(|said| said.kinds.clone()).collect();
    // Otherwise the most important verdict is reported.
    kinds.extend(deciding.iter().flat_map(|said| said.kinds.clone()).min());
    kinds
}
