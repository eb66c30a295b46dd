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

fn judge(folder: &TempDir, name: &str, more: &[&str]) -> String {
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
    run(&arguments).expect(0);
    let texts = OUTPUTS.map(|ending| fs::read_to_string(path(folder, &format!("{name}.{ending}"))));
    let texts = texts.map(|text| text.expect("it is there"));
    texts.concat().to_lowercase()
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
    let text = judge(&folder, "public", &["--anonymize=host,tags.owner", &key]);
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
    assert!(text.contains("\"region\":\"eu\""), "other tags stay");

    // The manifest says what was done, and has no command line.
    let manifest = fs::read(path(&folder, "public.jsonl.manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let groups = serde_json::json!(["host", "tags.owner"]);
    assert_eq!(manifest["anonymized"]["groups"], groups);
    assert_eq!(manifest["anonymized"]["key_of_file"], true);
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
        judge(&folder, "public", &["--anonymize=host,tags.owner", &key])
    );
    assert_ne!(
        text,
        judge(&folder, "other", &["--anonymize=host,tags.owner"])
    );
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
        (vec!["--anonymize=sans"], "host, address"),
    ] {
        let mut all = vec!["scan", "127.0.0.1:9"];
        all.extend(&arguments);
        let ended = run(&all).expect(2);
        assert!(ended.stderr.contains(says), "{ended:#?}");
    }
    assert!(!fs::exists(&certs).expect("a folder"));
}
