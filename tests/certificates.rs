//! Reads certificates made by OpenSSL: compares the result with OpenSSL's own output, damages them
//! at random, and verifies the signature of each link.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tlsweep::crypto::{SignatureCheck, verify_handshake};
use tlsweep::observation::{Certificate, Contents, PresentedName};

/// Certificates that OpenSSL prints differently, by case and index: names that we mark as unusable
/// (`dns:`, `ip:`, `uri:`), extensions that are not DER or occur twice, and text that OpenSSL trims
/// or omits.
const TOLD_APART: [(&str, usize); 10] = [
    ("address-of-five", 0),
    ("boolean-of-one", 0),
    ("empty-names", 0),
    ("idn-unicode", 0),
    ("names-given-twice", 0),
    ("names-unreadable", 0),
    ("odd-name-beside", 0),
    ("odd-string-in-subject", 0),
    ("space-behind", 0),
    ("uri-only", 0),
];

/// Returns the folders of the cases in testdata/chains.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/chains");
    let mut cases: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

fn read(case: &Path, file: &str) -> Vec<Certificate> {
    CertificateDer::pem_file_iter(case.join(file))
        .unwrap()
        .map(|der| Certificate::read(der.unwrap()))
        .collect()
}

fn sent(case: &str) -> Vec<Certificate> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/chains");
    read(&folder.join(case), "chain.pem")
}

/// Certificates that cannot be parsed, by case and index, and the field at which parsing fails.
const UNREADABLE: [(&str, usize, &str); 9] = [
    ("cut-short", 0, "certificate"),
    ("cut-short-above", 1, "certificate"),
    ("cut-short-beside", 1, "certificate"),
    ("indefinite-length", 0, "certificate"),
    ("text-as-leaf", 0, "certificate"),
    ("trailing-bytes", 0, "trailing_bytes"),
    ("unreadable-date", 0, "validity"),
    ("unreadable-date-above", 1, "validity"),
    ("version-four", 0, "version"),
];

#[test]
fn every_certificate_is_parsed_or_reports_why_not() {
    let mut count = 0;
    let mut stopped = Vec::new();
    for case in cases() {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        for (place, certificate) in read(&case, "chain.pem").iter().enumerate() {
            let field = certificate.contents.as_ref().err().map(|e| e.field());
            stopped.extend(field.map(|field| (name.clone(), place, field)));
            count += 1;
        }
    }
    let stopped: Vec<_> = stopped
        .iter()
        .map(|(name, place, field)| (name.as_str(), *place, *field))
        .collect();
    assert_eq!(stopped, UNREADABLE);
    assert!(count > 500, "only {count} certificates found");
}

#[test]
fn openssl_parses_the_same_values() {
    let mut compared = BTreeSet::new();
    let mut apart = Vec::new();
    for case in cases() {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        for (place, certificate) in read(&case, "chain.pem").iter().enumerate() {
            let Ok(contents) = &certificate.contents else {
                continue;
            };
            let (ours, theirs) = (our_fields(contents), openssl(&certificate.der));
            if compared.insert(certificate.sha256) && ours != theirs {
                apart.push((name.clone(), place, ours, theirs));
            }
        }
    }
    let named: Vec<_> = apart
        .iter()
        .map(|(name, place, ..)| (name.as_str(), *place))
        .collect();
    assert_eq!(named, TOLD_APART, "{apart:#?}");
    let count = compared.len();
    assert!(count > 300, "only {count} certificates compared");
}

/// Returns the compared fields, in the format of `openssl x509`.
fn our_fields(contents: &Contents) -> Vec<String> {
    // The last Timestamp is one day before the end of the year 9999.
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let date = |seconds| {
        let date = epoch + jiff::SignedDuration::from_secs(seconds);
        format!("{}Z", date.to_string().replace('T', " "))
    };
    let mut lines = vec![
        format!("subject={}", contents.subject.text),
        format!("issuer={}", contents.issuer.text),
        format!("notBefore={}", date(contents.not_before)),
        format!("notAfter={}", date(contents.not_after)),
    ];
    if let Some(constraints) = contents.basic_constraints {
        let ca = if constraints.ca { "TRUE" } else { "FALSE" };
        let path_len = constraints.path_len.map(|n| format!(", pathlen:{n}"));
        lines.push(format!("CA:{ca}{}", path_len.unwrap_or_default()));
    }
    let name = |name: &PresentedName| match name {
        PresentedName::Dns(name) => format!("DNS:{name}"),
        PresentedName::Address(IpAddr::V6(v6)) => {
            let parts = v6.segments().map(|part| format!("{part:X}"));
            format!("IP Address:{}", parts.join(":"))
        }
        PresentedName::Address(address) => format!("IP Address:{address}"),
        PresentedName::Other(name) => name.clone(),
    };
    if let Some(names) = &contents.sans {
        let names: Vec<_> = names.iter().map(name).collect();
        lines.push(names.join(", "));
    }
    // The order of extensions does not matter.
    lines.sort();
    lines
}

fn openssl(der: &[u8]) -> Vec<String> {
    let mut openssl = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-noout", "-subject", "-issuer"])
        .args([
            "-nameopt",
            "RFC2253,-esc_msb",
            "-dates",
            "-dateopt",
            "iso_8601",
        ])
        .args(["-ext", "basicConstraints,subjectAltName"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is installed (run scripts/install-peers)");
    openssl.stdin.take().unwrap().write_all(der).unwrap();
    let output = openssl.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().map(str::trim);
    let mut lines: Vec<_> = lines
        .filter(|line| !line.starts_with("X509v3 "))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

#[test]
fn keys_and_signatures_have_their_names() {
    // Case, index in the chain, key, signature algorithm.
    let named = [
        ("good", 0, "p256", "sha256WithRSAEncryption"),
        ("good", 1, "rsa2048", "sha256WithRSAEncryption"),
        ("sha1-leaf", 0, "p256", "sha1WithRSAEncryption"),
        ("md5-intermediate", 1, "rsa2048", "md5WithRSAEncryption"),
        ("ecdsa-sha1-leaf", 0, "p256", "ecdsa-with-SHA1"),
        ("rsa1024-leaf", 0, "rsa1024", "sha256WithRSAEncryption"),
        ("dsa-leaf", 0, "dsa2048", "sha256WithRSAEncryption"),
        ("pss-signature", 0, "p256", "rsassaPss-with-SHA256"),
        ("pss-key", 0, "rsapss2048", "sha256WithRSAEncryption"),
        ("p384-sha512", 0, "p384", "ecdsa-with-SHA512"),
        ("p521-sha512", 0, "p521", "ecdsa-with-SHA512"),
        ("ed25519", 0, "ed25519", "ED25519"),
        ("ed448-issuer", 1, "ed448", "sha256WithRSAEncryption"),
        ("ed448-issuer", 0, "p256", "ED448"),
    ];
    for (case, place, key, signature) in named {
        let certificate = &sent(case)[place];
        let contents = certificate.contents.as_ref().unwrap();
        let found = (contents.key.name.as_str(), contents.signature.name.as_str());
        assert_eq!(found, (key, signature), "{case}");
    }
}

#[test]
fn the_signature_of_each_link_is_verified() {
    use SignatureCheck::{Invalid, Unsupported, Valid};
    // Case, the result of verifying the leaf's signature with the next certificate, and the TLS
    // signature schemes under which the same signature verifies.
    let links: [(&str, SignatureCheck, &[u16]); 18] = [
        ("good", Valid, &[0x0401]),
        ("sha1-leaf", Valid, &[0x0201]),
        ("ecdsa-sha1-leaf", Valid, &[0x0203]),
        ("sha1-intermediate", Valid, &[0x0401]),
        ("rsa1024-intermediate", Valid, &[0x0401]),
        ("pss-signature", Valid, &[0x0804, 0x0809]),
        ("pss-salt-of-20", Valid, &[]),
        ("p384-sha512", Valid, &[0x0603]),
        ("p521-sha512", Valid, &[0x0603]),
        ("ed25519", Valid, &[0x0807]),
        ("ed448-issuer", Unsupported, &[]),
        ("bad-signature", Invalid, &[]),
        ("bad-signature-no-identifier", Invalid, &[]),
        ("namesake-unknown", Invalid, &[]),
        ("extra-certificate", Valid, &[0x0401]),
        ("duplicate-leaf", Invalid, &[]),
        ("trailing-bytes", Unsupported, &[]),
        ("negative-serial", Valid, &[0x0401]),
    ];
    for (case, expected, schemes) in links {
        let chain = sent(case);
        assert_eq!(chain[0].signed_by(&chain[1]), expected, "{case}");
        let (Ok(leaf), Ok(issuer)) = (&chain[0].contents, &chain[1].contents) else {
            continue;
        };
        let message = &chain[0].der[leaf.tbs.clone()];
        let signature = &chain[0].der[leaf.signature_value.clone()];
        let verifies =
            |scheme: &u16| verify_handshake(*scheme, &issuer.key.spki, message, signature) == Valid;
        let found: Vec<u16> = (0..=0x0fff).filter(verifies).collect();
        assert_eq!(found, schemes, "{case}");
    }
}

#[test]
fn a_certificate_that_names_itself_as_issuer_may_not_have_signed_itself() {
    for (case, claims, proof) in [
        ("self-signed-ca", true, SignatureCheck::Valid),
        ("self-signed-v1", true, SignatureCheck::Valid),
        ("good", false, SignatureCheck::Invalid),
    ] {
        let leaf = &sent(case)[0];
        assert_eq!(
            (
                leaf.contents.as_ref().is_ok_and(Contents::is_self_issued),
                leaf.signed_by(leaf)
            ),
            (claims, proof),
            "{case}"
        );
    }
}

#[test]
fn an_md5_signature_is_neither_valid_nor_invalid() {
    let case = cases()
        .into_iter()
        .find(|c| c.ends_with("md5-intermediate"))
        .unwrap();
    let (chain, roots) = (read(&case, "chain.pem"), read(&case, "roots.pem"));
    assert_eq!(chain[1].signed_by(&roots[0]), SignatureCheck::Unsupported);
}

proptest! {
    #[test]
    fn damaged_certificates_never_panic(
        place in 0..1000usize,
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        use std::sync::LazyLock;
        static ALL: LazyLock<Vec<Certificate>> =
            LazyLock::new(|| cases().iter().flat_map(|case| read(case, "chain.pem")).collect());
        let original = &ALL[place % ALL.len()];
        let mut der = original.der.to_vec();
        for (index, byte) in edits {
            let place = index.index(der.len());
            der[place] = byte;
        }
        if let Some(cut) = cut {
            der.truncate(cut.index(der.len()));
        }
        let certificate = Certificate::read(CertificateDer::from(der));
        if let Ok(contents) = &certificate.contents {
            prop_assert!(certificate.der.get(contents.tbs.clone()).is_some());
            prop_assert!(certificate.der.get(contents.signature_value.clone()).is_some());
        }
        let _ = (certificate.signed_by(original), original.signed_by(&certificate));
    }

    #[test]
    fn arbitrary_bytes_never_panic(der in proptest::collection::vec(any::<u8>(), 0..600)) {
        let certificate = Certificate::read(CertificateDer::from(der));
        prop_assert!(!certificate.is_ca());
    }
}
