//! NIST's Public Key Interoperability Test Suite: every test of its sections 4.1 to 4.16, against
//! path validation (`rfc5280`) and revocation lists together. `testdata/pkits/tests.txt` lists the
//! tests. `differences.txt` beside it lists the tests for which our result differs, and why. A
//! listed difference that no longer exists fails too. `scripts/install-peers` downloads the
//! certificates.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::super::link::{Link, Signer};
use crate::crypto::SignatureCheck;
use crate::gather::{RevocationData, RevocationSources};
use crate::judge::rfc5280::{Inputs, Refusal, Top, validate};
use crate::judge::signatures::Signatures;
use crate::observation::Certificate;
use crate::verdict::{Position, RevocationReason, RevocationStatus};

/// 2011-06-01: inside the validity of everything that should be valid.
const AT: i64 = 1_306_886_400;

const ANCHOR: &str = "TrustAnchorRootCertificate";

/// NIST-test-policy-1 to -6: 2.16.840.1.101.3.2.1.48.1 and up.
const POLICIES: [[u8; 10]; 6] = {
    let mut policies = [[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x02, 0x01, 0x30, 1]; 6];
    policies[1][9] = 2;
    policies[2][9] = 3;
    policies[3][9] = 4;
    policies[4][9] = 5;
    policies[5][9] = 6;
    policies
};

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/pkits");
    let read = fs::read(folder.join(name));
    read.unwrap_or_else(|error| panic!("{name}: {error}; run scripts/install-peers"))
}

fn certificate(name: &str) -> Arc<Certificate> {
    let der = file(&format!("certs/{name}.crt"));
    Arc::new(Certificate::read(CertificateDer::from(der)))
}

/// A line of `tests.txt`.
struct Test {
    number: &'static str,
    expected: &'static str,
    inputs: Vec<&'static str>,
    certificates: Vec<Arc<Certificate>>,
    lists: Vec<&'static str>,
}

impl Test {
    fn read(line: &'static str) -> Self {
        let fields: Vec<_> = line.split(' ').collect();
        let [number, expected, inputs, certificates, lists] = fields[..] else {
            panic!("not a test: {line}");
        };
        Self {
            number,
            expected,
            inputs: inputs.split(',').collect(),
            certificates: certificates.split(',').map(certificate).collect(),
            lists: lists.split(',').collect(),
        }
    }

    /// Returns our result in the form of the table, and details.
    fn answer(&self, anchor: &Certificate) -> (&'static str, String) {
        let mut details = String::new();
        let mut paths = Vec::new();
        climb(&self.certificates, anchor, &mut vec![0], &mut paths);
        let mut answer = "bad-path";
        for path in paths {
            let path: Vec<_> = path
                .iter()
                .map(|place| &*self.certificates[*place])
                .collect();
            if let Err(refusal) = self.validate(&path, anchor) {
                write!(details, "{refusal:?} ").unwrap();
                continue;
            }
            match self.statuses(&path, anchor) {
                Ok(()) => return ("valid", details),
                Err((status, reason)) => {
                    answer = status;
                    details.push_str(reason);
                }
            }
        }
        (answer, details)
    }

    fn validate(&self, path: &[&Certificate], anchor: &Certificate) -> Result<(), Refusal> {
        let top = Top {
            subject: &anchor.contents.as_ref().unwrap().subject,
            name_constraints: None,
        };
        let asked = self.inputs.iter().find_map(|it| it.strip_prefix("policy-"));
        let policies: Option<Vec<&[u8]>> = asked.map(|numbers| {
            let place = |number: u8| usize::from(number - b'1');
            numbers
                .bytes()
                .map(|number| &POLICIES[place(number)][..])
                .collect()
        });
        let inputs = Inputs {
            policies: policies.as_deref(),
            explicit_policy: self.inputs.contains(&"explicit"),
            inhibit_mapping: self.inputs.contains(&"no-mapping"),
            inhibit_any: self.inputs.contains(&"no-any"),
        };
        validate(path, &top, &inputs, Some(AT))
    }

    /// Checks that no certificate of the path is revoked and that every status is known.
    fn statuses(
        &self,
        path: &[&Certificate],
        anchor: &Certificate,
    ) -> Result<(), (&'static str, &'static str)> {
        let mut data = RevocationData::new(RevocationSources {
            crl: true,
            ..RevocationSources::default()
        });
        for list in &self.lists {
            // Lists that cannot be parsed are skipped, as for a folder of lists.
            let _ = data.add_crl(list, &file(&format!("crls/{list}.crl")));
        }
        let mut signatures = Signatures::default();
        for (place, certificate) in path.iter().enumerate() {
            let issuer = path.get(place + 1).copied().unwrap_or(anchor);
            let link = Link {
                position: match place {
                    0 => Position::Leaf,
                    _ => Position::Intermediate,
                },
                certificate,
                contents: certificate.contents.as_ref().unwrap(),
                above: path[place + 1..]
                    .iter()
                    .map(|above| Signer::from(above.contents.as_ref().unwrap()))
                    .collect(),
                issuers: vec![Signer::from(issuer.contents.as_ref().unwrap())],
                addresses: certificate.crl_addresses(),
            };
            let answer = super::answer(&link, &data, AT, &mut signatures);
            match answer.status {
                RevocationStatus::Good => {}
                RevocationStatus::Revoked => return Err(("revoked", "")),
                RevocationStatus::Unknown => {
                    return Err(("unknown", answer.reason.map_or("", RevocationReason::name)));
                }
            }
        }
        Ok(())
    }
}

/// Returns every path of these certificates, by names and signatures only.
fn climb(
    certificates: &[Arc<Certificate>],
    anchor: &Certificate,
    path: &mut Vec<usize>,
    paths: &mut Vec<Vec<usize>>,
) {
    let signed = |subject: &Certificate, issuer: &Certificate| {
        let (Ok(below), Ok(above)) = (&subject.contents, &issuer.contents) else {
            return false;
        };
        below.issuer.matches(&above.subject) && subject.signed_by(issuer) == SignatureCheck::Valid
    };
    let top = &certificates[path[path.len() - 1]];
    if signed(top, anchor) {
        paths.push(path.clone());
    }
    for (place, issuer) in certificates.iter().enumerate() {
        if !path.contains(&place) && signed(top, issuer) {
            path.push(place);
            climb(certificates, anchor, path, paths);
            path.pop();
        }
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
}

#[test]
fn every_test_of_pkits_has_its_answer() {
    let mut differences: HashMap<_, _> =
        lines(include_str!("../../../../testdata/pkits/differences.txt"))
            .map(|line| {
                let mut fields = line.splitn(3, ' ');
                let mut next = || fields.next().expect("number, our answer, reason");
                let (number, ours, reason) = (next(), next(), next());
                (number, (ours, reason))
            })
            .collect();
    let anchor = certificate(ANCHOR);
    let mut wrong = String::new();
    for line in lines(include_str!("../../../../testdata/pkits/tests.txt")) {
        let test = Test::read(line);
        let (answer, details) = test.answer(&anchor);
        let expected = match differences.remove(test.number) {
            Some((ours, reason)) => {
                assert_ne!(ours, test.expected, "{}: {reason}", test.number);
                ours
            }
            None => test.expected,
        };
        if answer != expected {
            writeln!(
                wrong,
                "{} {answer} and not {expected}: {details}",
                test.number
            )
            .unwrap();
        }
    }
    assert!(differences.is_empty(), "no such tests: {differences:?}");
    assert!(wrong.is_empty(), "{wrong}");
}
