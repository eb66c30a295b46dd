//! MySQL and MariaDB. The greeting says whether the server offers TLS. The client asks for it with
//! the first half of a login packet, and the server replies with TLS itself.
//!
//! This program leaves without logging in, which servers count as a failed connection. After a
//! hundred in a row from one address, with no login between them, they block the address
//! (`max_connect_errors`).

use super::{Phase, Protocol, SetbackKind, Speaker, Step, no_opening};

/// MySQL's client protocol, version 10.
pub(super) const MYSQL: Protocol = Protocol {
    name: "mysql",
    first: Speaker::Server,
    // COM_QUIT is allowed only after a login.
    farewell: &[],
    ends: None,
    begins: Phase::Greeting,
    opening: no_opening,
    step: |_, bytes, _| step(bytes),
};

const PROTOCOL_10: u8 = 10;
const ERROR: u8 = 0xFF;
const CLIENT_SSL: u16 = 0x0800;

/// Error numbers of temporary failures before the login: ER_OUTOFMEMORY,
/// ER_CON_COUNT_ERROR (too many connections), ER_OUT_OF_RESOURCES, ER_SERVER_SHUTDOWN,
/// ER_CANT_CREATE_THREAD, ER_SERVER_ISNT_AVAILABLE (MySQL 8.0, server error message reference).
/// ER_HOST_IS_BLOCKED (1129) is not one: it lasts until the host cache is flushed.
const TEMPORARY: [u16; 6] = [1037, 1040, 1041, 1053, 1135, 3168];

/// Capability flags for protocol 4.1, TLS and secure passwords. Then the maximum packet size (16
/// MiB), the character set (utf8mb4), and 23 zero bytes.
const SSL_REQUEST: [u8; 36] = {
    let mut packet = [0; 36];
    packet[0] = 32;
    packet[3] = 1;
    packet[5] = 0x8A;
    packet[11] = 1;
    packet[12] = 45;
    packet
};

fn step(bytes: &[u8]) -> Step {
    let Some(([a, b, c, number], rest)) = bytes.split_first_chunk::<4>() else {
        return Step::More;
    };
    let length = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
    if *number != 0 || length == 0 || length > super::MAX_RECEIVED {
        return Step::other(bytes);
    }
    let Some(packet) = rest.get(..length) else {
        // If the first byte is wrong already, there is no need to wait for the rest.
        return match rest.first() {
            None | Some(&(PROTOCOL_10 | ERROR)) => Step::More,
            Some(_) => Step::other(bytes),
        };
    };
    match packet {
        [PROTOCOL_10, greeting @ ..] => offers(bytes, greeting, 4 + length),
        // The error number comes before the message and, since 4.1, a `#` and the SQL state.
        [ERROR, low, high, text @ ..] => {
            let number = u16::from_le_bytes([*low, *high]);
            Step::no(SetbackKind::TurnedAway, TEMPORARY.contains(&number), text)
        }
        _ => Step::other(bytes),
    }
}

fn offers(bytes: &[u8], greeting: &[u8], taken: usize) -> Step {
    match (capabilities(greeting), version(greeting)) {
        (Some(capabilities), _) if capabilities & CLIENT_SSL != 0 => Step::Upgrade {
            taken,
            last: SSL_REQUEST.to_vec(),
        },
        (Some(_), Some(version)) => Step::fail(SetbackKind::NotOffered, version),
        _ => Step::other(bytes),
    }
}

fn version(greeting: &[u8]) -> Option<&[u8]> {
    let end = greeting.iter().position(|byte| *byte == 0)?;
    Some(&greeting[..end])
}

/// Returns the lower half of the capability flags. They follow the version and its zero byte, the
/// connection number, eight bytes of challenge, and a zero byte.
fn capabilities(greeting: &[u8]) -> Option<u16> {
    let at = version(greeting)?.len() + 1 + 4 + 8 + 1;
    let bytes = greeting.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*bytes))
}
