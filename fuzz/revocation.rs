//! The properties of any bytes that claim to be revocation data: a stapled OCSP response or a CRL.
//! Shared by the fuzz targets and tests/corpus.rs, like bodies.rs.
#![allow(dead_code, reason = "each target runs one of them")]

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use tlsweep::gather::{RevocationData, RevocationSources};
use tlsweep::inventory::{Endpoint, Host, Service, Target};
use tlsweep::judge::{Judge, Policy, TrustStore};
use tlsweep::observation::{Certificate, Exchange, Observation, Offer, PeerChain, Session};
use tlsweep::tls::ProtocolVersion;
use tlsweep::verdict::{RevocationAnswer, RevocationStatus, Verdict, VerdictKind};

/// One day after the OCSP responses of the corpus were made: 2026-11-27.
const AT: i64 = 1_795_737_600;

/// Maximum number of seconds by which a source may be ahead.
const SKEW: i64 = 300;

static ROOT: &[u8] = include_bytes!("../testdata/revocation/root.der");
static LEAF: &[u8] = include_bytes!("../testdata/revocation/leaf.der");

/// Returns a policy in which only the root is trusted.
static STORE: LazyLock<TrustStore> = LazyLock::new(|| {
    let root = CertificateDer::from_slice(ROOT);
    TrustStore::from_certificates("root", &[root])
});

/// A staple: it is judged, it yields "good" or "revoked" only during its validity, and "revoked"
/// becomes the verdict.
pub(crate) fn ocsp(data: &[u8]) {
    let verdict = stapled(data);
    let said = verdict.revocation.as_ref().expect("revocation was checked");
    assert_eq!(said.staple.is_some(), !data.is_empty());
    said.staple
        .iter()
        .for_each(|answer| counts(&verdict, answer));
}

/// A CRL: the same, and it is read completely or not at all.
pub(crate) fn crl(data: &[u8]) {
    let verdict = listed(data);
    let said = verdict.revocation.as_ref().expect("revocation was checked");
    let answers = said.crl.iter().flatten();
    answers.for_each(|answer| counts(&verdict, answer));
}

fn counts(verdict: &Verdict, answer: &RevocationAnswer) {
    let revoked = answer.status == RevocationStatus::Revoked;
    assert_eq!(verdict.kind == VerdictKind::Revoked, revoked);
    if answer.status != RevocationStatus::Unknown {
        assert!(answer.this_update.is_some_and(|from| from <= AT + SKEW));
        assert!(answer.next_update.is_none_or(|until| until >= AT));
    }
    assert!(answer.status == RevocationStatus::Revoked || answer.revoked_at.is_none());
}

/// Judges the leaf with this staple.
pub(crate) fn stapled(staple: &[u8]) -> Verdict {
    let sources = RevocationSources {
        staple: true,
        ..RevocationSources::default()
    };
    judged(staple, RevocationData::new(sources))
}

/// Judges the leaf with this CRL.
pub(crate) fn listed(list: &[u8]) -> Verdict {
    let mut data = RevocationData::new(RevocationSources {
        crl: true,
        ..RevocationSources::default()
    });
    let added = data.add_crl("list", list);
    assert_eq!(added.is_ok(), data.crl_count() == 1);
    judged(&[], data)
}

fn judged(staple: &[u8], data: RevocationData) -> Verdict {
    let policy = Policy {
        revocation: Some(Arc::new(data)),
        ..Policy::new(vec![STORE.clone()])
    };
    Judge::new(Arc::new(policy)).judge(&seen(staple))
}

/// Returns a visit to the leaf's server.
fn seen(staple: &[u8]) -> Observation {
    let target = Target {
        text: "www.example.test".to_owned(),
        host: Host::Name("www.example.test".into()),
        address: None,
        port: 443,
        service: Service::named("https").expect("https is a service"),
        sni: None,
        tags: Vec::new(),
        duplicate_of: None,
    };
    let leaf = Certificate::read(CertificateDer::from_slice(LEAF));
    Observation {
        exchanges: vec![Exchange {
            offer: Offer::Modern,
            transcript: None,
            session: Some(session(staple)),
            chain: Some(PeerChain {
                certificates: vec![Arc::new(leaf)],
            }),
            chain_cut: false,
            failure: None,
        }],
        ..Observation::of(
            Endpoint {
                target: Arc::new(target),
                address: None,
            },
            Timestamp::from_second(AT).expect("a day of this century"),
        )
    }
}

fn session(staple: &[u8]) -> Session {
    Session {
        signature: Some(0x0403),
        ocsp_staple: Some(staple.to_vec()),
        ..Session::of(ProtocolVersion::Tls13, 0x1301)
    }
}
