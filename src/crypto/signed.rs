//! A signature that is verified later, when the signer is known. It keeps the digest of the message
//! instead of the message, because a revocation list can be many megabytes long.

use aws_lc_rs::digest::{self, Digest};

use super::scheme::{Hash, Scheme, certificate_scheme};
use super::signature::{SignatureCheck, verify, verify_digest};

/// A signature and what is needed of its message to verify it.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    scheme: Option<Scheme>,
    message: Message,
    signature: Box<[u8]>,
}

#[derive(Clone, Debug)]
enum Message {
    Digest(Digest),
    /// The whole message, for schemes that do not sign a digest computed beforehand.
    Whole(Box<[u8]>),
}

impl Signed {
    /// Keeps what verification needs. `oid` (dotted) and `parameters` are the signature's
    /// algorithm, as for `verify_certificate_signature`.
    pub(crate) fn new(oid: &str, parameters: &[u8], message: &[u8], signature: &[u8]) -> Self {
        let scheme = certificate_scheme(oid, parameters);
        let message = match scheme {
            Some(Scheme::RsaPkcs1(hash) | Scheme::RsaPss(hash, _) | Scheme::Ecdsa(hash)) => {
                Message::Digest(digest::digest(algorithm(hash), message))
            }
            Some(Scheme::Ed25519 | Scheme::MlDsa(_)) => Message::Whole(message.into()),
            // An unsupported algorithm is never verified, so the message is not needed.
            None => Message::Whole([].into()),
        };
        Self {
            scheme,
            message,
            signature: signature.into(),
        }
    }

    /// Verifies the signature with the key of this SubjectPublicKeyInfo (DER).
    pub(crate) fn verify(&self, spki: &[u8]) -> SignatureCheck {
        match (self.scheme, &self.message) {
            (None, _) => SignatureCheck::Unsupported,
            (Some(scheme), Message::Digest(digest)) => {
                verify_digest(scheme, spki, digest, &self.signature)
            }
            (Some(scheme), Message::Whole(message)) => {
                verify(scheme, spki, message, &self.signature)
            }
        }
    }
}

fn algorithm(hash: Hash) -> &'static digest::Algorithm {
    match hash {
        Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha224 => &digest::SHA224,
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{KeyPair, PublicKeyData, SigningKey};

    #[test]
    fn a_signature_verifies_later_under_its_own_key_and_message_only() {
        let algorithms = [
            (&rcgen::PKCS_ECDSA_P256_SHA256, "1.2.840.10045.4.3.2"),
            (&rcgen::PKCS_ECDSA_P384_SHA384, "1.2.840.10045.4.3.3"),
            (&rcgen::PKCS_RSA_SHA256, "1.2.840.113549.1.1.11"),
            (&rcgen::PKCS_ED25519, "1.3.101.112"),
        ];
        for (algorithm, oid) in algorithms {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let other = KeyPair::generate_for(algorithm).unwrap();
            let signature = key.sign(b"message").unwrap();
            let verify = |message: &[u8], key: &KeyPair| {
                Signed::new(oid, &[], message, &signature).verify(&key.subject_public_key_info())
            };
            assert_eq!(verify(b"message", &key), SignatureCheck::Valid, "{oid}");
            assert_eq!(verify(b"massage", &key), SignatureCheck::Invalid, "{oid}");
            assert_eq!(verify(b"message", &other), SignatureCheck::Invalid, "{oid}");
            let unknown = Signed::new("1.2.3", &[], b"message", &signature);
            let spki = key.subject_public_key_info();
            assert_eq!(unknown.verify(&spki), SignatureCheck::Unsupported);
        }
    }
}
