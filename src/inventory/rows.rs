//! Reads the rows of an earlier sweep as an inventory: the same targets with the same tags. What was
//! found is ignored.

use std::sync::Arc;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::bounds::MAX_GIVEN;
use super::columns::InputRow;
use super::error::RowError;
use super::headings::KnownColumn;
use super::members::{json_error, tags};
use super::object::Object;
use super::{Service, Tags};

/// The notice about an input of such rows.
pub(super) const NOTICE: &str =
    "these are rows of tlsweep; their targets and tags are read, and nothing else";

/// Columns and keys that together identify a row.
const MARKS: [&str; 3] = ["schema", "target", "verdict"];

/// Returns true if these keys are those of a row.
pub(super) fn is_row<'a>(keys: impl Iterator<Item = &'a str> + Clone) -> bool {
    MARKS
        .into_iter()
        .all(|mark| keys.clone().any(|key| key == mark))
}

/// The fields of a row that say what was visited.
#[derive(Debug, Default)]
struct Visited {
    target: String,
    host: String,
    sni: String,
    ip: String,
    port: String,
    service: String,
    /// True if the row shows that no name was looked up; false if one was, or if the row does not
    /// show it.
    given: bool,
}

impl Visited {
    /// The row's `sni` and `ip` are also filled if the inventory did not give them. It gave the name
    /// if that is not the host, and the address if the visit needed no lookup.
    ///
    /// A row may be longer than a line of an inventory, but what it takes from the inventory may not.
    fn into_row(self, tags: Tags) -> Result<InputRow, RowError> {
        let sizes = tags.iter().map(|(key, tag)| key.len() + tag.as_str().len());
        if self.target.len() + sizes.sum::<usize>() > MAX_GIVEN {
            return Err(RowError::TooLarge);
        }
        let mut row = InputRow::default();
        if !self.sni.eq_ignore_ascii_case(&self.host) {
            row.set(KnownColumn::Sni, self.sni);
        }
        if self.given && self.ip != self.host {
            row.set(KnownColumn::Ip, self.ip);
        }
        row.set(KnownColumn::Target, self.target);
        row.set(KnownColumn::Port, self.port);
        row.service = Service::named(&self.service);
        row.tags = tags;
        Ok(row)
    }
}

/// Returns the row of a JSON object that is one.
pub(super) fn of_json(line: &str) -> Result<InputRow, RowError> {
    let row: JsonRow<'_> = serde_json::from_str(line).map_err(row_error)?;
    let tags = match row.tags {
        Some(Object(members)) => tags(members)?,
        None => Tags::new(),
    };
    let port = row.port.map(RawValue::get).unwrap_or_default();
    let visited = Visited {
        target: row.target,
        host: row.host.unwrap_or_default(),
        sni: row.sni.unwrap_or_default(),
        ip: row.ip.unwrap_or_default(),
        port: port.trim_matches('"').to_owned(),
        service: row.service.unwrap_or_default(),
        given: row.addresses.is_none()
            && row.timing_ms.is_some_and(|timing| timing.dns == Some(None)),
    };
    visited.into_row(tags)
}

/// Returns true if the line is the JSON object of a row. Unlike `is_row`, it keeps nothing of the
/// line, so that a long line takes no more memory.
pub(super) fn is_long_row(line: &str) -> bool {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only their presence counts")]
    struct Marks {
        schema: IgnoredAny,
        target: IgnoredAny,
        verdict: IgnoredAny,
    }
    serde_json::from_str::<Marks>(line).is_ok()
}

/// Returns the error of a row with a field of the wrong type, or of a line that is no object.
fn row_error(error: serde_json::Error) -> RowError {
    let is_object = error.is_data();
    match json_error(error) {
        RowError::Json { reason, column } if is_object => RowError::EarlierRow { reason, column },
        error => error,
    }
}

#[derive(Deserialize)]
struct JsonRow<'a> {
    target: String,
    host: Option<String>,
    sni: Option<String>,
    ip: Option<String>,
    /// Parsed like the port of an inventory, so that a wrong one has the same error.
    #[serde(borrow)]
    port: Option<&'a RawValue>,
    service: Option<String>,
    /// Present if the name was looked up, also in the row of a retry.
    addresses: Option<IgnoredAny>,
    timing_ms: Option<TimingMs>,
    #[serde(borrow)]
    tags: Option<Object<'a>>,
}

#[derive(Deserialize)]
struct TimingMs {
    /// `None` if the key is absent, `Some(None)` if it is null.
    #[serde(default, deserialize_with = "present")]
    dns: Option<Option<f64>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Where the fields of a row are in CSV.
pub(super) struct RowColumns {
    names: Vec<Arc<str>>,
}

impl RowColumns {
    /// Returns the columns if the header is that of rows.
    pub(super) fn find(names: &[&str]) -> Option<Self> {
        let names = names.iter().copied();
        is_row(names.clone()).then(|| Self {
            names: names.map(Arc::from).collect(),
        })
    }

    /// Returns the row of these cells.
    pub(super) fn row(&self, cells: &[String]) -> Result<InputRow, RowError> {
        let cell = |wanted: &str| {
            let column = self.names.iter().position(|name| **name == *wanted)?;
            cells.get(column).map(String::as_str)
        };
        let text = |wanted: &str| unguarded(cell(wanted).unwrap_or_default()).to_owned();
        let tags = match cell("tags") {
            None | Some("") => Tags::new(),
            Some(json) => {
                let Object(members) = serde_json::from_str(json).map_err(json_error)?;
                tags(members)?
            }
        };
        let visited = Visited {
            target: text("target"),
            host: text("host"),
            sni: text("sni"),
            ip: text("ip"),
            port: text("port"),
            service: text("service"),
            given: cell("addresses_of").is_none_or(str::is_empty)
                && cell("timing_ms_dns") == Some(""),
        };
        visited.into_row(tags)
    }
}

/// Returns a cell without the `'` that the CSV output puts before the beginning of a formula. No
/// target begins with `'`.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}
