//! Turns a parsed target into one target per address and port. It fills in defaults, and yields the
//! addresses of a block and the listed ports one at a time. It does not parse text or resolve
//! names.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpAddrRange, IpNet, Ipv4AddrRange, Ipv6AddrRange};

use super::error::TargetError;
use super::service::TLS;
use super::{Host, HostSpec, Service, Tags, Target, TargetSpec};

/// Settings for targets that do not specify their own.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// Ports of a target that names neither a port nor a service. If empty, the default service's
    /// port, or 443.
    pub ports: Vec<u16>,
    /// SNI name to send. A target with an `sni` column or the form `name@address` has its own.
    pub sni: Option<Arc<str>>,
    /// Service of a target that names none. If absent, the port decides.
    pub service: Option<&'static Service>,
}

impl TargetSpec {
    /// Parses the text of one target and returns its targets. The iterator is lazy, because a block
    /// may have up to 2^32 addresses.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a target.
    pub fn expand(text: &str, defaults: &Defaults) -> Result<Expansion, TargetError> {
        let asked = Self::parse(text)?;
        Ok(Expansion::new(
            text.trim().to_owned(),
            asked,
            None,
            Tags::new(),
            defaults,
        ))
    }
}

/// The targets of one row, in order: address by address, and for each address the ports in the
/// order listed.
#[derive(Debug)]
pub struct Expansion {
    /// Next target, without its port and service; `None` at the end.
    next: Option<Target>,
    /// Addresses of the block after `next`.
    rest: Option<IpAddrRange>,
    ports: Ports,
    /// Number of ports already yielded for this address.
    given: usize,
    service: Option<&'static Service>,
    /// The scheme and port of the original text, to write the text of a block's addresses.
    written: (Option<&'static Service>, Option<u16>),
}

#[derive(Debug)]
enum Ports {
    One(u16),
    Listed(Arc<[u16]>),
}

impl Expansion {
    pub(super) fn new(
        text: String,
        asked: TargetSpec,
        sni: Option<Arc<str>>,
        tags: Tags,
        defaults: &Defaults,
    ) -> Self {
        let service = asked.service.or(defaults.service);
        let ports = ports(&asked, defaults);
        let written = (asked.service, asked.port);
        let (host, address, rest) = first(asked.place);
        let named_there = address.is_some() && matches!(host, Host::Name(_));
        let default_sni = defaults.sni.as_ref().filter(|_| !named_there);
        let text = match rest {
            Some(_) => text_of(&host, written),
            None => text,
        };
        let next = Target {
            text,
            host,
            address,
            port: 0,
            service: &TLS,
            sni: sni.or_else(|| default_sni.cloned()),
            tags,
            duplicate_of: None,
        };
        Self {
            next: Some(next),
            rest,
            ports,
            given: 0,
            service,
            written,
        }
    }

    /// Moves to the next address of a block, or returns `None` after the last.
    fn advance(&mut self, done: &Target) -> Option<Target> {
        let host = Host::Address(self.rest.as_mut()?.next()?);
        Some(Target {
            text: text_of(&host, self.written),
            host,
            ..done.clone()
        })
    }
}

impl Iterator for Expansion {
    type Item = Target;

    fn next(&mut self) -> Option<Target> {
        let mut target = self.next.take()?;
        target.port = self.ports.get(self.given);
        target.service = self
            .service
            .unwrap_or_else(|| Service::on_port(target.port));
        self.given += 1;
        self.next = if self.given < self.ports.count() {
            Some(target.clone())
        } else {
            self.given = 0;
            self.advance(&target)
        };
        Some(target)
    }
}

impl Ports {
    fn count(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Listed(ports) => ports.len(),
        }
    }

    fn get(&self, index: usize) -> u16 {
        match self {
            Self::One(port) => *port,
            Self::Listed(ports) => ports[index],
        }
    }
}

fn ports(asked: &TargetSpec, defaults: &Defaults) -> Ports {
    match (asked.port, asked.service, &defaults.ports[..]) {
        (Some(port), _, _) => Ports::One(port),
        (None, Some(service), _) => Ports::One(service.port),
        (None, None, []) => Ports::One(defaults.service.unwrap_or(&TLS).port),
        (None, None, [port]) => Ports::One(*port),
        (None, None, ports) => Ports::Listed(ports.into()),
    }
}

fn first(place: HostSpec) -> (Host, Option<IpAddr>, Option<IpAddrRange>) {
    match place {
        HostSpec::Host { host, address } => (host, address, None),
        HostSpec::Block(block) => {
            let mut rest = addresses(block);
            // Every block has at least its network address.
            let first = rest.next().unwrap_or(block.network());
            (Host::Address(first), None, Some(rest))
        }
    }
}

/// Includes the network and broadcast addresses: on a /31, on IPv6 and behind many load balancers
/// they are in use.
fn addresses(block: IpNet) -> IpAddrRange {
    match block {
        IpNet::V4(block) => IpAddrRange::V4(Ipv4AddrRange::new(block.network(), block.broadcast())),
        IpNet::V6(block) => IpAddrRange::V6(Ipv6AddrRange::new(block.network(), block.broadcast())),
    }
}

/// Returns the text of one address of a block, with the scheme and port of the block.
fn text_of(host: &Host, (service, port): (Option<&'static Service>, Option<u16>)) -> String {
    let place = match (host, port, service) {
        (Host::Address(address), Some(port), _) => SocketAddr::new(*address, port).to_string(),
        (Host::Address(IpAddr::V6(address)), None, Some(_)) => format!("[{address}]"),
        (host, _, _) => host.to_string(),
    };
    match service {
        Some(service) => format!("{}://{place}", service.name),
        None => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str, defaults: &Defaults) -> Vec<String> {
        TargetSpec::expand(text, defaults)
            .unwrap()
            .map(|target| target.canonical())
            .collect()
    }

    #[test]
    fn listed_ports_multiply_only_hosts_that_name_neither_port_nor_scheme() {
        let defaults = Defaults {
            ports: vec![25, 8443],
            ..Defaults::default()
        };
        assert_eq!(
            canonical("example.com", &defaults),
            ["smtp://example.com:25", "tls://example.com:8443"]
        );
        assert_eq!(
            canonical("example.com:443", &defaults),
            ["tls://example.com:443"]
        );
        assert_eq!(
            canonical("imaps://example.com", &defaults),
            ["imaps://example.com:993"]
        );
        assert_eq!(
            canonical("192.0.2.0/31", &defaults),
            [
                "smtp://192.0.2.0:25",
                "tls://192.0.2.0:8443",
                "smtp://192.0.2.1:25",
                "tls://192.0.2.1:8443"
            ]
        );
    }

    #[test]
    fn a_default_service_brings_its_port_and_yields_to_a_scheme() {
        let mut defaults = Defaults {
            service: Service::named("smtp"),
            ..Defaults::default()
        };
        assert_eq!(canonical("a.example", &defaults), ["smtp://a.example:25"]);
        assert_eq!(
            canonical("a.example:465", &defaults),
            ["smtp://a.example:465"]
        );
        assert_eq!(
            canonical("https://a.example", &defaults),
            ["https://a.example:443"]
        );
        defaults.ports = vec![2525];
        assert_eq!(canonical("a.example", &defaults), ["smtp://a.example:2525"]);
    }

    #[test]
    fn a_default_name_is_asked_for_where_the_target_names_none_itself() {
        let defaults = Defaults {
            sni: Some("front.example".into()),
            ..Defaults::default()
        };
        let sni = |text| {
            TargetSpec::expand(text, &defaults)
                .unwrap()
                .next()
                .unwrap()
                .sni
        };
        assert_eq!(sni("192.0.2.1").as_deref(), Some("front.example"));
        assert_eq!(sni("a.example").as_deref(), Some("front.example"));
        assert_eq!(sni("a.example@192.0.2.1"), None);
    }

    #[test]
    fn each_address_of_a_block_has_its_own_text() {
        let texts = |text| -> Vec<_> {
            let all = TargetSpec::expand(text, &Defaults::default()).unwrap();
            all.map(|target| target.text).collect()
        };
        assert_eq!(texts("192.0.2.0/31"), ["192.0.2.0", "192.0.2.1"]);
        assert_eq!(texts("2001:db8::/128"), ["2001:db8::"]);
        assert_eq!(
            texts("[2001:db8::]/127:8443").pop().unwrap(),
            "[2001:db8::1]:8443"
        );
        assert_eq!(
            texts("smtp://[2001:db8::]/127").pop().unwrap(),
            "smtp://[2001:db8::1]"
        );
        assert_eq!(
            texts("https://example.com/x?y#z"),
            ["https://example.com/x?y#z"]
        );
    }

    #[test]
    fn a_block_is_cut_to_its_network_and_ends_with_its_last_address() {
        let all = canonical("192.0.2.21/28", &Defaults::default());
        assert_eq!(all.len(), 16);
        assert_eq!(all[0], "tls://192.0.2.16:443");
        assert_eq!(all[15], "tls://192.0.2.31:443");
        assert_eq!(
            canonical("255.255.255.254/31", &Defaults::default()).len(),
            2
        );
        assert_eq!(canonical("2001:db8::/120", &Defaults::default()).len(), 256);
        // The iterator is lazy: only three addresses of all IPv4 are taken.
        let all = TargetSpec::expand("0.0.0.0/0", &Defaults::default()).unwrap();
        assert_eq!(all.take(3).last().unwrap().text, "0.0.0.2");
    }
}
