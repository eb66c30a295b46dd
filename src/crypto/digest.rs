//! Digests selected by the OBJECT IDENTIFIER of their algorithm, as OCSP identifies an issuer.

use aws_lc_rs::digest::{self, Algorithm};

/// Returns the digest of `bytes` by the algorithm with this (undotted) identifier, or `None` if the
/// algorithm is not SHA-1, SHA-256, SHA-384 or SHA-512.
pub(crate) fn digest(oid: &[u8], bytes: &[u8]) -> Option<impl AsRef<[u8]> + use<>> {
    let algorithm: &Algorithm = match oid {
        [0x2b, 0x0e, 0x03, 0x02, 0x1a] => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 1] => &digest::SHA256,
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 2] => &digest::SHA384,
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 3] => &digest::SHA512,
        _ => return None,
    };
    Some(digest::digest(algorithm, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_goes_by_its_identifier() {
        let length = |oid: &[u8]| Some(digest(oid, b"x")?.as_ref().len());
        assert_eq!(length(&[0x2b, 0x0e, 0x03, 0x02, 0x1a]), Some(20));
        let sha2 = |number| length(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, number]);
        assert_eq!([1, 2, 3, 4].map(sha2), [Some(32), Some(48), Some(64), None]);
        assert_eq!(length(&[]), None);
    }
}
