//! Opens the TCP connection and converts I/O errors to failures.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::net::TcpStream;

use super::clock::within;
use crate::observation::{Failure, Reason, Stage};

/// Connects, or returns the reason for the failure.
pub(super) async fn connect(address: SocketAddr, deadline: Duration) -> Result<TcpStream, Failure> {
    match within(deadline, TcpStream::connect(address)).await {
        Some(Ok(stream)) => Ok(stream),
        Some(Err(error)) if no_source_for(address, &error) => Err(Failure::new(
            Stage::Connect,
            Reason::NoRoute,
            error.to_string(),
        )),
        Some(Err(error)) => Err(failure(Stage::Connect, &error)),
        None => Err(Failure::new(Stage::Connect, Reason::Timeout, "")),
    }
}

/// Returns true if this machine has no source address for that destination, for example no IPv6. The
/// system returns the same error if no TCP ports are left, but a UDP socket can then still be connected.
/// Connecting it sends nothing.
fn no_source_for(address: SocketAddr, error: &io::Error) -> bool {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let none = |error: &io::Error| error.kind() == ErrorKind::AddrNotAvailable;
    none(error)
        && UdpSocket::bind((any, 0))
            .and_then(|socket| socket.connect(address))
            .is_err_and(|error| none(&error))
}

/// Writes all bytes.
pub(super) async fn write(
    stage: Stage,
    stream: &TcpStream,
    mut bytes: &[u8],
) -> Result<(), Failure> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let ready = stream.writable().await;
                ready.map_err(|error| failure(stage, &error))?;
            }
            Err(error) => return Err(failure(stage, &error)),
        }
    }
    Ok(())
}

/// Returns the failure for an I/O error at this stage.
pub(super) fn failure(stage: Stage, error: &io::Error) -> Failure {
    let reason = match error.kind() {
        _ if is_local(error) => Reason::LocalLimit,
        ErrorKind::ConnectionRefused => Reason::Refused,
        ErrorKind::TimedOut => Reason::Timeout,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Reason::Reset
        }
        // All other errors (no route, administratively prohibited, EPERM of a local firewall) mean
        // that the destination cannot be reached.
        _ => Reason::NoRoute,
    };
    // The reason is enough for common errors. For the others, the system's text helps.
    let detail = match reason {
        Reason::NoRoute | Reason::LocalLimit => error.to_string(),
        _ => String::new(),
    };
    Failure::new(stage, reason, detail)
}

/// Returns true if this machine ran out of descriptors, ports or memory.
fn is_local(error: &io::Error) -> bool {
    // Linux and the BSDs have the same numbers up to 35. ENOBUFS differs, so both numbers are listed.
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    const ENOMEM: i32 = 12;
    const ENOBUFS: [i32; 2] = [105, 55];
    let out_of = |number| [ENFILE, EMFILE, ENOMEM].contains(&number) || ENOBUFS.contains(&number);
    matches!(
        error.kind(),
        ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse | ErrorKind::OutOfMemory
    ) || error.raw_os_error().is_some_and(out_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_this_machine_are_distinguished_from_the_targets() {
        for (number, reason) in [
            (24, Reason::LocalLimit),
            (99, Reason::LocalLimit),
            (105, Reason::LocalLimit),
            (111, Reason::Refused),
            (104, Reason::Reset),
            (110, Reason::Timeout),
            (101, Reason::NoRoute),
            (113, Reason::NoRoute),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(failure(Stage::Connect, &error).reason, reason, "{error}");
        }
    }
}
