//! Parses a certificate from its DER (RFC 5280 section 4.1) with x509-parser.
//!
//! It parses field by field, so that it can name the field that cannot be parsed.
//! `X509Certificate::from_der` would also reject a whole certificate for an umlaut in a PrintableString
//! or one odd alternative name. Clients accept such certificates, so the scanner must too.

use std::ops::Range;
use std::panic::catch_unwind;

use x509_parser::asn1_rs::{BitString, Tag};
use x509_parser::x509::{SubjectPublicKeyInfo, X509Version};

use super::algorithm::{public_key, signature_algorithm};
use super::contents::{Contents, PublicKey, SignatureAlgorithm, Unparseable};
use super::date::timestamp;
use super::extension::Extensions;
use super::fields::{self, Field, Fields, constructed, primitive};
use super::name::DistinguishedName;

/// Maximum size in bytes: the limit of a first flight (`tls::flight`). Certificates on the web are below
/// 100 KiB even with a thousand names.
const MAX_SIZE: usize = 320 * 1024;

/// Parses a certificate.
///
/// asn1-rs 0.7.2, which x509-parser uses, panics on an empty BOOLEAN, so this room parses BOOLEANs
/// itself. If a certificate triggers another panic, only that certificate is unparseable and the sweep
/// continues. Catching the panic is safe because the parser changes no shared state.
pub(super) fn read(der: &[u8]) -> Result<Contents, Unparseable> {
    if der.len() > MAX_SIZE {
        return Err(Unparseable::Size);
    }
    catch_unwind(|| certificate(der)).unwrap_or(Err(Unparseable::Certificate))
}

fn certificate(der: &[u8]) -> Result<Contents, Unparseable> {
    let mut reader = Fields::of(der);
    let certificate = reader
        .expect(Tag::Sequence)
        .or_unparseable(Unparseable::Certificate)?;
    if !reader.is_empty() {
        return Err(Unparseable::TrailingBytes);
    }
    let mut parts = certificate.inside();
    let tbs = parts
        .expect(Tag::Sequence)
        .or_unparseable(Unparseable::TbsCertificate)?;
    let algorithm = parts
        .expect(Tag::Sequence)
        .and_then(|identifier| signature_algorithm(identifier.inside()))
        .or_unparseable(Unparseable::SignatureAlgorithm)?;
    let value = signature_value(&mut parts).or_unparseable(Unparseable::SignatureValue)?;

    let start = certificate.whole.len() - certificate.any.data.len();
    let ranges = (start..start + tbs.whole.len(), der.len() - value..der.len());
    Ok(contents(to_be_signed(&tbs)?, algorithm, ranges))
}

fn contents(
    read: ToBeSigned<'_>,
    signature: SignatureAlgorithm,
    (tbs, signature_value): (Range<usize>, Range<usize>),
) -> Contents {
    let extensions = read.extensions;
    Contents {
        version: read.version,
        serial: read.serial.to_vec(),
        subject: DistinguishedName::read(read.subject),
        issuer: DistinguishedName::read(read.issuer),
        not_before: read.not_before,
        not_after: read.not_after,
        key: read.key,
        signature,
        sans: extensions.sans,
        basic_constraints: extensions.basic_constraints,
        key_usage: extensions.key_usage,
        extended_key_usage: extensions.extended_key_usage,
        authority_key_id: extensions.authority_key_id,
        subject_key_id: extensions.subject_key_id,
        ca_issuers: extensions.ca_issuers,
        ocsp: extensions.ocsp,
        has_name_constraints: extensions.has_name_constraints,
        unknown_critical: extensions.unknown_critical,
        bad_extension: extensions.bad_extension,
        tbs,
        signature_value,
    }
}

/// Returns the length in bytes of the signature, which is the last field of the certificate.
fn signature_value(parts: &mut Fields<'_>) -> Option<usize> {
    let value = parts.expect(Tag::BitString)?;
    let bits: BitString<'_> = fields::only(value.whole)?;
    (bits.unused_bits == 0 && parts.is_empty()).then_some(bits.data.len())
}

/// The fields of the tbsCertificate.
struct ToBeSigned<'a> {
    version: u32,
    serial: &'a [u8],
    issuer: &'a [u8],
    not_before: i64,
    not_after: i64,
    subject: &'a [u8],
    key: PublicKey,
    extensions: Extensions,
}

fn to_be_signed<'a>(tbs: &Field<'a>) -> Result<ToBeSigned<'a>, Unparseable> {
    let mut fields = tbs.inside();
    let version = version(&mut fields).or_unparseable(Unparseable::Version)?;
    // Kept as encoded: many CAs use negative numbers or superfluous leading zeros.
    let serial = fields
        .expect(Tag::Integer)
        .filter(|serial| !serial.any.data.is_empty())
        .or_unparseable(Unparseable::SerialNumber)?;
    fields
        .expect(Tag::Sequence)
        .or_unparseable(Unparseable::Signature)?;
    let issuer = fields
        .expect(Tag::Sequence)
        .or_unparseable(Unparseable::Issuer)?;
    let (not_before, not_after) = fields
        .expect(Tag::Sequence)
        .and_then(|validity| dates(validity.inside()))
        .or_unparseable(Unparseable::Validity)?;
    let subject = fields
        .expect(Tag::Sequence)
        .or_unparseable(Unparseable::Subject)?;
    let key = fields
        .expect(Tag::Sequence)
        .and_then(|key| fields::only::<SubjectPublicKeyInfo<'_>, _>(key.whole))
        .and_then(|key| public_key(&key))
        .or_unparseable(Unparseable::SubjectPublicKeyInfo)?;
    let extensions = extensions(&mut fields).or_unparseable(Unparseable::Extensions)?;
    Ok(ToBeSigned {
        version,
        serial: serial.any.data,
        issuer: issuer.whole,
        not_before,
        not_after,
        subject: subject.whole,
        key,
        extensions,
    })
}

/// Reads `[0] EXPLICIT INTEGER DEFAULT v1`. Version 1 is encoded as 0.
fn version(fields: &mut Fields<'_>) -> Option<u32> {
    let Some(version) = fields.take_if(constructed(0))? else {
        return Some(1);
    };
    match fields::only(version.any.data)? {
        X509Version(number @ 0..=2) => Some(number + 1),
        X509Version(_) => None,
    }
}

fn dates(mut validity: Fields<'_>) -> Option<(i64, i64)> {
    let not_before = timestamp(&mut validity)?;
    let not_after = timestamp(&mut validity)?;
    validity.is_empty().then_some((not_before, not_after))
}

/// Reads the fields behind the key: two unique identifiers, which are ignored, and the extensions.
fn extensions(fields: &mut Fields<'_>) -> Option<Extensions> {
    fields.take_if(primitive(1))?;
    fields.take_if(primitive(2))?;
    let extensions = match fields.take_if(constructed(3))? {
        Some(list) => Extensions::read(fields::sequence(list.any.data)?)?,
        None => Extensions::default(),
    };
    fields.is_empty().then_some(extensions)
}

/// Converts `None` to an error that names the field.
trait OrUnparseable<T> {
    fn or_unparseable(self, error: Unparseable) -> Result<T, Unparseable>;
}

impl<T> OrUnparseable<T> for Option<T> {
    fn or_unparseable(self, error: Unparseable) -> Result<T, Unparseable> {
        self.ok_or(error)
    }
}
