//! Reads a CSV file by column names, as CCADB publishes its reports: in any order, with unknown
//! columns. It does not know what the columns mean.

use std::borrow::Cow;

/// Maximum number of rows: ten times as many as in CCADB's report of all certificates.
const MAX_ROWS: usize = 200_000;

/// Maximum size of a cell in bytes. The longest cells are lists of partitioned CRLs, of some 100
/// kB.
const MAX_CELL: usize = 1 << 20;

/// Why a table cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadTable {
    /// Line on which the row begins, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// A table whose header has been read.
pub(super) struct Table<'a> {
    columns: Vec<String>,
    reader: csv::Reader<&'a [u8]>,
    lines: Lines<'a>,
}

/// Counts lines while rows are read. The csv reader's own count is one too low if CR LF ends a row.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// Returns the line of a row that begins at this byte, or after the line ends that are there.
    /// Call it for the rows in order.
    fn at(&mut self, byte: u64) -> u64 {
        let ended = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        let left = self.bytes.get(start..).unwrap_or_default();
        let start = start + left.iter().take_while(|byte| ended(byte)).count();
        let passed = self.bytes.get(self.counted..start).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counted = self.counted.max(start);
        self.line
    }
}

/// One row.
pub(super) struct TableRow {
    /// Line on which it begins, from 1.
    pub(super) line: u64,
    cells: csv::ByteRecord,
}

impl TableRow {
    /// Returns a cell without surrounding blanks. Invalid UTF-8 is replaced.
    pub(super) fn cell(&self, column: usize) -> Cow<'_, str> {
        let bytes = self.cells.get(column).unwrap_or_default();
        String::from_utf8_lossy(bytes.trim_ascii())
    }

    /// Returns an error about this row.
    pub(super) fn bad(&self, reason: String) -> BadTable {
        BadTable {
            line: self.line,
            reason,
        }
    }
}

/// Maximum size of the header in bytes. CCADB's longest has some fifty columns in 3 KiB.
const MAX_HEADER: usize = 64 * 1024;
const MAX_COLUMNS: usize = 1000;

impl<'a> Table<'a> {
    /// Reads the header. Nearly any text has one, so the caller must look at the column names.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, BadTable> {
        // A line without an end, or one that consists of commas, would need forty times its size in
        // memory.
        let first = bytes
            .iter()
            .take(MAX_HEADER)
            .position(|byte| *byte == b'\n');
        let header = &bytes[..first.unwrap_or(bytes.len().min(MAX_HEADER))];
        let columns = header.iter().filter(|byte| **byte == b',').count();
        if bytes.len() > MAX_HEADER && first.is_none() || columns > MAX_COLUMNS {
            return Err(BadTable {
                line: 1,
                reason: "the header is too long for a report".to_owned(),
            });
        }
        let mut reader = csv::Reader::from_reader(bytes);
        let header = reader.byte_headers().map_err(|error| bad(&error, 1))?;
        let columns = header
            .iter()
            .map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned())
            .collect();
        let lines = Lines {
            bytes,
            counted: 0,
            line: 1,
        };
        Ok(Self {
            columns,
            reader,
            lines,
        })
    }

    /// Returns the column with one of these names. Two such columns are an error, because it is
    /// unknown which is meant.
    pub(super) fn column(&self, names: &[&str]) -> Result<Option<usize>, BadTable> {
        let columns = self.columns.iter().enumerate();
        let mut named = columns.filter(|(_, column)| names.contains(&column.as_str()));
        match (named.next(), named.next()) {
            (Some((_, one)), Some((_, other))) => Err(BadTable {
                line: 1,
                reason: match one == other {
                    true => format!("two columns are named {one:?}; remove one of them"),
                    false => {
                        format!("{one:?} and {other:?} mean the same column; remove one of them")
                    }
                },
            }),
            (found, _) => Ok(found.map(|(place, _)| place)),
        }
    }

    /// Returns true if there is a column with one of these names.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        let mut columns = self.columns.iter();
        columns.any(|column| names.contains(&column.as_str()))
    }

    /// Returns the rows, each with as many cells as the header.
    pub(super) fn rows(self) -> impl Iterator<Item = Result<TableRow, BadTable>> {
        let mut lines = self.lines;
        let rows = self.reader.into_byte_records().enumerate();
        rows.map(move |(index, cells)| {
            let mut line = |at: Option<&csv::Position>| lines.at(at.map_or(0, csv::Position::byte));
            let cells = cells.map_err(|error| bad(&error, line(error.position())))?;
            let row = TableRow {
                line: line(cells.position()),
                cells,
            };
            if index >= MAX_ROWS {
                return Err(row.bad(format!("more than {MAX_ROWS} rows; is it the right file?")));
            }
            match row.cells.iter().any(|cell| cell.len() > MAX_CELL) {
                true => Err(row.bad(format!("a cell of more than {MAX_CELL} bytes"))),
                false => Ok(row),
            }
        })
    }
}

fn bad(error: &csv::Error, line: u64) -> BadTable {
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!(
            "{len} cells where the header has {expected_len}; is the file complete, and is it CSV with commas?"
        ),
        _ => "not CSV".to_owned(),
    };
    BadTable { line, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_are_numbered_by_line_and_cells_found_by_column() {
        let text = "\u{feff}\"One\", Two \r\n\"a\nb\",c\n\n d,e\r\nf,g\r\n";
        let table = Table::of(text.as_bytes()).unwrap();
        assert_eq!(table.column(&["Three", "One"]), Ok(Some(0)));
        let two = table.column(&["Two"]).unwrap().unwrap();
        assert_eq!(table.column(&["Three"]), Ok(None));
        let rows: Vec<_> = table.rows().map(Result::unwrap).collect();
        let found: Vec<_> = rows.iter().map(|row| (row.line, row.cell(two))).collect();
        assert_eq!(found, [(2, "c".into()), (5, "e".into()), (6, "g".into())]);
    }

    #[test]
    fn a_duplicate_column_is_rejected_by_name() {
        let table = Table::of(b"One,Two, One,Three,,\na,b,c,d,e,f\n").unwrap();
        for names in [&["One"][..], &["Two", "Three"]] {
            let error = table.column(names).unwrap_err().to_string();
            assert!(error.starts_with("line 1: "), "{error}");
            assert!(names.iter().all(|name| error.contains(name)), "{error}");
        }
        assert_eq!(table.column(&["Two"]), Ok(Some(1)));
    }

    #[test]
    fn malformed_rows_are_rejected_by_line() {
        let long = format!("One,Two\na,b\nc,{}\n", "x".repeat(MAX_CELL + 1));
        let many = format!("One\n{}", "a\n".repeat(MAX_ROWS + 1));
        for (text, line, says) in [
            ("One,Two\na,b\nc\n", 3, "1 cells where the header has 2"),
            (&long, 3, "a cell of more than"),
            (&many, MAX_ROWS as u64 + 2, "more than 200000 rows"),
        ] {
            let table = Table::of(text.as_bytes()).unwrap();
            let error = table.rows().find_map(Result::err).unwrap();
            assert_eq!(error.line, line, "{error}");
            assert!(error.reason.contains(says), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_table_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(table) = Table::of(&bytes) {
                table.rows().for_each(drop);
            }
        }
    }
}
