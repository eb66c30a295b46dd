//! Reads the file of `--rejects` as an input: after correction, each rejected line is read as the
//! inventory would have read it, with the header of its file if that was CSV.

use std::io::{self, BufRead, Cursor};
use std::sync::Arc;

use super::bounds::MAX_LINE;
use super::columns::InputRow;
use super::csv::Table;
use super::error::RowError;
use super::format::Format;
use super::headings::REJECT_COLUMNS;
use super::lines::Lines;

/// Maximum length of a row of such a file in bytes. `original` and `header` have up to the length of
/// a line each, and quoting may double it.
const MAX_ROW: usize = 5 * MAX_LINE;

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
    lines: Lines<Cursor<Vec<u8>>>,
    format: Box<Format>,
}

impl RejectedRows {
    /// Reads the rows below the header that `table` has read.
    pub(super) fn new<R: BufRead>(table: Table, lines: &mut Lines<R>, file: &Arc<str>) -> Self {
        lines.set_limit(MAX_ROW);
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

    /// Returns the line number, the original lines and the header of the current row.
    pub(super) fn place(&self) -> (u64, Vec<u8>, Vec<u8>) {
        let number = self.table.number();
        match &self.inner {
            Some(inner) => (number, inner.original.clone(), inner.header.clone()),
            None => (number, self.table.original(), Vec::new()),
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
        let [_, _, _, _, original, header] = <[Vec<u8>; 6]>::try_from(cells).unwrap_or_default();
        let text = match header.is_empty() {
            true => original.clone(),
            false => [&header[..], b"\n", &original].concat(),
        };
        let mut lines = Lines::new(Cursor::new(text));
        let format = match (header.is_empty(), original.trim_ascii_start().first()) {
            (true, Some(b'{')) => Format::Jsonl(Default::default()),
            (true, _) => Format::Lines,
            (false, _) => {
                let table = Table::open(&mut lines, file).ok().flatten();
                let table = table.filter(|table| !table.holds_rejects());
                Format::Csv(Box::new(table.ok_or(RowError::RejectHeader)?))
            }
        };
        Ok(Self {
            original,
            header,
            lines,
            format: Box::new(format),
        })
    }
}
