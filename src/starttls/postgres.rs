//! PostgreSQL (protocol 3, "SSL Session Encryption"): eight bytes out, one byte back.

use super::{Phase, Protocol, SetbackKind, Speaker, Step};

/// PostgreSQL.
pub(super) const POSTGRES: Protocol = Protocol {
    name: "postgres",
    first: Speaker::Client,
    // Before the startup message there is nobody to take leave of.
    farewell: &[],
    ends: None,
    begins: Phase::Asked,
    opening: |_| SSL_REQUEST.to_vec(),
    step: |_, bytes, _| step(bytes),
};

/// The length, and 1234.5679 in the place of a version.
const SSL_REQUEST: &[u8; 8] = &[0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F];

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [] => Step::More,
        [b'S', ..] => Step::upgrade(1),
        [b'N', ..] => Step::fail(SetbackKind::NotOffered, b"N"),
        [b'E', rest @ ..] => error(rest),
        _ => Step::other(bytes),
    }
}

/// An ErrorResponse: a length that counts itself, then fields, each a letter and a text that ends
/// with zero. Servers say it that are full, and those that do not know the request.
fn error(bytes: &[u8]) -> Step {
    let Some((length, fields)) = bytes.split_first_chunk::<4>() else {
        return Step::More;
    };
    let fork = bytes.get(..NO_PROCESS.len().min(bytes.len()));
    if fork.is_some_and(|begun| NO_PROCESS.starts_with(begun)) {
        return no_process(bytes);
    }
    let length = u32::from_be_bytes(*length) as usize;
    if length > super::MAX_RECEIVED {
        return Step::other(bytes);
    }
    let Some(fields) = fields.get(..length.saturating_sub(4)) else {
        return Step::More;
    };
    let message = fields
        .split(|byte| *byte == 0)
        .find_map(|field| field.strip_prefix(b"M"));
    let code = fields
        .split(|byte| *byte == 0)
        .find_map(|field| field.strip_prefix(b"C"));
    let temporary = code.is_some_and(is_temporary);
    Step::no(
        SetbackKind::TurnedAway,
        temporary,
        message.unwrap_or(fields),
    )
}

/// How a server begins that cannot start a process for the connection: in the form of protocol 2,
/// whatever the client speaks (PostgreSQL, `report_fork_failure_to_client` of postmaster.c).
const NO_PROCESS: &[u8] = b"could not fork new process";

fn no_process(bytes: &[u8]) -> Step {
    match bytes.iter().position(|byte| matches!(byte, 0 | b'\n')) {
        Some(end) => Step::fail(SetbackKind::Temporary, &bytes[..end]),
        None => Step::More,
    }
}

/// Out of connections or another resource, starting, shutting down, or crashed (PostgreSQL, appendix
/// A: class 53, and 57P01 to 57P03).
fn is_temporary(code: &[u8]) -> bool {
    code.starts_with(b"53") || matches!(code, b"57P01" | b"57P02" | b"57P03")
}
