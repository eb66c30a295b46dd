//! Keys that clients accept: keys that no client can use, keys that some clients reject, and keys
//! that are too short. Each rule names its source.

use crate::crypto::{Curve, KeyAlgorithm, RSA_BITS, RsaNumbers};
use crate::observation::{KeyKind, PublicKey};
use crate::verdict::Position;

/// Chrome, Firefox and Android reject shorter RSA keys in any certificate.
const LEAST_RSA: u32 = 1024;

/// OpenSSL's `OPENSSL_RSA_MAX_MODULUS_BITS`; other clients have lower limits.
const MOST_RSA: u32 = 16_384;

/// BoringSSL, and so Chrome, accepts no larger exponent. Go's limit is 31 bits, OpenSSL's 64 or
/// more.
const MOST_COMMON_EXPONENT: u32 = 33;

/// Public key algorithms that cannot be used in a TLS certificate: Diffie-Hellman (X9.42, PKCS #3),
/// X25519, X448, RSAES-OAEP, the ECDH-only OIDs, and GOST, which only patched libraries support.
const NO_TLS_KEYS: [&str; 11] = [
    "1.2.840.10046.2.1",
    "1.2.840.113549.1.3.1",
    "1.3.101.110",
    "1.3.101.111",
    "1.2.840.113549.1.1.7",
    "1.3.132.1.12",
    "1.3.132.1.13",
    "1.2.643.2.2.19",
    "1.2.643.2.2.20",
    "1.2.643.7.1.1.1.1",
    "1.2.643.7.1.1.1.2",
];

/// Returns why no mainstream client can use the key, or `None` if at least one can.
pub(crate) fn unsupported(key: &PublicKey) -> Option<String> {
    let why = match key.algorithm {
        KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss => unsupported_rsa(key.rsa)?,
        KeyAlgorithm::Dsa => "no client uses DSA keys",
        KeyAlgorithm::Ec(None) => "no named curve",
        KeyAlgorithm::Ec(Some(Curve::P192 | Curve::Other)) => "no client uses this curve",
        KeyAlgorithm::Other if NO_TLS_KEYS.contains(&key.name.as_str()) => {
            "no client supports this key type in TLS"
        }
        _ => return None,
    };
    Some(format!("{}: {why}", key.name))
}

fn unsupported_rsa(numbers: Option<RsaNumbers>) -> Option<&'static str> {
    let Some(numbers) = numbers else {
        return Some("cannot parse its modulus and exponent");
    };
    Some(if numbers.modulus_bits < LEAST_RSA {
        "below 1024 bits"
    } else if numbers.modulus_bits > MOST_RSA {
        "above 16384 bits"
    } else if !numbers.modulus_odd {
        "the modulus is even"
    } else if !numbers.exponent_odd {
        "the exponent is even"
    } else if numbers.exponent_bits < 2 {
        "the exponent is 1"
    } else {
        return None;
    })
}

/// Returns why only some clients accept the key in this position, or `None` if all or none do.
pub(crate) fn unusual(key: &PublicKey, position: Position) -> Option<&'static str> {
    if unsupported(key).is_some() {
        return None;
    }
    Some(match key.algorithm {
        KeyAlgorithm::RsaPss => "restricted to RSASSA-PSS",
        KeyAlgorithm::Rsa => {
            let numbers = key.rsa?;
            // BoringSSL, Go (in a handshake) and rustls accept no larger key.
            if numbers.modulus_bits > *RSA_BITS.end() {
                "above 8192 bits"
            } else if numbers.exponent_bits > MOST_COMMON_EXPONENT {
                "a large exponent"
            } else {
                return None;
            }
        }
        KeyAlgorithm::Ec(Some(curve)) => match curve {
            Curve::P256 | Curve::P384 => return None,
            // Chrome and Firefox support it in path validation, but Chrome does not for the
            // server's key.
            Curve::P521 if position != Position::Leaf => return None,
            Curve::Explicit => "explicit curve parameters instead of a named curve",
            _ => "an unusual curve",
        },
        KeyAlgorithm::Ed25519 | KeyAlgorithm::Ed448 => "an Edwards curve",
        KeyAlgorithm::MlDsa(_) => "post-quantum",
        KeyAlgorithm::Other => "an unknown key type",
        KeyAlgorithm::Dsa | KeyAlgorithm::Ec(None) => return None,
    })
}

/// Returns true if an RSA key is shorter than public CAs may certify but long enough for some
/// client.
pub(crate) fn weak(key: &PublicKey) -> bool {
    let rsa = matches!(key.kind, KeyKind::Rsa | KeyKind::RsaPss);
    let short = key
        .bits
        .is_some_and(|bits| (LEAST_RSA..*RSA_BITS.start()).contains(&bits));
    rsa && short && unsupported(key).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Fingerprint, Key};

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        let length = match (high, low) {
            (0, ..0x80) => vec![low],
            (0, _) => vec![0x81, low],
            _ => vec![0x82, high, low],
        };
        [&[tag][..], &length, content].concat()
    }

    fn key(kind: KeyKind, oid: &[u8], parameters: &[u8], bytes: &[u8]) -> PublicKey {
        let algorithm = tlv(0x30, &[&tlv(6, oid)[..], parameters].concat());
        let bytes = tlv(3, &[&[0], bytes].concat());
        let spki = tlv(0x30, &[algorithm, bytes].concat());
        let read = Key::read(&spki).unwrap();
        PublicKey {
            kind,
            algorithm: read.algorithm,
            rsa: read.rsa_numbers(),
            bits: read.bits,
            name: "key".to_owned(),
            spki_sha256: Fingerprint::of(&spki),
            spki,
        }
    }

    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    const PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];

    /// Returns an RSA key with a modulus of this many bytes, this last byte, and this exponent.
    fn rsa(bytes: usize, last: u8, exponent: &[u8]) -> PublicKey {
        let mut modulus = vec![0xb5; bytes];
        modulus[bytes - 1] = last;
        let modulus = tlv(2, &[&[0], &modulus[..]].concat());
        let numbers = tlv(0x30, &[modulus, tlv(2, exponent)].concat());
        key(KeyKind::Rsa, RSA, &[5, 0], &numbers)
    }

    #[test]
    fn rsa_keys_are_classified_by_their_numbers() {
        const F4: &[u8] = &[1, 0, 1];
        for (name, key, is_unsupported, is_unusual, is_weak) in [
            ("2048", rsa(256, 1, F4), false, false, false),
            ("1024", rsa(128, 1, F4), false, false, true),
            ("1023", rsa(127, 1, F4), true, false, false),
            ("512", rsa(64, 1, F4), true, false, false),
            ("exponent 3", rsa(256, 1, &[3]), false, false, false),
            ("exponent 1", rsa(256, 1, &[1]), true, false, false),
            ("exponent 2", rsa(256, 1, &[2]), true, false, false),
            ("exponent 0", rsa(256, 1, &[0]), true, false, false),
            ("exponent -1", rsa(256, 1, &[0xff]), true, false, false),
            ("even exponent", rsa(256, 1, &[1, 0, 0]), true, false, false),
            (
                "large exponent",
                rsa(256, 1, &[1, 0, 0, 0, 0, 0, 1]),
                false,
                true,
                false,
            ),
            ("even modulus", rsa(256, 2, F4), true, false, false),
            ("even short modulus", rsa(128, 2, F4), true, false, false),
            ("8192", rsa(1024, 1, F4), false, false, false),
            ("16384", rsa(2048, 1, F4), false, true, false),
            ("16392", rsa(2049, 1, F4), true, false, false),
            (
                "no numbers",
                key(KeyKind::Rsa, RSA, &[5, 0], &[1, 2, 3]),
                true,
                false,
                false,
            ),
            (
                "pss, no numbers",
                key(KeyKind::RsaPss, PSS, &[], &[]),
                true,
                false,
                false,
            ),
        ] {
            assert_eq!(unsupported(&key).is_some(), is_unsupported, "{name}");
            assert_eq!(
                unusual(&key, Position::Leaf).is_some(),
                is_unusual,
                "{name}"
            );
            assert_eq!(weak(&key), is_weak, "{name}");
        }
    }

    #[test]
    fn other_keys_are_classified_by_their_kind() {
        const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
        let ec = |parameters: &[u8]| key(KeyKind::Ec, EC, parameters, &[4; 65]);
        let named = |oid: &[u8]| ec(&tlv(6, oid));
        let plain = |oid: &[u8]| key(KeyKind::Other, oid, &[], &[4; 32]);
        let nist = |number| named(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, number]);
        for (name, key, is_unsupported, is_unusual) in [
            ("p192", nist(1), true, false),
            ("prime239v1", nist(4), true, false),
            ("p256", nist(7), false, false),
            ("p224", named(&[0x2b, 0x81, 4, 0, 0x21]), false, true),
            ("p384", named(&[0x2b, 0x81, 4, 0, 0x22]), false, false),
            ("p521", named(&[0x2b, 0x81, 4, 0, 0x23]), false, true),
            ("secp256k1", named(&[0x2b, 0x81, 4, 0, 10]), false, true),
            ("secp160r1", named(&[0x2b, 0x81, 4, 0, 8]), true, false),
            ("sect283k1", named(&[0x2b, 0x81, 4, 0, 16]), true, false),
            ("explicit", ec(&tlv(0x30, &[2, 1, 1])), false, true),
            ("no curve", ec(&[5, 0]), true, false),
            ("curve left out", ec(&[]), true, false),
            ("ed25519", plain(&[0x2b, 0x65, 0x70]), false, true),
            ("ed448", plain(&[0x2b, 0x65, 0x71]), false, true),
            (
                "dsa",
                plain(&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]),
                true,
                false,
            ),
            ("of tomorrow", plain(&[0x2b, 0x65, 0x7f]), false, true),
        ] {
            assert_eq!(unsupported(&key).is_some(), is_unsupported, "{name}");
            assert_eq!(
                unusual(&key, Position::Leaf).is_some(),
                is_unusual,
                "{name}"
            );
            assert!(!weak(&key), "{name}");
            if name == "p521" {
                assert_eq!(unusual(&key, Position::Intermediate), None);
            }
        }
    }
}
