//! Servers for measuring: many names behind few ports, a server that stalls, and one that replays
//! a canned flight. Each runs on a thread of its own, so that its cost can be told from the
//! client's.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use rustls::server::ResolvesServerCert;
use tokio::runtime;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::clear::{self, ClearServer};
use super::conduct::{Conduct, End};
use super::error::LabError;
use super::farm::{Distinct, Issuing};
use super::leaves;
pub use super::leaves::{Farm, LeafKey, Leaves, Signing, Versions};
use super::listen::{self, ANY_PORT};
use super::servers::{Always, BOTH, ONLY_12, ONLY_13, certified, configure};

/// Servers on a thread of their own, which ends when this is dropped.
pub struct Load {
    addresses: Vec<SocketAddr>,
    root_pem: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Connections at once: as many as there are ports.
const MOST_CONNECTIONS: usize = 65_536;

impl Load {
    /// Real TLS servers for the names `Load::name(0)`, `Load::name(1)`, ... on each of these
    /// addresses, which should be on loopback; on a free port of 127.0.0.1 when there are none.
    pub fn farm(farm: Farm, listen: &[SocketAddr], now: Timestamp) -> Result<Self, LabError> {
        let issuing = Issuing::new(farm.key, now)?;
        let versions = match farm.versions {
            Versions::Both => BOTH,
            Versions::Tls12 => ONLY_12,
            Versions::Tls13 => ONLY_13,
        };
        let resolver: Arc<dyn ResolvesServerCert> = match farm.leaves {
            Leaves::Shared => Arc::new(Always(certified(issuing.shared()?, issuing.signer()?))),
            Leaves::Distinct(count) => {
                Arc::new(Distinct::new(issuing.leaves(count)?, issuing.signer()?))
            }
        };
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let config = configure(provider, versions, None, resolver)?;
        let conduct = Conduct::Tls(Arc::new(config));
        Self::start(conduct, listen, issuing.root.pem())
    }

    /// Servers that accept and never answer; they give a connection up after half a minute.
    pub fn stall(listen: &[SocketAddr]) -> Result<Self, LabError> {
        let conduct = Conduct::Answer {
            bytes: Vec::new(),
            end: End::Wait,
        };
        Self::start(conduct, listen, String::new())
    }

    /// Servers that answer any ClientHello with the same TLS 1.2 flight, whose signature fits no
    /// client's random: the cheapest peer there is for a client that does no cryptography.
    pub fn replay(listen: &[SocketAddr], now: Timestamp) -> Result<Self, LabError> {
        let issuing = Issuing::new(LeafKey::P256, now)?;
        let share = clear::share_for_nobody(&issuing.key)?;
        let conduct = Conduct::Answer {
            bytes: clear::flight(&issuing.shared()?, &share),
            end: End::Wait,
        };
        Self::start(conduct, listen, issuing.root.pem())
    }

    /// TLS 1.2 as far as ServerHelloDone, with a leaf of its own for each of so many names: a peer
    /// for a client that reads chains in clear, and cheap enough not to hold it up.
    pub fn clear(
        leaves: usize,
        signing: Signing,
        listen: &[SocketAddr],
        now: Timestamp,
    ) -> Result<Self, LabError> {
        let issuing = Issuing::new(LeafKey::P256, now)?;
        let server = ClearServer::new(issuing.leaves(leaves)?, issuing.key.clone(), signing)?;
        let conduct = Conduct::Clear(Box::new(server));
        Self::start(conduct, listen, issuing.root.pem())
    }

    /// The name with this number: `n17.farm.tlsweep.test`.
    pub fn name(number: usize) -> String {
        leaves::name(number)
    }

    /// Where the servers listen, in the order asked for.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The root above the certificates, as PEM; empty for a server that sends none.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    fn start(conduct: Conduct, listen: &[SocketAddr], root_pem: String) -> Result<Self, LabError> {
        let listen = match listen {
            [] => &[ANY_PORT],
            some => some,
        };
        // Bound here, so that what fails is told and what does not can be connected to at once.
        let sockets = listen.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
        let addresses = sockets.iter().map(TcpListener::local_addr);
        let addresses = addresses.collect::<Result<_, _>>()?;
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("lab load".to_owned());
        let thread = thread.spawn(move || {
            runtime.block_on(serve_until(sockets, conduct, stopped));
        })?;
        Ok(Self {
            addresses,
            root_pem,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // Dropping the sender is the signal.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            let _ = thread.join();
        }
    }
}

fn bind(address: &SocketAddr) -> Result<TcpListener, LabError> {
    let socket = TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

async fn serve_until(sockets: Vec<TcpListener>, conduct: Conduct, stopped: oneshot::Receiver<()>) {
    let conduct = Arc::new(conduct);
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut servers = JoinSet::new();
    for socket in sockets {
        // Fails only where the runtime has no reactor; this one was built with it.
        if let Ok(listener) = tokio::net::TcpListener::from_std(socket) {
            servers.spawn(listen::listen(listener, conduct.clone(), slots.clone()));
        }
    }
    // The error is how the signal looks: the sender was dropped.
    let _ = stopped.await;
}
