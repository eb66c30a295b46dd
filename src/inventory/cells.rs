//! Splits one CSV row into its cells (RFC 4180), with csv-core. It knows the text of one row, but
//! not where the row came from.
//!
//! It does not use the csv crate, because that crate's reader owns the input. Here the size of a
//! row is bounded, and an unclosed quote costs one line instead of the rest of the file. Neither
//! crate reports text after a closing quote, so that is checked here.

use csv_core::{ReadFieldResult, Reader, ReaderBuilder, Terminator};

/// Splits rows into cells, line by line.
pub(super) struct Cells {
    reader: Reader,
    done: Vec<Vec<u8>>,
    /// The cell being read, as written and as csv-core unquotes it.
    written: Vec<u8>,
    cell: Vec<u8>,
    /// Output buffer of csv-core, kept between lines.
    room: Vec<u8>,
    place: RowState,
}

/// State of the row so far.
#[derive(Clone, Copy, PartialEq)]
enum RowState {
    /// The row is not complete: nothing was added yet, or a quote is open.
    Open,
    /// The row is complete.
    Done,
    /// Text follows a closing quote, so one of the quotes is misplaced. Reading on would swallow
    /// the lines between them as the text of a cell.
    Stray,
}

/// Characters allowed between a closing quote and the next separator. A tab may itself be the
/// separator.
const BLANKS: [u8; 3] = [b' ', b'\t', b'\r'];

impl Default for Cells {
    fn default() -> Self {
        Self::between(b',')
    }
}

impl Cells {
    /// Splits at this separator.
    pub(super) fn between(separator: u8) -> Self {
        // Only a carriage return before a line feed is part of the line end. Any other is text.
        let reader = ReaderBuilder::new()
            .delimiter(separator)
            .terminator(Terminator::Any(b'\n'))
            .build();
        Self {
            reader,
            done: Vec::new(),
            written: Vec::new(),
            cell: Vec::new(),
            room: Vec::new(),
            place: RowState::Open,
        }
    }

    /// Returns the cells of a line that is a complete row, or `None` if it is not.
    pub(super) fn of(line: &str, separator: u8) -> Option<Vec<String>> {
        let mut cells = Self::between(separator);
        cells.add(line.as_bytes());
        (cells.place == RowState::Done).then(|| texts(cells.finish()))
    }

    /// Starts a row.
    pub(super) fn start(&mut self) {
        self.reader.reset();
        self.done.clear();
        self.written.clear();
        self.cell.clear();
        self.place = RowState::Open;
    }

    /// Adds the next line of the row, without its line feed.
    pub(super) fn add(&mut self, line: &[u8]) {
        // csv-core does not report an empty line as a row.
        if line.is_empty() && self.written.is_empty() {
            self.done.push(Vec::new());
            self.place = RowState::Done;
            return;
        }
        self.feed(line, line.ends_with(b"\r"));
        self.feed(b"\n", line.ends_with(b"\r"));
    }

    fn feed(&mut self, mut input: &[u8], returned: bool) {
        // A cell is never longer than its written form.
        if self.room.len() < input.len() {
            self.room.resize(input.len(), 0);
        }
        while !input.is_empty() && self.place == RowState::Open {
            let (result, read, wrote) = self.reader.read_field(input, &mut self.room);
            self.written.extend(&input[..read]);
            self.cell.extend(&self.room[..wrote]);
            input = &input[read..];
            if let ReadFieldResult::Field { record_end } = result {
                self.finish_cell(record_end && returned);
                if record_end && self.place == RowState::Open {
                    self.place = RowState::Done;
                }
            }
        }
    }

    /// Finishes a cell. If `returned` is true, it ends with the carriage return of the line end.
    fn finish_cell(&mut self, returned: bool) {
        // Remove the separator or line feed that ended the cell.
        self.written.pop();
        match self.written.strip_prefix(b"\"") {
            Some(rest) => {
                let blanks = rest.iter().rev().take_while(|b| BLANKS.contains(b)).count();
                let quoted = &rest[..rest.len() - blanks];
                if !is_quoted(quoted) {
                    self.place = RowState::Stray;
                }
                self.cell.truncate(self.cell.len() - blanks);
            }
            None if returned => {
                self.cell.pop();
            }
            None => {}
        }
        self.done.push(std::mem::take(&mut self.cell));
        self.written.clear();
    }

    /// Returns true if the row continues on the next line.
    pub(super) fn is_open(&self) -> bool {
        self.place == RowState::Open
    }

    /// Returns true if the row cannot be split, whatever follows.
    pub(super) fn is_stray(&self) -> bool {
        self.place == RowState::Stray
    }

    /// Returns the cells, once the row is neither open nor stray.
    pub(super) fn finish(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.done)
    }
}

/// Returns the cells of UTF-8 text as text; csv-core removes only ASCII from a cell.
pub(super) fn texts(cells: Vec<Vec<u8>>) -> Vec<String> {
    let cells = cells.into_iter();
    cells
        .map(|cell| String::from_utf8(cell).unwrap_or_default())
        .collect()
}

/// Returns true if `rest`, what follows the first quote, completes a quoted cell: its last byte is
/// the closing quote, and quotes before it come in pairs.
fn is_quoted(rest: &[u8]) -> bool {
    let Some(inner) = rest.strip_suffix(b"\"") else {
        return false;
    };
    let runs = inner.split(|byte| *byte != b'"');
    runs.map(<[u8]>::len).all(|quotes| quotes % 2 == 0)
}
