//! CSV (RFC 4180): a header line, then one line per row. The csv crate quotes the cells.

use std::borrow::Cow;
use std::io::{self, Write};

use super::columns::{COLUMNS, Origin};
use super::format::{Format, Layout, Sink};
use super::{Clean, Record};

pub(super) const FORMAT: Format = Format {
    name: "csv",
    endings: &["csv"],
    doc: "the same fields flattened into columns, safe to open in a spreadsheet",
    open: |writer, _: Layout| Ok(Box::new(Csv::new(writer)?)),
};

struct Csv<W: Write> {
    writer: csv::Writer<Rows<W>>,
    cell: String,
}

impl<W: Write> Csv<W> {
    fn new(writer: W) -> io::Result<Self> {
        let row = Vec::new();
        let mut writer = csv::Writer::from_writer(Rows { row, writer });
        writer.write_record(COLUMNS.iter().map(|column| column.name))?;
        writer.flush()?;
        Ok(Self {
            writer,
            cell: String::new(),
        })
    }
}

impl<W: Write + Send> Sink for Csv<W> {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        for column in COLUMNS {
            self.cell.clear();
            (column.write)(record, &mut self.cell);
            let cell = match column.origin {
                Origin::Ours => Cow::Borrowed(self.cell.as_str()),
                Origin::Others => harmless(&self.cell),
            };
            self.writer.write_field(&*cell)?;
        }
        self.writer.write_record(None::<&[u8]>)?;
        self.writer.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Collects one row and passes it to the writer whole. The csv crate flushes its buffer in the
/// middle of rows. A file that is read while it grows, or was left by a killed run, should end with
/// a complete row.
struct Rows<W> {
    row: Vec<u8>,
    writer: W,
}

impl<W: Write> Write for Rows<W> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.row.extend_from_slice(part);
        Ok(part.len())
    }

    /// Passes on the collected row. If there is none, flushes the underlying writer.
    fn flush(&mut self) -> io::Result<()> {
        if self.row.is_empty() {
            return self.writer.flush();
        }
        let written = self.writer.write_all(&self.row);
        // If the write failed, the row must not be written again: the csv writer flushes once more
        // when it is dropped.
        self.row.clear();
        written
    }
}

/// Makes a cell safe for spreadsheets and terminals. Unprintable characters are escaped. A cell
/// whose first character could start a formula gets a `'` in front (the list is OWASP's, plus the
/// full-width forms that Japanese spreadsheets accept).
fn harmless(cell: &str) -> Cow<'_, str> {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let clean = super::clean::is_plain(cell);
    match (risky, clean) {
        (false, true) => Cow::Borrowed(cell),
        (false, false) => Cow::Owned(Clean::new(cell).to_string()),
        (true, _) => Cow::Owned(format!("'{}", Clean::new(cell))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::samples;

    fn read(written: &[u8]) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(written);
        let rows = reader.records().map(|row| row.unwrap());
        rows.map(|row| row.iter().map(str::to_owned).collect())
            .collect()
    }

    fn written(sample: &samples::Sample) -> Vec<u8> {
        let mut sink = Csv::new(Vec::new()).unwrap();
        sink.write(&sample.record()).unwrap();
        sink.writer.get_ref().writer.clone()
    }

    #[test]
    fn cells_never_start_a_formula() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", r"'\t=1"),
            ("\r=1", r"'\r=1"),
            ("\n=1", r"'\n=1"),
            ("＝1", "'＝1"),
            ("\u{1b}[2J", r"\u{1b}[2J"),
            ("CN=a", "CN=a"),
            ("", ""),
            ("中", "中"),
        ] {
            assert_eq!(harmless(cell), written, "{cell:?}");
        }
    }

    #[test]
    fn hostile_fields_reach_no_cell_as_they_are() {
        let sample = samples::hostile();
        let rows = read(&written(&sample));
        for cell in &rows[1] {
            assert!(!cell.starts_with(['=', '+', '@']), "{cell}");
            assert!(!cell.chars().any(char::is_control), "{cell}");
        }
    }

    #[test]
    fn numbers_below_zero_stay_numbers() {
        let rows = read(&written(&samples::expired()));
        let place = COLUMNS
            .iter()
            .position(|column| column.name == "leaf_days_left");
        assert_eq!(rows[1][place.unwrap()], "-13");
    }

    #[test]
    fn a_row_has_a_cell_for_every_column() {
        for sample in samples::all() {
            let rows = read(&written(&sample));
            assert_eq!(rows.len(), 2);
            assert_eq!(rows[1].len(), COLUMNS.len());
            let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
            assert_eq!(rows[0], names);
        }
    }

    #[test]
    fn rows_reach_the_writer_whole() {
        /// Notes what each write brings.
        struct Writes(Vec<Vec<u8>>);
        impl Write for Writes {
            fn write(&mut self, part: &[u8]) -> io::Result<usize> {
                self.0.push(part.to_vec());
                Ok(part.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                self.0.push(b"flushed".to_vec());
                Ok(())
            }
        }
        let mut sink = Csv::new(Writes(Vec::new())).unwrap();
        let long = samples::expired_at(&"a".repeat(20_000));
        sink.write(&long.record()).unwrap();
        sink.write(&samples::hostile().record()).unwrap();
        sink.flush().unwrap();
        let writes = &sink.writer.get_ref().writer.0;
        assert_eq!(writes.len(), 4);
        assert!(writes[1].len() > 20_000);
        assert!(writes[..3].iter().all(|row| row.ends_with(b"\n")));
        assert_eq!(writes[3], b"flushed");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cells in prop::collection::vec(any::<String>(), 2..6)) {
            let (row, writer) = (Vec::new(), Vec::new());
            let mut writer = csv::Writer::from_writer(Rows { row, writer });
            writer.write_record(cells.iter().map(|cell| harmless(cell).into_owned())).unwrap();
            writer.flush().unwrap();
            let expected: Vec<String> = cells.iter().map(|cell| harmless(cell).into()).collect();
            prop_assert_eq!(read(&writer.get_ref().writer), vec![expected]);
        }
    }
}
