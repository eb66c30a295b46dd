//! Tells a server of lines from a silent one. A plain HTTP server that is sent a ClientHello waits
//! for the end of the line it takes it for; whether one comes is up to the hello's random bytes, and
//! no verdict should be. So a port that stayed silent is sent empty lines before it is given up.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::broken::not_tls;
use crate::observation::Failure;
use crate::tls;

/// The end of a line, and of the headers of an HTTP request.
const EMPTY_LINES: &[u8] = b"\r\n\r\n";

/// A server that waited for a line answers at once when it has one.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a silent peer turns out to speak, when it is not TLS.
pub(super) async fn nudge(stream: &TcpStream, buffer: &RefCell<Box<[u8]>>) -> Option<Failure> {
    stream.try_write(EMPTY_LINES).ok()?;
    timeout(PATIENCE, answer(stream, buffer)).await.ok()?
}

async fn answer(stream: &TcpStream, buffer: &RefCell<Box<[u8]>>) -> Option<Failure> {
    loop {
        stream.readable().await.ok()?;
        let mut buffer = buffer.borrow_mut();
        match stream.try_read(&mut buffer) {
            Ok(count) => {
                let said = &buffer[..count];
                // An end, or an alert at last, says nothing new.
                return (count > 0 && !tls::may_be_tls(said)).then(|| not_tls(said));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
}
