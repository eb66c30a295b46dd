//! Rows: what the columns of an inventory say, and how they become one target together.

use std::net::IpAddr;
use std::sync::Arc;

use super::error::{RowError, TargetError, short};
use super::{
    Asked, Defaults, Expansion, Host, Place, Service, Tags, fold_name, no_destination, parse_port,
    parse_starttls,
};

/// A column, or a key of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    /// One that has a meaning here.
    Ours(Ours),
    /// Any other, carried along.
    Tag(Arc<str>),
}

/// The columns that have a meaning here. `target` and `host` take the whole grammar; where both
/// hold something, `target` counts (as in the records of an earlier sweep).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ours {
    Target,
    Host,
    Port,
    Ip,
    Sni,
    StartTls,
}

impl Ours {
    const ALL: [Self; 6] = [
        Self::Target,
        Self::Host,
        Self::Port,
        Self::Ip,
        Self::Sni,
        Self::StartTls,
    ];

    /// The column of this name, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|column| column.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Host => "host",
            Self::Port => "port",
            Self::Ip => "ip",
            Self::Sni => "sni",
            Self::StartTls => "starttls",
        }
    }

    /// Whether a row can be visited by this column alone.
    pub(super) fn names_a_host(self) -> bool {
        matches!(self, Self::Target | Self::Host | Self::Ip)
    }
}

/// One row of an input, its columns still text. An empty column says nothing.
#[derive(Debug, Default)]
pub(super) struct Row {
    ours: [String; 6],
    pub(super) tags: Tags,
}

impl Row {
    /// A row of a target alone.
    pub(super) fn target(text: String) -> Self {
        let mut row = Self::default();
        row.set(Ours::Target, text);
        row
    }

    pub(super) fn set(&mut self, column: Ours, text: String) {
        self.ours[column as usize] = text;
    }

    fn get(&self, column: Ours) -> Option<&str> {
        Some(self.ours[column as usize].trim()).filter(|text| !text.is_empty())
    }

    /// The targets that the row stands for.
    pub(super) fn expand(self, defaults: &Defaults) -> Result<Expansion, RowError> {
        let text = [Ours::Target, Ours::Host, Ours::Ip]
            .into_iter()
            .find_map(|column| self.get(column))
            .ok_or(RowError::Empty)?
            .to_owned();
        let mut asked = Asked::parse(&text)?;
        self.merge_port(&mut asked)?;
        self.merge_address(&mut asked)?;
        self.merge_service(&mut asked)?;
        let sni = self.get(Ours::Sni).map(fold_name).transpose();
        let sni = sni.map_err(|error| in_column(Ours::Sni, error))?;
        Ok(Expansion::new(text, asked, sni, self.tags, defaults))
    }

    fn merge_port(&self, asked: &mut Asked) -> Result<(), RowError> {
        let Some(text) = self.get(Ours::Port) else {
            return Ok(());
        };
        let port = parse_port(text).map_err(|error| in_column(Ours::Port, error))?;
        match asked.port {
            Some(said) if said != port => Err(disagree(Ours::Port, port, said)),
            _ => {
                asked.port = Some(port);
                Ok(())
            }
        }
    }

    fn merge_address(&self, asked: &mut Asked) -> Result<(), RowError> {
        let Some(text) = self.get(Ours::Ip) else {
            return Ok(());
        };
        let ip: IpAddr = text
            .parse()
            .map_err(|_| RowError::BadAddress(short(text)))?;
        let ip = ip.to_canonical();
        if let Some(kind) = no_destination(ip) {
            return Err(in_column(Ours::Ip, TargetError::NoDestination(ip, kind)));
        }
        let Place::Host { host, address } = &mut asked.place else {
            return Err(RowError::AddressForBlock);
        };
        match address {
            Some(said) if *said != ip => return Err(disagree(Ours::Ip, ip, *said)),
            // The same address twice is one address, not an address behind another.
            None if *host == Host::Address(ip) => {}
            _ => *address = Some(ip),
        }
        Ok(())
    }

    fn merge_service(&self, asked: &mut Asked) -> Result<(), RowError> {
        let text = self.get(Ours::StartTls).unwrap_or_default();
        let Some(service) = parse_starttls(text)? else {
            return Ok(());
        };
        let name = |service: &'static Service| service.name;
        match asked.service {
            Some(said) if said != service => {
                Err(disagree(Ours::StartTls, name(service), name(said)))
            }
            _ => {
                asked.service = Some(service);
                Ok(())
            }
        }
    }
}

fn in_column(column: Ours, error: TargetError) -> RowError {
    RowError::Column {
        column: column.name(),
        error,
    }
}

fn disagree(column: Ours, said: impl ToString, target: impl ToString) -> RowError {
    RowError::Disagree {
        column: column.name(),
        said: said.to_string(),
        target: target.to_string(),
    }
}
