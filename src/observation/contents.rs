//! The parsed fields of a certificate.

use std::net::IpAddr;
use std::ops::Range;

use super::DistinguishedName;
use crate::crypto::{Fingerprint, KeyAlgorithm, RsaNumbers};

/// Where parsing a certificate failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {} cannot be parsed", self.field())]
pub enum Unparseable {
    /// The certificate is larger than 320 KiB.
    Size,
    /// The outermost structure, or the parser failed in an unexpected way.
    Certificate,
    /// Bytes follow the certificate.
    TrailingBytes,
    /// The field `tbs_certificate`.
    TbsCertificate,
    /// The field `signature_algorithm`.
    SignatureAlgorithm,
    /// The field `signature_value`.
    SignatureValue,
    /// The field `version`.
    Version,
    /// The field `serial_number`.
    SerialNumber,
    /// The field `signature`.
    Signature,
    /// The field `issuer`.
    Issuer,
    /// The field `validity`.
    Validity,
    /// The field `subject`.
    Subject,
    /// The field `subject_public_key_info`.
    SubjectPublicKeyInfo,
    /// The field `extensions`.
    Extensions,
}

impl Unparseable {
    /// Returns the name of the field in records.
    pub fn field(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Certificate => "certificate",
            Self::TrailingBytes => "trailing_bytes",
            Self::TbsCertificate => "tbs_certificate",
            Self::SignatureAlgorithm => "signature_algorithm",
            Self::SignatureValue => "signature_value",
            Self::Version => "version",
            Self::SerialNumber => "serial_number",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Validity => "validity",
            Self::Subject => "subject",
            Self::SubjectPublicKeyInfo => "subject_public_key_info",
            Self::Extensions => "extensions",
        }
    }
}

/// The parsed fields of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// X.509 version: 1, 2 or 3.
    pub version: u32,
    /// Bytes of the serial number, as encoded.
    pub serial: Vec<u8>,
    /// Subject name.
    pub subject: DistinguishedName,
    /// Issuer name.
    pub issuer: DistinguishedName,
    /// Start of the validity period, as Unix time in seconds.
    pub not_before: i64,
    /// End of the validity period, as Unix time in seconds.
    pub not_after: i64,
    /// Public key.
    pub key: PublicKey,
    /// Algorithm of the signature.
    pub signature: SignatureAlgorithm,
    /// Subject alternative names in order, or `None` without the extension.
    pub sans: Option<Vec<PresentedName>>,
    /// Basic constraints, or `None` without the extension.
    pub basic_constraints: Option<BasicConstraints>,
    /// Key usage bits as RFC 5280 numbers them (bit 0 = digitalSignature is 1 << 0, bit 5 =
    /// keyCertSign is 1 << 5), or `None` without the extension.
    pub key_usage: Option<u16>,
    /// Extended key usages as dotted OIDs, or `None` without the extension.
    pub extended_key_usage: Option<Vec<String>>,
    /// Key id of the authority key identifier, or `None` without one.
    pub authority_key_id: Option<Vec<u8>>,
    /// Subject key identifier, or `None` without one.
    pub subject_key_id: Option<Vec<u8>>,
    /// AIA URLs: the caIssuers URLs of the authority information access extension.
    pub ca_issuers: Vec<String>,
    /// OCSP URLs of the same extension.
    pub ocsp: Vec<String>,
    /// True if it has name constraints.
    pub has_name_constraints: bool,
    /// Dotted OIDs of critical extensions that rustls-webpki does not support and therefore rejects.
    pub unknown_critical: Vec<String>,
    /// First extension that cannot be parsed or occurs twice: its name (`subjectAltName`, ...) or its
    /// dotted OID.
    pub bad_extension: Option<String>,
    /// Range of the signed part (tbsCertificate) in the certificate's bytes.
    pub tbs: Range<usize>,
    /// Range of the signature in the certificate's bytes.
    pub signature_value: Range<usize>,
}

impl Contents {
    /// Returns true if subject and issuer are the same name (RFC 5280 section 7.1). That does not prove
    /// that the certificate signed itself: only the signature does.
    pub fn is_self_issued(&self) -> bool {
        self.subject.matches(&self.issuer)
    }

    /// Returns true if the validity period includes this Unix time in seconds.
    pub fn is_valid_at(&self, at: i64) -> bool {
        (self.not_before..=self.not_after).contains(&at)
    }

    /// Returns true if its basic constraints allow it to sign certificates.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints.is_some_and(|basic| basic.ca)
    }
}

/// A subject alternative name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentedName {
    /// A dNSName, as written.
    Dns(String),
    /// An iPAddress.
    Address(IpAddr),
    /// Any other kind, as `kind:text`.
    Other(String),
}

/// Basic constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// True if it may sign certificates.
    pub ca: bool,
    /// Maximum number of CA certificates between it and the leaf.
    pub path_len: Option<u32>,
}

/// The kind of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with any padding.
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
    /// Any other kind.
    Other,
}

/// The public key of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Kind of the key.
    pub kind: KeyKind,
    /// Kind of the key with its curve or parameter set.
    pub algorithm: KeyAlgorithm,
    /// Modulus and exponent of an RSA key, or `None` if they cannot be parsed.
    pub rsa: Option<RsaNumbers>,
    /// Size of the modulus or field in bits, or `None` if it is unknown.
    pub bits: Option<u32>,
    /// `rsa2048`, `rsapss2048`, `p256`, `ed25519`, or the algorithm's dotted OID.
    pub name: String,
    /// DER of the SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// SHA-256 of `spki`.
    pub spki_sha256: Fingerprint,
}

/// The algorithm of a certificate's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// `sha256WithRSAEncryption`, `ecdsa-with-SHA384`, or the dotted OID.
    pub name: String,
    /// Dotted OID of the algorithm.
    pub oid: String,
    /// DER of the parameters, empty if there are none.
    pub parameters: Vec<u8>,
}
