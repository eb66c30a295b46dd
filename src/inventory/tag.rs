//! The value of an inventory column that is carried into the record: text from CSV, or a JSON value
//! as written. Tags are never interpreted.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The value of a tag.
#[derive(Clone)]
pub enum Tag {
    /// Text.
    Text(String),
    /// Any other JSON value: null, a boolean, a number with all its digits, an array or an object.
    Json(Box<RawValue>),
}

impl Tag {
    /// Returns the text, or the JSON as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Json(json) => json.get(),
        }
    }
}

impl From<String> for Tag {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Tag {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        matches!(self, Self::Text(_)) == matches!(other, Self::Text(_))
            && self.as_str() == other.as_str()
    }
}

impl Eq for Tag {}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        matches!(self, Self::Text(_)).hash(state);
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Json(json) => f.write_str(json.get()),
        }
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Json(json) => json.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        match json.get().starts_with('"') {
            true => serde_json::from_str(json.get())
                .map(Self::Text)
                .map_err(serde::de::Error::custom),
            false => Ok(Self::Json(json)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_back_as_it_was_written() {
        for json in [
            r#""a \" b""#,
            "null",
            "true",
            "0.10",
            "12345678901234567890123",
            r#"[1,{"k":null}]"#,
        ] {
            let tag: Tag = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&tag).unwrap(), json);
        }
        let (text, json) = (Tag::from("null"), serde_json::from_str("null").unwrap());
        assert_ne!(text, json);
    }
}
