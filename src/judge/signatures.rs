//! Cache of verified signatures. Validity of a signature depends on no time, store or chain, so
//! entries never become wrong. The signed objects are CA certificates and revocation lists. Leaf
//! certificates are not cached, because a sweep meets each of them once.

use super::memo::{Memo, Window};
use crate::crypto::{Fingerprint, SignatureCheck};

/// Maximum number of entries. Public CAs have fewer intermediates and lists.
const CAPACITY: usize = 16_384;

/// Outcomes by fingerprint of the signed object and of the key.
pub(crate) struct Signatures(Memo<(Fingerprint, Fingerprint), SignatureCheck>);

impl Default for Signatures {
    fn default() -> Self {
        Self(Memo::new(CAPACITY))
    }
}

impl Signatures {
    /// Returns the cached outcome, or calls `verify` and caches its outcome. `signed` is the
    /// fingerprint of the signed object and `key` that of the SubjectPublicKeyInfo.
    pub(super) fn of(
        &mut self,
        signed: Fingerprint,
        key: Fingerprint,
        verify: impl FnOnce() -> SignatureCheck,
    ) -> SignatureCheck {
        let entry = (signed, key);
        if let Some(outcome) = self.0.get(&entry, 0) {
            return *outcome;
        }
        let outcome = verify();
        self.0.put(entry, Window::ALWAYS, outcome);
        outcome
    }
}
