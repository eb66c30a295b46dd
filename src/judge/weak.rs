//! Signature algorithms that are too weak for current clients. The findings that warn and the rules
//! that reject a path share them.

use crate::crypto::pss_hash_name;
use crate::observation::SignatureAlgorithm;

/// Returns the broken hash of a signature algorithm, or `None` if its hash is not broken.
pub(crate) fn signature(algorithm: &SignatureAlgorithm) -> Option<&'static str> {
    match algorithm.oid.as_str() {
        "1.2.840.113549.1.1.2" => Some("MD2"),
        "1.2.840.113549.1.1.3" => Some("MD4"),
        "1.2.840.113549.1.1.4" | "1.3.14.3.2.3" | "1.3.14.3.2.25" => Some("MD5"),
        "1.2.840.113549.1.1.5"
        | "1.2.840.10040.4.3"
        | "1.2.840.10045.4.1"
        | "1.3.14.3.2.27"
        | "1.3.14.3.2.29" => Some("SHA-1"),
        "1.2.840.113549.1.1.10" => {
            (pss_hash_name(&algorithm.parameters) == Some("SHA1")).then_some("SHA-1")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pss(parameters: &[u8]) -> SignatureAlgorithm {
        SignatureAlgorithm {
            name: String::new(),
            oid: "1.2.840.113549.1.1.10".to_owned(),
            parameters: parameters.to_vec(),
        }
    }

    #[test]
    fn pss_without_a_hash_is_sha1() {
        let sha1 = [
            0x30, 0x0b, 0xa0, 0x09, 0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a,
        ];
        let mut other = sha1;
        other[12] = 0x1b;
        assert_eq!(signature(&pss(&[0x30, 0x00])), Some("SHA-1"));
        assert_eq!(signature(&pss(&sha1)), Some("SHA-1"));
        assert_eq!(signature(&pss(&other)), None);
        assert_eq!(signature(&pss(&[])), None);
    }
}
