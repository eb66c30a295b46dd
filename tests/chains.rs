//! Judges the chains in testdata/chains. Each has the verdict and findings that its folder expects,
//! and neither the order of certificates, nor the judge's cache, nor additional stores change them.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use support::cases::{Case, listed};
use tlsweep::judge::{Judge, TrustStore};

#[test]
fn every_case_has_its_expected_verdict_and_findings() {
    let mut wrong = Vec::new();
    let mut known = listed("disagreements.txt");
    let cases = Case::all();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    for case in cases {
        let (id, says) = (case.id(), case.says());
        let verdict = case.judge(case.chain());
        let kind = verdict.kind.name();
        let found: BTreeSet<String> = verdict.findings.iter().map(|f| f.id.to_string()).collect();
        let agrees = kind == says.verdict && found == says.findings;
        match known.remove(id) {
            Some(listed) if agrees || listed[0] != kind => {
                wrong.push(format!("{id}: listed as {}, and is {kind}", listed[0]));
            }
            Some(_) => {}
            None if agrees => {}
            None => wrong.push(format!(
                "{id}: {kind} {found:?}\n    expected {} {:?}: {}\n    {:?}\n    {:?}",
                says.verdict, says.findings, says.why, verdict.trust, verdict.findings,
            )),
        }
    }
    wrong.extend(
        known
            .keys()
            .map(|id| format!("{id} is listed, and is no case")),
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_order_of_the_certificates_above_the_leaf_changes_no_verdict() {
    for case in Case::all() {
        let chain = case.chain();
        let mut turned = chain.clone();
        if let Some(above) = turned.get_mut(1..) {
            above.reverse();
        }
        let (as_sent, turned) = (case.judge(chain), case.judge(turned));
        assert_eq!(as_sent.kind, turned.kind, "{}", case.id());
        assert_eq!(as_sent.trust, turned.trust, "{}", case.id());
    }
}

#[test]
fn a_judge_with_a_filled_cache_agrees_with_a_new_one() {
    for case in Case::all() {
        let policy = Arc::new(case.policy());
        let observation = case.observation(case.chain());
        let fresh = Judge::new(policy.clone()).judge(&observation);
        let mut judge = Judge::new(policy);
        for _ in 0..3 {
            assert_eq!(judge.judge(&observation), fresh, "{}", case.id());
        }
    }
}

#[test]
fn an_additional_store_never_removes_trust() {
    for case in Case::all() {
        let alone = case.judge(case.chain());
        let mut more = case.policy();
        more.stores = [&[TrustStore::mozilla()], &more.stores[..]].concat();
        more.required.iter_mut().for_each(|store| *store += 1);
        let both = Judge::new(Arc::new(more)).judge(&case.observation(case.chain()));
        assert_eq!(alone.trust[0], both.trust[1], "{}", case.id());
        assert_eq!(alone.kind, both.kind, "{}", case.id());
    }
}
