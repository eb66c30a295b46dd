//! Why an output cannot be used.

use std::io;

/// An output cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It could not be created.
    #[error("{name} cannot be opened for writing: {source}")]
    Open {
        /// The output.
        name: String,
        /// The system's words.
        source: io::Error,
    },
    /// Two outputs are one file.
    #[error("{name} is named twice as an output; give each format its own file")]
    Twice {
        /// The output.
        name: String,
    },
    /// It could not be written any further.
    #[error("{name} cannot be written: {source}; its end may be cut short")]
    Write {
        /// The output.
        name: String,
        /// The system's words.
        source: io::Error,
    },
    /// Whoever read standard output has gone, as `head` does: a reason to stop, and no fault.
    #[error("nobody reads standard output any more")]
    Closed,
}

impl OutputError {
    pub(super) fn write(name: &str, source: io::Error) -> Self {
        Self::Write {
            name: name.to_owned(),
            source,
        }
    }
}
