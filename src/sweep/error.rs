//! The result of a sweep, and the reasons for which it can fail.

use std::io;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::inventory::{Input, InputError, OpenError};
use crate::output::OutputError;
use crate::summary::Summary;

/// How a sweep ended.
pub struct Ended {
    /// Counts and examples.
    pub summary: Summary,
    /// The inputs, each with the number of targets read from it.
    pub inputs: Vec<(Input, u64)>,
    /// True if the sweep was interrupted.
    pub interrupted: bool,
    /// Why the sweep could not finish; `None` if it did. The rows written so far are complete.
    pub error: Option<SweepError>,
}

/// Why a sweep could not finish.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// An input could not be read to its end.
    #[error(transparent)]
    Input(InputError),
    /// An input could not be opened for the second reading.
    #[error(transparent)]
    Reopen(OpenError),
    /// An input was not the same in both readings.
    #[error(
        "the inventory {0} changed while it was read; the rows written so far are complete, \
         but targets may be missing: scan it again"
    )]
    Changed(Arc<str>),
    /// The temporary file for the listings of duplicates could not be used.
    #[error(
        "cannot keep the columns of duplicates in the temporary folder (set TMPDIR to one with \
         room, or add --no-dedupe): {0}"
    )]
    Listings(io::Error),
    /// An output could not be written.
    #[error(transparent)]
    Output(OutputError),
    /// The file of rejected lines could not be written.
    #[error("{name} cannot be written: {error}; rejected lines are missing from it")]
    Rejects {
        /// Flag and path of the file.
        name: String,
        /// The system's error.
        error: io::Error,
    },
    /// The recording could not be written.
    #[error("{name} cannot be written: {error}; the visits saved so far can be judged again")]
    Save {
        /// Flag and path of the file.
        name: String,
        /// The system's error.
        error: io::Error,
    },
    /// A recording could not be read to its end.
    #[error(transparent)]
    Facts(#[from] crate::observation::SavedError),
    /// The temporary file for unsettled rows could not be used.
    #[error(
        "cannot keep waiting rows in the temporary folder (set TMPDIR to one with enough space): {0}"
    )]
    Spool(io::Error),
    /// A thread or an event loop could not be started.
    #[error("cannot start a worker: {0}")]
    Start(io::Error),
    /// A worker panicked.
    #[error("a worker ended unexpectedly; the rows written so far are complete")]
    Worker,
}

/// Returns an event loop for one thread.
pub(super) fn current_thread() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}
