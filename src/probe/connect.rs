//! The TCP connection, and what its errors mean.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::observation::{Failure, Reason, Stage};

/// Connects, or says why not.
pub(super) async fn connect(address: SocketAddr, deadline: Duration) -> Result<TcpStream, Failure> {
    match timeout(deadline, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if no_source_for(address, &error) => Err(Failure::new(
            Stage::Connect,
            Reason::NoRoute,
            error.to_string(),
        )),
        Ok(Err(error)) => Err(failure(Stage::Connect, &error)),
        Err(_) => Err(Failure::new(Stage::Connect, Reason::Timeout, "")),
    }
}

/// Whether this machine has no address from which that one can be reached, such as no IPv6 at all.
/// The system says the same when its ports have run out, but that is about TCP: for UDP, which
/// sends nothing here, it then still finds an address.
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

/// Writes all of it.
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

/// The failure that an I/O error means at this stage.
pub(super) fn failure(stage: Stage, error: &io::Error) -> Failure {
    let reason = match error.kind() {
        _ if is_local(error) => Reason::LocalLimit,
        ErrorKind::ConnectionRefused => Reason::Refused,
        ErrorKind::TimedOut => Reason::Timeout,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Reason::Reset
        }
        // Anything else the network stack says at this point (no route, administratively
        // prohibited, a local firewall's EPERM) is a way of not getting there.
        _ => Reason::NoRoute,
    };
    // The reason says all for the common kinds; the system's words help with the others.
    let detail = match reason {
        Reason::NoRoute | Reason::LocalLimit => error.to_string(),
        _ => String::new(),
    };
    Failure::new(stage, reason, detail)
}

/// Whether this machine ran out of something: descriptors, ports, memory.
fn is_local(error: &io::Error) -> bool {
    // Linux and the BSDs number these alike up to 35; the rest differ, hence both numbers.
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
    fn errors_of_this_machine_are_told_from_the_targets() {
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
