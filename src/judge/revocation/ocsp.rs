//! Parses OCSP responses (RFC 6960 section 4.2.1). The parser is our own because the signature
//! covers the bytes as sent, and because one certificate that a strict library cannot parse must
//! not discard the whole response.

use crate::crypto::der::{self, DerReader, tag};
use crate::crypto::{Key, digest};
use crate::observation::{oid_text, time};
use crate::verdict::RevocationReason;

/// Maximum number of statuses read from one response. Staples have one.
const MAX_STATUSES: usize = 64;

/// Maximum number of certificates read from one response. Staples have one or none.
const MAX_CERTIFICATES: usize = 8;

/// Tags of GeneralizedTime and of the statuses.
const GENERALIZED_TIME: u8 = 0x18;
const GOOD: u8 = tag::primitive(0);
const REVOKED: u8 = tag::constructed(1);
const UNKNOWN: u8 = tag::primitive(2);

/// A BasicOCSPResponse.
#[derive(Debug)]
pub(super) struct OcspAnswer<'a> {
    /// The signed bytes.
    pub(super) tbs: &'a [u8],
    /// Signature algorithm: dotted identifier, and the DER of its parameters.
    pub(super) algorithm: (String, &'a [u8]),
    /// The signature.
    pub(super) signature: &'a [u8],
    /// The certificates in the response (DER).
    pub(super) certificates: Vec<&'a [u8]>,
    /// Status of each certificate.
    pub(super) statuses: Vec<Single<'a>>,
    /// True if it has a critical extension, which is not supported.
    pub(super) unsupported: bool,
}

/// A SingleResponse.
#[derive(Debug)]
pub(super) struct Single<'a> {
    hash: &'a [u8],
    name_hash: &'a [u8],
    key_hash: &'a [u8],
    serial: &'a [u8],
    /// Status of the certificate.
    pub(super) status: Status,
    /// Time of the status, in seconds since the epoch.
    pub(super) this_update: i64,
    /// Time of the next update, in seconds since the epoch.
    pub(super) next_update: Option<i64>,
    unsupported: bool,
}

/// A CertStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Good,
    Revoked { at: i64, reason: u8 },
    Unknown,
}

impl Single<'_> {
    /// Returns true if it is about this serial number of the issuer with this name (DER) and key.
    pub(super) fn is_about(&self, serial: &[u8], issuer: &[u8], spki: &[u8]) -> bool {
        let is = |expected: &[u8], bytes: &[u8]| {
            digest(self.hash, bytes).is_some_and(|found| found.as_ref() == expected)
        };
        der::minimal(self.serial) == der::minimal(serial)
            && is(self.name_hash, issuer)
            && Key::read(spki).is_some_and(|key| is(self.key_hash, key.bytes))
    }
}

/// Parses an OCSPResponse, or returns the reason why it is unusable.
pub(super) fn read(bytes: &[u8]) -> Result<OcspAnswer<'_>, RevocationReason> {
    let malformed = RevocationReason::StapleMalformed;
    let basic = outside(bytes).ok_or(malformed)?;
    let basic = basic.ok_or(RevocationReason::StapleNotSuccessful)?;
    inside(basic).ok_or(malformed)
}

/// Returns the DER of the BasicOCSPResponse, or `Some(None)` if the responder reports an error.
/// Returns `None` if the bytes are malformed.
fn outside(bytes: &[u8]) -> Option<Option<&[u8]>> {
    const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
    let mut response = der::only(bytes, tag::SEQUENCE)?.inside();
    if response.expect(tag::ENUMERATED)?.content != [0] {
        return Some(None);
    }
    let held = response.expect(tag::constructed(0))?;
    let mut held = der::only(held.content, tag::SEQUENCE)?.inside();
    let kind = held.expect(tag::OID)?;
    let basic = held.expect(tag::OCTET_STRING)?;
    let complete = response.is_empty() && held.is_empty() && kind.content == BASIC;
    complete.then_some(Some(basic.content))
}

fn inside(basic: &[u8]) -> Option<OcspAnswer<'_>> {
    let mut fields = der::only(basic, tag::SEQUENCE)?.inside();
    let tbs = fields.whole(tag::SEQUENCE)?;
    let mut algorithm = fields.expect(tag::SEQUENCE)?.inside();
    let oid = oid_text(algorithm.expect(tag::OID)?.content);
    let parameters = match algorithm.peek() {
        Some(kind) => algorithm.whole(kind)?,
        None => &[],
    };
    let signature = der::whole_bytes(fields.expect(tag::BIT_STRING)?.content)?;
    let mut certificates = Vec::new();
    if let Some(list) = fields.take_if(tag::constructed(0))? {
        let mut list = der::only(list.content, tag::SEQUENCE)?.inside();
        while !list.is_empty() && certificates.len() < MAX_CERTIFICATES {
            certificates.push(list.whole(tag::SEQUENCE)?);
        }
    }
    let (statuses, critical) = to_be_signed(der::only(tbs, tag::SEQUENCE)?.inside())?;
    let complete = fields.is_empty() && algorithm.is_empty();
    complete.then_some(OcspAnswer {
        tbs,
        algorithm: (oid, parameters),
        signature,
        certificates,
        unsupported: critical || statuses.iter().any(|single| single.unsupported),
        statuses,
    })
}

/// Parses `ResponseData`. Returns the statuses, and true if an extension is critical.
fn to_be_signed(mut fields: DerReader<'_>) -> Option<(Vec<Single<'_>>, bool)> {
    fields.take_if(tag::constructed(0))?;
    let responder = fields.next()?;
    let named = [tag::constructed(1), tag::constructed(2)].contains(&responder.tag);
    fields.expect(GENERALIZED_TIME)?;
    let mut list = fields.expect(tag::SEQUENCE)?.inside();
    let mut statuses = Vec::new();
    while !list.is_empty() && statuses.len() < MAX_STATUSES {
        statuses.push(single(list.expect(tag::SEQUENCE)?.inside())?);
    }
    let critical = critical(&mut fields)?;
    (named && fields.is_empty()).then_some((statuses, critical))
}

fn single(mut fields: DerReader<'_>) -> Option<Single<'_>> {
    let mut id = fields.expect(tag::SEQUENCE)?.inside();
    let hash = id.expect(tag::SEQUENCE)?.inside().expect(tag::OID)?.content;
    let name_hash = id.expect(tag::OCTET_STRING)?.content;
    let key_hash = id.expect(tag::OCTET_STRING)?.content;
    let serial = id.expect(tag::INTEGER)?.content;
    let status = fields.next()?;
    let status = match status.tag {
        GOOD => Status::Good,
        REVOKED => revoked(status.inside())?,
        UNKNOWN => Status::Unknown,
        _ => return None,
    };
    let this_update = moment(&mut fields)?;
    let next_update = match fields.take_if(tag::constructed(0))? {
        Some(next) => Some(moment(&mut next.inside())?),
        None => None,
    };
    let unsupported = critical(&mut fields)?;
    (id.is_empty() && fields.is_empty()).then_some(Single {
        hash,
        name_hash,
        key_hash,
        serial,
        status,
        this_update,
        next_update,
        unsupported,
    })
}

fn revoked(mut fields: DerReader<'_>) -> Option<Status> {
    let at = moment(&mut fields)?;
    let reason = match fields.take_if(tag::constructed(0))? {
        Some(reason) => match der::only(reason.content, tag::ENUMERATED)?.content {
            [code] => *code,
            _ => return None,
        },
        None => 0,
    };
    fields.is_empty().then_some(Status::Revoked { at, reason })
}

fn moment(fields: &mut DerReader<'_>) -> Option<i64> {
    time(fields.whole(GENERALIZED_TIME)?)
}

/// Returns true if one of the optional extensions in `[1]` is critical.
fn critical(fields: &mut DerReader<'_>) -> Option<bool> {
    let Some(list) = fields.take_if(tag::constructed(1))? else {
        return Some(false);
    };
    let mut list = der::only(list.content, tag::SEQUENCE)?.inside();
    let mut critical = false;
    while !list.is_empty() {
        let mut extension = list.expect(tag::SEQUENCE)?.inside();
        extension.expect(tag::OID)?;
        let flag = extension.take_if(tag::BOOLEAN)?;
        critical |= flag.is_some_and(|flag| flag.content != [0]);
        extension.expect(tag::OCTET_STRING)?;
    }
    Some(critical)
}
