//! Continues reading after our own refusal. The certificates that the server sends unencrypted may come
//! after the malformed message. The failure does not change.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;

use super::clock::within;
use crate::observation::{Failure, Reason, Stage};
use crate::tls::{Flight, FlightProgress};

/// Maximum time to continue. Servers send a flight at once, so after a pause nothing more comes.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads until the certificates have arrived, no more can come, or `PATIENCE` or `deadline` is over.
pub(super) async fn read_on(
    stream: &TcpStream,
    flight: &mut Flight,
    deadline: Duration,
    buffer: &RefCell<Box<[u8]>>,
) {
    // What was read until then is kept, however it ends.
    let _ = within(PATIENCE.min(deadline), take_all(stream, flight, buffer)).await;
    flight.finish();
}

/// Returns true if we ended the handshake, so that the server may still be sending.
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
        FlightProgress::More => flight.certificates.is_none(),
        FlightProgress::Done => false,
        FlightProgress::Failed(_) => flight.wants_more(),
    }
}
