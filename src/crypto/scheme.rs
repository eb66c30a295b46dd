//! Maps the identifiers of signature algorithms to `Scheme`: TLS SignatureScheme numbers, the
//! OBJECT IDENTIFIERs of certificates, and RSASSA-PSS parameters. It does not know which library
//! verifies them.

use super::der::{self, tag};

/// The hash functions used in signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// A signature algorithm, without the properties of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    RsaPkcs1(Hash),
    /// The number is the salt length in bytes.
    RsaPss(Hash, u32),
    Ecdsa(Hash),
    Ed25519,
    MlDsa(u8),
}

pub(super) fn handshake_scheme(number: u16) -> Option<Scheme> {
    Some(match number {
        0x0201 => Scheme::RsaPkcs1(Hash::Sha1),
        0x0401 => Scheme::RsaPkcs1(Hash::Sha256),
        0x0501 => Scheme::RsaPkcs1(Hash::Sha384),
        0x0601 => Scheme::RsaPkcs1(Hash::Sha512),
        0x0203 => Scheme::Ecdsa(Hash::Sha1),
        0x0303 => Scheme::Ecdsa(Hash::Sha224),
        0x0403 => Scheme::Ecdsa(Hash::Sha256),
        0x0503 => Scheme::Ecdsa(Hash::Sha384),
        0x0603 => Scheme::Ecdsa(Hash::Sha512),
        0x0804 | 0x0809 => Scheme::RsaPss(Hash::Sha256, 32),
        0x0805 | 0x080a => Scheme::RsaPss(Hash::Sha384, 48),
        0x0806 | 0x080b => Scheme::RsaPss(Hash::Sha512, 64),
        0x0807 => Scheme::Ed25519,
        0x0904 => Scheme::MlDsa(44),
        0x0905 => Scheme::MlDsa(65),
        0x0906 => Scheme::MlDsa(87),
        _ => return None,
    })
}

pub(super) fn certificate_scheme(oid: &str, parameters: &[u8]) -> Option<Scheme> {
    Some(match oid {
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => Scheme::RsaPkcs1(Hash::Sha1),
        "1.2.840.113549.1.1.11" => Scheme::RsaPkcs1(Hash::Sha256),
        "1.2.840.113549.1.1.12" => Scheme::RsaPkcs1(Hash::Sha384),
        "1.2.840.113549.1.1.13" => Scheme::RsaPkcs1(Hash::Sha512),
        "1.2.840.113549.1.1.10" => pss_scheme(parameters)?,
        "1.2.840.10045.4.1" => Scheme::Ecdsa(Hash::Sha1),
        "1.2.840.10045.4.3.1" => Scheme::Ecdsa(Hash::Sha224),
        "1.2.840.10045.4.3.2" => Scheme::Ecdsa(Hash::Sha256),
        "1.2.840.10045.4.3.3" => Scheme::Ecdsa(Hash::Sha384),
        "1.2.840.10045.4.3.4" => Scheme::Ecdsa(Hash::Sha512),
        "1.3.101.112" => Scheme::Ed25519,
        "2.16.840.1.101.3.4.3.17" => Scheme::MlDsa(44),
        "2.16.840.1.101.3.4.3.18" => Scheme::MlDsa(65),
        "2.16.840.1.101.3.4.3.19" => Scheme::MlDsa(87),
        _ => return None,
    })
}

/// Parses RSASSA-PSS-params (RFC 4055 section 3.1). Absent fields default to SHA-1 and a salt of 20
/// bytes. Returns `None` if the two hashes differ, which aws-lc-rs does not support.
fn pss_scheme(parameters: &[u8]) -> Option<Scheme> {
    let parameters = PssParameters::read(parameters)?;
    let hash = parameters.hash?;
    if parameters.mask_hash != Some(hash) {
        return None;
    }
    Some(Scheme::RsaPss(hash, parameters.salt_length))
}

struct PssParameters {
    hash: Option<Hash>,
    mask_hash: Option<Hash>,
    salt_length: u32,
}

impl PssParameters {
    fn read(parameters: &[u8]) -> Option<Self> {
        let mut fields = der::only(parameters, tag::SEQUENCE)?.inside();
        let hash = match fields.take_if(tag::constructed(0))? {
            Some(field) => hash(der::only(field.content, tag::SEQUENCE)?),
            None => Some(Hash::Sha1),
        };
        let mask_hash = match fields.take_if(tag::constructed(1))? {
            Some(field) => mask_hash(der::only(field.content, tag::SEQUENCE)?),
            None => Some(Hash::Sha1),
        };
        let salt_length = match fields.take_if(tag::constructed(2))? {
            Some(field) => small_integer(der::only(field.content, tag::INTEGER)?.content)?,
            None => 20,
        };
        Some(Self {
            hash,
            mask_hash,
            salt_length,
        })
    }
}

/// Returns the name of the hash in RSASSA-PSS parameters, for the names of algorithms.
pub(crate) fn pss_hash_name(parameters: &[u8]) -> Option<&'static str> {
    Some(match PssParameters::read(parameters)?.hash? {
        Hash::Sha1 => "SHA1",
        Hash::Sha224 => "SHA224",
        Hash::Sha256 => "SHA256",
        Hash::Sha384 => "SHA384",
        Hash::Sha512 => "SHA512",
    })
}

fn hash(algorithm: der::Element<'_>) -> Option<Hash> {
    match algorithm.inside().expect(tag::OID)?.content {
        [0x2b, 0x0e, 0x03, 0x02, 0x1a] => Some(Hash::Sha1),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, number] => match number {
            1 => Some(Hash::Sha256),
            2 => Some(Hash::Sha384),
            3 => Some(Hash::Sha512),
            4 => Some(Hash::Sha224),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the hash of MGF1 (1.2.840.113549.1.1.8), the only mask generation function.
fn mask_hash(algorithm: der::Element<'_>) -> Option<Hash> {
    let mut fields = algorithm.inside();
    let mgf1 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
    if fields.expect(tag::OID)?.content != mgf1 {
        return None;
    }
    hash(fields.expect(tag::SEQUENCE)?)
}

fn small_integer(content: &[u8]) -> Option<u32> {
    // Two bytes are enough for the salt length of any key.
    if content.is_empty() || content.len() > 2 || content[0] & 0x80 != 0 {
        return None;
    }
    Some(content.iter().fold(0, |n, byte| n << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pss_parameters_default_as_rfc_4055_says() {
        let read = |der: &[u8]| {
            let read = PssParameters::read(der)?;
            Some((read.hash, read.mask_hash, read.salt_length))
        };
        let sha1 = Some(Hash::Sha1);
        assert_eq!(read(&[0x30, 0x00]), Some((sha1, sha1, 20)));
        let salt = [0x30, 0x05, 0xa2, 0x03, 0x02, 0x01, 0x20];
        assert_eq!(read(&salt), Some((sha1, sha1, 32)));
        let negative = [0x30, 0x05, 0xa2, 0x03, 0x02, 0x01, 0x80];
        assert_eq!(read(&negative), None);
        assert_eq!(read(&[]), None);
        assert_eq!(
            pss_scheme(&[0x30, 0x00]),
            Some(Scheme::RsaPss(Hash::Sha1, 20))
        );
    }
}
