//! Rows for publication: no output of an anonymized run contains a value of the run that it was made
//! from, and the same key gives the same pseudonyms.

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use support::{AT_HOME, folder, path, read_rows, run, write};
use tempfile::TempDir;
use tlsweep::lab::Lab;
use tlsweep::probe;
use tokio::runtime::Runtime;

const OUTPUTS: [&str; 3] = ["jsonl", "csv", "txt"];

/// The lab, swept with everything that adds fields to a row: `live.*` and `lab.facts`.
fn swept() -> TempDir {
    let folder = folder();
    let runtime = Runtime::new().expect("a runtime");
    let lab = runtime
        .block_on(Lab::start(probe::now()))
        .expect("the lab starts");
    write(&folder, "lab.pem", lab.root_pem());
    let targets: String = lab
        .cases()
        .iter()
        .map(|case| format!("{},team of {},EU\n", case.target, case.target))
        .collect();
    let input = write(
        &folder,
        "lab.csv",
        format!("target,owner,region\n{targets}"),
    );
    let mut arguments = vec!["scan".to_owned(), "--quiet".to_owned()];
    arguments.extend(AT_HOME.map(str::to_owned));
    arguments.extend([
        "--all-ips".to_owned(),
        "--versions=all".to_owned(),
        "--facts=chains,alpn,default_certificate".to_owned(),
        "--starttls-timeout=2s".to_owned(),
        format!("--resolvers={}", lab.resolver_address()),
        format!("--trust={}", path(&folder, "lab.pem")),
        format!("--input={input}"),
        format!("--save={}", path(&folder, "lab.facts")),
        format!("--output={}", path(&folder, "live.jsonl")),
    ]);
    run(&arguments).expect(0);
    runtime.block_on(lab.stop());
    folder
}

/// Judges the recording again and returns all row outputs in lower case.
fn judge(folder: &TempDir, name: &str, more: &[&str]) -> String {
    judge_reporting(folder, name, more).0
}

/// Also returns standard error.
fn judge_reporting(folder: &TempDir, name: &str, more: &[&str]) -> (String, String) {
    let mut arguments = vec![
        "judge".to_owned(),
        path(folder, "lab.facts"),
        "--quiet".to_owned(),
    ];
    arguments.push(format!("--trust={}", path(folder, "lab.pem")));
    arguments.extend(more.iter().map(|it| (*it).to_owned()));
    for ending in OUTPUTS {
        arguments.push(format!(
            "--output={}",
            path(folder, &format!("{name}.{ending}"))
        ));
    }
    let ended = run(&arguments).expect(0);
    let texts = OUTPUTS.map(|ending| fs::read_to_string(path(folder, &format!("{name}.{ending}"))));
    let texts = texts.map(|text| text.expect("it is there"));
    (texts.concat().to_lowercase(), ended.stderr)
}

/// Evidence that identifies a server.
const EVIDENCE: [&str; 13] = [
    "asked",
    "presented",
    "nearest",
    "subject",
    "subjects",
    "issuer",
    "fingerprint",
    "missing",
    "append",
    "names",
    "common_name",
    "serial",
    "ca_issuers",
];

/// Adds the texts of a value.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.to_lowercase());
        }
        Value::Array(all) => all.iter().for_each(|it| texts(it, found)),
        Value::Object(all) => all.values().for_each(|it| texts(it, found)),
        _ => {}
    }
}

/// Returns what identifies the servers of these rows.
fn originals(folder: &TempDir) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for row in read_rows(&path(folder, "live.jsonl")) {
        for pointer in [
            "/target",
            "/host",
            "/sni",
            "/ip",
            "/addresses/failed",
            "/tags/owner",
            "/leaf/sha256",
            "/leaf/spki_sha256",
            "/leaf/subject",
            "/leaf/sans",
            "/leaf/issuer",
            "/leaf/serial",
            "/leaf/not_before",
            "/leaf/not_after",
            "/chain/sent",
            "/chain/path",
        ] {
            texts(row.0.pointer(pointer).unwrap_or(&Value::Null), &mut found);
        }
        // Names and hashes in evidence: everything long that is not a word.
        for finding in row.0["findings"].as_array().expect("a list") {
            for key in EVIDENCE {
                texts(&finding[key], &mut found);
            }
        }
    }
    // Short texts occur by chance, and whole days are kept.
    found.retain(|text| text.len() > 7 && !text.ends_with("t00:00:00z"));
    found
}

#[test]
fn anonymized_rows_contain_no_original_value() {
    let folder = swept();
    let key = write(&folder, "key", "0123456789abcdef");
    let originals = originals(&folder);
    assert!(originals.len() > 200, "{}", originals.len());
    let key = format!("--anonymize-key={key}");
    let text = judge(
        &folder,
        "public",
        &["--anonymize=host", "--keep-tags=Region", &key],
    );
    let leaked: Vec<_> = originals
        .iter()
        .filter(|it| text.contains(it.as_str()))
        .collect();
    assert!(
        leaked.is_empty(),
        "{} of {}: {leaked:#?}",
        leaked.len(),
        originals.len()
    );
    for zone in ["tlsweep.test", "127.0.", "127.1."] {
        assert!(!text.contains(zone), "{zone}");
    }
    assert!(text.contains("\"region\":\"eu\""), "a kept tag stays");

    // The manifest says what was done, and has no command line.
    let manifest = fs::read(path(&folder, "public.jsonl.manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let anonymized = serde_json::json!({
        "groups": ["host"],
        "kept_tags": ["Region"],
        "key_of_file": true,
    });
    assert_eq!(manifest["anonymized"], anonymized);
    let none = Value::Array(Vec::new());
    assert_eq!(
        (&manifest["arguments"], &manifest["sweep"]["arguments"]),
        (&none, &none)
    );

    // The verdicts, findings and measurements stay.
    let rows = read_rows(&path(&folder, "live.jsonl"));
    let public = read_rows(&path(&folder, "public.jsonl"));
    assert_eq!(rows.len(), public.len());
    for (real, masked) in rows.iter().zip(&public) {
        assert_eq!(real.verdict(), masked.verdict());
        assert_eq!(real.findings(), masked.findings());
        for field in [
            "port",
            "service",
            "side",
            "attempt",
            "started_at",
            "timing_ms",
            "trust",
        ] {
            assert_eq!(real.0[field], masked.0[field], "{field}");
        }
        assert_eq!(real.0["error"]["kind"], masked.0["error"]["kind"]);
        assert_eq!(real.0["tls"]["cipher"], masked.0["tls"]["cipher"]);
    }
    // Equal values have equal pseudonyms, and different ones different.
    let count = |rows: &[support::Row]| {
        let hosts = rows.iter().map(|row| row.0["host"].to_string());
        hosts.collect::<BTreeSet<_>>().len()
    };
    assert_eq!(count(&rows), count(&public));
    assert_eq!(
        text,
        judge(
            &folder,
            "public",
            &["--anonymize=host", "--keep-tags=Region", &key]
        )
    );
    assert_ne!(
        text,
        judge(
            &folder,
            "other",
            &["--anonymize=host", "--keep-tags=region"]
        )
    );
}

/// Host names whose labels are words of this program or not ASCII, and the case that serves each.
const PROVOKING: &[(&str, &str)] = &[
    ("refused.x", "refused"),
    ("http.x", "http"),
    ("anonymous.x", "anonymous"),
    ("rc4.x", "only-rc4"),
    ("alert.handshake.failure.x", "handshake-failure"),
    ("smtp.x", "smtp-starttls-refused"),
    ("injected.x", "smtp-starttls-injection"),
    ("leaf.x", "expired"),
    ("bücher.x", "healthy"),
    ("a.10.9.8.7.x", "missing-intermediate"),
    ("127.0.0.1", "address"),
];

/// Columns with values that lead to a host, but are not values of the row.
const COLUMNS: &str = "target,contact,peer,print,Kunde,Region";
const VALUES: &str =
    "ops@related.x https://192.0.2.9/,2001:db8::77,AA:BB:CC:DD:EE:FF:00:11,Kunde Bücher,EU West";

/// Parts of the values above.
const HIDDEN: [&str; 5] = ["related", "192.0.2.9", "2001:db8", "aa:bb:cc", "bücher"];

/// Scans the lab under the provoking names.
fn provoked() -> TempDir {
    let folder = folder();
    let runtime = Runtime::new().expect("a runtime");
    let lab = runtime
        .block_on(Lab::start(probe::now()))
        .expect("the lab starts");
    write(&folder, "lab.pem", lab.root_pem());
    let lines = PROVOKING.iter().map(|(host, case)| {
        let mut cases = lab.cases().iter();
        let running = cases.find(|it| it.case.name == *case).expect(case);
        let pinned = running.pinned.as_ref().expect("an address");
        format!("{},{VALUES}\n", pinned.replacen(running.case.host, host, 1))
    });
    let lines = format!("{COLUMNS}\n{}", lines.collect::<String>());
    let input = write(&folder, "provoking.csv", lines);
    let mut arguments = vec!["scan".to_owned(), "--quiet".to_owned()];
    arguments.extend(AT_HOME.map(str::to_owned));
    arguments.extend([
        "--versions=all".to_owned(),
        format!("--trust={}", path(&folder, "lab.pem")),
        format!("--input={input}"),
        format!("--save={}", path(&folder, "lab.facts")),
        format!("--output={}", path(&folder, "live.jsonl")),
    ]);
    run(&arguments).expect(0);
    runtime.block_on(lab.stop());
    folder
}

/// Fields of evidence with words of this program.
const WORDS: [&str; 9] = [
    "certificate",
    "cipher",
    "kind",
    "reason",
    "refused",
    "service",
    "spoken",
    "versions",
    "weakness",
];

/// Panics unless the words of this program are the same in both rows.
fn same_words(real: &support::Row, masked: &support::Row) {
    assert_eq!(real.findings(), masked.findings());
    for pointer in ["/error/kind", "/error/stage", "/tls/versions", "/verdict"] {
        assert_eq!(real.0.pointer(pointer), masked.0.pointer(pointer));
    }
    let findings = |row: &support::Row| row.0["findings"].as_array().expect("a list").clone();
    for (real, masked) in findings(real).iter().zip(&findings(masked)) {
        for word in WORDS {
            assert_eq!(real[word], masked[word], "{word} of {real}");
        }
    }
}

#[test]
fn names_like_words_and_tags_of_any_kind_are_replaced_and_the_words_stay() {
    let folder = provoked();
    let rows = read_rows(&path(&folder, "live.jsonl"));
    assert_eq!(rows.len(), PROVOKING.len());
    let kinds: Vec<_> = rows
        .iter()
        .map(|row| row.0["error"]["kind"].as_str())
        .collect();
    assert!(kinds.contains(&Some("refused")) && kinds.contains(&Some("anonymous")));
    for group in ["host", "address", "certificates"] {
        let group_flag = format!("--anonymize={group}");
        let keep = "--keep-tags=region,nowhere";
        let (text, stderr) = judge_reporting(&folder, group, &[&group_flag, keep]);
        assert!(
            stderr.contains("no row has a tag named nowhere\n"),
            "{stderr}"
        );
        assert_eq!(text.matches("\"region\":\"eu west\"").count(), rows.len());
        for row in rows
            .iter()
            .zip(&read_rows(&path(&folder, &format!("{group}.jsonl"))))
        {
            same_words(row.0, row.1);
            for tag in ["contact", "peer", "print", "Kunde"] {
                let value = row.1.0["tags"][tag].as_str().expect("a pseudonym");
                assert!(value.len() == 33 && value.starts_with('x'), "{value}");
            }
        }
        // Only `host` replaces host names.
        let hidden = HIDDEN
            .iter()
            .filter(|it| group == "host" || **it != "bücher");
        for hidden in hidden {
            assert!(!text.contains(hidden), "{group}: {hidden}");
        }
        for address in ["127.0.0.1", "10.9.8.7"] {
            assert_eq!(text.contains(address), group == "certificates", "{address}");
        }
        let hosts = PROVOKING
            .iter()
            .map(|(host, _)| *host)
            .filter(|it| it.ends_with(".x"));
        for host in hosts.chain(["xn--bcher-kva", "tlsweep.test"]) {
            assert!(group != "host" || !text.contains(host), "{host}");
        }
    }
}

#[test]
fn what_would_not_be_anonymous_is_refused() {
    let folder = folder();
    let short = write(&folder, "short", "0123456789");
    let certs = path(&folder, "certs.pem");
    for (arguments, says) in [
        (vec!["--anonymize=host", "--certs", &certs], "--certs"),
        (vec!["--anonymize=host", "--anonymize-key", &short], "16"),
        (
            vec!["--anonymize=host", "--anonymize-key", "/no/such/key"],
            "/no/such/key",
        ),
        (vec!["--anonymize-key", &short], "--anonymize"),
        (vec!["--keep-tags=owner"], "--anonymize"),
        (vec!["--anonymize=host", "--keep-tags="], "--keep-tags"),
        (vec!["--anonymize=sans"], "host, address"),
        (vec!["--anonymize=host,tags.owner"], "--keep-tags"),
    ] {
        let mut all = vec!["scan", "127.0.0.1:9"];
        all.extend(&arguments);
        let ended = run(&all).expect(2);
        assert!(ended.stderr.contains(says), "{ended:#?}");
    }
    assert!(!fs::exists(&certs).expect("a folder"));
}
