//! Extracts the certificates of a PKCS#7 message without content, the form in which CAs publish
//! chains (`.p7b`, `.p7c`). It does not verify signatures.

use crate::crypto::der::{self, tag};

/// id-signedData, 1.2.840.113549.1.7.2.
pub(super) const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// Returns true if these bytes begin like a signed PKCS#7 message.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let kind = || der::only(bytes, tag::SEQUENCE)?.inside().expect(tag::OID);
    kind().is_some_and(|kind| kind.content == SIGNED_DATA)
}

/// Returns the first `limit` certificates of SignedData (RFC 2315 section 9.1, RFC 5652 section
/// 5.1), in the order of the message, or `None` if the bytes are something else.
pub(super) fn certificates(bytes: &[u8], limit: usize) -> Option<Vec<&[u8]>> {
    let mut content = der::only(bytes, tag::SEQUENCE)?.inside();
    let kind = content.expect(tag::OID)?;
    let explicit = content.expect(tag::constructed(0))?;
    if kind.content != SIGNED_DATA {
        return None;
    }
    let mut signed = der::only(explicit.content, tag::SEQUENCE)?.inside();
    signed.expect(tag::INTEGER)?;
    signed.expect(tag::SET)?;
    signed.expect(tag::SEQUENCE)?;
    let mut found = Vec::new();
    // A message with revocation lists only has none.
    let Some(listed) = signed.take_if(tag::constructed(0))? else {
        return Some(found);
    };
    let mut listed = listed.inside();
    while !listed.is_empty() && found.len() < limit {
        let one = listed.next_whole()?;
        // Other tags are older or other kinds of certificates.
        if one.first() == Some(&tag::SEQUENCE) {
            found.push(one);
        }
    }
    Some(found)
}
