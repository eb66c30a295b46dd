//! Servers for measurements: many names on few ports, a server that stalls, and one that replays a
//! prepared flight. Each runs on its own thread, so that its CPU time can be separated from the
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

/// Servers on their own thread, which ends when this is dropped.
pub struct Load {
    addresses: Vec<SocketAddr>,
    root_pem: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Maximum number of concurrent connections: the number of ports.
const MOST_CONNECTIONS: usize = 65_536;

impl Load {
    /// Starts real TLS servers for the names `Load::name(0)`, `Load::name(1)`, ... on each of these
    /// addresses, which should be on loopback. Without addresses it uses a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// Returns an error if a certificate cannot be issued or a socket cannot be opened.
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

    /// Starts servers that accept and never answer. They close a connection after half a minute.
    ///
    /// # Errors
    ///
    /// Returns an error if a socket cannot be opened.
    pub fn stall(listen: &[SocketAddr]) -> Result<Self, LabError> {
        let conduct = Conduct::Answer {
            bytes: Vec::new(),
            end: End::Wait,
        };
        Self::start(conduct, listen, String::new())
    }

    /// Starts servers that answer any ClientHello with the same TLS 1.2 flight, whose signature
    /// matches no client's random: the cheapest peer for a client that does no cryptography.
    ///
    /// # Errors
    ///
    /// Returns an error if a certificate cannot be issued or a socket cannot be opened.
    pub fn replay(listen: &[SocketAddr], now: Timestamp) -> Result<Self, LabError> {
        let issuing = Issuing::new(LeafKey::P256, now)?;
        let share = clear::share_for_nobody(&issuing.key)?;
        let conduct = Conduct::Answer {
            bytes: clear::flight(&issuing.shared()?, &share),
            end: End::Wait,
        };
        Self::start(conduct, listen, issuing.root.pem())
    }

    /// Starts TLS 1.2 servers up to ServerHelloDone, with a separate leaf for each of the first
    /// `leaves` names: a peer for a client that reads unencrypted chains, and fast enough not to
    /// slow it down.
    ///
    /// # Errors
    ///
    /// Returns an error if a certificate cannot be issued or a socket cannot be opened.
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

    /// Returns the name with this number: `n17.farm.tlsweep.test`.
    pub fn name(number: usize) -> String {
        leaves::name(number)
    }

    /// Returns the addresses of the servers, in the order requested.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns the root of the certificates as PEM; empty for a server that sends none.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    fn start(conduct: Conduct, listen: &[SocketAddr], root_pem: String) -> Result<Self, LabError> {
        let listen = match listen {
            [] => &[ANY_PORT],
            some => some,
        };
        // Binding here reports errors to the caller, and makes the ports available before this
        // returns.
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
        // Dropping the sender is the signal to stop.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has already been printed.
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
        // This only fails if the runtime has no reactor; this one has.
        if let Ok(listener) = tokio::net::TcpListener::from_std(socket) {
            servers.spawn(listen::listen(listener, conduct.clone(), slots.clone()));
        }
    }
    // The receiver returns an error when the sender is dropped, which is the signal.
    let _ = stopped.await;
}
