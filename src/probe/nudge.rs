//! Distinguishes a server of a line-based protocol from a silent one. A plain HTTP server takes a
//! ClientHello for a line and waits for its end. The random bytes may contain a line end or not, and a
//! verdict must not depend on that. A silent port is therefore sent empty lines before it is given up.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;

use super::broken::not_tls;
use super::clock::within;
use crate::observation::Failure;
use crate::tls;

/// The end of a line and of the headers of an HTTP request.
const EMPTY_LINES: &[u8] = b"\r\n\r\n";

/// Maximum time to wait for the answer. A server that waited for a line answers it at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// Sends empty lines to a silent peer. Returns the failure that names its protocol, or `None` if it stays
/// silent or answers with TLS.
pub(super) async fn nudge(stream: &TcpStream, buffer: &RefCell<Box<[u8]>>) -> Option<Failure> {
    stream.try_write(EMPTY_LINES).ok()?;
    within(PATIENCE, answer(stream, buffer)).await?
}

async fn answer(stream: &TcpStream, buffer: &RefCell<Box<[u8]>>) -> Option<Failure> {
    loop {
        stream.readable().await.ok()?;
        let mut buffer = buffer.borrow_mut();
        match stream.try_read(&mut buffer) {
            Ok(count) => {
                let said = &buffer[..count];
                // A close or a late alert adds nothing.
                return (count > 0 && !tls::may_be_tls(said)).then(|| not_tls(said));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
}
