//! Parses the server's first flight as it arrives: all of it below TLS 1.3, and the part before
//! encryption in TLS 1.3. It does no I/O, its memory is bounded, and the result does not depend on
//! how the bytes are split. It records what was sent without checking that it was offered.

mod bounds;
mod certificates;
mod error;
mod hello;
mod key_exchange;
mod record;
#[cfg(test)]
mod tests;

pub use bounds::{MAX_FLIGHT, MAX_OPENING};
use bounds::{MAX_MESSAGE, MAX_WARNINGS};
pub use error::FlightError;
use error::message_name;
pub use hello::ServerHello;
pub use key_exchange::{KeyExchange, SignedParams};
use record::{RecordStep, Records};
pub use record::{has_odd_version, may_be_tls};

use super::alert::AlertDescription;
use super::reader::{Flaw, u24};

/// State of the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightProgress {
    /// More bytes are needed.
    More,
    /// Everything sent in clear has been parsed, or a fatal alert ended the flight.
    ///
    /// After a HelloRetryRequest the flight counts as done. A caller that continues the handshake
    /// can push later bytes to get the second ServerHello.
    Done,
    /// The flight is malformed. What was parsed before is kept, and certificates after the flaw are
    /// still read: see [`Flight::wants_more`].
    Failed(FlightError),
}

/// What the server has sent so far. The caller pushes the bytes as they arrive.
#[derive(Debug, Default)]
pub struct Flight {
    /// Alerts of level warning, in order.
    pub warnings: Vec<AlertDescription>,
    /// Alert that ended the flight: one of level fatal, or close_notify.
    pub fatal_alert: Option<AlertDescription>,
    /// The ServerHello. After a HelloRetryRequest, this is the second one as soon as it has arrived.
    pub server_hello: Option<ServerHello>,
    /// Certificates in the order sent. Only below TLS 1.3.
    pub certificates: Option<Vec<Vec<u8>>>,
    /// True if more certificates were declared than could be read.
    pub certificates_cut: bool,
    /// Stapled OCSP response. Only below TLS 1.3.
    pub ocsp_staple: Option<Vec<u8>>,
    /// Parameters of the key exchange. Only below TLS 1.3.
    pub key_exchange: Option<KeyExchange>,
    /// The signed part of the key exchange, or `None` if nothing is signed.
    pub signed_params: Option<SignedParams>,
    /// True if the server asked for a client certificate. Only below TLS 1.3.
    pub client_cert_requested: bool,
    opening: Vec<u8>,
    records: Records,
    /// The first byte of an alert. Its two bytes may come in two records.
    alert: Vec<u8>,
    /// Handshake bytes that are not a complete message yet.
    pending: Vec<u8>,
    /// Position of the last message in the order of the flight.
    rank: u8,
    end: Option<FlightProgress>,
    /// True if messages are still read after a failure, because certificates may follow it.
    salvaging: bool,
}

impl Flight {
    /// Parses the next bytes. Bytes after the end of the flight are ignored, except for certificates
    /// that follow a malformed message.
    pub fn push(&mut self, bytes: &[u8]) -> FlightProgress {
        self.keep_opening(bytes);
        if !may_be_tls(&self.opening) && self.open() {
            self.end = Some(FlightProgress::Failed(FlightError::NotTls));
        }
        let mut rest = bytes;
        while self.open() && !rest.is_empty() {
            match self.records.step(&mut rest) {
                RecordStep::Partial => {}
                RecordStep::Record(kind, body) => {
                    if let Err(error) = self.record(kind, &body) {
                        self.close(FlightProgress::Failed(error));
                    }
                    self.records.give_back(body);
                }
                RecordStep::Failed(error) => self.close(FlightProgress::Failed(error)),
            }
        }
        self.progress()
    }

    /// Returns true if bytes after a failure may still contain the server's certificates.
    pub fn wants_more(&self) -> bool {
        self.salvaging && self.certificates.is_none()
    }

    /// Reads what is incomplete: the messages of an incomplete record and the certificates of an
    /// incomplete message. Call it after the last push.
    pub fn finish(&mut self) {
        if self.open() {
            let begun = self.records.take_begun();
            self.handshake(&begun);
        }
        let pending = std::mem::take(&mut self.pending);
        if let [CERTIFICATE, _, _, _, content @ ..] = pending.as_slice()
            && self.certificates.is_none()
        {
            // The flaw is only that the message is incomplete.
            let _ = self.take_certificates(content);
        }
    }

    /// Returns the state of the parser.
    pub fn progress(&self) -> FlightProgress {
        match self.end {
            Some(end) => end,
            None if self.retried() => FlightProgress::Done,
            None => FlightProgress::More,
        }
    }

    /// Returns the first bytes of the stream, at most [`MAX_OPENING`], to identify the protocol if it
    /// is not TLS. Bytes after a failure are included.
    pub fn opening(&self) -> &[u8] {
        &self.opening
    }

    fn keep_opening(&mut self, bytes: &[u8]) {
        let room = MAX_OPENING.saturating_sub(self.opening.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.opening.extend_from_slice(kept);
    }

    fn open(&self) -> bool {
        self.end.is_none() || self.salvaging
    }

    /// Ends the flight unless it has already ended.
    fn close(&mut self, end: FlightProgress) {
        self.end.get_or_insert(end);
        self.salvaging = false;
    }

    /// Records a malformed message. The message after it can still be found.
    fn fail(&mut self, error: FlightError) {
        if self.end.is_none() {
            self.end = Some(FlightProgress::Failed(error));
            self.salvaging = true;
        }
    }

    /// Returns true if the last hello was a HelloRetryRequest, so that a ServerHello may follow.
    fn retried(&self) -> bool {
        self.rank == RANK_RETRIED
    }

    fn record(&mut self, kind: u8, body: &[u8]) -> Result<(), FlightError> {
        match kind {
            record::ALERT => self.alerts(body),
            record::HANDSHAKE => {
                self.handshake(body);
                Ok(())
            }
            // TLS 1.3 servers send one after a HelloRetryRequest, for old middleboxes (RFC 8446, D.4).
            record::CHANGE_CIPHER_SPEC if self.retried() => Ok(()),
            record::CHANGE_CIPHER_SPEC => Err(FlightError::UnexpectedRecord("change_cipher_spec")),
            _ => Err(FlightError::UnexpectedRecord("application_data")),
        }
    }

    fn alerts(&mut self, body: &[u8]) -> Result<(), FlightError> {
        for byte in body {
            self.alert.push(*byte);
            let &[level, description] = self.alert.as_slice() else {
                continue;
            };
            self.alert.clear();
            let description = AlertDescription(description);
            match level {
                WARNING if description != AlertDescription::CLOSE_NOTIFY => {
                    self.warning(description)?
                }
                WARNING | FATAL => {
                    if self.end.is_none() {
                        self.fatal_alert = Some(description);
                    }
                    self.close(FlightProgress::Done);
                    return Ok(());
                }
                _ => return Err(FlightError::AlertLevel(level)),
            }
        }
        Ok(())
    }

    fn warning(&mut self, description: AlertDescription) -> Result<(), FlightError> {
        if self.warnings.len() == MAX_WARNINGS {
            return Err(FlightError::TooMany("warning alerts"));
        }
        self.warnings.push(description);
        Ok(())
    }

    fn handshake(&mut self, body: &[u8]) {
        let mut pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            // The usual case: complete messages, which need no copy.
            let used = self.messages(body);
            pending.extend_from_slice(&body[used..]);
        } else {
            pending.extend_from_slice(body);
            let used = self.messages(&pending);
            pending.drain(..used);
        }
        // Only a message that is too large leaves more bytes than the limit.
        self.salvaging &= pending.len() <= MAX_MESSAGE;
        self.pending = pending;
    }

    /// Parses the complete messages at the front and returns the number of their bytes.
    fn messages(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while self.open() {
            let &[kind, high, middle, low, ref after @ ..] = rest else {
                break;
            };
            let len = u24(high, middle, low);
            if len > MAX_MESSAGE {
                self.fail(FlightError::MessageLength(kind, len));
                // `finish` reads the first certificates of a message that is too large.
                self.salvaging &= kind == CERTIFICATE;
                break;
            }
            let Some((content, next)) = after.split_at_checked(len) else {
                break;
            };
            rest = next;
            if self.end.is_some() {
                self.salvage(kind, content);
            } else if let Err(error) = self.message(kind, content) {
                self.fail(error);
            }
        }
        bytes.len() - rest.len()
    }

    /// Reads what a message after a failure says about the server's identity. Further flaws are not
    /// reported, only the first one.
    fn salvage(&mut self, kind: u8, content: &[u8]) {
        match kind {
            CERTIFICATE if self.certificates.is_none() => {
                let _ = self.take_certificates(content);
            }
            CERTIFICATE_STATUS if self.ocsp_staple.is_none() => {
                let _ = self.take_status(content);
            }
            SERVER_KEY_EXCHANGE if self.key_exchange.is_none() => {
                let _ = self.take_key_exchange(content);
            }
            CERTIFICATE_REQUEST => self.client_cert_requested = true,
            SERVER_HELLO_DONE => self.salvaging = false,
            _ => {}
        }
    }

    fn message(&mut self, kind: u8, content: &[u8]) -> Result<(), FlightError> {
        if kind == HELLO_REQUEST {
            // It is allowed at any time, and clients ignore it during a handshake (RFC 5246, 7.4.1.1).
            return Ok(());
        }
        self.advance(kind)?;
        let outcome = match kind {
            SERVER_HELLO => self.take_hello(content),
            CERTIFICATE => self.take_certificates(content),
            CERTIFICATE_STATUS => self.take_status(content),
            SERVER_KEY_EXCHANGE => self.take_key_exchange(content),
            CERTIFICATE_REQUEST => self.take_request(content),
            _ => {
                self.close(FlightProgress::Done);
                Ok(())
            }
        };
        let message = message_name(kind).unwrap_or("unknown");
        outcome.map_err(|Flaw(flaw)| FlightError::Malformed { message, flaw })
    }

    /// Checks the order of messages. Each may occur at most once, and a gap is not an error.
    fn advance(&mut self, kind: u8) -> Result<(), FlightError> {
        let unexpected = FlightError::Unexpected(kind);
        let rank = rank(kind).ok_or(unexpected)?;
        let in_order = match self.rank {
            RANK_START | RANK_RETRIED => kind == SERVER_HELLO,
            last => rank > last,
        };
        if !in_order {
            return Err(unexpected);
        }
        self.rank = rank;
        Ok(())
    }

    fn take_hello(&mut self, content: &[u8]) -> Result<(), Flaw> {
        let retried = self.server_hello.is_some();
        let mut hello = hello::parse(content)?;
        if hello.hello_retry && retried {
            return Err(Flaw("asks for a second retry"));
        }
        if hello.hello_retry {
            self.rank = RANK_RETRIED;
        } else if hello.version >= TLS13 {
            self.close(FlightProgress::Done);
        }
        hello.hello_retry |= retried;
        self.server_hello = Some(hello);
        Ok(())
    }

    /// Reads the certificates. If there is a flaw, those before it are kept.
    fn take_certificates(&mut self, content: &[u8]) -> Result<(), Flaw> {
        let mut list = Vec::new();
        let outcome = certificates::parse(content, &mut list);
        if outcome.is_ok() || !list.is_empty() {
            self.certificates = Some(list);
            self.certificates_cut = outcome.is_err();
        }
        outcome
    }

    fn take_request(&mut self, content: &[u8]) -> Result<(), Flaw> {
        self.client_cert_requested = true;
        let version = self.server_hello.as_ref().map_or(0, |hello| hello.version);
        certificates::check_request(content, version)
    }

    fn take_status(&mut self, content: &[u8]) -> Result<(), Flaw> {
        self.ocsp_staple = certificates::parse_status(content)?;
        Ok(())
    }

    fn take_key_exchange(&mut self, content: &[u8]) -> Result<(), Flaw> {
        if let Some(hello) = &self.server_hello {
            let parsed = key_exchange::parse(content, hello.cipher, hello.version)?;
            (self.key_exchange, self.signed_params) = match parsed {
                Some((found, signed)) => (Some(found), signed),
                None => (None, None),
            };
        }
        Ok(())
    }
}

const TLS13: u16 = 0x0304;
const WARNING: u8 = 1;
const FATAL: u8 = 2;

const HELLO_REQUEST: u8 = 0;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
const CERTIFICATE_STATUS: u8 = 22;

const RANK_START: u8 = 0;
/// Lower than the rank of every message that may follow, and different from the start.
const RANK_RETRIED: u8 = 1;

fn rank(kind: u8) -> Option<u8> {
    match kind {
        SERVER_HELLO => Some(2),
        CERTIFICATE => Some(3),
        CERTIFICATE_STATUS => Some(4),
        SERVER_KEY_EXCHANGE => Some(5),
        CERTIFICATE_REQUEST => Some(6),
        SERVER_HELLO_DONE => Some(7),
        _ => None,
    }
}
