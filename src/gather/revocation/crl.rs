//! One revocation list (RFC 5280 section 5), read once into what asking it needs. It is read by
//! hand, entry by entry: a library's list of a million parsed entries would not fit a laptop, and
//! nothing of the file is kept but serial numbers, dates and the digest that is signed.

use std::sync::Arc;

use super::entries::{Entries, Listed, extension};
use crate::crypto::der::{self, Reader, tag};
use crate::crypto::{Fingerprint, Outcome, Signed};
use crate::observation::{distribution_point_addresses, oid_text, time};

/// The largest list that is read; the largest that public CAs publish have some 30 MiB.
pub(super) const MAX_SIZE: usize = 256 << 20;

/// A list that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// It is something else.
    #[error("not a certificate revocation list (CRL), in DER or in PEM (BEGIN X509 CRL)")]
    NotACrl,
    /// It is larger than any should be.
    #[error("larger than {} MiB; is it the right file?", MAX_SIZE >> 20)]
    TooLarge,
    /// There are too many, or they are too large together.
    #[error("more than {} lists, or more than {} GiB of serial numbers", super::MAX_CRLS, super::MAX_HELD >> 30)]
    TooMany,
}

/// A revocation list.
#[derive(Debug)]
pub(crate) struct Crl {
    /// SHA-256 of its bytes.
    pub(crate) sha256: Fingerprint,
    /// The file or address that it comes from.
    pub(crate) source: Arc<str>,
    /// Who issued it: the DER of a whole Name.
    pub(crate) issuer: Vec<u8>,
    /// Seconds since the epoch.
    pub(crate) this_update: i64,
    /// Seconds since the epoch.
    pub(crate) next_update: Option<i64>,
    /// What it speaks of.
    pub(crate) scope: Scope,
    signed: Signed,
    entries: Entries,
}

/// What a list speaks of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// It is a delta, or indirect, or for some reasons only, or says something critical that is
    /// not understood here: it answers nothing.
    pub(crate) unsupported: bool,
    /// Certificates of end entities alone.
    pub(crate) only_users: bool,
    /// Certificates of CAs alone.
    pub(crate) only_cas: bool,
    /// Attribute certificates alone.
    pub(crate) only_attributes: bool,
    /// Certificates that name one of these addresses alone; `None` for all.
    pub(crate) addresses: Option<Vec<String>>,
}

impl Crl {
    /// Reads a list (DER).
    pub(super) fn read(source: &str, der: &[u8]) -> Result<Self, CrlError> {
        if der.len() > MAX_SIZE {
            return Err(CrlError::TooLarge);
        }
        let mut crl = list(der).ok_or(CrlError::NotACrl)?;
        crl.sha256 = Fingerprint::of(der);
        crl.source = source.into();
        Ok(crl)
    }

    /// Whether the key of this SubjectPublicKeyInfo (DER) signed it.
    pub(crate) fn signed_by(&self, spki: &[u8]) -> Outcome {
        self.signed.verify(spki)
    }

    /// Bytes held of its entries.
    pub(super) fn size(&self) -> usize {
        self.entries.size()
    }

    /// Its entry for this serial number.
    pub(crate) fn find(&self, serial: &[u8]) -> Option<Listed> {
        self.entries.find(serial)
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

fn to_be_signed(mut fields: Reader<'_>) -> Option<Crl> {
    // Version 1 has no field for it, and no extensions.
    fields.take_if(tag::INTEGER)?;
    fields.expect(tag::SEQUENCE)?;
    let issuer = fields.whole(tag::SEQUENCE)?.to_vec();
    let this_update = date(&mut fields)?;
    let next_update = match fields.peek() {
        Some(0x17 | 0x18) => Some(date(&mut fields)?),
        _ => None,
    };
    let entries = match fields.take_if(tag::SEQUENCE)? {
        Some(list) => Entries::read(list.content)?,
        None => Entries::default(),
    };
    let mut scope = match fields.take_if(tag::constructed(0))? {
        Some(extensions) => self::scope(der::only(extensions.content, tag::SEQUENCE)?.inside())?,
        None => Scope::default(),
    };
    scope.unsupported |= entries.unsupported;
    fields.is_empty().then_some(Crl {
        sha256: Fingerprint([0; 32]),
        source: "".into(),
        issuer,
        this_update,
        next_update,
        scope,
        signed: Signed::new("", &[], &[], &[]),
        entries,
    })
}

fn date(fields: &mut Reader<'_>) -> Option<i64> {
    let kind = fields.peek()?;
    time(fields.whole(kind)?)
}

fn scope(mut extensions: Reader<'_>) -> Option<Scope> {
    let mut scope = Scope::default();
    while !extensions.is_empty() {
        let (oid, critical, value) = extension(&mut extensions)?;
        match oid {
            // Its number, and who signed it: the signature itself tells.
            [0x55, 0x1d, 20 | 35] => {}
            [0x55, 0x1d, 27] => scope.unsupported = true,
            [0x55, 0x1d, 28] => issuing_distribution_point(value, &mut scope)?,
            _ => scope.unsupported |= critical,
        }
    }
    Some(scope)
}

/// RFC 5280 section 5.2.5.
fn issuing_distribution_point(value: &[u8], scope: &mut Scope) -> Option<()> {
    let mut fields = der::only(value, tag::SEQUENCE)?.inside();
    while !fields.is_empty() {
        let field = fields.next()?;
        let flag = field.content != [0];
        match field.tag & 0x1f {
            0 => scope.addresses = Some(distribution_point_addresses(&field)),
            1 => scope.only_users = flag,
            2 => scope.only_cas = flag,
            3 => scope.unsupported = true,
            4 => scope.unsupported |= flag,
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
    fn a_list_is_read_into_dates_scope_and_serials() {
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
            addresses: Some(vec!["http://crl.test/1".to_owned()]),
            ..Scope::default()
        };
        assert_eq!(crl.scope, scope);
        assert_eq!(crl.find(&[0, 0x80, 1]).unwrap().reason, 1);
        assert_eq!(crl.find(&[2]).unwrap().reason, 0);
        assert_eq!(crl.find(&[3]), None);
    }

    #[test]
    fn a_list_cut_short_or_changed_anywhere_never_panics() {
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
