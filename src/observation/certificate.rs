//! A certificate as it was sent, parsed once into the fields that the judge and the records need. One
//! that cannot be parsed keeps its bytes and the field at which parsing failed.

use std::ops::Range;

use rustls_pki_types::CertificateDer;

use super::contents::{Contents, Unparseable};
use super::reading;
use crate::crypto::{self, Fingerprint, SignatureCheck};

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// DER bytes as they were sent.
    pub der: CertificateDer<'static>,
    /// SHA-256 of `der`.
    pub sha256: Fingerprint,
    /// The parsed fields, or the field at which parsing failed.
    pub contents: Result<Contents, Unparseable>,
}

impl Certificate {
    /// Parses a certificate. Never fails: invalid bytes are kept, and `contents` reports the error.
    pub fn read(der: CertificateDer<'static>) -> Self {
        Self {
            sha256: Fingerprint::of(&der),
            contents: reading::read(&der),
            der,
        }
    }

    /// Verifies this certificate's signature with the key of the issuer. Does not check names, dates or
    /// CA rights. Returns `Unsupported` if either certificate cannot be parsed.
    pub fn signed_by(&self, issuer: &Self) -> SignatureCheck {
        match &issuer.contents {
            Ok(issuer) => self.signed_by_spki(&issuer.key.spki),
            Err(_) => SignatureCheck::Unsupported,
        }
    }

    /// Verifies this certificate's signature with the key of this SubjectPublicKeyInfo (DER).
    pub fn signed_by_spki(&self, spki: &[u8]) -> SignatureCheck {
        let Ok(contents) = &self.contents else {
            return SignatureCheck::Unsupported;
        };
        // The ranges were computed from these bytes. An empty slice would verify as `Invalid`.
        let part = |range: &Range<usize>| self.der.get(range.clone()).unwrap_or_default();
        crypto::verify_certificate_signature(
            spki,
            &contents.signature.oid,
            &contents.signature.parameters,
            part(&contents.tbs),
            part(&contents.signature_value),
        )
    }

    /// Returns true if its basic constraints allow it to sign certificates.
    pub fn is_ca(&self) -> bool {
        self.contents.as_ref().is_ok_and(Contents::is_ca)
    }
}
