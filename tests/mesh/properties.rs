//! Properties that hold for every verdict: no order and no earlier judgement changes it, and
//! additional anchors or certificates never remove trust.

use std::sync::Arc;

use tlsweep::judge::{Judge, Policy};
use tlsweep::verdict::{Finding, StoreTrust, Verdict, VerdictKind};

use super::compare::Disagreement;
use super::generate;
use super::trial::{Trial, at};

/// Each property by name: a function that returns how a trial violates it.
pub(crate) type Property = fn(&Trial) -> Vec<Disagreement>;

/// Days before and after the time of judging for which other chains are judged.
const OTHER_DAYS: [i64; 5] = [-2_000, -160, 14, 150, 1_400];

/// Number of certificates added to one trial, one at a time.
const ADDED: usize = 6;

fn broken(class: &str, one: &impl std::fmt::Debug, other: &impl std::fmt::Debug) -> Disagreement {
    Disagreement {
        class: class.to_owned(),
        text: format!("{one:?}\n    {other:?}"),
    }
}

/// Returns a verdict without the order of stores and without the findings about the list as sent.
fn apart_from_order(verdict: &Verdict) -> (VerdictKind, Vec<StoreTrust>, Vec<Finding>, Verdict) {
    let mut trust = verdict.trust.clone();
    trust.sort_by(|one, other| one.store.cmp(&other.store));
    let about_list = |finding: &&Finding| finding.id.name().starts_with("chain_");
    let findings = verdict.findings.iter().filter(|it| !about_list(it));
    let rest = Verdict {
        findings: Vec::new(),
        trust: Vec::new(),
        ..verdict.clone()
    };
    (verdict.kind, trust, findings.cloned().collect(), rest)
}

/// Returns every order of a few items.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let shorter = orders(last).into_iter();
    let with_last = shorter.flat_map(|order| {
        (0..count).map(move |place| {
            let mut longer = order.clone();
            longer.insert(place, last);
            longer
        })
    });
    with_last.collect()
}

/// The order of the certificates above the leaf changes nothing.
pub(crate) fn order_above_the_leaf(trial: &Trial) -> Vec<Disagreement> {
    let first = apart_from_order(&trial.judge());
    let turned = (1..=trial.sent.len()).map(|by| {
        let mut turned = trial.clone();
        turned.sent.rotate_left(by % trial.sent.len());
        if by == trial.sent.len() {
            turned.sent.reverse();
        }
        turned
    });
    let verdicts = turned.map(|turned| apart_from_order(&turned.judge()));
    let other = verdicts.into_iter().find(|other| *other != first);
    let broken = |other| broken("another order above the leaf", &first, &other);
    other.map(broken).into_iter().collect()
}

/// The order of the stores changes nothing.
pub(crate) fn order_of_stores(trial: &Trial) -> Vec<Disagreement> {
    let judge = |order: &Vec<usize>| {
        let mut judge = Judge::new(Arc::new(trial.policy_in(order)));
        apart_from_order(&judge.judge(&trial.observation()))
    };
    let all = orders(trial.stores.len());
    let first = judge(&all[0]);
    let other = all[1..].iter().map(judge).find(|other| *other != first);
    let broken = |other| broken("another order of stores", &first, &other);
    other.map(broken).into_iter().collect()
}

/// The order of known certificates, and of the anchors in a store, changes nothing.
pub(crate) fn order_of_what_is_known(trial: &Trial) -> Vec<Disagreement> {
    let mut turned = trial.clone();
    turned.known.reverse();
    turned.stores.iter_mut().for_each(|store| store.reverse());
    let (first, other) = (trial.judge(), turned.judge());
    let class = "another order of what is known or of anchors";
    let differs = first != other;
    differs
        .then(|| broken(class, &first, &other))
        .into_iter()
        .collect()
}

/// Earlier judgements change nothing: other leaves with the same certificates, the same leaf with
/// others, and all of them for other days.
pub(crate) fn history(trial: &Trial) -> Vec<Disagreement> {
    let policy = Policy {
        at: None,
        ..trial.policy()
    };
    let policy = Arc::new(policy);
    let fresh = Judge::new(policy.clone()).judge(&trial.observation());
    let mut found = Vec::new();
    for days in [&[][..], &OTHER_DAYS] {
        let mut judge = Judge::new(policy.clone());
        for other in others(trial) {
            let mut observation = other.observation();
            for day in [&[0], days].concat() {
                observation.started_at = at() + jiff::SignedDuration::from_hours(24 * day);
                judge.judge(&observation);
            }
        }
        for _ in 0..2 {
            let again = judge.judge(&trial.observation());
            if again != fresh {
                found.push(broken("another history", &fresh, &again));
            }
        }
    }
    found.truncate(1);
    found
}

/// Returns other chains of the same mesh.
fn others(trial: &Trial) -> Vec<Trial> {
    let leaves = trial.mesh.specs.len() - 3..trial.mesh.specs.len();
    let mut others = Vec::new();
    for leaf in leaves {
        let other = Trial {
            leaf,
            ..trial.clone()
        };
        let mut turned = other.clone();
        turned.sent.reverse();
        let fewer = (0..trial.sent.len().min(2)).map(|place| {
            let mut fewer = other.clone();
            fewer.sent.remove(place);
            fewer
        });
        others.extend(fewer);
        others.push(turned);
        if leaf != trial.leaf {
            others.push(other);
        }
    }
    others
}

/// An additional anchor never removes trust.
pub(crate) fn more_anchors(trial: &Trial) -> Vec<Disagreement> {
    let more = trial
        .stores
        .iter()
        .enumerate()
        .flat_map(|(store, anchors)| {
            let others = generate::authorities(&trial.mesh).filter(|it| !anchors.contains(it));
            let more = others.take(ADDED).map(move |anchor| {
                let mut more = trial.clone();
                more.stores[store].push(anchor);
                more
            });
            more.collect::<Vec<_>>()
        });
    none_loses("another anchor", trial, more)
}

/// An additional known certificate never removes trust, and does not change the result of a store
/// that trusts the chain.
pub(crate) fn more_known(trial: &Trial) -> Vec<Disagreement> {
    let others = generate::authorities(&trial.mesh).filter(|it| !trial.known.contains(it));
    let more = others.take(ADDED).map(|known| {
        let mut more = trial.clone();
        more.known.push(known);
        more
    });
    none_loses("another certificate known", trial, more)
}

/// An additional certificate in the list sent never removes trust, whatever its position is.
pub(crate) fn more_sent(trial: &Trial) -> Vec<Disagreement> {
    let others = generate::authorities(&trial.mesh).filter(|it| !trial.sent.contains(it));
    let more = others.take(ADDED).map(|sent| {
        let mut more = trial.clone();
        more.sent.insert(sent % (trial.sent.len() + 1), sent);
        more
    });
    none_loses("another certificate sent", trial, more)
}

fn none_loses(
    class: &str,
    trial: &Trial,
    more: impl IntoIterator<Item = Trial>,
) -> Vec<Disagreement> {
    let before = trial.judge();
    if !before.trust.iter().any(|store| store.trusted) {
        return Vec::new();
    }
    let loses = |after: &Verdict| {
        let kept = before
            .trust
            .iter()
            .zip(&after.trust)
            .all(|(before, after)| {
                !before.trusted
                    || after.trusted && (before.reason.is_some() || after.reason.is_none())
            });
        !kept || before.kind == VerdictKind::Ok && after.kind != VerdictKind::Ok
    };
    let after = more.into_iter().map(|more| more.judge());
    let worse = after.into_iter().find(loses);
    let broken = |after| broken(&format!("{class} takes trust away"), &before, &after);
    worse.map(broken).into_iter().collect()
}
