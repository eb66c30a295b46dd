//! The sockets that hickory uses. They also record when this machine could not provide a socket.
//! hickory reports such errors as "no connections available", the same as for an unreachable
//! resolver, but a shortage of our own must never be reported as a fault of the name.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use hickory_resolver::net::runtime::{DnsUdpSocket, RuntimeProvider, TokioRuntimeProvider};
use tokio::net::UdpSocket;

/// Opens sockets and records errors.
#[derive(Clone, Default)]
pub(super) struct Sockets {
    tokio: TokioRuntimeProvider,
    trouble: Arc<Trouble>,
}

/// Errors of our own sockets, over all lookups. A lookup that ends without an answer compares the
/// count with its value at the start. Another lookup may have caused the change, but then this
/// machine was short of sockets at that time, and a retry is right.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    local: AtomicU64,
    last: AtomicI32,
}

impl Trouble {
    /// Returns how often this machine could not provide a socket.
    pub(super) fn local(&self) -> u64 {
        self.local.load(Ordering::Relaxed)
    }

    /// Returns the operating system's message for the latest error, or `None` if there was none.
    pub(super) fn last(&self) -> Option<String> {
        match self.last.load(Ordering::Relaxed) {
            0 => None,
            code => Some(io::Error::from_raw_os_error(code).to_string()),
        }
    }

    fn note(&self, error: &io::Error) {
        if let Some(code) = error.raw_os_error() {
            self.last.store(code, Ordering::Relaxed);
        }
        if is_local(error) {
            self.local.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Returns true if the error means that this machine ran out of descriptors, ports or memory.
fn is_local(error: &io::Error) -> bool {
    /// ENFILE and EMFILE are the same on every Unix. ENOBUFS is 105 on Linux and 55 on BSD and
    /// macOS. The last two are Windows's EMFILE and ENOBUFS. The standard library has no kind for
    /// them.
    const CODES: [i32; 6] = [23, 24, 105, 55, 10024, 10055];
    matches!(
        error.kind(),
        io::ErrorKind::OutOfMemory | io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable
    ) || error
        .raw_os_error()
        .is_some_and(|code| CODES.contains(&code))
}

impl Sockets {
    /// Returns the record of errors.
    pub(super) fn trouble(&self) -> Arc<Trouble> {
        self.trouble.clone()
    }
}

type Opening<S> = Pin<Box<dyn Send + Future<Output = io::Result<S>>>>;

impl RuntimeProvider for Sockets {
    type Handle = <TokioRuntimeProvider as RuntimeProvider>::Handle;
    type Timer = <TokioRuntimeProvider as RuntimeProvider>::Timer;
    type Udp = Socket;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> Self::Handle {
        self.tokio.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        local: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> Opening<Self::Tcp> {
        let connecting = self.tokio.connect_tcp(server, local, timeout);
        let trouble = self.trouble();
        Box::pin(async move { connecting.await.inspect_err(|error| trouble.note(error)) })
    }

    fn bind_udp(&self, local: SocketAddr, _server: SocketAddr) -> Opening<Socket> {
        let trouble = self.trouble();
        Box::pin(async move {
            match UdpSocket::bind(local).await {
                Ok(socket) => Ok(Socket {
                    socket,
                    trouble,
                    asked: OnceLock::new(),
                }),
                Err(error) => {
                    trouble.note(&error);
                    Err(error)
                }
            }
        })
    }
}

/// A UDP socket that records send errors. hickory opens one for each query.
pub(super) struct Socket {
    socket: UdpSocket,
    trouble: Arc<Trouble>,
    /// The query that was sent: its id and question.
    asked: OnceLock<Asked>,
}

/// The id and question of a query.
struct Asked {
    id: [u8; 2],
    question: Box<[u8]>,
}

/// Length of a message header.
const HEADER: usize = 12;
/// Length of the type and class after the name of a question.
const TYPE_AND_CLASS: usize = 4;

impl Asked {
    /// Parses a query as it is sent: one question, its name uncompressed.
    fn read(query: &[u8]) -> Option<Self> {
        let rest = query.get(HEADER..)?;
        let mut end = 0;
        loop {
            match usize::from(*rest.get(end)?) {
                0 => break,
                length => end += 1 + length,
            }
        }
        Some(Self {
            id: *query.first_chunk()?,
            question: rest.get(..=end + TYPE_AND_CLASS)?.into(),
        })
    }

    /// Adds the question to an error that consists of a header only. A server that cannot parse a
    /// query answers without its question (RFC 1035 section 4.1.1), and hickory would take that for
    /// a forgery and keep waiting. Only errors are completed, because their code is all that is
    /// used of them. Returns the new length of the message.
    fn complete(&self, buffer: &mut [u8], length: usize) -> Option<usize> {
        const REFUSALS: [u8; 4] = [1, 2, 4, 5];
        let header: [u8; HEADER] = *buffer.get(..length)?.first_chunk()?;
        let [a, b, flags, code, counts @ ..] = header;
        let bare = counts[..6] == [0; 6];
        if [a, b] != self.id || flags & 0x80 == 0 || !bare || !REFUSALS.contains(&(code & 0x0f)) {
            return None;
        }
        let end = HEADER + self.question.len();
        buffer.get_mut(HEADER..end)?.copy_from_slice(&self.question);
        buffer[4..HEADER].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
        Some(end)
    }
}

impl DnsUdpSocket for Socket {
    type Time = <TokioRuntimeProvider as RuntimeProvider>::Timer;

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let received = DnsUdpSocket::poll_recv_from(&self.socket, cx, buffer);
        received.map_ok(|(length, from)| {
            let asked = self.asked.get();
            let completed = asked.and_then(|asked| asked.complete(buffer, length));
            (completed.unwrap_or(length), from)
        })
    }

    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        message: &[u8],
        server: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        if self.asked.get().is_none()
            && let Some(asked) = Asked::read(message)
        {
            // Only this query uses the socket.
            let _ = self.asked.set(asked);
        }
        let sent = self.socket.poll_send_to(cx, message, server);
        if let Poll::Ready(Err(error)) = &sent {
            self.trouble.note(error);
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_refusal_gets_its_question_back() {
        let query =
            b"\x12\x34\x01\0\0\x01\0\0\0\0\0\x01\x01a\x04test\0\0\x01\0\x01\0\0\x29\x04\xd0";
        let asked = Asked::read(query).unwrap();
        assert_eq!(&*asked.question, b"\x01a\x04test\0\0\x01\0\x01");
        for (header, completed) in [
            (b"\x12\x34\x81\x81\0\0\0\0\0\0\0\0", true),
            (b"\x12\x34\x81\x84\0\0\0\0\0\0\0\0", true),
            (b"\x12\x34\x81\x82\0\0\0\0\0\0\0\0", true),
            // Another query's id, no answer, no error code, an answer with a question or a record.
            (b"\x12\x35\x81\x81\0\0\0\0\0\0\0\0", false),
            (b"\x12\x34\x01\x81\0\0\0\0\0\0\0\0", false),
            (b"\x12\x34\x81\x80\0\0\0\0\0\0\0\0", false),
            (b"\x12\x34\x81\x83\0\0\0\0\0\0\0\0", false),
            (b"\x12\x34\x81\x81\0\x01\0\0\0\0\0\0", false),
            (b"\x12\x34\x81\x81\0\0\0\x01\0\0\0\0", false),
        ] {
            let mut buffer = [0; 64];
            buffer[..12].copy_from_slice(header);
            let length = asked.complete(&mut buffer, 12);
            assert_eq!(length, completed.then_some(12 + 12), "{header:?}");
            if completed {
                assert_eq!(buffer[4..6], [0, 1]);
                assert_eq!(buffer[12..24], *asked.question);
            }
        }
        assert_eq!(asked.complete(&mut [0; 64], 3), None);
        for end in 0..query.len() {
            // A truncated query is rejected without a panic.
            let _ = Asked::read(&query[..end]);
        }
    }

    #[test]
    fn our_own_shortage_is_not_a_bad_route() {
        for (code, local) in [(24, true), (23, true), (105, true), (12, true), (98, true)] {
            // Error numbers of Linux.
            let trouble = Trouble::default();
            trouble.note(&io::Error::from_raw_os_error(code));
            assert_eq!(trouble.local() == 1, local, "{code}");
        }
        let trouble = Trouble::default();
        assert_eq!(trouble.last(), None);
        trouble.note(&io::Error::from_raw_os_error(101));
        trouble.note(&io::Error::from_raw_os_error(13));
        assert_eq!(trouble.local(), 0);
        assert!(trouble.last().unwrap().contains("ermission denied"));
    }
}
