//! Queries the name servers, and remembers for each whether it supports EDNS.
//!
//! RFC 6891 section 7: FORMERR, NOTIMP or SERVFAIL to a query with an OPT record may mean that the
//! server does not know OPT. Old appliances do not answer at all. In both cases the query is
//! repeated without OPT. A server that answers only then is always queried without OPT from then
//! on. Plain DNS works with every server: answers of more than 512 bytes are fetched over TCP.
//!
//! A query without an answer is repeated once, because UDP loses packets. A slow server must not get
//! several queries for one name, so the repetition is late.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};

use super::connections::Connections;
use super::sockets::Sockets;
use super::turns::Turn;

/// All servers, queried in rotation.
pub(super) struct Servers {
    servers: Vec<Server>,
    next: AtomicUsize,
}

/// One server.
struct Server {
    pool: NameServerPool<Connections>,
    /// The same server for repetitions: a pool merges equal queries that are under way.
    again: NameServerPool<Connections>,
    /// Time after which a query is repeated, and after which it has failed.
    repeat: Duration,
    timeout: Duration,
    edns: AtomicU8,
    /// Number of queries that received no answer, either with or without OPT.
    silent: AtomicU8,
}

/// EDNS support is unknown.
const UNKNOWN: u8 = 0;
/// The server has answered a query with OPT.
const SPOKEN: u8 = 1;
/// The server is queried without OPT.
const PLAIN: u8 = 2;

/// After this many queries without any answer, a server that has never answered is queried without
/// OPT only. Then each further silence costs one timeout instead of two.
const SILENCES: u8 = 8;

/// Minimum time before a query is repeated. A server that must ask others often takes most of a
/// second.
const SOONEST_REPEAT: Duration = Duration::from_secs(1);

impl Servers {
    /// Sets up the servers. It sends nothing.
    pub(super) fn new(
        configs: Vec<NameServerConfig>,
        timeout: Duration,
        sockets: &Sockets,
    ) -> Result<Self, NetError> {
        let context = Arc::new(PoolContext::new(options(timeout), TlsConfig::new()?));
        let connections = Connections(sockets.clone());
        let pool =
            |config| NameServerPool::from_config([config], context.clone(), connections.clone());
        let server = |config: NameServerConfig| Server {
            pool: pool(config.clone()),
            again: pool(config),
            repeat: (timeout / 2).max(SOONEST_REPEAT),
            timeout,
            edns: AtomicU8::new(UNKNOWN),
            silent: AtomicU8::new(0),
        };
        Ok(Self {
            servers: configs.into_iter().map(server).collect(),
            next: AtomicUsize::new(0),
        })
    }

    /// Queries the server whose turn it is, or the next one if it cannot be reached.
    pub(super) async fn ask(
        &self,
        query: &Query,
        turn: &mut Turn<'_>,
    ) -> Result<DnsResponse, NetError> {
        let count = self.servers.len();
        let first = self.next.fetch_add(1, Relaxed) % count.max(1);
        let (before, from) = self.servers.split_at(first.min(count));
        let mut answer = Err(NetError::NoConnections);
        for server in from.iter().chain(before) {
            answer = server.ask(query, turn).await;
            match &answer {
                Err(NetError::NoConnections | NetError::Io(_) | NetError::Busy) => {}
                _ => break,
            }
        }
        answer
    }
}

impl Server {
    async fn ask(&self, query: &Query, turn: &mut Turn<'_>) -> Result<DnsResponse, NetError> {
        let known = self.edns.load(Relaxed);
        if known == PLAIN {
            return self.send(query, false, turn).await;
        }
        let answer = self.send(query, true, turn).await;
        if !may_be_about_edns(&answer, known) {
            if is_answer(&answer) {
                self.edns.store(SPOKEN, Relaxed);
            }
            return answer;
        }
        let plain = self.send(query, false, turn).await;
        if is_answer(&plain) {
            self.edns.store(PLAIN, Relaxed);
            return plain;
        }
        if matches!(plain, Err(NetError::Timeout)) {
            let silences = self.silent.fetch_add(1, Relaxed).saturating_add(1);
            if known == UNKNOWN && silences >= SILENCES {
                self.edns.store(PLAIN, Relaxed);
            }
            // A response code says more than a timeout.
            return if matches!(answer, Err(NetError::Timeout)) {
                plain
            } else {
                answer
            };
        }
        plain
    }

    /// Sends a query, and repeats it if no answer arrives.
    async fn send(
        &self,
        query: &Query,
        edns: bool,
        turn: &mut Turn<'_>,
    ) -> Result<DnsResponse, NetError> {
        if turn.left().is_zero() {
            return Err(NetError::Timeout);
        }
        turn.wait().await;
        let timeout = self.timeout.min(turn.left());
        let turns = turn.turns();
        let mut first = pin!(once(&self.pool, query, edns));
        let answered = async {
            tokio::select! {
                answer = &mut first => return answer,
                () = tokio::time::sleep(self.repeat) => turns.next().await,
            }
            let mut second = pin!(once(&self.again, query, edns));
            // An error of one socket says nothing about the other.
            tokio::select! {
                answer = &mut first => match &answer {
                    Err(NetError::Timeout | NetError::NoConnections) => second.await,
                    _ => answer,
                },
                answer = &mut second => match &answer {
                    Err(NetError::Timeout | NetError::NoConnections) => first.await,
                    _ => answer,
                },
            }
        };
        let answer = tokio::time::timeout(timeout, answered).await;
        answer.unwrap_or(Err(NetError::Timeout))
    }
}

async fn once(
    pool: &NameServerPool<Connections>,
    query: &Query,
    edns: bool,
) -> Result<DnsResponse, NetError> {
    let mut options = DnsRequestOptions::default();
    options.use_edns = edns;
    pool.lookup(query.clone(), options).first_answer().await
}

/// Returns true if the server answered the query, including answers without records.
fn is_answer(answer: &Result<DnsResponse, NetError>) -> bool {
    matches!(
        answer,
        Ok(_) | Err(NetError::Dns(DnsError::NoRecordsFound(_)))
    )
}

/// Returns true if the server may answer the same query without OPT. Timeouts and SERVFAIL have
/// many causes, so they count only as long as the server has answered nothing with OPT.
fn may_be_about_edns(answer: &Result<DnsResponse, NetError>, known: u8) -> bool {
    match answer {
        Err(NetError::Dns(DnsError::ResponseCode(code))) => match code {
            ResponseCode::FormErr | ResponseCode::NotImp => true,
            ResponseCode::ServFail => known == UNKNOWN,
            _ => false,
        },
        Err(NetError::Timeout) => known == UNKNOWN,
        _ => false,
    }
}

/// Options for bulk scanning. hickory's defaults would send up to 18 packets per record type for a
/// dead name.
fn options(timeout: Duration) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = timeout;
    // The number of repetitions. The sweep retries later, with a new permit.
    options.attempts = 0;
    options.num_concurrent_reqs = 1;
    options.server_ordering_strategy = ServerOrderingStrategy::RoundRobin;
    options.use_hosts_file = ResolveHosts::Never;
    options.os_port_selection = true;
    // With the default of 32, further queries on one TCP connection fail with `Busy`.
    options.max_active_requests = 1000;
    options
}

/// Returns hickory's configuration of a server: UDP first, TCP for answers that do not fit.
pub(super) fn config(address: &SocketAddr) -> NameServerConfig {
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for connection in &mut connections {
        connection.port = address.port();
    }
    NameServerConfig::new(address.ip(), true, connections)
}
