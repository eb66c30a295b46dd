//! CRLs made by openssl and CRLite filters made by Mozilla's builder, as `check` uses them, and the
//! invalid ones that it rejects.

mod support;

use std::fs;

use clubcard::builder::{ApproximateRibbon, ClubcardBuilder, ExactRibbon};
use clubcard_crlite::builder::CRLiteBuilderItem;
use clubcard_crlite::{CRLiteClubcard, CRLiteCoverage, CRLiteQuery, Encoding, IssuerSpkiHash};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use support::pki::{Issued, Leaf, Pki};
use support::revocation::{List, der, spoilt};
use support::{Refusing, Row, folder, path, read_rows, run, write};
use tlsweep::gather::{RevocationData, RevocationSources};
use tlsweep::observation::Certificate;
use tlsweep::probe;

const NAME: &str = "www.example.test";
/// A CRL distribution point that is never contacted, because its address is private.
const ADDRESS: &str = "http://127.0.0.1/1.crl";

const DAY: i64 = 86_400;

/// The log of all SCTs here, as it appears in certificates and in Mozilla's list of logs.
const LOG: [u8; 32] = [7; 32];
const LOG_TEXT: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

struct Lab {
    pki: Pki,
    leaf: Issued,
}

impl Lab {
    fn new() -> Self {
        let pki = Pki::new();
        let leaf = pki.leaf("leaf", logged(0));
        Self { pki, leaf }
    }

    fn check(&self, leaf: &Issued, more: &[&str]) -> Row {
        let trust = format!("--trust={}", self.pki.root());
        let arguments = ["check", &leaf.chain, "--name", NAME, &trust];
        let rows = run(&[&arguments[..], more].concat()).rows();
        rows.into_iter().next().expect("a row")
    }

    /// Returns the revocation status and reason of the row.
    fn asked(&self, crls: &str) -> Row {
        self.check(&self.leaf, &["--revocation=crl", &format!("--crls={crls}")])
    }

    fn made(&self, name: &str, list: List<'_>) -> String {
        support::revocation::list(&self.pki, name, list)
    }
}

/// Issues a leaf that was logged this number of days ago.
fn logged(days: i64) -> Leaf<'static> {
    let at = u64::try_from((probe::now().as_second() - days * DAY) * 1_000).expect("after 1970");
    let sct = [&[0][..], &LOG, &at.to_be_bytes(), &[0, 0, 4, 3, 0, 0]].concat();
    let digits: String = sct.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("1.3.6.1.4.1.11129.2.4.2=DER:04330031002f{digits}");
    Leaf {
        extensions: format!("crlDistributionPoints=URI:{ADDRESS}\n{list}").leak(),
        ..Leaf::GOOD
    }
}

fn status_of(row: &Row) -> (&str, Option<&str>) {
    (
        row.text("/revocation/status"),
        row.at("/revocation/reason").as_str(),
    )
}

#[test]
fn a_list_applies_only_to_certificates_in_its_scope() {
    let lab = Lab::new();
    let point = |fields: &str| format!("issuingDistributionPoint=critical,@i\n[i]\n{fields}\n");
    let revoked = ("revoked", Some("key_compromise"));
    let out_of_scope = ("unknown", Some("crl_out_of_scope"));
    let unsupported = ("unknown", Some("crl_unsupported"));
    let cases = [
        ("plain", String::new(), revoked),
        ("users", point("onlyuser=TRUE"), revoked),
        (
            "address",
            point(&format!("fullname=URI:{ADDRESS}")),
            revoked,
        ),
        (
            "other-address",
            point(&format!("fullname=URI:{ADDRESS}2")),
            out_of_scope,
        ),
        ("relative", point("relativename=r\n[r]\nCN=1"), out_of_scope),
        ("cas", point("onlyCA=TRUE"), out_of_scope),
        ("attributes", point("onlyAA=TRUE"), out_of_scope),
        ("indirect", point("indirectCRL=TRUE"), revoked),
        ("reasons", point("onlysomereasons=keyCompromise"), revoked),
        (
            "delta",
            "2.5.29.27=critical,DER:020101".to_owned(),
            unsupported,
        ),
        (
            "unheard-of",
            "1.2.3.4=critical,DER:0500".to_owned(),
            unsupported,
        ),
        ("of-no-matter", "1.2.3.4=DER:0500".to_owned(), revoked),
    ];
    for (name, extensions, expected) in cases {
        let pem = lab.made(
            name,
            List {
                revoked: Some((&lab.leaf.leaf, "keyCompromise")),
                extensions: &extensions,
                ..List::EMPTY
            },
        );
        for file in [&pem, &der(&pem)] {
            let row = lab.asked(file);
            assert_eq!(status_of(&row), expected, "{name}: {}", row.0);
            let is_revoked = row.verdict() == "revoked";
            assert_eq!(is_revoked, expected == revoked, "{name}");
        }
    }
}

#[test]
fn a_list_applies_only_during_its_validity_and_to_its_issuer() {
    let lab = Lab::new();
    let revoked = List {
        revoked: Some((&lab.leaf.leaf, "keyCompromise")),
        ..List::EMPTY
    };
    let dated = |from, until| List {
        dates: (from, until),
        ..revoked
    };
    let of_the_root = List {
        issuer: "ca-root",
        ..revoked
    };
    let (old, early) = (
        dated("20200101000000Z", "20210101000000Z"),
        dated("20390101000000Z", "20400101000000Z"),
    );
    for (name, list, expected) in [
        ("empty", List::EMPTY, ("good", None)),
        ("old", old, ("unknown", Some("crl_expired"))),
        ("early", early, ("unknown", Some("crl_not_yet_valid"))),
        (
            "of-the-root",
            of_the_root,
            ("unknown", Some("crl_not_fetched")),
        ),
    ] {
        let row = lab.asked(&lab.made(name, list));
        assert_eq!(status_of(&row), expected, "{name}: {}", row.0);
        assert_eq!(row.verdict(), "ok", "{name}");
    }
}

#[test]
fn a_list_gives_time_and_reason_of_the_revocation() {
    let lab = Lab::new();
    let crl = lab.made(
        "revoked",
        List {
            revoked: Some((&lab.leaf.leaf, "superseded")),
            ..List::EMPTY
        },
    );
    let row = lab.asked(&crl);
    for (pointer, expected) in [
        ("/revocation/source", "crl"),
        ("/revocation/certificate", "leaf"),
        ("/revocation/revoked_at", "2026-05-04T00:00:00Z"),
        ("/revocation/this_update", "2026-01-01T00:00:00Z"),
        ("/revocation/answers/0/next_update", "2039-01-01T00:00:00Z"),
        ("/revocation/answers/0/from", &crl),
        ("/revocation/answers/1/certificate", "intermediate"),
        ("/revocation/answers/1/reason", "no_crl"),
    ] {
        assert_eq!(row.text(pointer), expected, "{pointer}");
    }
    let (trust, crls) = (
        format!("--trust={}", lab.pki.root()),
        format!("--crls={crl}"),
    );
    let text = ["--format=text", "--revocation=crl", &trust, &crls];
    let run = run(&[&["check", &lab.leaf.chain, "--name", NAME], &text[..]].concat()).expect(1);
    for words in ["revoked 2026-05-04 (", ", superseded; crl of 2026-01-01"] {
        assert!(run.stdout.contains(words), "{}", run.stdout);
    }
}

#[test]
fn a_list_with_an_invalid_signature_is_ignored() {
    let lab = Lab::new();
    let empty = spoilt(&der(&lab.made("empty", List::EMPTY)));
    assert_eq!(
        status_of(&lab.asked(&empty)),
        ("unknown", Some("crl_not_by_issuer"))
    );
    // A CRL of another CA with the same issuer name does not apply either.
    let stranger = Lab::new();
    let foreign = stranger.made("foreign", List::EMPTY);
    assert_eq!(
        status_of(&lab.asked(&foreign)),
        ("unknown", Some("crl_not_by_issuer"))
    );
}

#[test]
fn a_revoked_intermediate_revokes_its_leaves() {
    let lab = Lab::new();
    let intermediate = lab.pki.intermediate();
    let root = List {
        issuer: "ca-root",
        revoked: Some((&intermediate, "CACompromise")),
        ..List::EMPTY
    };
    let folder = folder();
    for (name, list) in [("root", root), ("leaves", List::EMPTY)] {
        fs::copy(lab.made(name, list), path(&folder, name)).expect("a copy");
    }
    write(&folder, "README", "what else lies about");
    let row = lab.asked(folder.path().to_str().expect("UTF-8"));
    assert_eq!(row.verdict(), "revoked");
    assert_eq!(status_of(&row), ("revoked", Some("ca_compromise")));
    assert_eq!(row.text("/revocation/certificate"), "intermediate");
    assert_eq!(row.text("/revocation/answers/0/status"), "good");
    let finding = row.finding("revoked").expect("it is revoked");
    assert_eq!(finding["certificate"], "intermediate");
    assert_eq!(finding.get("contradicted_by"), None);
}

/// A certificate that a newer CRL of the same scope no longer lists was on hold.
#[test]
fn the_newer_of_two_lists_of_the_same_scope_applies() {
    let lab = Lab::new();
    let held = List {
        revoked: Some((&lab.leaf.leaf, "certificateHold")),
        ..List::EMPTY
    };
    let later = ("20260601000000Z", "20390101000000Z");
    for (newer, older, expected) in [
        (List::EMPTY, held, ("good", None)),
        (held, List::EMPTY, ("revoked", Some("certificate_hold"))),
    ] {
        let newer = lab.made(
            "newer",
            List {
                dates: later,
                ..newer
            },
        );
        let older = lab.made("older", older);
        let row = lab.check(
            &lab.leaf,
            &["--revocation=crl", "--crls", &older, "--crls", &newer],
        );
        assert_eq!(status_of(&row), expected);
    }
}

#[test]
fn a_filter_answers_for_its_issuers_and_days() {
    let lab = Lab::new();
    let leaves: Vec<_> = ["good", "revoked"]
        .map(|name| lab.pki.leaf(name, logged(20)))
        .into();
    let late = lab.pki.leaf("late", logged(0));
    let unlogged = lab.pki.leaf("unlogged", Leaf::GOOD);
    let cases = [
        (2, &leaves[0], ("good", None)),
        (2, &leaves[1], ("revoked", None)),
        (2, &late, ("unknown", Some("not_covered"))),
        (2, &unlogged, ("unknown", Some("no_sct"))),
        // The filter is eleven days old: what it lists remains revoked, and what it does not list
        // may have been revoked since.
        (11, &leaves[0], ("unknown", Some("filter_expired"))),
        (11, &leaves[1], ("revoked", None)),
    ];
    for (days, leaf, expected) in cases {
        let folder = folder();
        write(&folder, "20261101-0-default.filter", filter(&leaves, days));
        write(&folder, "manifest.json", "{}");
        let crlite = format!("--crlite={}", folder.path().display());
        let row = lab.check(leaf, &["--revocation=crlite", &crlite]);
        assert_eq!(status_of(&row), expected, "{}", row.0);
        assert_eq!(row.verdict() == "revoked", expected.0 == "revoked");
    }
    // The leaves belong to the intermediate; the root is not enrolled.
    let issuer = Leaf {
        issuer: support::pki::Issuer::Root,
        ..logged(20)
    };
    let other = lab.pki.leaf("other", issuer);
    let folder = folder();
    write(&folder, "filter", filter(&leaves, 2));
    let crlite = format!("--crlite={}", folder.path().display());
    let row = lab.check(&other, &["--revocation=crlite", &crlite]);
    assert_eq!(status_of(&row), ("unknown", Some("not_enrolled")));
}

/// Builds a filter, up to this number of days ago, in which the second of these leaves of one
/// issuer is revoked.
fn filter(leaves: &[Issued], days: i64) -> Vec<u8> {
    let read = |pem: &str| {
        let der = CertificateDer::from_pem_file(pem).expect("a certificate");
        Certificate::read(der).contents.expect("it is readable")
    };
    let issuer = IssuerSpkiHash(read(&leaves[0].issuer).key.spki_sha256.0);
    let serials: Vec<_> = leaves
        .iter()
        .map(|leaf| read(&leaf.leaf).serial.to_vec())
        .collect();
    let mut builder = ClubcardBuilder::new();
    let mut approximate = builder.new_approx_builder(&issuer.0);
    approximate.set_universe_size(serials.len());
    approximate.insert(CRLiteBuilderItem::revoked(issuer, serials[1].clone()));
    builder.collect_approx_ribbons(vec![ApproximateRibbon::from(approximate)]);
    let mut exact = builder.new_exact_builder(&issuer.0);
    exact.insert(CRLiteBuilderItem::not_revoked(issuer, serials[0].clone()));
    exact.insert(CRLiteBuilderItem::revoked(issuer, serials[1].clone()));
    builder.collect_exact_ribbons(vec![ExactRibbon::from(exact)]);
    let newest = (probe::now().as_second() - days * DAY) * 1_000;
    let logs = format!(
        r#"[{{"LogID":"{LOG_TEXT}","MaxTimestamp":{newest},"MinTimestamp":0,"MMD":0,"MinEntry":0}}]"#
    );
    let coverage = CRLiteCoverage::from_mozilla_ct_logs_json(logs.as_bytes());
    let filter = CRLiteClubcard::from(builder.build::<CRLiteQuery<'_>>(coverage, ()));
    filter.to_bytes(Encoding::V4).expect("a filter")
}

#[test]
fn a_truncated_list_is_rejected() {
    let lab = Lab::new();
    let whole = fs::read(der(&lab.made("whole", List::EMPTY))).expect("a list");
    let mut data = RevocationData::new(RevocationSources::default());
    for end in 0..whole.len() {
        assert!(data.add_crl("cut", &whole[..end]).is_err(), "{end}");
    }
    data.add_crl("whole", &whole).expect("a list");
    data.add_crl("again", &whole).expect("the same list");
    assert_eq!(data.crl_count(), 1);
}

#[test]
fn contradictory_revocation_flags_are_rejected() {
    let lab = Lab::new();
    let here = folder();
    let (text, crl) = (
        write(&here, "text", "no list"),
        lab.made("list", List::EMPTY),
    );
    let empty = folder();
    let empty = empty.path().to_str().expect("UTF-8");
    let crls = format!("--crls={crl}");
    for (flags, status_of) in [
        (
            &["--revocation=crlite"][..],
            "give their folder with --crlite",
        ),
        (&[&*crls], "add crl to --revocation"),
        (&["--revocation=staple", &crls], "add crl to --revocation"),
        (
            &["--revocation=staple", &format!("--crlite={empty}")],
            "add crlite to --revocation",
        ),
        (
            &["--revocation=crl", &format!("--crls={text}")],
            "not a certificate revocation list",
        ),
        (
            &["--revocation=crl", &format!("--crls={empty}")],
            "no revocation list (CRL) in this folder",
        ),
        (
            &["--revocation=crlite", &format!("--crlite={empty}")],
            "no CRLite filter in this folder",
        ),
        (
            &["--revocation=crl", "--crls=/nowhere/at/all"],
            "cannot read /nowhere/at/all",
        ),
        (&["--revocation=ocsp"], "staple, crl, crlite"),
    ] {
        let arguments = ["check", &lab.leaf.chain, "--name", NAME];
        let run = run(&[&arguments[..], flags].concat()).expect(2);
        assert!(run.stderr.contains(status_of), "{flags:?}: {}", run.stderr);
    }
}

/// A scan reads CRLs like `check`, and reports what it ignored.
#[test]
fn a_scan_reports_ignored_lists() {
    let lab = Lab::new();
    let folder = folder();
    fs::copy(lab.made("list", List::EMPTY), path(&folder, "list")).expect("a copy");
    write(&folder, "README", "what else lies about");
    let crls = format!("--crls={}", folder.path().display());
    let port = Refusing::new();
    let target = format!("{NAME}@{}", format_args!("127.0.0.1:{}", port.port));
    let rows = format!("--output={}", path(&folder, "rows.jsonl"));
    let asked = ["--retries=0", "--revocation=crl,staple", &crls, &rows];
    let run = run(&[&["scan", &target][..], &asked].concat()).expect(0);
    assert!(
        run.stderr
            .contains("skipped files that contain no CRL or filter: 1"),
        "{}",
        run.stderr
    );
    let rows = read_rows(&path(&folder, "rows.jsonl"));
    assert_eq!(rows[0].at("/revocation"), &Value::Null);
    let manifest = fs::read(path(&folder, "rows.jsonl.manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let asked = json!({ "sources": ["staple", "crl"], "lists": 1, "filters": 0 });
    assert_eq!(manifest["revocation"], asked);
}
