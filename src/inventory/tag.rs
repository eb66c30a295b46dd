//! The value of an inventory column that is carried into the record: text from CSV, or a JSON value
//! as written. Tags are never interpreted.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::object::Object;

/// The value of a tag.
#[derive(Clone)]
pub enum Tag {
    /// Text.
    Text(String),
    /// Any other JSON value: null, a boolean, a number with all its digits, an array or an object.
    Json(Box<RawValue>),
}

impl Tag {
    /// Returns the text, or the JSON with the keys of its objects in order. Numbers stay as written,
    /// because a parsed number may lose digits.
    fn comparable(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Json(json) => sorted(json.get()),
        }
    }

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

/// JSON objects with the same members are equal, whatever the order of their keys.
impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        matches!(self, Self::Text(_)) == matches!(other, Self::Text(_))
            && self.comparable() == other.comparable()
    }
}

impl Eq for Tag {}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        matches!(self, Self::Text(_)).hash(state);
        self.comparable().hash(state);
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

/// Returns JSON with the members of each object sorted by their keys. The JSON of a tag is nested at
/// most 32 levels deep (see `object.rs`).
fn sorted(json: &str) -> Cow<'_, str> {
    let parts = match json.as_bytes().first() {
        Some(b'{') => serde_json::from_str(json).map(|Object(mut members)| {
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            let parts = members.iter().map(|(key, value)| {
                let key = serde_json::Value::from(&**key);
                format!("{key}:{}", sorted(value.get()))
            });
            format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
        }),
        Some(b'[') => serde_json::from_str(json).map(|values: Vec<&RawValue>| {
            let parts = values.iter().map(|value| sorted(value.get()));
            format!("[{}]", parts.collect::<Vec<_>>().join(","))
        }),
        _ => return Cow::Borrowed(json),
    };
    parts.map_or(Cow::Borrowed(json), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::DefaultHasher;

    fn hash(tag: &Tag) -> u64 {
        let mut hasher = DefaultHasher::new();
        tag.hash(&mut hasher);
        hasher.finish()
    }

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

    #[test]
    fn the_order_of_nested_keys_does_not_count() {
        let equal = |a: &str, b: &str| {
            let [a, b]: [Tag; 2] = [a, b].map(|json| serde_json::from_str(json).unwrap());
            assert_eq!(a == b, hash(&a) == hash(&b));
            a == b
        };
        assert!(equal(
            r#"{"x":1,"y":[{"a":"{","b":2}]}"#,
            r#"{"y":[{"b":2,"a":"{"}],"x":1}"#
        ));
        for (a, b) in [
            (r#"{"x":1,"y":2}"#, r#"{"x":2,"y":1}"#),
            ("[1,2]", "[2,1]"),
            (
                r#"{"x":12345678901234567890123}"#,
                r#"{"x":12345678901234567890124}"#,
            ),
            (r#"{"x":1}"#, r#""{\"x\":1}""#),
        ] {
            assert!(!equal(a, b), "{a} {b}");
        }
    }
}
