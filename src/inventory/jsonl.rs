//! Reads the rows of a JSON Lines input: one object per line, whose keys are the columns. It does
//! not read the lines themselves.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bounds::{MAX_LINE, short};
use super::columns::{Column, InputRow};
use super::error::RowError;
use super::headings::{self, Clash, Heading, KnownColumn, Rank};
use super::members::{json_error, string, tag};
use super::object::{Member, Object};
use super::rows;

/// Number of key names shared between rows. An inventory has few keys. A file with new keys in
/// every row is still read, but without sharing.
const MAX_SHARED: usize = 1_024;

/// Parses objects and remembers their keys.
#[derive(Default)]
pub(super) struct Objects {
    keys: HashMap<Arc<str>, Option<(KnownColumn, Rank)>>,
    has_new_key: bool,
    /// Keys about which there was a notice, and notices that were not taken yet.
    noticed: HashSet<Arc<str>>,
    notices: Vec<String>,
}

impl Objects {
    /// Returns the row of one line, or `None` if the line is blank or a comment.
    pub(super) fn row(&mut self, line: &str) -> Result<Option<InputRow>, RowError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if line.len() > MAX_LINE {
            return self.long_row(line).map(Some);
        }
        let Object(members) = serde_json::from_str(line).map_err(json_error)?;
        if rows::is_row(members.iter().map(|(key, _)| &**key)) {
            return self.earlier_row(line).map(Some);
        }
        self.inventory_row(members).map(Some)
    }

    /// Only a row of an earlier scan may be longer than a line of an inventory.
    fn long_row(&mut self, line: &str) -> Result<InputRow, RowError> {
        match rows::is_long_row(line) {
            true => self.earlier_row(line),
            false => Err(RowError::TooLong(MAX_LINE)),
        }
    }

    fn earlier_row(&mut self, line: &str) -> Result<InputRow, RowError> {
        self.notice(rows::NOTICE.into(), || rows::NOTICE.to_owned());
        rows::of_json(line)
    }

    /// Returns the notices about keys that were not returned yet.
    pub(super) fn notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    fn notice(&mut self, about: Arc<str>, text: impl FnOnce() -> String) {
        if self.noticed.len() < MAX_SHARED && self.noticed.insert(about) {
            self.notices.push(text());
        }
    }

    fn inventory_row(&mut self, members: Vec<Member<'_>>) -> Result<InputRow, RowError> {
        let mut seen = HashSet::with_capacity(members.len());
        let mut found = Vec::with_capacity(members.len());
        for (key, value) in &members {
            if !seen.insert(&**key) {
                return Err(RowError::KeyTwice(short(key)));
            }
            let (name, known) = self.column(key);
            found.push((name, known.filter(|(_, rank)| is_usable(*rank, value))));
        }
        let counts = headings::chosen(&found).map_err(|clash| refused(clash, &found))?;
        let mut row = InputRow::default();
        for (((name, known), counts), (_, value)) in found.iter().zip(&counts).zip(members) {
            match known.filter(|_| *counts) {
                Some((KnownColumn::Ports, _)) => row.set(KnownColumn::Ports, ports_text(value)?),
                Some((known @ KnownColumn::Address, _)) => {
                    let column = Column::Address(name.clone());
                    row.add(&column, known_text(known, value)?);
                }
                Some((known, _)) => row.set(known, known_text(known, value)?),
                None => row.tags.push((name.clone(), tag(name, value)?)),
            }
        }
        self.explain(&found, &counts);
        Ok(row)
    }

    /// Adds the notices about the keys of a row. Comparing names is slow, so this is done only for rows
    /// with a key that is new, or that is recognised but does not count and had no notice yet.
    fn explain(&mut self, found: &[Heading], counts: &[bool]) {
        let mut headings = found.iter().zip(counts);
        let unexplained = headings.any(|((name, known), counts)| {
            known.is_some() && !counts && !self.noticed.contains(name)
        });
        if !std::mem::take(&mut self.has_new_key) && !unexplained {
            return;
        }
        for (name, text) in headings::notices("key", found, counts) {
            self.notice(name, || text);
        }
    }

    fn column(&mut self, key: &str) -> Heading {
        if let Some((name, known)) = self.keys.get_key_value(key) {
            return (name.clone(), *known);
        }
        let (name, known): (Arc<str>, _) = (key.into(), KnownColumn::named(key));
        if self.keys.len() < MAX_SHARED {
            self.keys.insert(name.clone(), known);
            self.has_new_key = true;
        }
        (name, known)
    }
}

/// Returns true if the value of a key can be read as a column. A recognised name takes any value,
/// and reports one of the wrong type. Another name with such a value means something else, as the
/// object `address` of a directory does.
fn is_usable(rank: Rank, value: &RawValue) -> bool {
    let begin = value.get().as_bytes().first();
    rank == Rank::Exact || matches!(begin, Some(b'"' | b'0'..=b'9'))
}

fn refused(clash: Clash, found: &[Heading]) -> RowError {
    match clash {
        Clash::Twice(column) => {
            let mut keys = found.iter().rev();
            let last = keys.find(|(_, known)| *known == Some((column, Rank::Exact)));
            RowError::KeyTwice(last.map_or_else(String::new, |(name, _)| short(name)))
        }
        Clash::SameMeaning {
            first,
            second,
            meant,
        } => RowError::SameMeaning {
            first: short(&first),
            second: short(&second),
            contents: meant.contents(),
            meant: meant.name(),
        },
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
