//! Judges observations. `Judge::judge` is a pure function of the observation and the policy: it
//! uses no socket, no clock and no global state. The same call therefore judges a recorded
//! observation again.
//!
//! Read the files in this order:
//!
//! 1. `graph` connects certificates by verified signatures, within a signature budget (`budget`).
//! 2. `paths` enumerates the paths to the anchors of each store (`store`).
//! 3. `evaluate` finds the defects of one path and returns an `evaluated_path`. `defects` has our own
//!    rules, `webpki_check` asks rustls-webpki, and `rfc5280` is the second opinion.
//!    `without_anchor` handles paths that reach no anchor.
//! 4. `revocation` asks the revocation sources about each path.
//! 5. `merit` orders the evaluated paths.
//! 6. `choice` lets each store pick its best path, and the policy picks the one that explains the
//!    chain.
//! 7. `findings` look at the resulting `case` one by one.
//! 8. `conclude` returns the verdict: the first finding that is a verdict.
//!
//! `trust_result` runs the steps that need no revocation data for one chain. `by_issuer` is the fast
//! path for the next leaf of a known issuer. `memo` is the cache of both.

mod budget;
mod by_issuer;
mod case;
mod choice;
pub mod clients;
mod conclude;
mod defects;
mod evaluate;
mod evaluated_path;
pub mod findings;
mod graph;
mod keys;
mod list_faults;
mod memo;
mod merit;
mod names;
mod paths;
mod policy;
mod revocation;
mod rfc5280;
mod second;
mod seen;
mod signatures;
mod store;
mod store_load;
mod trust_result;
mod weak;
mod webpki_check;
mod without_anchor;

use std::sync::Arc;

use crate::crypto::{Fingerprint, Hasher};
use crate::observation::{Certificate, Observation, PeerChain, Session};
use crate::verdict::{Revocation, Verdict};

pub use policy::{EXPIRING_WITHIN, Policy};
pub use store::{StoreError, StoreWarning, TrustStore};

use by_issuer::Remembered;
use case::{Case, ChainCase, SecondChain, misused};
use choice::{Candidate, Choice};
use conclude::conclude;
use memo::Memo;
use signatures::Signatures;
use trust_result::TrustResult;

/// Maximum number of cached chains. A sweep meets the same chain at several addresses in a row.
/// Each entry contains the chain, about 5 kB.
const CHAINS: usize = 1_024;

/// Maximum number of cached issuers. All public CAs together use fewer.
const ISSUERS: usize = 4_096;

/// Digest of the certificates sent with a leaf, and fingerprint of the leaf's issuer.
type IssuerKey = (Fingerprint, Fingerprint);

/// Judges observations under one policy, with a cache of chains and issuers. Each thread has one.
pub struct Judge {
    policy: Arc<Policy>,
    chains: Memo<Fingerprint, Arc<TrustResult>>,
    issuers: Memo<IssuerKey, Remembered>,
    signatures: Signatures,
}

/// A judged chain: the results of the stores and of the revocation sources.
struct JudgedChain {
    trust: Arc<TrustResult>,
    choice: Arc<Choice>,
    /// Revocation answers for the chosen path; `None` if no source was configured.
    revocation: Option<Revocation>,
}

impl Judge {
    /// Returns a judge with an empty cache.
    pub fn new(policy: Arc<Policy>) -> Self {
        Self {
            policy,
            chains: Memo::new(CHAINS),
            issuers: Memo::new(ISSUERS),
            signatures: Signatures::default(),
        }
    }

    /// Returns the verdict on the observation. It depends only on the observation and the policy,
    /// never on earlier calls.
    pub fn judge(&mut self, observation: &Observation) -> Verdict {
        let policy = self.policy.clone();
        let at = policy.time_for(observation).as_second();
        let session = observation.session();
        let chain = observation.chain().filter(|sent| sent.leaf().is_some());
        let judged = chain.map(|sent| (sent, self.judge_chain(sent, session, at)));
        let (second, others) = self.second_chains(observation, at);
        let mut revocation = match &judged {
            Some((_, judged)) => judged.revocation.clone(),
            None => policy.revocation.as_ref().map(|_| Revocation::default()),
        };
        if let Some(revocation) = &mut revocation {
            let wanted = others.iter().filter_map(|it| it.revocation.as_ref());
            let wanted = wanted.flat_map(|it| it.wanted.iter().cloned());
            revocation.wanted.extend(wanted);
        }
        let case = Case {
            observation,
            policy: &policy,
            at,
            revocation: revocation.as_ref(),
            chain: judged
                .as_ref()
                .and_then(|(sent, judged)| chain_case(observation, sent, judged, session)),
            second: &second,
        };
        let results = judged.iter().map(|(_, judged)| judged).chain(&others);
        conclude(&case, results.map(|it| &*it.trust))
    }

    /// Returns the certificates whose issuer is unknown, if that issuer could lead to a store's
    /// anchor. The AIA URLs in them may help.
    pub fn lacking(&mut self, observation: &Observation) -> Vec<Arc<Certificate>> {
        let at = self.policy.time_for(observation).as_second();
        let first = observation.chain().filter(|sent| sent.leaf().is_some());
        let mut lacking = Vec::new();
        let others = second::chains(observation);
        for sent in first.into_iter().chain(others.iter().map(|(sent, _)| sent)) {
            lacking.extend_from_slice(&self.trust_result(sent, at).lacking);
        }
        lacking
    }

    fn second_chains(
        &mut self,
        observation: &Observation,
        at: i64,
    ) -> (Vec<SecondChain>, Vec<JudgedChain>) {
        let policy = self.policy.clone();
        let chains = second::chains(observation).into_iter();
        let chains = chains.map(|(sent, session)| {
            let judged = self.judge_chain(&sent, session, at);
            let case = Case {
                observation,
                policy: &policy,
                at,
                revocation: judged.revocation.as_ref(),
                chain: chain_case(observation, &sent, &judged, session),
                second: &[],
            };
            (second::judge(sent.clone(), &case), judged)
        });
        chains.unzip()
    }

    /// Judges a chain. The revocation answers are never cached with it, because they depend on the
    /// lists, the staple and the time.
    fn judge_chain(&mut self, sent: &PeerChain, session: Option<&Session>, at: i64) -> JudgedChain {
        let trust = self.trust_result(sent, at);
        let Some(data) = self.policy.revocation.as_deref() else {
            return JudgedChain {
                choice: trust.choice.clone(),
                trust,
                revocation: None,
            };
        };
        let asking = revocation::Asking { data, session, at };
        let mut known = Vec::new();
        let stores = trust.choice.stores.iter().map(|paths| {
            let paths = paths.iter().map(|it| {
                let about = asking.about(&it.path, &mut self.signatures);
                let candidate = Candidate {
                    path: it.path.clone(),
                    revoked: about.says_revoked(),
                };
                known.push((it.path.clone(), about));
                candidate
            });
            paths.collect()
        });
        let stores: Vec<Vec<Candidate>> = stores.collect();
        let choice = Choice::of(&self.policy, stores, &trust.alone, at);
        let mut wanted: Vec<String> = Vec::new();
        wanted.extend(known.iter().flat_map(|(_, about)| about.wanted.clone()));
        wanted.sort();
        wanted.dedup();
        let chosen = known
            .into_iter()
            .find(|(path, _)| Arc::ptr_eq(path, &choice.best));
        let about = chosen.map(|(_, about)| about).unwrap_or_default();
        JudgedChain {
            trust,
            choice: Arc::new(choice),
            revocation: Some(Revocation { wanted, ..about }),
        }
    }

    fn trust_result(&mut self, sent: &PeerChain, at: i64) -> Arc<TrustResult> {
        let others = digest(sent.certificates.iter().skip(1));
        let whole = digest(sent.certificates.iter());
        if let Some(trust) = self.chains.get(&whole, at) {
            return trust.clone();
        }
        let trust = self.by_issuer(sent, others, at).unwrap_or_else(|| {
            let certificates = &sent.certificates;
            let trust = TrustResult::of(certificates, &self.policy, at, &mut self.signatures);
            if let Some((issuer, remembered)) = Remembered::of(certificates, &self.policy, &trust) {
                let key = (others, issuer.sha256);
                self.issuers.put(key, trust.window_above, remembered);
            }
            trust
        });
        let trust = Arc::new(trust);
        self.chains.put(whole, trust.window, trust.clone());
        trust
    }

    fn by_issuer(&self, sent: &PeerChain, others: Fingerprint, at: i64) -> Option<TrustResult> {
        let (leaf, rest) = sent.certificates.split_first()?;
        let issuer = by_issuer::issuer(leaf.contents.as_ref().ok()?, rest)?;
        let key = (others, issuer.sha256);
        let (window, remembered) = self.issuers.get_with_window(&key, at)?;
        let copied = rest.iter().any(|other| other.sha256 == leaf.sha256);
        match copied {
            true => None,
            false => remembered.for_leaf(leaf, issuer, &self.policy, at, window),
        }
    }
}

fn chain_case<'a>(
    observation: &Observation,
    sent: &'a PeerChain,
    judged: &'a JudgedChain,
    session: Option<&Session>,
) -> Option<ChainCase<'a>> {
    let leaf = sent.leaf()?;
    Some(ChainCase {
        sent,
        leaf,
        choice: &judged.choice,
        list_faults: &judged.trust.list_faults,
        asked: observation.endpoint.target.reference(),
        misused: misused(leaf, session),
    })
}

fn digest<'a>(certificates: impl Iterator<Item = &'a Arc<Certificate>>) -> Fingerprint {
    let mut hasher = Hasher::default();
    for certificate in certificates {
        hasher.update(&certificate.sha256.0);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    };
    use rustls_pki_types::CertificateDer;

    #[test]
    fn the_next_leaf_of_an_issuer_takes_the_short_way() {
        let keys: Vec<_> = (0..3).map(|_| KeyPair::generate().unwrap()).collect();
        let authority = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params
        };
        let (root, middle) = (authority("root"), authority("middle"));
        let by_root = Issuer::from_params(&root, &keys[0]);
        let by_middle = Issuer::from_params(&middle, &keys[1]);
        let read = |made: &rcgen::Certificate| {
            let der = CertificateDer::from(made.der().to_vec());
            Arc::new(Certificate::read(der))
        };
        let middle = read(&middle.signed_by(&keys[1], &by_root).unwrap());
        let root = root.self_signed(&keys[0]).unwrap();
        let leaf = |name: &str| {
            let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            read(&params.signed_by(&keys[2], &by_middle).unwrap())
        };
        let store = TrustStore::from_certificates("lab", &[root.der().clone()]);
        let mut judge = Judge::new(Arc::new(Policy::new(vec![store])));
        let chain = |name: &str| PeerChain {
            certificates: vec![leaf(name), middle.clone()],
        };
        let at = 1_780_272_000;
        let others = digest(std::iter::once(&middle));
        assert!(judge.by_issuer(&chain("b"), others, at).is_none());
        assert!(judge.trust_result(&chain("a"), at).choice.best.trusted());
        let short = judge.by_issuer(&chain("b"), others, at).unwrap();
        assert!(short.choice.best.trusted() && short.choice.best.steps.len() == 2);
        // webpki would treat it as a loop on the path.
        let mut twin = CertificateParams::new(vec!["c".to_owned()]).unwrap();
        twin.distinguished_name = DistinguishedName::new();
        twin.distinguished_name.push(DnType::CommonName, "middle");
        let twin = PeerChain {
            certificates: vec![
                read(&twin.signed_by(&keys[1], &by_middle).unwrap()),
                middle.clone(),
            ],
        };
        assert!(judge.by_issuer(&twin, others, at).is_none());
        let mut longer = chain("b");
        longer.certificates.push(root_of(&root));
        let others = digest(longer.certificates.iter().skip(1));
        assert!(judge.by_issuer(&longer, others, at).is_none());
    }

    fn root_of(root: &rcgen::Certificate) -> Arc<Certificate> {
        Arc::new(Certificate::read(CertificateDer::from(root.der().to_vec())))
    }
}
