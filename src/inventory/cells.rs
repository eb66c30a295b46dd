//! A CSV row split into its cells (RFC 4180) by csv-core. It knows one row's text, never where it
//! came from.
//!
//! csv-core and not the csv crate above it, whose reader owns the input: a row must be bounded,
//! and a quote that is never closed must cost its own line and not the rest of the file. Neither
//! tells when text follows a closing quote, so that is seen here.

use csv_core::{ReadFieldResult, Reader, ReaderBuilder, Terminator};

/// Splits rows into cells, line by line.
pub(super) struct Cells {
    reader: Reader,
    done: Vec<String>,
    /// The cell being read: as written, and as csv-core unquotes it.
    written: Vec<u8>,
    cell: Vec<u8>,
    /// Where csv-core puts what it unquotes, kept between lines.
    room: Vec<u8>,
    place: RowState,
}

/// What became of the row so far.
#[derive(Clone, Copy, PartialEq)]
enum RowState {
    /// It goes on: nothing was added yet, or a quote is open.
    Open,
    /// It is complete.
    Done,
    /// Text follows a closing quote, so one of the quotes is not what it seems. Guessing on would
    /// carry the lines between them away as the text of a cell.
    Stray,
}

/// What may stand between a closing quote and the next separator; a tab may be the separator.
const BLANKS: [u8; 3] = [b' ', b'\t', b'\r'];

impl Default for Cells {
    fn default() -> Self {
        Self::between(b',')
    }
}

impl Cells {
    /// Splits at this character.
    pub(super) fn between(separator: u8) -> Self {
        // A carriage return of its own is text: only the one before a line feed is not.
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

    /// The cells of a line that is a row by itself.
    pub(super) fn of(line: &str, separator: u8) -> Option<Vec<String>> {
        let mut cells = Self::between(separator);
        cells.add(line);
        (cells.place == RowState::Done).then(|| cells.finish())
    }

    /// Begins a row.
    pub(super) fn start(&mut self) {
        self.reader.reset();
        self.done.clear();
        self.written.clear();
        self.cell.clear();
        self.place = RowState::Open;
    }

    /// Adds the row's next line, without its line feed.
    pub(super) fn add(&mut self, line: &str) {
        // To csv-core, a line without anything is no row.
        if line.is_empty() && self.written.is_empty() {
            self.done.push(String::new());
            self.place = RowState::Done;
            return;
        }
        self.feed(line.as_bytes(), line.ends_with('\r'));
        self.feed(b"\n", line.ends_with('\r'));
    }

    fn feed(&mut self, mut input: &[u8], returned: bool) {
        // A cell is never longer than what is written of it.
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

    /// Takes over a cell. `returned`: it ends with the carriage return of its line's end.
    fn finish_cell(&mut self, returned: bool) {
        // The comma or line feed that ended it.
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
        // Lines are UTF-8, and what csv-core takes out of a cell is ASCII.
        let cell = String::from_utf8(std::mem::take(&mut self.cell));
        self.done.push(cell.unwrap_or_default());
        self.written.clear();
    }

    /// Whether the row goes on in the next line.
    pub(super) fn is_open(&self) -> bool {
        self.place == RowState::Open
    }

    /// Whether the row cannot be split, whatever follows.
    pub(super) fn is_stray(&self) -> bool {
        self.place == RowState::Stray
    }

    /// The cells, once the row is neither open nor stray.
    pub(super) fn finish(&mut self) -> Vec<String> {
        std::mem::take(&mut self.done)
    }
}

/// Whether this is the rest of a quoted cell behind its first quote: the last byte is the closing
/// one, and those between come in pairs.
fn is_quoted(rest: &[u8]) -> bool {
    let Some(inner) = rest.strip_suffix(b"\"") else {
        return false;
    };
    let runs = inner.split(|byte| *byte != b'"');
    runs.map(<[u8]>::len).all(|quotes| quotes % 2 == 0)
}
