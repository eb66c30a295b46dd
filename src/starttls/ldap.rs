//! LDAP (RFC 4511 section 4.14): an extended operation in BER.

use super::{Phase, Protocol, SetbackKind, Speaker, Step};

/// The Lightweight Directory Access Protocol.
pub(super) const LDAP: Protocol = Protocol {
    name: "ldap",
    first: Speaker::Client,
    // UnbindRequest, message 2.
    farewell: &[0x30, 5, 2, 1, 2, 0x42, 0],
    ends: None,
    begins: Phase::Asked,
    opening: |_| request(),
    step: |_, bytes, _| step(bytes),
};

/// OBJECT IDENTIFIER of the StartTLS operation.
const OID: &[u8; 22] = b"1.3.6.1.4.1.1466.20037";

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const ENUMERATED: u8 = 0x0A;
const OCTET_STRING: u8 = 0x04;
const EXTENDED_RESPONSE: u8 = 0x78;

const SUCCESS: u8 = 0;
/// The result code of servers that do not know the operation (RFC 4511 section 4.12).
const PROTOCOL_ERROR: u8 = 2;

/// Returns LDAPMessage 1: an ExtendedRequest with the requestName.
fn request() -> Vec<u8> {
    let mut request = vec![SEQUENCE, 29, INTEGER, 1, 1, 0x77, 24, 0x80, 22];
    request.extend_from_slice(OID);
    request
}

fn step(bytes: &[u8]) -> Step {
    if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
        return Step::other(bytes);
    }
    let message = match read(bytes) {
        Read::Value(message) => message,
        Read::More => return Step::More,
        Read::Broken => return Step::other(bytes),
    };
    let taken = bytes.len() - message.rest.len();
    match result(message.value) {
        Some((SUCCESS, _)) => Step::upgrade(taken),
        Some((PROTOCOL_ERROR, text)) => Step::fail(SetbackKind::NotOffered, text),
        Some((code, [])) => {
            let text = format!("result code {code}");
            Step::no(SetbackKind::Refused, is_temporary(code), text.as_bytes())
        }
        Some((code, text)) => Step::no(SetbackKind::Refused, is_temporary(code), text),
        None => Step::other(bytes),
    }
}

/// Returns true for `busy` (51, too busy to service the operation) and `unavailable` (52, shutting
/// down, or a required subsystem is offline; RFC 4511 appendix A.2).
fn is_temporary(code: u8) -> bool {
    matches!(code, 51 | 52)
}

/// Returns the result code of an extended response, and the server's message.
fn result(message: &[u8]) -> Option<(u8, &[u8])> {
    let id = value(message, INTEGER)?;
    let response = value(id.rest, EXTENDED_RESPONSE)?;
    let code = value(response.value, ENUMERATED)?;
    let matched = value(code.rest, OCTET_STRING)?;
    let text = value(matched.rest, OCTET_STRING)?;
    match code.value {
        [code] => Some((*code, text.value)),
        _ => None,
    }
}

/// The value of one element, and the bytes after it.
struct Element<'a> {
    value: &'a [u8],
    rest: &'a [u8],
}

enum Read<'a> {
    Value(Element<'a>),
    More,
    Broken,
}

fn value(bytes: &[u8], tag: u8) -> Option<Element<'_>> {
    match read(bytes) {
        Read::Value(element) if bytes.first() == Some(&tag) => Some(element),
        _ => None,
    }
}

fn read(bytes: &[u8]) -> Read<'_> {
    let [_, first, rest @ ..] = bytes else {
        return Read::More;
    };
    let (length, rest) = match first {
        0..=0x7F => (usize::from(*first), rest),
        // Active Directory writes every length in four bytes.
        0x81..=0x84 => {
            let Some((length, rest)) = rest.split_at_checked(usize::from(first & 0x0F)) else {
                return Read::More;
            };
            let length = length
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return Read::Broken,
    };
    match rest.split_at_checked(length) {
        Some((value, rest)) => Read::Value(Element { value, rest }),
        None if length > super::MAX_RECEIVED => Read::Broken,
        None => Read::More,
    }
}
