//! Reads a recording, one observation at a time.

use std::borrow::Cow;
use std::io::{BufRead, Read, Seek, Write};

use super::bounds::{Answers, MAX_VISIT_BYTES};
use super::certificates::Certificates;
use super::frame::Frames;
use super::line::{
    self, ANSWER, AnswerLine, CERTIFICATE, END, EndLine, HEADER, OBSERVATION, SavedAnswer,
    SavedHeader, VERSION, Visit,
};
use super::{Damage, SavedError};
use crate::observation::{MAX_EXCHANGES, Observation, hex};

/// Returns the observations of a recording in the order in which they were added. Certificates are kept
/// in the scratch file. Memory contains one frame, eight bytes for each certificate, and a bounded cache
/// of recurring ones.
pub struct SavedReader<R, S> {
    file: String,
    header: SavedHeader,
    frames: Frames<R>,
    certificates: Certificates<S>,
    answers: Vec<SavedAnswer>,
    counted: Answers,
    /// Number of the line read last, from 1.
    record: u64,
    observations: u64,
    unsaved: u64,
    end: Option<serde_json::Value>,
    complete: bool,
    /// True after an error or the last frame. Nothing more is read then.
    over: bool,
}

impl<R: BufRead, S: Read + Write + Seek> SavedReader<R, S> {
    /// Reads the header of a recording. `file` is its path, for error messages.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is not a recording, was written in a later format version, or has no
    /// checksums.
    pub fn open(file: String, source: R, scratch: S) -> Result<Self, SavedError> {
        let mut frames = Frames::new(source);
        let header = match frames.next() {
            Ok(Some(line)) => header(line),
            Err(damage @ Damage::NoChecksum) => {
                return Err(SavedError::Damaged {
                    file,
                    record: 1,
                    damage,
                });
            }
            // A file without a valid frame is not a recording.
            Ok(None) | Err(_) => None,
        };
        match header {
            Some(header) if header.version == VERSION => Ok(Self {
                file,
                header,
                frames,
                certificates: Certificates::new(scratch),
                answers: Vec::new(),
                counted: Answers::default(),
                record: 1,
                observations: 0,
                unsaved: 0,
                end: None,
                complete: false,
                over: false,
            }),
            Some(header) if header.version > VERSION => Err(SavedError::Newer {
                file,
                version: header.version,
                by: header.tlsweep,
            }),
            Some(_) | None => Err(SavedError::NotSaved { file }),
        }
    }

    /// Returns what the recording says about its sweep.
    pub fn header(&self) -> &SavedHeader {
        &self.header
    }

    /// Returns the number of observations read so far.
    pub fn observations(&self) -> u64 {
        self.observations
    }

    /// Returns the number of visits that were too large to save, according to the end line.
    pub fn unsaved(&self) -> u64 {
        self.unsaved
    }

    /// Returns the fetch results read so far and removes them from the reader. In the file they follow the
    /// observations.
    pub fn take_answers(&mut self) -> Vec<SavedAnswer> {
        std::mem::take(&mut self.answers)
    }

    /// Returns true if the end line was read. Otherwise the sweep was interrupted or killed, or the
    /// file was truncated.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Returns what the end line says about the sweep, or `None` if it was not read or says nothing.
    pub fn end(&self) -> Option<&serde_json::Value> {
        self.end.as_ref()
    }

    /// Returns the source that the recording was read from.
    pub fn into_source(self) -> R {
        self.frames.into_source()
    }

    fn read(&mut self) -> Result<Option<Observation>, Damage> {
        loop {
            // Damage in a frame is reported for the first line of that frame.
            self.record += 1;
            let Some(text) = self.frames.next()? else {
                return Ok(None);
            };
            let line: line::Read<'_> = serde_json::from_slice(text)?;
            if self.complete {
                return Err(Damage::OutOfPlace(line.kind.into_owned()));
            }
            let body = line.body.get();
            match &*line.kind {
                CERTIFICATE => {
                    let text: Cow<'_, str> = serde_json::from_str(body)?;
                    let der = hex::decode(&text).ok_or(Damage::NotHex)?;
                    self.certificates.add(&der)?;
                }
                OBSERVATION => {
                    let visit: Visit = serde_json::from_str(body)?;
                    let observation = rejoin(visit, &mut self.certificates)?;
                    self.observations += 1;
                    return Ok(Some(observation));
                }
                ANSWER => {
                    if !self.header.aia {
                        return Err(Damage::NothingFetched);
                    }
                    let answer = serde_json::from_str(body)?;
                    let answer = whole(answer, &mut self.certificates)?;
                    let counted = self.counted.add(&answer);
                    counted.map_err(|what| Damage::TooMany { what })?;
                    self.answers.push(answer);
                }
                END => {
                    let EndLine {
                        observations: counted,
                        unsaved,
                        sweep,
                    } = serde_json::from_str(body)?;
                    let read = self.observations;
                    if counted != read {
                        return Err(Damage::Count { counted, read });
                    }
                    self.unsaved = unsaved;
                    self.end = sweep;
                    self.complete = true;
                }
                HEADER => return Err(Damage::OutOfPlace(HEADER.to_owned())),
                _ if line.skippable => {}
                _ => return Err(Damage::UnknownKind(line.kind.into_owned())),
            }
        }
    }
}

impl<R: BufRead, S: Read + Write + Seek> Iterator for SavedReader<R, S> {
    type Item = Result<Observation, SavedError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let read = self.read();
        self.over = !matches!(read, Ok(Some(_)));
        let read = read.map_err(|damage| SavedError::Damaged {
            file: self.file.clone(),
            record: self.record,
            damage,
        });
        read.transpose()
    }
}

fn header(line: &[u8]) -> Option<SavedHeader> {
    let line: line::Read<'_> = serde_json::from_slice(line).ok()?;
    let body = (line.kind == HEADER).then_some(line.body.get())?;
    serde_json::from_str(body).ok()
}

/// Restores the certificates of a fetch result.
fn whole<S: Read + Write + Seek>(
    answer: AnswerLine,
    certificates: &mut Certificates<S>,
) -> Result<SavedAnswer, Damage> {
    let AnswerLine {
        address,
        certificates: numbers,
        failure,
    } = answer;
    let outcome = match failure {
        Some(failure) => Err(failure),
        None => Ok(certificates.chain(&numbers)?),
    };
    Ok(SavedAnswer { address, outcome })
}

/// Restores the chains of an observation.
fn rejoin<S: Read + Write + Seek>(
    visit: Visit,
    certificates: &mut Certificates<S>,
) -> Result<Observation, Damage> {
    let Visit {
        mut observation,
        chains,
    } = visit;
    let exchanges = observation.exchanges.len();
    if exchanges > MAX_EXCHANGES {
        return Err(Damage::TooMany { what: "exchanges" });
    }
    if exchanges != chains.len() {
        return Err(Damage::Chains {
            exchanges,
            chains: chains.len(),
        });
    }
    let mut bytes = 0;
    for (exchange, numbers) in observation.exchanges.iter_mut().zip(chains) {
        let Some(numbers) = numbers else { continue };
        let chain = certificates.chain(&numbers)?;
        bytes += chain
            .certificates
            .iter()
            .map(|it| it.der.len() as u64)
            .sum::<u64>();
        if bytes > MAX_VISIT_BYTES {
            let what = "certificates";
            return Err(Damage::TooMany { what });
        }
        exchange.chain = Some(chain);
    }
    Ok(observation)
}
