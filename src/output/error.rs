//! Errors of outputs.

use std::io;

/// Why an output cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The file could not be opened for writing.
    #[error("{name} cannot be opened for writing: {error}")]
    Open {
        /// Flag and path of the output.
        name: String,
        /// The system's error.
        error: io::Error,
    },
    /// Two outputs are the same file.
    #[error("{name} is given twice as an output; use a different file for each format")]
    Twice {
        /// Path of the output.
        name: String,
    },
    /// The output could not be written completely.
    #[error("{name} cannot be written: {error}; the file may be truncated")]
    Write {
        /// Flag and path of the output, or `standard output`.
        name: String,
        /// The system's error.
        error: io::Error,
    },
    /// The reader of standard output closed it, like `head` does. The sweep stops, but this is not
    /// a failure.
    #[error("standard output was closed by its reader")]
    Closed,
}

impl OutputError {
    pub(super) fn write(name: &str, error: io::Error) -> Self {
        Self::Write {
            name: name.to_owned(),
            error,
        }
    }
}
