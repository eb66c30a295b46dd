//! Reads the file of `--rejects` as an input: after correction, each rejected line is read as the
//! inventory would have read it: in its format, with the header of its file if that was CSV.

use std::io::{self, BufRead, Cursor};
use std::sync::Arc;

use super::bounds::{MAX_LINE, MAX_ROW, short};
use super::columns::InputRow;
use super::csv::Table;
use super::error::RowError;
use super::format::Format;
use super::headings::REJECT_COLUMNS;
use super::lines::Lines;
use super::place::{InputFormat, Place};

/// Maximum length of a row of such a file in bytes. `original` may be a row of an earlier scan,
/// `header` has up to the length of a line, and quoting may double both.
const MAX_REJECT: usize = 2 * (MAX_ROW + MAX_LINE) + MAX_LINE;

/// Reads the rows of a file of rejected lines.
pub(super) struct RejectedRows {
    file: Arc<str>,
    table: Box<Table>,
    inner: Option<Inner>,
}

/// The cells of one row, and what is left to read of them.
struct Inner {
    original: Vec<u8>,
    header: Vec<u8>,
    kind: InputFormat,
    lines: Lines<Cursor<Vec<u8>>>,
    format: Box<Format>,
}

impl RejectedRows {
    /// Reads the rows below the header that `table` has read.
    pub(super) fn new<R: BufRead>(table: Table, lines: &mut Lines<R>, file: &Arc<str>) -> Self {
        lines.set_limit(MAX_REJECT);
        Self {
            file: file.clone(),
            table: Box::new(table),
            inner: None,
        }
    }

    pub(super) fn next<R: BufRead>(
        &mut self,
        lines: &mut Lines<R>,
    ) -> io::Result<Option<Result<InputRow, RowError>>> {
        loop {
            if let Some(inner) = &mut self.inner {
                if let Some(row) = inner.format.next(&mut inner.lines)? {
                    return Ok(Some(row));
                }
                self.inner = None;
            }
            match self.table.next_bytes(lines)? {
                None => return Ok(None),
                Some(Err(error)) => return Ok(Some(Err(error))),
                Some(Ok(cells)) => match Inner::new(cells, &self.file) {
                    Ok(inner) => self.inner = Some(inner),
                    Err(error) => return Ok(Some(Err(error))),
                },
            }
        }
    }

    /// Returns the place of the current row.
    pub(super) fn place(&self) -> Place {
        let line = self.table.number();
        match &self.inner {
            Some(inner) => Place {
                line,
                original: inner.original.clone(),
                header: inner.header.clone(),
                format: inner.kind,
            },
            // A row of this file itself. As CSV without a header, it is rejected again when it is
            // read again.
            None => Place {
                line,
                original: self.table.original(),
                header: Vec::new(),
                format: InputFormat::Csv,
            },
        }
    }
}

impl Inner {
    fn new(mut cells: Vec<Vec<u8>>, file: &Arc<str>) -> Result<Self, RowError> {
        let columns = REJECT_COLUMNS.len();
        while cells.len() > columns && cells.last().is_some_and(Vec::is_empty) {
            cells.pop();
        }
        if cells.len() > columns {
            return Err(RowError::Ragged {
                cells: cells.len(),
                columns,
            });
        }
        cells.resize(columns, Vec::new());
        let [_, _, _, _, original, header, name] =
            <[Vec<u8>; 7]>::try_from(cells).unwrap_or_default();
        let mut formats = InputFormat::ALL.into_iter();
        let kind = formats.find(|it| it.name().as_bytes() == name.trim_ascii());
        let unknown = || RowError::RejectFormat(short(&String::from_utf8_lossy(&name)));
        let kind = kind.ok_or_else(unknown)?;
        let text = match kind {
            InputFormat::Csv => [&header[..], b"\n", &original].concat(),
            InputFormat::Lines | InputFormat::Jsonl => original.clone(),
        };
        let mut lines = Lines::new(Cursor::new(text));
        let format = match kind {
            InputFormat::Lines => Format::Lines,
            InputFormat::Jsonl => Format::jsonl(&mut lines),
            InputFormat::Csv => {
                let table = Table::open(&mut lines, file).ok().flatten();
                let table = table.filter(|table| !table.holds_rejects());
                Format::Csv(Box::new(table.ok_or(RowError::RejectHeader)?))
            }
        };
        Ok(Self {
            original,
            header,
            kind,
            lines,
            format: Box::new(format),
        })
    }
}
