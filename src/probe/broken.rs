//! Why a handshake did not come to its end, in the words of the record.

use rustls::{Error, InvalidMessage, PeerMisbehaved};

use crate::observation::{Failure, Reason, Stage};
use crate::tls;

/// The time was up: before the answer began, or in its middle.
pub(super) fn timed_out(heard: &[u8]) -> Failure {
    let detail = if heard.is_empty() { "" } else { ANSWER_BEGAN };
    Failure::new(Stage::Handshake, Reason::Timeout, detail)
}

/// The detail of a timeout that was no silence.
const ANSWER_BEGAN: &str = "the answer was not finished";

/// Bytes that are not TLS, named if they can be.
pub(super) fn not_tls(bytes: &[u8]) -> Failure {
    let detail = match tls::spoken(bytes) {
        Some(protocol) => protocol.to_owned(),
        None => tls::printable_prefix(bytes),
    };
    Failure::new(Stage::Handshake, Reason::NotTls, detail)
}

/// What rustls has against the answer.
pub(super) fn refused(error: Error) -> Failure {
    let (reason, detail) = match error {
        Error::AlertReceived(alert) => {
            (Reason::Alert, tls::alert_text(u8::from(alert)).into_owned())
        }
        Error::PeerIncompatible(_) => (Reason::Incompatible, error.to_string()),
        // A scheme that we do offer (Ed448), with a TLS 1.2 suite that rustls ties to others.
        Error::PeerMisbehaved(PeerMisbehaved::SignedKxWithWrongAlgorithm) => {
            (Reason::Incompatible, error.to_string())
        }
        Error::PeerSentOversizedRecord => (Reason::TooLarge, error.to_string()),
        Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge
            | InvalidMessage::CertificatePayloadTooLarge
            | InvalidMessage::MessageTooLarge,
        ) => (Reason::TooLarge, String::new()),
        Error::InvalidMessage(flaw) => (Reason::Malformed, format!("{flaw:?}")),
        error => (Reason::Malformed, error.to_string()),
    };
    Failure::new(Stage::Handshake, reason, detail)
}
