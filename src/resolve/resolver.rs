//! Resolves names with hickory, configured for bulk scanning: few packets, sockets and bytes per
//! name, one record type per query. It does not retry; the sweep does.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use hickory_resolver::Hosts;
use hickory_resolver::config::NameServerConfig;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::chain::{AliasStep, Chain, MOST_ALIASES};
use super::exclude::ExcludeList;
use super::family_result::{FamilyResult, Silence, failed, failure, joined, other_family_may_know};
use super::lookup::Lookup;
use super::server::{Servers, config};
use super::sockets::{Sockets, Trouble};
use super::turns::{Turn, Turns};
use super::{hosts, names};
use crate::inventory::no_destination;
use crate::observation::Reason;

/// Address families to resolve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Families {
    /// IPv4 and IPv6.
    #[default]
    Both,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// Settings of the resolver.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Servers to query. `None` means the system's servers, after its hosts file.
    pub servers: Option<Vec<SocketAddr>>,
    /// Address families to resolve.
    pub families: Families,
    /// If true, IPv6 addresses are resolved even if there are IPv4 addresses. Not needed if one
    /// address is enough.
    pub all: bool,
    /// Time to wait for an answer. A query is repeated once within it. A name may take three times
    /// as long, because servers that may not support EDNS are queried again, and aliases are
    /// followed.
    pub timeout: Duration,
    /// Maximum number of record types looked up at once. Each may use two sockets.
    pub in_flight: usize,
    /// Time between two queries, or `None` if their rate has no limit.
    pub interval: Option<Duration>,
    /// Names that are not queried and whose addresses are not used, even as aliases of others.
    pub excludes: Arc<ExcludeList>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            servers: None,
            families: Families::Both,
            all: false,
            timeout: Duration::from_secs(3),
            in_flight: 256,
            interval: None,
            excludes: Arc::default(),
        }
    }
}

/// Why no resolver can be set up.
#[derive(Debug, thiserror::Error)]
pub enum ResolverError {
    /// The list of servers is empty.
    #[error("the list of resolvers is empty; give --resolvers at least one address")]
    NoServers,
    /// hickory cannot be set up.
    #[error("cannot set up the resolver: {0}; try --resolvers ADDRESS")]
    Setup(NetError),
}

/// Resolves names. Shared by reference between tasks. All of them must be on one runtime, because a
/// query runs on the runtime that opened its connection.
pub struct Resolver {
    servers: Servers,
    hosts: Hosts,
    trouble: Arc<Trouble>,
    turns: Turns,
    permits: Semaphore,
    in_flight: usize,
    /// Number of queries under way.
    sent: AtomicUsize,
    /// Number of queries under way for longer than [`PROMPT`].
    slow: AtomicUsize,
    excludes: Arc<ExcludeList>,
    families: Families,
    all: bool,
    timeout: Duration,
    description: Vec<String>,
}

/// Maximum number of addresses of one name to visit. The largest legitimate sets have some dozens,
/// and a hostile set could have thousands.
const MOST_ADDRESSES: usize = 64;

/// Number of queries in a row, with their timeouts, that the time for one lookup allows.
const QUERIES_IN_A_ROW: u32 = 3;

/// Nearly every answer arrives within this time. A lookup that takes longer will probably not lead to
/// an address.
const PROMPT: Duration = Duration::from_secs(1);

impl Resolver {
    /// Sets up a resolver. It sends nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the list of servers is empty, or if hickory cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, ResolverError> {
        let (servers, hosts, description) = match &settings.servers {
            Some(servers) => (
                servers.iter().map(config).collect(),
                Hosts::default(),
                described(servers),
            ),
            None => of_the_system(),
        };
        if servers.is_empty() {
            return Err(ResolverError::NoServers);
        }
        let sockets = Sockets::default();
        let trouble = sockets.trouble();
        let in_flight = settings.in_flight.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Self {
            servers: Servers::new(servers, settings.timeout, &sockets)
                .map_err(ResolverError::Setup)?,
            hosts,
            trouble,
            turns: Turns::new(settings.interval),
            permits: Semaphore::new(in_flight),
            in_flight,
            sent: AtomicUsize::new(0),
            slow: AtomicUsize::new(0),
            excludes: settings.excludes,
            families: settings.families,
            all: settings.all,
            timeout: settings.timeout,
            description,
        })
    }

    /// Returns the servers and files that are queried, for the manifest: `127.0.0.1:53`,
    /// `192.0.2.53:53 (system)`, `hosts file`.
    pub fn describe(&self) -> Vec<String> {
        self.description.clone()
    }

    /// Returns the maximum number of lookups under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Returns the number of queries that were sent and have no answer yet.
    pub fn sent(&self) -> usize {
        self.sent.load(Relaxed)
    }

    /// Returns how many of these have waited so long that an answer is unlikely.
    pub fn slow(&self) -> usize {
        self.slow.load(Relaxed)
    }

    /// Looks up the addresses of a name: IPv4 before IPv6, each family in ascending order, so that
    /// reruns agree even if the server rotates its answers, at most 64. At least one can be connected
    /// to; those that cannot come last. The name is in the form of
    /// [`Host`](crate::inventory::Host), without a trailing dot.
    pub async fn resolve(&self, name: &str) -> Lookup {
        let name = match names::absolute(name) {
            Ok(name) => name,
            Err(failure) => return Lookup::unasked(Err(failure)),
        };
        let lookup = match hosts::known(&self.hosts, &name, self.types()) {
            Some(addresses) => Lookup::unasked(self.usable(addresses)),
            None => self.ask(&name).await,
        };
        lookup.map(|found| found.map(in_order))
    }

    /// Returns true if the name may have IPv6 addresses that were not queried, given its known
    /// addresses.
    pub fn may_know_more(&self, known: &[IpAddr]) -> bool {
        self.families == Families::Both && !self.all && known.iter().all(IpAddr::is_ipv4)
    }

    /// Looks up the IPv6 addresses of a name for which [`may_know_more`](Self::may_know_more)
    /// returned true, including those that cannot be connected to.
    pub async fn resolve_ipv6(&self, name: &str) -> Lookup {
        let name = match names::absolute(name) {
            Ok(name) => name,
            Err(failure) => return Lookup::unasked(Err(failure)),
        };
        let lookup = match hosts::known(&self.hosts, &name, self.types()) {
            Some(addresses) => Lookup::unasked(Ok(addresses)),
            None => self.query(&name, RecordType::AAAA).await,
        };
        let ipv6 = |found: Vec<IpAddr>| {
            let found = found.iter().map(IpAddr::to_canonical);
            in_order(found.filter(IpAddr::is_ipv6).collect())
        };
        lookup.map(|found| found.map(ipv6))
    }

    /// Returns the record types to query.
    fn types(&self) -> &'static [RecordType] {
        match self.families {
            Families::Both => &[RecordType::A, RecordType::AAAA],
            Families::V4 => &[RecordType::A],
            Families::V6 => &[RecordType::AAAA],
        }
    }

    /// Sends as few queries as possible. If one address is enough, the second family is queried
    /// only if the first has no address. For most inventories that halves the queries.
    async fn ask(&self, name: &Name) -> Lookup {
        let usable = |found: FamilyResult| found.and_then(|found| self.usable(found));
        match (self.families, self.all) {
            (Families::V4, _) => self.query(name, RecordType::A).await.map(usable),
            (Families::V6, _) => self.query(name, RecordType::AAAA).await.map(usable),
            (Families::Both, true) => {
                let v4 = self.query(name, RecordType::A);
                let v6 = self.query(name, RecordType::AAAA);
                let (v4, v6) = tokio::join!(v4, v6);
                v4.beside(v6, |v4, v6| self.both(v4, v6))
            }
            (Families::Both, false) => {
                let v4 = self.query(name, RecordType::A).await;
                match usable(v4.found.clone()) {
                    Err(failure) if other_family_may_know(&failure) => {
                        let v6 = self.query(name, RecordType::AAAA).await;
                        v4.then(v6, |v4, v6| self.both(v4, v6))
                    }
                    found => Lookup { found, ..v4 },
                }
            }
        }
    }

    /// Joins the addresses of both families. If none can be connected to, each family has failed.
    fn both(&self, v4: FamilyResult, v6: FamilyResult) -> FamilyResult {
        // An alias belongs to the name, whichever family was queried.
        if [&v4, &v6].into_iter().any(is_excluded) {
            return Ok(Vec::new());
        }
        let usable = |found: Vec<IpAddr>| self.usable(found);
        joined(v4.clone(), v6.clone())
            .and_then(usable)
            .or_else(|_| joined(v4.and_then(usable), v6.and_then(usable)))
    }

    /// Queries one record type.
    async fn query(&self, name: &Name, kind: RecordType) -> Lookup {
        // The semaphore is never closed, so this always returns a permit.
        let _permit = self.permits.acquire().await;
        let mut turn = self
            .turns
            .first(self.timeout.saturating_mul(QUERIES_IN_A_ROW))
            .await;
        let _sent = Counted::new(&self.sent);
        let before = self.trouble.local();
        let started = Instant::now();
        let mut ttl = None;
        let following = self.follow(name, kind, &mut turn, &mut ttl);
        let found = match self.watched(following).await {
            Ok(answer) => answer,
            Err(error) => Err(failure(&error, || Silence {
                local: self.trouble.local() != before,
                message: self.trouble.last(),
            })),
        };
        let took = started.elapsed().saturating_sub(turn.waited);
        Lookup { found, took, ttl }
    }

    /// Counts the query as slow while it takes longer than [`PROMPT`].
    async fn watched<T>(&self, query: impl Future<Output = T>) -> T {
        let mut query = pin!(query);
        if let Ok(ended) = timeout(PROMPT, &mut query).await {
            return ended;
        }
        let _slow = Counted::new(&self.slow);
        query.await
    }

    /// Queries one record type. If the answer ends at an alias, it queries the alias as well.
    async fn follow(
        &self,
        name: &Name,
        kind: RecordType,
        turn: &mut Turn<'_>,
        ttl: &mut Option<Duration>,
    ) -> Result<FamilyResult, NetError> {
        let mut chain = Chain::new(name.clone());
        loop {
            let asked = chain.last().clone();
            if let Some(known) = names::special(&asked, kind) {
                return Ok(known);
            }
            let answer = self.servers.ask(&Query::query(asked, kind), turn).await?;
            let lowest = answer.answers.iter().map(|record| record.ttl).min();
            let lowest = lowest.map(|seconds| Duration::from_secs(seconds.into()));
            *ttl = ttl.iter().copied().chain(lowest).min();
            let nowhere = |detail: &str| Ok(Err(failed(Reason::NoAddress, detail)));
            let step = chain.follow(&answer.answers, kind);
            if chain
                .aliases()
                .iter()
                .any(|alias| self.excludes_alias(alias))
            {
                return Ok(Ok(Vec::new()));
            }
            match step {
                // RFC 6604: the response code is about the last name of the chain.
                _ if answer.response_code == ResponseCode::NXDomain => {
                    return Ok(Err(failed(Reason::Nxdomain, "")));
                }
                AliasStep::Addresses(addresses) => return Ok(Ok(addresses)),
                AliasStep::Ask(_) => {}
                AliasStep::Nothing if answer.answers.is_empty() => return nowhere(""),
                AliasStep::Nothing => return nowhere("the answer has no record of this name"),
                AliasStep::Loop => return nowhere("its CNAME records form a loop"),
                AliasStep::TooLong => {
                    return nowhere(&format!("more than {MOST_ALIASES} CNAME records in a row"));
                }
            }
        }
    }

    fn excludes_alias(&self, alias: &Name) -> bool {
        self.excludes.excludes_name(&alias.to_ascii())
    }

    /// Returns the addresses of the wanted families, with IPv4-mapped ones as IPv4. Unusable addresses
    /// are included unless all are unusable.
    fn usable(&self, addresses: Vec<IpAddr>) -> FamilyResult {
        // An alias is excluded.
        if addresses.is_empty() {
            return Ok(addresses);
        }
        let addresses: Vec<IpAddr> = addresses.iter().map(IpAddr::to_canonical).collect();
        let unusable = |address: &IpAddr| match (no_destination(*address), self.families) {
            (None, Families::V6) if address.is_ipv4() => Some("an IPv4 address written as IPv6"),
            (kind, _) => kind,
        };
        let wanted = |address: &IpAddr| address.is_ipv6() || self.families != Families::V6;
        match addresses.iter().any(|address| unusable(address).is_none()) {
            true => Ok(addresses.into_iter().filter(wanted).collect()),
            false => {
                let reason = addresses
                    .iter()
                    .find_map(|address| Some(format!("{address} is {}", unusable(address)?)));
                Err(failed(Reason::UnusableAddress, reason.unwrap_or_default()))
            }
        }
    }
}

/// Returns true if an alias of the name is excluded.
fn is_excluded(outcome: &FamilyResult) -> bool {
    matches!(outcome, Ok(addresses) if addresses.is_empty())
}

/// Adds one to a number for as long as it exists.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(number: &'a AtomicUsize) -> Self {
        number.fetch_add(1, Relaxed);
        Self(number)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

fn described(servers: &[SocketAddr]) -> Vec<String> {
    servers.iter().map(ToString::to_string).collect()
}

/// Returns the system's servers and hosts file. If the system names no server, the C library
/// queries this machine, and so does this resolver: a sweep of addresses needs no resolver and must
/// not fail without one.
fn of_the_system() -> (Vec<NameServerConfig>, Hosts, Vec<String>) {
    let mut servers = match read_system_conf() {
        Ok((config, _)) => config.into_parts().2,
        Err(_) => Vec::new(),
    };
    if servers.is_empty() {
        servers = vec![NameServerConfig::udp_and_tcp([127, 0, 0, 1].into())];
    }
    let mut description: Vec<String> = servers
        .iter()
        .map(|server| format!("{} (system)", SocketAddr::new(server.ip, 53)))
        .collect();
    description.push("hosts file".to_owned());
    let hosts = Hosts::from_system().unwrap_or_default();
    (servers, hosts, description)
}

/// Sorts the addresses, removes duplicates and applies the maximum. `IpAddr` sorts IPv4 first.
fn in_order(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    addresses.sort_unstable_by_key(|address| (no_destination(*address).is_some(), *address));
    addresses.dedup();
    addresses.truncate(MOST_ADDRESSES);
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ordered_and_bounded() {
        let read = |list: &str| -> Vec<IpAddr> {
            list.split_whitespace()
                .map(|a| a.parse().unwrap())
                .collect()
        };
        let answer = read("2001:db8::1 192.0.2.9 192.0.2.10 192.0.2.9 ::1");
        assert_eq!(
            in_order(answer),
            read("192.0.2.9 192.0.2.10 ::1 2001:db8::1")
        );
        let many = (0..255).map(|n| IpAddr::from([192, 0, 2, n])).collect();
        assert_eq!(in_order(many).len(), 64);
    }

    #[tokio::test]
    async fn the_system_resolves_localhost() {
        let all = Settings {
            all: true,
            ..Settings::default()
        };
        let resolver = Resolver::new(all).unwrap();
        let addresses = resolver.resolve("localhost").await.found.unwrap();
        assert!(addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
        let description = resolver.describe();
        assert!(description[0].ends_with(":53 (system)"), "{description:?}");
        assert_eq!(description.last().map(String::as_str), Some("hosts file"));
    }

    #[test]
    fn an_empty_list_is_refused() {
        let settings = Settings {
            servers: Some(Vec::new()),
            ..Settings::default()
        };
        assert!(matches!(
            Resolver::new(settings),
            Err(ResolverError::NoServers)
        ));
    }
}
