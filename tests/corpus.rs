//! The fuzz targets over their corpus, each file as it is, cut short at every place, and with each
//! byte changed: what a fuzzer would try first, on stable and in every run.

#[path = "../fuzz/bodies.rs"]
mod bodies;
#[path = "../fuzz/revocation.rs"]
mod revocation;

use std::fs;
use std::path::Path;

use tlsweep::starttls::PROTOCOLS;
use tlsweep::verdict::{RevocationStatus, Verdict};

/// Places of a file that are varied; in longer files they lie apart.
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
        assert!(bytes.len() <= 8192, "{}: a corpus is small", path.display());
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

/// A signature covers all that counts: cut short anywhere, or with any byte changed, an answer and
/// a list say neither "good" nor "revoked".
#[test]
fn what_is_not_whole_says_nothing_of_revocation() {
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
            let revocation = judge(bytes).revocation.expect("it was asked");
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
