//! Keyed hashes (HMAC-SHA-256), which replace values by pseudonyms.

use aws_lc_rs::{hmac, rand};

/// A key under which equal values have equal hashes. Without the key, nobody can compute the hash of a
/// guessed value.
pub struct HashKey(hmac::Key);

/// The system has no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system provides no random bytes")]
pub struct NoRandomness;

impl HashKey {
    /// Returns a random key.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system provides no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        let mut key = [0; 32];
        rand::fill(&mut key).map_err(|_| NoRandomness)?;
        Ok(Self::from_bytes(&key))
    }

    /// Returns the key with these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Returns the hash of a value of this kind. Equal bytes of different kinds have different hashes.
    pub fn hash(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(value);
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_depends_on_key_kind_and_value() {
        let key = HashKey::from_bytes(b"one");
        let all = [
            key.hash("name", b"a.test"),
            key.hash("name", b"b.test"),
            key.hash("text", b"a.test"),
            HashKey::from_bytes(b"two").hash("name", b"a.test"),
            HashKey::random().unwrap().hash("name", b"a.test"),
        ];
        for (place, hash) in all.iter().enumerate() {
            assert!(!all[..place].contains(hash));
        }
        assert_eq!(all[0], HashKey::from_bytes(b"one").hash("name", b"a.test"));
    }
}
