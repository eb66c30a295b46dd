//! Random meshes of CAs with cross-certificates, duplicates, key rollovers and every kind of fault.
//! The judge is compared with an oracle that tries all paths, and checked for properties that hold
//! in any order.
//!
//! `PROPTEST_CASES` is the number of meshes; the same number gives the same meshes.

mod compare;
mod expect;
mod generate;
mod model;
mod oracle;
mod peers;
mod properties;
#[path = "../support/mod.rs"]
mod support;
mod sweep;
mod trial;

use compare::Tally;
use generate::Dice;
use properties::Property;
use proptest::test_runner::Config;
use trial::Trial;

/// Maximum number of paths to one store in a mesh that is judged: the judge limits its search, and
/// real hierarchies have only a few paths.
const MOST_PATHS: usize = 40;

/// Returns random trials, each with its seed.
fn trials() -> impl Iterator<Item = (u64, Trial)> {
    let count = u64::from(Config::default().cases);
    let made = (0..count).flat_map(|seed| {
        let mut dice = Dice::of(seed);
        let mesh = generate::mesh(&mut dice);
        let trials: Vec<_> = (0..4)
            .map(|_| generate::trial(&mut dice, mesh.clone()))
            .collect();
        trials.into_iter().map(move |trial| (seed, trial))
    });
    made.filter(|(_, trial)| {
        let paths = |store| oracle::paths(trial, store, oracle::Rules::default()).len();
        (0..trial.stores.len()).all(|store| paths(store) <= MOST_PATHS)
    })
}

#[test]
fn every_mesh_is_judged_like_the_oracle() {
    let mut tally = Tally::default();
    let mut count = 0;
    for (seed, trial) in trials() {
        count += 1;
        tally.add(seed, &trial);
    }
    tally.expect_none(count);
}

/// Tests a property with one trial of each mesh.
#[track_caller]
fn hold(property: Property) {
    hold_every(4, property);
}

/// Tests a property with every n-th trial.
#[track_caller]
fn hold_every(step: usize, property: Property) {
    let mut tally = Tally::default();
    let mut count = 0;
    for (seed, trial) in trials().step_by(step) {
        count += 1;
        for broken in property(&trial) {
            tally.note(broken.class, seed, &trial, property);
        }
    }
    tally.expect_none(count);
}

#[test]
fn the_order_above_the_leaf_changes_nothing() {
    hold(properties::order_above_the_leaf);
}

#[test]
fn the_order_of_stores_changes_nothing() {
    hold(properties::order_of_stores);
}

#[test]
fn the_order_of_known_certificates_changes_nothing() {
    hold(properties::order_of_what_is_known);
}

#[test]
fn earlier_judgements_change_nothing() {
    // One history consists of about a hundred judgements.
    hold_every(11, properties::history);
}

#[test]
fn an_additional_anchor_never_removes_trust() {
    hold(properties::more_anchors);
}

#[test]
fn an_additional_known_certificate_never_removes_trust() {
    hold(properties::more_known);
}

#[test]
fn an_additional_sent_certificate_never_removes_trust() {
    hold(properties::more_sent);
}

#[test]
fn every_difference_from_openssl_is_explained_by_a_rule() {
    peers::compare(u64::from(Config::default().cases));
}

#[test]
fn certificates_of_one_host_complete_others_in_any_order() {
    sweep::check(u64::from(Config::default().cases / 16).max(8));
}
