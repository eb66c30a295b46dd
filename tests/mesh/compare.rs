//! Compares a verdict with the expected result. Each disagreement belongs to a named class.

use std::collections::{BTreeMap, BTreeSet};

use tlsweep::crypto::Fingerprint;
use tlsweep::verdict::{Barrier, Finding, FindingId, Value, Verdict, VerdictKind};

use super::expect::{Expected, StoreResult};
use super::model::Dates;
use super::oracle::{Class, Path};
use super::trial::Trial;

/// Ids that explain why no anchor is reached.
const UNREACHED: [&str; 4] = [
    "untrusted_ca",
    "issuer_unknown",
    "bad_signature",
    "missing_intermediate",
];

/// One disagreement.
pub(crate) struct Disagreement {
    /// Class of the disagreement.
    pub(crate) class: String,
    /// What was expected and what was found.
    pub(crate) text: String,
}

/// Returns every disagreement between a verdict and the expected result.
pub(crate) fn disagreements(trial: &Trial, verdict: &Verdict) -> Vec<Disagreement> {
    let expected = Expected::of(trial);
    let mut found = Comparison {
        trial,
        verdict,
        expected: &expected,
        found: Vec::new(),
    };
    found.kind();
    found.trust();
    found.dates();
    found.path();
    found.warnings();
    found.settled();
    found.found
}

struct Comparison<'a> {
    trial: &'a Trial,
    verdict: &'a Verdict,
    expected: &'a Expected,
    found: Vec<Disagreement>,
}

impl Comparison<'_> {
    fn disagree(&mut self, class: String, text: String) {
        self.found.push(Disagreement { class, text });
    }

    fn kind(&mut self) {
        let kind = self.verdict.kind;
        if !self.expected.kinds.contains(&kind) {
            let names: Vec<_> = self.expected.kinds.iter().map(|kind| kind.name()).collect();
            let names = names.join(" or ");
            self.disagree(
                format!("verdict: {} for {names}", kind.name()),
                format!("{:?}", self.verdict.findings),
            );
        }
    }

    fn trust(&mut self) {
        for (number, store) in self.expected.stores.iter().enumerate() {
            let name = Trial::store_name(number);
            let actual = self
                .verdict
                .trust
                .iter()
                .find(|actual| *actual.store == *name);
            let actual = actual.expect("every store has a result");
            let reason = actual.reason.map(Barrier::name);
            let right = match store.class() {
                Some(Class::Clean) => reason.is_none(),
                Some(Class::Untimely) => store.best.iter().any(|path| {
                    reason
                        == Some(if path.expired.is_empty() {
                            "not_yet_valid"
                        } else {
                            "expired"
                        })
                }),
                Some(Class::Completed | Class::CompletedDefective) => {
                    reason == Some("missing_intermediate")
                }
                Some(Class::Defective) => store
                    .best
                    .iter()
                    .flat_map(|path| &path.defects)
                    .any(|it| reason == Some(it)),
                Some(Class::Revoked) => reason.is_some(),
                None => reason.is_some_and(|reason| UNREACHED.contains(&reason)),
            };
            if actual.trusted != store.trusts() || !right {
                let class = store
                    .class()
                    .map_or("no path".to_owned(), |class| format!("{class:?}"));
                self.disagree(
                    format!("trust: {} ({reason:?}) for {class}", actual.trusted),
                    format!("{actual:?}; expected {:?}", store.best),
                );
            }
        }
    }

    fn dates(&mut self) {
        // Exactly the dates of one of the best paths.
        let actual = |id| -> BTreeSet<usize> {
            let of_this = self
                .verdict
                .findings
                .iter()
                .filter(|finding| finding.id.name() == id);
            of_this.filter_map(|finding| self.place(finding)).collect()
        };
        let (expired, early) = (actual("expired"), actual("not_yet_valid"));
        let all: Vec<&Path> = self
            .expected
            .stores
            .iter()
            .flat_map(|store| &store.best)
            .collect();
        let reached = self
            .expected
            .stores
            .iter()
            .all(|store| !store.best.is_empty());
        let accepted = |path: &&&Path| path.class() <= Class::Completed;
        // Every required store has to trust the chain.
        let several = self.trial.required.len() > 1;
        let known = |place: &usize| {
            let mut paths = all.iter();
            paths.any(|path| path.expired.contains(place) || path.early.contains(place))
        };
        let fits = all.iter().any(|path| match several {
            true => {
                let mut actual = expired.iter().chain(&early);
                let whole = path.expired.is_subset(&expired) && path.early.is_subset(&early);
                whole && actual.all(known)
            }
            false => path.expired == expired && path.early == early,
        });
        if reached && all.iter().filter(accepted).count() == all.len() && !fits {
            self.disagree(
                "dates: not those of a best path".to_owned(),
                format!("expired {expired:?}, not yet valid {early:?}; paths {all:?}"),
            );
        }
    }

    /// Returns the certificate that a finding is about.
    fn place(&self, finding: &Finding) -> Option<usize> {
        let actual = finding
            .evidence
            .iter()
            .find(|(field, _)| *field == "fingerprint");
        let (_, value) = actual?;
        let made = self.trial.mesh.made.iter();
        made.into_iter().position(|it| {
            let fingerprint: Fingerprint = it.sha256;
            *value == Value::from(fingerprint)
        })
    }

    /// Returns true if a path length would be exceeded if self-issued certificates counted. Some
    /// verifiers count them.
    fn counts_self_issued(&self, path: &Path) -> bool {
        let mut issuers = path.nodes.iter().enumerate().skip(1);
        issuers.any(|(place, node)| {
            let allowed = self.trial.mesh.specs[*node].path_len;
            allowed.is_some_and(|allowed| place - 1 > usize::from(allowed))
        })
    }

    /// The path must be one of the best, and the first of them in an order that does not depend on
    /// the input.
    fn path(&mut self) {
        let Some(path) = &self.verdict.path else {
            return;
        };
        let made = &self.trial.mesh.made;
        let place = |sha256: &Fingerprint| made.iter().position(|it| it.sha256 == *sha256);
        let nodes: Option<Vec<usize>> = path.certificates.iter().map(place).collect();
        let nodes = nodes.expect("only certificates of the mesh");
        let known = self.expected.stores.iter().flat_map(|store| &store.best);
        if !known.clone().any(|best| best.nodes == nodes) {
            let all: Vec<_> = known.collect();
            let text = format!("{nodes:?}; expected {all:?}");
            return self.disagree("path: not a best one".to_owned(), text);
        }
        // If several stores trust the chain, the expected store is not defined, but the path is.
        let first = |store: &StoreResult, anchored| {
            let first = store.acceptable().min_by_key(|path| {
                let sha256 = path.nodes.iter().map(|place| made[*place].sha256);
                let until = path.until(self.trial, anchored);
                let fingerprints: Vec<_> = sha256.collect();
                let unusual = self.counts_self_issued(path);
                let until = std::cmp::Reverse(until);
                (unusual, until, path.nodes.len(), fingerprints)
            });
            first.map(|path| path.nodes.clone())
        };
        let stores = self.expected.stores.iter();
        let first: Vec<_> = stores
            .flat_map(|store| [true, false].map(|anchored| first(store, anchored)))
            .flatten()
            .collect();
        if self.verdict.kind == VerdictKind::Ok && !first.contains(&nodes) {
            let text = format!("{nodes:?}; expected one of {first:?}");
            self.disagree("path: not the first of the best".to_owned(), text);
        }
    }

    /// A finding about a certificate above the leaf is expected if every acceptable path needs that
    /// certificate.
    fn warnings(&mut self) {
        let required = &self.trial.required;
        let stores = &self.expected.stores;
        let groups: Vec<Vec<&Path>> = match required.is_empty() {
            true => vec![stores.iter().flat_map(StoreResult::acceptable).collect()],
            false => required
                .iter()
                .map(|it| stores[*it].acceptable().collect())
                .collect(),
        };
        if groups.iter().any(Vec::is_empty) || self.verdict.kind.name() == "revoked" {
            return;
        }
        let (leaf, until) = (self.trial.leaf, self.trial.spec(self.trial.leaf).until());
        let needed = |place: &usize| {
            *place == leaf
                || groups
                    .iter()
                    .any(|paths| paths.iter().all(|path| path.needs(*place)))
        };
        let first = |place: &usize| *place == leaf || self.trial.spec(*place).until() < until;
        let all = 0..self.trial.mesh.specs.len();
        let soon = all.filter(|place| self.trial.spec(*place).dates == Dates::Soon);
        let expected: BTreeSet<usize> = soon.filter(needed).filter(first).collect();
        let of_this = self
            .verdict
            .findings
            .iter()
            .filter(|it| it.id == FindingId::ExpiringSoon);
        let actual: BTreeSet<usize> = of_this.filter_map(|finding| self.place(finding)).collect();
        if actual != expected {
            let class = match actual.is_superset(&expected) {
                true => "expiring_soon: reported though another path does without",
                false => "expiring_soon: not reported",
            };
            self.disagree(
                class.to_owned(),
                format!("{actual:?}; expected {expected:?}"),
            );
        }
    }

    fn settled(&mut self) {
        if self.verdict.settled != self.expected.settled {
            self.disagree(
                format!(
                    "settled: {} for {}",
                    self.verdict.settled, self.expected.settled
                ),
                String::new(),
            );
        }
    }
}

/// Disagreements by class: their number, and the simplest example of the first one.
#[derive(Default)]
pub(crate) struct Tally {
    classes: BTreeMap<String, (usize, String)>,
}

impl Tally {
    /// Records the disagreements about one trial.
    pub(crate) fn add(&mut self, seed: u64, trial: &Trial) {
        for Disagreement { class, .. } in disagreements(trial, &trial.judge()) {
            self.note(class, seed, trial, |simpler| {
                disagreements(simpler, &simpler.judge())
            });
        }
    }

    /// Records a disagreement of any kind, and how to reproduce it in a simpler trial.
    pub(crate) fn note(
        &mut self,
        class: String,
        seed: u64,
        trial: &Trial,
        see: impl Fn(&Trial) -> Vec<Disagreement>,
    ) {
        if let Some((count, _)) = self.classes.get_mut(&class) {
            *count += 1;
            return;
        }
        let seen = |trial: &Trial| see(trial).into_iter().find(|it| it.class == class);
        let minimal = trial.minimal(|simpler| seen(simpler).is_some());
        let text = seen(&minimal).map(|it| it.text).unwrap_or_default();
        let example = format!("seed {seed}\n{minimal}    {text}");
        self.classes.insert(class, (1, example));
    }

    /// Panics with all disagreements if there are any.
    #[track_caller]
    pub(crate) fn expect_none(self, of: usize) {
        let each = self.classes.iter();
        let lines: Vec<_> = each
            .map(|(class, (count, example))| format!("{count} of {of}: {class}\n  {example}"))
            .collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}
