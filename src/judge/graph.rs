//! The certificates known for one chain and the verified signatures between them. An edge leads
//! from a certificate to one whose subject is the issuer's name and whose key made
//! the signature. Key identifiers only help to explain refusals.
//!
//! A peer chooses how many certificates it sends and with which keys, so the signature budget
//! limits the time spent on them. The graph grows level by level in an order that depends only on
//! the certificates. Even if the budget runs out, the order of sending changes nothing.

use std::collections::HashMap;
use std::sync::Arc;

use super::TrustStore;
use super::budget::{Budget, cost};
use super::signatures::Signatures;
use super::store::Anchor;
use crate::crypto::{Fingerprint, SignatureCheck};
use crate::gather::IssuerPool;
use crate::observation::{Certificate, Contents};
use crate::verdict::CompletedBy;

/// Maximum number of certificates of one chain that are considered, without duplicates. TLS servers
/// send two to five.
pub(crate) const MAX_SENT: usize = 64;

/// Maximum number of certificates considered for one chain, sent and from elsewhere together.
const MAX_NODES: usize = 128;

/// Result of checking that one certificate signed another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The signature is valid.
    Proven,
    /// The signature is invalid.
    Refuted,
    /// The algorithm is not supported. The name matches and no key identifier contradicts. This is
    /// enough to explain a refusal, but never to trust.
    Claimed,
}

impl From<SignatureCheck> for Proof {
    fn from(outcome: SignatureCheck) -> Self {
        match outcome {
            SignatureCheck::Valid => Self::Proven,
            SignatureCheck::Invalid => Self::Refuted,
            SignatureCheck::Unsupported => Self::Claimed,
        }
    }
}

/// Source of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The server sent it.
    Sent,
    /// It comes from elsewhere.
    Pool(CompletedBy),
}

/// One certificate, with readable contents.
#[derive(Clone)]
pub(crate) struct Node {
    /// The certificate.
    pub(crate) certificate: Arc<Certificate>,
    /// Source of the certificate.
    pub(crate) source: Source,
    /// Nominal cost of verifying a signature with its key, in microseconds.
    cost: u32,
}

/// Issuer candidates of a certificate: nodes of the graph, or anchors of a store.
#[derive(Clone, Default)]
pub(crate) struct Above {
    /// Candidates that made the signature, or that claim to if it cannot be verified.
    pub(crate) issuers: Vec<usize>,
    /// Candidates that have the issuer's name and claim to be the issuer, but did not make the
    /// signature.
    pub(crate) refuted: Vec<usize>,
}

/// Anchors of a store above the nodes of a graph.
pub(crate) struct Anchors {
    /// Anchors above each node, by node.
    pub(crate) above: Vec<Above>,
    /// True if more may exist than were found.
    pub(crate) incomplete: bool,
}

/// The certificates and edges of one chain.
pub(crate) struct Graph<'s> {
    nodes: Vec<Node>,
    above: Vec<Option<Above>>,
    proofs: HashMap<(usize, Fingerprint), Option<Proof>>,
    signatures: &'s mut Signatures,
    budget: Budget,
    /// True if there were more certificates than the limits allow.
    cut: bool,
    exhausted: bool,
}

impl<'s> Graph<'s> {
    /// Returns the graph of the sent certificates, without duplicates and certificates that cannot
    /// be parsed. The leaf must be readable and is node 0. `keeping` caches the signatures of CA
    /// certificates from one graph to the next.
    pub(crate) fn of(sent: &[Arc<Certificate>], keeping: &'s mut Signatures) -> Self {
        let mut graph = Self {
            nodes: Vec::with_capacity(sent.len().min(MAX_SENT)),
            above: Vec::new(),
            proofs: HashMap::new(),
            signatures: keeping,
            budget: Budget::default(),
            cut: false,
            exhausted: false,
        };
        for certificate in sent {
            match graph.nodes.len() < MAX_SENT {
                true => graph.place(certificate, Source::Sent),
                false => graph.cut = true,
            }
        }
        graph.explore(None);
        graph
    }

    /// Adds certificates from elsewhere as issuers of the sent ones.
    pub(crate) fn join(&mut self, pool: &IssuerPool) {
        self.explore(Some(pool));
    }

    /// Returns true if a limit was reached, so that more issuers or edges may exist.
    pub(crate) fn incomplete(&self) -> bool {
        self.cut || self.exhausted
    }

    /// Returns the node with this index, which must come from this graph.
    pub(crate) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// Returns all nodes.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the contents of a certificate.
    pub(crate) fn contents(&self, index: usize) -> &Contents {
        // `place` accepts only readable certificates.
        match &self.nodes[index].certificate.contents {
            Ok(contents) => contents,
            Err(_) => unreachable!("an unreadable certificate has no node"),
        }
    }

    /// Returns the index of this certificate, or `None` if it has no node.
    pub(crate) fn position(&self, certificate: &Certificate) -> Option<usize> {
        let same = |node: &Node| node.certificate.sha256 == certificate.sha256;
        self.nodes.iter().position(same)
    }

    /// Returns the issuer candidates of a node, in an order that does not depend on the order of
    /// sending, or `None` for a node that no path from the leaf reaches.
    pub(crate) fn above(&self, index: usize) -> Option<&Above> {
        self.above.get(index)?.as_ref()
    }

    /// Returns the proof of an edge of this graph; `Claimed` if it was not checked.
    pub(crate) fn proof(&self, subject: usize, issuer_spki: Fingerprint) -> Proof {
        let known = self.proofs.get(&(subject, issuer_spki)).copied().flatten();
        known.unwrap_or(Proof::Claimed)
    }

    /// Returns the proof that the certificate signed itself, or `None` if its names or key
    /// identifiers show that it does not claim to.
    pub(crate) fn self_signed(&mut self, index: usize) -> Option<Proof> {
        let contents = self.contents(index);
        if !contents.is_self_issued() {
            return None;
        }
        let contradicted = contradicts(contents, contents);
        match self.prove(index, index).unwrap_or(Proof::Claimed) {
            Proof::Proven => Some(Proof::Proven),
            proof => (!contradicted).then_some(proof),
        }
    }

    /// Returns for each node the anchors of a store that signed it, by index in the store, and
    /// those with the right name that did not. Each store has its own budget for this, so no store
    /// affects another.
    pub(crate) fn anchors_above(&mut self, store: &TrustStore) -> Anchors {
        let budget = std::mem::take(&mut self.budget);
        let exhausted = self.exhausted;
        let mut nodes: Vec<usize> = (0..self.nodes.len()).collect();
        nodes.sort_by_key(|node| self.rank(*node));
        let mut above = vec![Above::default(); nodes.len()];
        for node in nodes {
            if self.above[node].is_some() {
                above[node] = self.anchors_above_node(node, store);
            }
        }
        let incomplete = self.incomplete();
        (self.budget, self.exhausted) = (budget, exhausted);
        Anchors { above, incomplete }
    }

    fn anchors_above_node(&mut self, index: usize, store: &TrustStore) -> Above {
        let named = store.with_subject(&self.contents(index).issuer);
        let mut above = Above::default();
        for position in named {
            let anchor = store.anchor(*position);
            let issuer = anchor.contents();
            let contradicted = issuer.is_some_and(|it| contradicts(self.contents(index), it));
            match self.prove_by_anchor(index, anchor) {
                Some(Proof::Proven) => above.issuers.push(*position),
                Some(Proof::Claimed) if !contradicted => above.issuers.push(*position),
                Some(Proof::Refuted) if !contradicted => above.refuted.push(*position),
                _ => {}
            }
        }
        above
    }

    /// Finds the issuer candidates of every node reachable from the leaf.
    fn explore(&mut self, pool: Option<&IssuerPool>) {
        self.above = vec![None; self.nodes.len()];
        let mut level = vec![0];
        while !level.is_empty() {
            level.sort_by_key(|node| self.rank(*node));
            let mut next = Vec::new();
            for node in std::mem::take(&mut level) {
                if let Some(pool) = pool {
                    self.consult(pool, node);
                }
                let above = self.issuers_of(node);
                next.extend_from_slice(&above.issuers);
                self.above[node] = Some(above);
            }
            for node in next {
                if self.above[node].is_none() && !level.contains(&node) {
                    level.push(node);
                }
            }
        }
    }

    fn issuers_of(&mut self, index: usize) -> Above {
        let wanted = &self.contents(index).issuer;
        let named = |candidate: &usize| self.contents(*candidate).subject.matches(wanted);
        let mut candidates: Vec<usize> = (0..self.nodes.len()).filter(named).collect();
        let contradicted =
            |graph: &Self, candidate| contradicts(graph.contents(index), graph.contents(candidate));
        candidates.sort_by_key(|candidate| (contradicted(self, *candidate), self.rank(*candidate)));
        let mut above = Above::default();
        for candidate in candidates {
            let contradicted = contradicted(self, candidate);
            match self.prove(index, candidate) {
                Some(Proof::Proven) => above.issuers.push(candidate),
                Some(Proof::Claimed) if !contradicted && self.sent(candidate) => {
                    above.issuers.push(candidate);
                }
                // Only a certificate that was sent claims to be the issuer. One of the same name
                // from elsewhere, or the certificate itself, is merely another certificate.
                Some(Proof::Refuted) if !contradicted && self.claims_to_sign(candidate, index) => {
                    above.refuted.push(candidate);
                }
                _ => {}
            }
        }
        above
    }

    fn sent(&self, index: usize) -> bool {
        self.nodes[index].source == Source::Sent
    }

    /// Returns true if this certificate was sent as the other's issuer, or if the key identifiers
    /// name it as such.
    fn claims_to_sign(&self, candidate: usize, index: usize) -> bool {
        let wanted = &self.contents(index).authority_key_id;
        let named = wanted.is_some() && *wanted == self.contents(candidate).subject_key_id;
        named || candidate != index && self.sent(candidate)
    }

    /// Returns the sort key of a node. Cheap keys come first, so that expensive ones cannot use up
    /// the budget before them.
    fn rank(&self, index: usize) -> (u32, Fingerprint) {
        let node = &self.nodes[index];
        (node.cost, node.certificate.sha256)
    }

    fn prove(&mut self, subject: usize, issuer: usize) -> Option<Proof> {
        let issuer = self.nodes[issuer].certificate.clone();
        let key = &issuer.contents.as_ref().ok()?.key;
        self.check(subject, key.spki_sha256, &key.spki)
    }

    fn prove_by_anchor(&mut self, subject: usize, anchor: &Anchor) -> Option<Proof> {
        self.check(subject, anchor.spki_sha256, &anchor.spki)
    }

    /// Returns the proof, or `None` if the budget does not allow the check. Cached signatures are
    /// charged as if they were verified. Otherwise the result would depend on earlier judgements.
    fn check(&mut self, subject: usize, key: Fingerprint, spki: &[u8]) -> Option<Proof> {
        if let Some(proof) = self.proofs.get(&(subject, key)) {
            return *proof;
        }
        let paid = self.budget.pay(cost(spki));
        self.exhausted |= !paid;
        let proof = paid.then(|| {
            let certificate = &self.nodes[subject].certificate;
            let verify = || certificate.signed_by_spki(spki);
            match subject {
                0 => verify().into(),
                _ => self.signatures.of(certificate.sha256, key, verify).into(),
            }
        });
        self.proofs.insert((subject, key), proof);
        proof
    }

    fn consult(&mut self, pool: &IssuerPool, index: usize) {
        let issuer = self.contents(index).issuer.clone();
        for (certificate, from) in pool.with_subject(&issuer) {
            match self.nodes.len() < MAX_NODES {
                true => self.place(certificate, Source::Pool(*from)),
                false => self.cut = true,
            }
        }
        self.above.resize(self.nodes.len(), None);
    }

    fn place(&mut self, certificate: &Arc<Certificate>, source: Source) {
        let Ok(contents) = &certificate.contents else {
            return;
        };
        if self.position(certificate).is_none() {
            self.nodes.push(Node {
                certificate: certificate.clone(),
                source,
                cost: cost(&contents.key.spki),
            });
        }
    }
}

/// Returns true if the key identifiers show that the issuer is another certificate of the same
/// name.
fn contradicts(subject: &Contents, issuer: &Contents) -> bool {
    match (&subject.authority_key_id, &issuer.subject_key_id) {
        (Some(wanted), Some(found)) => wanted != found,
        _ => false,
    }
}
