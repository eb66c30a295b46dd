//! A lab on loopback: one small server for every healthy or faulty endpoint, and a resolver for
//! their names. `tlsweep demo`, tests and benchmarks sweep it.
//!
//! It implements the same protocols as the scanner but shares none of its code: what a server shows
//! must not depend on the scanner. It knows the names of verdicts and nothing about probing or
//! judging.

mod case;
mod certificates;
mod chains;
mod clear;
mod conduct;
mod dialogues;
mod error;
mod farm;
mod flight;
mod handshakes;
mod hello;
mod issue;
mod leaves;
mod legacy;
mod listen;
pub mod load;
mod misfits;
mod names;
mod rare;
mod resolver;
mod servers;
#[cfg(test)]
mod tests;
mod wires;

pub use case::LabCase;
pub use error::LabError;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::net::{TcpListener, TcpSocket, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use conduct::Conduct;
use issue::Workshop;
use listen::ANY_PORT;
use resolver::Zone;

/// The zone of all names of the lab; `.test` is reserved (RFC 6761).
pub const ZONE: &str = "tlsweep.test";

/// Maximum number of concurrent connections of the whole lab: more than a sweep makes, and few
/// enough for any machine.
const MOST_CONNECTIONS: usize = 4096;

/// A case whose server is up.
pub struct Running {
    /// The case.
    pub case: &'static LabCase,
    /// Target for a sweep with [`Lab::resolver_address`] as the resolver:
    /// `expired.tlsweep.test:41234`.
    pub target: String,
    /// Target for a sweep with any resolver: `expired.tlsweep.test@127.0.0.1:41234`. `None` for a
    /// case about name resolution.
    pub pinned: Option<String>,
}

/// The running lab. Its servers run on the runtime on which it was started, and end when it is
/// dropped.
pub struct Lab {
    cases: Vec<Running>,
    root_pem: String,
    resolver: SocketAddr,
    servers: JoinSet<()>,
    /// Ports that do not listen. They stay bound so that no other socket of this machine gets them.
    refusing: Vec<TcpSocket>,
}

impl Lab {
    /// Starts every case. The dates of certificates are relative to `now`.
    ///
    /// # Errors
    ///
    /// Returns an error if a certificate cannot be created or a socket cannot be opened.
    pub async fn start(now: Timestamp) -> Result<Self, LabError> {
        Self::start_some(now, |_| true).await
    }

    /// Starts the cases that `wanted` selects.
    ///
    /// # Errors
    ///
    /// Returns an error if a certificate cannot be created or a socket cannot be opened.
    pub async fn start_some(
        now: Timestamp,
        wanted: impl Fn(&LabCase) -> bool,
    ) -> Result<Self, LabError> {
        let cases: Vec<_> = LabCase::all().filter(|case| wanted(case)).collect();
        // Creating an RSA key takes too long for the runtime's own threads.
        let (conducts, root_pem) =
            tokio::task::spawn_blocking(move || prepare(now, cases)).await??;
        let socket = UdpSocket::bind(ANY_PORT).await?;
        let mut lab = Self {
            cases: Vec::new(),
            root_pem,
            resolver: socket.local_addr()?,
            servers: JoinSet::new(),
            refusing: Vec::new(),
        };
        lab.servers
            .spawn(resolver::answer_all(socket, zone_of(&conducts)));
        let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        for (case, conduct) in conducts {
            lab.open(case, conduct, &slots).await?;
        }
        Ok(lab)
    }

    /// Returns the cases with their addresses.
    pub fn cases(&self) -> &[Running] {
        &self.cases
    }

    /// Returns the root that clients of the lab trust, as PEM.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// Returns the address of the lab's DNS server (UDP).
    pub fn resolver_address(&self) -> SocketAddr {
        self.resolver
    }

    /// Stops every server and waits until all have ended.
    pub async fn stop(mut self) {
        self.servers.shutdown().await;
    }

    async fn open(
        &mut self,
        case: &'static LabCase,
        conduct: Conduct,
        slots: &Arc<Semaphore>,
    ) -> Result<(), LabError> {
        let scheme = match &conduct {
            Conduct::Dialogue(dialogue) => Some(dialogue.scheme),
            _ => None,
        };
        let port = match conduct {
            Conduct::NoAddress(_) => None,
            Conduct::Refused => {
                // A socket that is bound but does not listen refuses connections and keeps the port
                // reserved.
                let socket = TcpSocket::new_v4()?;
                socket.bind(ANY_PORT)?;
                let port = socket.local_addr()?.port();
                self.refusing.push(socket);
                Some(port)
            }
            conduct => {
                let listener = TcpListener::bind(ANY_PORT).await?;
                let port = listener.local_addr()?.port();
                self.servers
                    .spawn(listen::listen(listener, Arc::new(conduct), slots.clone()));
                Some(port)
            }
        };
        self.cases.push(Running::new(case, scheme, port));
        Ok(())
    }
}

impl Running {
    fn new(case: &'static LabCase, scheme: Option<&str>, port: Option<u16>) -> Self {
        let host = case.host;
        let scheme = scheme
            .map(|scheme| format!("{scheme}://"))
            .unwrap_or_default();
        let by_address = host.parse::<Ipv4Addr>().is_ok();
        Self {
            case,
            target: format!("{scheme}{host}:{}", port.unwrap_or(443)),
            pinned: port.map(|port| match by_address {
                true => format!("{scheme}{host}:{port}"),
                false => format!("{scheme}{host}@{}:{port}", Ipv4Addr::LOCALHOST),
            }),
        }
    }
}

type Prepared = Vec<(&'static LabCase, Conduct)>;

/// Creates what each case serves, and the root.
fn prepare(now: Timestamp, cases: Vec<&'static LabCase>) -> Result<(Prepared, String), LabError> {
    let shop = Workshop::open(now)?;
    let conducts = cases
        .into_iter()
        .map(|case| Ok((case, (case.conduct)(&shop, case.host)?)))
        .collect::<Result<_, LabError>>()?;
    Ok((conducts, shop.root.pem()))
}

fn zone_of(conducts: &Prepared) -> Zone {
    let answers = conducts.iter().filter_map(|(case, conduct)| match conduct {
        Conduct::NoAddress(answer) => Some((case.host, *answer)),
        _ => None,
    });
    Zone(answers.collect::<HashMap<_, _>>())
}
