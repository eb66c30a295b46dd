//! How the columns of a row combine into targets. It does not know whether the row came from CSV or JSON.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::blanks::{is_blank, trimmed};
use super::bounds::short;
use super::error::{RowError, TargetError};
use super::grammar::is_placeholder;
use super::headings::KnownColumn;
use super::ports::whole_number;
use super::{
    Defaults, Expansion, Host, HostSpec, Service, Tag, Tags, TargetSpec, fold_name, no_destination,
    parse_port, parse_ports, parse_starttls,
};

/// A column, or a key of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// A recognised column.
    Known(KnownColumn),
    /// `address`, under its own name: an address to connect to, the target, or a tag.
    Address(Arc<str>),
    /// Any other column, carried into the record as a tag.
    Tag(Arc<str>),
}

/// One row of an input. Its columns are text that is not parsed yet. An empty column counts as
/// absent.
#[derive(Debug, Default)]
pub(super) struct InputRow {
    known: [String; KnownColumn::COUNT],
    address: Option<(Arc<str>, Tag)>,
    /// Service that replaces what the columns say, from a row of an earlier sweep.
    pub(super) service: Option<&'static Service>,
    pub(super) tags: Tags,
}

impl InputRow {
    /// Creates a row from a line of a plain list: a target, or `HOST;PORT` as spreadsheets write
    /// two columns without a header (with a semicolon or a tab).
    pub(super) fn line(text: &str) -> Self {
        let mut row = Self::default();
        let pair = text.split_once([';', '\t']).filter(|(host, port)| {
            let port = whole_number(trimmed(port));
            !trimmed(host).is_empty() && parse_port(port).is_ok()
        });
        match pair {
            Some((host, port)) => {
                row.set(KnownColumn::Target, host.to_owned());
                row.set(KnownColumn::Port, port.to_owned());
            }
            None => row.set(KnownColumn::Target, text.to_owned()),
        }
        row
    }

    pub(super) fn set(&mut self, column: KnownColumn, text: String) {
        self.known[column as usize] = text;
    }

    /// Adds the cell of a column.
    pub(super) fn add(&mut self, column: &Column, cell: String) {
        match column {
            Column::Known(known) => self.set(*known, cell),
            Column::Address(name) => self.address = Some((name.clone(), cell.into())),
            Column::Tag(name) => self.tags.push((name.clone(), cell.into())),
        }
    }

    fn get(&self, column: KnownColumn) -> Option<&str> {
        Some(trimmed(&self.known[column as usize])).filter(|text| !text.is_empty())
    }

    /// Reads the `address` column: an IP address is the address to connect to. Any other text is
    /// the target if nothing else names one, and else a tag.
    fn place_address(&mut self) {
        let Some((name, tag)) = self.address.take() else {
            return;
        };
        let text = trimmed(tag.as_str());
        let named = || {
            self.get(KnownColumn::Target)
                .or(self.get(KnownColumn::Host))
        };
        match () {
            () if text.parse::<IpAddr>().is_ok() => self.set(KnownColumn::Ip, text.to_owned()),
            () if named().is_none() => self.set(KnownColumn::Target, text.to_owned()),
            () => self.tags.push((name, tag)),
        }
    }

    /// Returns the text that names the host. A placeholder such as `N/A` counts only if nothing else
    /// is filled.
    fn target_text(&self) -> Result<&str, RowError> {
        let columns = [KnownColumn::Target, KnownColumn::Host, KnownColumn::Ip];
        let filled = || columns.into_iter().filter_map(|column| self.get(column));
        let named = filled().find(|text| !is_placeholder(text));
        named.or_else(|| filled().next()).ok_or(RowError::Empty)
    }

    /// Returns the targets of the row.
    pub(super) fn expand(mut self, defaults: &Defaults) -> Result<Expansion, RowError> {
        self.place_address();
        let text = self.target_text()?.to_owned();
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
            if is(key, &["proto", "protocol", "transport"]) && is(value, &OTHER_TRANSPORTS) {
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
        let one = self.get(KnownColumn::Port).map(one_port).transpose()?;
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
        if self.service.is_some() {
            asked.service = self.service;
            return Ok(());
        }
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

/// Protocols that scanners list beside TCP.
const OTHER_TRANSPORTS: [&str; 3] = ["udp", "sctp", "icmp"];

/// Parses a single port, also as scanners write it: `443/tcp`. A list is refused, because a
/// spreadsheet may write 8443 as `8,443`.
fn one_port(text: &str) -> Result<u16, RowError> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    match parse_port(whole_number(trimmed(number))) {
        Ok(port) if protocol == "tcp" => Ok(port),
        Ok(_) if OTHER_TRANSPORTS.contains(&&*protocol) => Err(RowError::NotTcp {
            key: KnownColumn::Port.name().to_owned(),
            value: protocol,
        }),
        _ if port_list(text).is_ok() => Err(RowError::PortList(short(text))),
        _ => Err(in_column(
            KnownColumn::Port,
            TargetError::BadPort(short(text)),
        )),
    }
}

/// Parses a list of ports as scanners write it: `443`, `443,8443`, `443/tcp 8443/tcp`.
fn port_list(text: &str) -> Result<Vec<u16>, RowError> {
    let parts = text
        .split(|found| matches!(found, ',' | ';') || is_blank(found))
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
        trimmed(first).parse::<Ipv4Addr>().ok()?;
        let last = trimmed(last.split(':').next()?);
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
