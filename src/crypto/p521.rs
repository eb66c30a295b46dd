//! Diffie-Hellman on P-521 (SEC 1, 3.3.1), which rustls does not support.

use aws_lc_rs::agreement::{ECDH_P521, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use aws_lc_rs::rand::SystemRandom;

/// The ephemeral key of one side, for one key agreement.
pub struct P521 {
    secret: EphemeralPrivateKey,
    share: Vec<u8>,
}

impl P521 {
    /// Generates a key, or returns `None` if the library fails to.
    pub fn generate() -> Option<Self> {
        let secret = EphemeralPrivateKey::generate(&ECDH_P521, &SystemRandom::new()).ok()?;
        let share = secret.compute_public_key().ok()?.as_ref().to_vec();
        Some(Self { secret, share })
    }

    /// Returns the public key: the uncompressed point, 133 bytes.
    pub fn share(&self) -> &[u8] {
        &self.share
    }

    /// Returns the shared secret of 66 bytes, or `None` if `theirs` is not a point on the curve.
    pub fn agree(self, theirs: &[u8]) -> Option<Vec<u8>> {
        let theirs = UnparsedPublicKey::new(&ECDH_P521, theirs);
        agree_ephemeral(self.secret, theirs, (), |secret| Ok(secret.to_vec())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree_and_nonsense_is_refused() {
        let (one, other) = (P521::generate().unwrap(), P521::generate().unwrap());
        let (share, theirs) = (one.share().to_vec(), other.share().to_vec());
        assert_eq!(share.len(), 133);
        let secret = one.agree(&theirs).unwrap();
        assert_eq!(secret.len(), 66);
        assert_eq!(other.agree(&share), Some(secret));
        for nonsense in [&[][..], &[4; 133], &share[..132]] {
            assert_eq!(P521::generate().unwrap().agree(nonsense), None);
        }
    }
}
