//! How a sweep ends: what it leaves, and why it could not finish.

use std::io;

use tokio::runtime::Runtime;

use crate::inventory::Input;
use crate::output::OutputError;
use crate::summary::Summary;

/// How a sweep ended.
pub struct Ended {
    /// Counts and examples.
    pub summary: Summary,
    /// What was read, and how many targets each input held.
    pub inputs: Vec<(Input, u64)>,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Why it could not finish, if it could not. The rows written so far are complete.
    pub error: Option<SweepError>,
}

/// Why a sweep could not finish.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// An input broke off.
    #[error(transparent)]
    Input(crate::inventory::InputError),
    /// An output could not be written.
    #[error(transparent)]
    Output(OutputError),
    /// The file of rejected lines could not be written.
    #[error("{name} cannot be written: {error}; lines that were not read are missing from it")]
    Rejects {
        /// The flag and the file.
        name: String,
        /// The system's words.
        error: io::Error,
    },
    /// The facts could not be saved.
    #[error("{name} cannot be written: {error}; what was saved so far can be judged again")]
    Save {
        /// The flag and the file.
        name: String,
        /// The system's words.
        error: io::Error,
    },
    /// Saved facts could not be read to their end.
    #[error(transparent)]
    Facts(#[from] crate::observation::SavedError),
    /// The temporary file for unsettled rows could not be used.
    #[error(
        "cannot keep unsettled rows in the temporary folder (set TMPDIR to one with room): {0}"
    )]
    Spool(io::Error),
    /// A thread or an event loop could not be started.
    #[error("cannot start a worker: {0}")]
    Start(io::Error),
    /// A worker ended before its time.
    #[error("a worker ended unexpectedly; the rows written so far are complete")]
    Worker,
}

/// Returns an event loop for one thread.
pub(super) fn current_thread() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}
