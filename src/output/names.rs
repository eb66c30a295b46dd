//! The words of numbers and enums: IANA names, and the snake_case spelling that serde gives.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::tls;

/// The name of a cipher suite.
pub(super) fn cipher(number: u16) -> Cow<'static, str> {
    or_number(tls::cipher_suite_name(number), number)
}

/// The name of a key exchange group.
pub(super) fn group(number: u16) -> Cow<'static, str> {
    or_number(tls::group_name(number), number)
}

/// The name of a signature scheme.
pub(super) fn signature(number: u16) -> Cow<'static, str> {
    or_number(tls::signature_scheme_name(number), number)
}

/// The IANA name of a number, or the number as `0xC02F` where none is assigned.
fn or_number(name: Option<&'static str>, number: u16) -> Cow<'static, str> {
    name.map_or_else(|| Cow::Owned(format!("0x{number:04X}")), Cow::Borrowed)
}

/// Shows a value that serialises as one word, number or flag exactly as it is serialised, so that
/// every format spells it alike.
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
    fn a_number_without_a_name_stands_for_itself() {
        assert_eq!(or_number(Some("x25519"), 29), "x25519");
        assert_eq!(or_number(None, 0xff), "0x00FF");
    }
}
