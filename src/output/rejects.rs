//! The file of rejected lines (`--rejects`): CSV with what is wrong, what to write instead, and the
//! original lines. `scan -i` reads it after correction.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::inventory::{REJECT_COLUMNS, Reject};

/// The file of rejected lines. The originals are written byte for byte, so they are neither escaped
/// nor kept from being formulas.
pub struct RejectFile {
    writer: csv::Writer<BufWriter<File>>,
    error: Option<io::Error>,
}

impl RejectFile {
    /// Begins the file with its header.
    pub fn new(file: File) -> Self {
        let mut it = Self {
            writer: csv::Writer::from_writer(BufWriter::new(file)),
            error: None,
        };
        it.write(&REJECT_COLUMNS.map(str::as_bytes));
        it
    }

    /// Writes a rejected line. An error is kept until `finish`.
    pub fn add(&mut self, reject: &Reject) {
        let line = reject.line.to_string();
        self.write(&[
            reject.source.as_bytes(),
            line.as_bytes(),
            reject.reason.as_bytes(),
            reject.hint.as_bytes(),
            &reject.original,
            &reject.header,
            reject.format.name().as_bytes(),
        ]);
    }

    fn write(&mut self, cells: &[&[u8]; REJECT_COLUMNS.len()]) {
        if let Err(error) = self.writer.write_record(cells) {
            self.error.get_or_insert(error.into());
        }
    }

    /// Completes the file.
    ///
    /// # Errors
    ///
    /// Returns the first error of writing it.
    pub fn finish(mut self) -> io::Result<()> {
        let flushed = self.writer.flush();
        let flushed = flushed.and_then(|()| self.writer.get_ref().get_ref().flush());
        self.error.map_or(flushed, Err)
    }
}
