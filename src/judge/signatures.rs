//! Remembers which key made which signature. A signature depends on no time, store or chain, so
//! an entry never becomes wrong. The signed objects are CA certificates and revocation lists; leaf
//! certificates are not kept, because a sweep meets each of them once.

use super::memo::{Memo, Window};
use crate::crypto::{Fingerprint, Outcome};

/// Entries kept: more than public CAs have intermediates and lists.
const CAPACITY: usize = 16_384;

/// Verified signatures by what was signed and whose key was tried.
pub(crate) struct Signatures(Memo<(Fingerprint, Fingerprint), Outcome>);

impl Default for Signatures {
    fn default() -> Self {
        Self(Memo::new(CAPACITY))
    }
}

impl Signatures {
    /// Returns the remembered outcome, or calls `verify` once and remembers it. `signed` is the
    /// fingerprint of the signed object and `key` that of the SubjectPublicKeyInfo.
    pub(super) fn of(
        &mut self,
        signed: Fingerprint,
        key: Fingerprint,
        verify: impl FnOnce() -> Outcome,
    ) -> Outcome {
        let entry = (signed, key);
        if let Some(outcome) = self.0.get(&entry, 0) {
            return *outcome;
        }
        let outcome = verify();
        self.0.put(entry, Window::ALWAYS, outcome);
        outcome
    }
}
