//! The certificate that a source is asked about and the keys of its issuers.

use crate::crypto::{self, Fingerprint};
use crate::gather::Crl;
use crate::judge::signatures::Signatures;
use crate::judge::store::Anchor;
use crate::observation::{Certificate, Contents};
use crate::verdict::{Position, RevocationAnswer, RevocationReason, RevocationStatus};

/// Maximum number of seconds by which the clocks of responders may be ahead of the time judged for.
pub(super) const SKEW: i64 = 300;

/// A certificate of the path and the keys that may have signed statements about it.
pub(super) struct Link<'a> {
    /// Role of the certificate on the path.
    pub(super) position: Position,
    /// The certificate.
    pub(super) certificate: &'a Certificate,
    /// Its parsed contents.
    pub(super) contents: &'a Contents,
    /// Its issuer on the path.
    pub(super) issuers: Vec<Signer<'a>>,
    /// All certificates above it on the path. One name may have several keys.
    pub(super) above: Vec<Signer<'a>>,
    /// CRL distribution point URLs of the certificate; empty unless CRLs are consulted.
    pub(super) addresses: Vec<String>,
}

/// An issuer on the path.
#[derive(Clone, Copy)]
pub(super) struct Signer<'a> {
    /// SubjectPublicKeyInfo (DER).
    pub(super) spki: &'a [u8],
    /// SHA-256 of `spki`.
    pub(super) spki_sha256: Fingerprint,
    /// Contents of its certificate; `None` for an anchor whose certificate the store lacks.
    pub(super) contents: Option<&'a Contents>,
}

impl Signatures {
    /// Returns the outcome of verifying the signature of a CRL with the key of a signer.
    pub(super) fn of_list(&mut self, crl: &Crl, signer: &Signer<'_>) -> crypto::SignatureCheck {
        self.of(crl.sha256, signer.spki_sha256, || {
            crl.signed_by(signer.spki)
        })
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
    /// Returns an answer with status `unknown` and this reason.
    pub(super) fn unknown(&self, reason: RevocationReason) -> RevocationAnswer {
        self.answer(RevocationStatus::Unknown, Some(reason))
    }

    /// Returns an answer without dates and source.
    pub(super) fn answer(
        &self,
        status: RevocationStatus,
        reason: Option<RevocationReason>,
    ) -> RevocationAnswer {
        RevocationAnswer {
            certificate: self.position,
            sha256: self.certificate.sha256,
            status,
            reason,
            revoked_at: None,
            this_update: None,
            next_update: None,
            source: None,
        }
    }
}

/// Returns the record's value for a CRLReason (RFC 5280 section 5.3.1), or `None` if it is
/// unspecified or unknown.
pub(super) fn reason(code: u8) -> Option<RevocationReason> {
    let reason = match code {
        1 => RevocationReason::KeyCompromise,
        2 => RevocationReason::CaCompromise,
        3 => RevocationReason::AffiliationChanged,
        4 => RevocationReason::Superseded,
        5 => RevocationReason::CessationOfOperation,
        6 => RevocationReason::CertificateHold,
        9 => RevocationReason::PrivilegeWithdrawn,
        10 => RevocationReason::AaCompromise,
        _ => return None,
    };
    Some(reason)
}
