//! The formats of an inventory, and the reading of their rows.

use std::io::{self, BufRead};

use super::bounds::MAX_ROW;
use super::columns::InputRow;
use super::csv::Table;
use super::error::RowError;
use super::jsonl::Objects;
use super::lines::{Lines, without_comment, without_return};
use super::place::{InputFormat, Place};

/// A format, with what was read of its header.
pub(super) enum Format {
    Lines,
    /// Boxed because csv-core's state table is large.
    Csv(Box<Table>),
    Jsonl(Objects),
}

impl Format {
    /// Returns the next row, or why it is rejected; `None` at the end.
    pub(super) fn next<R: BufRead>(
        &mut self,
        lines: &mut Lines<R>,
    ) -> io::Result<Option<Result<InputRow, RowError>>> {
        if let Self::Csv(table) = self {
            return table.next(lines);
        }
        while lines.advance()? {
            let row = lines.text().and_then(|line| match self {
                Self::Jsonl(objects) => objects.row(line),
                _ => Ok(target_of(line)),
            });
            if let Some(row) = row.transpose() {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Returns the format of JSON Lines. Its lines may be as long as a row of an earlier scan.
    pub(super) fn jsonl<R: BufRead>(lines: &mut Lines<R>) -> Self {
        lines.set_limit(MAX_ROW);
        Self::Jsonl(Objects::default())
    }

    /// Returns the place of the current row.
    pub(super) fn place<R: BufRead>(&self, lines: &Lines<R>) -> Place {
        let of_line = |format| Place {
            line: lines.number(),
            original: without_return(lines.raw()).to_vec(),
            header: Vec::new(),
            format,
        };
        match self {
            Self::Lines => of_line(InputFormat::Lines),
            Self::Jsonl(_) => of_line(InputFormat::Jsonl),
            Self::Csv(table) => Place {
                line: table.number(),
                original: table.original(),
                header: table.header(),
                format: InputFormat::Csv,
            },
        }
    }

    /// Returns the notices about columns and keys that were not returned yet.
    pub(super) fn notices(&mut self) -> Vec<String> {
        match self {
            Self::Lines => Vec::new(),
            Self::Csv(table) => table.notices(),
            Self::Jsonl(objects) => objects.notices(),
        }
    }
}

fn target_of(line: &str) -> Option<InputRow> {
    match without_comment(line) {
        "" => None,
        text => Some(InputRow::line(text)),
    }
}
