//! The fuzz targets over their corpus, each file as it is, cut short at every place, and with each
//! byte changed: what a fuzzer would try first, on stable and in every run.

#[path = "../fuzz/bodies.rs"]
mod bodies;

use std::fs;
use std::path::Path;

/// Places of a file that are varied; in longer files they lie apart.
const PLACES: usize = 400;

fn run(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files = 0;
    for entry in fs::read_dir(folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file");
        assert!(bytes.len() <= 8192, "{}: a corpus is small", path.display());
        body(&bytes);
        vary(&bytes, body);
        files += 1;
    }
    assert!(files >= 5, "{target}: {files} files");
}

fn vary(bytes: &[u8], body: fn(&[u8])) {
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
