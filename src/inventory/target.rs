//! The types `Target` (what the user asked for) and `Endpoint` (one address of it), and the text
//! forms of a target.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Service, Tag};

/// The host part of a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Host {
    /// A DNS name: ASCII (IDN as punycode), lower case, no trailing dot. It contains only
    /// characters of host names and underscores. Its validity (label lengths, hyphens) is checked
    /// when it is resolved, so that a bad name still gets its row.
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

/// Input columns that are not recognised, copied into the record in input order.
pub type Tags = Vec<(Arc<str>, Tag)>;

/// One target of the inventory, as the user asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Text that it was parsed from, for the record: `https://example.com/x`, or one address of a
    /// CIDR block.
    pub text: String,
    /// Host asked for.
    pub host: Host,
    /// Address to connect to, if the target specifies one (`name@address`, or an `ip` column). DNS
    /// is then not used.
    pub address: Option<IpAddr>,
    /// TCP port.
    pub port: u16,
    /// Service at that port, and whether TLS begins at once or by STARTTLS.
    pub service: &'static Service,
    /// SNI name that replaces the host (`sni` column, `--sni`).
    pub sni: Option<Arc<str>>,
    /// Other columns of the inventory.
    pub tags: Tags,
    /// The visited target (`canonical`), if this is another listing of the same visit; `None` in
    /// the visit itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<Arc<str>>,
}

/// The port of HTTPS, for targets that do not say which protocol they speak.
const HTTPS_PORT: u16 = 443;

impl Target {
    /// Returns true if HTTP is expected inside TLS. Only then a list of application protocols is
    /// offered, because servers of other protocols refuse a list that does not include theirs
    /// (RFC 7301, section 3.2).
    pub fn is_http(&self) -> bool {
        match self.service.name {
            "https" | "wss" => true,
            "tls" => self.port == HTTPS_PORT,
            _ => false,
        }
    }
}

impl Target {
    /// Returns the host that the certificate must be valid for (the reference identity of RFC
    /// 9525): the SNI name if set, otherwise the host.
    pub fn reference(&self) -> Host {
        match &self.sni {
            Some(name) => Host::Name(name.clone()),
            None => self.host.clone(),
        }
    }

    /// Returns the name to send in server_name, or `None` for an address, which RFC 6066 does not
    /// allow there.
    pub fn server_name(&self) -> Option<&Arc<str>> {
        match (&self.sni, &self.host) {
            (Some(name), _) | (None, Host::Name(name)) => Some(name),
            (None, Host::Address(_)) => None,
        }
    }

    /// Returns the target in full, the same text for the same visit: `tls://example.com:443`,
    /// `smtp://name@[2001:db8::1]:25`. Parsing it returns the same target, except for `sni` and
    /// tags, which are not part of the grammar.
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

    /// Returns the approximate memory use in bytes.
    pub fn weight(&self) -> usize {
        let tags = self
            .tags
            .iter()
            .map(|(_, value)| value.as_str().len() + size_of::<(Arc<str>, Tag)>());
        size_of::<Self>() + 2 * self.text.len() + tags.sum::<usize>()
    }

    /// Returns the address to connect to if no name has to be resolved.
    pub fn fixed_address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Address(address) => Some(self.address.unwrap_or(address)),
            Host::Name(_) => self.address,
        }
    }
}

/// One address of a target, the unit of a visit. A name that did not resolve is an endpoint without
/// an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Target that this is an address of.
    pub target: Arc<Target>,
    /// Address to connect to, or `None` if the name did not resolve.
    pub address: Option<IpAddr>,
}

impl Endpoint {
    /// Returns the address and port to connect to.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        self.address
            .map(|address| SocketAddr::new(address, self.target.port))
    }
}
