//! The parsed fields of a certificate.

use std::net::IpAddr;
use std::ops::Range;

use super::DistinguishedName;
use crate::crypto::{Fingerprint, KeyAlgorithm, RsaNumbers};

/// Where reading a certificate stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {field} cannot be read")]
pub struct Unparseable {
    /// The field: `certificate`, `validity`, `subject_public_key_info`, `extensions`, ...;
    /// `trailing_bytes` when something follows the certificate, `size` above 320 KiB.
    pub field: &'static str,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// 1, 2 or 3.
    pub version: u32,
    /// The serial number's bytes, as encoded.
    pub serial: Vec<u8>,
    /// Who it is for.
    pub subject: DistinguishedName,
    /// Who signed it.
    pub issuer: DistinguishedName,
    /// Seconds since the epoch.
    pub not_before: i64,
    /// Seconds since the epoch.
    pub not_after: i64,
    /// The key.
    pub key: PublicKey,
    /// The signature's algorithm.
    pub signature: SignatureAlgorithm,
    /// Subject alternative names, in order; `None` without the extension.
    pub sans: Option<Vec<PresentedName>>,
    /// Basic constraints; `None` without the extension.
    pub basic_constraints: Option<BasicConstraints>,
    /// Key usage bits as RFC 5280 numbers them (bit 0 = digitalSignature is 1 << 0, bit 5 =
    /// keyCertSign is 1 << 5); `None` without the extension.
    pub key_usage: Option<u16>,
    /// Extended key usages as dotted OIDs; `None` without the extension.
    pub extended_key_usage: Option<Vec<String>>,
    /// Authority key identifier's key id.
    pub authority_key_id: Option<Vec<u8>>,
    /// Subject key identifier.
    pub subject_key_id: Option<Vec<u8>>,
    /// caIssuers addresses of the authority information access extension.
    pub ca_issuers: Vec<String>,
    /// OCSP addresses of the same.
    pub ocsp: Vec<String>,
    /// Whether it constrains the names below it.
    pub has_name_constraints: bool,
    /// Dotted OIDs of critical extensions that rustls-webpki does not process and so refuses.
    pub unknown_critical: Vec<String>,
    /// The first extension that cannot be read or is there twice: `subjectAltName`, ... or its
    /// dotted OID.
    pub bad_extension: Option<String>,
    /// Where the signed part lies in the certificate's bytes.
    pub tbs: Range<usize>,
    /// Where the signature lies.
    pub signature_value: Range<usize>,
}

impl Contents {
    /// Returns true if subject and issuer are the same name (RFC 5280 section 7.1). Only its own
    /// signature proves that it is its own issuer.
    pub fn is_self_issued(&self) -> bool {
        self.subject.matches(&self.issuer)
    }

    /// Returns true if its dates include this time, in seconds since the epoch.
    pub fn is_valid_at(&self, at: i64) -> bool {
        (self.not_before..=self.not_after).contains(&at)
    }

    /// Returns true if its basic constraints let it sign certificates.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints.is_some_and(|basic| basic.ca)
    }
}

/// A name the certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentedName {
    /// dNSName, as written.
    Dns(String),
    /// iPAddress.
    Address(IpAddr),
    /// Any other kind, as `kind:text`.
    Other(String),
}

/// Basic constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// May it sign certificates.
    pub ca: bool,
    /// How many CA certificates may stand between it and the leaf.
    pub path_len: Option<u32>,
}

/// What kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA for any padding.
    Rsa,
    /// RSA restricted to PSS (id-RSASSA-PSS, RFC 4055).
    RsaPss,
    /// An elliptic curve key.
    Ec,
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// DSA.
    Dsa,
    /// ML-DSA.
    MlDsa,
    /// Anything else.
    Other,
}

/// The key of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its kind.
    pub kind: KeyKind,
    /// Its kind with the curve or the parameter set.
    pub algorithm: KeyAlgorithm,
    /// The numbers of an RSA key; `None` when they cannot be read.
    pub rsa: Option<RsaNumbers>,
    /// Modulus or field size; `None` when it cannot be told.
    pub bits: Option<u32>,
    /// `rsa2048`, `rsapss2048`, `p256`, `ed25519`, or the algorithm's dotted OID.
    pub name: String,
    /// The DER of the SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// SHA-256 of it.
    pub spki_sha256: Fingerprint,
}

/// The algorithm of a certificate's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// `sha256WithRSAEncryption`, `ecdsa-with-SHA384`, or the dotted OID.
    pub name: String,
    /// Dotted OID.
    pub oid: String,
    /// DER of the parameters, empty without any.
    pub parameters: Vec<u8>,
}
