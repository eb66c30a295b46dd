//! Names of numbers and enum values: IANA names, and the snake_case names that serde writes.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::tls;

/// Returns the name of a cipher suite.
pub(super) fn cipher(number: u16) -> Cow<'static, str> {
    or_number(tls::cipher_suite_name(number), number)
}

/// Returns the name of a key exchange group.
pub(super) fn group(number: u16) -> Cow<'static, str> {
    or_number(tls::group_name(number), number)
}

/// Returns the name of a signature scheme.
pub(super) fn signature(number: u16) -> Cow<'static, str> {
    or_number(tls::signature_scheme_name(number), number)
}

/// Returns the IANA name of a number, or the number as `0xC02F` if it has none.
fn or_number(name: Option<&'static str>, number: u16) -> Cow<'static, str> {
    name.map_or_else(|| Cow::Owned(format!("0x{number:04X}")), Cow::Borrowed)
}

/// Displays a value exactly as serde serialises it (a word, number or flag), so that all formats
/// spell it the same way.
pub(crate) struct Word<'a, T>(pub(crate) &'a T);

impl<T: Serialize> fmt::Display for Word<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{KeyProof, Reason};

    #[test]
    fn words_are_spelled_as_in_json() {
        assert_eq!(Word(&Reason::LocalLimit).to_string(), "local_limit");
        assert_eq!(Word(&KeyProof::Proven).to_string(), "proven");
        assert_eq!(Word(&true).to_string(), "true");
    }

    #[test]
    fn a_number_without_a_name_is_shown_as_a_number() {
        assert_eq!(or_number(Some("x25519"), 29), "x25519");
        assert_eq!(or_number(None, 0xff), "0x00FF");
    }
}
