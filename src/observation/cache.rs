//! Caches parsed certificates. A few intermediates issue most of the web's leaf certificates, so every
//! certificate after the leaf goes through this cache.

use std::collections::HashMap;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::Certificate;
use crate::crypto::Fingerprint;

/// A bounded cache of certificates by their bytes. It has no lock: each thread has its own.
#[derive(Debug)]
pub struct CertificateCache {
    /// Certificates used since the last change of generation.
    young: HashMap<Fingerprint, Arc<Certificate>>,
    /// Certificates used in the generation before, and not since.
    old: HashMap<Fingerprint, Arc<Certificate>>,
    /// Maximum number of certificates in one generation.
    limit: usize,
}

/// The web's leaf certificates have a few thousand issuers. Two generations of this size contain
/// those in use.
const LIMIT: usize = 2048;

/// An intermediate takes 1 to 2 KiB. Larger certificates are not cached, so that a hostile server
/// cannot fill the memory: at most 16 MiB of DER are kept.
const MAX_DER: usize = 4096;

impl Default for CertificateCache {
    fn default() -> Self {
        Self::with_limit(LIMIT)
    }
}

impl CertificateCache {
    /// Returns a cache whose two generations contain at most `limit` certificates each.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            limit: limit.max(1),
        }
    }

    /// Returns the certificate of these bytes, from the cache or newly parsed.
    pub fn intern(&mut self, der: &[u8]) -> Arc<Certificate> {
        if der.len() > MAX_DER {
            return read(der);
        }
        let key = Fingerprint::of(der);
        if let Some(known) = self.young.get(&key) {
            return Arc::clone(known);
        }
        let certificate = match self.old.remove(&key) {
            Some(known) => known,
            None => read(der),
        };
        if self.young.len() >= self.limit {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, Arc::clone(&certificate));
        certificate
    }

    /// Returns the number of cached certificates.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Returns true if the cache is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn read(der: &[u8]) -> Arc<Certificate> {
    Arc::new(Certificate::read(CertificateDer::from(der.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_give_the_same_certificate() {
        let mut cache = CertificateCache::default();
        let first = cache.intern(b"one");
        assert!(Arc::ptr_eq(&first, &cache.intern(b"one")));
        assert!(!Arc::ptr_eq(&first, &cache.intern(b"two")));
        assert_eq!(cache.len(), 2);
    }

    #[test]
    fn a_large_certificate_is_not_cached() {
        let mut cache = CertificateCache::default();
        cache.intern(&[0; MAX_DER + 1]);
        assert!(cache.is_empty());
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_certificates_in_use() {
        let mut cache = CertificateCache::with_limit(4);
        let used = cache.intern(b"in use");
        for number in 0..100u8 {
            cache.intern(&[number]);
            assert!(Arc::ptr_eq(&used, &cache.intern(b"in use")));
            assert!(cache.len() <= 8);
        }
    }
}
