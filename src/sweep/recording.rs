//! The file of saved facts that a sweep writes beside its rows (`--save`).

use std::fs::File;
use std::io;

use super::error::SweepError;
use crate::observation::{Observation, SaveError, SavedAnswer, SavedHeader, SavedWriter};
use crate::output::{Clean, OutputError, Reserved, tell};

/// Visits that could not be saved told on the screen; the rest are counted.
const UNSAVED_TOLD: u64 = 10;

/// How much of a target is shown beside the reason.
const SHOWN: usize = 200;

/// A file of saved facts, open for writing.
pub struct RecordingFile {
    name: String,
    writer: SavedWriter<File>,
    quiet: bool,
}

impl RecordingFile {
    /// Begins the file: its header is written at once. What cannot be saved is told on standard
    /// error unless `quiet`.
    pub fn begin(
        reserved: Reserved,
        header: &SavedHeader,
        quiet: bool,
    ) -> Result<Self, OutputError> {
        let (name, file) = reserved.emptied()?;
        match SavedWriter::new(file, header) {
            Ok(writer) => Ok(Self {
                name,
                writer,
                quiet,
            }),
            Err(source) => Err(OutputError::Write { name, source }),
        }
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
                if !self.quiet && self.unsaved() <= UNSAVED_TOLD {
                    let (name, what) = (Clean::new(&self.name), Clean::bounded(what, SHOWN));
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
            name: self.name.clone(),
            error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::FactSet;
    use crate::output::samples;

    #[test]
    fn a_visit_that_cannot_be_saved_does_not_end_the_sweep() {
        let folder = tempfile::tempdir().unwrap();
        let reserved = Reserved::open("--save", &folder.path().join("week.facts")).unwrap();
        let header = SavedHeader::new(false, None, String::new(), FactSet::default());
        let mut facts = RecordingFile::begin(reserved, &header, true).unwrap();
        let sound = samples::healthy().observation;
        let mut endless = sound.clone();
        endless.exchanges = vec![sound.exchanges[0].clone(); 2000];
        for observation in [&sound, &endless, &sound] {
            facts.add(observation).unwrap();
        }
        facts.flush().unwrap();
        facts.finish().unwrap();
        assert_eq!(facts.unsaved(), 1);
    }
}
