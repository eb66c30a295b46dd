//! The oracle: finds the expected result by trying all simple paths from the leaf to each anchor,
//! and judges each path separately. The descriptions say which key signed which certificate, so no
//! signature is verified and no code of the judge is used.

use std::collections::BTreeSet;

use super::model::{Dates, Names, Spec, Usage};
use super::trial::Trial;

/// Quality of a path, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Without faults.
    Clean,
    /// Invalid only because of dates.
    Untimely,
    /// Needs certificates that were not sent, and has no other fault except dates.
    Completed,
    /// Not acceptable.
    Defective,
    /// Needs certificates that were not sent, and is not acceptable.
    CompletedDefective,
    /// Contains a revoked certificate.
    Revoked,
}

/// A path to an anchor.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// Numbers of the certificates, leaf first, without the anchor.
    pub(crate) nodes: Vec<usize>,
    pub(crate) anchor: usize,
    /// True if it needs certificates that were not sent.
    pub(crate) helped: bool,
    /// Reasons for which it is not acceptable.
    pub(crate) defects: BTreeSet<&'static str>,
    pub(crate) revoked: bool,
    /// Expired certificates, including the anchor.
    pub(crate) expired: BTreeSet<usize>,
    /// Certificates that are not yet valid, including the anchor.
    pub(crate) early: BTreeSet<usize>,
}

/// Rules on which verifiers differ.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rules {
    /// True if self-issued certificates count towards a path length. RFC 5280 section 6.1.4 says
    /// that they do not.
    pub(crate) self_issued_count: bool,
}

impl Path {
    /// Returns the class of the path.
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

    /// Returns the part of the sort key that determines which findings there are.
    pub(crate) fn weight(&self) -> (bool, Class, usize, bool) {
        let class = self.class();
        // Among paths that are not acceptable, any one explains the rejection.
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

    /// Returns every certificate that it needs.
    pub(crate) fn needs(&self, place: usize) -> bool {
        self.anchor == place || self.nodes.contains(&place)
    }

    /// Returns the end of the common validity, with or without the anchor.
    pub(crate) fn until(&self, trial: &Trial, anchored: bool) -> (i32, u8, u8) {
        let anchor = Some(self.anchor).filter(|_| anchored);
        let all = self.nodes.iter().copied().chain(anchor);
        all.map(|place| trial.spec(place).until())
            .min()
            .expect("a leaf")
    }
}

/// Returns all paths from the leaf to anchors of a store, with the faults of each.
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

/// Returns true if one certificate may have issued the other: the name matches, and the key made
/// the signature.
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

/// Returns true if a known certificate or an anchor has the name of an issuer but not its key, and
/// no key identifier shows that. A wrong signature may then be the better explanation.
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

/// Returns true if any known certificate signed the leaf.
pub(crate) fn knows_issuer_of_leaf(trial: &Trial) -> bool {
    let mut at_hand = trial.sent.iter().chain(&trial.known);
    at_hand.any(|place| issued(trial.spec(*place), trial.spec(trial.leaf)))
}
