//! Ends a connection in order. A server of TLS 1.3 sends session tickets after the handshake. If they
//! are unread or still under way when the socket is dropped, the kernel answers with a reset, which
//! servers and firewalls count as an aborted connection.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::clock::within;

/// Maximum time to wait for the server's close. A server closes when it receives ours, so this is more
/// than one round trip.
const PATIENCE: Duration = Duration::from_millis(500);

/// Maximum number of bytes to read meanwhile: many tickets, but not a flood.
const MOST: usize = 64 * 1024;

/// Ends our direction of the connection and reads until the server ends its own.
pub(super) async fn close(mut stream: TcpStream, buffer: &RefCell<Box<[u8]>>) {
    // The server may have closed the connection already.
    if stream.shutdown().await.is_ok() {
        let _ = within(PATIENCE, read_to_end(&stream, buffer)).await;
    }
}

async fn read_to_end(stream: &TcpStream, buffer: &RefCell<Box<[u8]>>) {
    let mut left = MOST;
    while left > 0 && stream.readable().await.is_ok() {
        let mut buffer = buffer.borrow_mut();
        match stream.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => left = left.saturating_sub(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
