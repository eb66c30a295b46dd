//! PostgreSQL (protocol 3, "SSL Session Encryption"): the client sends eight bytes, the server
//! replies with one.

use super::{Phase, Protocol, SetbackKind, Speaker, Step};

/// PostgreSQL.
pub(super) const POSTGRES: Protocol = Protocol {
    name: "postgres",
    first: Speaker::Client,
    // Before the startup message there is no session to end.
    farewell: &[],
    ends: None,
    begins: Phase::Asked,
    opening: |_| SSL_REQUEST.to_vec(),
    step: |_, bytes, _| step(bytes),
};

/// The length, then 1234.5679 in place of a protocol version.
const SSL_REQUEST: &[u8; 8] = &[0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F];

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [] => Step::More,
        // An SSH banner begins with the same letter as consent.
        [b'S', b'S', b'H', b'-', ..] => Step::other(bytes),
        [b'S', ..] => Step::upgrade(1),
        [b'N'] => Step::fail(SetbackKind::NotOffered, b"N"),
        [b'E', rest @ ..] => error(rest),
        _ => Step::other(bytes),
    }
}

/// Parses an ErrorResponse: a length that includes itself, then fields, each a letter and a text
/// that ends with a zero byte. Servers send it when they are full, or when they do not know the
/// request.
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

/// Beginning of the error of a server that cannot start a process for the connection. It has the
/// form of protocol 2, whatever the client speaks (PostgreSQL, `report_fork_failure_to_client` in
/// postmaster.c).
const NO_PROCESS: &[u8] = b"could not fork new process";

fn no_process(bytes: &[u8]) -> Step {
    match bytes.iter().position(|byte| matches!(byte, 0 | b'\n')) {
        Some(end) => Step::fail(SetbackKind::Temporary, &bytes[..end]),
        None => Step::More,
    }
}

/// Returns true if the server is out of connections or of another resource, starting, shutting
/// down, or has crashed (PostgreSQL, appendix A: class 53, and 57P01 to 57P03).
fn is_temporary(code: &[u8]) -> bool {
    code.starts_with(b"53") || matches!(code, b"57P01" | b"57P02" | b"57P03")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::starttls::Setback;

    #[test]
    fn a_banner_that_begins_like_an_answer_is_another_protocol() {
        for banner in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"NOTICE\r\n"] {
            let Step::Fail(Setback { kind, .. }) = step(banner) else {
                panic!("{}", banner.escape_ascii());
            };
            assert_eq!(kind, SetbackKind::OtherProtocol);
        }
        assert!(matches!(step(b"N"), Step::Fail(_)));
    }
}
