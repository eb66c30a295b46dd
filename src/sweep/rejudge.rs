//! Judging saved facts again: the rows of a sweep without its visits. Everything after the visit is
//! the same code, so the same policy gives the same rows in the same order.

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
use crate::summary::Intake;

/// Certificates are kept in memory up to so many bytes, and on disk beyond: those of some 50,000
/// servers.
const IN_MEMORY: usize = 64 * 1024 * 1024;

/// A file of saved facts, open for reading.
pub struct Recording {
    name: String,
    reader: SavedReader<BufReader<Tally>, SpooledTempFile>,
}

/// Why saved facts cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The system does not give the file.
    #[error("{file} cannot be opened: {source}")]
    Open {
        /// The file.
        file: String,
        /// The system's words.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error(transparent)]
    Saved(#[from] SavedError),
}

impl Recording {
    /// Opens a file; `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let name = path.display().to_string();
        let stream: Box<dyn io::Read + Send> = match path == Path::new("-") {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(path).map_err(|source| RecordingError::Open {
                file: name.clone(),
                source,
            })?),
        };
        let source = BufReader::with_capacity(128 * 1024, Tally::new(stream));
        let scratch = SpooledTempFile::new(IN_MEMORY);
        let reader = SavedReader::open(name.clone(), source, scratch)?;
        Ok(Self { name, reader })
    }

    /// What the file says of the sweep that wrote it.
    pub fn header(&self) -> &SavedHeader {
        self.reader.header()
    }
}

/// Everything that judging again needs, opened and checked.
pub struct Rejudge {
    /// What was seen.
    pub facts: Recording,
    /// How to judge.
    pub policy: Arc<Policy>,
    /// Where rows go; no facts are saved again.
    pub destinations: SweepOutputs,
}

/// How judging again ended.
pub struct Rejudged {
    /// As of a sweep; the facts are its one input.
    pub ended: Ended,
    /// Whether the facts were whole: otherwise the rows are those of what was saved.
    pub whole: bool,
}

impl Rejudge {
    /// Judges every observation, and those again at the end that certificates of other hosts
    /// could settle.
    pub fn run(self) -> Rejudged {
        let Self {
            facts: Recording { name, mut reader },
            policy,
            destinations,
        } = self;
        let mut judge = Judge::new(policy.clone());
        let counters = Arc::new(Counters::default());
        let mut writing = Writing::new(destinations, policy, counters);
        let taken = reader.by_ref().try_for_each(|observation| {
            let observation = observation?;
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
        } = writing.conclude(taken, reader.whole());
        let targets = reader.observations();
        summary.intake = Intake {
            targets,
            ..Intake::default()
        };
        summary.unsaved = reader.unsaved();
        let whole = reader.whole();
        let input = reader.into_source().into_inner().into_input(name.into());
        Rejudged {
            ended: Ended {
                summary,
                inputs: vec![(input, targets)],
                interrupted: false,
                error,
            },
            whole,
        }
    }
}
