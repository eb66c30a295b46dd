//! Asks the configured sources for the revocation status of the certificates of a path. Each path
//! that reaches an anchor is asked about separately. Only statements signed by an issuer on the
//! path count, so no other party can make a certificate revoked or good.

mod filter;
mod link;
mod list;
mod ocsp;
pub(super) mod staple;

use super::evaluated_path::EvaluatedPath;
use super::signatures::Signatures;
use crate::gather::RevocationData;
use crate::observation::Session;
use crate::verdict::{Revocation, RevocationStatus};

use link::{Link, Signer};

/// The revocation data, the session and the time of a judgement.
pub(super) struct Asking<'a> {
    pub(super) data: &'a RevocationData,
    pub(super) session: Option<&'a Session>,
    pub(super) at: i64,
}

impl Asking<'_> {
    /// Returns the answers of the sources for the certificates of a path.
    pub(super) fn about(&self, path: &EvaluatedPath, signatures: &mut Signatures) -> Revocation {
        let links = self.links(path);
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

    /// Returns the certificates below the anchor. The result is empty for a path that reaches no
    /// anchor.
    fn links<'s>(&self, path: &'s EvaluatedPath) -> Vec<Link<'s>> {
        let Some(anchor) = &path.anchor else {
            return Vec::new();
        };
        let steps = &path.steps;
        let links = steps.iter().enumerate().filter_map(|(index, step)| {
            let above = steps.get(index + 1).and_then(|above| above.contents());
            Some(Link {
                position: path.position(index),
                certificate: &step.certificate,
                contents: step.contents()?,
                issuers: vec![above.map_or_else(|| Signer::from(&**anchor), Signer::from)],
                addresses: match self.data.sources.crl {
                    true => step.certificate.crl_addresses(),
                    false => Vec::new(),
                },
                above: steps[index + 1..]
                    .iter()
                    .filter_map(|above| above.contents().map(Signer::from))
                    .chain([Signer::from(&**anchor)])
                    .collect(),
            })
        });
        links.collect()
    }
}
