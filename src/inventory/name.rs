//! Host names: IDN, case and trailing dot folded into one spelling. Whether a name is valid in
//! DNS (label lengths, hyphens) is not asked here: such a name still gets its row.

use std::borrow::Cow;
use std::sync::Arc;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::bounds::{MAX_NAME, short};
use super::error::TargetError;

/// The one spelling of a host name: ASCII (IDN as punycode by UTS 46, non-transitional), lower
/// case, no trailing dot. Addresses, and what looks like a mangled one, are refused.
pub fn fold_name(text: &str) -> Result<Arc<str>, TargetError> {
    if text.len() > MAX_NAME {
        return Err(TargetError::NameTooLong);
    }
    let ascii = to_ascii(text)?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    match check(name, text) {
        Ok(()) => Ok(name.into()),
        // No address passes the check, so only what failed need be tried as one.
        Err(error) => Err(match text.trim_matches(['[', ']']).parse() {
            Ok(address) => TargetError::NotAName(address),
            Err(_) => error,
        }),
    }
}

fn check(name: &str, text: &str) -> Result<(), TargetError> {
    if name.is_empty() {
        return Err(if text.is_empty() {
            TargetError::NoHost
        } else {
            TargetError::EmptyLabel(short(text))
        });
    }
    if name.len() > MAX_NAME {
        return Err(TargetError::NameTooLong);
    }
    if !name.bytes().all(in_names) {
        let found = name
            .chars()
            .find(|&found| !u8::try_from(found).is_ok_and(in_names));
        return Err(match found.unwrap_or_default() {
            '*' => TargetError::Wildcard,
            ',' => TargetError::Comma,
            found if found.is_whitespace() => TargetError::Blank,
            found => TargetError::BadCharacter(found),
        });
    }
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return Err(TargetError::EmptyLabel(short(text)));
    }
    match name.rsplit('.').next() {
        Some(last) if is_number(last) => Err(TargetError::MangledAddress(short(text))),
        _ => Ok(()),
    }
}

/// A name that is ASCII already is only lowered: an `xn--` label that decodes to nothing sensible
/// is odd, but DNS may well hold it.
fn to_ascii(text: &str) -> Result<Cow<'_, str>, TargetError> {
    if text.is_ascii() {
        return Ok(match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        });
    }
    // No deny list: `check` looks at every character that comes out, and names it.
    Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::EMPTY,
            Hyphens::Allow,
            DnsLength::Ignore,
        )
        .map_err(|_| TargetError::BadIdn(short(text)))
}

fn in_names(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.')
}

/// Programs that follow the WHATWG URL standard read a name that ends in such a label as an IPv4
/// address; no top-level domain looks so.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(hex) => hex.bytes().all(|digit| digit.is_ascii_hexdigit()),
        None => label.bytes().all(|digit| digit.is_ascii_digit()),
    }
}
