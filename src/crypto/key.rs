//! Parses a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7): the kind of key, its size, and the key
//! bytes that verification needs. It does not judge whether a key is strong enough.

use std::ops::RangeInclusive;

use super::der::{self, DerReader, tag};

/// Sizes of RSA keys in bits that current libraries accept: aws-lc-rs, and so rustls-webpki, and the
/// upper limit of BoringSSL. Public CAs certify nothing smaller.
pub const RSA_BITS: RangeInclusive<u32> = 2048..=8192;

/// The kinds of public key found in certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA, for any padding.
    Rsa,
    /// RSA restricted to RSASSA-PSS.
    RsaPss,
    /// An elliptic curve key. `None` if the parameters neither name nor describe a curve.
    Ec(Option<Curve>),
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// DSA.
    Dsa,
    /// ML-DSA. The number is the parameter set: 44, 65 or 87.
    MlDsa(u8),
    /// Any other algorithm.
    Other,
}

/// The elliptic curves of certificate keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Curve {
    P192,
    P224,
    P256,
    P384,
    P521,
    Secp256k1,
    BrainpoolP256r1,
    BrainpoolP384r1,
    BrainpoolP512r1,
    /// The curve is described by its parameters, which RFC 5480 section 2.1.1 forbids.
    Explicit,
    Other,
}

impl Curve {
    /// Returns the field size in bits, or `None` for a curve that has no variant of its own.
    pub fn bits(self) -> Option<u32> {
        Some(match self {
            Self::P192 => 192,
            Self::P224 => 224,
            Self::P256 | Self::Secp256k1 | Self::BrainpoolP256r1 => 256,
            Self::P384 | Self::BrainpoolP384r1 => 384,
            Self::BrainpoolP512r1 => 512,
            Self::P521 => 521,
            Self::Explicit | Self::Other => return None,
        })
    }
}

/// The public key of a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Kind of key.
    pub algorithm: KeyAlgorithm,
    /// OBJECT IDENTIFIER of the algorithm, undotted.
    pub(crate) oid: &'a [u8],
    /// Size of the modulus (RSA), prime (DSA) or field (elliptic curves) in bits, or `None` if it
    /// is unknown.
    pub bits: Option<u32>,
    /// The subjectPublicKey: an RSAPublicKey, a curve point, or the raw key.
    pub bytes: &'a [u8],
}

impl<'a> Key<'a> {
    /// Parses a SubjectPublicKeyInfo, or returns `None` if the bytes are not one.
    pub fn read(spki: &'a [u8]) -> Option<Self> {
        let mut fields = der::only(spki, tag::SEQUENCE)?.inside();
        let mut algorithm = fields.expect(tag::SEQUENCE)?.inside();
        let bytes = der::whole_bytes(fields.expect(tag::BIT_STRING)?.content)?;
        let oid = algorithm.expect(tag::OID)?.content;
        let parameters = algorithm.next();
        let kind = kind(oid, parameters);
        let complete = fields.is_empty() && algorithm.is_empty();
        complete.then_some(Self {
            algorithm: kind,
            oid,
            bits: bits(kind, parameters, bytes),
            bytes,
        })
    }
}

/// The properties of an RSA key's numbers that clients check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RsaNumbers {
    /// Size of the modulus in bits.
    pub modulus_bits: u32,
    /// True if the modulus is odd. A product of two large primes always is.
    pub modulus_odd: bool,
    /// Size of the exponent in bits.
    pub exponent_bits: u32,
    /// True if the exponent is odd. An even one cannot be inverted.
    pub exponent_odd: bool,
}

impl Key<'_> {
    /// Returns the properties of an RSA key's numbers (RFC 8017 appendix A.1.1), or `None` if the
    /// key is not RSA, or its numbers are malformed or not positive.
    pub fn rsa_numbers(&self) -> Option<RsaNumbers> {
        if !matches!(self.algorithm, KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss) {
            return None;
        }
        let mut fields = der::only(self.bytes, tag::SEQUENCE)?.inside();
        let modulus = positive(fields.expect(tag::INTEGER)?)?;
        let exponent = positive(fields.expect(tag::INTEGER)?)?;
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        fields.is_empty().then_some(RsaNumbers {
            modulus_bits: der::bit_length(modulus)?,
            modulus_odd: odd(modulus),
            exponent_bits: der::bit_length(exponent)?,
            exponent_odd: odd(exponent),
        })
    }
}

/// Returns the value of an INTEGER that is not negative.
fn positive(integer: der::Element<'_>) -> Option<&[u8]> {
    let content = integer.content;
    content
        .first()
        .is_some_and(|byte| byte & 0x80 == 0)
        .then_some(content)
}

fn kind(oid: &[u8], parameters: Option<der::Element<'_>>) -> KeyAlgorithm {
    match oid {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01] => KeyAlgorithm::Rsa,
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a] => KeyAlgorithm::RsaPss,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] => {
            KeyAlgorithm::Ec(parameters.and_then(|parameters| match parameters.tag {
                tag::OID => Some(curve(parameters.content)),
                tag::SEQUENCE => Some(Curve::Explicit),
                _ => None,
            }))
        }
        [0x2b, 0x65, 0x70] => KeyAlgorithm::Ed25519,
        [0x2b, 0x65, 0x71] => KeyAlgorithm::Ed448,
        [0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01] => KeyAlgorithm::Dsa,
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, set] => match set {
            17 => KeyAlgorithm::MlDsa(44),
            18 => KeyAlgorithm::MlDsa(65),
            19 => KeyAlgorithm::MlDsa(87),
            _ => KeyAlgorithm::Other,
        },
        _ => KeyAlgorithm::Other,
    }
}

fn curve(oid: &[u8]) -> Curve {
    match oid {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01] => Curve::P192,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] => Curve::P256,
        [0x2b, 0x81, 0x04, 0x00, 0x21] => Curve::P224,
        [0x2b, 0x81, 0x04, 0x00, 0x22] => Curve::P384,
        [0x2b, 0x81, 0x04, 0x00, 0x23] => Curve::P521,
        [0x2b, 0x81, 0x04, 0x00, 0x0a] => Curve::Secp256k1,
        [0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, number] => match number {
            0x07 => Curve::BrainpoolP256r1,
            0x0b => Curve::BrainpoolP384r1,
            0x0d => Curve::BrainpoolP512r1,
            _ => Curve::Other,
        },
        _ => Curve::Other,
    }
}

fn bits(kind: KeyAlgorithm, parameters: Option<der::Element<'_>>, bytes: &[u8]) -> Option<u32> {
    match kind {
        // An RSAPublicKey begins with the modulus, DSA parameters begin with the prime p.
        KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss => {
            first_integer_bits(DerReader::new(bytes).expect(tag::SEQUENCE)?)
        }
        KeyAlgorithm::Dsa => first_integer_bits(parameters.filter(|p| p.tag == tag::SEQUENCE)?),
        KeyAlgorithm::Ec(curve) => curve?.bits(),
        KeyAlgorithm::Ed25519 => Some(256),
        KeyAlgorithm::Ed448 => Some(456),
        KeyAlgorithm::MlDsa(_) | KeyAlgorithm::Other => None,
    }
}

fn first_integer_bits(sequence: der::Element<'_>) -> Option<u32> {
    der::bit_length(sequence.inside().expect(tag::INTEGER)?.content)
}
