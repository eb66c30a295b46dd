//! Properties that hold for every chain, tested on the chains in testdata/chains: damaged, in any
//! order, with unrelated certificates, and with more trust anchors.

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair};
use rustls_pki_types::CertificateDer;
use support::cases::{Case, Chain, observation};
use tlsweep::gather::IssuerPool;
use tlsweep::judge::findings::Definition;
use tlsweep::judge::{Judge, Policy, TrustStore};
use tlsweep::observation::Certificate;
use tlsweep::verdict::{Barrier, CompletedBy, Verdict, VerdictKind};

/// A case whose files have been read.
struct Read {
    case: Case,
    chain: Chain,
    extra: Chain,
    roots: Chain,
}

static CASES: LazyLock<Vec<Read>> = LazyLock::new(|| {
    let read = |case: Case| Read {
        chain: case.chain(),
        extra: case.extra(),
        roots: case.roots(),
        case,
    };
    Case::all().into_iter().map(read).collect()
});

/// Every certificate of every case, without duplicates.
static ALL: LazyLock<Chain> = LazyLock::new(|| {
    let mut seen = BTreeSet::new();
    let every = CASES
        .iter()
        .flat_map(|read| [&read.chain, &read.extra, &read.roots])
        .flatten();
    every
        .filter(|certificate| seen.insert(certificate.sha256))
        .cloned()
        .collect()
});

impl std::fmt::Debug for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.case.id())
    }
}

impl Read {
    /// Judges a chain with these certificates known from elsewhere and these trust anchors.
    fn judge(&self, chain: &Chain, extra: &[Arc<Certificate>], roots: &Chain) -> Verdict {
        let policy = self.policy(extra, roots);
        Judge::new(Arc::new(policy)).judge(&self.case.observation(chain.clone()))
    }

    fn policy(&self, extra: &[Arc<Certificate>], roots: &Chain) -> Policy {
        let mut issuers = IssuerPool::default();
        for certificate in extra {
            issuers.add(certificate.clone(), CompletedBy::Bundle);
        }
        let roots: Vec<_> = roots.iter().map(|root| root.der.clone()).collect();
        Policy {
            issuers: Arc::new(issuers),
            at: Some(self.case.says().at),
            ..Policy::new(vec![TrustStore::from_certificates("roots", &roots)])
        }
    }
}

fn any_case() -> impl Strategy<Value = &'static Read> {
    any::<Index>().prop_map(|index| index.get(&CASES))
}

/// Any case whose verdict is `ok`.
fn any_good_case() -> impl Strategy<Value = &'static Read> {
    let good = CASES.iter().filter(|read| {
        let verdict = read.judge(&read.chain, &read.extra, &read.roots);
        verdict.kind == VerdictKind::Ok
    });
    select(good.collect::<Vec<_>>())
}

/// Any indexes into the list of all certificates.
fn any_places(most: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(
        any::<Index>().prop_map(|index| index.index(ALL.len())),
        0..=most,
    )
}

/// Returns these certificates, followed by those at these indexes of the list of all.
fn and(chain: &[Arc<Certificate>], places: &[usize]) -> Chain {
    let more = places.iter().map(|place| ALL[*place].clone());
    chain.iter().cloned().chain(more).collect()
}

/// A change of bytes.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Add(Index, u8),
    Drop(Index),
    Cut(Index),
    Splice(Index, Index, Index),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Add(at, byte)),
        1 => place().prop_map(Damage::Drop),
        1 => place().prop_map(Damage::Cut),
        1 => (place(), place(), place()).prop_map(|(at, of, from)| Damage::Splice(at, of, from)),
    ]
}

impl Damage {
    fn done_to(&self, der: &[u8]) -> Vec<u8> {
        let mut der = der.to_vec();
        let size = der.len();
        match self {
            _ if size == 0 => {}
            Self::Set(at, byte) => der[at.index(size)] = *byte,
            Self::Add(at, byte) => der.insert(at.index(size), *byte),
            Self::Drop(at) => drop(der.remove(at.index(size))),
            Self::Cut(at) => der.truncate(at.index(size)),
            Self::Splice(at, of, from) => {
                let other = &of.get(&ALL).der;
                der.truncate(at.index(size));
                der.extend_from_slice(&other[from.index(other.len())..]);
            }
        }
        der
    }
}

fn read(der: Vec<u8>) -> Arc<Certificate> {
    Arc::new(Certificate::read(CertificateDer::from(der)))
}

fn trusted(verdict: &Verdict) -> bool {
    verdict.trust[0].trusted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn damaged_chains_get_the_same_verdict_each_time(
        read_case in any_case(),
        damages in prop::collection::vec((any::<Index>(), any_damage()), 1..4),
    ) {
        let mut chain = read_case.chain.clone();
        for (which, damage) in damages {
            let at = which.index(chain.len());
            chain[at] = read(damage.done_to(&chain[at].der));
        }
        let policy = Arc::new(read_case.policy(&read_case.extra, &read_case.roots));
        let observed = read_case.case.observation(chain);
        let mut judge = Judge::new(policy.clone());
        let first = judge.judge(&observed);
        prop_assert_eq!(first.trust.len(), 1);
        prop_assert!(first.findings.iter().all(|finding| Definition::of(finding.id).is_some()));
        prop_assert_eq!(&first, &judge.judge(&observed));
        prop_assert_eq!(&first, &Judge::new(policy).judge(&observed));
    }

    #[test]
    fn arbitrary_bytes_can_replace_any_certificate(
        read_case in any_case(),
        which in any::<Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let mut chain = read_case.chain.clone();
        let at = which.index(chain.len());
        chain[at] = read(bytes);
        let verdict = read_case.judge(&chain, &read_case.extra, &read_case.roots);
        prop_assert!(at > 0 || verdict.kind == VerdictKind::InvalidCertificate);
    }

    #[test]
    fn a_damaged_leaf_is_never_trusted(read_case in any_good_case(), damage in any_damage()) {
        let mut chain = read_case.chain.clone();
        let whole = chain[0].der.clone();
        chain[0] = read(damage.done_to(&whole));
        prop_assume!(chain[0].der != whole);
        let verdict = read_case.judge(&chain, &read_case.extra, &read_case.roots);
        prop_assert!(!trusted(&verdict));
        prop_assert_ne!(verdict.kind, VerdictKind::Ok);
    }

    #[test]
    fn the_order_of_certificates_does_not_change_the_verdict(
        read_case in any_case(),
        sent in any_places(6),
        known in any_places(6),
        keys in prop::collection::vec(any::<u32>(), 32),
    ) {
        let shuffled = |certificates: &Chain| -> Chain {
            let mut keyed: Vec<_> = certificates.iter().zip(keys.iter().cycle()).collect();
            keyed.sort_by_key(|(_, key)| **key);
            keyed.into_iter().map(|(certificate, _)| certificate.clone()).collect()
        };
        let chain = |above: &Chain| [&read_case.chain[..1], above].concat();
        let above = and(&read_case.chain[1..], &sent);
        let extra = and(&read_case.extra, &known);
        let first = read_case.judge(&chain(&above), &extra, &read_case.roots);
        let again = read_case.judge(&chain(&above), &shuffled(&extra), &read_case.roots);
        prop_assert_eq!(&first, &again);
        let turned = read_case.judge(&chain(&shuffled(&above)), &extra, &read_case.roots);
        prop_assert_eq!(first.kind, turned.kind);
        prop_assert_eq!(first.trust, turned.trust);
    }

    #[test]
    fn an_additional_anchor_never_removes_trust(read_case in any_case(), more in any_places(6)) {
        let fewer = read_case.judge(&read_case.chain, &read_case.extra, &read_case.roots);
        let roots = and(&read_case.roots, &more);
        let wider = read_case.judge(&read_case.chain, &read_case.extra, &roots);
        prop_assert!(!trusted(&fewer) || trusted(&wider));
        prop_assert!(fewer.kind != VerdictKind::Ok || wider.kind == VerdictKind::Ok);
    }

    #[test]
    fn an_additional_certificate_never_removes_trust(
        read_case in any_case(),
        sent in any_places(20),
        known in any_places(6),
    ) {
        let alone = read_case.judge(&read_case.chain, &read_case.extra, &read_case.roots);
        let chain = and(&read_case.chain, &sent);
        let extra = and(&read_case.extra, &known);
        let together = read_case.judge(&chain, &extra, &read_case.roots);
        prop_assert!(!trusted(&alone) || trusted(&together));
        prop_assert!(alone.kind != VerdictKind::Ok || together.kind == VerdictKind::Ok);
    }
}

/// webpki does not parse certificates larger than 64 KiB; our own rules then decide alone.
/// Certificates larger than 320 KiB are not parsed at all.
#[test]
fn certificates_are_judged_up_to_the_size_limit() {
    let keys = [(); 2].map(|()| KeyPair::generate().expect("a key"));
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let store = root.self_signed(&keys[0]).expect("a root");
    let store = TrustStore::from_certificates("own", &[store.der().clone()]);
    let policy = Arc::new(Policy::new(vec![store]));
    let at = "2026-06-01T00:00:00Z".parse().expect("a time");
    for (padding, reason) in [
        (60 << 10, None),
        (70 << 10, None),
        (256 << 10, None),
        (320 << 10, Some("unparseable")),
        (2 << 20, Some("unparseable")),
    ] {
        let name = "www.example.test";
        let mut leaf = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let oid = [1, 3, 6, 1, 4, 1, 99999, 1];
        let padding = CustomExtension::from_oid_content(&oid, vec![0; padding]);
        leaf.custom_extensions.push(padding);
        let issuer = Issuer::from_params(&root, &keys[0]);
        let leaf = leaf.signed_by(&keys[1], &issuer).expect("a leaf");
        let chain = vec![read(leaf.der().to_vec())];
        let verdict = Judge::new(policy.clone()).judge(&observation(name, at, chain));
        assert_eq!(verdict.trust[0].reason.map(Barrier::name), reason);
    }
}
