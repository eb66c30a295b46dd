//! Trust stores and their anchors: the built-in Mozilla store, the system's store, and stores from
//! files (`store_load`). Each has a name and, if known, a date.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, TrustAnchor};

use crate::crypto::der::tag;
use crate::crypto::{Fingerprint, SignatureCheck};
use crate::gather::{BadStoreFile, CERTIFICATE_FORMS};
use crate::observation::{Certificate, Contents, DistinguishedName};

/// Name and version of the crate that contains Mozilla's roots. It has no date of its own. A test
/// compares the version with Cargo.lock.
const MOZILLA_ROOTS: &str = "webpki-roots 1.0.10";

/// A set of trust anchors under one name.
#[derive(Clone)]
pub struct TrustStore {
    name: Arc<str>,
    pub(super) date: Option<String>,
    public: bool,
    anchors: Vec<Arc<Anchor>>,
    by_subject: HashMap<Vec<u8>, Vec<usize>>,
    by_fingerprint: HashSet<Fingerprint>,
    warnings: Vec<StoreWarning>,
}

/// A trust anchor.
pub(crate) struct Anchor {
    /// The anchor in the form that webpki uses.
    pub(crate) webpki: TrustAnchor<'static>,
    /// Subject name.
    pub(crate) subject: DistinguishedName,
    /// SubjectPublicKeyInfo (DER).
    pub(crate) spki: Vec<u8>,
    /// SHA-256 of `spki`.
    pub(crate) spki_sha256: Fingerprint,
    /// Certificate; `None` if the store contains only name and key.
    pub(crate) certificate: Option<Arc<Certificate>>,
}

impl Anchor {
    fn sha256(&self) -> Fingerprint {
        if let Some(certificate) = &self.certificate {
            return certificate.sha256;
        }
        let constraints = self.webpki.name_constraints.as_deref().map(sequence);
        let subject = sequence(&self.webpki.subject);
        Fingerprint::of(&[subject, self.spki.clone(), constraints.unwrap_or_default()].concat())
    }

    /// Returns the contents of its certificate, or `None` if there is none.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.certificate.as_deref()?.contents.as_ref().ok()
    }
}

/// Error for a trust store that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read.
    #[error("cannot read the trust store {}: {error}", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        error: std::io::Error,
    },
    /// The file should contain several stores and is damaged.
    #[error("cannot use the trust store file {}: {error}", path.display())]
    Stores {
        /// Path of the file.
        path: PathBuf,
        /// Description of the fault.
        error: BadStoreFile,
    },
    /// The file is a CCADB report, which lists the roots of several programs and is not a trust
    /// store.
    #[error(
        "{} is a CCADB report, not a trust store; convert it with `tlsweep stores import {} -o FILE`",
        path.display(), path.display()
    )]
    Report {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file has an unsupported format, or all its certificates are damaged.
    #[error("cannot use the trust store {}: {reason}", path.display())]
    Unusable {
        /// Path of the file.
        path: PathBuf,
        /// Description of the fault and what to use instead.
        reason: String,
    },
    /// The store contains no usable certificate.
    #[error(
        "the trust store {name} contains no usable certificate; give a file ({CERTIFICATE_FORMS}), or a folder of such files"
    )]
    Empty {
        /// Name of the store.
        name: String,
    },
    /// No system store was found.
    #[error(
        "no system trust store found ({detail}); install ca-certificates, or use a file with --trust FILE"
    )]
    NoSystemStore {
        /// Reasons reported by the system.
        detail: String,
    },
}

/// A certificate of a store that was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreWarning {
    /// Number of the certificate in the file, from 1; 0 if `reason` names it.
    pub position: usize,
    /// Reason for skipping it.
    pub reason: String,
}

impl TrustStore {
    /// Returns Mozilla's roots for TLS servers, as compiled in.
    pub fn mozilla() -> Self {
        let mut store = Self::empty("mozilla", true);
        store.date = Some(MOZILLA_ROOTS.to_owned());
        for anchor in webpki_roots::TLS_SERVER_ROOTS {
            store.push(anchor.clone(), None);
        }
        store
    }

    /// Returns the roots of this system.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no usable root.
    pub fn system() -> Result<Self, StoreError> {
        let found = rustls_native_certs::load_native_certs();
        let errors = found.errors.iter().map(ToString::to_string);
        let mut store = Self::empty("system", false);
        for (index, certificate) in found.certs.into_iter().enumerate() {
            store.add(index + 1, certificate);
        }
        if store.anchors.is_empty() {
            let detail = errors.collect::<Vec<_>>().join("; ");
            return Err(StoreError::NoSystemStore { detail });
        }
        let unread = errors.map(|reason| StoreWarning {
            position: 0,
            reason,
        });
        store.warnings.extend(unread);
        Ok(store)
    }

    /// Returns a store with these certificates. It may be empty; an empty store trusts nothing.
    pub fn from_certificates(name: &str, certificates: &[CertificateDer<'static>]) -> Self {
        let mut store = Self::empty(name, false);
        for (index, certificate) in certificates.iter().enumerate() {
            store.add(index + 1, certificate.clone());
        }
        store
    }

    /// Returns the name used in records.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Returns the date or version of the store as text, or `None` if it is unknown.
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// Returns the number of anchors.
    pub fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Returns the SHA-256 that identifies the anchors, independent of their order: of the sorted
    /// SHA-256 of each, one per line in hexadecimal. That of an anchor is the SHA-256 of its
    /// certificate, or without one, of subject, SubjectPublicKeyInfo and name constraints.
    pub fn anchors_sha256(&self) -> Fingerprint {
        let mut lines: Vec<String> = self
            .anchors
            .iter()
            .map(|anchor| format!("{}\n", anchor.sha256()))
            .collect();
        lines.sort();
        Fingerprint::of(lines.concat().as_bytes())
    }

    /// Returns true if the store has no anchors.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// Returns the certificates that were skipped.
    pub fn warnings(&self) -> &[StoreWarning] {
        &self.warnings
    }

    /// Returns true if one of its anchors signed this certificate.
    pub fn signed(&self, certificate: &Certificate) -> bool {
        let Ok(contents) = &certificate.contents else {
            return false;
        };
        let named = self.with_subject(&contents.issuer).iter();
        named
            .map(|anchor| certificate.signed_by_spki(&self.anchors[*anchor].spki))
            .any(|outcome| outcome == SignatureCheck::Valid)
    }

    /// Returns true if its CAs must follow the rules for publicly trusted certificates.
    pub(crate) fn is_public(&self) -> bool {
        self.public
    }

    /// Returns the anchor at this index, which must come from `with_subject`.
    pub(crate) fn anchor(&self, place: usize) -> &Arc<Anchor> {
        &self.anchors[place]
    }

    /// Returns the indices of the anchors with this name (RFC 5280 section 7.1).
    pub(crate) fn with_subject(&self, name: &DistinguishedName) -> &[usize] {
        let named = self.by_subject.get(name.canonical());
        named.map_or(&[], Vec::as_slice)
    }

    /// Returns true if the store contains this exact certificate.
    pub(crate) fn contains(&self, certificate: &Certificate) -> bool {
        self.by_fingerprint.contains(&certificate.sha256)
    }

    pub(super) fn empty(name: &str, public: bool) -> Self {
        Self {
            name: name.into(),
            date: None,
            public,
            anchors: Vec::new(),
            by_subject: HashMap::new(),
            by_fingerprint: HashSet::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, position: usize, der: CertificateDer<'static>) {
        if let Err(reason) = self.try_add(der) {
            self.warn(position, reason);
        }
    }

    pub(super) fn try_add(&mut self, der: CertificateDer<'static>) -> Result<(), String> {
        let anchor = webpki::anchor_from_trusted_cert(&der)
            .map_err(|error| format!("not a usable certificate: {error}"))?
            .to_owned();
        self.push(anchor, Some(Arc::new(Certificate::read(der))));
        Ok(())
    }

    fn push(&mut self, anchor: TrustAnchor<'static>, certificate: Option<Arc<Certificate>>) {
        if let Some(certificate) = &certificate
            && !self.by_fingerprint.insert(certificate.sha256)
        {
            return;
        }
        let subject = match certificate.as_deref().map(|it| &it.contents) {
            Some(Ok(contents)) => contents.subject.clone(),
            _ => DistinguishedName::read(&sequence(&anchor.subject)),
        };
        self.by_subject
            .entry(subject.canonical().to_vec())
            .or_default()
            .push(self.anchors.len());
        let spki = sequence(&anchor.subject_public_key_info);
        self.anchors.push(Arc::new(Anchor {
            webpki: anchor,
            subject,
            spki_sha256: Fingerprint::of(&spki),
            spki,
            certificate,
        }));
    }

    pub(super) fn warn(&mut self, position: usize, reason: String) {
        self.warnings.push(StoreWarning { position, reason });
    }
}

/// Returns the content as a DER SEQUENCE. webpki strips this header.
fn sequence(content: &[u8]) -> Vec<u8> {
    let mut whole = vec![tag::SEQUENCE];
    let length = content.len().to_be_bytes();
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => whole.push(short),
        _ => {
            let zeros = length.iter().take_while(|byte| **byte == 0).count();
            let digits = &length[zeros..];
            // At most 8 digits, as many as a usize has bytes.
            whole.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            whole.extend_from_slice(digits);
        }
    }
    whole.extend_from_slice(content);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::der::DerReader;

    #[test]
    fn the_date_of_the_mozilla_store_is_that_of_the_crate_in_use() {
        let lock = include_str!("../../Cargo.lock");
        let (name, version) = MOZILLA_ROOTS.split_once(' ').unwrap();
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(
            lock.contains(&entry),
            "{MOZILLA_ROOTS} is not in Cargo.lock"
        );
        let store = TrustStore::mozilla();
        assert!(store.len() > 100 && store.is_public());
        for index in 0..store.len() {
            let named = store.with_subject(&store.anchor(index).subject);
            assert!(named.contains(&index));
        }
    }

    #[test]
    fn headers_of_every_length_are_put_back() {
        for length in [0, 1, 127, 128, 255, 256, 65_536] {
            let content = vec![7; length];
            let whole = sequence(&content);
            let read = DerReader::new(&whole).expect(tag::SEQUENCE).unwrap();
            assert_eq!(read.content, content);
        }
    }
}
