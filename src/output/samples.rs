//! Sample rows for the tests of this room and of the rooms above it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

use super::Record;
use crate::crypto::{Curve, Fingerprint, KeyAlgorithm};
use crate::inventory::{Endpoint, Host, Service, Target};
use crate::observation::{
    Certificate, Contents, DistinguishedName, Exchange, Fact, Failure, KeyKind, KeyProof,
    Observation, Offer, PeerChain, PresentedName, PublicKey, Reason, Session, SignatureAlgorithm,
    Stage, Timing, Unparseable,
};
use crate::tls::ProtocolVersion;
use crate::verdict::{
    Barrier, CompletedBy, Finding, FindingId, NameHint, Position, Severity, Side, StoreTrust,
    TrustPath, UntrustedReason, Value, Verdict, VerdictKind,
};

/// An observation with its verdict.
pub(crate) struct Sample {
    pub(crate) observation: Observation,
    pub(crate) verdict: Verdict,
}

impl Sample {
    pub(crate) fn record(&self) -> Record<'_> {
        Record::new(
            &self.observation,
            &self.verdict,
            time("2026-11-22T08:00:00Z"),
        )
    }
}

/// All samples.
pub(crate) fn all() -> Vec<Sample> {
    vec![
        healthy(),
        expired(),
        early(),
        mismatched(),
        unresolved(),
        refused(),
        unreadable(),
        hostile(),
    ]
}

/// A healthy endpoint with a warning.
pub(crate) fn healthy() -> Sample {
    let chain = vec![leaf(
        "fine.example",
        &["fine.example"],
        0,
        "2027-01-25T00:00:00Z",
    )];
    let mut sample = Sample {
        observation: seen(target("fine.example", "fine.example", 443), chain),
        verdict: verdict(VerdictKind::Ok, vec![]),
    };
    sample.verdict.side = None;
    sample
        .verdict
        .findings
        .push(warning(FindingId::LegacyTlsEnabled));
    sample
}

/// An expired certificate with a chain, tags, two stores and a warning.
pub(crate) fn expired() -> Sample {
    let mut target = target("https://shop.example/", "shop.example", 443);
    target.tags = vec![("owner".into(), "web team".into())];
    let names = ["shop.example", "192.0.2.7"];
    let leaf = leaf("shop.example", &names, 1, "2026-11-10T00:00:00Z");
    let issuer = self::leaf("R11", &[], 2, "2030-01-01T00:00:00Z");
    let evidence = vec![("not_after", Value::Time(time("2026-11-10T00:00:00Z")))];
    let mut verdict = verdict(VerdictKind::Expired, evidence);
    verdict.findings.push(warning(FindingId::LegacyTlsEnabled));
    verdict.trust = vec![
        store("mozilla", true, Some(Barrier::Expired)),
        store("corp", false, Some(Barrier::IssuerUnknown)),
    ];
    verdict.path = Some(TrustPath {
        certificates: vec![leaf.sha256, issuer.sha256],
        completed_by: Some(CompletedBy::Bundle),
    });
    verdict.revocation = Some(super::revocation::known(leaf.sha256));
    Sample {
        observation: seen(target, vec![leaf, issuer]),
        verdict,
    }
}

/// The expired sample with facts requested, none of which any answer shows.
pub(crate) fn asked() -> Sample {
    let mut sample = expired();
    sample.observation.facts_asked = [Fact::Renegotiation].into_iter().collect();
    sample
}

/// The expired sample for another name, without tags.
pub(crate) fn expired_at(host: &str) -> Sample {
    let mut sample = expired();
    sample.observation.endpoint.target = Arc::new(target(host, host, 443));
    sample
}

/// A visit that failed because of a limit of this machine.
pub(crate) fn exhausted() -> Sample {
    let mut sample = refused();
    let failure = Failure::new(Stage::Connect, Reason::LocalLimit, "too many open files");
    sample.observation.exchanges[0].failure = Some(failure);
    sample
}

/// A certificate that becomes valid next month.
pub(crate) fn early() -> Sample {
    let mut leaf = leaf("soon.example", &["soon.example"], 3, "9999-12-30T00:00:00Z");
    let contents = Arc::get_mut(&mut leaf).unwrap().contents.as_mut().unwrap();
    contents.not_before = time("2026-12-02T00:00:00Z").as_second();
    contents.not_after = 253_402_300_799;
    let evidence = vec![("not_before", Value::Time(time("2026-12-02T00:00:00Z")))];
    Sample {
        observation: seen(target("soon.example", "soon.example", 443), vec![leaf]),
        verdict: verdict(VerdictKind::NotYetValid, evidence),
    }
}

/// A certificate for other names, at an address that the target named.
pub(crate) fn mismatched() -> Sample {
    let text = "www.shop.example@192.0.2.7";
    let mut target = target(text, "www.shop.example", 443);
    target.address = Some("192.0.2.7".parse().unwrap());
    let names = ["shop.example", "api.example"];
    let leaf = leaf("shop.example", &names, 4, "2027-01-25T00:00:00Z");
    let evidence = vec![
        ("asked", Value::Text("www.shop.example".to_owned())),
        ("presented", Value::List(names.map(str::to_owned).to_vec())),
        ("presented_count", Value::Number(2)),
        ("nearest", Value::Text("shop.example".to_owned())),
        ("hint", NameHint::WwwMissing.into()),
    ];
    Sample {
        observation: seen(target, vec![leaf]),
        verdict: verdict(VerdictKind::NameMismatch, evidence),
    }
}

/// A name that does not exist.
pub(crate) fn unresolved() -> Sample {
    let mut observation = seen(target("gone.example", "gone.example", 443), vec![]);
    observation.endpoint.address = None;
    observation.exchanges.clear();
    observation.timing = Timing {
        dns: Some(Duration::from_micros(1_500)),
        total: Some(Duration::from_micros(1_500)),
        ..Timing::default()
    };
    observation.failure = Some(Failure::new(Stage::Dns, Reason::Nxdomain, ""));
    Sample {
        observation,
        verdict: verdict(VerdictKind::DnsFailure, vec![]),
    }
}

/// A port that refused, on an IPv6 address.
pub(crate) fn refused() -> Sample {
    let mut target = target("[2001:db8::1]:8443", "", 8443);
    let address: IpAddr = "2001:db8::1".parse().unwrap();
    target.host = Host::Address(address);
    let mut observation = seen(target, vec![]);
    observation.endpoint.address = Some(address);
    observation.exchanges[0].session = None;
    observation.exchanges[0].chain = None;
    let failure = Failure::new(Stage::Connect, Reason::Refused, "Connection refused");
    observation.exchanges[0].failure = Some(failure);
    Sample {
        observation,
        verdict: verdict(VerdictKind::Unreachable, vec![]),
    }
}

/// A leaf that cannot be parsed.
pub(crate) fn unreadable() -> Sample {
    let leaf = Arc::new(Certificate {
        der: CertificateDer::from(vec![5; 5]),
        sha256: Fingerprint([5; 32]),
        contents: Err(Unparseable::Validity),
    });
    let evidence = vec![
        ("reason", Barrier::Unparseable.into()),
        ("certificate", Position::Leaf.into()),
        ("field", Value::Text("validity".to_owned())),
    ];
    Sample {
        observation: seen(target("odd.example", "odd.example", 443), vec![leaf]),
        verdict: verdict(VerdictKind::InvalidCertificate, evidence),
    }
}

/// Text chosen by others that attacks terminals and spreadsheets.
pub(crate) fn hostile() -> Sample {
    let attack = "=cmd|' /C calc'!A0\u{1b}]0;x\u{7}\u{202e}\r\n\"";
    let mut target = target(attack, "bad.example", 25);
    target.tags = vec![(attack.into(), attack.into())];
    let mut leaf = leaf(attack, &[attack], 6, "2027-01-25T00:00:00Z");
    let contents = Arc::get_mut(&mut leaf).unwrap().contents.as_mut().unwrap();
    contents.issuer.text = attack.to_owned();
    contents.issuer.common_name = Some(attack.to_owned());
    let mut observation = seen(target, vec![leaf]);
    observation.exchanges[0].session.as_mut().unwrap().alpn = Some(attack.to_owned());
    observation.exchanges[0].failure = Some(Failure::new(Stage::Handshake, Reason::Eof, attack));
    let evidence = vec![
        ("reason", UntrustedReason::UntrustedRoot.into()),
        ("issuer", Value::Text(attack.to_owned())),
    ];
    let mut verdict = verdict(VerdictKind::UntrustedCa, evidence);
    verdict.trust = vec![store(attack, false, None)];
    Sample {
        observation,
        verdict,
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn target(text: &str, host: &str, port: u16) -> Target {
    Target {
        text: text.to_owned(),
        host: Host::Name(host.into()),
        address: None,
        port,
        service: Service::named("https").unwrap(),
        sni: None,
        tags: vec![],
        duplicate_of: None,
    }
}

fn seen(target: Target, certificates: Vec<Arc<Certificate>>) -> Observation {
    Observation {
        timing: Timing {
            dns: Some(Duration::from_micros(800)),
            connect: Some(Duration::from_micros(12_500)),
            starttls: None,
            handshake: Some(Duration::from_nanos(30_000_123)),
            total: Some(Duration::from_millis(44)),
        },
        exchanges: vec![Exchange {
            offer: Offer::Modern,
            transcript: None,
            session: Some(session()),
            chain: Some(PeerChain { certificates }),
            chain_cut: false,
            failure: None,
        }],
        ..Observation::of(
            Endpoint {
                target: Arc::new(target),
                address: Some("192.0.2.7".parse().unwrap()),
            },
            time("2026-11-22T08:00:00.25Z"),
        )
    }
}

fn session() -> Session {
    Session {
        group: Some(0x001d),
        signature: Some(0x0403),
        alpn: Some("h2".to_owned()),
        hello_retry: Some(false),
        client_cert_requested: Some(false),
        key_proof: Some(KeyProof::Proven),
        alpn_offered: true,
        ..Session::of(ProtocolVersion::Tls13, 0x1301)
    }
}

fn leaf(subject: &str, names: &[&str], seed: u8, not_after: &str) -> Arc<Certificate> {
    let sans = names.iter().map(|name| match name.parse() {
        Ok(address) => PresentedName::Address(address),
        Err(_) => PresentedName::Dns((*name).to_owned()),
    });
    let contents = Contents {
        version: 3,
        serial: vec![0, 0xc0, 0xff, 0xee],
        subject: name(subject),
        issuer: name("R11"),
        not_before: time("2026-08-12T00:00:00Z").as_second(),
        not_after: time(not_after).as_second(),
        key: PublicKey {
            kind: KeyKind::Ec,
            algorithm: KeyAlgorithm::Ec(Some(Curve::P256)),
            rsa: None,
            bits: Some(256),
            name: "p256".to_owned(),
            spki: vec![],
            spki_sha256: Fingerprint([0xee; 32]),
        },
        signature: SignatureAlgorithm {
            name: "sha256WithRSAEncryption".to_owned(),
            oid: "1.2.840.113549.1.1.11".to_owned(),
            parameters: vec![],
        },
        sans: Some(sans.collect()),
        basic_constraints: None,
        key_usage: None,
        extended_key_usage: None,
        authority_key_id: None,
        subject_key_id: None,
        ca_issuers: vec![],
        ocsp: vec![],
        has_name_constraints: false,
        unknown_critical: vec![],
        bad_extension: None,
        tbs: Default::default(),
        signature_value: Default::default(),
    };
    Arc::new(Certificate {
        der: CertificateDer::from(vec![seed; 100]),
        sha256: Fingerprint([seed; 32]),
        contents: Ok(contents),
    })
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::default();
    name.text = format!("CN={common_name}");
    name.common_name = Some(common_name.to_owned());
    name
}

fn verdict(kind: VerdictKind, evidence: Vec<(&'static str, Value)>) -> Verdict {
    let own = FindingId::named(kind.name()).map(|id| Finding {
        id,
        severity: Severity::Error,
        side: Side::Server,
        evidence,
    });
    Verdict {
        kind,
        side: Some(Side::Server),
        findings: own.into_iter().collect(),
        trust: vec![],
        path: None,
        revocation: None,
        settled: true,
        seen: vec![],
    }
}

fn warning(id: FindingId) -> Finding {
    Finding {
        id,
        severity: Severity::Warning,
        side: Side::Server,
        evidence: vec![],
    }
}

fn store(name: &str, trusted: bool, reason: Option<Barrier>) -> StoreTrust {
    StoreTrust {
        store: name.into(),
        trusted,
        reason,
        accepted_by: None,
    }
}

/// The expected JSON of `expired`.
pub(super) const EXPIRED_JSON: &str = include_str!("../../testdata/output/expired.jsonl");

/// The expected lines of `all`.
pub(super) const TEXT: &str = include_str!("../../testdata/output/rows.txt");
