//! The outputs of a sweep. They are opened before the first packet and written row by row. Every
//! error names its output.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::OutputError;
use super::format::{Format, Layout, Sink};
use super::{Anonymizer, Record, Reserved};

/// Bytes to buffer before writing to the file: about 50 rows.
const BUFFER: usize = 64 * 1024;

/// Destination of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputPath {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl From<&Path> for OutputPath {
    /// Returns standard output for `-` and for the operating system's names of standard output.
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some("-" | "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => Self::Stdout,
            _ => Self::File(path.to_path_buf()),
        }
    }
}

impl std::fmt::Display for OutputPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Every output of a sweep.
pub struct Outputs {
    all: Vec<Output>,
    /// Replaces values of every row, if rows are to be published.
    anonymizer: Option<Anonymizer>,
}

struct Output {
    /// Flag and path of the file; `None` is standard output.
    name: Option<String>,
    sink: Box<dyn Sink>,
}

/// Opened outputs that still have their old contents; `None` is standard output.
pub struct ReservedOutputs(Vec<(Option<Reserved>, &'static Format)>);

impl ReservedOutputs {
    /// Opens all outputs without emptying them.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be opened or is given twice.
    pub fn open(wanted: &[(OutputPath, &'static Format)]) -> Result<Self, OutputError> {
        refuse_twins(wanted)?;
        let opened = wanted.iter().map(|(place, format)| match place {
            OutputPath::Stdout => Ok((None, *format)),
            OutputPath::File(path) => Ok((Some(Reserved::open("-o", path)?), *format)),
        });
        Ok(Self(opened.collect::<Result<_, _>>()?))
    }

    /// Empties all outputs and starts each in its format.
    ///
    /// # Errors
    ///
    /// Returns an error if an output cannot be emptied or written.
    pub fn begin(self, layout: Layout) -> Result<Outputs, OutputError> {
        let mut outputs = Vec::with_capacity(self.0.len());
        for (reserved, format) in self.0 {
            let (name, writer) = match reserved {
                Some(reserved) => {
                    let (name, writer) = begin(reserved)?;
                    (Some(name), writer)
                }
                None => (None, buffered(io::stdout())),
            };
            outputs.push(Output::start(name, format, writer, layout)?);
        }
        Ok(Outputs {
            all: outputs,
            anonymizer: None,
        })
    }
}

impl Outputs {
    /// Opens and empties all outputs. No existing file is emptied unless all of them can be opened.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be opened, is given twice, or cannot be written.
    pub fn open(
        wanted: &[(OutputPath, &'static Format)],
        layout: Layout,
    ) -> Result<Self, OutputError> {
        ReservedOutputs::open(wanted)?.begin(layout)
    }

    /// Replaces values of every row from now on.
    #[must_use]
    pub fn anonymized(self, anonymizer: Option<Anonymizer>) -> Self {
        Self { anonymizer, ..self }
    }

    /// Writes a row to every output.
    ///
    /// # Errors
    ///
    /// Returns an error if an output cannot be written.
    pub fn write(&mut self, record: &Record<'_>) -> Result<(), OutputError> {
        let masked = self.anonymizer.as_mut().map(|anonymizer| {
            anonymizer.watch(record);
            anonymizer.mask(record)
        });
        let masked = masked.as_ref().map(|masked| masked.record(record));
        let record = masked.as_ref().unwrap_or(record);
        let mut outputs = self.all.iter_mut();
        outputs.try_for_each(|output| output.run(|sink| sink.write(record)))
    }

    /// Returns the tags to keep (`--keep-tags`) that no row has had so far.
    pub fn absent_tags(&self) -> Vec<String> {
        let anonymizer = self.anonymizer.as_ref();
        anonymizer.map_or_else(Vec::new, Anonymizer::absent)
    }

    /// Flushes all outputs. Without a flush rows stay in the buffer until it is full, so call this
    /// about once a second.
    ///
    /// # Errors
    ///
    /// Returns an error if an output cannot be written.
    pub fn flush(&mut self) -> Result<(), OutputError> {
        let mut outputs = self.all.iter_mut();
        outputs.try_for_each(|output| output.run(|sink| sink.flush()))
    }

    /// Finishes every output, even if one of them fails.
    ///
    /// # Errors
    ///
    /// Returns the first failure.
    pub fn finish(self) -> Result<(), OutputError> {
        let mut result = Ok(());
        for mut output in self.all {
            result = result.and(output.run(|sink| sink.finish()));
        }
        result
    }
}

impl Output {
    fn start(
        name: Option<String>,
        format: &Format,
        writer: Box<dyn Write + Send>,
        layout: Layout,
    ) -> Result<Self, OutputError> {
        match (format.open)(writer, layout) {
            Ok(sink) => Ok(Self { name, sink }),
            Err(source) => Err(failed(name.as_deref(), source)),
        }
    }

    fn run(
        &mut self,
        act: impl FnOnce(&mut dyn Sink) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        act(&mut *self.sink).map_err(|source| failed(self.name.as_deref(), source))
    }
}

/// Empties a file and returns its name and a buffered writer.
pub(super) fn begin(reserved: Reserved) -> Result<(String, Box<dyn Write + Send>), OutputError> {
    let (name, file) = reserved.emptied()?;
    Ok((name, buffered(file)))
}

fn buffered(writer: impl Write + Send + 'static) -> Box<dyn Write + Send> {
    Box::new(BufWriter::with_capacity(BUFFER, writer))
}

fn refuse_twins(wanted: &[(OutputPath, &'static Format)]) -> Result<(), OutputError> {
    for (index, (place, _)) in wanted.iter().enumerate() {
        if wanted[..index]
            .iter()
            .any(|(earlier, _)| same(earlier, place))
        {
            return Err(OutputError::Twice {
                name: place.to_string(),
            });
        }
    }
    Ok(())
}

/// Returns true if two paths are the same file. `a.csv` and `./a.csv` are, even before the file
/// exists.
fn same(one: &OutputPath, other: &OutputPath) -> bool {
    match (one, other) {
        (OutputPath::File(one), OutputPath::File(other)) => {
            match (one.canonicalize(), other.canonicalize()) {
                (Ok(one), Ok(other)) => one == other && one.is_file(),
                _ => std::path::absolute(one).ok() == std::path::absolute(other).ok(),
            }
        }
        (one, other) => one == other,
    }
}

fn failed(name: Option<&str>, error: io::Error) -> OutputError {
    match (name, error.kind()) {
        (None, io::ErrorKind::BrokenPipe) => OutputError::Closed,
        (None, _) => OutputError::write("standard output", error),
        (Some(name), _) => OutputError::write(name, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{COLUMNS, samples};

    fn wanted(paths: &[&Path]) -> Vec<(OutputPath, &'static Format)> {
        paths
            .iter()
            .map(|path| (OutputPath::from(*path), Format::for_path(path).unwrap()))
            .collect()
    }

    #[test]
    fn one_row_goes_to_every_output() {
        let folder = tempfile::tempdir().unwrap();
        let (rows, table) = (folder.path().join("a.jsonl"), folder.path().join("b.csv"));
        std::fs::write(&rows, "an older and much longer file".repeat(500)).unwrap();
        let sample = samples::healthy();
        let mut outputs = Outputs::open(&wanted(&[&rows, &table]), Layout::default()).unwrap();
        outputs.write(&sample.record()).unwrap();
        outputs.finish().unwrap();
        let rows = std::fs::read_to_string(rows).unwrap();
        assert_eq!(rows.lines().count(), 1);
        let row: serde_json::Value = serde_json::from_str(&rows).unwrap();
        assert_eq!(row["verdict"], "ok");
        let table = std::fs::read_to_string(table).unwrap();
        assert!(table.starts_with(COLUMNS[0].name));
        assert_eq!(table.lines().count(), 2);
    }

    #[test]
    fn an_output_that_cannot_be_opened_is_named_and_the_others_keep_their_contents() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("old.jsonl");
        std::fs::write(&old, "kept").unwrap();
        let nowhere = folder.path().join("no/such/folder.csv");
        let result = Outputs::open(&wanted(&[&old, &nowhere]), Layout::default());
        let message = result.err().map(|error| error.to_string()).unwrap();
        assert!(message.contains("no/such/folder.csv"), "{message}");
        assert_eq!(std::fs::read_to_string(old).unwrap(), "kept");
    }

    #[test]
    fn two_outputs_must_not_be_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let again = folder.path().join("./a.csv");
        let result = Outputs::open(&wanted(&[&path, &again]), Layout::default());
        assert!(matches!(result.err(), Some(OutputError::Twice { .. })));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_reported_with_the_file() {
        let full = (
            OutputPath::File("/dev/full".into()),
            Format::named("jsonl").unwrap(),
        );
        let mut outputs = Outputs::open(&[full], Layout::default()).unwrap();
        outputs.write(&samples::healthy().record()).unwrap();
        let error = outputs.flush().unwrap_err();
        assert!(matches!(error, OutputError::Write { .. }));
        assert!(error.to_string().contains("-o /dev/full"), "{error}");
    }

    #[test]
    fn a_closed_standard_output_is_not_a_failure() {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(matches!(failed(None, gone()), OutputError::Closed));
        let file = failed(Some("-o rows.jsonl"), gone());
        assert!(matches!(file, OutputError::Write { .. }));
    }
}
