//! Queries the name servers, and remembers for each whether it supports EDNS.
//!
//! RFC 6891 section 7: FORMERR, NOTIMP or SERVFAIL to a query with an OPT record may mean that the
//! server does not know OPT. Old appliances do not answer at all. In both cases the query is
//! repeated without OPT. A server that answers only then is always queried without OPT from then
//! on. Plain DNS works with every server: answers of more than 512 bytes are fetched over TCP.

use std::net::SocketAddr;
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

use super::sockets::Sockets;

/// All servers, queried in rotation.
pub(super) struct Servers {
    servers: Vec<Server>,
    next: AtomicUsize,
}

/// One server.
struct Server {
    pool: NameServerPool<Sockets>,
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

impl Servers {
    /// Sets up the servers. It sends nothing.
    pub(super) fn new(
        configs: Vec<NameServerConfig>,
        timeout: Duration,
        sockets: &Sockets,
    ) -> Result<Self, NetError> {
        let context = Arc::new(PoolContext::new(options(timeout), TlsConfig::new()?));
        let server = |config| Server {
            pool: NameServerPool::from_config([config], context.clone(), sockets.clone()),
            edns: AtomicU8::new(UNKNOWN),
            silent: AtomicU8::new(0),
        };
        Ok(Self {
            servers: configs.into_iter().map(server).collect(),
            next: AtomicUsize::new(0),
        })
    }

    /// Queries the server whose turn it is, or the next one if it cannot be reached.
    pub(super) async fn ask(&self, query: &Query) -> Result<DnsResponse, NetError> {
        let count = self.servers.len();
        let first = self.next.fetch_add(1, Relaxed) % count.max(1);
        let (before, from) = self.servers.split_at(first.min(count));
        let mut answer = Err(NetError::NoConnections);
        for server in from.iter().chain(before) {
            answer = server.ask(query).await;
            match &answer {
                Err(NetError::NoConnections | NetError::Io(_) | NetError::Busy) => {}
                _ => break,
            }
        }
        answer
    }
}

impl Server {
    async fn ask(&self, query: &Query) -> Result<DnsResponse, NetError> {
        let known = self.edns.load(Relaxed);
        if known == PLAIN {
            return self.send(query, false).await;
        }
        let answer = self.send(query, true).await;
        if !may_be_about_edns(&answer, known) {
            if is_answer(&answer) {
                self.edns.store(SPOKEN, Relaxed);
            }
            return answer;
        }
        let plain = self.send(query, false).await;
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

    async fn send(&self, query: &Query, edns: bool) -> Result<DnsResponse, NetError> {
        let mut options = DnsRequestOptions::default();
        options.use_edns = edns;
        self.pool
            .lookup(query.clone(), options)
            .first_answer()
            .await
    }
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
