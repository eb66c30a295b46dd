//! Recognises file formats that users supply in place of certificates and that are not supported,
//! by their first bytes, and says what to do instead. It knows no more about these formats.

use crate::crypto::der::{self, tag};

/// Number of bytes searched for UTF-16 text.
const BEGINNING: usize = 4096;

/// Returns the format of these bytes and what to do instead, or `None` if they may be certificates.
pub(super) fn unsupported(bytes: &[u8]) -> Option<&'static str> {
    let zip = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0x1f, 0x8b]);
    if is_utf16(bytes) {
        Some("UTF-16 text; save it as UTF-8: iconv -f UTF-16 -t UTF-8 FILE > OUT")
    } else if bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) {
        Some("a Java keystore (JKS); extract the certificates: keytool -list -rfc -keystore FILE")
    } else if zip {
        Some("compressed; decompress it first")
    } else if is_numbered(bytes, 3) {
        Some(
            "PKCS#12 (.p12, .pfx), which is not supported; \
             extract the certificates: openssl pkcs12 -in FILE -nokeys",
        )
    } else if is_numbered(bytes, 0) || is_numbered(bytes, 1) {
        Some("a private key in DER instead of a certificate; it was not read")
    } else if bytes.starts_with(&[tag::SEQUENCE, 0x80]) {
        Some(
            "BER with indefinite lengths; convert it: openssl pkcs7 -inform DER -print_certs -in FILE",
        )
    } else if is_bare_base64(bytes) {
        Some(
            "base64 without PEM header; put -----BEGIN CERTIFICATE----- before and -----END CERTIFICATE----- after it",
        )
    } else {
        None
    }
}

/// Returns true for text with a byte order mark, or with a NUL beside each letter of a PEM header.
fn is_utf16(bytes: &[u8]) -> bool {
    const LITTLE: &[u8] = b"-\0-\0-\0-\0-\0B\0E\0G\0I\0N\0";
    let marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let beginning = &bytes[..bytes.len().min(BEGINNING)];
    // Big endian is the same, apart from the first NUL and the last.
    let words = &LITTLE[..LITTLE.len() - 1];
    marked || beginning.windows(words.len()).any(|it| it == words)
}

/// Returns true for `SEQUENCE { INTEGER number, ... }`: 3 begins PKCS#12, 0 and 1 begin private
/// keys (PKCS#8, RFC 5958; PKCS#1, RFC 8017; SEC 1, RFC 5915). PKCS#12 also occurs in BER.
fn is_numbered(bytes: &[u8], number: u8) -> bool {
    let begins = |bytes: &[u8]| bytes.starts_with(&[tag::INTEGER, 1, number]);
    match der::only(bytes, tag::SEQUENCE) {
        Some(outer) => begins(outer.content),
        None => bytes
            .strip_prefix(&[tag::SEQUENCE, 0x80])
            .is_some_and(begins),
    }
}

/// Returns true for base64 of DER and nothing else: a SEQUENCE of 128 bytes or more begins with
/// `MI`.
fn is_bare_base64(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    let base64 = |byte: &u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte)
    };
    text.len() > 128 && text.starts_with(b"MI") && text.iter().all(base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_formats_are_named() {
        let utf16 = |order: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
            text.encode_utf16().flat_map(order).collect()
        };
        let text = "# x\n-----BEGIN CERTIFICATE-----\n";
        let marked = format!("\u{feff}{text}");
        for (bytes, word) in [
            (utf16(u16::to_le_bytes, text), "UTF-16"),
            (utf16(u16::to_be_bytes, text), "UTF-16"),
            (utf16(u16::to_le_bytes, &marked), "UTF-16"),
            (utf16(u16::to_be_bytes, &marked), "UTF-16"),
            (vec![0xfe, 0xed, 0xfe, 0xed, 0], "JKS"),
            (vec![0x1f, 0x8b, 8], "compressed"),
            (vec![0x30, 5, 2, 1, 3, 0x30, 0], "PKCS#12"),
            (vec![0x30, 0x80, 2, 1, 3, 0x30, 0x80], "PKCS#12"),
            (vec![0x30, 5, 2, 1, 0, 0x30, 0], "private key"),
            (vec![0x30, 0x80, 6, 1, 3], "BER"),
            ([b"MIIB".to_vec(), vec![b'A'; 200]].concat(), "base64"),
        ] {
            let reason = unsupported(&bytes).unwrap_or_default();
            assert!(reason.contains(word), "{word}: {reason}");
        }
        for text in ["", "hello", text, "MII"] {
            assert_eq!(unsupported(text.as_bytes()), None, "{text}");
        }
    }
}
