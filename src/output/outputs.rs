//! The outputs of a sweep: opened before its first packet, written row by row, and named in
//! every error.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Record;
use super::format::{Format, Layout, Sink};

/// Rows are gathered to so many bytes before they are handed to the system: some fifty of them.
const BUFFER: usize = 64 * 1024;

/// Where rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl From<&Path> for Place {
    /// `-` is standard output, as for other tools.
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some("-" | "/dev/stdout") => Self::Stdout,
            _ => Self::File(path.to_path_buf()),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// An output cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It could not be created.
    #[error("{name} cannot be opened for writing: {source}")]
    Open {
        /// The output.
        name: String,
        /// The system's words.
        source: io::Error,
    },
    /// Two outputs are one file.
    #[error("{name} is named twice as an output; give each format its own file")]
    Twice {
        /// The output.
        name: String,
    },
    /// It could not be written any further.
    #[error("{name} cannot be written: {source}; its last row may be cut short")]
    Write {
        /// The output.
        name: String,
        /// The system's words.
        source: io::Error,
    },
    /// Whoever read standard output has gone, as `head` does: a reason to stop, and no fault.
    #[error("nobody reads standard output any more")]
    Closed,
}

impl OutputError {
    pub(super) fn write(name: &str, source: io::Error) -> Self {
        Self::Write {
            name: name.to_owned(),
            source,
        }
    }
}

/// Every output of a sweep.
pub struct Outputs(Vec<Output>);

struct Output {
    place: Place,
    sink: Box<dyn Sink>,
}

impl Outputs {
    /// Opens all of them. A file that is there already is emptied, and none is before all of
    /// them could be opened.
    pub fn open(wanted: &[(Place, &'static Format)], layout: Layout) -> Result<Self, OutputError> {
        refuse_twins(wanted)?;
        let opened: Vec<Option<File>> = wanted
            .iter()
            .map(|(place, _)| match place {
                Place::Stdout => Ok(None),
                Place::File(path) => open(path).map(Some),
            })
            .collect::<Result<_, _>>()?;
        let mut outputs = Vec::with_capacity(wanted.len());
        for ((place, format), file) in wanted.iter().zip(opened) {
            let writer: Box<dyn Write + Send> = match file {
                Some(file) => Box::new(BufWriter::with_capacity(BUFFER, emptied(place, file)?)),
                None => Box::new(BufWriter::with_capacity(BUFFER, io::stdout())),
            };
            outputs.push(Output::start(place.clone(), format, writer, layout)?);
        }
        Ok(Self(outputs))
    }

    /// Writes a row to all of them.
    pub fn write(&mut self, record: &Record<'_>) -> Result<(), OutputError> {
        let mut outputs = self.0.iter_mut();
        outputs.try_for_each(|output| output.told(|sink| sink.write(record)))
    }

    /// Passes on the rows written so far. Rows otherwise wait for a full buffer: call it about
    /// every second.
    pub fn flush(&mut self) -> Result<(), OutputError> {
        let mut outputs = self.0.iter_mut();
        outputs.try_for_each(|output| output.told(|sink| sink.flush()))
    }

    /// Ends all of them, also when one fails; the first failure is told.
    pub fn finish(self) -> Result<(), OutputError> {
        let mut told = Ok(());
        for mut output in self.0 {
            told = told.and(output.told(|sink| sink.finish()));
        }
        told
    }
}

impl Output {
    fn start(
        place: Place,
        format: &Format,
        writer: Box<dyn Write + Send>,
        layout: Layout,
    ) -> Result<Self, OutputError> {
        match (format.open)(writer, layout) {
            Ok(sink) => Ok(Self { place, sink }),
            Err(source) => Err(failed(&place, source)),
        }
    }

    fn told(
        &mut self,
        act: impl FnOnce(&mut dyn Sink) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        act(&mut *self.sink).map_err(|source| failed(&self.place, source))
    }
}

/// Creates a file to write one thing to, buffered.
pub(super) fn create(path: &Path) -> Result<Box<dyn Write + Send>, OutputError> {
    let place = Place::File(path.to_path_buf());
    let file = emptied(&place, open(path)?)?;
    Ok(Box::new(BufWriter::with_capacity(BUFFER, file)))
}

fn open(path: &Path) -> Result<File, OutputError> {
    let mut options = File::options();
    let opened = options.write(true).create(true).truncate(false).open(path);
    opened.map_err(|source| OutputError::Open {
        name: path.display().to_string(),
        source,
    })
}

/// Only regular files have a length to cut; pipes and devices are written as they are.
fn emptied(place: &Place, file: File) -> Result<File, OutputError> {
    let emptied = file.metadata().and_then(|about| match about.is_file() {
        true => file.set_len(0),
        false => Ok(()),
    });
    match emptied {
        Ok(()) => Ok(file),
        Err(source) => Err(OutputError::Open {
            name: place.to_string(),
            source,
        }),
    }
}

fn refuse_twins(wanted: &[(Place, &'static Format)]) -> Result<(), OutputError> {
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

/// Whether two places are one: `a.csv` and `./a.csv` are, also before they exist.
fn same(one: &Place, other: &Place) -> bool {
    match (one, other) {
        (Place::File(one), Place::File(other)) => {
            match (one.canonicalize(), other.canonicalize()) {
                (Ok(one), Ok(other)) => one == other && one.is_file(),
                _ => std::path::absolute(one).ok() == std::path::absolute(other).ok(),
            }
        }
        (one, other) => one == other,
    }
}

fn failed(place: &Place, source: io::Error) -> OutputError {
    match (place, source.kind()) {
        (Place::Stdout, io::ErrorKind::BrokenPipe) => OutputError::Closed,
        _ => OutputError::write(&place.to_string(), source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{COLUMNS, samples};

    fn wanted(paths: &[&Path]) -> Vec<(Place, &'static Format)> {
        paths
            .iter()
            .map(|path| (Place::from(*path), Format::for_path(path).unwrap()))
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
    fn an_output_that_cannot_be_opened_is_named_and_the_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("old.jsonl");
        std::fs::write(&old, "kept").unwrap();
        let nowhere = folder.path().join("no/such/folder.csv");
        let refused = Outputs::open(&wanted(&[&old, &nowhere]), Layout::default());
        let words = refused.err().map(|error| error.to_string()).unwrap();
        assert!(words.contains("no/such/folder.csv"), "{words}");
        assert_eq!(std::fs::read_to_string(old).unwrap(), "kept");
    }

    #[test]
    fn one_file_is_not_two_outputs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let again = folder.path().join("./a.csv");
        let refused = Outputs::open(&wanted(&[&path, &again]), Layout::default());
        assert!(matches!(refused.err(), Some(OutputError::Twice { .. })));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told_with_the_file() {
        let full = (
            Place::File("/dev/full".into()),
            Format::named("jsonl").unwrap(),
        );
        let mut outputs = Outputs::open(&[full], Layout::default()).unwrap();
        outputs.write(&samples::healthy().record()).unwrap();
        let error = outputs.flush().unwrap_err();
        assert!(matches!(error, OutputError::Write { .. }));
        assert!(error.to_string().contains("/dev/full"), "{error}");
    }

    #[test]
    fn a_reader_that_went_away_is_no_fault() {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(matches!(
            failed(&Place::Stdout, gone()),
            OutputError::Closed
        ));
        let file = Place::File("rows.jsonl".into());
        assert!(matches!(failed(&file, gone()), OutputError::Write { .. }));
    }
}
