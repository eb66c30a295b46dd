//! What is right, found by trying everything: all simple paths from the leaf to each anchor, each
//! judged by itself. The descriptions say who signed what, so no signature is looked at, and no
//! code of the judge's is used.

use std::collections::BTreeSet;

use super::model::{Dates, Names, Spec, Usage};
use super::trial::Trial;

/// How good a path is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Nothing is wrong.
    Clean,
    /// Dates are.
    Untimely,
    /// It needs certificates that were not sent; nothing else but dates is wrong.
    Completed,
    /// It cannot be accepted.
    Defective,
    /// It needs certificates that were not sent, and cannot be accepted.
    CompletedDefective,
    /// One of its certificates is revoked.
    Revoked,
}

/// A path to an anchor.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// Leaf first, without the anchor.
    pub(crate) nodes: Vec<usize>,
    pub(crate) anchor: usize,
    /// Whether it needs what was not sent.
    pub(crate) helped: bool,
    /// The reasons why it cannot be accepted.
    pub(crate) defects: BTreeSet<&'static str>,
    pub(crate) revoked: bool,
    /// Past certificates, with the anchor.
    pub(crate) expired: BTreeSet<usize>,
    /// Coming certificates, with the anchor.
    pub(crate) early: BTreeSet<usize>,
}

/// Where verifiers differ.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rules {
    /// Whether self-issued certificates count against a path length, which RFC 5280 section 6.1.4
    /// denies.
    pub(crate) self_issued_count: bool,
}

impl Path {
    /// How good it is.
    pub(crate) fn class(&self) -> Class {
        let timely = self.expired.is_empty() && self.early.is_empty();
        match (self.revoked, self.defects.is_empty(), self.helped, timely) {
            (true, ..) => Class::Revoked,
            (_, false, false, _) => Class::Defective,
            (_, false, true, _) => Class::CompletedDefective,
            (_, true, true, _) => Class::Completed,
            (_, true, false, true) => Class::Clean,
            (_, true, false, false) => Class::Untimely,
        }
    }

    /// What decides between paths, as far as it decides which findings there are.
    pub(crate) fn weight(&self) -> (bool, Class, usize, bool) {
        let class = self.class();
        // Among those that cannot be accepted, any one explains the refusal.
        let accepted = class < Class::Defective;
        let untimely = self.expired.len() + self.early.len();
        let early = self.expired.is_empty() && !self.early.is_empty();
        (
            self.helped,
            class,
            if accepted { untimely } else { 0 },
            accepted && early,
        )
    }

    /// Every certificate that it needs.
    pub(crate) fn needs(&self, place: usize) -> bool {
        self.anchor == place || self.nodes.contains(&place)
    }

    /// The end of its common validity, counting the anchor or not.
    pub(crate) fn until(&self, trial: &Trial, anchored: bool) -> (i32, u8, u8) {
        let anchor = Some(self.anchor).filter(|_| anchored);
        let all = self.nodes.iter().copied().chain(anchor);
        all.map(|place| trial.spec(place).until())
            .min()
            .expect("a leaf")
    }
}

/// All paths from the leaf to anchors of a store, and what is wrong with each.
pub(crate) fn paths(trial: &Trial, store: usize, rules: Rules) -> Vec<Path> {
    let mut found = Vec::new();
    climb(
        trial,
        &trial.stores[store],
        rules,
        &mut vec![trial.leaf],
        &mut found,
    );
    found
}

/// Whether one may have issued the other: the name fits, and the key made the signature.
pub(crate) fn issued(issuer: &Spec, below: &Spec) -> bool {
    issuer.subject == below.issuer && issuer.key == below.signer
}

fn climb(
    trial: &Trial,
    anchors: &[usize],
    rules: Rules,
    path: &mut Vec<usize>,
    found: &mut Vec<Path>,
) {
    let top = trial.spec(path[path.len() - 1]);
    for anchor in anchors
        .iter()
        .filter(|anchor| issued(trial.spec(**anchor), top))
    {
        found.push(judged(trial, path, *anchor, rules));
    }
    let at_hand: BTreeSet<usize> = trial.sent.iter().chain(&trial.known).copied().collect();
    for next in at_hand {
        let spec = trial.spec(next);
        let same = |place: &usize| {
            let other = trial.spec(*place);
            (other.subject, other.key) == (spec.subject, spec.key)
        };
        if issued(spec, top) && !path.iter().any(same) {
            path.push(next);
            climb(trial, anchors, rules, path, found);
            path.pop();
        }
    }
}

fn judged(trial: &Trial, nodes: &[usize], anchor: usize, rules: Rules) -> Path {
    let whole: Vec<usize> = nodes.iter().copied().chain([anchor]).collect();
    let mut defects = BTreeSet::new();
    let mut below = 0;
    for (height, place) in whole.iter().enumerate() {
        let spec = trial.spec(*place);
        if spec.usage == Usage::Client {
            defects.insert("extended_key_usage");
        }
        if height == 0 {
            continue;
        }
        if !spec.ca {
            defects.insert("not_a_ca");
        }
        if !spec.signs {
            defects.insert("key_usage");
        }
        if spec
            .path_len
            .is_some_and(|allowed| usize::from(allowed) < below)
        {
            defects.insert("path_length");
        }
        if matches!(spec.names, Names::PermitsOthers | Names::Excludes) {
            defects.insert("name_constraints");
        }
        below += usize::from(rules.self_issued_count || !spec.self_issued());
    }
    let dated = |dates: Dates| -> BTreeSet<usize> {
        let all = whole.iter().copied();
        all.filter(|place| trial.spec(*place).dates == dates)
            .collect()
    };
    Path {
        nodes: nodes.to_vec(),
        anchor,
        helped: nodes[1..].iter().any(|place| !trial.sent.contains(place)),
        defects,
        revoked: trial.revocation && nodes.iter().any(|place| trial.spec(*place).revoked),
        expired: dated(Dates::Expired),
        early: dated(Dates::Coming),
    }
}

/// Whether a certificate at hand, or an anchor, has the name of an issuer and not its key, and no
/// identifier says so: then a wrong signature may be the better explanation.
pub(crate) fn namesakes(trial: &Trial, store: usize) -> bool {
    let at_hand = || trial.sent.iter().chain(&trial.known).copied();
    let subjects = at_hand().chain([trial.leaf]);
    let issuers: Vec<_> = at_hand()
        .chain(trial.stores[store].iter().copied())
        .collect();
    subjects.into_iter().any(|below| {
        let below = trial.spec(below);
        issuers.iter().any(|issuer| {
            let issuer = trial.spec(*issuer);
            let named = issuer.subject == below.issuer && issuer.key != below.signer;
            named && !(below.identified && issuer.ca)
        })
    })
}

/// Whether anything at hand signed the leaf.
pub(crate) fn knows_issuer_of_leaf(trial: &Trial) -> bool {
    let mut at_hand = trial.sent.iter().chain(&trial.known);
    at_hand.any(|place| issued(trial.spec(*place), trial.spec(trial.leaf)))
}
