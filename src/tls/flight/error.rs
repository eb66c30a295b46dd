//! The errors of parsing a flight. Each text names what was malformed.

use thiserror::Error;

use super::bounds::MAX_FLIGHT;

/// Why a flight cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FlightError {
    /// The first bytes are not a TLS record.
    #[error("not TLS")]
    NotTls,
    /// A later record has an unknown type. The version of its header is reported too.
    #[error("record of type {0} with version {1:#06x}")]
    RecordHeader(u8, u16),
    /// A record is longer than the maximum of TLS.
    #[error("record length {0}")]
    RecordLength(usize),
    /// A record is of a type that a first flight cannot contain.
    #[error("unexpected record {0}")]
    UnexpectedRecord(&'static str),
    /// The level of an alert is neither warning nor fatal.
    #[error("alert level {0}")]
    AlertLevel(u8),
    /// A handshake message is malformed.
    #[error("handshake message {message} {flaw}")]
    Malformed {
        /// Name of the message.
        message: &'static str,
        /// What is wrong with the message.
        flaw: &'static str,
    },
    /// A handshake message of this type is not allowed at this point.
    #[error("unexpected handshake message {}", message_text(*.0))]
    Unexpected(u8),
    /// A handshake message is larger than the limit.
    #[error("handshake message {name} of {1} bytes", name = message_text(*.0))]
    MessageLength(u8, usize),
    /// The flight is larger than the limit.
    #[error("flight of more than {MAX_FLIGHT} bytes")]
    FlightLength,
    /// The flight contains more of these than the limit.
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
