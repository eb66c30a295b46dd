//! Whether certificates of a path are revoked, by the sources that were asked for. Every path that
//! reaches an anchor is asked about by itself. Only what an issuer on the path has signed counts,
//! so nobody else can have a certificate called revoked, or good.

mod filter;
mod list;
mod ocsp;
pub(super) mod staple;

use super::Position;
use super::outcome::Outcome;
use super::signatures::Signatures;
use super::store::Anchor;
use crate::crypto::{self, Fingerprint};
use crate::gather::{Crl, RevocationData};
use crate::observation::{Certificate, Contents, Session};
use crate::verdict::{Revocation, RevocationAnswer, RevocationStatus};

/// How far the clocks of responders may be ahead of ours, in seconds.
const SKEW: i64 = 300;

/// What is asked, and when.
pub(super) struct Asking<'a> {
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
    /// All certificates above it on the path: those of one name may have several keys.
    above: Vec<Signer<'a>>,
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

impl Signatures {
    fn of_list(&mut self, crl: &Crl, signer: &Signer<'_>) -> crypto::Outcome {
        self.of(crl.sha256, signer.spki_sha256, || {
            crl.signed_by(signer.spki)
        })
    }
}

impl Asking<'_> {
    /// Returns what the sources say of the certificates of a path.
    pub(super) fn about(&self, outcome: &Outcome, signatures: &mut Signatures) -> Revocation {
        let links = self.links(outcome);
        let leaf = links.first();
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

    /// Returns the certificates below the anchor. There are none for a leaf that is itself the
    /// anchor, and for a path that reaches no anchor.
    fn links<'s>(&self, outcome: &'s Outcome) -> Vec<Link<'s>> {
        let Some(anchor) = &outcome.anchor else {
            return Vec::new();
        };
        let path = &outcome.path;
        let links = path.iter().enumerate().filter_map(|(index, step)| {
            let above = path.get(index + 1).and_then(|above| above.contents());
            Some(Link {
                position: outcome.position(index),
                certificate: &step.certificate,
                contents: step.contents()?,
                issuers: vec![above.map_or_else(|| Signer::from(&**anchor), Signer::from)],
                addresses: match self.data.sources.crl {
                    true => step.certificate.crl_addresses(),
                    false => Vec::new(),
                },
                above: path[index + 1..]
                    .iter()
                    .filter_map(|above| above.contents().map(Signer::from))
                    .chain([Signer::from(&**anchor)])
                    .collect(),
            })
        });
        links.collect()
    }
}

impl<'a> From<&'a Anchor> for Signer<'a> {
    fn from(anchor: &'a Anchor) -> Self {
        Self {
            spki: &anchor.spki,
            spki_sha256: anchor.spki_sha256,
            contents: anchor.contents(),
        }
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
