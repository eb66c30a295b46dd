//! Errors of writing and reading a recording.

use std::io;

/// An error of writing to a recording.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The item exceeds a limit. Only this item is skipped; the writer can continue.
    #[error("it contains more {0} than can be saved")]
    TooMuch(&'static str),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl From<SaveError> for io::Error {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::TooMuch(_) => Self::other(error),
            SaveError::Write(error) => error,
        }
    }
}

/// An error of reading a recording.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// The file is not a recording.
    #[error("{file} is not a recording; give a file that `tlsweep scan --save` wrote")]
    NotSaved {
        /// Path of the file.
        file: String,
    },
    /// A later version of the program wrote the file.
    #[error(
        "{file} was written by tlsweep {by} in format version {version}; this is tlsweep {}, which reads format versions up to {}: use that version or a later one",
        env!("CARGO_PKG_VERSION"),
        super::line::VERSION
    )]
    Newer {
        /// Path of the file.
        file: String,
        /// Format version of the file.
        version: u32,
        /// Version of the program that wrote it.
        by: String,
    },
    /// A line is damaged or cannot be read from the disk. The lines before it are valid.
    #[error("{file}: record {record}: {damage}")]
    Damaged {
        /// Path of the file.
        file: String,
        /// Number of the line; the header is line 1.
        record: u64,
        /// What is wrong with the line.
        damage: Damage,
    },
}

impl From<serde_json::Error> for Damage {
    fn from(error: serde_json::Error) -> Self {
        Self::Text(error)
    }
}

/// What is wrong with a line of a recording.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// Its frame cannot be read, or its checksum does not match.
    #[error("its frame cannot be read: {0}")]
    Frame(io::Error),
    /// Its frame has no checksum, so damage could not be detected.
    #[error("its frame has no checksum: compress it with one (zstd without --no-check)")]
    NoChecksum,
    /// Its frame is larger than any that is written.
    #[error("its frame contains more than {0} bytes")]
    FrameTooLarge(u64),
    /// Its JSON is not valid for its kind.
    #[error("its JSON is not valid for its kind: {0}")]
    Text(serde_json::Error),
    /// Its certificate is not hexadecimal.
    #[error("its certificate is not hexadecimal")]
    NotHex,
    /// Its kind is unknown, and an older program must not skip it.
    #[error("this version does not know its kind, {0:?}: use a later version")]
    UnknownKind(String),
    /// It is a header that is not the first line, or it comes after the end.
    #[error("a line of the kind {0:?} is not allowed here")]
    OutOfPlace(String),
    /// It is a fetch result, but the header says that nothing was fetched.
    #[error("it is a fetch result, but the header says that nothing was fetched (aia is false)")]
    NothingFetched,
    /// It refers to a certificate that does not come before it.
    #[error("it refers to certificate {0}, which does not come before it")]
    NoSuchCertificate(u32),
    /// Its numbers of exchanges and chains differ.
    #[error("it has {exchanges} exchanges and {chains} chains")]
    Chains {
        /// Number of exchanges.
        exchanges: usize,
        /// Number of chains.
        chains: usize,
    },
    /// It exceeds a limit.
    #[error("it contains more {what} than allowed")]
    TooMany {
        /// Name of the thing that exceeds its limit.
        what: &'static str,
    },
    /// The number of observations in the end line is wrong.
    #[error("the end line counts {counted} observations, but {read} were read")]
    Count {
        /// Number in the end line.
        counted: u64,
        /// Number of observations read.
        read: u64,
    },
    /// The temporary file for certificates cannot be used.
    #[error(
        "its certificates cannot be stored in the temporary folder (set TMPDIR to one with enough space): {0}"
    )]
    Scratch(io::Error),
}
