//! Recordings: judging one again gives the same rows under the same rules, different rows under
//! different rules, and as many rows as possible if it is damaged. Also what `check` accepts.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::pki::{Leaf, Pki};
use support::{
    AT_HOME, Kept, Refusing, Row, Run, TLSWEEP, await_that, folder, path, read_rows, run, run_with,
    tool, write,
};
use tempfile::TempDir;
use tlsweep::crypto::Fingerprint;
use tlsweep::lab::Lab;
use tlsweep::observation::{SavedReader, SavedWriter};
use tlsweep::probe;
use tokio::runtime::Runtime;

/// Endings of the outputs that must be reproduced byte for byte; `pem` is `--certs`.
const OUTPUTS: [&str; 4] = ["jsonl", "csv", "txt", "pem"];

/// The lab, swept into a folder: the outputs `live.*` and the recording `lab.facts`.
struct Swept {
    folder: TempDir,
}

impl Swept {
    fn new(more: &[&str]) -> Self {
        let folder = folder();
        let runtime = Runtime::new().expect("a runtime");
        let lab = runtime
            .block_on(Lab::start(probe::now()))
            .expect("the lab starts");
        write(&folder, "lab.pem", lab.root_pem());
        let targets: String = lab
            .cases()
            .iter()
            .map(|case| format!("{},team {}\n", case.target, case.case.name.len() % 3))
            .collect();
        write(&folder, "lab.csv", format!("target,owner\n{targets}"));
        let swept = Self { folder };
        let mut arguments = vec!["scan".to_owned(), "--quiet".to_owned()];
        arguments.extend(AT_HOME.map(str::to_owned));
        arguments.push(format!("--resolvers={}", lab.resolver_address()));
        arguments.push(format!("--input={}", swept.path("lab.csv")));
        arguments.push(format!("--save={}", swept.path("lab.facts")));
        arguments.extend(
            more.iter()
                .map(|it| it.replace("LAB", &swept.path("lab.pem"))),
        );
        arguments.extend(swept.outputs("live"));
        run(&arguments).expect(0);
        runtime.block_on(lab.stop());
        swept
    }

    fn path(&self, name: &str) -> String {
        path(&self.folder, name)
    }

    fn outputs(&self, stem: &str) -> Vec<String> {
        let output = |ending| match ending {
            "pem" => format!("--certs={}", self.path(&format!("{stem}.pem"))),
            _ => format!("--output={}", self.path(&format!("{stem}.{ending}"))),
        };
        OUTPUTS.map(output).into()
    }

    /// Judges the recording again into `stem.*`.
    fn judge(&self, stem: &str, more: &[&str]) -> Run {
        let mut arguments = vec!["judge".to_owned(), self.path("lab.facts")];
        arguments.push("--quiet".to_owned());
        arguments.extend(
            more.iter()
                .map(|it| it.replace("LAB", &self.path("lab.pem"))),
        );
        arguments.extend(self.outputs(stem));
        run(&arguments)
    }

    /// Returns the rows in `stem.jsonl` by target.
    fn rows(&self, stem: &str) -> BTreeMap<String, Row> {
        let rows = read_rows(&self.path(&format!("{stem}.jsonl")));
        let by_target = |row: Row| (row.text("/target").to_owned(), row);
        rows.into_iter().map(by_target).collect()
    }

    fn assert_same(&self, one: &str, other: &str) {
        for ending in OUTPUTS {
            let [one, other] = [one, other].map(|stem| self.path(&format!("{stem}.{ending}")));
            let (first, second) = (fs::read(&one), fs::read(&other));
            let first = first.expect("it was written");
            assert!(!first.is_empty(), "{one}");
            assert!(
                first == second.expect("it was written"),
                "{other} is not {one}"
            );
        }
    }
}

fn verdicts(rows: &BTreeMap<String, Row>, verdict: &str) -> usize {
    rows.values().filter(|row| row.verdict() == verdict).count()
}

#[test]
fn the_same_rules_give_the_same_rows_byte_for_byte() {
    let facts = "--facts=renegotiation,tickets,compression,chains,default_certificate,alpn,groups";
    let lanes: [&[&str]; 2] = [
        &[facts],
        &["--probe=hello", "--versions=all", "--prove-key"],
    ];
    for lane in lanes {
        let swept = Swept::new(&[&["--trust=LAB"], lane].concat());
        swept.judge("again", &["--trust=LAB"]).expect(0);
        swept.assert_same("live", "again");
        let [live, again] = ["live.jsonl", "again.jsonl"].map(|rows| manifest(&swept.path(rows)));
        for expected in ["probe", "all_versions", "facts", "vantage"] {
            assert_eq!(live[expected], again[expected], "{expected}");
        }
        let rows = swept.rows("again");
        // Some of these rows were completed by certificates of other hosts.
        let completed = |row: &&Row| row.at("/chain/completed_by") == "sweep";
        assert!(rows.values().filter(completed).count() > 2);
        assert!(verdicts(&rows, "dns_failure") > 2 && verdicts(&rows, "ok") > 20);
    }
}

#[test]
fn rules_may_differ_between_the_sweep_and_the_judgement() {
    let swept = Swept::new(&["--trust=mozilla", "--at=2020-01-01", "--vantage=here"]);
    assert_eq!(verdicts(&swept.rows("live"), "ok"), 0);
    swept.judge("ours", &["--trust=LAB"]).expect(0);
    assert!(verdicts(&swept.rows("ours"), "ok") > 20);

    // With the rules of the sweep the rows are the same again.
    let rules = ["--trust=mozilla", "--at=2020-01-01"];
    swept.judge("again", &rules).expect(0);
    swept.assert_same("live", "again");

    let ended = swept.judge(
        "late",
        &["--trust=LAB", "--at=2126-03-01", "--fail-on=expired"],
    );
    ended.expect(1);
    let (ours, late) = (swept.rows("ours"), swept.rows("late"));
    assert_eq!(verdicts(&late, "ok"), 0);
    for (target, row) in ours.iter().filter(|(_, row)| row.verdict() == "ok") {
        assert_eq!(late[target].verdict(), "expired", "{target}");
        assert_eq!(late[target].at("/leaf/sha256"), row.at("/leaf/sha256"));
    }
    // Rows without a certificate do not depend on the time.
    for verdict in [
        "dns_failure",
        "unreachable",
        "not_tls",
        "starttls_unavailable",
    ] {
        assert_eq!(
            verdicts(&late, verdict),
            verdicts(&ours, verdict),
            "{verdict}"
        );
    }

    // Without the root, rows lose their trust.
    let other = Pki::new();
    let trust = format!("--trust={}", other.root());
    swept
        .judge("gone", &[&trust, "--fail-on=untrusted_ca"])
        .expect(1);
    let gone = swept.rows("gone");
    for (target, _) in ours.iter().filter(|(_, row)| row.verdict() == "ok") {
        assert_eq!(gone[target].verdict(), "untrusted_ca", "{target}");
    }
}

#[test]
fn the_manifest_says_what_was_judged() {
    let swept = Swept::new(&["--trust=LAB", "--vantage=here"]);
    swept
        .judge("again", &["--trust=LAB", "--at=2126-03-01"])
        .expect(0);
    let manifest = manifest(&swept.path("again.jsonl"));
    let facts = fs::read(swept.path("lab.facts")).expect("they were saved");
    let rows = swept.rows("again").len();
    assert_eq!(manifest["complete"], true);
    assert_eq!(manifest["saved"]["whole"], true);
    assert_eq!(manifest["saved"]["saved_by"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["judged_at"], "2126-03-01T00:00:00Z");
    assert_eq!(manifest["vantage"], "here");
    assert_eq!(manifest["trust"][0]["name"], "lab");
    assert_eq!(manifest["counts"]["rows"], rows);
    let input = &manifest["inputs"][0];
    assert_eq!(input["name"], swept.path("lab.facts"));
    assert_eq!(input["sha256"], Fingerprint::of(&facts).to_string());
    assert_eq!(input["bytes"], facts.len());
    assert_eq!(input["targets"], rows);
}

fn manifest(output: &str) -> Value {
    let text = fs::read(format!("{output}.manifest.json")).expect("a manifest");
    serde_json::from_slice(&text).expect("it is JSON")
}

#[test]
fn a_killed_sweep_leaves_a_usable_recording() {
    let folder = folder();
    let refusing = Refusing::new();
    // Accepts connections and never answers, so that the sweep does not end.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().expect("it is bound").to_string();
    let facts = path(&folder, "killed.facts");
    let mut command = Command::new(TLSWEEP);
    command.args([
        "scan",
        "--quiet",
        "--save",
        &facts,
        "-o",
        "/dev/null",
        "--format=jsonl",
    ]);
    command
        .args(["--handshake-timeout=60s", "--timeout=60s"])
        .arg(format!("127.0.0.0/28:{}", refusing.port))
        .arg(&silent);
    let mut sweeping = Kept::spawn(&mut command);
    let size = || fs::metadata(&facts).map_or(0, |file| file.len());
    await_that("the header of the facts", || size() > 0);
    let header = size();
    await_that("the rows so far", || size() > header);
    sweeping.signal("KILL");
    sweeping.code();
    let output = path(&folder, "rows.jsonl");
    let ended = run(&["judge", &facts, "--quiet", "-o", &output]).expect(0);
    assert!(
        ended.stderr.contains("killed.facts is incomplete"),
        "{ended:#?}"
    );
    assert!(
        ended.stderr.contains("it has 16 complete visits, and only"),
        "{ended:#?}"
    );
    assert_eq!(read_rows(&output).len(), 16);
    let manifest = manifest(&output);
    assert_eq!(manifest["complete"], false);
    gate(&facts, &["unreachable"], &["weak_dh", "expired"]);
    assert_eq!(manifest["saved"]["whole"], false);
}

/// Checks that `--fail-on` of an incomplete recording succeeds for no finding: these match, and
/// those do not.
fn gate(facts: &str, found: &[&str], absent: &[&str]) {
    let judge = |id: &str| {
        let fail_on = format!("--fail-on={id}");
        run(&["judge", facts, "-q", "--min-reached=0", &fail_on])
    };
    found.iter().for_each(|id| drop(judge(id).expect(1)));
    for id in absent {
        let ended = judge(id).expect(4);
        let says = "exit code 4: the recording is incomplete";
        assert!(ended.stderr.contains(says), "{ended:#?}");
    }
}

#[test]
fn an_interrupted_sweep_marks_its_recording_as_incomplete() {
    let folder = folder();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = silent.local_addr().expect("it is bound").to_string();
    let facts = path(&folder, "ended.facts");
    let mut command = Command::new(TLSWEEP);
    command
        .args([
            "scan",
            &target,
            "--quiet",
            "--save",
            &facts,
            "--handshake-timeout=2s",
        ])
        .args(["--retries=0", "--format=jsonl", "-o", "/dev/null"]);
    let mut sweeping = Kept::spawn(&mut command);
    let (mut visit, _) = silent.accept().expect("a visit");
    sweeping.signal("INT");
    // A failure that no other hello would change; after a timeout a second hello would be sent.
    let unrecognized_name = [21, 3, 3, 0, 2, 2, 112];
    visit.write_all(&unrecognized_name).expect("an alert");
    assert_eq!(sweeping.code(), Some(130));
    drop(visit);
    let ended = run(&["judge", &facts, "--quiet"]).expect(0);
    assert!(
        ended.stderr.contains("ended.facts is incomplete"),
        "{ended:#?}"
    );
    assert_eq!(ended.rows().len(), 1);
}

/// The recording of the first format version, with its root and the rows of that time. Every field
/// of them must be reproduced.
const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/saved/v1");

#[test]
fn recordings_of_the_first_version_remain_readable() {
    let (facts, trust) = (format!("{V1}.facts"), format!("--trust={V1}.pem"));
    let judged = run(&["judge", &facts, &trust, "--at=2026-11-27", "--quiet"]).expect(0);
    let (rows, then) = (judged.rows(), read_rows(&format!("{V1}.jsonl")));
    assert_eq!(rows.len(), then.len());
    for (row, then) in rows.iter().zip(&then) {
        assert!(holds(&row.0, &then.0), "{}\nwas\n{}", row.0, then.0);
    }
}

/// Returns true if the new row contains everything in the old row. It may have more fields and more
/// findings.
fn holds(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => then
            .iter()
            .all(|(key, then)| now.get(key).is_some_and(|now| holds(now, then))),
        (Value::Array(now), Value::Array(then)) if then.iter().all(Value::is_object) => then
            .iter()
            .all(|then| now.iter().any(|now| holds(now, then))),
        _ => now == then,
    }
}

#[test]
fn damaged_and_unrelated_files_are_reported_by_name() {
    let folder = folder();
    let sound = fs::read(format!("{V1}.facts")).expect("it is there");
    let mut flipped = sound.clone();
    let middle = sound.len() / 2;
    flipped[middle] ^= 1;
    // The compressed frame of the observations has no end.
    let cut = &sound[..middle];
    let cases: [(&str, &[u8], i32, &[&str]); 5] = [
        ("flipped.facts", &flipped, 3, &["record 2", "flipped.facts"]),
        (
            "cut.facts",
            cut,
            2,
            &["cut.facts is incomplete", "no endpoint"],
        ),
        ("empty.facts", b"", 2, &["empty.facts is not a recording"]),
        (
            "rows.jsonl",
            b"{\"schema\":1}\n",
            2,
            &["rows.jsonl", "--save"],
        ),
        ("missing/x.facts", b"", 2, &["missing/x.facts"]),
    ];
    for (name, bytes, code, says) in cases {
        if !name.starts_with("missing") {
            write(&folder, name, bytes);
        }
        let ended = run(&["judge", &path(&folder, name), "--quiet"]).expect(code);
        assert_eq!(ended.stdout, "", "{name}");
        for words in says {
            assert!(ended.stderr.contains(words), "{name}: {ended:#?}");
        }
    }
}

#[test]
fn a_recording_is_never_overwritten_by_outputs() {
    let folder = folder();
    let facts = path(&folder, "week.recording");
    let sound = fs::copy(format!("{V1}.facts"), &facts).expect("it is copied");
    let refusing = Refusing::new();
    let target = format!("127.0.0.1:{}", refusing.port);
    let rows = path(&folder, "rows.jsonl");
    let beside = format!("{rows}.manifest.json");
    let cases: &[(&[&str], &str)] = &[
        (&["judge", &facts, "-o", &facts, "--format=jsonl"], "-o"),
        (&["judge", &facts, "--certs", &facts], "--certs"),
        (&["scan", "-i", &facts, "--save", &facts], "--save"),
        (&["scan", &target, "--save", &rows, "-o", &rows], "--save"),
        (&["scan", &target, "--save", &beside, "-o", &rows], "--save"),
    ];
    for (arguments, flag) in cases {
        let ended = run(arguments).expect(2);
        assert!(ended.stderr.contains(flag), "{ended:#?}");
        assert!(ended.stderr.contains("destroy"), "{ended:#?}");
    }
    assert_eq!(fs::metadata(&facts).expect("it is there").len(), sound);
}

#[test]
fn recordings_that_lack_a_visit_say_so() {
    let folder = folder();
    let v1 = fs::read(format!("{V1}.facts")).expect("it is there");
    let scratch = Cursor::new(Vec::new());
    let mut saved = SavedReader::open("v1".to_owned(), &*v1, scratch).expect("it is sound");
    let mut visits = saved.by_ref().map(|visit| visit.expect("it is sound"));
    let sound = visits.find(|visit| !visit.exchanges.is_empty());
    let sound = sound.expect("the recording contains a visit");
    let mut endless = sound.clone();
    endless.exchanges = vec![sound.exchanges[0].clone(); 2000];
    let mut facts = Vec::new();
    let mut writer = SavedWriter::new(&mut facts, saved.header()).expect("memory");
    writer.add(&sound).expect("it is small");
    writer.add(&endless).expect_err("it is too large");
    writer.finish().expect("memory");
    let (facts, rows) = (
        write(&folder, "week.recording", facts),
        path(&folder, "rows.jsonl"),
    );
    let ended = run(&["judge", &facts, "-o", &rows]).expect(0);
    for expected in [
        "week.recording lacks 1 endpoint",
        "1 row of 1 target · 1 too large to save",
    ] {
        assert!(ended.stderr.contains(expected), "{ended:#?}");
    }
    gate(&facts, &[], &["weak_dh", "unreachable"]);
    let manifest = manifest(&rows);
    assert_eq!(manifest["counts"]["unsaved"], 1);
    assert_eq!(manifest["complete"], false);
    assert_eq!(manifest["saved"]["whole"], true);
}

// check

const NAME: &str = "www.example.test";

#[test]
fn a_folder_of_chains_is_checked_by_name() {
    let pki = Pki::new();
    let folder = folder();
    let trust = format!("--trust={}", pki.root());
    let copy = |issued: &str, name: &str| {
        let to = folder.path().join(name);
        fs::copy(issued, to).expect("it is copied");
    };
    let good = pki.leaf("good", Leaf::GOOD);
    copy(&good.chain, "www.example.test");
    copy(&good.chain, "api.example.test.PEM");
    fs::create_dir(folder.path().join("archive")).expect("a folder");
    write(&folder, ".hidden", "nothing");
    let all = folder.path().to_str().expect("UTF-8");
    let ended = run(&["check", all, &trust]).expect(1);
    let rows = ended.rows();
    let expected: Vec<_> = rows
        .iter()
        .map(|row| (row.text("/host"), row.verdict()))
        .collect();
    assert_eq!(
        expected,
        [("api.example.test", "name_mismatch"), (NAME, "ok")]
    );
    // The same name for all chains.
    let ended = run(&["check", all, &trust, "--name", NAME]).expect(0);
    assert_eq!(ended.rows().len(), 2);
    // A file that cannot be used does not affect the others.
    write(&folder, "b.example.test.pem", "nothing");
    copy(&good.chain, "not a name.pem");
    let ended = run(&["check", all, &trust]).expect(2);
    assert_eq!(ended.rows().len(), 2);
    for words in ["b.example.test.pem", "not a name.pem", "--name"] {
        assert!(ended.stderr.contains(words), "{ended:#?}");
    }
    let empty = support::folder();
    let ended = run(&["check", empty.path().to_str().expect("UTF-8")]).expect(2);
    assert!(ended.stderr.contains("no file"), "{ended:#?}");
}

#[test]
fn der_is_checked_like_pem() {
    let pki = Pki::new();
    let folder = folder();
    let good = pki.leaf("good", Leaf::GOOD);
    let trust = format!("--trust={}", pki.root());
    let issuer = format!("--intermediates={}", good.issuer);
    let at = format!("--at={}", probe::now());
    let der = |name: &str, further: &[u8]| {
        let arguments = ["x509", "-in", &good.leaf, "-outform", "DER"];
        let der = tool("openssl", &arguments, Path::new("/"));
        write(&folder, name, [&der, further].concat())
    };
    let check = |file: &str| run(&["check", file, "--name", NAME, &trust, &issuer, &at]);
    let (one, other) = (check(&der("leaf.der", b"")), check(&good.leaf));
    let (one, other) = (
        one.expect(1).rows().remove(0),
        other.expect(1).rows().remove(0),
    );
    assert_eq!(one.verdict(), "missing_intermediate");
    assert_eq!(one.without_times(), other.without_times());
    for (file, words) in [
        (der("two.der", b"0"), "more than one"),
        (
            write(&folder, "noise", [0x30, 0x82, 0xff]),
            "neither PEM nor a DER",
        ),
        (write(&folder, "text", "hello"), "neither PEM nor a DER"),
    ] {
        let ended = check(&file).expect(2);
        assert!(ended.stderr.contains(words), "{ended:#?}");
    }
}

#[test]
fn a_server_is_checked_by_one_visit() {
    let runtime = Runtime::new().expect("a runtime");
    let lab = runtime
        .block_on(Lab::start(probe::now()))
        .expect("the lab starts");
    let folder = folder();
    let trust = format!("--trust={}", write(&folder, "lab.pem", lab.root_pem()));
    let pinned = |name: &str| {
        let case = lab.cases().iter().find(|it| it.case.name == name);
        let case = case.expect("there is such a case");
        case.pinned.clone().unwrap_or_else(|| case.target.clone())
    };
    let refused = Refusing::new();
    let refused = format!("127.0.0.1:{}", refused.port);
    for (target, code, verdict) in [
        (pinned("healthy"), 0, "ok"),
        (pinned("smtp-starttls"), 0, "ok"),
        (pinned("expired"), 1, "expired"),
        (refused, 1, "unreachable"),
    ] {
        let rows = run(&["check", &target, &trust, "--format=jsonl"])
            .expect(code)
            .rows();
        assert_eq!(rows.len(), 1, "{target}");
        assert_eq!(
            (rows[0].text("/target"), rows[0].verdict()),
            (&*target, verdict)
        );
    }
    let (healthy, expired) = (pinned("healthy"), pinned("expired"));
    let (_, address) = healthy.split_once('@').expect("it is pinned");
    let named = run(&["check", address, &trust, "--name", NAME]).expect(1);
    assert_eq!(named.rows()[0].verdict(), "name_mismatch");
    let twice = run(&["check", &healthy, &trust, "--name", NAME]).expect(2);
    assert!(twice.stderr.contains("leave out --name"), "{twice:#?}");
    run(&["check", &expired, &trust, "--at=2000-01-01"]).expect(1);
    runtime.block_on(lab.stop());
}

#[test]
fn what_is_neither_a_file_nor_a_server_is_reported_as_both() {
    for (what, words) in [
        ("chain.pem", "chain.pem: no such file"),
        ("192.0.2.0/28:443", "tlsweep scan"),
        ("no such file", "white space"),
        ("/nowhere/chain.pem", "/nowhere/chain.pem"),
        ("example.com:0", "example.com:0"),
    ] {
        let ended = run(&["check", what, "--name", NAME]).expect(2);
        assert!(ended.stderr.contains("no such file"), "{ended:#?}");
        assert!(ended.stderr.contains(words), "{ended:#?}");
        assert_eq!(ended.stdout, "");
    }
    let ended = run_with(&["check", "-"], "").expect(2);
    assert!(ended.stderr.contains("--name example.com"), "{ended:#?}");
}
