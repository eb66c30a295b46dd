//! The spool: rows that wait for the end of the sweep, because certificates from later hosts could
//! change their verdict. When there are many they are kept on disk, so that memory use stays
//! bounded.

use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

use tempfile::SpooledTempFile;

use crate::observation::Observation;

/// Bytes kept in memory before a file is created: a few hundred observations.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// Observations, written once and read in the order in which they were written.
pub(super) struct Spool {
    file: BufWriter<SpooledTempFile>,
}

impl Spool {
    pub(super) fn new() -> Self {
        Self {
            file: BufWriter::new(SpooledTempFile::new(IN_MEMORY)),
        }
    }

    /// Adds an observation. Returns an error if the temporary folder is full or not writable.
    pub(super) fn add(&mut self, observation: &Observation) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, observation)?;
        self.file.write_all(b"\n")
    }

    /// Returns all observations in order. Each call reads from the start.
    pub(super) fn read(&mut self) -> io::Result<impl Iterator<Item = io::Result<Observation>>> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.rewind()?;
        let lines = BufReader::new(file).lines();
        Ok(lines.map(|line| {
            let line: String = line?;
            Ok(serde_json::from_str(&line)?)
        }))
    }
}
