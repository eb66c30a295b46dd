//! Verifies signatures. It has one table from algorithm and key to aws-lc-rs. The table is wider
//! than that of any client: before a signature is judged unacceptable, it must be known to be
//! genuine.

use aws_lc_rs::digest::Digest;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{self as lc, ParsedPublicKey, RsaPssSaltLength, VerificationAlgorithm};

use super::key::{Curve, Key, KeyAlgorithm, RSA_BITS};
use super::scheme::{Hash, Scheme, certificate_scheme, handshake_scheme};

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The key made this signature over this message.
    Valid,
    /// The key did not make it, or the algorithm does not belong to this kind of key.
    Invalid,
    /// Not checked: the algorithm, the curve or the key size is not supported (MD5, DSA, Ed448, RSA
    /// below 1024 bits, ...).
    Unsupported,
}

/// Verifies a certificate's signature. `oid` (dotted) and `parameters` (DER, empty if absent) are
/// the certificate's signatureAlgorithm. `tbs` is the whole tbsCertificate (RFC 5280 section
/// 4.1.1).
pub fn verify_certificate_signature(
    issuer_spki: &[u8],
    oid: &str,
    parameters: &[u8],
    tbs: &[u8],
    signature: &[u8],
) -> SignatureCheck {
    match certificate_scheme(oid, parameters) {
        Some(scheme) => verify(scheme, issuer_spki, tbs, signature),
        None => SignatureCheck::Unsupported,
    }
}

/// Verifies a handshake signature, given its TLS SignatureScheme number. The curve of an ECDSA
/// scheme is ignored, because TLS 1.2 takes the curve from the certificate (RFC 5246 section
/// 7.4.1.4.1).
pub fn verify_handshake(
    scheme: u16,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> SignatureCheck {
    match handshake_scheme(scheme) {
        Some(scheme) => verify(scheme, spki, message, signature),
        None => SignatureCheck::Unsupported,
    }
}

pub(super) fn verify(
    scheme: Scheme,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> SignatureCheck {
    verify_with(scheme, spki, |key| key.verify_sig(message, signature))
}

/// Like `verify`, for a message already digested with the scheme's hash.
pub(super) fn verify_digest(
    scheme: Scheme,
    spki: &[u8],
    digest: &Digest,
    signature: &[u8],
) -> SignatureCheck {
    verify_with(scheme, spki, |key| key.verify_digest_sig(digest, signature))
}

fn verify_with(
    scheme: Scheme,
    spki: &[u8],
    verifies: impl FnOnce(&ParsedPublicKey) -> Result<(), Unspecified>,
) -> SignatureCheck {
    let Some(key) = Key::read(spki) else {
        return SignatureCheck::Unsupported;
    };
    if !fits(scheme, key.algorithm) {
        return SignatureCheck::Invalid;
    }
    let Some(algorithm) = algorithm(scheme, &key) else {
        return SignatureCheck::Unsupported;
    };
    // The library rejects this key (a point off the curve, an even exponent), so no signature by it
    // can be checked.
    let Ok(key) = ParsedPublicKey::new(algorithm, key.bytes) else {
        return SignatureCheck::Unsupported;
    };
    match verifies(&key) {
        Ok(()) => SignatureCheck::Valid,
        Err(_) => SignatureCheck::Invalid,
    }
}

/// Returns true if the scheme belongs to this kind of key. A key of an unknown kind is not ruled
/// out here: `algorithm` finds nothing for it, so the result is `Unsupported`.
fn fits(scheme: Scheme, key: KeyAlgorithm) -> bool {
    match key {
        KeyAlgorithm::Rsa => matches!(scheme, Scheme::RsaPkcs1(_) | Scheme::RsaPss(..)),
        KeyAlgorithm::RsaPss => matches!(scheme, Scheme::RsaPss(..)),
        KeyAlgorithm::Ec(_) => matches!(scheme, Scheme::Ecdsa(_)),
        KeyAlgorithm::Ed25519 => scheme == Scheme::Ed25519,
        KeyAlgorithm::MlDsa(set) => scheme == Scheme::MlDsa(set),
        KeyAlgorithm::Ed448 | KeyAlgorithm::Dsa => false,
        KeyAlgorithm::Other => true,
    }
}

fn algorithm(scheme: Scheme, key: &Key<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    match (scheme, key.algorithm) {
        (Scheme::RsaPkcs1(hash), KeyAlgorithm::Rsa) => rsa_pkcs1(hash, key.bits?),
        (Scheme::RsaPss(hash, salt), KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss) => {
            rsa_pss(hash, salt, key.bits?)
        }
        (Scheme::Ecdsa(hash), KeyAlgorithm::Ec(Some(curve))) => ecdsa(hash, curve),
        (Scheme::Ed25519, KeyAlgorithm::Ed25519) => Some(&lc::ED25519),
        (Scheme::MlDsa(44), KeyAlgorithm::MlDsa(44)) => Some(&lc::ML_DSA_44),
        (Scheme::MlDsa(65), KeyAlgorithm::MlDsa(65)) => Some(&lc::ML_DSA_65),
        (Scheme::MlDsa(87), KeyAlgorithm::MlDsa(87)) => Some(&lc::ML_DSA_87),
        _ => None,
    }
}

/// aws-lc-rs supports no SHA-384 below 2048 bits, and no key below 1024 or above 8192 bits.
fn rsa_pkcs1(hash: Hash, bits: u32) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (hash, bits) {
        (Hash::Sha1, 1024..=8192) => &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Hash::Sha256, 1024..=8192) => &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Hash::Sha384, bits) if RSA_BITS.contains(&bits) => &lc::RSA_PKCS1_2048_8192_SHA384,
        (Hash::Sha512, 1024..=8192) => &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return None,
    })
}

fn rsa_pss(hash: Hash, salt: u32, bits: u32) -> Option<&'static dyn VerificationAlgorithm> {
    const TWENTY: RsaPssSaltLength = RsaPssSaltLength::Custom(20);
    const MAX: RsaPssSaltLength = RsaPssSaltLength::Max;
    if !RSA_BITS.contains(&bits) {
        return None;
    }
    // The maximum salt length for this key (RFC 8017 section 9.1.1), which some tools use.
    let longest = |hash_length: u32| (bits + 6) / 8 - hash_length - 2;
    Some(match (hash, salt) {
        (Hash::Sha256, 32) => &lc::RSA_PSS_2048_8192_SHA256,
        (Hash::Sha384, 48) => &lc::RSA_PSS_2048_8192_SHA384,
        (Hash::Sha512, 64) => &lc::RSA_PSS_2048_8192_SHA512,
        (Hash::Sha256, 20) => &const { lc::RSA_PSS_2048_8192_SHA256.with_pss_salt_length(TWENTY) },
        (Hash::Sha384, 20) => &const { lc::RSA_PSS_2048_8192_SHA384.with_pss_salt_length(TWENTY) },
        (Hash::Sha512, 20) => &const { lc::RSA_PSS_2048_8192_SHA512.with_pss_salt_length(TWENTY) },
        (Hash::Sha256, salt) if salt == longest(32) => {
            &const { lc::RSA_PSS_2048_8192_SHA256.with_pss_salt_length(MAX) }
        }
        (Hash::Sha384, salt) if salt == longest(48) => {
            &const { lc::RSA_PSS_2048_8192_SHA384.with_pss_salt_length(MAX) }
        }
        (Hash::Sha512, salt) if salt == longest(64) => {
            &const { lc::RSA_PSS_2048_8192_SHA512.with_pss_salt_length(MAX) }
        }
        _ => return None,
    })
}

fn ecdsa(hash: Hash, curve: Curve) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (curve, hash) {
        (Curve::P256, Hash::Sha1) => &lc::ECDSA_P256_SHA1_ASN1,
        (Curve::P256, Hash::Sha256) => &lc::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, Hash::Sha384) => &lc::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, Hash::Sha512) => &lc::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, Hash::Sha256) => &lc::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, Hash::Sha384) => &lc::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, Hash::Sha512) => &lc::ECDSA_P384_SHA512_ASN1,
        (Curve::P521, Hash::Sha1) => &lc::ECDSA_P521_SHA1_ASN1,
        (Curve::P521, Hash::Sha224) => &lc::ECDSA_P521_SHA224_ASN1,
        (Curve::P521, Hash::Sha256) => &lc::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, Hash::Sha384) => &lc::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, Hash::Sha512) => &lc::ECDSA_P521_SHA512_ASN1,
        (Curve::Secp256k1, Hash::Sha256) => &lc::ECDSA_P256K1_SHA256_ASN1,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
    };

    const MESSAGE: &[u8] = b"what is signed";

    /// A key's SPKI, and signatures of `MESSAGE` with the scheme numbers they are valid for.
    struct Signer {
        spki: Vec<u8>,
        signatures: Vec<(&'static [u16], Vec<u8>)>,
    }

    fn spki<K: AsDer<PublicKeyX509Der<'static>>>(key: &K) -> Vec<u8> {
        key.as_der().unwrap().as_ref().to_vec()
    }

    fn rsa() -> Signer {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let sign = |padding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; key.public_modulus_len()];
            let random = SystemRandom::new();
            key.sign(padding, &random, MESSAGE, &mut signature).unwrap();
            signature
        };
        Signer {
            spki: spki(key.public_key()),
            signatures: vec![
                (&[0x0401], sign(&lc::RSA_PKCS1_SHA256)),
                (&[0x0501], sign(&lc::RSA_PKCS1_SHA384)),
                (&[0x0601], sign(&lc::RSA_PKCS1_SHA512)),
                (&[0x0804, 0x0809], sign(&lc::RSA_PSS_SHA256)),
                (&[0x0805, 0x080a], sign(&lc::RSA_PSS_SHA384)),
                (&[0x0806, 0x080b], sign(&lc::RSA_PSS_SHA512)),
            ],
        }
    }

    fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, schemes: &'static [u16]) -> Signer {
        let key = EcdsaKeyPair::generate(algorithm).unwrap();
        let signature = key.sign(&SystemRandom::new(), MESSAGE).unwrap();
        Signer {
            spki: spki(key.public_key()),
            signatures: vec![(schemes, signature.as_ref().to_vec())],
        }
    }

    fn ed25519() -> Signer {
        let key = Ed25519KeyPair::generate().unwrap();
        Signer {
            spki: spki(key.public_key()),
            signatures: vec![(&[0x0807], key.sign(MESSAGE).as_ref().to_vec())],
        }
    }

    fn signers() -> Vec<Signer> {
        vec![
            rsa(),
            ecdsa(&lc::ECDSA_P256_SHA256_ASN1_SIGNING, &[0x0403]),
            ecdsa(&lc::ECDSA_P384_SHA384_ASN1_SIGNING, &[0x0503]),
            ecdsa(&lc::ECDSA_P521_SHA224_ASN1_SIGNING, &[0x0303]),
            ecdsa(&lc::ECDSA_P521_SHA256_ASN1_SIGNING, &[0x0403]),
            ecdsa(&lc::ECDSA_P521_SHA512_ASN1_SIGNING, &[0x0603]),
            ed25519(),
        ]
    }

    #[test]
    fn a_signature_verifies_under_its_own_key_scheme_and_message_only() {
        let signers = signers();
        for (place, signer) in signers.iter().enumerate() {
            for (schemes, signature) in &signer.signatures {
                let verifies = |spki: &[u8], scheme: u16, message: &[u8]| {
                    verify_handshake(scheme, spki, message, signature) == SignatureCheck::Valid
                };
                let valid: Vec<u16> = (0..0x0fff)
                    .filter(|scheme| verifies(&signer.spki, *scheme, MESSAGE))
                    .collect();
                assert_eq!(valid, *schemes);
                assert!(!verifies(&signer.spki, schemes[0], b"another message"));
                let others = signers
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != place);
                for (_, other) in others {
                    assert!(!verifies(&other.spki, schemes[0], MESSAGE));
                }
            }
        }
    }

    #[test]
    fn ml_dsa_verifies() {
        use rcgen::{PublicKeyData, SigningKey};
        let sets = [
            (&rcgen::PKCS_ML_DSA_44, 0x0904),
            (&rcgen::PKCS_ML_DSA_65, 0x0905),
            (&rcgen::PKCS_ML_DSA_87, 0x0906),
        ];
        for (algorithm, scheme) in sets {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let (spki, signature) = (key.subject_public_key_info(), key.sign(MESSAGE).unwrap());
            let outcome = |scheme| verify_handshake(scheme, &spki, MESSAGE, &signature);
            assert_eq!(outcome(scheme), SignatureCheck::Valid);
            assert_eq!(
                outcome(0x0904 + (scheme - 0x0903) % 3),
                SignatureCheck::Invalid
            );
        }
    }

    #[test]
    fn what_cannot_be_checked_is_not_called_invalid() {
        let key = ed25519();
        let (_, signature) = &key.signatures[0];
        // Ed448, GOST, and an unassigned number.
        for scheme in [0x0808, 0x0709, 0xfefe] {
            let outcome = verify_handshake(scheme, &key.spki, MESSAGE, signature);
            assert_eq!(outcome, SignatureCheck::Unsupported, "{scheme:04x}");
        }
        for spki in [&[][..], &[0x30, 0x00], &key.spki[1..]] {
            let outcome = verify_handshake(0x0807, spki, MESSAGE, signature);
            assert_eq!(outcome, SignatureCheck::Unsupported);
        }
        let md5 = "1.2.840.113549.1.1.4";
        let outcome = verify_certificate_signature(&key.spki, md5, &[5, 0], MESSAGE, signature);
        assert_eq!(outcome, SignatureCheck::Unsupported);
        // An RSA scheme under another kind of key is invalid.
        let outcome = verify_handshake(0x0401, &key.spki, MESSAGE, signature);
        assert_eq!(outcome, SignatureCheck::Invalid);
    }
}
