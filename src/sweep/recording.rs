//! Writes the recording of a sweep (`--save`).

use std::fs::File;
use std::io;

use super::error::SweepError;
use crate::observation::{Observation, SaveError, SavedAnswer, SavedHeader, SavedWriter};
use crate::output::{Clean, OutputError, Reserved, notice};
use crate::summary::SweepEnd;

/// Maximum number of skipped visits shown on standard error; the rest are counted.
const UNSAVED_SHOWN: u64 = 10;

/// Number of characters shown of a target.
const SHOWN: usize = 200;

/// A recording, open for writing.
pub struct RecordingFile {
    name: String,
    writer: SavedWriter<File>,
}

impl RecordingFile {
    /// Creates the recording and writes its header. Skipped visits are reported on standard
    /// error.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be emptied or written.
    pub fn begin(reserved: Reserved, header: &SavedHeader) -> Result<Self, OutputError> {
        let (name, file) = reserved.emptied()?;
        match SavedWriter::new(file, header) {
            Ok(writer) => Ok(Self { name, writer }),
            Err(error) => Err(OutputError::Write { name, error }),
        }
    }

    pub(super) fn add(&mut self, observation: &Observation) -> Result<(), SweepError> {
        let added = self.writer.add(observation);
        self.skip_too_large(added, &observation.endpoint.target.text)
    }

    pub(super) fn add_answer(&mut self, answer: &SavedAnswer) -> Result<(), SweepError> {
        let added = self.writer.add_answer(answer);
        self.skip_too_large(added, &answer.address)
    }

    /// Returns the number of visits so far that were too large to be saved.
    pub(super) fn unsaved(&self) -> u64 {
        self.writer.unsaved()
    }

    /// A visit too large to save is skipped with a notice; only write errors end the sweep.
    fn skip_too_large(&self, added: Result<(), SaveError>, what: &str) -> Result<(), SweepError> {
        match added {
            Ok(()) => Ok(()),
            Err(SaveError::Write(error)) => self.named_error(Err(error)),
            Err(too_much @ SaveError::TooMuch(_)) => {
                if self.unsaved() <= UNSAVED_SHOWN {
                    let (name, what) = (Clean::new(&self.name), Clean::bounded(what, SHOWN));
                    notice(format_args!("{name}: {what} was not saved: {too_much}"));
                }
                Ok(())
            }
        }
    }

    pub(super) fn flush(&mut self) -> Result<(), SweepError> {
        let flushed = self.writer.flush();
        self.named_error(flushed)
    }

    /// Writes the end, with what is known of the sweep.
    pub(super) fn finish(&mut self, end: SweepEnd) -> Result<(), SweepError> {
        // The end of a sweep consists of texts and numbers, so it can be written as JSON.
        if let Ok(end) = serde_json::to_value(end) {
            self.writer.describe_end(end);
        }
        let finished = self.writer.finish();
        self.named_error(finished)
    }

    fn named_error(&self, done: io::Result<()>) -> Result<(), SweepError> {
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
        let reserved = Reserved::open("--save", &folder.path().join("week.recording")).unwrap();
        let header = SavedHeader::new(false, None, String::new(), FactSet::default());
        let mut recording = RecordingFile::begin(reserved, &header).unwrap();
        let sound = samples::healthy().observation;
        let mut endless = sound.clone();
        endless.exchanges = vec![sound.exchanges[0].clone(); 2000];
        for observation in [&sound, &endless, &sound] {
            recording.add(observation).unwrap();
        }
        recording.flush().unwrap();
        recording.finish(SweepEnd::default()).unwrap();
        assert_eq!(recording.unsaved(), 1);
    }
}
