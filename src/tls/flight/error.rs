//! Why a flight cannot be read, in words that name what was malformed.

use thiserror::Error;

use super::MAX_FLIGHT;

/// Why a flight cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FlightError {
    /// The first bytes are no TLS record.
    #[error("not TLS")]
    NotTls,
    /// A later record does not look like one.
    #[error("record of type {0} with version {1:#06x}")]
    RecordHeader(u8, u16),
    /// A record longer than any record may be.
    #[error("record length {0}")]
    RecordLength(usize),
    /// A record that cannot stand in a first flight.
    #[error("unexpected record {0}")]
    UnexpectedRecord(&'static str),
    /// An alert that is neither warning nor fatal.
    #[error("alert level {0}")]
    AlertLevel(u8),
    /// A handshake message that breaks its own rules.
    #[error("handshake message {message} {flaw}")]
    Malformed {
        /// The name of the message.
        message: &'static str,
        /// What is wrong with it.
        flaw: &'static str,
    },
    /// A handshake message where none of its kind may stand.
    #[error("unexpected handshake message {}", message_text(*.0))]
    Unexpected(u8),
    /// A handshake message larger than any that is needed.
    #[error("handshake message {name} of {1} bytes", name = message_text(*.0))]
    MessageLength(u8, usize),
    /// More bytes than any flight needs.
    #[error("flight of more than {MAX_FLIGHT} bytes")]
    FlightLength,
    /// More of them than anybody needs.
    #[error("too many {0}")]
    TooMany(&'static str),
}

fn message_text(kind: u8) -> String {
    message_name(kind).map_or_else(|| format!("of type {kind}"), str::to_owned)
}

pub(super) fn message_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "hello_request",
        1 => "client_hello",
        2 => "server_hello",
        3 => "hello_verify_request",
        4 => "new_session_ticket",
        8 => "encrypted_extensions",
        11 => "certificate",
        12 => "server_key_exchange",
        13 => "certificate_request",
        14 => "server_hello_done",
        15 => "certificate_verify",
        16 => "client_key_exchange",
        20 => "finished",
        22 => "certificate_status",
        23 => "supplemental_data",
        24 => "key_update",
        _ => return None,
    })
}
