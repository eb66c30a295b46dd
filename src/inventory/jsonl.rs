//! Reads the rows of a JSON Lines input: one object per line, whose keys are the columns. It does
//! not read the lines themselves.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Tag;
use super::bounds::short;
use super::columns::{Column, InputRow, KnownColumn};
use super::error::RowError;

/// Number of key names shared between rows. An inventory has few keys. A file with new keys in
/// every row is still read, but without sharing.
const MAX_SHARED: usize = 1_024;

/// Parses objects and remembers their keys.
#[derive(Default)]
pub(super) struct Objects {
    keys: HashSet<Arc<str>>,
}

impl Objects {
    /// Returns the row of one line, or `None` if the line is blank or a comment.
    pub(super) fn row(&mut self, line: &str) -> Result<Option<InputRow>, RowError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let Object(members) = serde_json::from_str(line).map_err(json_error)?;
        let mut row = InputRow::default();
        let mut seen = HashSet::with_capacity(members.len());
        let mut misnamed = None;
        for (key, value) in members {
            let column = self.column(&key);
            if !seen.insert(column.clone()) {
                return Err(RowError::KeyTwice(short(&key)));
            }
            match column {
                Column::Known(KnownColumn::Ports) => {
                    row.set(KnownColumn::Ports, ports_text(value)?)
                }
                Column::Known(known) => row.set(known, known_text(known, value)?),
                Column::Tag(key) => {
                    let tag = tag(&key, value)?;
                    if KnownColumn::meant_by(&key) == Some(KnownColumn::Port) {
                        misnamed.get_or_insert_with(|| short(&key));
                    }
                    row.tags.push((key, tag));
                }
            }
        }
        let port = [KnownColumn::Port, KnownColumn::Ports].map(Column::Known);
        match misnamed {
            Some(found) if !port.iter().any(|it| seen.contains(it)) => Err(RowError::Misnamed {
                found,
                meant: KnownColumn::Port.name(),
            }),
            _ => Ok(Some(row)),
        }
    }

    fn column(&mut self, key: &str) -> Column {
        if let Some(known) = KnownColumn::named(key) {
            return Column::Known(known);
        }
        if let Some(shared) = self.keys.get(key) {
            return Column::Tag(shared.clone());
        }
        let key: Arc<str> = key.into();
        if self.keys.len() < MAX_SHARED {
            self.keys.insert(key.clone());
        }
        Column::Tag(key)
    }
}

/// The members of an object in input order, which `serde_json::Value` would sort. The values stay
/// as written, so that long numbers keep all their digits.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

fn known_text(column: KnownColumn, value: &RawValue) -> Result<String, RowError> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => string(text),
        Some(b'n') => Ok(String::new()),
        Some(b'0'..=b'9' | b'-') if column == KnownColumn::Port => Ok(text.to_owned()),
        _ => Err(RowError::JsonKind(column.name())),
    }
}

/// A port of a list. masscan writes an object for each port.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Number(u64),
    Text(String),
    Scanned {
        port: u64,
        proto: Option<String>,
        status: Option<String>,
    },
}

/// Returns the ports of a list, or the text of a single value. Ports that are closed or not TCP are
/// skipped.
fn ports_text(value: &RawValue) -> Result<String, RowError> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'0'..=b'9') => return Ok(text.to_owned()),
        Some(b'[') => {}
        _ => return known_text(KnownColumn::Ports, value),
    }
    let listed: Vec<Listed> =
        serde_json::from_str(text).map_err(|_| RowError::JsonKind(KnownColumn::Ports.name()))?;
    let open = listed.into_iter().filter_map(|it| match it {
        Listed::Number(port) => Some(port.to_string()),
        Listed::Text(text) => Some(text),
        Listed::Scanned {
            port,
            proto,
            status,
        } => {
            let tcp = proto.is_none_or(|proto| proto == "tcp");
            let open = status.is_none_or(|status| status == "open");
            (tcp && open).then(|| port.to_string())
        }
    });
    let open: Vec<_> = open.collect();
    match open.is_empty() {
        true => Err(RowError::NoOpenPort),
        false => Ok(open.join(",")),
    }
}

/// Maximum nesting depth of a value. Many programs that read the records stop at 128, including
/// their own levels.
const MAX_DEPTH: usize = 32;

/// Returns a string as text, and any other value as JSON.
fn tag(key: &str, value: &RawValue) -> Result<Tag, RowError> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => string(text).map(Tag::Text),
        Some(b'[' | b'{') => {
            let (text, depth) = compact(text);
            if depth > MAX_DEPTH {
                return Err(RowError::TooDeep(short(key)));
            }
            RawValue::from_string(text)
                .map(Tag::Json)
                .map_err(json_error)
        }
        _ => Ok(Tag::Json(value.to_owned())),
    }
}

fn string(text: &str) -> Result<String, RowError> {
    serde_json::from_str(text).map_err(json_error)
}

/// Returns JSON without white space between tokens, and its nesting depth.
fn compact(text: &str) -> (String, usize) {
    let (mut inside, mut escaped) = (false, false);
    let (mut depth, mut deepest) = (0_usize, 0);
    let kept = text.chars().filter(|&found| {
        match found {
            _ if escaped => escaped = false,
            '\\' => escaped = inside,
            '"' => inside = !inside,
            '[' | '{' if !inside => depth += 1,
            ']' | '}' if !inside => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
        inside || !found.is_ascii_whitespace()
    });
    (kept.collect(), deepest)
}

fn json_error(error: serde_json::Error) -> RowError {
    let text = error.to_string();
    // The parser appends "at line 1 column 7", but its line is not the line of the file.
    let reason = text.split(" at line ").next().unwrap_or_default();
    RowError::Json {
        reason: short(reason),
        column: error.column(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Defaults, Target};

    fn read(line: &str) -> Result<Vec<Target>, RowError> {
        match Objects::default().row(line)? {
            Some(row) => Ok(row.expand(&Defaults::default())?.collect()),
            None => Ok(Vec::new()),
        }
    }

    #[test]
    fn keys_that_are_not_ours_become_tags_in_order_and_as_written() {
        let line = r#"{"z": 12345678901234567890123, "host": "A.example", "port": 8443,
            "a": "x\ty", "list": [1, {"k": "a \" b"}], "none": null, "ip": null, "sni": ""}"#;
        let targets = read(line).unwrap();
        assert_eq!(targets[0].canonical(), "tls://a.example:8443");
        let tags = targets[0].tags.iter();
        let tags: Vec<_> = tags
            .map(|(k, v)| (&**k, serde_json::to_string(v).unwrap()))
            .collect();
        let tags: Vec<_> = tags.iter().map(|(k, v)| (*k, &**v)).collect();
        assert_eq!(
            tags,
            [
                ("z", "12345678901234567890123"),
                ("a", r#""x\ty""#),
                ("list", r#"[1,{"k":"a \" b"}]"#),
                ("none", "null"),
            ]
        );
    }

    #[test]
    fn what_is_no_usable_object_is_refused_with_its_reason() {
        let deep = format!(r#"{{"host":"a.example","x":{}"#, "[".repeat(50_000));
        let nested = format!(
            r#"{{"host":"a.example","x":{}1{}}}"#,
            "[".repeat(33),
            "]".repeat(33)
        );
        let cases = [
            (
                r#"{"host":"a.example""#,
                "not a JSON object: EOF while parsing an object",
            ),
            (r#"["a.example"]"#, "not a JSON object: invalid type"),
            (
                r#"{"host":"a.example"} x"#,
                "not a JSON object: trailing characters",
            ),
            (r#"{"host":"\ud800"}"#, "not a JSON object: "),
            (
                r#"{"host":true}"#,
                "the value of host must be a JSON string",
            ),
            (
                r#"{"host":"a.example","starttls":true}"#,
                "the value of starttls must be a JSON string",
            ),
            (
                r#"{"host":"a.example","port":443.5}"#,
                r#"column port: "443.5" is not a port"#,
            ),
            (
                r#"{"host":"a.example","port":-1}"#,
                r#"column port: "-1" is not a port"#,
            ),
            (
                r#"{"host":"a.example","Host":"b.example"}"#,
                r#"the key "Host" occurs twice"#,
            ),
            (
                r#"{"host":"a.example","x":1,"x":2}"#,
                r#"the key "x" occurs twice"#,
            ),
            (r#"{"name":"a.example"}"#, "no host is named"),
            (r#"{"host":null}"#, "no host is named"),
            (&deep, "not a JSON object: "),
            (&nested, r#"the value of "x" is nested deeper than"#),
        ];
        for (line, reason) in cases {
            let error = read(line).unwrap_err().to_string();
            assert!(error.starts_with(reason), "{}: {error}", short(line));
        }
        assert!(read("  ").unwrap().is_empty());
        assert!(read("# note").unwrap().is_empty());
    }
}
