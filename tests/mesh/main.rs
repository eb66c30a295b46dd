//! Random meshes of CAs with cross-certificates, twins, rollovers and every kind of fault, judged
//! beside an oracle that tries all paths; and what must hold of them in any order.
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

/// Paths to one store up to which a mesh is asked about: the judge bounds its search, and real
/// hierarchies have a handful.
const MOST_PATHS: usize = 40;

/// Random trials, each with its seed.
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
fn every_mesh_is_judged_as_the_oracle_says() {
    let mut tally = Tally::default();
    let mut count = 0;
    for (seed, trial) in trials() {
        count += 1;
        tally.add(seed, &trial);
    }
    tally.expect_none(count);
}

/// Tries a property on one trial of each mesh.
#[track_caller]
fn hold(property: Property) {
    hold_every(4, property);
}

/// Tries a property on every so many trials.
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
fn the_order_above_the_leaf_decides_nothing() {
    hold(properties::order_above_the_leaf);
}

#[test]
fn the_order_of_the_stores_decides_nothing() {
    hold(properties::order_of_stores);
}

#[test]
fn the_order_of_what_is_known_decides_nothing() {
    hold(properties::order_of_what_is_known);
}

#[test]
fn what_was_judged_before_decides_nothing() {
    // A history is some hundred judgements.
    hold_every(11, properties::history);
}

#[test]
fn another_anchor_takes_no_trust_away() {
    hold(properties::more_anchors);
}

#[test]
fn another_certificate_known_takes_no_trust_away() {
    hold(properties::more_known);
}

#[test]
fn another_certificate_sent_takes_no_trust_away() {
    hold(properties::more_sent);
}

#[test]
fn every_difference_from_openssl_has_a_rule() {
    peers::compare(u64::from(Config::default().cases));
}

#[test]
fn what_one_host_sends_completes_the_others_in_any_order() {
    sweep::check(u64::from(Config::default().cases / 16).max(8));
}
