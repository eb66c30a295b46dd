//! The sockets hickory asks through, with one thing added: it is remembered when this machine had
//! none to give. hickory folds every such error into "no connections available", the same as for a
//! resolver that cannot be reached, and the first must never be blamed on a name.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
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
                Ok(socket) => Ok(Socket { socket, trouble }),
                Err(error) => {
                    trouble.note(&error);
                    Err(error)
                }
            }
        })
    }
}

/// A UDP socket that takes note of what cannot be sent.
pub(super) struct Socket {
    socket: UdpSocket,
    trouble: Arc<Trouble>,
}

impl DnsUdpSocket for Socket {
    type Time = <TokioRuntimeProvider as RuntimeProvider>::Timer;

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        DnsUdpSocket::poll_recv_from(&self.socket, cx, buffer)
    }

    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        message: &[u8],
        server: SocketAddr,
    ) -> Poll<io::Result<usize>> {
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
