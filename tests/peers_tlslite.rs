//! tlslite-ng as the server, for what OpenSSL 3 no longer supports: SSL 3.0, RC4, 3DES, and unusual
//! ways to refuse. Each row of the table says how to start a server and what is expected of it, in
//! a plain sweep and in one that tests every version.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use support::daemons::server;
use support::pki::{self, Issued, Issuer, Leaf, Pki};
use support::{Kept, Row, sweep};

const NAME: &str = "www.example.test";

/// A server and the expected result.
struct Case {
    name: &'static str,
    shows: Shows,
    /// Settings of tlslite, followed by arguments of its handshake; both are JSON.
    settings: &'static str,
    options: &'static str,
    verdict: &'static str,
    /// All expected findings.
    findings: &'static [&'static str],
    /// Result of `--versions all` for SSL 3.0, TLS 1.0, 1.1, 1.2 and 1.3: supported or rejected.
    versions: &'static str,
    /// Expected fields of the plain row, by JSON pointer.
    fields: &'static [(&'static str, &'static str)],
}

/// The certificate that a server sends, by its key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Rsa,
    Ec,
    Nothing,
}
use Shows::{Ec, Nothing, Rsa};

const fn case(
    name: &'static str,
    shows: Shows,
    (settings, options): (&'static str, &'static str),
    (verdict, findings): (&'static str, &'static [&'static str]),
    versions: &'static str,
    fields: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        name,
        shows,
        settings,
        options,
        verdict,
        findings,
        versions,
        fields,
    }
}

const OK: (&str, &[&str]) = ("ok", &[]);

#[rustfmt::skip] // A row a line.
const CASES: &[Case] = &[
    // Versions.
    case("usual", Rsa, ("", ""), OK, "rssss", &[("/tls/version", "TLSv1.3"), ("/tls/key_proof", "proven")]),
    case("usual, P-256", Ec, ("", ""), OK, "rssss", &[("/tls/version", "TLSv1.3"), ("/tls/key_proof", "proven")]),
    case("SSL 3.0", Rsa, (r#""minVersion":[3,0],"maxVersion":[3,0]"#, ""), ("legacy_tls_only", &["legacy_tls_only"]), "srrrr", &[("/tls/version", "SSLv3"), ("/tls/offer", "wide")]),
    case("SSL 3.0 and TLS 1.0", Rsa, (r#""minVersion":[3,0],"maxVersion":[3,1]"#, ""), ("legacy_tls_only", &["legacy_tls_only"]), "ssrrr", &[("/tls/version", "TLSv1.0"), ("/tls/offer", "wide")]),
    case("SSL 3.0 to TLS 1.2", Rsa, (r#""minVersion":[3,0],"maxVersion":[3,3]"#, ""), OK, "ssssr", &[("/tls/version", "TLSv1.2"), ("/tls/offer", "modern")]),
    case("SSL 3.0 to TLS 1.3", Rsa, (r#""minVersion":[3,0],"maxVersion":[3,4]"#, ""), OK, "sssss", &[("/tls/version", "TLSv1.3"), ("/tls/offer", "modern")]),
    case("TLS 1.1", Rsa, (r#""minVersion":[3,2],"maxVersion":[3,2]"#, ""), ("legacy_tls_only", &["legacy_tls_only"]), "rrsrr", &[("/tls/version", "TLSv1.1")]),

    // Old and odd suites.
    case("SSL 3.0 with RC4 and MD5", Rsa, (r#""minVersion":[3,0],"maxVersion":[3,0],"cipherNames":["rc4"],"macNames":["md5"]"#, ""), ("legacy_tls_only", &["legacy_tls_only", "no_forward_secrecy", "weak_cipher"]), "srrrr", &[("/tls/version", "SSLv3"), ("/tls/cipher", "TLS_RSA_WITH_RC4_128_MD5"), ("/tls/offer", "wide")]),
    case("SSL 3.0 with DHE and 3DES", Rsa, (r#""minVersion":[3,0],"maxVersion":[3,0],"cipherNames":["3des"],"keyExchangeNames":["dhe_rsa"]"#, ""), ("legacy_tls_only", &["legacy_tls_only", "weak_cipher"]), "srrrr", &[("/tls/version", "SSLv3"), ("/tls/cipher", "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA")]),
    case("SSL 3.0 with NULL", Rsa, (r#""minVersion":[3,0],"maxVersion":[3,0],"cipherNames":["null"],"keyExchangeNames":["rsa"]"#, ""), ("legacy_tls_only", &["legacy_tls_only", "no_forward_secrecy", "weak_cipher"]), "srrrr", &[("/tls/version", "SSLv3"), ("/tls/cipher", "TLS_RSA_WITH_NULL_SHA")]),
    case("TLS 1.0 with RC4", Rsa, (r#""minVersion":[3,1],"maxVersion":[3,1],"cipherNames":["rc4"]"#, ""), ("legacy_tls_only", &["legacy_tls_only", "weak_cipher"]), "rsrrr", &[("/tls/cipher", "TLS_ECDHE_RSA_WITH_RC4_128_SHA")]),
    case("TLS 1.0 to 1.2 with 3DES", Rsa, (r#""minVersion":[3,1],"maxVersion":[3,3],"cipherNames":["3des"]"#, ""), ("ok", &["refused_by_today", "weak_cipher"]), "rsssr", &[("/tls/version", "TLSv1.2"), ("/tls/cipher", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"), ("/tls/offer", "wide")]),
    case("TLS 1.2 with RC4", Rsa, (r#""minVersion":[3,3],"maxVersion":[3,3],"cipherNames":["rc4"]"#, ""), ("ok", &["refused_by_today", "weak_cipher"]), "rrrsr", &[("/tls/cipher", "TLS_ECDHE_RSA_WITH_RC4_128_SHA"), ("/tls/offer", "wide")]),
    case("TLS 1.2 with ECDSA and RC4", Ec, (r#""minVersion":[3,3],"maxVersion":[3,3],"cipherNames":["rc4"]"#, ""), ("ok", &["refused_by_today", "weak_cipher"]), "rrrsr", &[("/tls/cipher", "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA")]),
    case("TLS 1.2 with RSA key exchange and 3DES", Rsa, (r#""minVersion":[3,3],"maxVersion":[3,3],"cipherNames":["3des"],"keyExchangeNames":["rsa"]"#, ""), ("ok", &["no_forward_secrecy", "refused_by_today", "weak_cipher"]), "rrrsr", &[("/tls/cipher", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"), ("/tls/group", "null")]),
    case("anonymous", Nothing, (r#""minVersion":[3,1],"maxVersion":[3,3],"keyExchangeNames":["dh_anon"]"#, r#""anon":true"#), ("handshake_failed", &["handshake_failed", "weak_cipher"]), "rsssr", &[("/tls/version", "TLSv1.2")]),
    case("TLS 1.3 with a short tag", Rsa, (r#""minVersion":[3,4],"maxVersion":[3,4],"cipherNames":["aes128ccm_8"]"#, ""), ("handshake_failed", &["handshake_failed", "refused_by_today"]), "rrrrs", &[("/tls/version", "TLSv1.3"), ("/error/kind", "incompatible")]),

    // Groups and signatures.
    case("secp192r1", Rsa, (r#""minVersion":[3,3],"maxVersion":[3,3],"eccCurves":["secp192r1"],"defaultCurve":"secp192r1","keyShares":[],"keyExchangeNames":["ecdhe_rsa"]"#, ""), ("ok", &["refused_by_today"]), "rrrsr", &[("/tls/group", "secp192r1"), ("/tls/offer", "wide")]),
    case("secp256k1", Rsa, (r#""minVersion":[3,3],"maxVersion":[3,3],"eccCurves":["secp256k1"],"defaultCurve":"secp256k1","keyShares":[],"keyExchangeNames":["ecdhe_rsa"]"#, ""), ("ok", &["refused_by_today"]), "rrrsr", &[("/tls/group", "secp256k1"), ("/tls/offer", "wide")]),
    case("second hello", Rsa, (r#""minVersion":[3,4],"maxVersion":[3,4],"eccCurves":["secp384r1"],"keyShares":[],"dhGroups":[]"#, ""), OK, "rrrrs", &[("/tls/group", "secp384r1"), ("/tls/hello_retry", "true")]),
    case("ffdhe2048 at TLS 1.3", Rsa, (r#""minVersion":[3,4],"maxVersion":[3,4],"eccCurves":[],"keyShares":[],"dhGroups":["ffdhe2048"]"#, ""), ("handshake_failed", &["handshake_failed", "refused_by_today"]), "rrrrs", &[("/tls/version", "TLSv1.3"), ("/error/kind", "incompatible")]),
    case("signed with MD5", Rsa, (r#""minVersion":[3,3],"maxVersion":[3,3],"rsaSigHashes":["md5"],"rsaSchemes":["pkcs1"],"more_sig_schemes":[],"keyExchangeNames":["ecdhe_rsa"]"#, ""), ("ok", &["refused_by_today", "sha1_handshake_signature"]), "rrrsr", &[("/tls/signature", "rsa_pkcs1_md5"), ("/tls/offer", "wide")]),
    case("signed with SHA-1", Rsa, (r#""minVersion":[3,3],"maxVersion":[3,3],"rsaSigHashes":["sha1"],"rsaSchemes":["pkcs1"],"more_sig_schemes":[],"keyExchangeNames":["ecdhe_rsa"]"#, ""), ("ok", &["sha1_handshake_signature"]), "rrrsr", &[("/tls/signature", "rsa_pkcs1_sha1"), ("/tls/offer", "modern"), ("/tls/key_proof", "proven")]),

    // Other messages that a server may send.
    case("extended master secret required", Rsa, (r#""minVersion":[3,1],"maxVersion":[3,3],"requireExtendedMasterSecret":true"#, ""), OK, "rsssr", &[("/tls/version", "TLSv1.2")]),
    case("client certificate asked for", Rsa, ("", r#""reqCert":true"#), ("ok", &["client_certificate_requested"]), "rssss", &[("/tls/client_cert_requested", "true")]),
    case("other server name, a warning", Rsa, ("", r#""sni":"other.example.test""#), ("ok", &["sni_rejected"]), "rssss", &[]),
];

/// The servers, which run until this is dropped.
struct Servers {
    _process: Kept,
    targets: Vec<String>,
}

impl Servers {
    fn start(pki: &Pki) -> Self {
        let issue = |name, key, issuer| {
            let leaf = Leaf {
                key,
                issuer,
                ..Leaf::GOOD
            };
            pki.leaf(name, leaf)
        };
        let rsa = issue("rsa", pki::RSA, Issuer::Rsa);
        let ec = issue("ec", pki::P256, Issuer::Intermediate);
        let mut child = python();
        let mut orders = child.stdin.take().expect("a pipe");
        let ports = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut ports = ports.lines().map_while(Result::ok);
        let targets = CASES.iter().map(|case| {
            let order = match case.shows {
                Rsa => case.order(Some(&rsa)),
                Ec => case.order(Some(&ec)),
                Nothing => case.order(None),
            };
            let sent = writeln!(orders, "{order}");
            let port = ports.next().filter(|_| sent.is_ok());
            let port = port.unwrap_or_else(|| {
                panic!("no server for {order}: has scripts/install-peers been run?")
            });
            format!("{NAME}@127.0.0.1:{port}")
        });
        let targets = targets.collect();
        child.stdin = Some(orders);
        Self {
            _process: Kept(child),
            targets,
        }
    }
}

/// The process ends when its standard input is closed, however this test ends.
fn python() -> Child {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let child = server("python3")
        .arg(root.join("tests/tlslite/server.py"))
        // The path at which scripts/install-peers installs it.
        .env("PYTHONPATH", root.join("target/peers/tlslite"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    child.unwrap_or_else(|error| {
        panic!("python3 does not start ({error}): run scripts/install-peers")
    })
}

impl Case {
    fn order(&self, shown: Option<&Issued>) -> Value {
        let parsed =
            |text: &str| -> Value { serde_json::from_str(&format!("{{{text}}}")).expect("JSON") };
        json!({
            "chain": shown.map(|it| &it.chain),
            "key": shown.map(|it| &it.key),
            "settings": parsed(self.settings),
            "options": parsed(self.options),
        })
    }
}

/// Sweeps all servers with these additional arguments. Returns the rows by target.
fn rows(pki: &Pki, servers: &Servers, further: &[&str]) -> BTreeMap<String, Row> {
    let trust = format!("--trust={}", pki.root());
    // One Python process serves all targets, one after the other.
    let mut arguments = vec![trust.as_str(), "--concurrency=2"];
    arguments.extend(further);
    arguments.extend(servers.targets.iter().map(String::as_str));
    sweep(&arguments)
}

#[test]
fn every_tlslite_server_has_its_expected_row() {
    let pki = Pki::new();
    let servers = Servers::start(&pki);
    let rows = rows(&pki, &servers, &[]);
    let mut wrong = Vec::new();
    for (case, target) in CASES.iter().zip(&servers.targets) {
        let row = &rows[target];
        let expected: BTreeSet<_> = case.findings.iter().copied().collect();
        if row.verdict() != case.verdict || row.findings() != expected {
            wrong.push(format!("{}: {}", case.name, row.0));
        }
        for (pointer, value) in case.fields {
            let seen = row.at(pointer);
            if seen.as_str().map_or(seen.to_string(), str::to_owned) != *value {
                wrong.push(format!("{}: {pointer} is {seen}, not {value}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_version_is_reported_on_both_lanes() {
    let pki = Pki::new();
    let servers = Servers::start(&pki);
    let mut wrong = Vec::new();
    for lane in ["--probe=handshake", "--probe=hello"] {
        let rows = rows(&pki, &servers, &[lane, "--versions=all"]);
        for (case, target) in CASES.iter().zip(&servers.targets) {
            let row = &rows[target];
            let seen = versions(row);
            if seen != case.versions || row.verdict() != case.verdict {
                wrong.push(format!("{lane}, {}: {seen}: {}", case.name, row.0));
            }
            // An old version in addition to a newer one is a warning.
            let (old, new) = case.versions.split_at(3);
            let expected = old.contains('s') && new.contains('s');
            if row.finding("legacy_tls_enabled").is_some() != expected {
                wrong.push(format!("{lane}, {}: {:?}", case.name, row.findings()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Returns the outcomes by their first letters.
fn versions(row: &Row) -> String {
    let versions = ["ssl3", "tls1_0", "tls1_1", "tls1_2", "tls1_3"];
    let outcome = |version: &&str| &row.text(&format!("/tls/versions/{version}/outcome"))[..1];
    versions.iter().map(outcome).collect()
}
