//! Reads on after our own refusal. What the server sends in clear holds its certificates, whatever
//! was wrong with the message before them; the failure stays what it was.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::observation::{Failure, Reason, Stage};
use crate::tls::{Flight, Progress};

/// A server sends its whole flight at once. One that waits after a part of it sends no more.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads until the certificates have come, none can come any more, or the patience is over. It waits
/// no longer than `deadline` either.
pub(super) async fn read_on(
    stream: &TcpStream,
    flight: &mut Flight,
    deadline: Duration,
    buffer: &RefCell<Box<[u8]>>,
) {
    // Whatever ends it, what was read until then is what there is.
    let _ = timeout(PATIENCE.min(deadline), take_all(stream, flight, buffer)).await;
    flight.finish();
}

/// Whether it is we who ended the handshake, with the server still talking.
pub(super) fn by_us(failure: &Failure) -> bool {
    let ours = matches!(
        failure.reason,
        Reason::Malformed | Reason::Incompatible | Reason::TooLarge | Reason::ScannerLimit
    );
    ours && failure.stage == Stage::Handshake
}

async fn take_all(stream: &TcpStream, flight: &mut Flight, buffer: &RefCell<Box<[u8]>>) {
    while wanted(flight) {
        if stream.readable().await.is_err() {
            return;
        }
        let mut buffer = buffer.borrow_mut();
        match stream.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                flight.push(&buffer[..count]);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

fn wanted(flight: &Flight) -> bool {
    match flight.progress() {
        Progress::More => flight.certificates.is_none(),
        Progress::Done => false,
        Progress::Failed(_) => flight.wants_more(),
    }
}
