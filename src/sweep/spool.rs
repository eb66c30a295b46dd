//! Rows that wait for the end of the sweep, because certificates that later hosts send could change
//! their verdict. They wait on disk once there are many, so memory does not grow with them.

use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

use tempfile::SpooledTempFile;

use crate::observation::Observation;

/// Kept in memory before the file is made: a few hundred observations.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// Observations, written once and read back once, in order.
pub(super) struct Spool {
    file: BufWriter<SpooledTempFile>,
}

impl Spool {
    pub(super) fn new() -> Self {
        Self {
            file: BufWriter::new(SpooledTempFile::new(IN_MEMORY)),
        }
    }

    /// Adds one. Fails when the temporary folder is full or not writable.
    pub(super) fn add(&mut self, observation: &Observation) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, observation)?;
        self.file.write_all(b"\n")
    }

    /// Everything added, in order. May be called again: each call reads from the start.
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
