//! Collects the CA certificates that hosts send during a sweep, and decides which of them may
//! complete other chains.
//!
//! A host that forgot its intermediate can be completed by another host that sends it. The result
//! must not depend on which of the two was visited first. So certificates are only collected during
//! the sweep, and at its end `extend_pool` proves them all at once: a candidate joins the pool if a
//! trust anchor or a certificate in the pool signed it. Defects of the leaf that it came with do
//! not matter. The rest is dropped, so that a stranger's forged issuer can neither help nor
//! confuse. The result is a least fixpoint over a set, and therefore the same in any order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::IssuerPool;
use crate::crypto::{Fingerprint, SignatureCheck};
use crate::observation::Certificate;
use crate::verdict::{CompletedBy, SeenIssuers};

/// The CA certificates collected so far.
#[derive(Clone, Debug)]
pub struct Learned {
    /// Certificates seen on a path to a trust anchor.
    proven: BTreeMap<Fingerprint, Arc<Certificate>>,
    /// Certificates that hosts sent without such a path.
    candidates: BTreeMap<Fingerprint, Arc<Certificate>>,
    /// Maximum number of certificates in each of the two.
    limit: usize,
}

/// Default limit: ten times as many intermediates as the public web has. Beyond it, the
/// certificates with the lowest fingerprints are kept, because keeping the first would depend on
/// the order of the visits.
const LIMIT: usize = 50_000;

/// Maximum number of certificates from one host, more than any valid chain has. A host that sends
/// hundreds must not crowd out the others.
const PER_HOST: usize = 10;

impl Default for Learned {
    fn default() -> Self {
        Self::with_limit(LIMIT)
    }
}

impl Learned {
    /// Keeps at most `limit` proven certificates and as many candidates.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            proven: BTreeMap::new(),
            candidates: BTreeMap::new(),
            limit,
        }
    }

    /// Adds a certificate that was seen on a path to a trust anchor. Only CA certificates are kept.
    pub fn prove(&mut self, certificate: &Arc<Certificate>) {
        if certificate.is_ca() {
            keep(&mut self.proven, certificate, self.limit);
        }
    }

    /// Adds certificates of one host that were not seen on a path to a trust anchor. Only CA
    /// certificates are kept.
    pub fn propose<'c>(&mut self, certificates: impl IntoIterator<Item = &'c Arc<Certificate>>) {
        let issuers = certificates.into_iter().filter(|it| it.is_ca());
        for certificate in issuers.take(PER_HOST) {
            keep(&mut self.candidates, certificate, self.limit);
        }
    }

    /// Adds the CA certificates of one host.
    pub fn add(&mut self, seen: &SeenIssuers) {
        seen.proven.iter().for_each(|issuer| self.prove(issuer));
        self.propose(&seen.unproven);
    }

    /// Adds what another collector has collected.
    pub fn merge(&mut self, other: Self) {
        for certificate in other.proven.values() {
            keep(&mut self.proven, certificate, self.limit);
        }
        for certificate in other.candidates.values() {
            keep(&mut self.candidates, certificate, self.limit);
        }
    }

    /// Returns the bundle and every certificate that can be proven: those proven already, and the
    /// candidates signed by a trust anchor (`anchored` returns true) or by a proven certificate.
    pub fn extend_pool(
        &self,
        bundle: &IssuerPool,
        anchored: impl Fn(&Certificate) -> bool,
    ) -> IssuerPool {
        let mut unproven = Unproven::default();
        let mut to_follow: Vec<_> = self.proven.values().cloned().collect();
        // The certificates of a bundle are not proven, so they prove others only if an anchor
        // signed them.
        let given = bundle.iter().map(|(certificate, _)| certificate);
        for candidate in self.candidates.values().chain(given) {
            match anchored(candidate) {
                true => to_follow.push(Arc::clone(candidate)),
                false => unproven.add(Arc::clone(candidate)),
            }
        }
        let seen = |it: &Certificate| {
            self.proven.contains_key(&it.sha256) || self.candidates.contains_key(&it.sha256)
        };
        let mut pool = bundle.clone();
        while let Some(issuer) = to_follow.pop() {
            to_follow.extend(unproven.take_signed_by(&issuer));
            if seen(&issuer) {
                pool.add(issuer, CompletedBy::Sweep);
            }
        }
        pool
    }
}

fn keep(
    kept: &mut BTreeMap<Fingerprint, Arc<Certificate>>,
    certificate: &Arc<Certificate>,
    limit: usize,
) {
    kept.entry(certificate.sha256)
        .or_insert_with(|| Arc::clone(certificate));
    if kept.len() > limit {
        kept.pop_last();
    }
}

/// Candidates by the name of their issuer.
#[derive(Default)]
struct Unproven {
    by_issuer: HashMap<Vec<u8>, Vec<Arc<Certificate>>>,
}

impl Unproven {
    fn add(&mut self, candidate: Arc<Certificate>) {
        if let Ok(contents) = &candidate.contents {
            let issuer = contents.issuer.canonical().to_vec();
            self.by_issuer.entry(issuer).or_default().push(candidate);
        }
    }

    fn take_signed_by(&mut self, issuer: &Certificate) -> Vec<Arc<Certificate>> {
        let Ok(contents) = &issuer.contents else {
            return Vec::new();
        };
        match self.by_issuer.get_mut(contents.subject.canonical()) {
            Some(waiting) => waiting
                .extract_if(.., |candidate| {
                    candidate.signed_by(issuer) == SignatureCheck::Valid
                })
                .collect(),
            None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Certificate;
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    use rustls_pki_types::CertificateDer;

    /// A CA that can sign others.
    struct Authority {
        certificate: Arc<Certificate>,
        issuer: Issuer<'static, KeyPair>,
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    fn read(der: &CertificateDer<'_>) -> Arc<Certificate> {
        Arc::new(Certificate::read(der.clone().into_owned()))
    }

    fn root(name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name).self_signed(&key).unwrap();
        Authority {
            certificate: read(certificate.der()),
            issuer: Issuer::new(params(name), key),
        }
    }

    fn below(parent: &Authority, name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name).signed_by(&key, &parent.issuer).unwrap();
        Authority {
            certificate: read(certificate.der()),
            issuer: Issuer::new(params(name), key),
        }
    }

    fn fingerprints(pool: &IssuerPool) -> Vec<(Fingerprint, String)> {
        let mut all: Vec<_> = pool
            .iter()
            .map(|(certificate, from)| (certificate.sha256, format!("{from:?}")))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn candidates_are_joined_by_signatures_and_unrelated_ones_are_not() {
        let anchor = root("anchor");
        let first = below(&anchor, "first");
        let second = below(&first, "second");
        let third = below(&second, "third");
        let stranger = below(&root("anchor"), "first");
        let private = root("private");

        let mut learned = Learned::default();
        learned.propose([&third.certificate, &private.certificate]);
        learned.propose([&stranger.certificate, &second.certificate]);
        let anchored = |c: &Certificate| c.signed_by(&anchor.certificate) == SignatureCheck::Valid;
        assert!(
            learned
                .extend_pool(&IssuerPool::default(), anchored)
                .is_empty()
        );

        learned.prove(&first.certificate);
        let pool = learned.extend_pool(&IssuerPool::default(), anchored);
        let mut expected = [&first, &second, &third].map(|c| c.certificate.sha256);
        expected.sort();
        let found: Vec<_> = fingerprints(&pool).into_iter().map(|(f, _)| f).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_bundle_supports_other_issuers_only_if_it_reaches_an_anchor() {
        let anchor = root("anchor");
        let given = below(&anchor, "given");
        let seen = below(&given, "seen");
        let mut bundle = IssuerPool::default();
        bundle.add(Arc::clone(&given.certificate), CompletedBy::Bundle);
        let mut learned = Learned::default();
        learned.propose([&seen.certificate]);

        let pool = learned.extend_pool(&bundle, |_| false);
        assert_eq!(fingerprints(&pool), fingerprints(&bundle));
        let pool = learned.extend_pool(&bundle, |c| c.sha256 == given.certificate.sha256);
        assert_eq!(pool.len(), 2);
        let named = |c: &Authority| c.certificate.contents.as_ref().unwrap().subject.clone();
        assert_eq!(pool.with_subject(&named(&given))[0].1, CompletedBy::Bundle);
        assert_eq!(pool.with_subject(&named(&seen))[0].1, CompletedBy::Sweep);
    }

    #[test]
    fn one_host_cannot_displace_the_issuers_of_others() {
        let anchor = root("anchor");
        let many: Vec<_> = (0..15).map(|n| below(&anchor, &n.to_string())).collect();
        let sent: Vec<_> = many.iter().map(|c| &c.certificate).collect();
        let mut learned = Learned::default();
        learned.propose(sent);
        let pool = learned.extend_pool(&IssuerPool::default(), |_| true);
        assert_eq!(pool.len(), PER_HOST);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_order_of_visits_changes_nothing(
            order in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(),
            split in 0..8usize,
        ) {
            use std::sync::LazyLock;
            static WEB: LazyLock<(Authority, Vec<Authority>)> = LazyLock::new(|| {
                let anchor = root("anchor");
                let mut chain = vec![below(&anchor, "0")];
                for number in 1..5 {
                    let parent = chain.last().unwrap_or(&anchor);
                    chain.push(below(parent, &number.to_string()));
                }
                // The same name again, cross-signed, and two unrelated certificates.
                chain.push(below(&chain[0], "2"));
                chain.push(below(&root("anchor"), "1"));
                chain.push(below(&root("nobody"), "9"));
                (anchor, chain)
            });
            let (anchor, sent) = &*WEB;
            let anchored = |c: &Certificate| c.signed_by(&anchor.certificate) == SignatureCheck::Valid;
            let proven = |order: &[usize], limit: usize| {
                let collect = |order: &[usize]| {
                    let mut learned = Learned::with_limit(limit);
                    for place in order {
                        learned.propose([&sent[*place].certificate]);
                    }
                    learned
                };
                let (ours, theirs) = order.split_at(split);
                let mut learned = collect(ours);
                learned.merge(collect(theirs));
                fingerprints(&learned.extend_pool(&IssuerPool::default(), anchored))
            };
            let sorted: Vec<_> = (0..8).collect();
            prop_assert_eq!(proven(&order, LIMIT).len(), 6);
            for limit in [3, 5, LIMIT] {
                prop_assert_eq!(proven(&order, limit), proven(&sorted, limit));
            }
        }
    }
}
