//! Certificate files as users have them: what is read, what is reported about the rest, and that
//! nothing is ignored silently.

mod support;

use std::fs;
use std::path::Path;

use support::pki::{Leaf, Pki};
use support::{Run, folder, path, run, tool, write};
use tempfile::TempDir;

const NAME: &str = "www.example.test";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";

/// A valid chain and its root, as PEM texts to combine.
struct Files {
    folder: TempDir,
    leaf: String,
    issuer: String,
    root: String,
}

impl Files {
    fn new() -> Self {
        let pki = Pki::new();
        let good = pki.leaf("good", Leaf::GOOD);
        let read = |path: &str| fs::read_to_string(path).expect("PEM");
        let (leaf, issuer, root) = (read(&good.leaf), read(&good.issuer), read(&pki.root()));
        Self {
            folder: folder(),
            leaf,
            issuer,
            root,
        }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        write(&self.folder, name, bytes)
    }

    /// Runs `check` on a file with the root, or with these other flags.
    fn check(&self, file: &str, further: &[&str]) -> Run {
        let root = self.write("root.pem", &self.root);
        let trust: &[&str] = match further.contains(&"--trust") {
            true => &[],
            false => &["--trust", &root],
        };
        run(&[&["check", file, "--name", NAME], trust, further].concat())
    }

    fn pkcs7(&self, form: &str, texts: &[&str]) -> Vec<u8> {
        let parts = self.write("parts.pem", texts.concat());
        let arguments = ["crl2pkcs7", "-nocrl", "-outform", form, "-certfile", &parts];
        tool("openssl", &arguments, Path::new("/"))
    }
}

fn verdict(ended: Run, expected: &str) -> String {
    let ended = ended.expect(i32::from(expected != "ok"));
    assert_eq!(ended.rows()[0].verdict(), expected, "{ended:#?}");
    ended.stderr
}

/// Checks that the run failed with one line of error text that contains all of these.
fn refused(ended: Run, words: &[&str]) {
    let ended = ended.expect(2);
    assert!(ended.stdout.is_empty(), "{ended:#?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:#?}");
    assert!(ended.stderr.len() < 600, "{ended:#?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word}: {ended:#?}");
    }
}

#[test]
fn the_certificates_of_a_scan_may_include_no_issuer() {
    let files = Files::new();
    let chain = files.write("chain.pem", format!("{}{}", files.leaf, files.issuer));
    let seen = files.write("seen.pem", &files.leaf);
    let says = verdict(files.check(&chain, &["--intermediates", &seen]), "ok");
    let expected = "seen.pem: none of its certificates is a CA certificate";
    assert!(says.contains(expected), "{says}");
    // A file without any certificate is a mistake.
    let other = files.write("other.txt", "hello\n");
    let ended = files.check(&chain, &["--intermediates", &other]);
    refused(ended, &["--intermediates", "other.txt"]);
}

#[test]
fn a_chain_is_read_from_every_kind_of_file() {
    let files = Files::new();
    let (leaf, issuer) = (&files.leaf, &files.issuer);
    let chain = format!("{leaf}{issuer}");
    let glued = format!("{}{issuer}", leaf.trim_end());
    let der = files.pkcs7("DER", &[leaf, issuer]);
    let armoured = files.pkcs7("PEM", &[issuer, leaf]);
    for (name, bytes, notice) in [
        ("plain.pem", chain.clone().into_bytes(), ""),
        ("crlf.pem", chain.replace('\n', "\r\n").into_bytes(), ""),
        ("cr.pem", chain.replace('\n', "\r").into_bytes(), ""),
        ("glued.pem", glued.into_bytes(), "is not at the start"),
        (
            "mark.pem",
            format!("\u{feff}{chain}").into_bytes(),
            "is not at the start",
        ),
        (
            "blanks.pem",
            chain.replace('\n', "\n  ").into_bytes(),
            "is not at the start",
        ),
        (
            "key.pem",
            format!("{KEY}{chain}").into_bytes(),
            "line 1: a private key is ignored",
        ),
        (
            "other.pem",
            format!("{chain}-----BEGIN DH PARAMETERS-----\n").into_bytes(),
            "DH PARAMETERS",
        ),
        (
            "old.pem",
            chain
                .replace("CERTIFICATE", "X509 CERTIFICATE")
                .into_bytes(),
            "",
        ),
        ("chain.p7b", der, ""),
        ("chain-pem.p7b", armoured, ""),
    ] {
        let file = files.write(name, bytes);
        let said = verdict(files.check(&file, &[]), "ok");
        assert!(
            said.contains(notice) && said.is_empty() == notice.is_empty(),
            "{name}: {said}"
        );
        assert!(notice.is_empty() || said.contains(name), "{name}: {said}");
        assert!(!said.contains("c2VjcmV0"), "{said}");
    }
}

#[test]
fn a_broken_chain_is_rejected_with_its_line() {
    let files = Files::new();
    let (leaf, issuer) = (&files.leaf, &files.issuer);
    let after = leaf.lines().count();
    let line = |more: usize| format!("line {}: ", after + more);
    let utf16: Vec<u8> = leaf.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let half = &issuer[..issuer.len() / 2];
    for (name, bytes, words) in [
        (
            "bad.pem",
            format!("{leaf}{}", issuer.replace("MII", "M!!")),
            [&*line(2), "! is not base64"],
        ),
        (
            "cut.pem",
            format!("{leaf}{half}"),
            [&*line(1), "is it complete?"],
        ),
        (
            "cut-first.pem",
            format!("{half}{leaf}"),
            ["line 1: ", "before the next BEGIN"],
        ),
        (
            "labels.pem",
            format!("{leaf}{}", issuer.replace("END CERT", "END TRUSTED CERT")),
            [&*line(1), "END says TRUSTED"],
        ),
        (
            "four.pem",
            format!("{leaf}{}", issuer.replace("-----BEGIN", "----BEGIN")),
            [&*line(1), "five hyphens"],
        ),
        (
            "lines.pem",
            leaf.replace('\n', "\\n"),
            ["line 1: ", "printf"],
        ),
        (
            "only.key",
            KEY.to_owned(),
            ["private key", "give the certificate's file"],
        ),
    ] {
        let file = files.write(name, bytes);
        refused(files.check(&file, &[]), &[&[name], &words[..]].concat());
    }
    let file = files.write("utf16.pem", utf16);
    refused(files.check(&file, &[]), &["utf16.pem", "UTF-16", "iconv"]);
    refused(
        files.check(&file, &["--intermediates", &file]),
        &["--intermediates", "UTF-16"],
    );
    refused(
        files.check(&file, &["--trust", &file]),
        &["--trust", "UTF-16"],
    );
}

#[test]
fn keys_in_a_folder_are_skipped() {
    let files = Files::new();
    let sites = path(&files.folder, "sites");
    fs::create_dir(&sites).expect("a folder");
    let chain = format!("{}{}", files.leaf, files.issuer);
    fs::write(format!("{sites}/{NAME}.pem"), chain).expect("a file");
    fs::write(format!("{sites}/{NAME}.key"), KEY).expect("a file");
    let root = files.write("root.pem", &files.root);
    let ended = run(&["check", &sites, "--trust", &root]).expect(0);
    assert_eq!(ended.rows().len(), 1);
    assert!(
        ended.stderr.contains(&format!("{NAME}.key: private key")),
        "{ended:#?}"
    );
}

#[test]
fn ignored_parts_of_stores_and_intermediates_are_reported() {
    let stranger = fs::read_to_string(Pki::new().root()).expect("another root");
    let files = Files::new();
    let chain = files.write("chain.pem", format!("{}{}", files.leaf, files.issuer));
    let leaf = files.write("leaf.pem", &files.leaf);
    let glued = files.write(
        "glued.pem",
        format!("{}{}", stranger.trim_end(), files.root),
    );
    verdict(files.check(&chain, &["--trust", &glued]), "ok");
    let trusted = |more: &[&str]| {
        let root = files.write("root.pem", &files.root);
        let arguments = [&["x509", "-in", &*root, "-trustout"], more].concat();
        tool("openssl", &arguments, Path::new("/"))
    };
    for (settings, expected) in [
        (&["-addtrust", "serverAuth"][..], "ok"),
        (&["-addreject", "emailProtection"], "ok"),
        (&["-addtrust", "emailProtection"], "excluded"),
        (
            &["-addtrust", "serverAuth", "-addreject", "serverAuth"],
            "excluded",
        ),
    ] {
        let store = [trusted(settings), stranger.clone().into_bytes()].concat();
        let store = files.write("trusted.pem", store);
        let ended = files.check(&chain, &["--trust", &store]);
        match expected {
            "ok" => drop(verdict(ended, "ok")),
            _ => {
                let said = verdict(ended, "untrusted_ca");
                assert!(
                    said.contains("line 1: skipped: its OpenSSL trust settings"),
                    "{said}"
                );
            }
        }
    }
    let bundle = files.write(
        "bundle.p7b",
        files.pkcs7("PEM", &[&files.root, &files.issuer]),
    );
    verdict(
        files.check(&leaf, &["--intermediates", &bundle]),
        "missing_intermediate",
    );
    verdict(files.check(&chain, &["--trust", &bundle]), "ok");
    let noted = files.write("noted.pem", format!("{}{KEY}", files.issuer));
    let said = verdict(
        files.check(&leaf, &["--intermediates", &noted]),
        "missing_intermediate",
    );
    assert!(
        said.contains("noted.pem: line") && said.contains("a private key"),
        "{said}"
    );
    let broken = files.write(
        "broken.pem",
        format!("{}{}", files.root, files.issuer.replace("MII", "M!!")),
    );
    refused(
        files.check(&leaf, &["--intermediates", &broken]),
        &["broken.pem: line", "! is not base64"],
    );
    let said = verdict(files.check(&chain, &["--trust", &broken]), "ok");
    assert!(
        said.contains("broken: line") && said.contains("! is not base64"),
        "{said}"
    );
}

#[test]
fn ignored_parts_of_revocation_lists_are_reported() {
    let files = Files::new();
    let chain = files.write("chain.pem", format!("{}{}", files.leaf, files.issuer));
    let cut = "-----BEGIN X509 CRL-----\nMIIB\n";
    let none = "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n";
    for (name, text, words) in [
        ("cut.crl", cut.to_owned(), ["line 1: ", "is it complete?"]),
        (
            "none.crl",
            format!("# ours\n{none}"),
            ["line 2: ", "not a valid revocation list"],
        ),
        (
            "four.crl",
            none.replace("-----BEGIN", "----BEGIN"),
            ["line 1: ", "five hyphens"],
        ),
        (
            "certs.crl",
            files.issuer.clone(),
            ["not a certificate revocation list", "X509 CRL"],
        ),
    ] {
        let lists = files.write(name, text);
        let asked = ["--revocation", "crl", "--crls", &lists];
        refused(files.check(&chain, &asked), &[&[name], &words[..]].concat());
    }
}
