//! PEM blocks (RFC 7468).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends a certificate as a PEM block.
pub fn certificate(der: &[u8], pem: &mut String) {
    pem.push_str("-----BEGIN CERTIFICATE-----\n");
    // 48 bytes encode to 64 characters, the line length of PEM.
    for line in der.chunks(48) {
        line.chunks(3).for_each(|group| encode(group, pem));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
}

/// Appends up to three bytes as four base64 characters.
fn encode(group: &[u8], pem: &mut String) {
    let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
    let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
    for place in 0..4 {
        let sextet = (bits >> (18 - 6 * place)) & 63;
        let letter = ALPHABET[usize::try_from(sextet).unwrap_or(0)];
        pem.push(if place <= group.len() {
            char::from(letter)
        } else {
            '='
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;

    use super::*;

    proptest! {
        #[test]
        fn blocks_are_read_back(der in prop::collection::vec(any::<u8>(), 1..200)) {
            let mut pem = "# a comment\n".to_owned();
            certificate(&der, &mut pem);
            prop_assert!(pem.lines().all(|line| line.len() <= 64));
            let read = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
            prop_assert_eq!(&*read, &*der);
        }
    }
}
