//! Extensions that only the revocation check needs: CRL distribution points, TLS features and signed
//! certificate timestamps. They are parsed on demand and not part of `Contents`, which is computed for
//! every certificate of a sweep. An extension that cannot be parsed is treated as absent.

use super::Certificate;
use super::name::utf8_or_latin1;
use crate::crypto::der::{self, DerReader, Element, tag};

/// Maximum number of entries read from one extension. Certificates on the web have two or three.
const MAX_ENTRIES: usize = 64;

/// Maximum number of extensions searched.
const MAX_EXTENSIONS: usize = 200;

/// The log and time of an SCT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sct {
    /// Id of the log.
    pub(crate) log: [u8; 32],
    /// Unix time in milliseconds.
    pub(crate) timestamp: u64,
}

impl Certificate {
    /// Returns the URLs of the CRL distribution points that cover all revocation reasons and are
    /// signed by the certificate's own issuer (RFC 5280 section 4.2.1.13).
    pub(crate) fn crl_addresses(&self) -> Vec<String> {
        let mut addresses = Vec::new();
        let points = self.extension(&[0x55, 0x1d, 31]);
        let Some(points) = points.and_then(|points| der::only(points, tag::SEQUENCE)) else {
            return addresses;
        };
        let mut points = points.inside();
        for _ in 0..MAX_ENTRIES {
            let Some(point) = points.expect(tag::SEQUENCE) else {
                break;
            };
            let mut fields = point.inside();
            // Fields behind the name restrict the reasons or name another CRL issuer.
            if let Some(Some(name)) = fields.take_if(tag::constructed(0))
                && fields.is_empty()
            {
                addresses.extend(distribution_point_addresses(&name));
            }
        }
        addresses
    }

    /// Returns true if it requires servers to staple an OCSP response (`status_request` in its TLS
    /// features, RFC 7633).
    pub(crate) fn must_staple(&self) -> bool {
        const TLS_FEATURE: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18];
        let features = self.extension(TLS_FEATURE);
        let Some(features) = features.and_then(|features| der::only(features, tag::SEQUENCE))
        else {
            return false;
        };
        let mut features = features.inside();
        (0..MAX_ENTRIES)
            .map_while(|_| features.expect(tag::INTEGER))
            .any(|feature| feature.content == [5])
    }

    /// Returns the embedded SCTs (RFC 6962 section 3.3), except those of other versions.
    pub(crate) fn scts(&self) -> Vec<Sct> {
        const SCT_LIST: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
        let list = self
            .extension(SCT_LIST)
            .and_then(|value| der::only(value, tag::OCTET_STRING))
            .and_then(|list| opaque(list.content));
        let Some((mut list, [])) = list else {
            return Vec::new();
        };
        let mut scts = Vec::new();
        while let Some((sct, rest)) = opaque(list)
            && scts.len() < MAX_ENTRIES
        {
            scts.extend(self::sct(sct));
            list = rest;
        }
        scts
    }

    /// Returns the value of the first extension with this encoded OBJECT IDENTIFIER.
    pub(crate) fn extension(&self, wanted: &[u8]) -> Option<&[u8]> {
        let contents = self.contents.as_ref().ok()?;
        let tbs = self.der.get(contents.tbs.clone())?;
        let mut fields = der::only(tbs, tag::SEQUENCE)?.inside();
        let list = loop {
            let field = fields.next()?;
            if field.tag == tag::constructed(3) {
                break der::only(field.content, tag::SEQUENCE)?;
            }
        };
        let mut list = list.inside();
        for _ in 0..MAX_EXTENSIONS {
            let mut extension = list.expect(tag::SEQUENCE)?.inside();
            let oid = extension.expect(tag::OID)?;
            extension.take_if(tag::BOOLEAN)?;
            let value = extension.expect(tag::OCTET_STRING)?;
            if oid.content == wanted {
                return Some(value.content);
            }
        }
        None
    }
}

/// Returns the URLs in a DistributionPointName, from the content of the `[0]` around it.
fn distribution_point_addresses(name: &Element<'_>) -> Vec<String> {
    let mut choice = name.inside();
    let Some(mut names) = choice
        .expect(tag::constructed(0))
        .map(|names| names.inside())
    else {
        return Vec::new();
    };
    let names = (0..MAX_ENTRIES).map_while(|_| DerReader::next(&mut names));
    names
        .filter(|name| name.tag == tag::primitive(6))
        .map(|name| utf8_or_latin1(name.content).into_owned())
        .collect()
}

/// Splits a TLS `opaque <0..2^16-1>` from the bytes behind it.
fn opaque(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn sct(bytes: &[u8]) -> Option<Sct> {
    let (version, rest) = bytes.split_first()?;
    let (log, rest) = rest.split_first_chunk::<32>()?;
    let (timestamp, _) = rest.split_first_chunk::<8>()?;
    (*version == 0).then_some(Sct {
        log: *log,
        timestamp: u64::from_be_bytes(*timestamp),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, CrlDistributionPoint, CustomExtension, KeyPair};
    use rustls_pki_types::CertificateDer;

    fn certificate(edit: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut params = CertificateParams::default();
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        Certificate::read(CertificateDer::from(made.der().to_vec()))
    }

    fn with(oid: &[u64], value: Vec<u8>) -> Certificate {
        certificate(|params| {
            let extension = CustomExtension::from_oid_content(oid, value);
            params.custom_extensions.push(extension);
        })
    }

    #[test]
    fn addresses_of_revocation_lists_are_read() {
        let named = certificate(|params| {
            params.crl_distribution_points = vec![
                CrlDistributionPoint {
                    uris: vec!["http://crl.test/1".to_owned()],
                },
                CrlDistributionPoint {
                    uris: vec!["http://crl.test/2".to_owned()],
                },
            ];
        });
        assert_eq!(
            named.crl_addresses(),
            ["http://crl.test/1", "http://crl.test/2"]
        );
        assert!(certificate(|_| {}).crl_addresses().is_empty());
    }

    #[test]
    fn only_status_request_asks_for_a_staple() {
        let oid = &[1, 3, 6, 1, 5, 5, 7, 1, 24];
        for (value, must) in [
            (&[0x30, 3, 2, 1, 5][..], true),
            (&[0x30, 6, 2, 1, 17, 2, 1, 5], true),
            (&[0x30, 3, 2, 1, 17], false),
            (&[0x30, 0], false),
            (&[5], false),
        ] {
            assert_eq!(with(oid, value.to_vec()).must_staple(), must, "{value:?}");
        }
        assert!(!certificate(|_| {}).must_staple());
    }

    #[test]
    fn scts_are_read_as_far_as_they_go() {
        let one = [
            &[0][..],
            &[7; 32],
            &42u64.to_be_bytes(),
            &[0, 0, 4, 3, 0, 0],
        ]
        .concat();
        let later = [&[1][..], &one[1..]].concat();
        let item = |bytes: &[u8]| {
            let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
            [&length[..], bytes].concat()
        };
        let list = item(&[item(&one), item(&later), item(&one[..20])].concat());
        let oid = &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
        let value = [&[4, u8::try_from(list.len()).unwrap()][..], &list].concat();
        let read = with(oid, value.clone()).scts();
        let expected = Sct {
            log: [7; 32],
            timestamp: 42,
        };
        assert_eq!(read, [expected]);
        for end in 0..value.len() {
            assert!(with(oid, value[..end].to_vec()).scts().is_empty());
        }
    }
}
