//! Why a handshake failed, as the record reports it.

use rustls::{Error, InvalidMessage, PeerMisbehaved};

use crate::observation::{Failure, Reason, Stage};
use crate::tls::{self, AlertDescription, Flight, FlightProgress};

/// Returns the failure for a timeout, before the answer or in the middle of it.
pub(super) fn timed_out(heard: &[u8]) -> Failure {
    match heard.is_empty() {
        true => Failure::new(Stage::Handshake, Reason::Timeout, ""),
        false => Failure::unfinished("the answer was not finished"),
    }
}

/// Returns the failure for a closed connection. An incomplete record of an unknown version counts as
/// not TLS.
pub(super) fn closed(heard: &[u8]) -> Failure {
    if tls::has_odd_version(heard) {
        return not_tls(heard);
    }
    Failure::new(Stage::Handshake, Reason::Eof, "")
}

/// Returns the failure for a record whose version is not of SSL or TLS, which rustls refuses, or `Ok` if
/// more bytes are needed. An alert counts despite its version (RFC 8446, 5.1).
pub(super) fn odd_version(flight: &Flight) -> Result<(), Failure> {
    let unknown = "record of an unknown version";
    match (flight.fatal_alert, flight.progress()) {
        (Some(alert), _) => Err(Failure::alert(alert)),
        (None, FlightProgress::More) if flight.server_hello.is_none() => Ok(()),
        _ => Err(Failure::new(Stage::Handshake, Reason::Malformed, unknown)),
    }
}

/// Returns the failure for bytes that are not TLS, with the protocol's name if it is recognized.
pub(super) fn not_tls(bytes: &[u8]) -> Failure {
    let detail = match tls::spoken(bytes) {
        Some(protocol) => protocol.to_owned(),
        None => tls::printable_prefix(bytes),
    };
    Failure::new(Stage::Handshake, Reason::NotTls, detail)
}

/// The detail for messages beyond the limit of rustls. rustls reads messages of up to 64 KiB (0.23: `MAX_HANDSHAKE_SIZE`, `CERTIFICATE_MAX_SIZE_LIMIT`),
/// OpenSSL and BoringSSL certificates of up to 100 KiB, Go of up to 256 KiB.
const BEYOND_RUSTLS: &str =
    "a handshake message of more than 64 KiB, which this scanner reads up to TLS 1.2 only";

/// Returns the failure for an error of rustls.
pub(super) fn refused(error: Error) -> Failure {
    let (reason, detail) = match error {
        Error::AlertReceived(alert) => return Failure::alert(AlertDescription(u8::from(alert))),
        Error::PeerIncompatible(_) => (Reason::Incompatible, error.to_string()),
        // A scheme that is offered (Ed448), with a TLS 1.2 suite for which rustls allows only others.
        Error::PeerMisbehaved(PeerMisbehaved::SignedKxWithWrongAlgorithm) => {
            (Reason::Incompatible, error.to_string())
        }
        // The server requires something that was not offered.
        Error::PeerMisbehaved(
            PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedCipherSuite
            | PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedNamedGroup
            | PeerMisbehaved::SelectedUnofferedCipherSuite
            | PeerMisbehaved::SelectedUnofferedKxGroup
            | PeerMisbehaved::WrongGroupForKeyShare,
        ) => (Reason::Incompatible, error.to_string()),
        // A record may contain at most 16 KiB (RFC 8446, 5.1 and 5.2), so the server is at fault.
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
