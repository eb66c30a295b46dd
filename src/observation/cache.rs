//! Certificates that come again and again are read once. A handful of intermediates stands below
//! most of the web's leaves, so everything after a leaf goes through here.

use std::collections::HashMap;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::Certificate;
use crate::crypto::Fingerprint;

/// A bounded memory of certificates by their bytes. One a thread: there is no lock in it.
#[derive(Debug)]
pub struct CertificateCache {
    /// Certificates asked for since the last turn.
    young: HashMap<Fingerprint, Arc<Certificate>>,
    /// Those asked for in the turn before, and not since.
    old: HashMap<Fingerprint, Arc<Certificate>>,
    /// How many one generation may hold.
    limit: usize,
}

/// Some thousand intermediates stand under the web's leaves: two generations of this size hold
/// those in use.
const LIMIT: usize = 2048;

/// An intermediate takes 1 to 2 KiB. What is bigger is read anew each time, so that a hostile
/// server cannot fill the memory: at most 16 MiB of DER are kept.
const MAX_DER: usize = 4096;

impl Default for CertificateCache {
    fn default() -> Self {
        Self::with_limit(LIMIT)
    }
}

impl CertificateCache {
    /// A cache whose two generations hold at most `limit` certificates each.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            limit: limit.max(1),
        }
    }

    /// The certificate of these bytes, read now or remembered.
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

    /// How many certificates are remembered.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether nothing is remembered.
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
    fn a_giant_is_not_kept() {
        let mut cache = CertificateCache::default();
        cache.intern(&[0; MAX_DER + 1]);
        assert!(cache.is_empty());
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_in_use() {
        let mut cache = CertificateCache::with_limit(4);
        let used = cache.intern(b"in use");
        for number in 0..100u8 {
            cache.intern(&[number]);
            assert!(Arc::ptr_eq(&used, &cache.intern(b"in use")));
            assert!(cache.len() <= 8);
        }
    }
}
