//! Reads the rows of a CSV input (RFC 4180). A header line names the columns. A cell in double
//! quotes may contain commas and line ends.
//!
//! This file collects the lines of a row, and csv-core splits them into cells. Collecting lines
//! here bounds the size of a row, and an unclosed quote costs one line instead of the rest of the
//! file.

use std::collections::{HashSet, VecDeque};
use std::io::{self, BufRead};
use std::sync::Arc;

use super::bounds::{MAX_LINE, cut};
use super::cells::Cells;
use super::columns::{Column, InputRow, KnownColumn};
use super::error::{OpenError, RowError};
use super::lines::{Lines, excerpt};

/// A row or why it is rejected; `None` at the end.
type Read<T> = io::Result<Option<Result<T, RowError>>>;

/// Reads the rows below a header.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<Column>,
    cells: Cells,
    /// Lines that were read in search of a closing quote that did not come. They are read again as
    /// rows.
    again: VecDeque<InputLine>,
    /// Up to this line number, a row must end on its own line. Otherwise every line read again
    /// could search as far as the one before, and the time would be quadratic.
    single_until: u64,
    /// First line of the current row.
    first: InputLine,
}

#[derive(Default)]
struct InputLine {
    number: u64,
    text: String,
    fault: Option<RowError>,
}

impl Table {
    /// Reads the header, after any blank lines and comments. Returns `None` if the input has no
    /// header.
    pub(super) fn open<R: BufRead>(
        lines: &mut Lines<R>,
        file: &Arc<str>,
    ) -> Result<Option<Self>, OpenError> {
        let mut table = Self::default();
        table
            .find_separator(lines)
            .map_err(|error| OpenError::Unreadable {
                file: file.clone(),
                error,
            })?;
        loop {
            let cells = table.read(lines).map_err(|error| OpenError::Unreadable {
                file: file.clone(),
                error,
            })?;
            match cells {
                None => return Ok(None),
                Some(Err(error)) => {
                    let file = file.clone();
                    return Err(OpenError::BadHeader { file, error });
                }
                Some(Ok(_)) if table.first.text.trim_start().starts_with('#') => {}
                Some(Ok(cells)) => {
                    table.columns = columns(&cells, file)?;
                    return Ok(Some(table));
                }
            }
        }
    }

    /// Finds the separator from the header line, or from a line `sep=;` before it, as Excel writes.
    /// The header line is put back to be read again.
    fn find_separator<R: BufRead>(&mut self, lines: &mut Lines<R>) -> io::Result<()> {
        let mut declared = None;
        while let Some(line) = self.line(lines)? {
            let text = line.text.trim();
            if declared.is_none() && line.fault.is_none() {
                declared = excel_separator(text);
                if declared.is_some() {
                    continue;
                }
            }
            if line.fault.is_some() || !(text.is_empty() || text.starts_with('#')) {
                let separator = declared.unwrap_or_else(|| separator(&line.text));
                self.cells = Cells::between(separator);
                self.again.push_front(line);
                break;
            }
        }
        Ok(())
    }

    /// Returns the columns carried as tags whose names suggest a column that is recognised.
    pub(super) fn misnamed_columns(&self) -> impl Iterator<Item = (&str, KnownColumn)> {
        self.columns.iter().filter_map(|column| match column {
            Column::Tag(name) => Some((&**name, KnownColumn::meant_by(name)?)),
            Column::Known(_) => None,
        })
    }

    /// Returns the next row.
    pub(super) fn next<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Read<InputRow> {
        Ok(match self.read(lines)? {
            Some(Ok(cells)) => Some(self.row(cells)),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        })
    }

    /// Returns the line number at which the current row begins.
    pub(super) fn number(&self) -> u64 {
        self.first.number
    }

    /// Returns the beginning of the current row's first line, for a reject.
    pub(super) fn excerpt(&self) -> String {
        excerpt(&self.first.text)
    }

    /// A row may have fewer cells than the header, because spreadsheets omit empty cells at its
    /// end. It may not have more, unless they are empty.
    fn row(&self, mut cells: Vec<String>) -> Result<InputRow, RowError> {
        while cells.len() > self.columns.len() && cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        if cells.len() > self.columns.len() {
            return Err(RowError::Ragged {
                cells: cells.len(),
                columns: self.columns.len(),
            });
        }
        let mut row = InputRow::default();
        for (column, cell) in self.columns.iter().zip(cells) {
            match column {
                Column::Known(known) => row.set(*known, cell),
                Column::Tag(name) => row.tags.push((name.clone(), cell.into())),
            }
        }
        Ok(row)
    }

    /// Returns the cells of the next row that is not blank.
    fn read<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Read<Vec<String>> {
        while let Some(line) = self.line(lines)? {
            self.first = line;
            if let Some(fault) = self.first.fault.take() {
                return Ok(Some(Err(fault)));
            }
            match self.split_row(lines)? {
                Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => {}
                read => return Ok(Some(read)),
            }
        }
        Ok(None)
    }

    /// Splits the row that begins with `first`, reading more lines while a quote is open.
    fn split_row<R: BufRead>(
        &mut self,
        lines: &mut Lines<R>,
    ) -> io::Result<Result<Vec<String>, RowError>> {
        self.cells.start();
        self.cells.add(&self.first.text);
        let (mut more, mut size) = (VecDeque::new(), self.first.text.len());
        while self.cells.is_open() || self.cells.is_stray() {
            if self.cells.is_stray() {
                self.read_again(more);
                return Ok(Err(RowError::StrayQuote));
            }
            let next = match self.first.number <= self.single_until {
                true => None,
                false => self.line(lines)?,
            };
            match next {
                Some(line) if line.fault.is_none() && size + line.text.len() < MAX_LINE => {
                    self.cells.add(&line.text);
                    size += line.text.len() + 1;
                    more.push_back(line);
                }
                beyond => {
                    more.extend(beyond);
                    self.read_again(more);
                    return Ok(Err(RowError::OpenQuote));
                }
            }
        }
        Ok(Ok(self.cells.finish()))
    }

    fn read_again(&mut self, lines: VecDeque<InputLine>) {
        // Only lines after `single_until` are collected, and none of those is in `again`. So
        // `again` is empty whenever lines are put into it.
        if let Some(last) = lines.back() {
            self.single_until = last.number;
            self.again = lines;
        }
    }

    fn line<R: BufRead>(&mut self, lines: &mut Lines<R>) -> io::Result<Option<InputLine>> {
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(line));
        }
        if !lines.advance()? {
            return Ok(None);
        }
        let (text, fault) = match lines.text() {
            Ok(text) => (text.to_owned(), None),
            Err(fault) => (lines.excerpt(), Some(fault)),
        };
        Ok(Some(InputLine {
            number: lines.number(),
            text,
            fault,
        }))
    }
}

/// Returns true if the line is a header that identifies a file as CSV.
pub(super) fn is_header(line: &str) -> bool {
    let cells = |separator| Cells::of(line, separator).unwrap_or_default();
    let split = |separator: &u8| cells(*separator).len() > 1 && name_a_host(&cells(*separator));
    excel_separator(line).is_some() || SEPARATORS.iter().any(split)
}

/// Supported separators, the most usual first. Spreadsheets write semicolons in locales with a
/// decimal comma, and tabs when they export as text.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Returns the separator of a header: the one that splits it into columns that name hosts, or else
/// into the most columns.
fn separator(header: &str) -> u8 {
    let rank = |separator: &u8| {
        let cells = Cells::of(header, *separator).unwrap_or_default();
        // A header of one cell has no separator; the comma is the default.
        (name_a_host(&cells), cells.len().max(1))
    };
    let best = SEPARATORS.into_iter().rev().max_by_key(rank);
    best.unwrap_or(b',')
}

fn name_a_host(cells: &[String]) -> bool {
    let mut columns = cells
        .iter()
        .filter_map(|cell| KnownColumn::named(cell.trim()));
    columns.any(KnownColumn::names_a_host)
}

/// Returns the separator from the line that Excel writes first, which may be in quotes.
fn excel_separator(line: &str) -> Option<u8> {
    let line = line
        .trim_start_matches('\u{feff}')
        .trim_end_matches(['\r', '\n']);
    let line = line.strip_prefix('"').unwrap_or(line);
    let value = line.strip_prefix("sep=")?;
    let value = value.strip_suffix('"').unwrap_or(value);
    SEPARATORS.into_iter().find(|it| value.as_bytes() == [*it])
}

fn columns(cells: &[String], file: &Arc<str>) -> Result<Vec<Column>, OpenError> {
    let mut seen = HashSet::new();
    let mut columns = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let column = match KnownColumn::named(cell.trim()) {
            Some(known) => Column::Known(known),
            None => tag(cell.trim(), index + 1, &seen),
        };
        match &column {
            Column::Known(known) if seen.contains(&column) => {
                return Err(OpenError::ColumnTwice {
                    file: file.clone(),
                    column: known.name(),
                });
            }
            _ => seen.insert(column.clone()),
        };
        columns.push(column);
    }
    refuse_misnamed(&columns, file)?;
    let host = |column: &Column| matches!(column, Column::Known(known) if known.names_a_host());
    match columns.iter().any(host) {
        true => Ok(columns),
        false => Err(OpenError::NoHostColumn {
            file: file.clone(),
            found: cut(&format!("{cells:?}"), 200),
        }),
    }
}

/// Rejects a header with a column that seems to contain the port, if no port column is recognised:
/// otherwise the wrong port would be scanned. The same holds for the host.
fn refuse_misnamed(columns: &[Column], file: &Arc<str>) -> Result<(), OpenError> {
    let has = |wanted: fn(KnownColumn) -> bool| {
        let mut all = columns.iter();
        all.any(|column| matches!(column, Column::Known(known) if wanted(*known)))
    };
    let missing = |known: &KnownColumn| match known {
        KnownColumn::Port => !has(|it| matches!(it, KnownColumn::Port | KnownColumn::Ports)),
        known => known.names_a_host() && !has(KnownColumn::names_a_host),
    };
    let mut tags = columns.iter().filter_map(|column| match column {
        Column::Tag(name) => Some((name, KnownColumn::meant_by(name)?)),
        Column::Known(_) => None,
    });
    match tags.find(|(_, meant)| missing(meant)) {
        Some((name, meant)) => Err(OpenError::Misnamed {
            file: file.clone(),
            found: cut(name, 60),
            meant: meant.name(),
        }),
        None => Ok(()),
    }
}

/// Makes a column that is carried as a tag. Tags are found by name in the record, so a missing name
/// is replaced by the column's number, and a repeated name gets it as a suffix.
fn tag(name: &str, number: usize, seen: &HashSet<Column>) -> Column {
    let mut name = match name {
        "" => format!("column{number}"),
        name => name.to_owned(),
    };
    while seen.contains(&Column::Tag(name.as_str().into())) {
        name = format!("{name}.{number}");
    }
    Column::Tag(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns every row's cells, or why it is rejected, with its line number.
    fn rows(input: &str) -> Vec<(u64, Result<Vec<String>, RowError>)> {
        let mut lines = Lines::new(input.as_bytes());
        let mut table = Table::default();
        let mut rows = Vec::new();
        while let Some(row) = table.read(&mut lines).unwrap() {
            rows.push((table.number(), row));
        }
        rows
    }

    #[test]
    fn an_open_quote_costs_its_own_line_only() {
        // The search for the closing quote ends after as much text as a row may have.
        let input = format!("a,\"b\n{}\nz,\"1\n2\"\n", vec!["c,d"; 20_000].join("\n"));
        let rows = rows(&input);
        assert_eq!(rows[0], (1, Err(RowError::OpenQuote)));
        assert_eq!(rows.len(), 20_002);
        assert!(rows[1..20_001].iter().all(|(_, row)| row.is_ok()));
        let last = vec!["z".to_owned(), "1\n2".to_owned()];
        assert_eq!(rows[20_001], (20_002, Ok(last)));
    }

    #[test]
    fn a_stray_quote_does_not_carry_the_lines_after_it_away() {
        let row = |cells: [&str; 2]| Ok(cells.map(str::to_owned).to_vec());
        let read = rows("a,\"b\nc,d\ne,\"f\"\ng,\"h\" \ni,\"j\"k\n");
        let expected = [
            (1, Err(RowError::StrayQuote)),
            (2, row(["c", "d"])),
            (3, row(["e", "f"])),
            (4, row(["g", "h"])),
            (5, Err(RowError::StrayQuote)),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn lines_that_each_leave_a_quote_open_are_read_in_linear_time() {
        // Each line closes the quote of the line before and opens another.
        let input = "a\" ,\"c\n".repeat(50_000);
        let rows = rows(&input);
        assert_eq!(rows.len(), 50_000);
        assert!(rows.iter().all(|(_, row)| *row == Err(RowError::OpenQuote)));
    }

    #[test]
    fn columns_without_a_name_of_their_own_get_one() {
        let cells = ["Host ", "owner", "", "owner"].map(str::to_owned);
        let columns = columns(&cells, &"f".into()).unwrap();
        let tag = |name: &str| Column::Tag(name.into());
        assert_eq!(
            columns,
            [
                Column::Known(KnownColumn::Host),
                tag("owner"),
                tag("column3"),
                tag("owner.4")
            ]
        );
    }

    proptest! {
        #[test]
        fn cells_are_those_that_the_csv_crate_wrote(
            written in prop::collection::vec(prop::collection::vec("[a\",\n \r]{0,4}", 2..4), 1..4)
        ) {
            let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &written {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<_> = rows(&text).into_iter().map(|(_, row)| row.unwrap()).collect();
            let blank = |row: &Vec<String>| row.iter().all(|cell| cell.trim().is_empty());
            let written: Vec<_> = written.into_iter().filter(|row| !blank(row)).collect();
            prop_assert_eq!(read, written);
        }

        #[test]
        fn any_text_is_read_to_its_end(text in "[a\",\n\r]{0,60}") {
            rows(&text);
        }
    }
}
