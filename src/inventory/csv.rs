//! Reads the rows of a CSV input (RFC 4180). A header line names the columns. A cell in double
//! quotes may contain commas and line ends.
//!
//! This file collects the lines of a row, and csv-core splits them into cells. Collecting lines
//! here bounds the size of a row, and an unclosed quote costs one line instead of the rest of the
//! file.

use std::collections::{HashSet, VecDeque};
use std::io::{self, BufRead};
use std::sync::Arc;

use super::blanks::trimmed;
use super::bounds::{MAX_LINE, MAX_ROW, cut};
use super::cells::{Cells, texts};
use super::columns::{Column, InputRow};
use super::error::{OpenError, RowError};
use super::headings::{self, Clash, KnownColumn, REJECT_COLUMNS};
use super::lines::{Lines, without_return};
use super::rows::RowColumns;
use super::tag_names;

/// A row or why it is rejected; `None` at the end.
type Read<T> = io::Result<Option<Result<T, RowError>>>;

/// Reads the rows below a header.
#[derive(Default)]
pub(super) struct Table {
    contents: Contents,
    /// The lines of the header as written, without byte order mark and last line end.
    header: Vec<u8>,
    /// Notices about the columns, for the user.
    notices: Vec<String>,
    cells: Cells,
    /// True if rows are split although their text is not UTF-8.
    any_bytes: bool,
    /// Lines that were read in search of a closing quote that did not come. They are read again as
    /// rows.
    again: VecDeque<InputLine>,
    /// Up to this line number, a row must end on its own line. Otherwise every line read again
    /// could search as far as the one before, and the time would be quadratic.
    single_until: u64,
    /// First line of the current row.
    first: InputLine,
    /// The other lines of the current row, each after a line feed.
    others: Vec<u8>,
}

/// What the rows below the header are.
enum Contents {
    /// Rows of an inventory.
    Inventory(Vec<Column>),
    /// Rows of an earlier sweep.
    Rows(RowColumns),
    /// Rejected lines of an earlier sweep.
    Rejects,
}

impl Default for Contents {
    fn default() -> Self {
        Self::Inventory(Vec::new())
    }
}

#[derive(Default)]
struct InputLine {
    number: u64,
    bytes: Vec<u8>,
    fault: Option<RowError>,
}

impl InputLine {
    /// Returns the line without its byte order mark.
    fn body(&self) -> &[u8] {
        self.bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.bytes)
    }

    fn text(&self) -> &str {
        str::from_utf8(self.body()).unwrap_or_default()
    }
}

impl Table {
    /// Reads the header, after any blank lines and comments. Returns `None` if the input has no
    /// header.
    pub(super) fn open<R: BufRead>(
        lines: &mut Lines<R>,
        file: &Arc<str>,
    ) -> Result<Option<Self>, OpenError> {
        let unreadable = |error| OpenError::Unreadable {
            file: file.clone(),
            error,
        };
        let mut table = Self::default();
        let (declared, separator) = table.find_separator(lines).map_err(unreadable)?;
        loop {
            match table.read(lines).map_err(unreadable)? {
                None => return Ok(None),
                Some(Err(error)) => {
                    let file = file.clone();
                    return Err(OpenError::BadHeader { file, error });
                }
                Some(Ok(_)) if table.first.text().trim_start().starts_with('#') => {}
                Some(Ok(cells)) => {
                    table.header = declared;
                    table.header.extend(table.first.body());
                    table.header.extend(&table.others);
                    table.identify(&cells, separator, file)?;
                    if let Contents::Rows(_) = table.contents {
                        lines.set_limit(MAX_ROW);
                    }
                    return Ok(Some(table));
                }
            }
        }
    }

    /// Finds the separator from the header line, or from a line `sep=;` before it, as Excel writes.
    /// The header line is put back to be read again. Returns the line `sep=;` with its line feed, or
    /// nothing, and the separator.
    fn find_separator<R: BufRead>(&mut self, lines: &mut Lines<R>) -> io::Result<(Vec<u8>, u8)> {
        let mut declared = None;
        let mut written = Vec::new();
        while let Some(line) = self.line(lines)? {
            let text = trimmed(line.text());
            if declared.is_none() && line.fault.is_none() {
                declared = excel_separator(text);
                if declared.is_some() {
                    written = [text.as_bytes(), b"\n"].concat();
                    continue;
                }
            }
            if line.fault.is_some() || !(text.is_empty() || text.starts_with('#')) {
                let separator = declared.unwrap_or_else(|| separator(line.text()));
                self.cells = Cells::between(separator);
                self.again.push_front(line);
                return Ok((written, separator));
            }
        }
        Ok((written, b','))
    }

    /// Decides from the header what the rows are.
    fn identify(
        &mut self,
        cells: &[String],
        separator: u8,
        file: &Arc<str>,
    ) -> Result<(), OpenError> {
        let names: Vec<&str> = cells.iter().map(|cell| trimmed(cell)).collect();
        self.contents = if names == REJECT_COLUMNS {
            Contents::Rejects
        } else if let Some(columns) = RowColumns::find(&names) {
            self.notices.push(super::rows::NOTICE.to_owned());
            Contents::Rows(columns)
        } else {
            Contents::Inventory(self.columns(&names, separator, file)?)
        };
        Ok(())
    }

    /// Returns true if the rows are rejected lines of an earlier sweep.
    pub(super) fn holds_rejects(&self) -> bool {
        matches!(self.contents, Contents::Rejects)
    }

    /// Returns the notices about the columns, once.
    pub(super) fn notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
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

    /// Returns the lines of the current row as they were read, without the last line end.
    pub(super) fn original(&self) -> Vec<u8> {
        let whole = [&self.first.bytes[..], &self.others].concat();
        without_return(&whole).to_vec()
    }

    /// Returns the lines of the header, without the last line end.
    pub(super) fn header(&self) -> Vec<u8> {
        without_return(&self.header).to_vec()
    }

    /// A row may have fewer cells than the header, because spreadsheets omit empty cells at its
    /// end. It may not have more, unless they are empty.
    fn row(&self, mut cells: Vec<String>) -> Result<InputRow, RowError> {
        let columns = match &self.contents {
            Contents::Inventory(columns) => columns,
            Contents::Rows(columns) => return columns.row(&cells),
            Contents::Rejects => return Err(RowError::Empty),
        };
        while cells.len() > columns.len() && cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        if cells.len() > columns.len() {
            return Err(RowError::Ragged {
                cells: cells.len(),
                columns: columns.len(),
            });
        }
        let mut row = InputRow::default();
        for (column, cell) in columns.iter().zip(cells) {
            row.add(column, cell);
        }
        Ok(row)
    }

    /// Returns the cells of the next row that is not blank.
    fn read<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Read<Vec<String>> {
        let read = self.read_bytes(lines)?;
        Ok(read.map(|read| read.map(texts)))
    }

    /// Returns the cells of the next row, which need not be UTF-8.
    pub(super) fn next_bytes<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Read<Vec<Vec<u8>>> {
        self.any_bytes = true;
        self.read_bytes(lines)
    }

    fn read_bytes<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Read<Vec<Vec<u8>>> {
        let blank = |cell: &Vec<u8>| trimmed(&String::from_utf8_lossy(cell)).is_empty();
        while let Some(line) = self.line(lines)? {
            self.first = line;
            self.others.clear();
            if let Some(fault) = self.first.fault.take() {
                return Ok(Some(Err(fault)));
            }
            match self.split_row(lines)? {
                Ok(cells) if cells.iter().all(blank) => {}
                read => return Ok(Some(read)),
            }
        }
        Ok(None)
    }

    /// Splits the row that begins with `first`, reading more lines while a quote is open.
    fn split_row<R: BufRead>(
        &mut self,
        lines: &mut Lines<R>,
    ) -> io::Result<Result<Vec<Vec<u8>>, RowError>> {
        self.cells.start();
        self.cells.add(self.first.body());
        let (mut more, mut size) = (VecDeque::new(), self.first.bytes.len());
        // A row of an earlier scan has no line ends in its cells.
        let most = match self.contents {
            Contents::Rejects => lines.limit(),
            Contents::Inventory(_) | Contents::Rows(_) => MAX_LINE,
        };
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
                // Empty lines take memory as well.
                Some(line)
                    if line.fault.is_none()
                        && size + line.bytes.len() < most
                        && more.len() < 2 * MAX_LINE =>
                {
                    self.cells.add(line.body());
                    size += line.bytes.len() + 1;
                    more.push_back(line);
                }
                beyond => {
                    more.extend(beyond);
                    self.read_again(more);
                    return Ok(Err(RowError::OpenQuote));
                }
            }
        }
        for line in more {
            self.others.push(b'\n');
            self.others.extend(line.bytes);
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
        let fault = match lines.text() {
            Err(RowError::NotUtf8) if self.any_bytes => None,
            read => read.err(),
        };
        Ok(Some(InputLine {
            number: lines.number(),
            bytes: lines.raw().to_vec(),
            fault,
        }))
    }

    /// Returns the columns of an inventory.
    fn columns(
        &mut self,
        names: &[&str],
        separator: u8,
        file: &Arc<str>,
    ) -> Result<Vec<Column>, OpenError> {
        let found: Vec<_> = names
            .iter()
            .map(|name| (Arc::from(*name), KnownColumn::named(name)))
            .collect();
        let counts = headings::chosen(&found).map_err(|clash| refused(clash, file))?;
        let mut seen = HashSet::new();
        let mut columns = Vec::with_capacity(found.len());
        for (index, ((name, known), counts)) in found.iter().zip(&counts).enumerate() {
            columns.push(match known.filter(|_| *counts) {
                Some((KnownColumn::Address, _)) => Column::Address(name.clone()),
                Some((known, _)) => Column::Known(known),
                None => Column::Tag(tag_names::of_column(name, index + 1, &mut seen)),
            });
        }
        let host = |column: &Column| match column {
            Column::Known(known) => known.names_a_host(),
            Column::Address(_) => true,
            Column::Tag(_) => false,
        };
        if !columns.iter().any(host) {
            let found = found.iter().map(|(name, _)| &**name);
            return Err(no_host(&found.collect::<Vec<_>>(), separator, file));
        }
        let notices = headings::notices("column", &found, &counts);
        self.notices
            .extend(notices.into_iter().map(|(_, text)| text));
        self.notices.extend(tag_names::notices(names, &columns));
        Ok(columns)
    }
}

/// Returns true if the line is a header that identifies a file as CSV.
pub(super) fn is_header(line: &str) -> bool {
    let cells = |separator| Cells::of(line, separator).unwrap_or_default();
    let split = |separator: &u8| cells(*separator).len() > 1 && name_a_host(&cells(*separator));
    excel_separator(line).is_some() || SEPARATORS.iter().any(split)
}

/// Returns the error for a header without a host. If a name resembles one that is recognised, the
/// error names it.
fn no_host(names: &[&str], separator: u8, file: &Arc<str>) -> OpenError {
    let host = |name: &&&str| {
        let resembled = headings::resembled(name, |_| false);
        resembled.is_some_and(KnownColumn::names_a_host)
    };
    let advice = match names.iter().find(host) {
        Some(name) => format!(
            "if {:?} contains the hosts, rename it to `host`",
            cut(name, 60)
        ),
        None => "the first line must name the columns, and the column with the hosts must be \
                 called `host`, as in host,port,owner (with commas, semicolons or tabs between them)"
            .to_owned(),
    };
    OpenError::NoHostColumn {
        file: file.clone(),
        found: cut(&format!("{names:?}"), 200),
        separator: match separator {
            b';' => "semicolons",
            b'\t' => "tabs",
            _ => "commas",
        },
        advice,
    }
}

fn refused(clash: Clash, file: &Arc<str>) -> OpenError {
    let file = file.clone();
    match clash {
        Clash::Twice(column) => OpenError::ColumnTwice {
            file,
            column: column.name(),
        },
        Clash::SameMeaning {
            first,
            second,
            meant,
        } => OpenError::SameMeaning {
            file,
            first: cut(&first, 60),
            second: cut(&second, 60),
            contents: meant.contents(),
            meant: meant.name(),
        },
    }
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
    let names: Vec<&str> = cells.iter().map(|cell| trimmed(cell)).collect();
    let known = names.iter().filter_map(|name| KnownColumn::named(name));
    names == REJECT_COLUMNS || known.into_iter().any(|(column, _)| column.names_a_host())
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
        let names = ["Host", "owner", "", "owner", "", ""];
        let mut table = Table::default();
        let columns = table.columns(&names, b',', &"f".into());
        let tag = |name: &str| Column::Tag(name.into());
        assert_eq!(
            columns.unwrap(),
            [
                Column::Known(KnownColumn::Host),
                tag("owner"),
                tag("column3"),
                tag("owner.4"),
                tag("column5"),
                tag("column6"),
            ]
        );
        assert_eq!(
            table.notices(),
            [
                "column 3 has no name, so its tag is named \"column3\"; 2 more like it",
                "column 4 \"owner\" has the name of an earlier column, so its tag is named \
                 \"owner.4\"",
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
