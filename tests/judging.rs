//! The judgement through its public call: connections that failed, several findings at once,
//! several stores, and what must hold for any chain.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use tlsweep::gather::IssuerPool;
use tlsweep::inventory::{Endpoint, Host, Service, Target};
use tlsweep::judge::findings::{Definition, FINDINGS};
use tlsweep::judge::{Judge, Policy, TrustStore};
use tlsweep::observation::{
    Certificate, Exchange, Failure, KeyProof, Observation, Offer, PeerChain, Question, Reason,
    Session, Stage,
};
use tlsweep::tls::{AlertDescription, ProtocolVersion};
use tlsweep::verdict::{
    Barrier, CompletedBy, Finding, FindingId, Side, Value, Verdict, VerdictKind,
};

const NAME: &str = "www.example.test";

/// Seconds since the epoch: 2026-06-01.
const AT: i64 = 1_780_272_000;

#[test]
fn failures_of_the_connection_become_verdicts_with_a_side() {
    use Reason::*;
    let cases = [
        (
            Stage::Dns,
            Nxdomain,
            "",
            VerdictKind::DnsFailure,
            Side::Server,
        ),
        (
            Stage::Dns,
            LocalLimit,
            "",
            VerdictKind::Unreachable,
            Side::Client,
        ),
        (
            Stage::Connect,
            Refused,
            "",
            VerdictKind::Unreachable,
            Side::Server,
        ),
        (
            Stage::Connect,
            Reset,
            "",
            VerdictKind::Unreachable,
            Side::Server,
        ),
        (
            Stage::Connect,
            Timeout,
            "",
            VerdictKind::Unreachable,
            Side::Network,
        ),
        (
            Stage::Connect,
            NoRoute,
            "",
            VerdictKind::Unreachable,
            Side::Network,
        ),
        (
            Stage::Connect,
            LocalLimit,
            "",
            VerdictKind::Unreachable,
            Side::Client,
        ),
        (
            Stage::Starttls,
            UpgradeNotOffered,
            "",
            VerdictKind::StarttlsUnavailable,
            Side::Server,
        ),
        (
            Stage::Handshake,
            NotTls,
            "http",
            VerdictKind::NotTls,
            Side::Server,
        ),
        (
            Stage::Handshake,
            Alert,
            "handshake_failure",
            VerdictKind::HandshakeFailed,
            Side::Server,
        ),
        (
            Stage::Handshake,
            LocalLimit,
            "",
            VerdictKind::Unreachable,
            Side::Client,
        ),
        (
            Stage::Handshake,
            KeyNotProven,
            "",
            VerdictKind::HandshakeFailed,
            Side::Server,
        ),
    ];
    for (stage, reason, detail, kind, side) in cases {
        let mut observation = observation(NAME, None);
        let failure = match AlertDescription::displayed_as(detail) {
            Some(alert) if reason == Alert => Failure::alert(alert),
            _ => Failure::new(stage, reason, detail),
        };
        observation.exchanges[0].failure = Some(failure);
        let verdict = judge(&[], &observation);
        assert_eq!(
            (verdict.kind, verdict.side),
            (kind, Some(side)),
            "{stage:?} {reason:?}"
        );
        assert!(verdict.settled && verdict.trust.is_empty() && verdict.findings.len() == 1);
    }
}

#[test]
fn a_rejected_name_is_reported_beside_the_verdict() {
    let mut fatal = observation(NAME, None);
    fatal.exchanges[0].failure = Some(Failure::alert(AlertDescription::UNRECOGNIZED_NAME));
    assert_eq!(
        ids(&judge(&[], &fatal)),
        ["handshake_failed", "sni_rejected"]
    );
    let mut warned = observation(NAME, Some(sent(&[&good(NAME), &LAB.intermediate])));
    warned.exchanges[0].session = Some(Session {
        name_warning: true,
        client_cert_requested: Some(true),
        ..session(ProtocolVersion::Tls13)
    });
    let verdict = judge(&[&LAB.root], &warned);
    assert_eq!(
        ids(&verdict),
        ["client_certificate_requested", "sni_rejected"]
    );
    assert_eq!((verdict.kind, verdict.side), (VerdictKind::Ok, None));
}

#[test]
fn an_objection_to_a_hello_without_the_name_is_none_to_the_name() {
    use ProtocolVersion::{Ssl3, Tls12};
    for (name, offer, objects) in [
        (NAME, Offer::Version(Tls12), true),
        (NAME, Offer::Asked(Question::Suites(Tls12)), true),
        (NAME, Offer::Asked(Question::Nameless), false),
        (NAME, Offer::Version(Ssl3), false),
        (NAME, Offer::Asked(Question::Suites(Ssl3)), false),
        (NAME, Offer::Asked(Question::Order(Ssl3)), false),
        // An address is never named.
        ("127.0.0.1", Offer::Version(Tls12), false),
    ] {
        let chain = sent(&[&good(NAME), &LAB.intermediate]);
        let mut seen = observation(name, Some(chain));
        let mut warned = seen.exchanges[0].clone();
        warned.offer = offer;
        warned.session = Some(Session {
            name_warning: true,
            ..session(Tls12)
        });
        let mut refused = seen.exchanges[0].clone();
        (refused.offer, refused.session) = (offer, None);
        let alert = Failure::alert(AlertDescription::UNRECOGNIZED_NAME);
        refused.failure = Some(alert);
        for exchange in [warned, refused] {
            seen.exchanges.truncate(1);
            seen.exchanges.push(exchange);
            let verdict = judge(&[&LAB.root], &seen);
            let found = ids(&verdict).contains(&"sni_rejected");
            assert_eq!(found, objects, "{name} {offer:?}");
        }
    }
}

#[test]
fn a_connection_problem_leads_and_the_certificate_is_judged_all_the_same() {
    let chain = || {
        Some(sent(&[
            &LAB.leaf(|leaf| leaf.not_after = date_time_ymd(2026, 1, 1))
        ]))
    };
    let mut legacy = observation("other.example.test", chain());
    legacy.exchanges[0].session = Some(session(ProtocolVersion::Tls10));
    let all = ["missing_intermediate", "name_mismatch", "expired"];
    let verdict = judge_with_pool(&[&LAB.root], &[&LAB.intermediate], &legacy);
    assert_eq!(verdict.kind, VerdictKind::LegacyTlsOnly);
    assert_eq!(ids(&verdict)[1..], all);
    let mut refuted = observation("other.example.test", chain());
    refuted.exchanges[0].session = Some(Session {
        key_proof: Some(KeyProof::Refuted),

        downgrade: None,

        alpn_offered: false,

        secure_renegotiation: None,

        ticket: None,

        compression: None,
        dh_bits: None,
        ..session(ProtocolVersion::Tls12)
    });
    let verdict = judge_with_pool(&[&LAB.root], &[&LAB.intermediate], &refuted);
    assert_eq!(verdict.kind, VerdictKind::HandshakeFailed);
    assert_eq!(text(&verdict.findings[0], "kind"), "key_not_proven");
    assert_eq!(ids(&verdict)[1..], all);
}

#[test]
fn trust_is_reported_apart_from_date_and_name() {
    let expired = LAB.leaf(|leaf| leaf.not_after = date_time_ymd(2026, 1, 1));
    let wrong = observation(
        "other.example.test",
        Some(sent(&[&expired, &LAB.intermediate])),
    );
    let verdict = judge(&[&LAB.root], &wrong);
    assert_eq!(verdict.kind, VerdictKind::NameMismatch);
    assert_eq!(ids(&verdict), ["name_mismatch", "expired"]);
    assert!(verdict.trust[0].trusted);
    assert_eq!(verdict.trust[0].reason, Some(Barrier::Expired));
    let fingerprints = verdict.path.unwrap().certificates;
    assert_eq!(fingerprints, [expired.sha256, LAB.intermediate.sha256]);
}

#[test]
fn a_chain_completed_from_elsewhere_is_a_missing_intermediate() {
    let alone = observation(NAME, Some(sent(&[&good(NAME)])));
    let unknown = judge(&[&LAB.root], &alone);
    assert_eq!(
        (unknown.kind, unknown.settled),
        (VerdictKind::UntrustedCa, false)
    );
    let known = judge_with_pool(&[&LAB.root], &[&LAB.intermediate], &alone);
    assert_eq!(
        (known.kind, known.settled),
        (VerdictKind::MissingIntermediate, false)
    );
    assert_eq!(text(&known.findings[0], "completed_by"), "bundle");
    assert_eq!(
        known.path.as_ref().unwrap().completed_by,
        Some(CompletedBy::Bundle)
    );
    assert!(!known.trust[0].trusted);
    assert!(known.seen[0].proven.is_empty());
}

#[test]
fn the_issuers_of_a_trusted_chain_are_proven() {
    let chain = observation(
        NAME,
        Some(sent(&[&good(NAME), &LAB.intermediate, &LAB.root])),
    );
    let verdict = judge(&[&LAB.root], &chain);
    let proven = &verdict.seen[0].proven;
    let mut expected = [LAB.intermediate.sha256, LAB.root.sha256];
    expected.sort();
    let proven: Vec<_> = proven.iter().map(|issuer| issuer.sha256).collect();
    assert_eq!(proven, expected);
}

#[test]
fn what_is_wrong_with_a_leaf_hides_none_of_its_issuers() {
    let mut broken = good(NAME).der.to_vec();
    broken.truncate(40);
    let broken = Arc::new(Certificate::read(broken.into()));
    assert!(broken.contents.is_err());
    let sent = PeerChain {
        certificates: vec![broken, LAB.intermediate.certificate.clone()],
    };
    let verdict = judge(&[&LAB.root], &observation(NAME, Some(sent)));
    let seen = &verdict.seen[0].unproven;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].sha256, LAB.intermediate.sha256);
}

#[test]
fn one_store_that_trusts_is_enough_and_the_others_are_reported() {
    let chain = observation(NAME, Some(sent(&[&good(NAME), &LAB.intermediate])));
    let policy = Policy::new(vec![TrustStore::mozilla(), store("lab", &[&LAB.root])]);
    let verdict = Judge::new(Arc::new(policy)).judge(&chain);
    assert_eq!(verdict.kind, VerdictKind::Ok, "{:?}", verdict.findings);
    let trusted: Vec<_> = verdict
        .trust
        .iter()
        .map(|t| (&*t.store, t.trusted))
        .collect();
    assert_eq!(trusted, [("mozilla", false), ("lab", true)]);
}

#[test]
fn the_stores_that_are_required_decide_and_all_are_reported() {
    let stores = || {
        vec![
            store("lab", &[&LAB.root]),
            store("other", &[&LAB.other_root]),
            store("narrow", &[&LAB.narrow_root()]),
        ]
    };
    let chain = observation(NAME, Some(sent(&[&good(NAME), &LAB.intermediate])));
    let expected = [("lab", true), ("other", false), ("narrow", false)];
    let invalid = VerdictKind::InvalidCertificate;
    for (required, kind) in [
        (vec![], VerdictKind::Ok),
        (vec![0], VerdictKind::Ok),
        (vec![1], VerdictKind::UntrustedCa),
        (vec![2], invalid),
        (vec![0, 2], invalid),
        (vec![2, 1, 0], VerdictKind::UntrustedCa),
    ] {
        let policy = Policy {
            required: required.clone(),
            ..Policy::new(stores())
        };
        let verdict = Judge::new(Arc::new(policy)).judge(&chain);
        // The store that is not reached could still be completed, whether it decides or not.
        let found = (verdict.kind, verdict.settled);
        assert_eq!(found, (kind, false), "{required:?}");
        let trust = verdict.trust.iter().map(|it| (&*it.store, it.trusted));
        assert_eq!(trust.collect::<Vec<_>>(), expected, "{required:?}");
        assert_eq!(verdict.seen[0].proven.len(), 1, "{required:?}");
    }
}

#[test]
fn a_required_store_is_completed_though_another_trusts() {
    let leaf = good(NAME);
    let alone = observation(NAME, Some(sent(&[&leaf])));
    let mut issuers = IssuerPool::default();
    issuers.add(LAB.intermediate.certificate.clone(), CompletedBy::Bundle);
    let any = Policy {
        issuers: Arc::new(issuers),
        ..Policy::new(vec![store("pinned", &[&leaf]), store("lab", &[&LAB.root])])
    };
    let required = Policy {
        required: vec![1],
        ..any.clone()
    };
    let verdict = |policy| Judge::new(Arc::new(policy)).judge(&alone);
    assert_eq!(verdict(any).kind, VerdictKind::Ok);
    let verdict = verdict(required);
    assert_eq!(verdict.kind, VerdictKind::MissingIntermediate);
    assert_eq!(field(&verdict.findings[0], "confirmed"), Some(&true.into()));
    assert!(verdict.trust[0].trusted && !verdict.trust[1].trusted);
}

#[test]
fn a_leaf_in_the_store_is_trusted_as_itself() {
    let own = LAB.self_signed(NAME);
    let chain = observation(NAME, Some(sent(&[&own])));
    assert_eq!(judge(&[&LAB.root], &chain).kind, VerdictKind::SelfSigned);
    assert_eq!(judge(&[&own], &chain).kind, VerdictKind::Ok);
}

#[test]
fn where_not_all_was_looked_at_nothing_is_said_of_the_issuer() {
    let leaf = good(NAME);
    let strangers: Vec<_> = (0..64)
        .map(|n| LAB.self_signed(&format!("n{n}.test")))
        .collect();
    let mut all = vec![&leaf];
    all.extend(&strangers);
    all.push(&LAB.intermediate.certificate);
    let sent_all = observation(
        NAME,
        Some(PeerChain {
            certificates: all.into_iter().cloned().collect(),
        }),
    );
    let verdict = judge(&[&LAB.root], &sent_all);
    assert_eq!(verdict.kind, VerdictKind::InvalidCertificate);
    let reasons: Vec<_> = verdict
        .findings
        .iter()
        .filter(|it| it.id == FindingId::InvalidCertificate)
        .collect();
    assert_eq!(reasons.len(), 1, "{:?}", verdict.findings);
    assert_eq!(text(reasons[0], "reason"), "too_many_certificates");
    assert!(
        !verdict.finds(FindingId::UntrustedCa) && !verdict.finds(FindingId::MissingIntermediate)
    );
}

#[test]
fn each_store_is_judged_as_if_it_were_the_only_one() {
    let leaf = good(NAME);
    let alone = observation(NAME, Some(sent(&[&leaf])));
    let mut issuers = IssuerPool::default();
    issuers.add(LAB.intermediate.certificate.clone(), CompletedBy::Bundle);
    let judged = |stores| {
        let policy = Policy {
            issuers: Arc::new(issuers.clone()),
            ..Policy::new(stores)
        };
        Judge::new(Arc::new(policy)).judge(&alone)
    };
    let root = || store("root", &[&LAB.root]);
    let single = judged(vec![root()]).trust[0].clone();
    let both = judged(vec![store("pinned", &[&leaf]), root()]);
    assert_eq!(both.kind, VerdictKind::Ok);
    assert_eq!(both.trust[1], single);
    // A store that is reached but refuses the path does not keep the other from being completed.
    let refused = judged(vec![store("narrow", &[&LAB.narrow_root()]), root()]);
    assert_eq!(refused.kind, VerdictKind::MissingIntermediate);
    assert_eq!(refused.trust[1], single);
}

#[test]
fn the_key_usage_must_allow_what_the_handshake_did() {
    let only_encipher = LAB.leaf(|leaf| leaf.key_usages = vec![KeyUsagePurpose::KeyEncipherment]);
    let mut chain = observation(NAME, Some(sent(&[&only_encipher, &LAB.intermediate])));
    assert_eq!(judge(&[&LAB.root], &chain).kind, VerdictKind::Ok);
    chain.exchanges[0].session = Some(session(ProtocolVersion::Tls13));
    let verdict = judge(&[&LAB.root], &chain);
    assert_eq!(verdict.kind, VerdictKind::InvalidCertificate);
    assert_eq!(text(&verdict.findings[0], "reason"), "key_usage");
    assert!(!verdict.trust[0].trusted);
}

#[test]
fn the_chosen_suite_is_reported_with_its_weaknesses() {
    let cases: [(u16, &[&str]); 4] = [
        (0xc02f, &[]),
        (0x002f, &["no_forward_secrecy"]),
        (0xc012, &["weak_cipher"]),
        (0x0005, &["weak_cipher", "no_forward_secrecy"]),
    ];
    for (cipher, found) in cases {
        let mut chain = observation(NAME, Some(sent(&[&good(NAME), &LAB.intermediate])));
        chain.exchanges[0].session = Some(Session {
            cipher,
            ..session(ProtocolVersion::Tls12)
        });
        let verdict = judge(&[&LAB.root], &chain);
        assert_eq!(
            (verdict.kind, ids(&verdict).as_slice()),
            (VerdictKind::Ok, found),
            "{cipher:x}"
        );
    }
}

#[test]
fn an_issuer_with_the_name_of_its_own_issuer_is_no_bad_signature() {
    let root = authority("Same Name", None, |root| {
        root.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("elsewhere.test".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    let below = authority("Same Name", Some(&root), |_| {});
    let leaf = leaf_params(NAME).signed_by(&LAB.leaf_key, &below.issuer());
    let leaf = read(leaf.unwrap().der().to_vec());
    let verdict = judge(&[&root], &observation(NAME, Some(sent(&[&leaf, &below]))));
    assert_eq!(verdict.kind, VerdictKind::InvalidCertificate);
    assert_eq!(text(&verdict.findings[0], "reason"), "name_constraints");
}

#[test]
fn the_certificates_of_a_store_that_cannot_be_read_are_left_out_with_a_warning() {
    let broken = CertificateDer::from(vec![0x30, 0x00]);
    let store = TrustStore::from_certificates("mixed", &[broken, LAB.root.der.clone()]);
    assert_eq!((store.len(), store.warnings().len()), (1, 1));
    assert_eq!(store.warnings()[0].position, 1);
    assert!(store.signed(&LAB.intermediate) && !store.signed(&good(NAME)));
}

#[test]
fn an_expiry_is_announced_as_early_as_asked() {
    let soon = LAB.leaf(|leaf| leaf.not_after = date_time_ymd(2026, 6, 11));
    let chain = observation(NAME, Some(sent(&[&soon, &LAB.intermediate])));
    let verdict = judge(&[&LAB.root], &chain);
    assert_eq!(
        (verdict.kind, ids(&verdict)),
        (VerdictKind::Ok, vec!["expiring_soon"])
    );
    assert_eq!(
        field(&verdict.findings[0], "days_left"),
        Some(&Value::Number(10))
    );
    let policy = Policy {
        expiring_within: std::time::Duration::from_secs(9 * 86_400),
        ..Policy::new(vec![store("lab", &[&LAB.root])])
    };
    assert_eq!(ids(&Judge::new(Arc::new(policy)).judge(&chain)), [""; 0]);
}

#[test]
fn a_remembered_issuer_changes_nothing_about_any_leaf() {
    let edits: [fn(&mut CertificateParams); 8] = [
        |_| {},
        |leaf| leaf.not_after = date_time_ymd(2026, 1, 1),
        |leaf| leaf.not_before = date_time_ymd(2026, 12, 1),
        |leaf| leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
        |leaf| leaf.key_usages = vec![KeyUsagePurpose::CrlSign],
        |leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        |leaf| leaf.subject_alt_names.clear(),
        |_| {},
    ];
    for stores in [vec![&*LAB.root], vec![&*LAB.root, &*LAB.other_root]] {
        let policy = Arc::new(Policy::new(
            stores.iter().map(|root| store("lab", &[root])).collect(),
        ));
        let mut remembers = Judge::new(policy.clone());
        for edit in edits.iter().chain(&edits) {
            let leaf = LAB.leaf(edit);
            for above in [
                vec![&*LAB.intermediate],
                vec![&*LAB.intermediate, &*LAB.intermediate],
                vec![&*LAB.intermediate, &*LAB.root],
                vec![&*LAB.other_root, &*LAB.intermediate],
                vec![&*LAB.constrained],
            ] {
                let chain = sent(&[&[&leaf], &above[..]].concat());
                let observed = observation(NAME, Some(chain));
                let fresh = Judge::new(policy.clone()).judge(&observed);
                assert_eq!(remembers.judge(&observed), fresh);
            }
            let foreign = LAB.leaf_under_impostor();
            let observed = observation(NAME, Some(sent(&[&foreign, &LAB.intermediate])));
            let fresh = Judge::new(policy.clone()).judge(&observed);
            assert_eq!(fresh.kind, VerdictKind::InvalidCertificate);
            assert_eq!(remembers.judge(&observed), fresh);
        }
    }
}

#[test]
fn a_remembered_chain_is_forgotten_when_a_date_passes() {
    let leaf = LAB.leaf(|leaf| leaf.not_after = date_time_ymd(2026, 7, 1));
    let mut judge = Judge::new(Arc::new(Policy::new(vec![store("lab", &[&LAB.root])])));
    let mut observed = observation(NAME, Some(sent(&[&leaf, &LAB.intermediate])));
    for (day, kind) in [
        ("2026-06-30T23:59:59Z", VerdictKind::Ok),
        ("2026-07-01T00:00:00Z", VerdictKind::Ok),
        ("2026-07-01T00:00:01Z", VerdictKind::Expired),
        ("2025-12-31T00:00:00Z", VerdictKind::NotYetValid),
        ("2026-06-01T00:00:00Z", VerdictKind::Ok),
    ] {
        observed.started_at = day.parse().unwrap();
        assert_eq!(judge.judge(&observed).kind, kind, "{day}");
    }
}

#[test]
fn a_hostile_list_of_certificates_ends_in_bounded_time() {
    let many = LAB.namesakes(40);
    let chain = observation(NAME, Some(PeerChain { certificates: many }));
    let verdict = judge(&[&LAB.root], &chain);
    assert_eq!(verdict.trust.len(), 1);
    assert!(!verdict.trust[0].trusted);
}

#[test]
fn without_a_store_nothing_is_trusted_and_nothing_breaks() {
    let chain = observation(NAME, Some(sent(&[&good(NAME), &LAB.intermediate])));
    let verdict = Judge::new(Arc::new(Policy::new(Vec::new()))).judge(&chain);
    assert!(verdict.trust.is_empty());
    assert_eq!(verdict.kind, VerdictKind::UntrustedCa);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_judged_alike_twice(
        chain in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..4),
    ) {
        let chain: Vec<_> = chain.into_iter().map(read).collect();
        check_invariants(chain)?;
    }

    #[test]
    fn damaged_certificates_are_judged_alike_twice(
        picks in prop::collection::vec((0..5_usize, any::<u16>(), any::<u8>()), 1..5),
    ) {
        let whole = LAB.everything();
        let damaged = picks.into_iter().map(|(pick, place, byte)| {
            let mut der = whole[pick % whole.len()].der.to_vec();
            let place = usize::from(place) % der.len();
            der[place] ^= byte;
            read(der)
        });
        check_invariants(damaged.collect())?;
    }

    #[test]
    fn strangers_in_any_place_change_no_verdict(places in prop::collection::vec(0..4_usize, 2)) {
        let mut chain = vec![good(NAME), LAB.intermediate.clone()];
        let strangers = [LAB.other_root.clone(), LAB.self_signed("stranger.example.test")];
        for (stranger, place) in strangers.into_iter().zip(places) {
            chain.insert(1 + place % chain.len(), stranger);
        }
        let verdict = judge(&[&LAB.root], &observation(NAME, Some(PeerChain { certificates: chain })));
        prop_assert_eq!(verdict.kind, VerdictKind::Ok);
        prop_assert!(verdict.trust[0].trusted);
    }
}

fn check_invariants(chain: Vec<Arc<Certificate>>) -> Result<(), TestCaseError> {
    let observed = observation(
        NAME,
        Some(PeerChain {
            certificates: chain,
        }),
    );
    let one = Arc::new(Policy::new(vec![store("lab", &[&LAB.root])]));
    let more = Arc::new(Policy::new(vec![store(
        "lab",
        &[&LAB.root, &LAB.other_root],
    )]));
    let mut judge = Judge::new(one.clone());
    let (first, again) = (judge.judge(&observed), judge.judge(&observed));
    prop_assert_eq!(&first, &again);
    prop_assert_eq!(&first, &Judge::new(one).judge(&observed));
    let wider = Judge::new(more).judge(&observed);
    for (narrow, wide) in first.trust.iter().zip(&wider.trust) {
        prop_assert!(!narrow.trusted || wide.trusted);
    }
    for finding in &first.findings {
        let definition = Definition::of(finding.id).unwrap();
        for (field, _) in &finding.evidence {
            prop_assert!(
                definition.evidence.iter().any(|(known, _)| known == field),
                "{field}"
            );
        }
    }
    let kinds = first
        .findings
        .iter()
        .filter_map(|f| Definition::of(f.id)?.verdict);
    prop_assert_eq!(first.kind, kinds.min().unwrap_or(VerdictKind::Ok));
    Ok(())
}

#[test]
fn findings_come_in_the_order_of_the_list() {
    let place = |id| {
        FINDINGS
            .iter()
            .position(|definition| definition.id.name() == id)
            .unwrap()
    };
    let chain = [&LAB.self_signed("a.test"), &LAB.other_root, &LAB.other_root];
    let verdict = judge(&[&LAB.root], &observation(NAME, Some(sent(&chain))));
    let places: Vec<_> = ids(&verdict).into_iter().map(place).collect();
    assert!(
        places.is_sorted() && places.len() > 3,
        "{:?}",
        ids(&verdict)
    );
}

// --- the lab ---

struct Authority {
    certificate: Arc<Certificate>,
    params: CertificateParams,
    key: KeyPair,
}

impl std::ops::Deref for Authority {
    type Target = Arc<Certificate>;

    fn deref(&self) -> &Arc<Certificate> {
        &self.certificate
    }
}

impl Authority {
    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }
}

struct Lab {
    root: Authority,
    intermediate: Authority,
    /// The intermediate's name and key again, with name constraints.
    constrained: Authority,
    other_root: Authority,
    leaf_key: KeyPair,
}

static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let root = authority("Lab Root", None, |_| {});
    let intermediate = authority("Lab Intermediate", Some(&root), |_| {});
    let mut params = intermediate.params.clone();
    params.name_constraints = Some(rcgen::NameConstraints {
        permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("elsewhere.test".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let certificate = params.signed_by(&intermediate.key, &root.issuer()).unwrap();
    let constrained = Authority {
        certificate: read(certificate.der().to_vec()),
        params,
        key: KeyPair::generate().unwrap(),
    };
    Lab {
        root,
        intermediate,
        constrained,
        other_root: authority("Other Root", None, |_| {}),
        leaf_key: KeyPair::generate().unwrap(),
    }
});

impl Lab {
    fn leaf(&self, edit: impl Fn(&mut CertificateParams)) -> Arc<Certificate> {
        let mut params = leaf_params(NAME);
        edit(&mut params);
        let certificate = params.signed_by(&self.leaf_key, &self.intermediate.issuer());
        read(certificate.unwrap().der().to_vec())
    }

    fn self_signed(&self, name: &str) -> Arc<Certificate> {
        let certificate = leaf_params(name).self_signed(&self.leaf_key).unwrap();
        read(certificate.der().to_vec())
    }

    /// A leaf that names the intermediate, key identifier apart, and is signed by another key.
    fn leaf_under_impostor(&self) -> Arc<Certificate> {
        let mut params = leaf_params(NAME);
        params.use_authority_key_identifier_extension = false;
        let impostor = Issuer::from_params(&self.intermediate.params, &self.leaf_key);
        let certificate = params.signed_by(&self.leaf_key, &impostor).unwrap();
        read(certificate.der().to_vec())
    }

    /// A leaf and many CA certificates of one name, each signed by the next.
    fn namesakes(&self, count: usize) -> Vec<Arc<Certificate>> {
        let keys: Vec<_> = (0..count).map(|_| KeyPair::generate().unwrap()).collect();
        let params = authority_params("Namesake");
        let signed = |params: &CertificateParams, key: &KeyPair, by: &KeyPair| {
            let issuer = authority_params("Namesake");
            let certificate = params.signed_by(key, &Issuer::from_params(&issuer, by));
            read(certificate.unwrap().der().to_vec())
        };
        let mut chain = vec![signed(&leaf_params(NAME), &self.leaf_key, &keys[0])];
        for (place, key) in keys.iter().enumerate() {
            chain.push(signed(&params, key, &keys[(place + 1) % count]));
            chain.push(signed(&params, key, &keys[(place + 7) % count]));
        }
        chain
    }

    /// The root's name and key, for other names only.
    fn narrow_root(&self) -> Arc<Certificate> {
        let mut params = self.root.params.clone();
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".to_owned())],
            excluded_subtrees: Vec::new(),
        });
        let certificate = params.self_signed(&self.root.key).unwrap();
        read(certificate.der().to_vec())
    }

    fn everything(&self) -> [Arc<Certificate>; 5] {
        [
            good(NAME),
            self.intermediate.certificate.clone(),
            self.root.certificate.clone(),
            self.constrained.certificate.clone(),
            self.self_signed(NAME),
        ]
    }
}

fn authority(
    name: &str,
    by: Option<&Authority>,
    edit: impl Fn(&mut CertificateParams),
) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = authority_params(name);
    edit(&mut params);
    let certificate = match by {
        Some(issuer) => params.signed_by(&key, &issuer.issuer()),
        None => params.self_signed(&key),
    };
    Authority {
        certificate: read(certificate.unwrap().der().to_vec()),
        params,
        key,
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

fn leaf_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name = common_name(name);
    params.use_authority_key_identifier_extension = true;
    params.is_ca = IsCa::ExplicitNoCa;
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params
}

fn common_name(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn good(name: &str) -> Arc<Certificate> {
    let certificate = leaf_params(name).signed_by(&LAB.leaf_key, &LAB.intermediate.issuer());
    read(certificate.unwrap().der().to_vec())
}

fn read(der: Vec<u8>) -> Arc<Certificate> {
    Arc::new(Certificate::read(CertificateDer::from(der)))
}

fn sent(certificates: &[&Arc<Certificate>]) -> PeerChain {
    PeerChain {
        certificates: certificates.iter().copied().cloned().collect(),
    }
}

fn store(name: &str, roots: &[&Arc<Certificate>]) -> TrustStore {
    let roots: Vec<_> = roots.iter().map(|root| root.der.clone()).collect();
    TrustStore::from_certificates(name, &roots)
}

fn judge(roots: &[&Arc<Certificate>], observation: &Observation) -> Verdict {
    judge_with_pool(roots, &[], observation)
}

fn judge_with_pool(
    roots: &[&Arc<Certificate>],
    pool: &[&Arc<Certificate>],
    observation: &Observation,
) -> Verdict {
    let mut issuers = IssuerPool::default();
    for certificate in pool {
        issuers.add(Arc::clone(certificate), CompletedBy::Bundle);
    }
    let policy = Policy {
        issuers: Arc::new(issuers),
        ..Policy::new(vec![store("lab", roots)])
    };
    Judge::new(Arc::new(policy)).judge(observation)
}

fn observation(name: &str, chain: Option<PeerChain>) -> Observation {
    let address: Option<IpAddr> = name.parse().ok();
    let target = Target {
        text: name.to_owned(),
        host: address.map_or_else(|| Host::Name(name.into()), Host::Address),
        address: None,
        port: 443,
        service: Service::named("https").unwrap(),
        sni: None,
        tags: Vec::new(),
        duplicate_of: None,
    };
    Observation {
        exchanges: vec![Exchange {
            offer: Offer::Modern,
            transcript: None,
            session: None,
            chain,
            chain_cut: false,
            failure: None,
        }],
        ..Observation::of(
            Endpoint {
                target: Arc::new(target),
                address: None,
            },
            jiff::Timestamp::from_second(AT).unwrap(),
        )
    }
}

fn session(version: ProtocolVersion) -> Session {
    Session::of(version, 0x1301)
}

fn ids(verdict: &Verdict) -> Vec<&'static str> {
    verdict
        .findings
        .iter()
        .map(|finding| finding.id.name())
        .collect()
}

fn field<'a>(finding: &'a Finding, name: &str) -> Option<&'a Value> {
    let mut evidence = finding.evidence.iter();
    evidence
        .find(|(field, _)| *field == name)
        .map(|(_, value)| value)
}

fn text<'a>(finding: &'a Finding, name: &str) -> &'a str {
    let value = field(finding, name);
    match value.and_then(Value::as_text) {
        Some(text) => text,
        None => panic!("{name}: {value:?}"),
    }
}
