//! Normalises host names: IDN, case and trailing dot. It does not check that a name is valid in DNS
//! (label lengths, hyphens), because such a name still gets its row.

use std::borrow::Cow;
use std::sync::Arc;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::bounds::{MAX_NAME, short};
use super::error::TargetError;

/// Normalises a host name: ASCII (IDN as punycode by UTS 46, non-transitional), lower case, no
/// trailing dot.
///
/// # Errors
///
/// Returns an error for a text that is not a name, including addresses and what looks like a
/// malformed address.
pub fn fold_name(text: &str) -> Result<Arc<str>, TargetError> {
    if text.len() > MAX_NAME {
        return Err(TargetError::NameTooLong);
    }
    if let Some(mark) = text.chars().find(|found| is_quote(*found)) {
        return Err(TargetError::Quote(mark));
    }
    let ascii = to_ascii(text)?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    match check(name, text) {
        Ok(()) => Ok(name.into()),
        // No address passes the check, so only a text that failed it can be an address.
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
            mark @ (',' | ';') => TargetError::Cells(mark),
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

/// Converts a name to ASCII. A name that is ASCII already is only converted to lower case: an
/// `xn--` label that cannot be decoded is odd, but may exist in DNS.
fn to_ascii(text: &str) -> Result<Cow<'_, str>, TargetError> {
    if text.is_ascii() {
        return Ok(match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        });
    }
    // No deny list is needed: `check` examines every resulting character and names a bad one.
    Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::EMPTY,
            Hyphens::Allow,
            DnsLength::Ignore,
        )
        .map_err(|_| TargetError::BadIdn(short(text)))
}

/// Returns true for quotation marks of every kind. UTS 46 allows the typographic ones in names, but a
/// word processor put them there.
pub(super) fn is_quote(found: char) -> bool {
    matches!(
        found,
        '"' | '\'' | '`' | '´' | '‘'..='‟' | '‹' | '›' | '«' | '»' | '′' | '″' | '＂' | '＇'
    )
}

fn in_names(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.')
}

/// Programs that follow the WHATWG URL standard parse a name that ends in such a label as an IPv4
/// address. No top-level domain looks like this.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(hex) => hex.bytes().all(|digit| digit.is_ascii_hexdigit()),
        None => label.bytes().all(|digit| digit.is_ascii_digit()),
    }
}
