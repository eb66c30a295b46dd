//! The names of key and signature algorithms, as OpenSSL uses them.

use x509_parser::asn1_rs::Tag;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::contents::{KeyKind, PublicKey, SignatureAlgorithm};
use super::fields::Fields;
use super::oid::oid_text;
use crate::crypto::{Curve, Fingerprint, Key, KeyAlgorithm, pss_hash_name};

/// Returns the key of a SubjectPublicKeyInfo, or `None` if it cannot be parsed.
pub(super) fn public_key(spki: &SubjectPublicKeyInfo<'_>) -> Option<PublicKey> {
    let key = Key::read(spki.raw)?;
    Some(PublicKey {
        kind: kind(key.algorithm),
        algorithm: key.algorithm,
        rsa: key.rsa_numbers(),
        bits: key.bits,
        name: key_name(&key),
        spki: spki.raw.to_vec(),
        spki_sha256: Fingerprint::of(spki.raw),
    })
}

/// Reads the fields of an AlgorithmIdentifier, or returns `None` if it is not valid. x509-parser's
/// type is not used: it accepts any tag for the OBJECT IDENTIFIER and ignores bytes behind the
/// parameters.
pub(super) fn signature_algorithm(mut identifier: Fields<'_>) -> Option<SignatureAlgorithm> {
    let oid = oid_text(identifier.expect(Tag::Oid)?.any.data);
    let parameters = match identifier.is_empty() {
        true => Vec::new(),
        false => identifier.next()?.whole.to_vec(),
    };
    identifier.is_empty().then(|| SignatureAlgorithm {
        name: signature_name(&oid, &parameters),
        oid,
        parameters,
    })
}

fn kind(algorithm: KeyAlgorithm) -> KeyKind {
    match algorithm {
        KeyAlgorithm::Rsa => KeyKind::Rsa,
        KeyAlgorithm::RsaPss => KeyKind::RsaPss,
        KeyAlgorithm::Ec(_) => KeyKind::Ec,
        KeyAlgorithm::Ed25519 => KeyKind::Ed25519,
        KeyAlgorithm::Ed448 => KeyKind::Ed448,
        KeyAlgorithm::Dsa => KeyKind::Dsa,
        KeyAlgorithm::MlDsa(_) => KeyKind::MlDsa,
        KeyAlgorithm::Other => KeyKind::Other,
    }
}

fn key_name(key: &Key<'_>) -> String {
    match (key.algorithm, key.bits) {
        (KeyAlgorithm::Rsa, Some(bits)) => format!("rsa{bits}"),
        (KeyAlgorithm::RsaPss, Some(bits)) => format!("rsapss{bits}"),
        (KeyAlgorithm::Dsa, Some(bits)) => format!("dsa{bits}"),
        (KeyAlgorithm::MlDsa(set), _) => format!("mldsa{set}"),
        (KeyAlgorithm::Ed25519, _) => "ed25519".to_owned(),
        (KeyAlgorithm::Ed448, _) => "ed448".to_owned(),
        (KeyAlgorithm::Ec(Some(curve)), _) => match curve_name(curve) {
            Some(name) => name.to_owned(),
            None => oid_text(key.oid),
        },
        _ => oid_text(key.oid),
    }
}

fn curve_name(curve: Curve) -> Option<&'static str> {
    Some(match curve {
        Curve::P192 => "p192",
        Curve::P224 => "p224",
        Curve::P256 => "p256",
        Curve::P384 => "p384",
        Curve::P521 => "p521",
        Curve::Secp256k1 => "secp256k1",
        Curve::BrainpoolP256r1 => "brainpoolp256r1",
        Curve::BrainpoolP384r1 => "brainpoolp384r1",
        Curve::BrainpoolP512r1 => "brainpoolp512r1",
        Curve::Explicit => "ec_explicit",
        Curve::Other => return None,
    })
}

fn signature_name(oid: &str, parameters: &[u8]) -> String {
    let name = match oid {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.3" => "md4WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.3.14.3.2.29" => "sha1WithRSA",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.10" => {
            return match pss_hash_name(parameters) {
                Some(hash) => format!("rsassaPss-with-{hash}"),
                None => "rsassaPss".to_owned(),
            };
        }
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.10040.4.3" => "dsaWithSHA1",
        "2.16.840.1.101.3.4.3.1" => "dsa_with_SHA224",
        "2.16.840.1.101.3.4.3.2" => "dsa_with_SHA256",
        "1.3.101.112" => "ED25519",
        "1.3.101.113" => "ED448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        other => other,
    };
    name.to_owned()
}
