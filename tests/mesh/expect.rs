//! The verdict to expect: what each store makes of its best path, and what the stores come to.

use std::collections::BTreeSet;

use tlsweep::verdict::VerdictKind;

use super::oracle::{self, Class, Path, Rules};
use super::trial::Trial;

/// What one store says.
pub(crate) struct Said {
    /// Every path to one of its anchors.
    pub(crate) paths: Vec<Path>,
    /// The best ones, alike in what can be found of them; none when no anchor is reached.
    pub(crate) best: Vec<Path>,
    /// The verdicts that this store alone allows: several only where a wrong signature and an
    /// unknown issuer both explain that no anchor is reached.
    pub(crate) kinds: BTreeSet<VerdictKind>,
}

impl Said {
    /// What one store says of a trial.
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

    /// How good its best path is; `None` when no anchor is reached.
    pub(crate) fn class(&self) -> Option<Class> {
        self.best.first().map(Path::class)
    }

    /// Whether it accepts the chain as sent, dates apart.
    pub(crate) fn trusts(&self) -> bool {
        self.class().is_some_and(|class| class <= Class::Untimely)
    }

    /// Whether what was sent reaches one of its anchors.
    pub(crate) fn reached_by_what_was_sent(&self) -> bool {
        self.paths.iter().any(|path| !path.helped)
    }

    /// The paths as sent that are fine.
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

    /// The rank with no path at all last.
    fn order(&self) -> (bool, Option<Class>, usize, bool) {
        let (class, untimely, early) = self.rank();
        (class.is_none(), class, untimely, early)
    }
}

/// The verdict of a path, the name apart.
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

/// What is right for a trial.
pub(crate) struct Expected {
    /// What each store says.
    pub(crate) stores: Vec<Said>,
    /// The verdicts that are right. Several only where stores that refuse for different reasons
    /// disagree on which is to be told.
    pub(crate) kinds: BTreeSet<VerdictKind>,
    /// Whether no certificate from elsewhere could change it.
    pub(crate) settled: bool,
}

impl Expected {
    /// What is right.
    pub(crate) fn of(trial: &Trial) -> Self {
        let stores: Vec<_> = (0..trial.stores.len())
            .map(|store| Said::of(trial, store))
            .collect();
        let required = |store: &usize| trial.required.is_empty() || trial.required.contains(store);
        let deciding = (0..stores.len())
            .filter(required)
            .map(|store| &stores[store]);
        let deciding: Vec<&Said> = deciding.collect();
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
            settled: stores.iter().all(Said::reached_by_what_was_sent),
            stores,
        }
    }
}

/// One store that accepts is enough.
fn best(deciding: &[&Said]) -> BTreeSet<VerdictKind> {
    let least = deciding.iter().map(|said| said.order()).min();
    let best = deciding.iter().filter(|said| Some(said.order()) == least);
    let mut kinds: BTreeSet<_> = best.flat_map(|said| said.kinds.clone()).collect();
    let refused = |class: &Option<Class>| class.is_none_or(|class| class >= Class::Defective);
    if deciding.iter().all(|said| refused(&said.class())) {
        kinds.extend(deciding.iter().flat_map(|said| said.kinds.clone()).max());
    }
    kinds
}

/// All that are required have to accept.
fn worst(deciding: &[&Said]) -> BTreeSet<VerdictKind> {
    let most = deciding.iter().map(|said| said.order()).max();
    let worst = deciding.iter().filter(|said| Some(said.order()) == most);
    let mut kinds: BTreeSet<_> = worst.flat_map(|said| said.kinds.clone()).collect();
    // Or what comes first among verdicts.
    kinds.extend(deciding.iter().flat_map(|said| said.kinds.clone()).min());
    kinds
}
