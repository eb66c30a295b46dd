//! Who signed whom: the certificates at hand and the links between them, each proven by its
//! signature. Key identifiers are only hints. The number of signatures that one judgement may
//! check is bounded, because a peer chooses how many certificates to send.

use std::collections::HashMap;
use std::sync::Arc;

use super::TrustStore;
use super::store::Anchor;
use crate::crypto::{Fingerprint, Outcome};
use crate::gather::IssuerPool;
use crate::observation::{Certificate, Contents};
use crate::verdict::CompletedBy;

/// Signatures checked for one chain. Real chains need fewer than ten; at 100 µs the worst costs
/// 60 ms, and once.
const MAX_CHECKS: u32 = 600;

/// Certificates of one chain that are looked at, copies not counted. TLS servers send two to five.
pub(crate) const MAX_SENT: usize = 64;

/// Certificates at hand for one chain, sent and from the pool together.
const MAX_NODES: usize = 128;

/// Whether one certificate signed another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The signature verifies.
    Proven,
    /// It does not.
    Refuted,
    /// The algorithm cannot be verified here. The name says so and no key identifier
    /// contradicts: good enough to explain a refusal, never to trust.
    Claimed,
}

impl From<Outcome> for Proof {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Valid => Self::Proven,
            Outcome::Invalid => Self::Refuted,
            Outcome::Unsupported => Self::Claimed,
        }
    }
}

/// Where a certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The server.
    Sent,
    /// Elsewhere.
    Pool(CompletedBy),
}

/// One certificate at hand. It can be read.
#[derive(Clone)]
pub(crate) struct Node {
    /// The certificate.
    pub(crate) certificate: Arc<Certificate>,
    /// Where from.
    pub(crate) source: Source,
}

/// The candidates above a certificate.
#[derive(Default)]
pub(crate) struct Above {
    /// Proven or claimed issuers.
    pub(crate) issuers: Vec<usize>,
    /// Those of the right name and identifier that did not make the signature.
    pub(crate) refuted: Vec<usize>,
}

/// The certificates at hand.
pub(crate) struct Links<'p> {
    nodes: Vec<Node>,
    pool: Option<&'p IssuerPool>,
    proofs: HashMap<(usize, Fingerprint), Proof>,
    checks_left: u32,
    /// Whether more was sent than is looked at.
    cut: bool,
}

impl<'p> Links<'p> {
    /// What was sent, without repetitions and without what cannot be read. The leaf, which must
    /// be readable, is number 0.
    pub(crate) fn of(sent: &[Arc<Certificate>]) -> Self {
        let mut links = Self {
            nodes: Vec::new(),
            pool: None,
            proofs: HashMap::new(),
            checks_left: MAX_CHECKS,
            cut: false,
        };
        for certificate in sent {
            match links.nodes.len() < MAX_SENT {
                true => links.place(certificate, Source::Sent),
                false => links.cut = true,
            }
        }
        links
    }

    /// Whether there was more than is looked at: what is not found then may be there all the same.
    pub(crate) fn exceeded(&self) -> bool {
        self.cut || self.exhausted()
    }

    /// Whether signatures are no longer checked.
    pub(crate) fn exhausted(&self) -> bool {
        self.checks_left == 0
    }

    /// Lets certificates from elsewhere join.
    pub(crate) fn open(&mut self, pool: &'p IssuerPool) {
        self.pool = Some(pool);
    }

    /// One of the certificates; the index is one that this type gave.
    pub(crate) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// All certificates at hand.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What a certificate says.
    pub(crate) fn contents(&self, index: usize) -> &Contents {
        // Only readable certificates are placed.
        match &self.nodes[index].certificate.contents {
            Ok(contents) => contents,
            Err(_) => unreachable!("an unreadable certificate has no node"),
        }
    }

    /// Which node this certificate is.
    pub(crate) fn position(&self, certificate: &Certificate) -> Option<usize> {
        self.nodes
            .iter()
            .position(|node| node.certificate.sha256 == certificate.sha256)
    }

    /// Takes note of a link that somebody else proved.
    pub(crate) fn note_proven(&mut self, subject: usize, issuer_spki: Fingerprint) {
        self.proofs.insert((subject, issuer_spki), Proof::Proven);
    }

    /// Whether the certificate is its own issuer; `None` when its names or identifiers say that
    /// it does not even claim to be.
    pub(crate) fn self_signed(&mut self, index: usize) -> Option<Proof> {
        let contents = self.contents(index);
        if contents.subject.der != contents.issuer.der {
            return None;
        }
        let contradicted = contradicts(contents, contents);
        match self.prove(index, index) {
            Proof::Proven => Some(Proof::Proven),
            proof => (!contradicted).then_some(proof),
        }
    }

    /// Who signed this certificate, in an order that does not depend on the order of sending.
    pub(crate) fn above(&mut self, index: usize) -> Above {
        self.consult_pool(index);
        let contents = self.contents(index);
        let mut candidates: Vec<usize> = (0..self.nodes.len())
            .filter(|candidate| {
                let issuer = self.contents(*candidate);
                issuer.subject.der == contents.issuer.der
            })
            .collect();
        candidates.sort_by_key(|candidate| self.nodes[*candidate].certificate.sha256);
        let mut above = Above::default();
        for candidate in candidates {
            let contradicted = contradicts(self.contents(index), self.contents(candidate));
            match self.prove(index, candidate) {
                Proof::Proven => above.issuers.push(candidate),
                Proof::Claimed if !contradicted => above.issuers.push(candidate),
                // Only what was sent along claims to be the issuer. A namesake from elsewhere, or the
                // certificate itself, is merely not the one.
                Proof::Refuted if !contradicted && self.claims_to_sign(candidate, index) => {
                    above.refuted.push(candidate);
                }
                Proof::Claimed | Proof::Refuted => {}
            }
        }
        above
    }

    /// Whether this certificate was sent as the other's issuer, or is named so by key identifier.
    fn claims_to_sign(&self, candidate: usize, index: usize) -> bool {
        let wanted = &self.contents(index).authority_key_id;
        let named = wanted.is_some() && *wanted == self.contents(candidate).subject_key_id;
        named || candidate != index && self.nodes[candidate].source == Source::Sent
    }

    /// The anchors of a store that signed this certificate, and whether one with its name did
    /// not.
    pub(crate) fn anchors_above(&mut self, index: usize, store: &TrustStore) -> Above {
        let named = store.with_subject(&self.contents(index).issuer.der);
        let mut above = Above::default();
        for position in named {
            let anchor = store.anchor(*position);
            let contradicted = anchor
                .contents()
                .is_some_and(|issuer| contradicts(self.contents(index), issuer));
            match self.prove_by_anchor(index, anchor) {
                Proof::Proven => above.issuers.push(*position),
                Proof::Claimed if !contradicted => above.issuers.push(*position),
                Proof::Refuted if !contradicted => above.refuted.push(*position),
                Proof::Claimed | Proof::Refuted => {}
            }
        }
        above
    }

    /// Whether this issuer signed the certificate.
    pub(crate) fn prove(&mut self, subject: usize, issuer: usize) -> Proof {
        let certificate = self.nodes[issuer].certificate.clone();
        match &certificate.contents {
            Ok(issuer) => self.check(subject, issuer.key.spki_sha256, &issuer.key.spki),
            Err(_) => Proof::Refuted,
        }
    }

    /// The same by an anchor.
    pub(crate) fn prove_by_anchor(&mut self, subject: usize, anchor: &Anchor) -> Proof {
        self.check(subject, Fingerprint::of(&anchor.spki), &anchor.spki)
    }

    fn check(&mut self, subject: usize, key: Fingerprint, spki: &[u8]) -> Proof {
        if let Some(proof) = self.proofs.get(&(subject, key)) {
            return *proof;
        }
        let Some(left) = self.checks_left.checked_sub(1) else {
            return Proof::Claimed;
        };
        self.checks_left = left;
        let proof = self.nodes[subject].certificate.signed_by_spki(spki).into();
        self.proofs.insert((subject, key), proof);
        proof
    }

    fn consult_pool(&mut self, index: usize) {
        let Some(pool) = self.pool else { return };
        let issuer = self.contents(index).issuer.der.clone();
        for (certificate, from) in pool.with_subject(&issuer) {
            if self.nodes.len() < MAX_NODES {
                self.place(certificate, Source::Pool(*from));
            }
        }
    }

    fn place(&mut self, certificate: &Arc<Certificate>, source: Source) {
        if certificate.contents.is_ok() && self.position(certificate).is_none() {
            self.nodes.push(Node {
                certificate: certificate.clone(),
                source,
            });
        }
    }
}

/// Whether the key identifiers say that this is another certificate of the same name.
fn contradicts(subject: &Contents, issuer: &Contents) -> bool {
    match (&subject.authority_key_id, &issuer.subject_key_id) {
        (Some(wanted), Some(found)) => wanted != found,
        _ => false,
    }
}
