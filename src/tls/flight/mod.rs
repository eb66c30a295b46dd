//! Reads the server's first flight as it arrives: all of it below TLS 1.3, and what comes before
//! encryption in TLS 1.3. Pure and bounded; how the bytes are cut makes no difference to what is
//! read. It records what was sent and does not ask whether it was on offer.

mod certificates;
mod error;
mod hello;
mod key_exchange;
mod record;
#[cfg(test)]
mod tests;

pub use error::FlightError;
use error::message_name;
pub use hello::ServerHello;
pub use key_exchange::{KeyExchange, SignedParams};
use record::{Records, Step};
pub use record::{has_odd_version, may_be_tls};

use super::alert::AlertDescription;
use super::reader::{Flaw, u24};

/// How far the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    More,
    /// All that can be read in clear has been read, or a fatal alert ended the flight.
    ///
    /// After a hello retry the flight is done for whoever goes no further; pushing the bytes
    /// that come later brings the second ServerHello.
    Done,
    /// The server broke the rules. What was read before stays, and certificates that come after it
    /// are still read: see [`Flight::wants_more`].
    Failed(FlightError),
}

/// What the server has sent so far. Push the bytes in as they come.
#[derive(Debug, Default)]
pub struct Flight {
    /// The alerts of level warning, in order.
    pub warnings: Vec<AlertDescription>,
    /// The alert that ended the flight: one of level fatal, or close_notify.
    pub fatal_alert: Option<AlertDescription>,
    /// The ServerHello; after a hello retry the second one once it is here.
    pub server_hello: Option<ServerHello>,
    /// The certificates as sent, leaf first; below TLS 1.3 only.
    pub certificates: Option<Vec<Vec<u8>>>,
    /// Whether more certificates were announced than could be read.
    pub certificates_cut: bool,
    /// The stapled OCSP response; below TLS 1.3 only.
    pub ocsp_staple: Option<Vec<u8>>,
    /// The parameters of the key exchange; below TLS 1.3 only.
    pub key_exchange: Option<KeyExchange>,
    /// What the server signed of it; absent where nothing is signed.
    pub signed_params: Option<SignedParams>,
    /// Whether the server asked for a client certificate; below TLS 1.3 only.
    pub client_cert_requested: bool,
    opening: Vec<u8>,
    records: Records,
    /// The start of an alert (it has two bytes, which may come in two records).
    alert: Vec<u8>,
    /// Handshake bytes that do not make a whole message yet.
    pending: Vec<u8>,
    /// The place of the last message in the order of the flight.
    rank: u8,
    end: Option<Progress>,
    /// Whether messages are still read after a failure, for the certificates that may follow it.
    salvaging: bool,
}

impl Flight {
    /// Takes in the next bytes. Whatever follows the end of the flight is left alone, but for the
    /// certificates that follow a malformed message.
    pub fn push(&mut self, bytes: &[u8]) -> Progress {
        self.keep_opening(bytes);
        if !may_be_tls(&self.opening) && self.open() {
            self.end = Some(Progress::Failed(FlightError::NotTls));
        }
        let mut rest = bytes;
        while self.open() && !rest.is_empty() {
            match self.records.step(&mut rest) {
                Step::Partial => {}
                Step::Record(kind, body) => {
                    if let Err(error) = self.record(kind, &body) {
                        self.close(Progress::Failed(error));
                    }
                    self.records.give_back(body);
                }
                Step::Failed(error) => self.close(Progress::Failed(error)),
            }
        }
        self.progress()
    }

    /// Whether bytes that come after a failure may still hold the server's certificates.
    pub fn wants_more(&self) -> bool {
        self.salvaging && self.certificates.is_none()
    }

    /// Takes what was cut short: the messages of a record that is not whole, and the certificates of
    /// a message that is not. To be called when no more bytes will be pushed.
    pub fn finish(&mut self) {
        if self.open() {
            let begun = self.records.take_begun();
            self.handshake(&begun);
        }
        let pending = std::mem::take(&mut self.pending);
        if let [CERTIFICATE, _, _, _, content @ ..] = pending.as_slice()
            && self.certificates.is_none()
        {
            // The flaw is the missing rest.
            let _ = self.take_certificates(content);
        }
    }

    /// How far the reading is.
    pub fn progress(&self) -> Progress {
        match self.end {
            Some(end) => end,
            None if self.retried() => Progress::Done,
            None => Progress::More,
        }
    }

    /// The first bytes that came, for naming what they are when they are not TLS; at most
    /// [`MAX_OPENING`], and those after a failure are kept too.
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

    /// Ends the flight, unless it has ended before.
    fn close(&mut self, end: Progress) {
        self.end.get_or_insert(end);
        self.salvaging = false;
    }

    /// Notes a malformed message, behind which the next one can still be found.
    fn fail(&mut self, error: FlightError) {
        if self.end.is_none() {
            self.end = Some(Progress::Failed(error));
            self.salvaging = true;
        }
    }

    /// Whether the last hello seen was a retry, so that another one may follow.
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
            // TLS 1.3 servers send one after a retry, for old middleboxes (RFC 8446, D.4).
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
                    self.close(Progress::Done);
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
            // Nearly always: whole messages, which need not be kept.
            let used = self.messages(body);
            pending.extend_from_slice(&body[used..]);
        } else {
            pending.extend_from_slice(body);
            let used = self.messages(&pending);
            pending.drain(..used);
        }
        // Only a message that is too large gets here with more than a message's bytes.
        self.salvaging &= pending.len() <= MAX_MESSAGE;
        self.pending = pending;
    }

    /// Takes the whole messages at the front; how many bytes they are.
    fn messages(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while self.open() {
            let &[kind, high, middle, low, ref after @ ..] = rest else {
                break;
            };
            let len = u24(high, middle, low);
            if len > MAX_MESSAGE {
                self.fail(FlightError::MessageLength(kind, len));
                // The first certificates of too many are read by `finish`.
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

    /// Takes what a message after a failure says of the server's identity. Its own flaws are not
    /// told: the first one is.
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
            // Allowed at any time and to be ignored during a handshake (RFC 5246, 7.4.1.1).
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
                self.close(Progress::Done);
                Ok(())
            }
        };
        let message = message_name(kind).unwrap_or("unknown");
        outcome.map_err(|Flaw(flaw)| FlightError::Malformed { message, flaw })
    }

    /// Messages come in one order, each at most once; a gap is no error.
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
            self.close(Progress::Done);
        }
        hello.hello_retry |= retried;
        self.server_hello = Some(hello);
        Ok(())
    }

    /// Keeps the certificates before the flaw, when there is one.
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

/// The most bytes that are kept of the opening: more than any banner line that names a protocol.
pub const MAX_OPENING: usize = 256;

/// The largest handshake message. Chains of real servers stay under 32 KiB, broken ones that send
/// their whole trust store reach 200 KiB, and the most that a common client takes is 256 KiB (Go's
/// `maxHandshakeCertificateMsg`).
const MAX_MESSAGE: usize = 320 * 1024;

/// The largest flight with all its framing: one largest message and half as much for the rest.
pub const MAX_FLIGHT: usize = 512 * 1024;

/// The most warnings: a server sends one, or none.
const MAX_WARNINGS: usize = 16;

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
/// Below every message that may follow, and apart from the start.
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
