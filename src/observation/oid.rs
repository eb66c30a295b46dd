//! OBJECT IDENTIFIERs as text. x509-parser's own text is not used: it treats the first number as one
//! byte, so that 2.999.3 becomes 3.16.55.3, it accepts invalid identifiers, and it makes a bigint of
//! every number.

use std::fmt::Write;

use super::hex::hexadecimal;

/// Returns an OBJECT IDENTIFIER in dotted form, or its bytes in hexadecimal if it is not valid.
pub(crate) fn oid_text(oid: &[u8]) -> String {
    dotted(oid).unwrap_or_else(|| hexadecimal(oid))
}

/// Returns the dotted form of an OBJECT IDENTIFIER's value, or `None` if it is not valid or an arc
/// exceeds 64 bits.
pub(super) fn dotted(oid: &[u8]) -> Option<String> {
    if oid.last()? & 0x80 != 0 {
        return None;
    }
    let mut text = String::with_capacity(oid.len() * 3);
    let mut arc: u64 = 0;
    for byte in oid {
        arc = arc.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        if byte & 0x80 != 0 {
            continue;
        }
        // Writing to a String cannot fail. The first number holds two arcs (X.690 8.19.4).
        let _ = match (text.is_empty(), arc) {
            (false, arc) => write!(text, ".{arc}"),
            (true, 0..40) => write!(text, "0.{arc}"),
            (true, 40..80) => write!(text, "1.{}", arc - 40),
            (true, arc) => write!(text, "2.{}", arc - 80),
        };
        arc = 0;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_dotted() {
        let cases: [(&[u8], Option<&str>); 6] = [
            (
                &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
                Some("1.2.840.113549.1.1.11"),
            ),
            (&[0x55, 0x1d, 0x11], Some("2.5.29.17")),
            (&[0x88, 0x37, 0x03], Some("2.999.3")),
            (&[0x09], Some("0.9")),
            (&[0x55, 0x9d], None),
            (&[], None),
        ];
        for (bytes, text) in cases {
            assert_eq!(dotted(bytes).as_deref(), text);
        }
    }
}
