//! The two lanes, and both values of `--versions`, give the same verdict and findings at every
//! server of the lab and at real servers. Exceptions are listed here with their reasons.

mod nginx;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use nginx::Nginx;
use serde_json::Value;
use tlsweep::lab::Lab;

/// Cases in which only the handshake lane, or `--prove-key`, can know the result.
const ONLY_BY_PROVING_THE_KEY: &[(&str, &str)] = &[
    ("wrong-key", "only a signature proves possession of the key"),
    (
        "wrong-key-tls1-2",
        "only a signature proves possession of the key",
    ),
];

/// Cases that take an old version beside TLS 1.3, which `--versions all` alone reports.
const ONLY_BY_ASKING_FOR_VERSIONS: &[(&str, &str)] = &[
    ("post-quantum-or-tls1-0", "TLS 1.0 is enabled"),
    ("post-quantum-or-tls1-1-closing", "TLS 1.1 is enabled"),
];

/// nginx servers that differ in versions and suites.
const SERVERS: &[&str] = &[
    "ssl_protocols TLSv1.2 TLSv1.3;",
    "ssl_protocols TLSv1.2;",
    "ssl_protocols TLSv1.3;",
    "ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;",
    "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;",
    "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;",
    // No version between 1.0 and 1.3: the hello lane must not treat it as a legacy server.
    "ssl_protocols TLSv1 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;",
    // A group that the modern offer does not include.
    "ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve X448;",
    "ssl_protocols TLSv1.2; ssl_ciphers kRSA;",
    "ssl_protocols TLSv1.3; ssl_ecdh_curve secp521r1;",
    "ssl_protocols TLSv1.3; ssl_ecdh_curve X448;",
];

type Judged = BTreeMap<String, (String, Vec<String>)>;

/// Sweeps the targets. Returns the verdict and the ids of the findings by target.
fn sweep(arguments: &[&str], targets: &[String]) -> Judged {
    let rows = rows(arguments, targets).into_iter();
    rows.map(|(target, row)| (target, judged(&row))).collect()
}

/// Sweeps, and gives the rows by target.
fn rows(arguments: &[&str], targets: &[String]) -> BTreeMap<String, Value> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows = folder.path().join("rows.jsonl");
    let ended = Command::new(env!("CARGO_BIN_EXE_tlsweep"))
        .args([
            "scan",
            "--quiet",
            "--rate=0",
            "--rate-per-ip=0",
            "--concurrency-per-ip=0",
        ])
        .args(["--retries=0", "--handshake-timeout=3s", "--output"])
        .arg(&rows)
        .args(arguments)
        .args(targets)
        .output()
        .expect("the program runs");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    read(&rows)
}

fn read(rows: &Path) -> BTreeMap<String, Value> {
    let lines = fs::read_to_string(rows).expect("rows");
    let rows = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    rows.map(|row| (text(&row["target"]), row)).collect()
}

fn judged(row: &Value) -> (String, Vec<String>) {
    let findings = row["findings"].as_array().expect("a list");
    let mut ids: Vec<_> = findings
        .iter()
        .map(|finding| text(&finding["id"]))
        .collect();
    ids.sort();
    (text(&row["verdict"]), ids)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn differing<'a>(one: &'a Judged, other: &'a Judged) -> Vec<&'a String> {
    assert_eq!(one.len(), other.len());
    one.keys()
        .filter(|target| one[*target] != other[*target])
        .collect()
}

#[test]
fn the_lanes_agree_on_every_server_of_the_lab() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lab = runtime
        .block_on(Lab::start(tlsweep::probe::now()))
        .expect("the lab starts");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("root.pem");
    fs::write(&root, lab.root_pem()).expect("the root");
    let resolvers = format!("--resolvers={}", lab.resolver_address());
    let trust = format!("--trust={}", root.display());
    let targets: Vec<_> = lab.cases().iter().map(|case| case.target.clone()).collect();
    let sweep = |more: &[&str]| sweep(&[&[&*resolvers, &*trust], more].concat(), &targets);

    let handshake = sweep(&[]);
    assert_eq!(handshake.len(), targets.len());
    let without = |names: &[(&str, &str)]| -> Vec<&String> {
        let cases = lab.cases().iter();
        let excused = |name| names.iter().any(|(excused, _)| *excused == name);
        let mut targets: Vec<_> = cases
            .filter(|case| excused(case.case.name))
            .map(|case| &case.target)
            .collect();
        targets.sort();
        targets
    };
    let expected = without(ONLY_BY_PROVING_THE_KEY);
    assert_eq!(differing(&handshake, &sweep(&["--probe=hello"])), expected);
    let proving = sweep(&["--probe=hello", "--prove-key"]);
    assert_eq!(differing(&handshake, &proving), Vec::<&String>::new());
    let versions = sweep(&["--versions=all"]);
    let expected = without(ONLY_BY_ASKING_FOR_VERSIONS);
    assert_eq!(differing(&handshake, &versions), expected);
    runtime.block_on(lab.stop());
}

/// Servers of the laboratory whose key exchange clients refuse, with the reason.
#[rustfmt::skip]
const MISFITS: &[(&str, &str)] = &[
    ("unoffered-scheme", "chose the signature scheme ecdsa_md5, which was not on offer"),
    ("unknown-scheme", "chose the signature scheme 0x7777, which was not on offer"),
    ("rsa-suite-ec-key", "chose TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, which does not fit its EC key"),
    ("key-transport-ec-key", "chose TLS_RSA_WITH_AES_128_GCM_SHA256, which does not fit its EC key"),
    ("ecdsa-suite-rsa-key", "chose TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, which does not fit its RSA key"),
    ("ecdsa-suite-rsa-scheme", "signed with rsa_pkcs1_sha256, which does not fit its EC key"),
    ("explicit-curve", "chose the group arbitrary_explicit_prime_curves, which was not on offer"),
    ("dh-empty", "handshake message server_key_exchange has an empty number"),
    ("no-certificate", "sent no certificate, which TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 needs"),
];

#[test]
fn a_key_exchange_that_clients_refuse_is_a_failure_with_one_reason() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lab = runtime
        .block_on(Lab::start(tlsweep::probe::now()))
        .expect("the laboratory starts");
    let resolvers = format!("--resolvers={}", lab.resolver_address());
    let target = |(name, _): &(&str, _)| {
        let mut cases = lab.cases().iter();
        let case = cases.find(|case| case.case.name == *name).expect("a case");
        case.target.clone()
    };
    let targets: Vec<_> = MISFITS.iter().map(target).collect();
    for lane in ["--probe=handshake", "--probe=hello"] {
        let rows = rows(
            &[&resolvers, lane, "--prove-key", "--versions=all"],
            &targets,
        );
        for ((name, reason), target) in MISFITS.iter().zip(&targets) {
            let row = &rows[target];
            assert_eq!(row["verdict"], "handshake_failed", "{name} {lane}");
            assert_eq!(row["error"]["kind"], "malformed", "{name} {lane}");
            assert_eq!(row["error"]["detail"], *reason, "{name} {lane}");
            let read = *name != "no-certificate";
            assert_eq!(row["leaf"].is_object(), read, "{name} {lane}");
            assert_ne!(row["tls"]["key_proof"], "proven", "{name} {lane}");
            let outcome = &row["tls"]["versions"]["tls1_2"];
            assert_eq!(outcome["outcome"], "broke_off", "{name} {lane}");
            assert_eq!(outcome["reason"], *reason, "{name} {lane}");
        }
    }
    runtime.block_on(lab.stop());
}

#[test]
fn the_lanes_agree_on_nginx() {
    let nginx = Nginx::start(SERVERS);
    let targets: Vec<_> = (0..SERVERS.len())
        .map(|place| nginx.target(place))
        .collect();
    let trust = format!("--trust={}", nginx.root().display());
    let handshake = sweep(&[&trust], &targets);
    let hello = sweep(&[&trust, "--probe=hello"], &targets);
    let proving = sweep(&[&trust, "--probe=hello", "--prove-key"], &targets);
    assert_eq!(handshake, hello);
    assert_eq!(handshake, proving);
    let verdicts: Vec<_> = targets
        .iter()
        .map(|target| handshake[target].0.as_str())
        .collect();
    let legacy = "legacy_tls_only";
    assert_eq!(
        verdicts,
        [
            "ok",
            "ok",
            "ok",
            legacy,
            legacy,
            "ok",
            "ok",
            "ok",
            "ok",
            "ok",
            "handshake_failed"
        ]
    );
}
