//! Whether certificates of the path are revoked, by the sources that were asked for. Only a path
//! that reaches an anchor counts, and only what an issuer on it has signed, so that nobody else
//! can have a certificate called revoked, or good.
//!
//! Nothing of it is remembered but which key signed what: that depends on no time and on no
//! chain.

mod filter;
mod list;
mod ocsp;
pub(super) mod staple;

use super::memo::{Memo, Window};
use super::outcome::Ending;
use super::standing::Standing;
use super::{Policy, Position};
use crate::crypto::{Fingerprint, Outcome};
use crate::gather::{Crl, RevocationData};
use crate::observation::{Certificate, Contents, Session};
use crate::verdict::{Revocation, RevocationAnswer, RevocationStatus};

/// Signatures of lists remembered: more than public CAs have lists.
const SIGNATURES: usize = 16_384;

/// How far the clocks of responders may be ahead of ours, in seconds.
const SKEW: i64 = 300;

/// What is asked, and when.
pub(super) struct Asking<'a> {
    pub(super) policy: &'a Policy,
    pub(super) data: &'a RevocationData,
    pub(super) session: Option<&'a Session>,
    pub(super) at: i64,
}

/// A certificate of the path, and who may have signed it.
struct Link<'a> {
    position: Position,
    certificate: &'a Certificate,
    contents: &'a Contents,
    issuers: Vec<Signer<'a>>,
    /// Where it says that lists about it are to be had; empty where no lists are asked.
    addresses: Vec<String>,
}

/// An issuer of the path.
#[derive(Clone, Copy)]
struct Signer<'a> {
    spki: &'a [u8],
    spki_sha256: Fingerprint,
    /// `None` for an anchor that the store has no certificate of.
    contents: Option<&'a Contents>,
}

/// Which key signed which list, and which certificate under an anchor.
pub(super) struct Signatures(Memo<(Fingerprint, Fingerprint), Outcome>);

impl Default for Signatures {
    fn default() -> Self {
        Self(Memo::new(SIGNATURES))
    }
}

impl Signatures {
    fn of_list(&mut self, crl: &Crl, signer: &Signer<'_>) -> Outcome {
        self.of(crl.sha256, signer.spki_sha256, || {
            crl.signed_by(signer.spki)
        })
    }

    fn of(
        &mut self,
        signed: Fingerprint,
        signer: Fingerprint,
        verify: impl FnOnce() -> Outcome,
    ) -> Outcome {
        let key = (signed, signer);
        if let Some(outcome) = self.0.get(&key, 0) {
            return *outcome;
        }
        let outcome = verify();
        self.0.put(key, Window::ALWAYS, outcome);
        outcome
    }
}

impl<'a> Asking<'a> {
    /// What the sources say of the path that explains the chain best.
    pub(super) fn about(
        &self,
        standing: Option<&Standing>,
        signatures: &mut Signatures,
    ) -> Revocation {
        let links = standing.map(|standing| self.links(standing, signatures));
        let links = links.unwrap_or_default();
        let leaf = links.first().filter(|link| link.position == Position::Leaf);
        let sources = self.data.sources;
        let staple = self
            .session
            .and_then(|session| session.ocsp_staple.as_deref())
            .filter(|staple| sources.staple && !staple.is_empty());
        let crl: Option<Vec<_>> = (sources.crl && !links.is_empty()).then(|| {
            let answer = |link| list::answer(link, self.data, self.at, signatures);
            links.iter().map(answer).collect()
        });
        let open = links.iter().zip(crl.iter().flatten());
        let open = open.filter(|(_, answer)| answer.status == RevocationStatus::Unknown);
        let wanted = open.flat_map(|(link, _)| self.data.wanted(&link.addresses));
        Revocation {
            wanted: wanted.cloned().collect(),
            staple: leaf
                .zip(staple)
                .map(|(leaf, bytes)| staple::answer(leaf, bytes, self.at)),
            crl,
            crlite: leaf
                .filter(|_| sources.crlite)
                .map(|leaf| filter::answer(leaf, self.data, self.at)),
        }
    }

    /// The certificates below the anchor. A leaf that is itself an anchor has none.
    fn links<'s>(&'s self, standing: &'s Standing, signatures: &mut Signatures) -> Vec<Link<'s>> {
        let best = &standing.best;
        let reaches = matches!(best.ending, Ending::Anchor | Ending::Completed(_));
        let pinned = |certificate| self.policy.stores.iter().any(|it| it.holds(certificate));
        let path = &best.path;
        if !reaches || path.first().is_none_or(|leaf| pinned(&leaf.certificate)) {
            return Vec::new();
        }
        let links = path.iter().enumerate().filter_map(|(index, step)| {
            let contents = step.contents()?;
            let position = Position::of(index, &step.certificate);
            (position != Position::Root).then(|| Link {
                position,
                certificate: &step.certificate,
                contents,
                addresses: match self.data.sources.crl {
                    true => step.certificate.crl_addresses(),
                    false => Vec::new(),
                },
                issuers: match path.get(index + 1) {
                    Some(above) => above.contents().map(Signer::from).into_iter().collect(),
                    None => self.anchors(&step.certificate, contents, signatures),
                },
            })
        });
        links.collect()
    }

    /// The anchors that signed the certificate at the top of the path.
    fn anchors(
        &self,
        certificate: &Certificate,
        contents: &Contents,
        signatures: &mut Signatures,
    ) -> Vec<Signer<'_>> {
        let mut signers: Vec<Signer<'_>> = Vec::new();
        for store in &self.policy.stores {
            for place in store.with_subject(&contents.issuer.der) {
                let anchor = store.anchor(*place);
                let spki_sha256 = Fingerprint::of(&anchor.spki);
                let known = signers.iter().any(|it| it.spki_sha256 == spki_sha256);
                let signed = || certificate.signed_by_spki(&anchor.spki);
                if !known
                    && signatures.of(certificate.sha256, spki_sha256, signed) == Outcome::Valid
                {
                    signers.push(Signer {
                        spki: &anchor.spki,
                        spki_sha256,
                        contents: anchor.contents(),
                    });
                }
            }
        }
        signers
    }
}

impl<'a> From<&'a Contents> for Signer<'a> {
    fn from(contents: &'a Contents) -> Self {
        Self {
            spki: &contents.key.spki,
            spki_sha256: contents.key.spki_sha256,
            contents: Some(contents),
        }
    }
}

impl Link<'_> {
    /// An answer that says nothing yet.
    fn unknown(&self, reason: &'static str) -> RevocationAnswer {
        RevocationAnswer {
            certificate: self.position.word(),
            sha256: self.certificate.sha256,
            status: RevocationStatus::Unknown,
            reason: Some(reason),
            revoked_at: None,
            this_update: None,
            next_update: None,
            source: None,
        }
    }
}

/// The word for a CRLReason (RFC 5280 section 5.3.1); "unspecified" says nothing.
fn reason(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "key_compromise",
        2 => "ca_compromise",
        3 => "affiliation_changed",
        4 => "superseded",
        5 => "cessation_of_operation",
        6 => "certificate_hold",
        9 => "privilege_withdrawn",
        10 => "aa_compromise",
        _ => return None,
    })
}
