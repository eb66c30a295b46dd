//! Stapled OCSP responses, made by openssl and sent by its servers, as judged on the day itself, on
//! other days, and together with a CRL that contradicts them.

mod support;

use std::collections::BTreeSet;

use serde_json::Value;

use support::peers::SServer;
use support::pki::{Issuer, Leaf, Pki};
use support::revocation::{List, Says, answer, itself, list, spoilt};
use support::{AT_HOME, Row, path, read_rows, run, write};

const NAME: &str = "www.example.test";

const LONG: Option<(&str, &str)> = Some(("20200101000000Z", "20400101000000Z"));
const PLAIN: Leaf<'static> = Leaf {
    dates: LONG,
    ..Leaf::GOOD
};
const MUST_STAPLE: Leaf<'static> = Leaf {
    extensions: "tlsfeature=status_request",
    ..PLAIN
};
const RESPONDER: Leaf<'static> = Leaf {
    sans: "",
    extensions: "extendedKeyUsage=OCSPSigning",
    ..PLAIN
};

/// The OCSP response that a server staples.
enum Staple {
    Nothing,
    /// A response signed by the issuer.
    Answer(Says),
    /// A good response, signed by the holder of such a certificate.
    By(Leaf<'static>),
    /// A good response with an invalid signature.
    Spoilt,
    /// A good response about another leaf of the issuer.
    OfAnother,
    /// A good response of another issuer about the same serial number.
    OfAnotherIssuer,
    /// These bytes.
    Bytes(&'static [u8]),
}

use Staple::{Answer, By, Bytes, Nothing, OfAnother, OfAnotherIssuer, Spoilt};

/// A server and the expected result.
struct Case {
    name: &'static str,
    leaf: Leaf<'static>,
    staple: Staple,
    /// Expected status and reason.
    known: [Option<&'static str>; 2],
    verdict: &'static str,
    findings: &'static [&'static str],
}

const GOOD: [Option<&str>; 2] = [Some("good"), None];
const INVALID: &[&str] = &["staple_invalid"];

const fn unknown(reason: &'static str) -> [Option<&'static str>; 2] {
    [Some("unknown"), Some(reason)]
}

const fn case(
    name: &'static str,
    leaf: Leaf<'static>,
    staple: Staple,
    known: [Option<&'static str>; 2],
    (verdict, findings): (&'static str, &'static [&'static str]),
) -> Case {
    Case {
        name,
        leaf,
        staple,
        known,
        verdict,
        findings,
    }
}

/// An OCSPResponse with the status tryLater.
const TRY_LATER: &[u8] = &[0x30, 3, 0x0a, 1, 3];

/// A successful OCSPResponse that contains two bytes instead of a BasicOCSPResponse.
const EMPTY: &[u8] = b"\x30\x16\x0a\x01\x00\xa0\x11\x30\x0f\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01\x04\x02\x30\x00";

#[rustfmt::skip] // A row a line.
const CASES: &[Case] = &[
    case("good", PLAIN, Answer(Says::Good), GOOD, ("ok", &[])),
    case("revoked", PLAIN, Answer(Says::Revoked("keyCompromise")), [Some("revoked"), Some("key_compromise")], ("revoked", &["revoked"])),
    case("revoked without a reason", PLAIN, Answer(Says::Revoked("")), [Some("revoked"), None], ("revoked", &["revoked"])),
    case("unknown to the responder", PLAIN, Answer(Says::Unknown), unknown("responder_does_not_know"), ("ok", &[])),
    case("delegated", PLAIN, By(RESPONDER), GOOD, ("ok", &[])),
    case("delegated without the usage", PLAIN, By(PLAIN), unknown("staple_responder_not_allowed"), ("ok", INVALID)),
    case("delegated by another CA", PLAIN, By(Leaf { issuer: Issuer::Rsa, ..RESPONDER }), unknown("staple_responder_not_allowed"), ("ok", INVALID)),
    case("delegated until 2021", PLAIN, By(Leaf { dates: Some(("20200101000000Z", "20210101000000Z")), ..RESPONDER }), unknown("staple_responder_not_allowed"), ("ok", INVALID)),
    case("wrong signature", PLAIN, Spoilt, unknown("staple_bad_signature"), ("ok", INVALID)),
    case("another certificate", PLAIN, OfAnother, unknown("staple_other_certificate"), ("ok", INVALID)),
    case("another issuer", PLAIN, OfAnotherIssuer, unknown("staple_other_certificate"), ("ok", INVALID)),
    case("try later", PLAIN, Bytes(TRY_LATER), unknown("staple_not_successful"), ("ok", INVALID)),
    case("no answer inside", PLAIN, Bytes(EMPTY), unknown("staple_malformed"), ("ok", INVALID)),
    case("no staple", PLAIN, Nothing, [None, None], ("ok", &[])),
    case("must-staple without", MUST_STAPLE, Nothing, [None, None], ("ok", &["must_staple_missing"])),
    case("must-staple with", MUST_STAPLE, Answer(Says::Good), GOOD, ("ok", &[])),
];

/// All cases, swept once into a recording.
struct Swept {
    pki: Pki,
    targets: Vec<String>,
    _servers: Vec<SServer>,
}

impl Swept {
    fn new() -> Self {
        let pki = Pki::new();
        let numbered = CASES.iter().enumerate();
        let servers: Vec<_> = numbered.map(|it| start(&pki, it.0, it.1)).collect();
        let targets = servers.iter().map(|it| format!("{NAME}@{}", it.address));
        Self {
            targets: targets.collect(),
            _servers: servers,
            pki,
        }
    }

    fn path(&self, name: &str) -> String {
        path(self.pki.folder(), name)
    }

    /// Sweeps with these additional arguments. Returns the rows in the order of the cases.
    fn scan(&self, more: &[&str]) -> Vec<Row> {
        let save = format!("--save={}", self.path("facts"));
        let mut arguments = vec!["scan", "--quiet", &save];
        arguments.extend(AT_HOME);
        arguments.extend(self.targets.iter().map(|it| &**it));
        arguments.extend(more);
        self.rows(&arguments)
    }

    /// Judges the recording of the last sweep again.
    fn judge(&self, more: &[&str]) -> Vec<Row> {
        let facts = self.path("facts");
        let mut arguments = vec!["judge", "--quiet", &facts];
        arguments.extend(more);
        self.rows(&arguments)
    }

    fn rows(&self, arguments: &[&str]) -> Vec<Row> {
        let (trust, out) = (self.pki.root(), self.path("rows.jsonl"));
        let (trust, to) = (format!("--trust={trust}"), format!("--output={out}"));
        run(&[arguments, &[&trust, &to]].concat()).expect(0);
        let rows = read_rows(&out);
        let row = |target| rows.iter().find(|row| row.text("/target") == target);
        let rows = self
            .targets
            .iter()
            .map(|target| row(target).expect("a row"));
        rows.cloned().collect()
    }
}

fn start(pki: &Pki, number: usize, case: &Case) -> SServer {
    let name = format!("case{number}");
    let issued = pki.leaf(&name, case.leaf);
    let (issuer, key) = itself(&issued);
    let good = |leaf| answer("good", leaf, Says::Good, (&issuer, &key));
    let staple = match &case.staple {
        Nothing => None,
        Answer(says) => Some(answer("own", &issued, *says, (&issuer, &key))),
        By(signer) => {
            let signer = pki.leaf(&format!("{name}-responder"), *signer);
            let signer = (&*signer.leaf, &*signer.key);
            Some(answer("delegated", &issued, Says::Good, signer))
        }
        Spoilt => Some(spoilt(&good(&issued))),
        OfAnother => Some(good(&pki.leaf(&format!("{name}-other"), PLAIN))),
        OfAnotherIssuer => {
            let rsa = path(pki.folder(), "ca-rsa.pem");
            let other = support::pki::Issued {
                issuer: rsa,
                ..issued.clone()
            };
            let (issuer, key) = itself(&other);
            Some(answer("other", &other, Says::Good, (&issuer, &key)))
        }
        Bytes(bytes) => Some(write(pki.folder(), &format!("{name}.ocsp"), bytes)),
    };
    let mut options = vec!["-www", "-no-CAfile", "-cert", &issued.leaf];
    options.extend(["-key", &issued.key, "-cert_chain", &issued.issuer]);
    if let Some(staple) = &staple {
        options.extend(["-status_file", staple]);
    }
    SServer::start(&options)
}

#[test]
fn staples_are_judged_correctly_on_every_day() {
    let swept = Swept::new();
    let rows = swept.scan(&["--revocation=staple"]);
    let mut wrong = Vec::new();
    for (case, row) in CASES.iter().zip(&rows) {
        let known = ["/revocation/status", "/revocation/reason"].map(|it| row.at(it).as_str());
        let findings: BTreeSet<_> = case.findings.iter().copied().collect();
        if known != case.known || row.verdict() != case.verdict || row.findings() != findings {
            wrong.push(format!("{}: {}", case.name, row.0));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    let revoked = rows[1].finding("revoked").expect("it is revoked");
    assert_eq!(revoked["certificate"], "leaf");
    assert_eq!(revoked["serial"], *rows[1].at("/leaf/serial"));
    assert_eq!(revoked["source"], "staple");
    assert_eq!(revoked["revoked_at"], "2026-05-04T00:00:00Z");
    assert_eq!(
        revoked["this_update"],
        *rows[1].at("/revocation/this_update")
    );
    assert_eq!(revoked.get("contradicted_by"), None);

    nobody_asked(&swept);
    another_day(&swept, "2039-01-01", "staple_expired");
    another_day(&swept, "2025-01-01", "staple_not_yet_valid");
    a_list_says_otherwise(&swept);
    no_path_reaches_an_anchor(&swept);
    judging_fetches_nothing(&swept);
}

/// Without `--revocation` the status is null, and nothing is found.
fn nobody_asked(swept: &Swept) {
    for row in swept.judge(&[]) {
        assert_eq!(row.at("/revocation"), &Value::Null);
        assert_eq!((row.verdict(), row.findings().len()), ("ok", 0));
    }
}

/// A response counts only during its validity: on other days the status is neither "good" nor
/// "revoked".
fn another_day(swept: &Swept, day: &str, reason: &str) {
    let rows = swept.judge(&["--revocation=staple", &format!("--at={day}")]);
    for (case, row) in CASES.iter().zip(&rows) {
        if matches!(case.known[0], Some("good" | "revoked")) {
            assert_eq!(row.text("/revocation/status"), "unknown", "{}", case.name);
            assert_eq!(row.text("/revocation/reason"), reason, "{}", case.name);
            assert!(row.finding("revoked").is_none(), "{}", case.name);
            let finding = row.finding("staple_invalid").expect(case.name);
            assert_eq!(finding["reason"], reason, "{}", case.name);
        }
    }
}

/// "Revoked" wins, and the row shows which source contradicts.
fn a_list_says_otherwise(swept: &Swept) {
    let leaf = swept.path("case0.pem");
    let revoked = list(
        &swept.pki,
        "otherwise",
        List {
            revoked: Some((&leaf, "superseded")),
            ..List::EMPTY
        },
    );
    let rows = swept.judge(&["--revocation=staple,crl", &format!("--crls={revoked}")]);
    let row = &rows[0];
    assert_eq!(row.verdict(), "revoked");
    assert_eq!(row.text("/revocation/source"), "crl");
    assert_eq!(row.text("/revocation/reason"), "superseded");
    let finding = row.finding("revoked").expect("it is revoked");
    assert_eq!(finding["contradicted_by"], serde_json::json!(["staple"]));
    let answers = row.at("/revocation/answers").as_array().expect("a list");
    let said = |it: &Value| format!("{} {} {}", it["source"], it["certificate"], it["status"]);
    let said: Vec<_> = answers.iter().map(said).collect();
    assert_eq!(
        said,
        [
            "\"staple\" \"leaf\" \"good\"",
            "\"crl\" \"leaf\" \"revoked\"",
            "\"crl\" \"intermediate\" \"unknown\""
        ]
    );
    // The other certificates are not on the list.
    assert_eq!(rows[13].text("/revocation/status"), "good");
}

/// Judging again sends no requests.
fn judging_fetches_nothing(swept: &Swept) {
    let facts = swept.path("facts");
    let run = run(&["judge", &facts, "--revocation=crl"]).expect(2);
    assert!(
        run.stderr.contains("give the CRLs with --crls"),
        "{}",
        run.stderr
    );
}

/// Without trust in the issuer, a certificate is reported neither as revoked nor as good.
fn no_path_reaches_an_anchor(swept: &Swept) {
    let facts = swept.path("facts");
    let stranger = Pki::new();
    let trust = format!("--trust={}", stranger.root());
    let run = run(&["judge", "--quiet", &facts, "--revocation=staple", &trust]).expect(0);
    for row in run.rows() {
        assert_eq!(row.at("/revocation"), &Value::Null);
        assert!(row.finding("revoked").is_none());
    }
}
