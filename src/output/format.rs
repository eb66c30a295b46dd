//! The formats that rows are written in. To add one is one file and one line in `FORMATS`.

use std::io::{self, Write};
use std::path::Path;

use super::Record;

/// Writes rows in one format. Each row reaches the writer in one piece, so that what lies in a
/// file ends with a whole row whenever it is flushed.
pub trait Sink: Send {
    /// Writes one row.
    fn write(&mut self, record: &Record<'_>) -> io::Result<()>;

    /// Passes on what was written so far.
    fn flush(&mut self) -> io::Result<()>;

    /// Writes what ends the output, and flushes it.
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }
}

/// How rows are laid out for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Name the address of every row: wanted where a target may have several.
    pub addresses: bool,
}

/// A format.
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// The endings of file names that choose it.
    pub endings: &'static [&'static str],
    /// What it is for, in a line.
    pub doc: &'static str,
    /// Starts writing it. Writers are expected to be buffered.
    pub open: Opener,
}

/// Starts writing a format to a writer.
pub type Opener = fn(Box<dyn Write + Send>, Layout) -> io::Result<Box<dyn Sink>>;

/// Every format.
pub const FORMATS: &[Format] = &[
    super::jsonl::FORMAT,
    super::csv::FORMAT,
    super::text::FORMAT,
];

/// No format goes by that name or ending.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFormat {
    /// The name is not one of `FORMATS`.
    #[error("no format is named `{asked}`; there are {known}", known = names())]
    Name {
        /// What was asked for.
        asked: String,
    },
    /// The file's ending chooses no format.
    #[error(
        "`{path}` does not end in a way that says its format; end it with {known}, or give --format",
        known = endings()
    )]
    Ending {
        /// The file.
        path: String,
    },
}

impl Format {
    /// The format with this name.
    pub fn named(name: &str) -> Result<&'static Self, UnknownFormat> {
        let format = FORMATS.iter().find(|format| format.name == name);
        format.ok_or_else(|| UnknownFormat::Name {
            asked: name.to_owned(),
        })
    }

    /// The format that a file's ending chooses, in any case of letters.
    pub fn for_path(path: &Path) -> Result<&'static Self, UnknownFormat> {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let chosen = FORMATS.iter().find(|format| {
            let mut endings = format.endings.iter();
            ending.is_some_and(|ending| endings.any(|known| known.eq_ignore_ascii_case(ending)))
        });
        chosen.ok_or_else(|| UnknownFormat::Ending {
            path: path.display().to_string(),
        })
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Format").field(&self.name).finish()
    }
}

fn names() -> String {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    names.join(", ")
}

/// Every ending that chooses a format, as `.jsonl, .csv`.
pub fn endings() -> String {
    let endings = FORMATS.iter().flat_map(|format| format.endings);
    let endings: Vec<String> = endings.map(|ending| format!(".{ending}")).collect();
    endings.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_choose_formats() {
        for (path, name) in [
            ("out/rows.jsonl", Some("jsonl")),
            ("rows.NDJSON", Some("jsonl")),
            ("a.b.csv", Some("csv")),
            ("rows.txt", Some("text")),
            ("rows.json", None),
            ("rows", None),
            (".csv", None),
        ] {
            let chosen = Format::for_path(Path::new(path)).map(|format| format.name);
            assert_eq!(chosen.ok(), name, "{path}");
        }
    }

    #[test]
    fn refusals_name_what_there_is() {
        let refusal = Format::for_path(Path::new("rows.xls"))
            .unwrap_err()
            .to_string();
        assert!(
            refusal.contains("`rows.xls`") && refusal.contains(".csv"),
            "{refusal}"
        );
        let refusal = Format::named("xml").unwrap_err().to_string();
        assert!(
            refusal.contains("`xml`") && refusal.contains("jsonl, csv, text"),
            "{refusal}"
        );
        assert_eq!(Format::named("csv").unwrap().name, "csv");
    }

    #[test]
    fn no_two_formats_share_a_name_or_an_ending() {
        let mut words: Vec<&str> = FORMATS.iter().flat_map(|f| f.endings).copied().collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
