//! Extracts the CA certificates from the response of an AIA URL: one certificate in DER, several in
//! PEM, or a PKCS#7 message without content (RFC 5280 section 4.2.2.1 allows the first and the
//! last; the second is common). It does not decide if they help.

use std::sync::Arc;

use super::certificates::chain;
use crate::observation::{Certificate, PeerChain};

/// Maximum number of certificates examined in one response. CAs send one to five.
const MAX_CERTIFICATES: usize = 20;

/// Why a response is useless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoIssuer {
    /// It is something else.
    #[error("the response is not a certificate (DER, PEM or PKCS#7)")]
    NoCertificate,
    /// It contains no CA certificate.
    #[error("the response contains no CA certificate")]
    NoAuthority,
}

/// Returns the CA certificates of a response, in order.
pub(super) fn authorities(bytes: &[u8]) -> Result<PeerChain, NoIssuer> {
    // A broken section does not spoil the others.
    let found = chain(bytes).found.into_iter().take(MAX_CERTIFICATES);
    let certificates: Vec<_> = found.map(|found| Certificate::read(found.der)).collect();
    if certificates.iter().all(|one| one.contents.is_err()) {
        return Err(NoIssuer::NoCertificate);
    }
    let authorities = certificates.into_iter().filter(Certificate::is_ca);
    let authorities: Vec<_> = authorities.map(Arc::new).collect();
    match authorities.is_empty() {
        true => Err(NoIssuer::NoAuthority),
        false => Ok(PeerChain {
            certificates: authorities,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pkcs7::SIGNED_DATA;
    use super::*;
    use crate::crypto::der::tag;
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    fn made(ca: bool) -> rcgen::Certificate {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["ca.test".to_owned()]).unwrap();
        if ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.self_signed(&key).unwrap()
    }

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = u16::try_from(content.len()).unwrap();
        let [high, low] = length.to_be_bytes();
        let length = match length {
            0..0x80 => vec![low],
            0x80..0x100 => vec![0x81, low],
            _ => vec![0x82, high, low],
        };
        [&[tag][..], &length, &content].concat()
    }

    fn pkcs7(certificates: &[&[u8]]) -> Vec<u8> {
        let kind = |last| [&SIGNED_DATA[..8], &[last]].concat();
        let signed = element(
            tag::SEQUENCE,
            &[
                &element(tag::INTEGER, &[&[1]]),
                &element(tag::SET, &[]),
                &element(tag::SEQUENCE, &[&element(tag::OID, &[&kind(1)])]),
                &element(tag::constructed(0), certificates),
                &element(tag::SET, &[]),
            ],
        );
        let kind = element(tag::OID, &[&kind(2)]);
        let explicit = element(tag::constructed(0), &[&signed]);
        element(tag::SEQUENCE, &[&kind, &explicit])
    }

    #[test]
    fn certificates_are_found_in_der_pem_and_pkcs7() {
        let (one, two, leaf) = (made(true), made(true), made(false));
        let pem = ["Some CA\n".to_owned(), one.pem(), leaf.pem(), two.pem()].join("");
        let old: &[u8] = &[0xa1, 1, 0];
        for (bytes, count) in [
            (one.der().to_vec(), 1),
            (pem.into_bytes(), 2),
            (pkcs7(&[one.der(), old, leaf.der(), two.der()]), 2),
            (pkcs7(&[one.der().as_ref(); 30]), MAX_CERTIFICATES),
        ] {
            let found = authorities(&bytes).unwrap();
            assert_eq!(found.certificates.len(), count);
            assert_eq!(found.certificates[0].der, *one.der());
        }
    }

    #[test]
    fn other_responses_are_distinguished() {
        let leaf = made(false);
        let cut = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
        let whole = pkcs7(&[leaf.der()]);
        for (bytes, reason) in [
            (Vec::new(), NoIssuer::NoCertificate),
            (b"<html>gone</html>".to_vec(), NoIssuer::NoCertificate),
            (
                b"-----BEGIN CERTIFICATE-----\nM!".to_vec(),
                NoIssuer::NoCertificate,
            ),
            (vec![0x30, 3, 0x30, 1, 0], NoIssuer::NoCertificate),
            (pkcs7(&[]), NoIssuer::NoCertificate),
            (cut(&whole), NoIssuer::NoCertificate),
            (cut(leaf.der()), NoIssuer::NoCertificate),
            (whole, NoIssuer::NoAuthority),
            (leaf.der().to_vec(), NoIssuer::NoAuthority),
        ] {
            assert_eq!(authorities(&bytes).unwrap_err(), reason, "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            place in 0..900usize,
            byte: u8,
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let _ = authorities(&bytes);
            let mut whole = pkcs7(&[made(true).der()]);
            let place = place % whole.len();
            whole[place] = byte;
            let _ = authorities(&whole);
        }
    }
}
