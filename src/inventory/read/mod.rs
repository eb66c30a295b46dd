//! Reads targets and rejects, one at a time, from an input of any format. It chooses the format;
//! the parsing is in the files beside it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bounds::MAX_LINE;
use super::columns::InputRow;
use super::csv::{Table, is_header};
use super::error::{InputError, OpenError, Reject, RowError};
use super::format::Format;
use super::input::{Arguments, Input, STDIN, Tally};
use super::lines::Lines;
use super::place::{InputFormat, Place};
use super::rejects::RejectedRows;
use super::signatures;
use super::{Advice, Defaults, Expansion, Target};

/// Where targets come from.
pub enum Source {
    /// The command line, one target per argument. Rejects have the source `argument` and the
    /// argument's position as the line.
    Arguments(Vec<String>),
    /// A file. Its extension determines the format (`.csv`, `.tsv`, `.jsonl`, `.ndjson`), or else
    /// its first line does.
    File(PathBuf),
    /// A file that is already open, with its path.
    Opened(PathBuf, Box<dyn Read + Send>),
    /// Standard input or another stream. Its first line determines the format.
    Stdin(Box<dyn BufRead + Send>),
}

/// Reads targets from one source. After a reject, it continues with the next row. After
/// `InputError::Unreadable`, it ends.
pub struct TargetReader {
    source: Arc<str>,
    defaults: Defaults,
    rows: Rows,
    /// Targets of the current row that were not returned yet.
    current: Option<Expansion>,
    broken: bool,
}

/// Opens a source. This reads up to the first line that is neither blank nor a comment, so it
/// blocks on a pipe until such a line arrives.
///
/// # Errors
///
/// Returns an error if the source cannot be read, or is in a format that is not supported.
pub fn open(source: Source, defaults: &Defaults) -> Result<TargetReader, OpenError> {
    let (source, rows) = match source {
        Source::Arguments(arguments) => ("argument".into(), Rows::Arguments(arguments.into())),
        Source::File(path) => {
            let name: Arc<str> = path.to_string_lossy().into();
            let file = File::open(&path).map_err(|error| unreadable(&name, error))?;
            let rows = open_text(&name, Box::new(file), format_of(&path))?;
            (name, rows)
        }
        Source::Opened(path, stream) => {
            let name: Arc<str> = path.to_string_lossy().into();
            let rows = open_text(&name, stream, format_of(&path))?;
            (name, rows)
        }
        Source::Stdin(stream) => {
            let name: Arc<str> = STDIN.into();
            let rows = open_text(&name, stream, None)?;
            (name, rows)
        }
    };
    Ok(TargetReader {
        source,
        defaults: defaults.clone(),
        rows,
        current: None,
        broken: false,
    })
}

impl TargetReader {
    /// Returns the name of the source, as used in rejects.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// Returns notices for the user about the columns of the input, one line each. A file of JSON
    /// Lines has new ones while it is read. Each is returned once.
    pub fn notices(&mut self) -> Vec<String> {
        let mut notices = match &mut self.rows {
            Rows::Text { format, .. } => format.notices(),
            Rows::Arguments(_) | Rows::Rejected { .. } => Vec::new(),
        };
        for notice in &mut notices {
            notice.insert_str(0, &format!("{}: ", self.source));
        }
        notices
    }

    /// Returns a description of what was read. Call it when there is nothing more to read.
    pub fn into_input(self) -> Input {
        match self.rows {
            Rows::Arguments(arguments) => arguments.into_input(self.source),
            Rows::Text { lines, .. } | Rows::Rejected { lines, .. } => {
                let (_, stream) = lines.into_inner().into_inner();
                stream.into_inner().into_input(self.source)
            }
        }
    }

    fn reject(&self, error: &RowError) -> Box<Reject> {
        let place = self.rows.place();
        let mut original = place.original;
        // A row of a table keeps its whole length, because its beginning alone may be a row.
        if matches!(error, RowError::TooLong(_)) && place.format != InputFormat::Csv {
            original.truncate(MAX_LINE + 1);
        }
        let Advice { reason, hint } = error.advice();
        Box::new(Reject {
            source: self.source.clone(),
            line: place.line,
            reason,
            hint,
            original,
            header: place.header,
            format: place.format,
        })
    }
}

impl Iterator for TargetReader {
    type Item = Result<Target, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(target) = self.current.as_mut().and_then(Iterator::next) {
                return Some(Ok(target));
            }
            self.current = None;
            if self.broken {
                return None;
            }
            match self.rows.next() {
                Ok(row) => match row?.and_then(|row| row.expand(&self.defaults)) {
                    Ok(targets) => self.current = Some(targets),
                    Err(error) => return Some(Err(InputError::Reject(self.reject(&error)))),
                },
                Err(error) => {
                    self.broken = true;
                    let file = self.source.clone();
                    return Some(Err(InputError::Unreadable { file, error }));
                }
            }
        }
    }
}

/// The beginning, read to determine the format, followed by the rest of the stream.
type Text = Lines<Chain<Cursor<Vec<u8>>, BufReader<Tally>>>;

enum Rows {
    Arguments(Arguments),
    Text {
        lines: Box<Text>,
        format: Format,
    },
    Rejected {
        lines: Box<Text>,
        rows: RejectedRows,
    },
}

impl Rows {
    fn next(&mut self) -> io::Result<Option<Result<InputRow, RowError>>> {
        match self {
            Self::Arguments(arguments) => Ok(arguments.next().map(Ok)),
            Self::Text { lines, format } => format.next(lines),
            Self::Rejected { lines, rows } => rows.next(lines),
        }
    }

    /// Returns the place of the current row.
    fn place(&self) -> Place {
        match self {
            Self::Arguments(arguments) => arguments.place(),
            Self::Text { lines, format } => format.place(lines),
            Self::Rejected { rows, .. } => rows.place(),
        }
    }
}

fn open_text(
    name: &Arc<str>,
    stream: Box<dyn Read + Send>,
    kind: Option<InputFormat>,
) -> Result<Rows, OpenError> {
    let mut stream = BufReader::with_capacity(MAX_LINE, Tally::new(stream));
    let start = beginning(&mut stream).map_err(|error| unreadable(name, error))?;
    if let Some(error) = signatures::refused(&start, name) {
        return Err(error);
    }
    if let Some(error) = unsupported(&start, name) {
        return Err(error);
    }
    let kind = kind.unwrap_or_else(|| kind_of(&start));
    let mut lines = Lines::new(Cursor::new(start).chain(stream));
    let format = match kind {
        InputFormat::Lines => Format::Lines,
        InputFormat::Jsonl => Format::jsonl(&mut lines),
        // A CSV file without a header has no rows in any format.
        InputFormat::Csv => match Table::open(&mut lines, name)? {
            None => Format::Lines,
            Some(table) if table.holds_rejects() => {
                let rows = RejectedRows::new(table, &mut lines, name);
                let lines = Box::new(lines);
                return Ok(Rows::Rejected { lines, rows });
            }
            Some(table) => Format::Csv(Box::new(table)),
        },
    };
    let lines = Box::new(lines);
    Ok(Rows::Text { lines, format })
}

fn format_of(path: &Path) -> Option<InputFormat> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    match ending.as_str() {
        "csv" | "tsv" => Some(InputFormat::Csv),
        "jsonl" | "ndjson" => Some(InputFormat::Jsonl),
        _ => None,
    }
}

/// Returns an error if the beginning shows a format that is not supported.
fn unsupported(start: &[u8], file: &Arc<str>) -> Option<OpenError> {
    let mut lines = start.split_inclusive(|&byte| byte == b'\n');
    let line = lines.find_map(content)?;
    let file = file.clone();
    // Anything else that begins with a bracket is an IPv6 address.
    let array = line.strip_prefix('[').map(str::trim_start);
    if array.is_some_and(|rest| rest.is_empty() || rest.starts_with(['{', '"', '[', ']'])) {
        let filter = ".[]";
        return Some(OpenError::JsonOverLines { file, filter });
    }
    if line == "{" {
        let filter = ".";
        return Some(OpenError::JsonOverLines { file, filter });
    }
    let shown = signatures::in_command(&file);
    line.starts_with('<')
        .then_some(OpenError::Markup { file, shown })
}

/// Reads up to and including the first line with content, but at most the length of one line.
fn beginning(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    loop {
        let (before, room) = (start.len(), MAX_LINE - start.len());
        let mut bounded = stream.by_ref().take(room as u64);
        if bounded.read_until(b'\n', &mut start)? == 0 || content(&start[before..]).is_some() {
            return Ok(start);
        }
    }
}

fn kind_of(start: &[u8]) -> InputFormat {
    match start
        .split_inclusive(|&byte| byte == b'\n')
        .find_map(content)
    {
        Some(line) if line.starts_with('{') => InputFormat::Jsonl,
        Some(line) if is_header(&line) => InputFormat::Csv,
        _ => InputFormat::Lines,
    }
}

/// Returns a line without surrounding white space and byte order mark, or `None` if it is blank or
/// a comment.
fn content(line: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_start_matches('\u{feff}').trim();
    match text.is_empty() || text.starts_with('#') {
        true => None,
        false => Some(text.to_owned()),
    }
}

fn unreadable(file: &Arc<str>, error: io::Error) -> OpenError {
    let file = file.clone();
    OpenError::Unreadable { file, error }
}

#[cfg(test)]
mod tests;
