//! Why a saved file cannot be read.

use std::io;

/// Why something could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// It is more than a reader takes. It alone is left out; what comes after can be added.
    #[error("it holds more {0} than can be saved")]
    TooMuch(&'static str),
    /// The file cannot be written any further.
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

/// A saved file that cannot be used, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It is some other file.
    #[error("{file} holds no saved facts; give a file that `tlsweep scan --save` wrote")]
    NotSaved {
        /// The file.
        file: String,
    },
    /// A later program wrote it.
    #[error(
        "{file} was written by tlsweep {by} in form {version}, and this is {}, which reads forms up to {}: use that version or a later one",
        env!("CARGO_PKG_VERSION"),
        super::line::VERSION
    )]
    Newer {
        /// The file.
        file: String,
        /// The version of its form.
        version: u32,
        /// The version of the program.
        by: String,
    },
    /// A record is damaged, or cannot be had from the disk. Those before it are sound.
    #[error("{file}: record {record}: {damage}")]
    Damaged {
        /// The file.
        file: String,
        /// The number of its line, the header being 1.
        record: u64,
        /// What is wrong.
        damage: Damage,
    },
}

/// What is wrong with a record.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// The bytes of its frame cannot be had, or are not those that were written.
    #[error("its frame cannot be read: {0}")]
    Frame(io::Error),
    /// What cannot be seen to be damaged is not believed.
    #[error("its frame has no checksum: pack it with one (zstd without --no-check)")]
    NoChecksum,
    /// More than any writer puts into a frame.
    #[error("its frame holds more than {0} bytes")]
    FrameTooLarge(u64),
    /// The text is not what its kind says.
    #[error("not as its kind asks: {0}")]
    Text(#[from] serde_json::Error),
    /// Not hexadecimal.
    #[error("its certificate is not hexadecimal")]
    NotHex,
    /// An older program must not pass over it.
    #[error("it is of the kind {0:?}, which this version does not know: use a later one")]
    UnknownKind(String),
    /// A header that is not the first line, or anything after the end.
    #[error("a line of the kind {0:?} cannot stand here")]
    OutOfPlace(String),
    /// An answer, where nothing was fetched.
    #[error(
        "it is an answer to a fetch, and the header says that nothing was fetched (aia is false)"
    )]
    NothingFetched,
    /// A chain refers to a certificate that did not come before it.
    #[error("it names certificate {0}, which did not come before it")]
    NoSuchCertificate(u32),
    /// There are not as many chains as exchanges.
    #[error("it has {exchanges} exchanges and {chains} chains")]
    Chains {
        /// Exchanges.
        exchanges: usize,
        /// Chains.
        chains: usize,
    },
    /// More exchanges or certificates than a visit can have.
    #[error("it holds more {what} than there can be")]
    TooMany {
        /// Of what.
        what: &'static str,
    },
    /// The end counts other observations than there are.
    #[error("the end counts {counted} observations, and {read} were read")]
    Count {
        /// As the end says.
        counted: u64,
        /// As they came.
        read: u64,
    },
    /// The temporary file that certificates wait in cannot be used.
    #[error(
        "its certificates cannot be kept in the temporary folder (set TMPDIR to one with room): {0}"
    )]
    Scratch(io::Error),
}
