//! `check --limbo`: the suites in `testdata/limbo` have the results that their cases expect, except
//! for differences that are listed with a reason. The exit code reports any other difference.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Run, folder, run, write};

const LISTED: &str = "testdata/limbo/disagreements.txt";

/// Runs `check --limbo` with a list of known differences.
fn check(suite: &str, differing: &str) -> Run {
    run(&["check", "--limbo", suite, "--differing", differing])
}

fn suites() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/limbo");
    let entries = folder.read_dir().expect("testdata/limbo");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect()
}

/// Returns a line of the output, split into columns.
fn line<'a>(run: &'a Run, id: &str) -> Vec<&'a str> {
    let mut lines = run.stdout.lines().map(|line| line.split('\t').collect());
    lines
        .find(|columns: &Vec<&str>| columns[0] == id)
        .unwrap_or_else(|| panic!("no line of {id}"))
}

#[test]
fn every_suite_has_its_expected_or_listed_results() {
    let suites = suites();
    assert!(!suites.is_empty());
    for suite in suites {
        let suite = suite.to_str().expect("UTF-8");
        let run = check(suite, LISTED).expect(0);
        assert!(run.stdout.lines().count() >= 20, "{suite}");
    }
}

#[test]
fn a_line_shows_the_expected_result_ours_and_the_reason() {
    let run = check("testdata/limbo/chains.json", LISTED).expect(0);
    let columns = |id| line(&run, id);
    let expected = ["chains::good", "SUCCESS", "SUCCESS", "agrees", "ok"];
    assert_eq!(columns("chains::good"), expected);
    let expired = columns("chains::expired-leaf");
    assert_eq!(expired[1..], ["FAILURE", "FAILURE", "agrees", "expired"]);
    let usage = columns("chains::eku-client");
    assert_eq!(usage[4], "invalid_certificate: extended_key_usage");
    assert_eq!(columns("chains::born-1960")[3], "listed");
    for id in [
        "chains::good::validation",
        "chains::good::crls",
        "chains::good::depth",
    ] {
        assert_eq!(columns(id)[2..4], ["SKIPPED", "skipped"], "{id}");
    }
    assert!(run.stderr.contains("3 skipped"), "{}", run.stderr);
}

#[test]
fn an_unlisted_difference_exits_with_1() {
    let folder = folder();
    let suite = fs::read_to_string("testdata/limbo/chains.json").expect("our suite");
    let turned = suite.replacen("\"SUCCESS\"", "\"FAILURE\"", 1);
    let turned = write(&folder, "turned.json", turned);
    let run = check(&turned, LISTED).expect(1);
    assert_eq!(line(&run, "chains::address")[3], "differs");
}

#[test]
fn a_listed_case_that_agrees_exits_with_1() {
    let folder = folder();
    let listed = fs::read_to_string(LISTED).expect("our list");
    let listed = write(&folder, "more.txt", listed + "chains::good\tit is not\n");
    let run = check("testdata/limbo/chains.json", &listed).expect(1);
    assert_eq!(line(&run, "chains::good")[3], "agrees though listed");
}

#[test]
fn an_unusable_suite_exits_with_2_and_is_named() {
    let folder = folder();
    let good = "testdata/limbo/chains.json";
    let not_json = write(&folder, "not.json", "-----BEGIN CERTIFICATE-----");
    let later = write(&folder, "later.json", r#"{"version": 2, "testcases": []}"#);
    let no_tab = write(&folder, "no_tab.txt", "# fine\nchains::good because\n");
    for (suite, listed, named) in [
        (not_json.as_str(), LISTED, "not.json"),
        (&later, LISTED, "version 2"),
        ("missing.json", LISTED, "missing.json"),
        (good, &no_tab, "line 2"),
        (good, "missing.txt", "missing.txt"),
    ] {
        let run = check(suite, listed).expect(2);
        assert!(run.stderr.contains(named), "{}", run.stderr);
    }
    run(&["check", "--limbo", good, "--name", "example.com"]).expect(2);
    run(&["check", "--limbo", good, "chain.pem"]).expect(2);
}

#[test]
fn hostile_text_in_a_suite_is_printed_safely() {
    let folder = folder();
    let suite = r#"{"version": 1, "testcases": [{"id": "a\tb\u001b[2J", "validation_kind": "SERVER",
        "trusted_certs": ["x"], "untrusted_intermediates": ["\u0000"], "peer_certificate": "not PEM",
        "expected_result": "FAILURE", "expected_peer_name": {"kind": "DNS", "value": "a.test"}}]}"#;
    let suite = write(&folder, "hostile.json", suite);
    let run = run(&["check", "--limbo", &suite]).expect(0);
    let columns: Vec<_> = run.stdout.trim_end().split('\t').collect();
    assert_eq!(columns.len(), 5, "{columns:?}");
    assert_eq!(columns[1..4], ["FAILURE", "FAILURE", "agrees"]);
    assert!(!run.stdout.contains('\u{1b}'));
}
