//! The sockets hickory asks through, with one thing added: it is remembered when this machine had
//! none to give. hickory folds every such error into "no connections available", the same as for a
//! resolver that cannot be reached, and the first must never be blamed on a name.

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

/// Opens sockets, and takes note of what goes wrong.
#[derive(Clone, Default)]
pub(super) struct Sockets {
    tokio: TokioRuntimeProvider,
    trouble: Arc<Trouble>,
}

/// What went wrong with our own sockets, over all lookups. A lookup that fails without an answer
/// compares the count with what it was when it began: another lookup may have caused the change,
/// but then this machine was short of sockets at the time, and trying again is right.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    local: AtomicU64,
    last: AtomicI32,
}

impl Trouble {
    /// How often this machine had no socket to give.
    pub(super) fn local(&self) -> u64 {
        self.local.load(Ordering::Relaxed)
    }

    /// The system's words for the latest error of any kind, when there was one.
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

/// Whether the error says that this machine ran out of descriptors, ports or memory.
fn is_local(error: &io::Error) -> bool {
    /// ENFILE and EMFILE are the same everywhere on Unix, ENOBUFS on Linux and on BSD and macOS;
    /// the last two are Windows's EMFILE and ENOBUFS. The standard library has no kind for them.
    const CODES: [i32; 6] = [23, 24, 105, 55, 10024, 10055];
    matches!(
        error.kind(),
        io::ErrorKind::OutOfMemory | io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable
    ) || error
        .raw_os_error()
        .is_some_and(|code| CODES.contains(&code))
}

impl Sockets {
    /// What went wrong with them so far.
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

/// A UDP socket that takes note of what cannot be sent. hickory opens one for each query.
pub(super) struct Socket {
    socket: UdpSocket,
    trouble: Arc<Trouble>,
    /// The question that was sent, with the query's id before it.
    asked: OnceLock<Asked>,
}

/// The id of a query, and its question.
struct Asked {
    id: [u8; 2],
    question: Box<[u8]>,
}

/// A message's header.
const HEADER: usize = 12;
/// Type and class behind the name of a question.
const TYPE_AND_CLASS: usize = 4;

impl Asked {
    /// Of a query as it is sent: one question, its name in plain labels.
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

    /// Completes an error that is a bare header. A server that cannot read a query answers without
    /// its question (RFC 1035 section 4.1.1), and hickory takes that for a forgery and waits on.
    /// Only refusals are completed: nothing is believed of them but that they refuse. Returns the
    /// length of the message in the buffer.
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
            // Nobody else sends on this socket.
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
            // Another query's, no answer, no refusal, an answer with a question or a record.
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
            // A query that is cut short is none, and no panic.
            let _ = Asked::read(&query[..end]);
        }
    }

    #[test]
    fn our_own_shortage_is_told_from_a_bad_route() {
        for (code, local) in [(24, true), (23, true), (105, true), (12, true), (98, true)] {
            // Numbers of Linux.
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
