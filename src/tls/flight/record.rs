//! The record layer: splits the stream into records, independently of the sizes of reads. It buffers
//! at most one record.

use std::borrow::Cow;

use super::bounds::MAX_FLIGHT;
use super::error::FlightError;
use crate::tls::alert::AlertDescription;

pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// Maximum length of a record: 2^14 bytes and the most that encryption may add (RFC 5246, 6.2.3).
const MAX_RECORD: usize = (1 << 14) + 2048;

/// Maximum number of empty records. They contain nothing, and a stream of them would keep the parser
/// busy.
const MAX_EMPTY: usize = 32;

const HEADER: usize = 5;

/// The result of one step.
pub(super) enum RecordStep<'a> {
    /// All input was consumed, and no record is complete yet.
    Partial,
    /// A complete record: its type and content. The content is borrowed if it came in one piece.
    Record(u8, Cow<'a, [u8]>),
    /// The rest of the stream cannot be split into records.
    Failed(FlightError),
}

/// The record being collected.
#[derive(Debug, Default)]
pub(super) struct Records {
    header: Vec<u8>,
    body: Vec<u8>,
    /// Length of the record, once its header is complete.
    len: Option<usize>,
    /// Number of bytes of all records begun, including headers.
    total: usize,
    empty: usize,
    started: bool,
}

impl Records {
    /// Consumes bytes from the front of `input` until a record is complete or none are left.
    pub(super) fn step<'a>(&mut self, input: &mut &'a [u8]) -> RecordStep<'a> {
        let len = match self.header(input) {
            Ok(Some(len)) => len,
            Ok(None) => return RecordStep::Partial,
            Err(error) => return RecordStep::Failed(error),
        };
        let fragment = take(input, len - self.body.len());
        let content = if fragment.len() == len {
            Cow::Borrowed(fragment)
        } else {
            self.body.extend_from_slice(fragment);
            if self.body.len() < len {
                return RecordStep::Partial;
            }
            Cow::Owned(std::mem::take(&mut self.body))
        };
        // The header is complete, so it has a first byte.
        let kind = self.header.first().copied().unwrap_or_default();
        self.header.clear();
        self.len = None;
        RecordStep::Record(kind, content)
    }

    /// Takes back the content of the last record, to reuse its memory for the next one.
    pub(super) fn give_back(&mut self, content: Cow<'_, [u8]>) {
        if let Cow::Owned(mut body) = content {
            body.clear();
            self.body = body;
        }
    }

    /// Removes and returns the content of an incomplete handshake record. It is empty for other records.
    pub(super) fn take_begun(&mut self) -> Vec<u8> {
        match (self.len, self.header.first()) {
            (Some(_), Some(&HANDSHAKE)) => std::mem::take(&mut self.body),
            _ => Vec::new(),
        }
    }

    /// Collects the header and checks it byte by byte, so that a failure does not depend on the sizes
    /// of reads.
    fn header(&mut self, input: &mut &[u8]) -> Result<Option<usize>, FlightError> {
        while self.len.is_none() {
            let &[byte] = take(input, 1) else {
                return Ok(None);
            };
            self.header.push(byte);
            self.check_opening()?;
            if self.header.len() == HEADER {
                self.len = Some(self.check_header()?);
            }
        }
        Ok(self.len)
    }

    /// Checks that the first bytes of the stream may be TLS.
    fn check_opening(&self) -> Result<(), FlightError> {
        if self.started || may_be_tls(self.header.as_slice()) {
            return Ok(());
        }
        Err(FlightError::NotTls)
    }

    fn check_header(&mut self) -> Result<usize, FlightError> {
        let &[kind, major, minor, high, low] = self.header.as_slice() else {
            return Ok(0); // Only called with a complete header.
        };
        // A later record is recognized by its type only. Its version is ignored (RFC 8446, 5.1).
        if !known(kind) {
            let version = u16::from_be_bytes([major, minor]);
            return Err(FlightError::RecordHeader(kind, version));
        }
        let len = usize::from(u16::from_be_bytes([high, low]));
        if len > MAX_RECORD {
            return Err(FlightError::RecordLength(len));
        }
        self.started = true;
        self.count(len)?;
        Ok(len)
    }

    fn count(&mut self, len: usize) -> Result<(), FlightError> {
        self.total += HEADER + len;
        if self.total > MAX_FLIGHT {
            return Err(FlightError::FlightLength);
        }
        self.empty += usize::from(len == 0);
        if self.empty > MAX_EMPTY {
            return Err(FlightError::TooMany("empty records"));
        }
        Ok(())
    }
}

fn known(kind: u8) -> bool {
    (CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&kind)
}

/// Removes up to `len` bytes from the front and returns them.
fn take<'a>(input: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(len.min(input.len()));
    *input = rest;
    taken
}

/// Returns true if a stream that begins with these bytes can be TLS. A known content type and major
/// version 3 are enough. RFC 8446, 5.1 says to ignore the version. With any other version, the rest
/// of the record must therefore look like the start of a server's stream: an alert or a ServerHello.
pub fn may_be_tls(opening: &[u8]) -> bool {
    match *opening {
        [] => true,
        [kind] => known(kind),
        [kind, 3, ..] => known(kind),
        [ALERT, _, _, ref rest @ ..] => fits(rest, &[&[0], &[2], &[1, 2]]) && known_alert(rest),
        [HANDSHAKE, _, _, ref rest @ ..] => {
            // A length below 2^14, a ServerHello, and a message length below 2^16.
            rest.first().is_none_or(|high| *high < 0x40)
                && fits(rest.get(2..).unwrap_or(&[]), &[&[2], &[0]])
        }
        [ALERT | HANDSHAKE, _] => true,
        _ => false,
    }
}

/// Returns true if the first record of this stream, which may be TLS, has a version that is not of
/// SSL or TLS. Common clients accept such a version only for alerts.
pub fn has_odd_version(opening: &[u8]) -> bool {
    matches!(opening, [_, major, ..] if *major != 3)
}

/// Returns true if each byte that has arrived is one of those allowed at its position.
fn fits(bytes: &[u8], allowed: &[&[u8]]) -> bool {
    let mut pairs = bytes.iter().zip(allowed);
    pairs.all(|(byte, allowed)| allowed.contains(byte))
}

/// Returns true if the alert's description is registered or has not arrived yet.
fn known_alert(rest: &[u8]) -> bool {
    rest.get(3)
        .is_none_or(|description| AlertDescription(*description).name().is_some())
}
