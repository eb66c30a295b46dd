//! What an observation means. `Judge::judge` is a function of the observation and the policy
//! alone: it knows no socket, no clock and no global, so that a recorded observation is judged
//! again by the same call. webpki decides whether a chain is trusted; the rest of this room finds
//! the words for it.
//!
//! A chain is judged once (`standing`), the findings look at the result one by one (`findings`),
//! and the first of those that are verdicts is the verdict.

mod case;
pub mod clients;
mod defects;
pub mod findings;
mod keys;
mod links;
mod memo;
mod names;
mod order;
mod outcome;
mod paths;
mod policy;
mod revocation;
mod standing;
mod store;
mod store_load;
mod unreached;
mod weak;

use std::sync::Arc;

use rustls_pki_types::TrustAnchor;

use crate::crypto::{Fingerprint, Hasher};
use crate::observation::{Certificate, Observation, PeerChain};
use crate::verdict::{CompletedBy, TrustPath, Verdict, VerdictKind};

pub use policy::{EXPIRING_WITHIN, Policy};
pub use store::{StoreError, StoreWarning, TrustStore};

use case::{Case, ChainCase, misused};
use findings::{FINDINGS, NEED_WHOLE_CHAIN};
use memo::{Memo, Window};
use outcome::Ending;
use revocation::Signatures;
use standing::{Memorable, Remembered, Standing};

/// Whole chains remembered: a sweep meets the same chain at several addresses one after the
/// other. Each entry holds the chain, about 5 kB.
const CHAINS: usize = 1_024;

/// Issuers remembered: more than all public CAs have in use.
const ISSUERS: usize = 4_096;

/// Where a certificate stands on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// The server's own.
    Leaf,
    /// Between.
    Intermediate,
    /// A self-issued one at the top.
    Root,
}

impl Position {
    fn of(index: usize, certificate: &Certificate) -> Self {
        let self_issued = |c: &crate::observation::Contents| c.subject.der == c.issuer.der;
        match index {
            0 => Self::Leaf,
            _ if certificate.contents.as_ref().is_ok_and(self_issued) => Self::Root,
            _ => Self::Intermediate,
        }
    }

    /// The word in evidence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::Intermediate => "intermediate",
            Self::Root => "root",
        }
    }
}

/// An issuer under a store: which store, what else was sent, and the issuer's certificate.
type IssuerKey = (usize, Fingerprint, Fingerprint);

/// Judges observations under one policy, remembering chains and issuers. Each thread has its own.
pub struct Judge {
    policy: Arc<Policy>,
    chains: Memo<Fingerprint, Arc<Standing>>,
    issuers: Memo<IssuerKey, Remembered>,
    lists: Signatures,
}

impl Judge {
    /// A judge that remembers nothing yet.
    pub fn new(policy: Arc<Policy>) -> Self {
        Self {
            policy,
            chains: Memo::new(CHAINS),
            issuers: Memo::new(ISSUERS),
            lists: Signatures::default(),
        }
    }

    /// What the observation means. It depends on the observation and the policy, never on what
    /// was judged before.
    pub fn judge(&mut self, observation: &Observation) -> Verdict {
        let policy = self.policy.clone();
        let at = policy.time_for(observation).as_second();
        let chain = observation
            .chain()
            .and_then(|sent| Some((sent, sent.leaf()?)));
        let standing = chain.map(|(sent, _)| self.standing(sent, at));
        // Never remembered with the chain: other lists, staples and times give other answers.
        let revocation = policy.revocation.as_deref().map(|data| {
            let asking = revocation::Asking {
                policy: &policy,
                data,
                session: observation.session(),
                at,
            };
            asking.about(standing.as_deref(), &mut self.lists)
        });
        let case = Case {
            observation,
            policy: &policy,
            at,
            revocation: revocation.as_ref(),
            chain: chain
                .zip(standing.as_deref())
                .map(|((sent, leaf), standing)| ChainCase {
                    sent,
                    leaf,
                    standing,
                    asked: observation.endpoint.target.reference(),
                    misused: misused(leaf, observation.session()),
                }),
        };
        conclude(&case)
    }

    /// The certificate on top of what is at hand, when its issuer is absent: what it says of where
    /// that issuer can be had may help.
    pub fn lacking(&mut self, observation: &Observation) -> Option<Arc<Certificate>> {
        let sent = observation.chain().filter(|sent| sent.leaf().is_some())?;
        let at = self.policy.time_for(observation).as_second();
        let standing = self.standing(sent, at);
        let top = standing.best.path.last()?;
        (standing.best.ending == Ending::Absent).then(|| top.certificate.clone())
    }

    fn standing(&mut self, sent: &PeerChain, at: i64) -> Arc<Standing> {
        let others = digest(sent.certificates.iter().skip(1));
        let whole = digest(sent.certificates.iter());
        if let Some(standing) = self.chains.get(&whole, at) {
            return standing.clone();
        }
        let standing = self.by_issuer(sent, others, at).unwrap_or_else(|| {
            let (standing, memorable) = Standing::of(&sent.certificates, &self.policy, at);
            self.remember(sent, others, memorable);
            standing
        });
        let standing = Arc::new(standing);
        self.chains.put(whole, standing.window, standing.clone());
        standing
    }

    /// The short way: every store has accepted this issuer, sent with the same certificates, so
    /// one signature decides. Whatever else is wrong takes the long way.
    fn by_issuer(&self, sent: &PeerChain, others: Fingerprint, at: i64) -> Option<Standing> {
        let (leaf, issuers) = sent.certificates.split_first()?;
        let contents = leaf.contents.as_ref().ok()?;
        let signed = |issuer: &&Arc<Certificate>| {
            let issuer = issuer.contents.as_ref();
            issuer.is_ok_and(|issuer| issuer.subject.der == contents.issuer.der)
        };
        let issuer = issuers.iter().find(signed)?;
        let stores = &self.policy.stores;
        let mut window = Window::ALWAYS.around(at, contents.not_before, contents.not_after);
        let mut remembered = Vec::with_capacity(stores.len());
        for store in 0..stores.len() {
            let key = (store, others, issuer.sha256);
            let (holds, issuer) = self.issuers.get_with_window(&key, at)?;
            window = window.and(holds);
            remembered.push(issuer);
        }
        if remembered.is_empty() {
            return None;
        }
        let alike = !issuers.iter().any(|other| other.sha256 == leaf.sha256)
            && !stores.iter().any(|store| store.holds(leaf))
            && defects::acceptable(leaf, Position::Leaf);
        let anchor = webpki::anchor_from_trusted_cert(&issuer.der).ok()?;
        (alike && signed_under(leaf, &anchor, at))
            .then(|| Standing::remembered(leaf, &self.policy, &remembered, at, window))
    }

    fn remember(&mut self, sent: &PeerChain, others: Fingerprint, memorable: Memorable) {
        for (store, remembered) in memorable.stores.into_iter().enumerate() {
            if sent.certificates.len() > 1
                && let Some(remembered) = remembered
                && let Some(issuer) = remembered.above.first()
            {
                let key = (store, others, issuer.certificate.sha256);
                self.issuers.put(key, memorable.window, remembered);
            }
        }
    }
}

/// The CA certificates of a chain that are proven to stand under an anchor of a chosen store:
/// what other hosts' chains may be completed with. Where named stores decide, the path may be one
/// that another store accepts and that does not count here.
pub fn proven_issuers<'a>(
    verdict: &'a Verdict,
    chain: &'a PeerChain,
) -> impl Iterator<Item = &'a Arc<Certificate>> {
    let barred = |finding: &crate::verdict::Finding| finding.id == "invalid_certificate";
    let trusted =
        verdict.trust.iter().any(|store| store.trusted) && !verdict.findings.iter().any(barred);
    let path = verdict.path.as_ref();
    let path = path.filter(|path| trusted && path.completed_by.is_none());
    let above = path
        .and_then(|path| path.certificates.get(1..))
        .unwrap_or_default();
    above.iter().filter_map(|fingerprint| {
        let mut sent = chain.certificates.iter();
        sent.find(|certificate| certificate.sha256 == *fingerprint)
    })
}

/// The findings in their order, which is that of precedence, and the verdict that leads them.
fn conclude(case: &Case<'_>) -> Verdict {
    let mut kind = VerdictKind::Ok;
    let mut found = Vec::new();
    let cut = case.observation.chain_cut();
    for definition in FINDINGS {
        if cut && NEED_WHOLE_CHAIN.contains(&definition.id) {
            continue;
        }
        let findings = (definition.look)(case);
        if let (Some(verdict), false) = (definition.verdict, findings.is_empty()) {
            kind = kind.min(verdict);
        }
        found.extend(findings);
    }
    let side = match kind {
        VerdictKind::Ok => None,
        _ => found.first().map(|finding| finding.side),
    };
    let chain = case.chain.as_ref();
    Verdict {
        kind,
        side,
        findings: found,
        trust: chain.map(|chain| trust(chain, cut)).unwrap_or_default(),
        path: chain.and_then(path),
        revocation: case.revocation.cloned(),
        settled: chain.is_none_or(|chain| chain.standing.settled),
    }
}

fn trust(chain: &ChainCase<'_>, cut: bool) -> Vec<crate::verdict::StoreTrust> {
    let mut trust = chain.standing.trust.clone();
    // With the rest of the chain the store might have trusted it.
    trust.retain(|store| store.trusted || !cut);
    if let Some(misused) = &chain.misused {
        for store in trust.iter_mut().filter(|store| store.trusted) {
            store.trusted = false;
            store.reason = Some(misused.reason.to_owned());
        }
    }
    trust
}

fn path(chain: &ChainCase<'_>) -> Option<TrustPath> {
    let best = &chain.standing.best;
    let completed_by: Option<CompletedBy> = match best.ending {
        Ending::Anchor => None,
        Ending::Completed(by) => Some(by),
        _ => return None,
    };
    Some(TrustPath {
        certificates: best
            .path
            .iter()
            .map(|step| step.certificate.sha256)
            .collect(),
        completed_by,
    })
}

/// Whether webpki accepts the leaf directly under this issuer.
fn signed_under(leaf: &Certificate, issuer: &TrustAnchor<'_>, at: i64) -> bool {
    webpki::EndEntityCert::try_from(&leaf.der).is_ok_and(|leaf| {
        leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            std::slice::from_ref(issuer),
            &[],
            defects::unix_time(at),
            webpki::KeyUsage::server_auth(),
            None,
            None,
        )
        .is_ok()
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
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
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
        assert!(judge.standing(&chain("a"), at).best.trusted());
        let short = judge.by_issuer(&chain("b"), others, at).unwrap();
        assert!(short.best.trusted() && short.best.path.len() == 2);
        let mut longer = chain("b");
        longer.certificates.push(root_of(&root));
        let others = digest(longer.certificates.iter().skip(1));
        assert!(judge.by_issuer(&longer, others, at).is_none());
    }

    fn root_of(root: &rcgen::Certificate) -> Arc<Certificate> {
        Arc::new(Certificate::read(CertificateDer::from(root.der().to_vec())))
    }
}
