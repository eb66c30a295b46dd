//! The fuzz targets over their corpus, each file as it is, cut short at every place, and with each
//! byte changed: what a fuzzer would try first, on stable and in every run.

#[path = "../fuzz/bodies.rs"]
mod bodies;

use std::fs;
use std::path::Path;

use tlsweep::starttls::PROTOCOLS;

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
