//! Bytes as hexadecimal text, for recordings and for display.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serializer};

/// Returns two lower-case digits for each byte.
pub(super) fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0x0f));
    }
    text
}

/// Returns `#` and the bytes in hexadecimal (RFC 4514 section 2.4).
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    format!("#{}", encode(bytes))
}

/// Returns the decoded bytes, or `None` if the text is not hexadecimal.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?))
        .collect()
}

/// For `#[serde(with)]` on optional bytes.
pub(super) mod optional {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_some(&encode(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<Cow<'_, str>>::deserialize(deserializer)?;
        let bytes = text.map(|text| decode(&text).ok_or("not hexadecimal"));
        bytes.transpose().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_trip_and_other_text_is_rejected() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all));
        assert_eq!(decode(""), Some(Vec::new()));
        for text in ["f", "zz", "é", "0x"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
