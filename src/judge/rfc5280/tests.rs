//! Paths that webpki rejects because it lacks a rule, and hostile paths. PKITS tests which paths
//! are valid (`revocation/list/pkits.rs`).

use std::slice;
use std::time::Duration;

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName as Named, DnType,
    DnValue, GeneralSubtree, IsCa, Issuer, KeyPair, NameConstraints, SanType,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{Inputs, Refusal, Top, missing_rule, validate};
use crate::observation::{Certificate, DistinguishedName};
use crate::verdict::{Barrier, Rule};

/// 2026-06-01.
const AT: i64 = 1_780_272_000;

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|digit| *digit == 0).collect();
    let mut out = vec![tag];
    match content.len() {
        0..0x80 => out.push(u8::try_from(content.len()).unwrap()),
        _ => out.extend([&[0x80 | u8::try_from(digits.len()).unwrap()], &digits[..]].concat()),
    }
    out.extend(content);
    out
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn extension(arc: u64, critical: bool, value: Vec<u8>) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, arc], value);
    extension.set_criticality(critical);
    extension
}

/// A policy of two bytes below 1.2.
fn policy(number: u16) -> Vec<u8> {
    let [high, low] = [number >> 7 | 0x80, number & 0x7f].map(|it| u8::try_from(it).unwrap());
    tlv(0x06, &[0x2a, high, low])
}

fn policies(numbers: impl Iterator<Item = u16>) -> CustomExtension {
    let policies: Vec<_> = numbers.map(|number| sequence(&[policy(number)])).collect();
    extension(32, true, sequence(&policies))
}

fn mappings(pairs: impl Iterator<Item = (u16, u16)>) -> CustomExtension {
    let pairs: Vec<_> = pairs
        .map(|(from, to)| sequence(&[policy(from), policy(to)]))
        .collect();
    extension(33, true, sequence(&pairs))
}

fn named(value: impl Into<DnValue>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = Named::new();
    params.distinguished_name.push(DnType::CommonName, value);
    params
}

fn authority(value: impl Into<DnValue>) -> CertificateParams {
    let mut params = named(value);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn leaf() -> CertificateParams {
    let mut params = named("leaf");
    let name = "www.example.test".try_into().unwrap();
    params.subject_alt_names = vec![SanType::DnsName(name)];
    params
}

fn dns(name: &str) -> Option<NameConstraints> {
    Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(name.to_owned())],
        excluded_subtrees: vec![],
    })
}

/// A path, leaf first, and the anchor's certificate.
struct Chain {
    path: Vec<Certificate>,
    anchor: Certificate,
}

impl Chain {
    /// Anchor first. Each certificate is signed in the name of the one before it, unless `renamed`
    /// gives another form of that name for the leaf.
    fn of(params: &[CertificateParams], renamed: Option<&CertificateParams>) -> Self {
        let keys: Vec<_> = params
            .iter()
            .map(|_| KeyPair::generate().unwrap())
            .collect();
        let read =
            |made: rcgen::Certificate| Certificate::read(CertificateDer::from(made.der().to_vec()));
        let anchor = read(params[0].self_signed(&keys[0]).unwrap());
        let below = params.windows(2).enumerate().map(|(place, pair)| {
            let last = place + 2 == params.len();
            let issuer = renamed.filter(|_| last).unwrap_or(&pair[0]);
            let issuer = Issuer::from_params(issuer, &keys[place]);
            read(pair[1].signed_by(&keys[place + 1], &issuer).unwrap())
        });
        let mut path: Vec<_> = below.collect();
        path.reverse();
        Self { path, anchor }
    }

    fn top(&self) -> &DistinguishedName {
        &self.anchor.contents.as_ref().unwrap().subject
    }

    fn validate(&self, inputs: &Inputs<'_>) -> Result<(), Refusal> {
        let path: Vec<_> = self.path.iter().collect();
        validate(&path, &self.anchored(), inputs, Some(AT))
    }

    fn anchored(&self) -> Top<'_> {
        Top {
            subject: self.top(),
            name_constraints: None,
        }
    }

    fn webpki(&self) -> Result<(), webpki::Error> {
        let (leaf, issuers) = self.path.split_first().unwrap();
        let issuers: Vec<_> = issuers.iter().map(|issuer| issuer.der.clone()).collect();
        let anchor = webpki::anchor_from_trusted_cert(&self.anchor.der).unwrap();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(AT.unsigned_abs()));
        webpki::EndEntityCert::try_from(&leaf.der)?
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                slice::from_ref(&anchor),
                &issuers,
                at,
                webpki::KeyUsage::server_auth(),
                None,
                None,
            )
            .map(drop)
    }

    fn missing_rule(&self) -> Option<Rule> {
        let path: Vec<_> = self.path.iter().collect();
        missing_rule(&self.webpki().unwrap_err(), &path, &self.anchored())
    }
}

fn edited(
    mut params: CertificateParams,
    edit: impl Fn(&mut CertificateParams),
) -> CertificateParams {
    edit(&mut params);
    params
}

#[test]
fn what_webpki_refuses_for_want_of_a_rule_is_asked_about() {
    let root = || authority("root");
    let bmp = || DnValue::BmpString("MIDDLE  ca ".try_into().unwrap());
    let refusal = |reason, at| Err(Refusal { reason, at });
    let short = |edit: &dyn Fn(&mut CertificateParams)| {
        edited(authority("middle ca"), |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            edit(params);
        })
    };
    let directory = |value: &str| {
        edited(authority("middle ca"), |params| {
            let mut name = Named::new();
            name.push(DnType::CommonName, value);
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DirectoryName(name)],
                excluded_subtrees: vec![],
            });
        })
    };
    let with = |params: CertificateParams, added: CustomExtension| {
        edited(params, move |params| {
            params.custom_extensions.push(added.clone())
        })
    };
    let constrained = |name| edited(authority("middle ca"), |it| it.name_constraints = dns(name));
    let other_name = || {
        edited(authority("middle ca"), |params| {
            let name = "ca.example.org".try_into().unwrap();
            params.subject_alt_names = vec![SanType::DnsName(name)];
        })
    };
    let explicit = || extension(36, true, sequence(&[tlv(0x80, &[0])]));
    let unheard_of = || {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0]);
        extension.set_criticality(true);
        extension
    };
    let middle = || authority("middle ca");
    // The certificates, another form of the last issuer's name, the rule that webpki lacks, and our
    // result.
    type Case = (
        Vec<CertificateParams>,
        Option<CertificateParams>,
        Option<Rule>,
        Result<(), Refusal>,
    );
    let cases: Vec<Case> = vec![
        (
            vec![root(), middle(), leaf()],
            Some(authority(bmp())),
            Some(Rule::NameEncoding),
            Ok(()),
        ),
        (
            vec![root(), middle(), leaf()],
            Some(authority("middle")),
            None,
            refusal(Barrier::IssuerName, 0),
        ),
        (
            vec![root(), constrained("example.org"), leaf()],
            Some(authority(bmp())),
            Some(Rule::NameEncoding),
            refusal(Barrier::NameConstraints, 0),
        ),
        (
            vec![root(), with(middle(), policies(1..3)), leaf()],
            None,
            Some(Rule::CriticalPolicies),
            Ok(()),
        ),
        (
            vec![root(), middle(), with(leaf(), policies(1..3))],
            None,
            Some(Rule::CriticalPolicies),
            Ok(()),
        ),
        (
            vec![
                root(),
                with(with(middle(), policies(1..2)), explicit()),
                with(leaf(), policies(1..2)),
            ],
            None,
            Some(Rule::CriticalPolicies),
            Ok(()),
        ),
        (
            vec![
                root(),
                with(with(middle(), policies(1..2)), explicit()),
                with(leaf(), policies(2..3)),
            ],
            None,
            Some(Rule::CriticalPolicies),
            refusal(Barrier::Policies, 0),
        ),
        (
            vec![
                root(),
                with(middle(), unheard_of()),
                with(leaf(), policies(1..2)),
            ],
            None,
            None,
            refusal(Barrier::UnknownCriticalExtension, 1),
        ),
        (
            vec![root(), directory("LEAF"), leaf()],
            None,
            Some(Rule::NameConstraintForms),
            Ok(()),
        ),
        (
            vec![root(), directory("other"), leaf()],
            None,
            Some(Rule::NameConstraintForms),
            refusal(Barrier::NameConstraints, 0),
        ),
        (
            vec![root(), constrained("example.test"), other_name(), leaf()],
            None,
            Some(Rule::SelfIssuedConstraints),
            Ok(()),
        ),
        (
            vec![root(), constrained("example.org"), leaf()],
            None,
            None,
            refusal(Barrier::NameConstraints, 0),
        ),
        (
            vec![root(), short(&|_| {}), middle(), leaf()],
            None,
            Some(Rule::SelfIssuedPathLength),
            Ok(()),
        ),
        (
            vec![root(), short(&|_| {}), authority("lower"), leaf()],
            None,
            None,
            refusal(Barrier::PathLength, 1),
        ),
        (
            vec![root(), named("middle ca"), leaf()],
            None,
            None,
            refusal(Barrier::NotACa, 1),
        ),
    ];
    for (number, (params, renamed, rule, expected)) in cases.into_iter().enumerate() {
        let chain = Chain::of(&params, renamed.as_ref());
        assert_eq!(
            chain.validate(&Inputs::default()),
            expected,
            "case {number}"
        );
        assert_eq!(
            chain.missing_rule(),
            rule,
            "case {number}: {:?}",
            chain.webpki()
        );
    }
}

#[test]
fn dates_count_for_every_certificate() {
    let chain = Chain::of(&[authority("root"), authority("ca"), leaf()], None);
    let path: Vec<_> = chain.path.iter().collect();
    let ask = |at| validate(&path, &chain.anchored(), &Inputs::default(), Some(at));
    let contents = chain.path[1].contents.as_ref().unwrap();
    let refused = |reason| Err(Refusal { reason, at: 1 });
    assert_eq!(ask(contents.not_before), Ok(()));
    assert_eq!(ask(contents.not_before - 1), refused(Barrier::NotYetValid));
    assert_eq!(ask(contents.not_after), Ok(()));
    assert_eq!(ask(contents.not_after + 1), refused(Barrier::Expired));
}

/// A tree of these would have 20 to the power of 24 nodes (CVE-2023-0464).
#[test]
fn policies_mapped_to_all_others_at_every_level_cost_little() {
    const COUNT: u16 = 20;
    let every = || (0..COUNT).flat_map(|from| (0..COUNT).map(move |to| (from, to)));
    let level = |number: usize| {
        edited(authority(format!("level {number}")), |params| {
            params.custom_extensions = vec![policies(0..COUNT), mappings(every())];
        })
    };
    let mut params = vec![authority("root")];
    params.extend((0..24).map(level));
    params.push(edited(leaf(), |it| {
        it.custom_extensions = vec![policies(0..COUNT)]
    }));
    let chain = Chain::of(&params, None);
    for (number, expected) in [(COUNT - 1, true), (COUNT, false)] {
        let wanted = policy(number);
        let inputs = Inputs {
            policies: Some(&[&wanted[2..]]),
            explicit_policy: true,
            ..Inputs::default()
        };
        assert_eq!(chain.validate(&inputs).is_ok(), expected, "{number}");
    }
}

#[test]
fn names_and_constraints_without_end_are_refused() {
    let many = edited(authority("ca"), |params| {
        let subtree = |number| GeneralSubtree::DnsName(format!("{number}.example.org"));
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![],
            excluded_subtrees: (0..4_096).map(subtree).collect(),
        });
    });
    let names = |count: u32| {
        edited(leaf(), |params| {
            let name = |number| format!("{number}.example.test").try_into().unwrap();
            params.subject_alt_names = (0..count).map(name).map(SanType::DnsName).collect();
        })
    };
    let ask = |count| {
        let chain = Chain::of(&[authority("root"), many.clone(), names(count)], None);
        chain.validate(&Inputs::default())
    };
    assert_eq!(ask(50), Ok(()));
    assert_eq!(
        ask(2_000),
        Err(Refusal {
            reason: Barrier::TooManyNames,
            at: 0
        })
    );
}

#[test]
fn a_path_damaged_anywhere_never_panics() {
    let ca = edited(authority("ca"), |params| {
        params.name_constraints = dns("example.test");
        let constraints = sequence(&[tlv(0x80, &[1]), tlv(0x81, &[1])]);
        params.custom_extensions = vec![
            policies(1..4),
            mappings([(1, 2), (3, 3)].into_iter()),
            extension(36, true, constraints),
            extension(54, true, tlv(2, &[3])),
        ];
    });
    let chain = Chain::of(&[authority("root"), ca, leaf()], None);
    let errors = [
        webpki::Error::UnknownIssuer,
        webpki::Error::UnsupportedCriticalExtension,
        webpki::Error::NameConstraintViolation,
    ];
    for place in 0..2 {
        let whole = chain.path[place].der.to_vec();
        for at in 0..whole.len() {
            for byte in [0, 1, 0x30, 0x7f, 0x80, 0xff] {
                let mut der = whole.clone();
                der[at] = byte;
                let damaged = Certificate::read(CertificateDer::from(der));
                let mut path: Vec<_> = chain.path.iter().collect();
                path[place] = &damaged;
                let _ = validate(&path, &chain.anchored(), &Inputs::default(), Some(AT));
                for error in &errors {
                    let _ = missing_rule(error, &path, &chain.anchored());
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn any_extensions_are_read_without_a_panic(
        arc in prop::sample::select(vec![17u64, 30, 32, 33, 36, 54]),
        value in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let ca = edited(authority("ca"), |params| {
            params.custom_extensions = vec![extension(arc, true, tlv(0x30, &value))];
        });
        let chain = Chain::of(&[authority("root"), ca, leaf()], None);
        let anchored = Top { name_constraints: Some(&value), ..chain.anchored() };
        let path: Vec<_> = chain.path.iter().collect();
        let _ = validate(&path, &chain.anchored(), &Inputs::default(), Some(AT));
        let _ = validate(&path, &anchored, &Inputs::default(), Some(AT));
    }
}
