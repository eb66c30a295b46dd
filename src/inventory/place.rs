//! Where a row is in its input, and in which format it is written.

/// The name of a format, as the file of rejected lines records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFormat {
    /// A plain list. Arguments are read in the same way.
    Lines,
    /// CSV below a header.
    Csv,
    /// JSON Lines.
    Jsonl,
}

impl InputFormat {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Lines, Self::Csv, Self::Jsonl];

    /// Returns the name of the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

/// Where the current row is, and what it is, for a reject.
pub(super) struct Place {
    /// Number of its first line.
    pub(super) line: u64,
    /// Its lines.
    pub(super) original: Vec<u8>,
    /// The header of its file, if that is CSV.
    pub(super) header: Vec<u8>,
    pub(super) format: InputFormat,
}
