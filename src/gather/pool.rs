//! CA certificates by subject (RFC 5280 section 7.1): from a file of intermediates, from other
//! hosts of the sweep, or downloaded from AIA URLs.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::certificates::{CERTIFICATE_FORMS, NotCertificates, Omitted, certificates, read_file};
use crate::observation::{Certificate, DistinguishedName};
use crate::verdict::CompletedBy;

/// CA certificates known from elsewhere, by the canonical form of their subject. They help to find
/// a path, but being in the pool never makes them trusted.
#[derive(Clone, Debug, Default)]
pub struct IssuerPool {
    by_subject: HashMap<Vec<u8>, Vec<(Arc<Certificate>, CompletedBy)>>,
}

/// The content of a file of intermediates.
#[derive(Debug)]
pub struct Bundle {
    /// Its CA certificates.
    pub pool: IssuerPool,
    /// Number of certificates ignored, because they are not CA certificates or are unreadable.
    pub ignored: usize,
    /// Everything else in the file.
    pub left_out: Vec<Omitted>,
}

/// Why a file of intermediates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The file cannot be read.
    #[error("{path}: {cause}")]
    Unreadable {
        /// Path of the file.
        path: String,
        /// Error of the operating system.
        cause: std::io::Error,
    },
    /// The file is a malformed table, or one without certificates.
    #[error("{path}: {cause}")]
    NotCertificates {
        /// Path of the file.
        path: String,
        /// What is wrong with it.
        cause: NotCertificates,
    },
    /// A certificate in the file is damaged.
    #[error("{path}: {part}")]
    Broken {
        /// Path of the file.
        path: String,
        /// The damaged part, and what is wrong with it.
        part: Omitted,
    },
    /// The file contains no certificate: it is the wrong file, or in another format.
    #[error(
        "{path}: the file contains no certificate; use {CERTIFICATE_FORMS}, or a CCADB report with a PEM column"
    )]
    NoCertificate {
        /// Path of the file.
        path: String,
    },
}

impl IssuerPool {
    /// Reads a file of intermediates: PEM, DER, PKCS#7, or a CCADB report with a column of PEM.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, is damaged, or contains no certificate.
    pub fn from_file(path: &Path) -> Result<Bundle, BundleError> {
        let named = || path.display().to_string();
        let bytes = read_file(path).map_err(|cause| BundleError::Unreadable {
            path: named(),
            cause,
        })?;
        let listing = certificates(&bytes).map_err(|cause| BundleError::NotCertificates {
            path: named(),
            cause,
        })?;
        if let Some(part) = listing.loss().cloned() {
            return Err(BundleError::Broken {
                path: named(),
                part,
            });
        }
        let mut bundle = Bundle {
            pool: Self::default(),
            ignored: 0,
            left_out: listing.left_out,
        };
        for found in listing.found {
            let certificate = Certificate::read(found.der);
            match certificate.is_ca() {
                true => bundle.pool.add(Arc::new(certificate), CompletedBy::Bundle),
                false => bundle.ignored += 1,
            }
        }
        match bundle.pool.is_empty() && bundle.ignored == 0 {
            true => Err(BundleError::NoCertificate { path: named() }),
            false => Ok(bundle),
        }
    }

    /// Returns the certificates with this subject, in an order that depends only on the
    /// certificates.
    pub fn with_subject(&self, subject: &DistinguishedName) -> &[(Arc<Certificate>, CompletedBy)] {
        let named = self.by_subject.get(subject.canonical());
        named.map_or(&[], Vec::as_slice)
    }

    /// Returns true if the pool contains this certificate.
    pub fn holds(&self, certificate: &Certificate) -> bool {
        let Ok(contents) = &certificate.contents else {
            return false;
        };
        let peers = self.with_subject(&contents.subject);
        peers
            .iter()
            .any(|(peer, _)| peer.sha256 == certificate.sha256)
    }

    /// Adds a certificate. An unreadable one is ignored. If a certificate comes from several
    /// sources, the bundle is credited before the sweep, and the sweep before a download, whichever
    /// came first.
    pub fn add(&mut self, certificate: Arc<Certificate>, from: CompletedBy) {
        let Ok(contents) = &certificate.contents else {
            return;
        };
        let subject = contents.subject.canonical().to_vec();
        let peers = self.by_subject.entry(subject).or_default();
        match peers.binary_search_by_key(&certificate.sha256, |(peer, _)| peer.sha256) {
            Ok(place) => peers[place].1 = peers[place].1.min(from),
            Err(place) => peers.insert(place, (certificate, from)),
        }
    }

    /// Returns all certificates, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<Certificate>, CompletedBy)> {
        self.by_subject
            .values()
            .flatten()
            .map(|(certificate, from)| (certificate, *from))
    }

    /// Returns the number of certificates.
    pub fn len(&self) -> usize {
        self.by_subject.values().map(Vec::len).sum()
    }

    /// Returns true if the pool is empty.
    pub fn is_empty(&self) -> bool {
        self.by_subject.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    fn pem(ca: bool) -> String {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["ca.test".to_owned()]).unwrap();
        if ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.self_signed(&key).unwrap().pem()
    }

    fn load(text: &str) -> Result<Bundle, BundleError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("intermediates.pem");
        std::fs::write(&path, text).unwrap();
        IssuerPool::from_file(&path)
    }

    #[test]
    fn a_bundle_yields_each_issuer_once_and_counts_the_rest() {
        let (one, two, leaf) = (pem(true), pem(true), pem(false));
        let bundle = load(&format!("# ours\n{one}{leaf}{two}{one}")).unwrap();
        assert_eq!((bundle.pool.len(), bundle.ignored), (2, 1));
        // The certificates of a scan may include no issuer.
        let bundle = load(&leaf).unwrap();
        assert_eq!((bundle.pool.len(), bundle.ignored), (0, 1));
    }

    #[test]
    fn a_file_without_certificates_is_an_error_that_names_the_file() {
        let broken = pem(true).replace("MII", "M!!");
        for text in ["", "not PEM", &broken] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains("intermediates.pem"), "{error}");
        }
        let missing = IssuerPool::from_file(Path::new("/nowhere/x.pem"));
        assert!(
            missing
                .unwrap_err()
                .to_string()
                .starts_with("/nowhere/x.pem: ")
        );
    }
}
