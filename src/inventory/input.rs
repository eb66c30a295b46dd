//! Describes the inputs for the manifest. A stream is counted and hashed while it is read. This
//! file knows bytes and not their format.

use std::io::{self, Read};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bounds::MAX_LINE;
use super::columns::InputRow;
use super::place::{InputFormat, Place};
use crate::crypto::{Fingerprint, Hasher};

/// Name of standard input in messages.
pub const STDIN: &str = "<stdin>";

/// What was read from one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// File name, [`STDIN`], or `argument`.
    pub source: Arc<str>,
    /// SHA-256 of the bytes read. For arguments: of each argument followed by a line feed.
    pub sha256: Fingerprint,
    /// Number of bytes read.
    pub bytes: u64,
    /// True if the input was read to its end.
    pub complete: bool,
}

/// The command-line arguments as rows.
pub(super) struct Arguments {
    all: Vec<String>,
    given: usize,
}

impl From<Vec<String>> for Arguments {
    fn from(all: Vec<String>) -> Self {
        Self { all, given: 0 }
    }
}

impl Arguments {
    pub(super) fn next(&mut self) -> Option<InputRow> {
        let argument = self.all.get(self.given)?.clone();
        self.given += 1;
        Some(InputRow::line(&argument))
    }

    /// Returns the position of the current argument, and its text.
    pub(super) fn place(&self) -> Place {
        let last = self
            .given
            .checked_sub(1)
            .and_then(|last| self.all.get(last));
        let text = last.map_or(&b""[..], |text| text.as_bytes());
        // As long as a line that is too long, so that it is rejected again when it is read again.
        let text = text.get(..=MAX_LINE).unwrap_or(text);
        Place {
            line: self.given as u64,
            original: text.to_vec(),
            header: Vec::new(),
            format: InputFormat::Lines,
        }
    }

    pub(super) fn into_input(self, source: Arc<str>) -> Input {
        let text: String = self.all.iter().flat_map(|text| [text, "\n"]).collect();
        Input {
            source,
            sha256: Fingerprint::of(text.as_bytes()),
            bytes: text.len() as u64,
            complete: self.given == self.all.len(),
        }
    }
}

/// A reader that counts and hashes the bytes read through it.
pub(crate) struct Tally {
    stream: Box<dyn Read + Send>,
    hasher: Hasher,
    bytes: u64,
    ended: bool,
}

impl Tally {
    pub(crate) fn new(stream: Box<dyn Read + Send>) -> Self {
        Self {
            stream,
            hasher: Hasher::default(),
            bytes: 0,
            ended: false,
        }
    }

    pub(crate) fn into_input(self, source: Arc<str>) -> Input {
        Input {
            source,
            sha256: self.hasher.finish(),
            bytes: self.bytes,
            complete: self.ended,
        }
    }
}

impl Read for Tally {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.bytes += count as u64;
        self.ended |= count == 0 && !buffer.is_empty();
        Ok(count)
    }
}
