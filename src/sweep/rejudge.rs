//! Judges a recording again: writes the rows of a sweep without visiting anything. Everything after
//! the visit is the same code, so the same policy produces the same rows in the same order.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use tempfile::SpooledTempFile;

use super::collect::{Collected, SweepOutputs, Writing};
use super::counters::Counters;
use super::error::Ended;
use super::job::Judged;
use crate::inventory::Tally;
use crate::judge::{Judge, Policy};
use crate::observation::{SavedError, SavedHeader, SavedReader};
use crate::summary::{Intake, Sweep};

/// Limit in bytes for certificates kept in memory, those of about 50,000 servers; further ones are
/// kept on disk.
const IN_MEMORY: usize = 64 * 1024 * 1024;

/// A recording, open for reading.
pub struct Recording {
    name: String,
    reader: SavedReader<BufReader<Tally>, SpooledTempFile>,
}

/// A recording cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The operating system cannot open the file.
    #[error("{file} cannot be opened: {error}")]
    Open {
        /// Path of the file.
        file: String,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The file is not a valid recording.
    #[error(transparent)]
    Saved(#[from] SavedError),
}

impl Recording {
    /// Opens a recording; `-` is standard input.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened or is not a recording.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let name = path.display().to_string();
        let stream: Box<dyn io::Read + Send> = match path == Path::new("-") {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(path).map_err(|error| RecordingError::Open {
                file: name.clone(),
                error,
            })?),
        };
        let source = BufReader::with_capacity(128 * 1024, Tally::new(stream));
        let scratch = SpooledTempFile::new(IN_MEMORY);
        let reader = SavedReader::open(name.clone(), source, scratch)?;
        Ok(Self { name, reader })
    }

    /// Returns the recording's header, which describes the sweep that wrote it.
    pub fn header(&self) -> &SavedHeader {
        self.reader.header()
    }
}

/// Everything needed to judge a recording again, opened and checked.
pub struct Rejudge {
    /// The recording.
    pub recording: Recording,
    /// Judging policy.
    pub policy: Arc<Policy>,
    /// Outputs of the rows; no new recording is written.
    pub outputs: SweepOutputs,
}

/// How judging a recording again ended.
pub struct Rejudged {
    /// The end, as of a sweep; the recording is its only input.
    pub ended: Ended,
    /// True if the recording is complete; otherwise only the saved part has rows.
    pub complete: bool,
    /// The sweep that wrote the recording, as far as the recording describes it.
    pub sweep: Option<Sweep>,
}

impl Rejudge {
    /// Judges every observation. Unsettled rows are judged a second time at the end, when the
    /// certificates of all hosts are known.
    pub fn run(self) -> Rejudged {
        let Self {
            recording: Recording { name, mut reader },
            policy,
            outputs,
        } = self;
        let mut judge = Judge::new(policy.clone());
        let counters = Arc::new(Counters::default());
        let mut writing = Writing::new(outputs, policy, counters);
        let mut targets = 0;
        let taken = reader.by_ref().try_for_each(|observation| {
            let observation = observation?;
            targets += u64::from(observation.endpoint.target.duplicate_of.is_none());
            let verdict = judge.judge(&observation);
            writing.take(&Judged {
                observation,
                verdict,
            })
        });
        if reader.header().aia {
            writing.recall(reader.take_answers());
        }
        let Collected {
            mut summary, error, ..
        } = writing.conclude(taken, reader.is_complete(), None);
        summary.unsaved = reader.unsaved();
        let complete = reader.is_complete();
        let sweep = Sweep::of_recording(reader.header().sweep.as_ref(), reader.end());
        summary.sampled = sweep.as_ref().and_then(Sweep::is_sample);
        // Without the counts of the sweep, those of the recording remain.
        let intake = sweep.as_ref().and_then(|sweep| sweep.end.intake);
        summary.intake = intake.unwrap_or(Intake {
            targets,
            ..Intake::default()
        });
        let input = reader.into_source().into_inner().into_input(name.into());
        Rejudged {
            ended: Ended {
                summary,
                inputs: vec![(input, targets)],
                interrupted: false,
                error,
            },
            complete,
            sweep,
        }
    }
}
