//! A certificate as it was sent, read once into the facts that judging and records need. A
//! certificate that cannot be read keeps its bytes and says where reading stopped.

use std::ops::Range;

use rustls_pki_types::CertificateDer;

use super::contents::{Contents, Unparseable};
use super::reading;
use crate::crypto::{self, Fingerprint, Outcome};

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its bytes.
    pub der: CertificateDer<'static>,
    /// SHA-256 of the bytes.
    pub sha256: Fingerprint,
    /// What it says.
    pub contents: Result<Contents, Unparseable>,
}

impl Certificate {
    /// Reads a certificate. Bytes that are none are kept all the same, and `contents` says why.
    pub fn read(der: CertificateDer<'static>) -> Self {
        Self {
            sha256: Fingerprint::of(&der),
            contents: reading::read(&der),
            der,
        }
    }

    /// Whether the issuer's key made this certificate's signature. Names, dates and the right to
    /// sign are not looked at. `Unsupported` when either certificate cannot be read.
    pub fn signed_by(&self, issuer: &Self) -> Outcome {
        match &issuer.contents {
            Ok(issuer) => self.signed_by_spki(&issuer.key.spki),
            Err(_) => Outcome::Unsupported,
        }
    }

    /// Whether the key of this SubjectPublicKeyInfo (DER) made this certificate's signature.
    pub fn signed_by_spki(&self, spki: &[u8]) -> Outcome {
        let Ok(contents) = &self.contents else {
            return Outcome::Unsupported;
        };
        // The ranges were taken from these very bytes; empty slices would verify as Invalid.
        let part = |range: &Range<usize>| self.der.get(range.clone()).unwrap_or_default();
        crypto::verify_certificate_signature(
            spki,
            &contents.signature.oid,
            &contents.signature.parameters,
            part(&contents.tbs),
            part(&contents.signature_value),
        )
    }

    /// Whether its basic constraints let it sign certificates.
    pub fn is_ca(&self) -> bool {
        self.contents.as_ref().is_ok_and(Contents::is_ca)
    }
}
