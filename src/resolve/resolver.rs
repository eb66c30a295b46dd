//! Resolves names with hickory, configured for bulk scanning: few packets, sockets and bytes per
//! name, one record type per query. It does not retry; the sweep does.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::Hosts;
use hickory_resolver::config::NameServerConfig;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use tokio::sync::Semaphore;

use super::chain::{AliasStep, Chain, MOST_ALIASES};
use super::family_result::{FamilyResult, Silence, failed, failure, joined, other_family_may_know};
use super::server::{Servers, config};
use super::sockets::{Sockets, Trouble};
use super::{hosts, names};
use crate::inventory::no_destination;
use crate::observation::{Failure, Reason};

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
    /// Time to wait for an answer. A query is sent up to three times within it. A name may take
    /// three times as long, because servers that may not support EDNS are queried again, and
    /// aliases are followed.
    pub timeout: Duration,
    /// Maximum number of concurrent queries. Each may use three sockets and about 22 KB.
    pub in_flight: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            servers: None,
            families: Families::Both,
            all: false,
            timeout: Duration::from_secs(3),
            in_flight: 256,
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
    permits: Semaphore,
    families: Families,
    all: bool,
    patience: Duration,
    description: Vec<String>,
}

/// Maximum number of addresses of one name to visit. The largest legitimate sets have some dozens,
/// and a hostile set could have thousands.
const MOST_ADDRESSES: usize = 64;

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
        Ok(Self {
            servers: Servers::new(servers, settings.timeout, &sockets)
                .map_err(ResolverError::Setup)?,
            hosts,
            trouble,
            permits: Semaphore::new(settings.in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            families: settings.families,
            all: settings.all,
            patience: settings.timeout.saturating_mul(3),
            description,
        })
    }

    /// Returns the servers and files that are queried, for the manifest: `127.0.0.1:53`,
    /// `192.0.2.53:53 (system)`, `hosts file`.
    pub fn describe(&self) -> Vec<String> {
        self.description.clone()
    }

    /// Returns the addresses of a name: IPv4 before IPv6, each family in ascending order, so that
    /// reruns agree even if the server rotates its answers, at most 64. At least one can be connected
    /// to; those that cannot come last. The name is in the form of
    /// [`Host`](crate::inventory::Host), without a trailing dot.
    ///
    /// # Errors
    ///
    /// Returns a failure if the name has no usable address or could not be resolved.
    pub async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, Failure> {
        let name = names::absolute(name)?;
        let found = match hosts::known(&self.hosts, &name, self.types()) {
            Some(addresses) => self.usable(addresses)?,
            None => self.ask(&name).await?,
        };
        Ok(in_order(found))
    }

    /// Returns true if the name may have IPv6 addresses that were not queried, given its known
    /// addresses.
    pub fn may_know_more(&self, known: &[IpAddr]) -> bool {
        self.families == Families::Both && !self.all && known.iter().all(IpAddr::is_ipv4)
    }

    /// Returns the IPv6 addresses of a name for which [`may_know_more`](Self::may_know_more)
    /// returned true, including those that cannot be connected to.
    ///
    /// # Errors
    ///
    /// Returns a failure if the name has no usable IPv6 address or could not be resolved.
    pub async fn resolve_ipv6(&self, name: &str) -> Result<Vec<IpAddr>, Failure> {
        let name = names::absolute(name)?;
        let found = match hosts::known(&self.hosts, &name, self.types()) {
            Some(addresses) => addresses,
            None => self.query(&name, RecordType::AAAA).await?,
        };
        let ipv6 = found.iter().map(IpAddr::to_canonical);
        Ok(in_order(ipv6.filter(IpAddr::is_ipv6).collect()))
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
    async fn ask(&self, name: &Name) -> FamilyResult {
        match (self.families, self.all) {
            (Families::V4, _) => self.usable(self.query(name, RecordType::A).await?),
            (Families::V6, _) => self.usable(self.query(name, RecordType::AAAA).await?),
            (Families::Both, true) => {
                let v4 = self.query(name, RecordType::A);
                let v6 = self.query(name, RecordType::AAAA);
                let (v4, v6) = tokio::join!(v4, v6);
                self.both(v4, v6)
            }
            (Families::Both, false) => {
                let v4 = self.query(name, RecordType::A).await;
                match v4.clone().and_then(|found| self.usable(found)) {
                    Err(failure) if other_family_may_know(&failure) => {
                        self.both(v4, self.query(name, RecordType::AAAA).await)
                    }
                    result => result,
                }
            }
        }
    }

    /// Joins the addresses of both families. If none can be connected to, each family has failed.
    fn both(&self, v4: FamilyResult, v6: FamilyResult) -> FamilyResult {
        let usable = |found: Vec<IpAddr>| self.usable(found);
        joined(v4.clone(), v6.clone())
            .and_then(usable)
            .or_else(|_| joined(v4.and_then(usable), v6.and_then(usable)))
    }

    /// Queries one record type.
    async fn query(&self, name: &Name, kind: RecordType) -> FamilyResult {
        // The semaphore is never closed, so this always returns a permit.
        let _permit = self.permits.acquire().await;
        let before = self.trouble.local();
        // hickory's own timeout is per connection: every further query restarts it.
        match tokio::time::timeout(self.patience, self.follow(name, kind)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Err(failure(&error, || Silence {
                local: self.trouble.local() != before,
                message: self.trouble.last(),
            })),
            Err(_) => Err(failed(Reason::Timeout, "")),
        }
    }

    /// Queries one record type. If the answer ends at an alias, it queries the alias as well.
    async fn follow(&self, name: &Name, kind: RecordType) -> Result<FamilyResult, NetError> {
        let mut chain = Chain::new(name.clone());
        loop {
            let asked = chain.last().clone();
            if let Some(known) = names::special(&asked, kind) {
                return Ok(known);
            }
            let answer = self.servers.ask(&Query::query(asked, kind)).await?;
            let nowhere = |detail: &str| Ok(Err(failed(Reason::NoAddress, detail)));
            match chain.follow(&answer.answers, kind) {
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

    /// Returns the addresses of the wanted families, with IPv4-mapped ones as IPv4. Unusable addresses
    /// are included unless all are unusable.
    fn usable(&self, addresses: Vec<IpAddr>) -> FamilyResult {
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
        let addresses = resolver.resolve("localhost").await.unwrap();
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
