//! Why a handshake did not come to its end, in the words of the record.

use rustls::{Error, InvalidMessage, PeerMisbehaved};

use crate::observation::{Failure, Reason, Stage};
use crate::tls::{self, AlertDescription, Flight, Progress};

/// The time was up: before the answer began, or in its middle.
pub(super) fn timed_out(heard: &[u8]) -> Failure {
    match heard.is_empty() {
        true => Failure::new(Stage::Handshake, Reason::Timeout, ""),
        false => Failure::unfinished("the answer was not finished"),
    }
}

/// The peer closed the connection. What began like a record of an odd version and never became one
/// was none.
pub(super) fn closed(heard: &[u8]) -> Failure {
    if tls::has_odd_version(heard) {
        return not_tls(heard);
    }
    Failure::new(Stage::Handshake, Reason::Eof, "")
}

/// What to make of records whose version is none of SSL or TLS, which rustls refuses: an alert counts
/// all the same (RFC 8446, 5.1).
pub(super) fn odd_version(flight: &Flight) -> Result<(), Failure> {
    let unknown = "record of an unknown version";
    match (flight.fatal_alert, flight.progress()) {
        (Some(alert), _) => Err(Failure::alert(alert)),
        (None, Progress::More) if flight.server_hello.is_none() => Ok(()),
        _ => Err(Failure::new(Stage::Handshake, Reason::Malformed, unknown)),
    }
}

/// Bytes that are not TLS, named if they can be.
pub(super) fn not_tls(bytes: &[u8]) -> Failure {
    let detail = match tls::spoken(bytes) {
        Some(protocol) => protocol.to_owned(),
        None => tls::printable_prefix(bytes),
    };
    Failure::new(Stage::Handshake, Reason::NotTls, detail)
}

/// rustls reads messages of up to 64 KiB (0.23: `MAX_HANDSHAKE_SIZE`, `CERTIFICATE_MAX_SIZE_LIMIT`),
/// OpenSSL and BoringSSL certificates of up to 100 KiB, Go of up to 256 KiB.
const BEYOND_RUSTLS: &str =
    "a handshake message of more than 64 KiB, which this scanner reads up to TLS 1.2 only";

/// What rustls has against the answer.
pub(super) fn refused(error: Error) -> Failure {
    let (reason, detail) = match error {
        Error::AlertReceived(alert) => return Failure::alert(AlertDescription(u8::from(alert))),
        Error::PeerIncompatible(_) => (Reason::Incompatible, error.to_string()),
        // A scheme that we do offer (Ed448), with a TLS 1.2 suite that rustls ties to others.
        Error::PeerMisbehaved(PeerMisbehaved::SignedKxWithWrongAlgorithm) => {
            (Reason::Incompatible, error.to_string())
        }
        // The server insists on what was not on offer.
        Error::PeerMisbehaved(
            PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedCipherSuite
            | PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedNamedGroup
            | PeerMisbehaved::SelectedUnofferedCipherSuite
            | PeerMisbehaved::SelectedUnofferedKxGroup
            | PeerMisbehaved::WrongGroupForKeyShare,
        ) => (Reason::Incompatible, error.to_string()),
        // A record may hold 16 KiB (RFC 8446, 5.1 and 5.2): this one breaks the rules.
        Error::PeerSentOversizedRecord | Error::InvalidMessage(InvalidMessage::MessageTooLarge) => {
            (Reason::TooLarge, "a record of more than 16 KiB".to_owned())
        }
        Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) => (Reason::ScannerLimit, BEYOND_RUSTLS.to_owned()),
        Error::InvalidMessage(flaw) => (Reason::Malformed, format!("{flaw:?}")),
        error => (Reason::Malformed, error.to_string()),
    };
    Failure::new(Stage::Handshake, reason, detail)
}
