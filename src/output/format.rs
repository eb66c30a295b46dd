//! The output formats. A new format is a new file and an entry in `FORMATS`;
//! docs/CONTRIBUTING.md lists every place.

use std::io::{self, Write};
use std::path::Path;

use super::Record;

/// Writes rows in one format. Each row is passed to the writer in one piece, so that the file ends
/// with a complete row after every flush.
pub trait Sink: Send {
    /// Writes one row.
    fn write(&mut self, record: &Record<'_>) -> io::Result<()>;

    /// Flushes the rows written so far.
    fn flush(&mut self) -> io::Result<()>;

    /// Writes the end of the output, if the format has one, and flushes.
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }
}

/// Layout of formats for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Show the IP address in every row; useful if a target may have several.
    pub addresses: bool,
    /// Show side, versions and what to do below each row; useful for a few servers.
    pub advice: bool,
}

/// An output format.
pub struct Format {
    /// Its name for `--format`.
    pub name: &'static str,
    /// File name extensions that select it.
    pub endings: &'static [&'static str],
    /// A one-line description.
    pub doc: &'static str,
    /// Starts an output in this format. The writer should be buffered.
    pub open: Opener,
}

/// Starts an output in one format on a writer.
pub type Opener = fn(Box<dyn Write + Send>, Layout) -> io::Result<Box<dyn Sink>>;

/// All formats.
pub const FORMATS: &[Format] = &[
    super::jsonl::FORMAT,
    super::csv::FORMAT,
    super::text::FORMAT,
];

/// The name or extension matches no format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFormat {
    /// The name matches none of `FORMATS`.
    #[error("unknown format `{asked}`; the formats are {known}", known = names())]
    Name {
        /// The name that was given.
        asked: String,
    },
    /// The extension of the file matches no format.
    #[error(
        "cannot derive a format from the file name `{path}`; use an extension of {known}, or give --format",
        known = endings()
    )]
    Ending {
        /// Path of the file.
        path: String,
    },
}

impl Format {
    /// Returns the format with this name.
    ///
    /// # Errors
    ///
    /// Returns an error if no format has this name.
    pub fn named(name: &str) -> Result<&'static Self, UnknownFormat> {
        let format = FORMATS.iter().find(|format| format.name == name);
        format.ok_or_else(|| UnknownFormat::Name {
            asked: name.to_owned(),
        })
    }

    /// Returns the format that the file name extension selects; case is ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if the extension selects no format.
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
    fn errors_name_the_known_formats() {
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
