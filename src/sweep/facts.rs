//! The file of saved facts that a sweep writes beside its rows (`--save`).

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::SweepError;
use crate::observation::{Observation, SaveError, SavedAnswer, SavedHeader, SavedWriter};
use crate::output::{Clean, tell};

/// Visits that could not be saved told on the screen; the rest are counted.
const UNSAVED_TOLD: u64 = 10;

/// How much of a target is shown beside the reason.
const SHOWN: usize = 200;

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
        self.settled(added, &observation.endpoint.target.text)
    }

    pub(super) fn add_answer(&mut self, answer: &SavedAnswer) -> Result<(), SweepError> {
        let added = self.writer.add_answer(answer);
        self.settled(added, &answer.address)
    }

    /// Visits that were too large to be saved so far.
    pub(super) fn unsaved(&self) -> u64 {
        self.writer.unsaved()
    }

    /// One host that sends too much costs its own facts, and nobody else's.
    fn settled(&self, added: Result<(), SaveError>, what: &str) -> Result<(), SweepError> {
        match added {
            Ok(()) => Ok(()),
            Err(SaveError::Write(error)) => self.told(Err(error)),
            Err(too_much @ SaveError::TooMuch(_)) => {
                if self.unsaved() <= UNSAVED_TOLD {
                    let (name, what) = (self.path.display(), Clean::bounded(what, SHOWN));
                    tell(format_args!("{name}: {what} is not saved: {too_much}"));
                }
                Ok(())
            }
        }
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
