//! The recognised columns of an inventory, and how the columns of a row combine into targets. It
//! does not know whether the row came from CSV or JSON.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::bounds::short;
use super::error::{RowError, TargetError};
use super::{
    Defaults, Expansion, Host, HostSpec, Service, Tags, TargetSpec, fold_name, no_destination,
    parse_port, parse_ports, parse_starttls,
};

/// A column, or a key of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    /// A recognised column.
    Known(KnownColumn),
    /// Any other column, carried into the record as a tag.
    Tag(Arc<str>),
}

/// The recognised columns. `target` and `host` accept the whole grammar. If both are filled,
/// `target` counts (as in the records of an earlier sweep).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum KnownColumn {
    Target,
    Host,
    Port,
    Ports,
    Ip,
    Sni,
    StartTls,
}

/// Names that other programs use for these columns, in lower case without blanks, hyphens and
/// underscores.
const MEANT: &[(KnownColumn, &[&str])] = &[
    (
        KnownColumn::Port,
        &[
            "dport",
            "sport",
            "dstport",
            "destinationport",
            "portid",
            "portnumber",
            "portno",
            "tcpport",
            "serviceport",
            "tlsport",
            "sslport",
            "httpsport",
            "openports",
            "tcpports",
        ],
    ),
    (
        KnownColumn::Host,
        &[
            "hostname",
            "fqdn",
            "domain",
            "domainname",
            "dnsname",
            "url",
            "servername",
        ],
    ),
    (
        KnownColumn::Ip,
        &[
            "ipaddress",
            "ipaddr",
            "ipstr",
            "ipv4",
            "ipv6",
            "ipv4address",
            "ipv6address",
            "addr",
            "saddr",
            "daddr",
            "ips",
        ],
    ),
];

impl KnownColumn {
    const ALL: [Self; 7] = [
        Self::Target,
        Self::Host,
        Self::Port,
        Self::Ports,
        Self::Ip,
        Self::Sni,
        Self::StartTls,
    ];

    /// Returns the column of this name, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|column| column.name().eq_ignore_ascii_case(name))
    }

    /// Returns the recognised column that this other name suggests, or `None` if it suggests none.
    pub(super) fn meant_by(name: &str) -> Option<Self> {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        let letters = letters.collect::<String>().to_ascii_lowercase();
        let matches = |(_, names): &&(Self, &[&str])| names.contains(&&*letters);
        MEANT.iter().find(matches).map(|(known, _)| *known)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Host => "host",
            Self::Port => "port",
            Self::Ports => "ports",
            Self::Ip => "ip",
            Self::Sni => "sni",
            Self::StartTls => "starttls",
        }
    }

    /// Returns true if a row can be visited with this column alone.
    pub(super) fn names_a_host(self) -> bool {
        matches!(self, Self::Target | Self::Host | Self::Ip)
    }
}

/// One row of an input. Its columns are text that is not parsed yet. An empty column counts as
/// absent.
#[derive(Debug, Default)]
pub(super) struct InputRow {
    known: [String; 7],
    pub(super) tags: Tags,
}

impl InputRow {
    /// Creates a row that consists of a target only.
    pub(super) fn target(text: String) -> Self {
        let mut row = Self::default();
        row.set(KnownColumn::Target, text);
        row
    }

    pub(super) fn set(&mut self, column: KnownColumn, text: String) {
        self.known[column as usize] = text;
    }

    fn get(&self, column: KnownColumn) -> Option<&str> {
        Some(self.known[column as usize].trim()).filter(|text| !text.is_empty())
    }

    /// Returns the targets of the row.
    pub(super) fn expand(self, defaults: &Defaults) -> Result<Expansion, RowError> {
        let text = [KnownColumn::Target, KnownColumn::Host, KnownColumn::Ip]
            .into_iter()
            .find_map(|column| self.get(column))
            .ok_or(RowError::Empty)?
            .to_owned();
        if is_range(&text) {
            return Err(TargetError::Range(short(&text)).into());
        }
        self.refuse_other_transport()?;
        let mut asked = TargetSpec::parse(&text)?;
        let ports = self.merge_ports(&mut asked)?;
        self.merge_address(&mut asked)?;
        self.merge_service(&mut asked)?;
        let sni = self.get(KnownColumn::Sni).map(fold_name).transpose();
        let sni = sni.map_err(|error| in_column(KnownColumn::Sni, error))?;
        if ports.is_empty() {
            return Ok(Expansion::new(text, asked, sni, self.tags, defaults));
        }
        // Ports listed beside the target apply whatever its service is.
        let listed = Defaults {
            ports,
            sni: defaults.sni.clone(),
            service: asked.service.take().or(defaults.service),
        };
        Ok(Expansion::new(text, asked, sni, self.tags, &listed))
    }

    /// Refuses rows of a port scanner about a port that TLS over TCP cannot use: of another
    /// transport protocol, or closed. Only rows with a port are examined.
    fn refuse_other_transport(&self) -> Result<(), RowError> {
        if self.get(KnownColumn::Port).is_none() && self.get(KnownColumn::Ports).is_none() {
            return Ok(());
        }
        let is = |text: &str, words: &[&str]| words.iter().any(|it| it.eq_ignore_ascii_case(text));
        for (key, tag) in &self.tags {
            let value = tag.as_str().trim();
            if is(key, &["proto", "protocol", "transport"]) && is(value, &["udp", "sctp", "icmp"]) {
                return Err(RowError::NotTcp {
                    key: key.to_ascii_lowercase(),
                    value: value.to_ascii_lowercase(),
                });
            }
            // masscan nests the state of the port: {"data":{"status":"closed"}}.
            let closed = || value.to_ascii_lowercase().contains("\"status\":\"closed\"");
            if is(key, &["data"]) && closed() {
                return Err(RowError::NoOpenPort);
            }
        }
        Ok(())
    }

    /// Sets the row's single port, or returns the ports of a list.
    fn merge_ports(&self, asked: &mut TargetSpec) -> Result<Vec<u16>, RowError> {
        let one = self
            .get(KnownColumn::Port)
            .map(whole_number)
            .map(parse_port);
        let one = one
            .transpose()
            .map_err(|error| in_column(KnownColumn::Port, error))?;
        let listed = self
            .get(KnownColumn::Ports)
            .map(port_list)
            .transpose()?
            .unwrap_or_default();
        let (column, given) = match (one, &*listed) {
            (Some(_), [_, ..]) => return Err(RowError::PortTwice),
            (Some(one), []) => (KnownColumn::Port, one),
            (None, [one]) => (KnownColumn::Ports, *one),
            (None, listed) => {
                return match asked.port {
                    Some(port) if !listed.is_empty() => {
                        Err(disagree(KnownColumn::Ports, "several", port))
                    }
                    _ => Ok(listed.to_vec()),
                };
            }
        };
        match asked.port {
            Some(port) if port != given => Err(disagree(column, given, port)),
            _ => {
                asked.port = Some(given);
                Ok(Vec::new())
            }
        }
    }

    fn merge_address(&self, asked: &mut TargetSpec) -> Result<(), RowError> {
        let Some(text) = self.get(KnownColumn::Ip) else {
            return Ok(());
        };
        let ip: IpAddr = text
            .parse()
            .map_err(|_| RowError::BadAddress(short(text)))?;
        let ip = ip.to_canonical();
        if let Some(kind) = no_destination(ip) {
            return Err(in_column(
                KnownColumn::Ip,
                TargetError::NoDestination(ip, kind),
            ));
        }
        let HostSpec::Host { host, address } = &mut asked.place else {
            return Err(RowError::AddressForBlock);
        };
        match address {
            Some(given) if *given != ip => return Err(disagree(KnownColumn::Ip, ip, *given)),
            // If both name the same address, there is only one.
            None if *host == Host::Address(ip) => {}
            _ => *address = Some(ip),
        }
        Ok(())
    }

    fn merge_service(&self, asked: &mut TargetSpec) -> Result<(), RowError> {
        let text = self.get(KnownColumn::StartTls).unwrap_or_default();
        let Some(service) = parse_starttls(text)? else {
            return Ok(());
        };
        let name = |service: &'static Service| service.name;
        match asked.service {
            Some(given) if given != service => {
                Err(disagree(KnownColumn::StartTls, name(service), name(given)))
            }
            _ => {
                asked.service = Some(service);
                Ok(())
            }
        }
    }
}

/// Strips `.0`, which some programs append to whole numbers.
fn whole_number(text: &str) -> &str {
    match text.split_once('.') {
        Some((number, zeros)) if !zeros.is_empty() && zeros.bytes().all(|it| it == b'0') => number,
        _ => text,
    }
}

/// Parses a list of ports as scanners write it: `443`, `443,8443`, `443/tcp 8443/tcp`.
fn port_list(text: &str) -> Result<Vec<u16>, RowError> {
    let parts = text
        .split([',', ';', ' ', '\t'])
        .filter(|part| !part.is_empty());
    let parts = parts.map(|part| whole_number(part.strip_suffix("/tcp").unwrap_or(part)));
    let list = parts.collect::<Vec<_>>().join(",");
    parse_ports(&list).map_err(RowError::Ports)
}

/// Returns true for `192.0.2.1-192.0.2.9` and `192.0.2.1-9`, with or without a port. Without this
/// check, they would be resolved as names.
fn is_range(text: &str) -> bool {
    let range = || {
        let (first, last) = text.split_once('-')?;
        first.trim().parse::<Ipv4Addr>().ok()?;
        let last = last.split(':').next()?.trim();
        let digits = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        Some(!last.is_empty() && last.bytes().all(digits))
    };
    range() == Some(true)
}

fn in_column(column: KnownColumn, error: TargetError) -> RowError {
    RowError::Column {
        column: column.name(),
        error,
    }
}

fn disagree(column: KnownColumn, given: impl ToString, target: impl ToString) -> RowError {
    RowError::Disagree {
        column: column.name(),
        value: given.to_string(),
        target: target.to_string(),
    }
}
