//! Target (what was asked) and Endpoint (one address of it).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Service, Tag};

/// The host part of a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Host {
    /// A DNS name: ASCII (IDN as punycode), lower case, no trailing dot. Its characters are those
    /// of host names plus the underscore; whether it is a *valid* name (label lengths, hyphens) is
    /// found out when it is resolved, so that a bad one still gets its row.
    Name(Arc<str>),
    /// An address, written in full.
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Columns of the input that are not ours: carried into the record as they were, in input order.
pub type Tags = Vec<(Arc<str>, Tag)>;

/// One thing to visit, as the inventory asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The text it was read from, for the record: `https://example.com/x`, or one address of a
    /// CIDR block.
    pub text: String,
    /// Who is asked for.
    pub host: Host,
    /// Where to connect when the target says so (`name@address`, or an `ip` column); DNS is then
    /// not asked.
    pub address: Option<IpAddr>,
    /// TCP port.
    pub port: u16,
    /// What is spoken there, and whether TLS comes first or by STARTTLS.
    pub service: &'static Service,
    /// A name to ask for instead of the host (`sni` column, `--sni`).
    pub sni: Option<Arc<str>>,
    /// The inventory's own columns.
    pub tags: Tags,
}

impl Target {
    /// Who the certificate must be for (RFC 9525's reference identity): the SNI override, else
    /// the host.
    pub fn reference(&self) -> Host {
        match &self.sni {
            Some(name) => Host::Name(name.clone()),
            None => self.host.clone(),
        }
    }

    /// The name sent in server_name (RFC 6066 allows no addresses there).
    pub fn server_name(&self) -> Option<&Arc<str>> {
        match (&self.sni, &self.host) {
            (Some(name), _) | (None, Host::Name(name)) => Some(name),
            (None, Host::Address(_)) => None,
        }
    }

    /// The target in full, the same text for the same visit: `tls://example.com:443`,
    /// `smtp://name@[2001:db8::1]:25`. Read again, it gives the same target, bar `sni` and tags,
    /// which the grammar does not carry.
    pub fn canonical(&self) -> String {
        let (service, port) = (self.service.name, self.port);
        match (&self.host, self.address) {
            (Host::Name(name), None) => format!("{service}://{name}:{port}"),
            (Host::Address(address), None) => {
                format!("{service}://{}", SocketAddr::new(*address, port))
            }
            (host, Some(address)) => {
                format!("{service}://{host}@{}", SocketAddr::new(address, port))
            }
        }
    }

    /// About how many bytes of memory it takes: its texts and what holds them.
    pub fn weight(&self) -> usize {
        let tags = self
            .tags
            .iter()
            .map(|(_, value)| value.as_str().len() + size_of::<(Arc<str>, Tag)>());
        size_of::<Self>() + 2 * self.text.len() + tags.sum::<usize>()
    }

    /// The address to connect to when no name needs resolving.
    pub fn fixed_address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Address(address) => Some(self.address.unwrap_or(address)),
            Host::Name(_) => self.address,
        }
    }
}

/// One address of a target: what a visit is made to. A name that did not resolve is an endpoint
/// without an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The target this is an address of.
    pub target: Arc<Target>,
    /// Where to connect; `None` when the name gave no address.
    pub address: Option<IpAddr>,
}

impl Endpoint {
    /// Address and port to connect to.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        self.address
            .map(|address| SocketAddr::new(address, self.target.port))
    }
}
