//! Writes a recording.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;

use super::SaveError;
use super::bounds::{self, Answers, MAX_ALL_BYTES, MAX_CERTIFICATES};
use super::frame::{FULL, MAX_FRAME, Packer};
use super::line::{
    ANSWER, AnswerLine, CERTIFICATE, END, EndLine, HEADER, OBSERVATION, SavedAnswer, SavedHeader,
    Visit, Written,
};
use crate::observation::{Certificate, Observation, PeerChain, hex};

/// Writes observations, and each certificate before the first observation that contains it. Each frame is
/// passed to the underlying writer in one piece.
pub struct SavedWriter<W> {
    writer: W,
    packer: Packer,
    lines: Vec<u8>,
    /// Numbers of the written certificates by the first half of their SHA-256. Creating a collision takes
    /// about 2^64 hashes.
    numbers: HashMap<[u8; 16], u32>,
    /// Total size of the written certificates in bytes.
    written: u64,
    answers: Answers,
    fetched: bool,
    observations: u64,
    unsaved: u64,
    end: Option<serde_json::Value>,
}

impl<W: Write> SavedWriter<W> {
    /// Starts a recording and writes its header at once.
    ///
    /// # Errors
    ///
    /// Returns an error if the header cannot be written.
    pub fn new(writer: W, header: &SavedHeader) -> io::Result<Self> {
        let mut begun = Self {
            writer,
            packer: Packer::new()?,
            lines: Vec::with_capacity(FULL),
            numbers: HashMap::new(),
            written: 0,
            answers: Answers::default(),
            fetched: header.aia,
            observations: 0,
            unsaved: 0,
            end: None,
        };
        begun.line(HEADER, header)?;
        begun.flush()?;
        Ok(begun)
    }

    /// Adds the observation of one visit. A visit that is too large is skipped and counted; some of its
    /// certificates may already be written.
    ///
    /// # Errors
    ///
    /// Returns an error if the visit is too large or the file cannot be written.
    pub fn add(&mut self, observation: &Observation) -> Result<(), SaveError> {
        let added = self.add_visit(observation);
        match added {
            Ok(()) => self.observations += 1,
            Err(SaveError::TooMuch(_)) => self.unsaved += 1,
            Err(SaveError::Write(_)) => {}
        }
        added?;
        Ok(self.flush_full()?)
    }

    fn add_visit(&mut self, observation: &Observation) -> Result<(), SaveError> {
        bounds::visit(observation).map_err(SaveError::TooMuch)?;
        let mut observation = observation.clone();
        let mut chains = Vec::with_capacity(observation.exchanges.len());
        for exchange in &mut observation.exchanges {
            let chain = exchange.chain.take();
            chains.push(chain.map(|chain| self.chain(&chain)).transpose()?);
        }
        let visit = Visit {
            observation,
            chains,
        };
        self.line(OBSERVATION, &visit)
    }

    /// Returns the number of visits so far that were too large.
    pub fn unsaved(&self) -> u64 {
        self.unsaved
    }

    /// Adds a fetch result. The header must say that issuers were fetched.
    ///
    /// # Errors
    ///
    /// Returns an error if the result is too large, the header does not allow it, or the file cannot be
    /// written.
    pub fn add_answer(&mut self, answer: &SavedAnswer) -> Result<(), SaveError> {
        if !self.fetched {
            return Err(SaveError::TooMuch("answers"));
        }
        if let Ok(chain) = &answer.outcome {
            bounds::chain(chain).map_err(SaveError::TooMuch)?;
        }
        let counted = self.answers.add(answer);
        counted.map_err(SaveError::TooMuch)?;
        let (certificates, failure) = match &answer.outcome {
            Ok(chain) => (self.chain(chain)?, None),
            Err(failure) => (Vec::new(), Some(failure.clone())),
        };
        let answer = AnswerLine {
            address: answer.address.clone(),
            certificates,
            failure,
        };
        self.line(ANSWER, &answer)?;
        Ok(self.flush_full()?)
    }

    fn flush_full(&mut self) -> io::Result<()> {
        match self.lines.len() < FULL {
            true => Ok(()),
            false => self.flush(),
        }
    }

    /// Writes what was added so far. Frequent calls make the file larger, because each frame is
    /// compressed separately.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.lines.is_empty() {
            let frame = self.packer.pack(&self.lines);
            // Cleared even on failure, so that the same lines are not tried again.
            self.lines.clear();
            self.writer.write_all(&frame?)?;
        }
        self.writer.flush()
    }

    /// Sets what the end line says about the sweep: what its manifest says about its end.
    pub fn describe_end(&mut self, sweep: serde_json::Value) {
        self.end = Some(sweep);
    }

    /// Writes the end line.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        let observations = self.observations;
        let unsaved = self.unsaved;
        let sweep = self.end.take();
        self.line(
            END,
            &EndLine {
                observations,
                unsaved,
                sweep,
            },
        )?;
        self.flush()
    }

    fn chain(&mut self, chain: &PeerChain) -> Result<Vec<u32>, SaveError> {
        let certificates = chain.certificates.iter();
        certificates
            .map(|certificate| self.number(certificate))
            .collect()
    }

    fn number(&mut self, certificate: &Certificate) -> Result<u32, SaveError> {
        let mut key = [0; 16];
        key.copy_from_slice(&certificate.sha256.0[..16]);
        if let Some(known) = self.numbers.get(&key) {
            return Ok(*known);
        }
        let written = self.written + certificate.der.len() as u64;
        if self.numbers.len() == MAX_CERTIFICATES || written > MAX_ALL_BYTES {
            return Err(SaveError::TooMuch("certificates"));
        }
        let number = u32::try_from(self.numbers.len()).map_err(io::Error::other)?;
        self.line(CERTIFICATE, &hex::encode(&certificate.der))?;
        self.numbers.insert(key, number);
        self.written = written;
        Ok(number)
    }

    /// Adds a line. If the current frame has no room for it, a new frame is started.
    fn line<T: Serialize>(&mut self, kind: &str, body: &T) -> Result<(), SaveError> {
        let start = self.lines.len();
        let mut line = Line::after(&mut self.lines);
        let written = serde_json::to_writer(&mut line, &Written { kind, body });
        let written = written.map_err(io::Error::from);
        let written = written.and_then(|()| line.write_all(b"\n"));
        let overfull = line.overfull;
        if let Err(error) = written {
            self.lines.truncate(start);
            return Err(match overfull {
                true => SaveError::TooMuch("text"),
                false => error.into(),
            });
        }
        if self.lines.len() > LONGEST {
            let line = self.lines.split_off(start);
            self.flush()?;
            self.lines = line;
        }
        Ok(())
    }
}

/// `MAX_FRAME` as a length.
#[expect(clippy::cast_possible_truncation, reason = "16 MiB")]
const LONGEST: usize = MAX_FRAME as usize;

/// A line while it is written. It never grows beyond the size of a frame, whatever a server sent.
struct Line<'a> {
    lines: &'a mut Vec<u8>,
    room: usize,
    overfull: bool,
}

impl<'a> Line<'a> {
    fn after(lines: &'a mut Vec<u8>) -> Self {
        Self {
            lines,
            room: LONGEST,
            overfull: false,
        }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(room) = self.room.checked_sub(bytes.len()) else {
            self.overfull = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        self.room = room;
        self.lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::SavedReader;
    use super::*;
    use crate::observation::FactSet;
    use crate::output::samples;

    #[test]
    fn lines_that_cannot_be_packed_are_not_tried_again() {
        let header = SavedHeader::new(false, None, String::new(), FactSet::default());
        let mut file = Vec::new();
        let mut writer = SavedWriter::new(&mut file, &header).unwrap();
        writer.lines = vec![b' '; LONGEST + 1];
        writer.flush().unwrap_err();
        writer.finish().unwrap();
        let scratch = io::Cursor::new(Vec::new());
        let mut reader = SavedReader::open("f".to_owned(), &*file, scratch).unwrap();
        assert!(reader.next().is_none() && reader.is_complete());
    }

    #[test]
    fn no_more_certificates_are_saved_than_are_read() {
        let header = SavedHeader::new(false, None, String::new(), FactSet::default());
        let mut writer = SavedWriter::new(Vec::new(), &header).unwrap();
        writer.add(&samples::healthy().observation).unwrap();
        writer.written = MAX_ALL_BYTES;
        let refused = writer.add(&samples::expired().observation).unwrap_err();
        assert!(matches!(refused, SaveError::TooMuch(_)), "{refused}");
        // Certificates that are already written take no space.
        writer.add(&samples::healthy().observation).unwrap();
        assert_eq!((writer.observations, writer.unsaved), (2, 1));
    }
}
