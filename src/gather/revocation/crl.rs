//! One revocation list (RFC 5280 section 5), reduced to what lookups need. It is parsed by hand,
//! entry by entry: a library's list of a million parsed entries would not fit a laptop's memory.
//! Only serial numbers, dates and the signed digest are kept. The list does not judge its own
//! validity.

use std::sync::Arc;

use super::entries::{Entries, Listed, extension};
use super::points::{PointName, point_names, reason_flags};
use crate::crypto::der::{self, DerReader, tag};
use crate::crypto::{Fingerprint, SignatureCheck, Signed};
use crate::observation::{DistinguishedName, oid_text, time};

/// Maximum number of lists: enough for those of every public CA.
pub(super) const MAX_CRLS: usize = 20_000;

/// Maximum size of their entries in bytes. Those of every public CA take a tenth of it.
pub(super) const MAX_HELD: usize = 2 << 30;

/// Maximum size of a list in bytes. The largest that public CAs publish have some 30 MiB.
pub(super) const MAX_SIZE: usize = 256 << 20;

/// Why a list cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// It is something else.
    #[error("not a certificate revocation list (CRL) in DER or PEM (BEGIN X509 CRL)")]
    NotACrl,
    /// It is too large.
    #[error("larger than {} MiB; is it the right file?", MAX_SIZE >> 20)]
    TooLarge,
    /// There are too many lists, or they are too large together.
    #[error("more than {} lists, or more than {} GiB of serial numbers", MAX_CRLS, MAX_HELD >> 30)]
    TooMany,
}

/// A revocation list.
#[derive(Debug)]
pub(crate) struct Crl {
    /// SHA-256 of its bytes.
    pub(crate) sha256: Fingerprint,
    /// File or URL that it comes from.
    pub(crate) source: Arc<str>,
    /// Name of its issuer.
    pub(crate) issuer: DistinguishedName,
    /// thisUpdate, in seconds since the epoch.
    pub(crate) this_update: i64,
    /// nextUpdate, in seconds since the epoch.
    pub(crate) next_update: Option<i64>,
    /// Certificates that it covers.
    pub(crate) scope: Scope,
    /// cRLNumber, without leading zero bytes.
    number: Option<Box<[u8]>>,
    /// For a delta, the number of the oldest list that it can be combined with.
    base: Option<Box<[u8]>>,
    signed: Signed,
    entries: Entries,
}

/// The certificates that a list covers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// True if it has an unknown critical extension. Such a list answers nothing.
    pub(crate) unsupported: bool,
    /// True if it covers end-entity certificates only.
    pub(crate) only_users: bool,
    /// True if it covers CA certificates only.
    pub(crate) only_cas: bool,
    /// True if it covers attribute certificates only.
    pub(crate) only_attributes: bool,
    /// Only certificates that name one of these points are covered; `None` for all.
    pub(crate) names: Option<Vec<PointName>>,
    /// Only these reasons are covered, as bits; `None` for all.
    pub(crate) reasons: Option<u16>,
    /// True if it also covers certificates of other issuers.
    pub(crate) indirect: bool,
}

impl Crl {
    /// Parses a list (DER).
    pub(super) fn read(source: &str, der: &[u8]) -> Result<Self, CrlError> {
        if der.len() > MAX_SIZE {
            return Err(CrlError::TooLarge);
        }
        let mut crl = list(der).ok_or(CrlError::NotACrl)?;
        crl.sha256 = Fingerprint::of(der);
        crl.source = source.into();
        Ok(crl)
    }

    /// Verifies its signature with the key of this SubjectPublicKeyInfo (DER).
    pub(crate) fn signed_by(&self, spki: &[u8]) -> SignatureCheck {
        self.signed.verify(spki)
    }

    /// Returns the size of its entries in bytes.
    pub(super) fn size(&self) -> usize {
        self.entries.size()
    }

    /// Returns its entry for this serial number of this issuer.
    pub(crate) fn find(&self, serial: &[u8], issuer: &DistinguishedName) -> Option<Listed> {
        let named = || self.entries.find(serial, Some(issuer.canonical()));
        match self.issuer.matches(issuer) {
            true => self.entries.find(serial, None).or_else(named),
            false => self.scope.indirect.then(named).flatten(),
        }
    }

    /// Returns true if it lists only the changes since another list.
    pub(crate) fn is_delta(&self) -> bool {
        self.base.is_some()
    }

    /// Returns true if this delta can be combined with that list (RFC 5280 section 5.2.4): same
    /// issuer and scope, and the list is not older than the delta's base and not newer than the
    /// delta.
    pub(crate) fn completes(&self, list: &Self) -> bool {
        let order = |number: &[u8]| (number.len(), number.to_vec());
        let (Some(base), Some(number), Some(own)) = (&self.base, &list.number, &self.number) else {
            return false;
        };
        !list.is_delta()
            && self.issuer.matches(&list.issuer)
            && self.scope == list.scope
            && order(base) <= order(number)
            && order(number) <= order(own)
    }
}

/// `CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }`
fn list(der: &[u8]) -> Option<Crl> {
    let mut parts = der::only(der, tag::SEQUENCE)?.inside();
    let tbs = parts.whole(tag::SEQUENCE)?;
    let mut algorithm = parts.expect(tag::SEQUENCE)?.inside();
    let signature = der::whole_bytes(parts.expect(tag::BIT_STRING)?.content)?;
    let oid = algorithm.expect(tag::OID)?.content;
    let parameters = match algorithm.peek() {
        Some(kind) => algorithm.whole(kind)?,
        None => &[],
    };
    if !parts.is_empty() || !algorithm.is_empty() {
        return None;
    }
    let mut crl = to_be_signed(der::only(tbs, tag::SEQUENCE)?.inside())?;
    crl.signed = Signed::new(&oid_text(oid), parameters, tbs, signature);
    Some(crl)
}

fn to_be_signed(mut fields: DerReader<'_>) -> Option<Crl> {
    // Version 1 has neither this field nor extensions.
    fields.take_if(tag::INTEGER)?;
    fields.expect(tag::SEQUENCE)?;
    let issuer = DistinguishedName::read(fields.whole(tag::SEQUENCE)?);
    let this_update = date(&mut fields)?;
    let next_update = match fields.peek() {
        Some(0x17 | 0x18) => Some(date(&mut fields)?),
        _ => None,
    };
    let entries = match fields.take_if(tag::SEQUENCE)? {
        Some(list) => Entries::read(list.content)?,
        None => Entries::default(),
    };
    let mut crl = Crl {
        sha256: Fingerprint([0; 32]),
        source: "".into(),
        issuer,
        this_update,
        next_update,
        scope: Scope::default(),
        number: None,
        base: None,
        signed: Signed::new("", &[], &[], &[]),
        entries,
    };
    if let Some(list) = fields.take_if(tag::constructed(0))? {
        extensions(der::only(list.content, tag::SEQUENCE)?.inside(), &mut crl)?;
    }
    // Only an indirect list may contain entries of other issuers.
    crl.scope.unsupported |=
        crl.entries.unsupported || crl.entries.names_issuers() && !crl.scope.indirect;
    fields.is_empty().then_some(crl)
}

fn date(fields: &mut DerReader<'_>) -> Option<i64> {
    let kind = fields.peek()?;
    time(fields.whole(kind)?)
}

fn extensions(mut list: DerReader<'_>, crl: &mut Crl) -> Option<()> {
    while !list.is_empty() {
        let (oid, critical, value) = extension(&mut list)?;
        match oid {
            [0x55, 0x1d, 20] => crl.number = Some(number(value)?),
            [0x55, 0x1d, 27] => crl.base = Some(number(value)?),
            [0x55, 0x1d, 28] => {
                issuing_distribution_point(value, crl.issuer.canonical(), &mut crl.scope)?;
            }
            // authorityKeyIdentifier names the signer, which the signature itself proves.
            [0x55, 0x1d, 35] => {}
            _ => crl.scope.unsupported |= critical,
        }
    }
    Some(())
}

fn number(value: &[u8]) -> Option<Box<[u8]>> {
    Some(der::minimal(der::only(value, tag::INTEGER)?.content).into())
}

/// Parses the issuingDistributionPoint extension (RFC 5280 section 5.2.5).
fn issuing_distribution_point(value: &[u8], issuer: &[u8], scope: &mut Scope) -> Option<()> {
    let mut fields = der::only(value, tag::SEQUENCE)?.inside();
    while !fields.is_empty() {
        let field = fields.next()?;
        let flag = field.content != [0];
        match field.tag & 0x1f {
            0 => scope.names = Some(point_names(&field, issuer)?),
            1 => scope.only_users = flag,
            2 => scope.only_cas = flag,
            3 => scope.reasons = Some(reason_flags(field.content)?),
            4 => scope.indirect = flag,
            5 => scope.only_attributes = flag,
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
        CrlIssuingDistributionPoint, CrlScope, IsCa, Issuer, KeyIdMethod, KeyPair,
        RevocationReason, RevokedCertParams, SerialNumber, date_time_ymd,
    };

    fn made(point: Option<CrlIssuingDistributionPoint>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = Issuer::new(params, KeyPair::generate().unwrap());
        let revoked = |serial: u64, reason_code| RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2026, 5, 4),
            reason_code,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 6, 1),
            next_update: date_time_ymd(2026, 6, 8),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: point,
            revoked_certs: vec![
                revoked(0x8001, Some(RevocationReason::KeyCompromise)),
                revoked(2, None),
            ],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&issuer).unwrap().der().to_vec()
    }

    #[test]
    fn a_list_is_parsed_into_dates_scope_and_serials() {
        let point = CrlIssuingDistributionPoint {
            distribution_point: CrlDistributionPoint {
                uris: vec!["http://crl.test/1".to_owned()],
            },
            scope: Some(CrlScope::UserCertsOnly),
        };
        let crl = Crl::read("file", &made(Some(point))).unwrap();
        assert_eq!(crl.this_update, 1_780_272_000);
        assert_eq!(crl.next_update, Some(1_780_272_000 + 7 * 86_400));
        let scope = Scope {
            only_users: true,
            names: Some(vec![b"\x86http://crl.test/1".as_slice().into()]),
            ..Scope::default()
        };
        assert_eq!(crl.scope, scope);
        assert_eq!(crl.find(&[0, 0x80, 1], &crl.issuer).unwrap().reason, 1);
        assert_eq!(crl.find(&[2], &crl.issuer).unwrap().reason, 0);
        assert_eq!(crl.find(&[3], &crl.issuer), None);
    }

    #[test]
    fn a_truncated_or_changed_list_never_panics() {
        let whole = made(None);
        for end in 0..whole.len() {
            assert_eq!(Crl::read("", &whole[..end]).err(), Some(CrlError::NotACrl));
        }
        for place in 0..whole.len() {
            for byte in [0, 1, 0x30, 0x7f, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[place] = byte;
                let _ = Crl::read("", &changed);
            }
        }
    }
}
