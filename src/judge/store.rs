//! Trust stores: which anchors count. The built-in Mozilla store, the system's, and files; each
//! is known by its name and, where it can be told, its date.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor};

use crate::crypto::der::{Reader, tag};
use crate::crypto::{Fingerprint, Outcome};
use crate::observation::{Certificate, Contents};

/// The release of the crate that holds Mozilla's roots (a test compares it with Cargo.lock): it
/// carries no date of its own.
const MOZILLA_ROOTS: &str = "webpki-roots 1.0.10";

/// Larger than every CA bundle by far (Debian's is 220 kB), small enough to refuse a wrong file
/// before it fills the memory.
const MAX_FILE: u64 = 64 << 20;

/// A set of trust anchors under one name.
#[derive(Clone)]
pub struct TrustStore {
    name: Arc<str>,
    date: Option<String>,
    public: bool,
    webpki: Vec<TrustAnchor<'static>>,
    anchors: Vec<Anchor>,
    by_subject: HashMap<Vec<u8>, Vec<usize>>,
    by_fingerprint: HashSet<Fingerprint>,
    warnings: Vec<StoreWarning>,
}

/// One anchor.
#[derive(Clone)]
pub(crate) struct Anchor {
    /// The DER of its SubjectPublicKeyInfo.
    pub(crate) spki: Vec<u8>,
    /// Its certificate, where the store has more than name and key.
    pub(crate) certificate: Option<Arc<Certificate>>,
}

impl Anchor {
    /// What its certificate says, where there is one.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.certificate.as_deref()?.contents.as_ref().ok()
    }
}

/// A store that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read.
    #[error("cannot read the trust store {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The file is no CA bundle.
    #[error("the trust store {} is larger than {} MiB; is it the right file?", path.display(), MAX_FILE >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Nothing usable inside.
    #[error(
        "the trust store {name} holds no usable certificate; it should be PEM, with BEGIN CERTIFICATE lines"
    )]
    Empty {
        /// The store.
        name: String,
    },
    /// The system has none, or it is elsewhere.
    #[error(
        "no system trust store was found ({detail}); install ca-certificates, or name a file with --trust FILE"
    )]
    NoSystemStore {
        /// The reasons given.
        detail: String,
    },
}

/// A certificate of a store that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreWarning {
    /// Which one, counted from 1 in the order of the file.
    pub position: usize,
    /// Why.
    pub reason: String,
}

impl TrustStore {
    /// Mozilla's roots for servers, as compiled in.
    pub fn mozilla() -> Self {
        let mut store = Self::empty("mozilla", true);
        store.date = Some(MOZILLA_ROOTS.to_owned());
        for anchor in webpki_roots::TLS_SERVER_ROOTS {
            store.push(anchor.clone(), None);
        }
        store
    }

    /// The roots of this system.
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

    /// The certificates of a PEM file, under this name; its date is that of the file.
    pub fn from_file(name: &str, path: &Path) -> Result<Self, StoreError> {
        let unreadable = |source| StoreError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let file = std::fs::metadata(path).map_err(unreadable)?;
        if file.len() > MAX_FILE {
            return Err(StoreError::TooLarge {
                path: path.to_owned(),
            });
        }
        let pem = std::fs::read(path).map_err(unreadable)?;
        let empty = |_| StoreError::Empty {
            name: path.display().to_string(),
        };
        let mut store = Self::from_pem(name, &pem).map_err(empty)?;
        let modified = file
            .modified()
            .ok()
            .and_then(|time| Timestamp::try_from(time).ok());
        store.date = modified.map(|time| time.strftime("%Y-%m-%d").to_string());
        Ok(store)
    }

    /// The certificates of a PEM text. Those that cannot be read are left out with a warning.
    pub fn from_pem(name: &str, pem: &[u8]) -> Result<Self, StoreError> {
        let mut store = Self::empty(name, false);
        for (index, section) in CertificateDer::pem_slice_iter(pem).enumerate() {
            match section {
                Ok(certificate) => store.add(index + 1, certificate),
                Err(error) => {
                    store.warn(index + 1, error.to_string());
                    // A broken section leaves the reader at an unknown place.
                    break;
                }
            }
        }
        match store.anchors.is_empty() {
            true => Err(StoreError::Empty {
                name: name.to_owned(),
            }),
            false => Ok(store),
        }
    }

    /// A store of these certificates. It may be empty: such a store trusts nothing.
    pub fn from_certificates(name: &str, certificates: &[CertificateDer<'static>]) -> Self {
        let mut store = Self::empty(name, false);
        for (index, certificate) in certificates.iter().enumerate() {
            store.add(index + 1, certificate.clone());
        }
        store
    }

    /// Its name in records.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// How old it is, in its own words; `None` when that cannot be told.
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// How many anchors it has.
    pub fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Whether it trusts nothing.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// The certificates that were left out.
    pub fn warnings(&self) -> &[StoreWarning] {
        &self.warnings
    }

    /// Whether one of its anchors made this certificate's signature.
    pub fn signed(&self, certificate: &Certificate) -> bool {
        let Ok(contents) = &certificate.contents else {
            return false;
        };
        let named = self.with_subject(&contents.issuer.der).iter();
        named
            .map(|anchor| certificate.signed_by_spki(&self.anchors[*anchor].spki))
            .any(|outcome| outcome == Outcome::Valid)
    }

    /// Whether its CAs are bound by the rules for publicly trusted certificates.
    pub(crate) fn is_public(&self) -> bool {
        self.public
    }

    /// All anchors as webpki takes them.
    pub(crate) fn webpki(&self) -> &[TrustAnchor<'static>] {
        &self.webpki
    }

    /// One anchor as webpki takes it.
    pub(crate) fn webpki_anchor(&self, index: usize) -> &TrustAnchor<'static> {
        &self.webpki[index]
    }

    /// One anchor; the index is one that `with_subject` or `position` gave.
    pub(crate) fn anchor(&self, index: usize) -> &Anchor {
        &self.anchors[index]
    }

    /// The anchors with this name (the DER of a whole Name).
    pub(crate) fn with_subject(&self, name: &[u8]) -> &[usize] {
        let content = Reader::new(name).next().map(|name| name.content);
        content
            .and_then(|content| self.by_subject.get(content))
            .map_or(&[], Vec::as_slice)
    }

    /// Which anchor this is.
    pub(crate) fn position(&self, anchor: &TrustAnchor<'_>) -> Option<usize> {
        let named = self.by_subject.get(anchor.subject.as_ref())?;
        named
            .iter()
            .copied()
            .find(|index| self.webpki[*index] == *anchor)
    }

    /// Whether this very certificate is in the store.
    pub(crate) fn holds(&self, certificate: &Certificate) -> bool {
        self.by_fingerprint.contains(&certificate.sha256)
    }

    fn empty(name: &str, public: bool) -> Self {
        Self {
            name: name.into(),
            date: None,
            public,
            webpki: Vec::new(),
            anchors: Vec::new(),
            by_subject: HashMap::new(),
            by_fingerprint: HashSet::new(),
            warnings: Vec::new(),
        }
    }

    fn add(&mut self, position: usize, der: CertificateDer<'static>) {
        match webpki::anchor_from_trusted_cert(&der) {
            Ok(anchor) => {
                let anchor = anchor.to_owned();
                self.push(anchor, Some(Arc::new(Certificate::read(der))));
            }
            Err(error) => self.warn(position, format!("not a usable certificate: {error}")),
        }
    }

    fn push(&mut self, anchor: TrustAnchor<'static>, certificate: Option<Arc<Certificate>>) {
        if let Some(certificate) = &certificate
            && !self.by_fingerprint.insert(certificate.sha256)
        {
            return;
        }
        self.by_subject
            .entry(anchor.subject.to_vec())
            .or_default()
            .push(self.anchors.len());
        self.anchors.push(Anchor {
            spki: sequence(&anchor.subject_public_key_info),
            certificate,
        });
        self.webpki.push(anchor);
    }

    fn warn(&mut self, position: usize, reason: String) {
        self.warnings.push(StoreWarning { position, reason });
    }
}

/// Puts the header back that webpki takes off.
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
            assert_eq!(store.position(store.webpki_anchor(index)), Some(index));
        }
    }

    #[test]
    fn a_file_without_certificates_is_an_error_that_names_it() {
        for text in [
            "",
            "hello",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            let error = TrustStore::from_pem("mine.pem", text.as_bytes());
            assert!(error.err().unwrap().to_string().contains("mine.pem"));
        }
        let error = TrustStore::from_file("nonexistent", Path::new("/nonexistent.pem"));
        assert!(
            error
                .err()
                .unwrap()
                .to_string()
                .contains("/nonexistent.pem")
        );
    }

    #[test]
    fn headers_of_every_length_are_put_back() {
        for length in [0, 1, 127, 128, 255, 256, 65_536] {
            let content = vec![7; length];
            let whole = sequence(&content);
            let read = Reader::new(&whole).expect(tag::SEQUENCE).unwrap();
            assert_eq!(read.content, content);
        }
    }
}
