//! Runs the fuzz targets on their corpus: each file unchanged, truncated at every position, and
//! with each byte changed. This covers what a fuzzer would try first, with stable Rust and in every
//! test run.

#[path = "../fuzz/bodies.rs"]
mod bodies;
#[path = "../fuzz/revocation.rs"]
mod revocation;

use std::fs;
use std::path::Path;

use tlsweep::starttls::PROTOCOLS;
use tlsweep::verdict::{RevocationStatus, Verdict};

/// Maximum number of positions to vary in one file. In longer files they are spread evenly.
const PLACES: usize = 400;

fn run(target: &str, body: impl Fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let folder = fuzz.join("corpus").join(target);
    let file = format!("fuzz_targets/{target}.rs");
    assert!(fuzz.join(&file).exists(), "{file} is missing");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("the manifest");
    assert!(manifest.contains(&file), "{file} is not in fuzz/Cargo.toml");
    let mut files = 0;
    for entry in fs::read_dir(folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file");
        assert!(
            bytes.len() <= 8192,
            "{}: corpus files must be small",
            path.display()
        );
        body(&bytes);
        vary(&bytes, &body);
        files += 1;
    }
    assert!(files >= 5, "{target}: {files} files");
}

fn vary(bytes: &[u8], body: impl Fn(&[u8])) {
    for place in (0..bytes.len()).step_by(bytes.len() / PLACES + 1) {
        body(&bytes[..place]);
        let mut changed = bytes.to_vec();
        for value in [0, 0x7f, 0xff, bytes[place] ^ 1] {
            changed[place] = value;
            body(&changed);
        }
    }
}

#[test]
fn flights() {
    run("flight", bodies::flight);
}

#[test]
fn certificates() {
    run("certificate", bodies::certificate);
}

#[test]
fn files_of_certificates() {
    run("pem", bodies::pem);
}

#[test]
fn openings() {
    run("opening", bodies::opening);
}

#[test]
fn every_dialogue_before_tls() {
    for protocol in PROTOCOLS {
        let target = format!("starttls_{}", protocol.name);
        run(&target, |data| bodies::starttls(protocol.name, data));
    }
}

#[test]
fn ocsp_answers() {
    run("ocsp", revocation::ocsp);
}

#[test]
fn revocation_lists() {
    run("crl", revocation::crl);
}

type Judged = fn(&[u8]) -> Verdict;

/// The signature covers everything that matters: if an OCSP response or CRL is truncated or any
/// byte is changed, it yields neither "good" nor "revoked".
#[test]
fn truncated_or_changed_revocation_data_yields_no_status() {
    use RevocationStatus::{Good, Revoked};
    let cases: [(&str, RevocationStatus, Judged); 7] = [
        ("ocsp/good", Good, revocation::stapled),
        ("ocsp/by-key", Good, revocation::stapled),
        ("ocsp/delegated", Good, revocation::stapled),
        ("ocsp/revoked", Revoked, revocation::stapled),
        ("crl/empty", Good, revocation::listed),
        ("crl/revoked", Revoked, revocation::listed),
        ("crl/users", Revoked, revocation::listed),
    ];
    for (file, status, judge) in cases {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        let whole = fs::read(corpus.join(file)).expect("a file");
        let says = |bytes: &[u8]| {
            let revocation = judge(bytes).revocation.expect("revocation was checked");
            let (_, answer) = revocation.deciding()?;
            Some(answer.status).filter(|status| *status != RevocationStatus::Unknown)
        };
        assert_eq!(says(&whole), Some(status), "{file}");
        for place in 0..whole.len() {
            assert_eq!(says(&whole[..place]), None, "{file} cut at {place}");
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert_eq!(says(&changed), None, "{file} changed at {place}");
        }
    }
}
