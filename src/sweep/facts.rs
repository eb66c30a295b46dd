//! The file of saved facts that a sweep writes beside its rows (`--save`).

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::SweepError;
use crate::observation::{Observation, SavedAnswer, SavedHeader, SavedWriter};

/// A file of saved facts, open for writing.
pub struct FactsFile {
    path: PathBuf,
    writer: SavedWriter<File>,
}

impl FactsFile {
    /// Begins the file: its header is written at once.
    pub fn begin(path: PathBuf, file: File, header: &SavedHeader) -> io::Result<Self> {
        let writer = SavedWriter::new(file, header)?;
        Ok(Self { path, writer })
    }

    pub(super) fn add(&mut self, observation: &Observation) -> Result<(), SweepError> {
        let added = self.writer.add(observation);
        self.told(added)
    }

    pub(super) fn add_answer(&mut self, answer: &SavedAnswer) -> Result<(), SweepError> {
        let added = self.writer.add_answer(answer);
        self.told(added)
    }

    pub(super) fn flush(&mut self) -> Result<(), SweepError> {
        let flushed = self.writer.flush();
        self.told(flushed)
    }

    pub(super) fn finish(&mut self) -> Result<(), SweepError> {
        let finished = self.writer.finish();
        self.told(finished)
    }

    fn told(&self, done: io::Result<()>) -> Result<(), SweepError> {
        done.map_err(|error| SweepError::Save {
            path: self.path.clone(),
            error,
        })
    }
}
