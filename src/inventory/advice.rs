//! The texts of errors: what is wrong, and what to write instead.

use std::fmt;

use super::bounds::{MAX_GIVEN, MAX_LINE, MAX_NAME};
use super::error::{PortsError, RowError, TargetError};
use super::service::NotAStartTls;
use super::{InputFormat, Service, Start};

/// What is wrong, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is wrong.
    pub reason: String,
    /// What to write instead; may be empty.
    pub hint: String,
}

impl Advice {
    fn new(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            hint: hint.into(),
        }
    }

    /// Names the column that it is about.
    fn in_column(self, column: &str) -> Self {
        Self {
            reason: format!("column {column}: {}", self.reason),
            ..self
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match self.hint.is_empty() {
            true => Ok(()),
            false => write!(f, "; {}", self.hint),
        }
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl fmt::Display for PortsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl fmt::Display for NotAStartTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl std::error::Error for TargetError {}
impl std::error::Error for PortsError {}
impl std::error::Error for NotAStartTls {}
impl std::error::Error for RowError {}

const NAME_A_HOST: &str = "write a name or an address, such as example.com or 192.0.2.1";

impl TargetError {
    /// Returns what is wrong and what to write instead.
    pub fn advice(&self) -> Advice {
        match self {
            Self::NoHost => Advice::new("there is no host", NAME_A_HOST),
            Self::Placeholder(text) => {
                let hint = "write a name or an address, or remove the line";
                Advice::new(format!("no host is named, only {text:?}"), hint)
            }
            Self::UserInfo => Advice::new(
                "`@` may only separate a name from the address to connect to, as in \
                 example.com@192.0.2.7:443",
                "remove any user name",
            ),
            Self::BadPort(text) => {
                let hint = "write a number from 1 to 65535";
                Advice::new(format!("{text:?} is not a port"), hint)
            }
            Self::Blank => Advice::new(
                "the target contains white space",
                "remove it; write one target per line, and a port as host:443",
            ),
            Self::UnknownScheme(scheme) => unknown_scheme(scheme),
            Self::Cells(_) | Self::Quote(_) | Self::BadCharacter(_) | Self::Wildcard => {
                self.of_characters()
            }
            Self::NotAName(_) | Self::EmptyLabel(_) | Self::BadIdn(_) | Self::NameTooLong => {
                self.of_names()
            }
            Self::NameAtBlock
            | Self::PortInBlock
            | Self::BlockTooLarge(_)
            | Self::BadPrefix { .. }
            | Self::Range(_) => self.of_blocks(),
            Self::PathWithoutScheme(host) => Advice::new(
                "a path needs a scheme",
                format!("write https://{host}/ or only {host}"),
            ),
            _ => self.of_addresses(),
        }
    }

    fn of_characters(&self) -> Advice {
        match self {
            Self::Cells(found) => Advice::new(
                format!("a target contains no {}", separator(*found)),
                format!(
                    "for a table, begin with a header line such as host,port (with {}s between \
                     its cells)",
                    separator(*found)
                ),
            ),
            Self::Quote(mark) => Advice::new(
                format!("{mark} is a quotation mark, which no host contains"),
                "remove the quotation marks",
            ),
            Self::Wildcard => Advice::new("a wildcard is not a host", "list each host name"),
            Self::BadCharacter(found) => Advice::new(
                format!("{found:?} is not allowed in a host name"),
                "use letters, digits, `-`, `_` and `.`",
            ),
            _ => Advice::new("not a target", ""),
        }
    }

    fn of_names(&self) -> Advice {
        match self {
            Self::NotAName(address) => Advice::new(
                format!("{address} is an address, but a host name is required here"),
                "",
            ),
            Self::EmptyLabel(name) => Advice::new(
                format!("the name {name:?} has an empty label"),
                "check its dots",
            ),
            Self::BadIdn(name) => Advice::new(
                format!("{name:?} is not a valid internationalised name (UTS 46)"),
                "check its characters",
            ),
            _ => Advice::new(
                format!("the name is longer than {MAX_NAME} characters"),
                "check that it is a host name",
            ),
        }
    }

    fn of_addresses(&self) -> Advice {
        match self {
            Self::MangledAddress(text) => Advice::new(
                format!("{text:?} looks like an address but is not written in full"),
                "write four numbers from 0 to 255 without leading zeros, such as 192.0.2.1",
            ),
            Self::BadIpv6(text) => Advice::new(
                format!("{text:?} is not an IPv6 address"),
                "to add a port, write [2001:db8::1]:443",
            ),
            Self::Zone => Advice::new(
                "an IPv6 zone (`%`) is valid on one machine only",
                "write an address without a zone",
            ),
            Self::NoDestination(address, kind) => Advice::new(
                format!("{address} is {kind}: no connection can be made to it"),
                "write the address of one machine",
            ),
            _ => Advice::new(
                "brackets enclose an IPv6 address",
                "a port comes after them, as in [2001:db8::1]:443",
            ),
        }
    }

    fn of_blocks(&self) -> Advice {
        match self {
            Self::BadPrefix { text, max, example } => Advice::new(
                format!("{text:?} is not a prefix length"),
                format!("write a number from 0 to {max}, as in {example}"),
            ),
            Self::BlockTooLarge(length) => Advice::new(
                format!("a /{length} block has more addresses than can be scanned"),
                "use a block of /96 or smaller",
            ),
            Self::NameAtBlock => Advice::new(
                "a name cannot be combined with a block of addresses",
                "write name@address for each address",
            ),
            Self::Range(text) => Advice::new(
                format!("{text:?} is a range of addresses, which is not supported"),
                "write blocks such as 192.0.2.0/28, or each address on its own line",
            ),
            _ => Advice::new(
                "the port must come after the block",
                "write it as in 192.0.2.0/28:8443",
            ),
        }
    }
}

impl PortsError {
    /// Returns what is wrong and what to write instead.
    pub fn advice(&self) -> Advice {
        match self {
            Self::BadPort(error) => {
                let Advice { reason, hint } = error.advice();
                Advice::new(
                    reason,
                    format!("{hint}; a list looks like 443,8443,9000-9010"),
                )
            }
            Self::Backwards(first, last) => Advice::new(
                format!("the range {first}-{last} runs backwards"),
                format!("write {last}-{first}"),
            ),
        }
    }
}

impl NotAStartTls {
    /// Returns what is wrong and what to write instead.
    pub fn advice(&self) -> Advice {
        let known = Service::names(Some(Start::StartTls));
        Advice::new(
            format!("{:?} is not a STARTTLS service", self.text),
            format!("write `none` or one of {known}"),
        )
    }
}

impl RowError {
    /// Returns what is wrong and what to write instead.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Target(error) => error.advice(),
            Self::Column { column, error } => error.advice().in_column(column),
            Self::StartTls(error) => error.advice().in_column("starttls"),
            Self::Ports(error) => error.advice().in_column("ports"),
            Self::Empty => Advice::new("no host is named", "write a name or an address"),
            Self::NoOpenPort => Advice::new("no open TCP port is listed", ""),
            Self::NotTcp { key, value } => Advice::new(
                format!("column {key}: {value} is not TCP"),
                "leave out ports of other protocols",
            ),
            Self::BadAddress(text) => Advice::new(
                format!("column ip: {text:?} is not an IP address"),
                "write it in full, without port or brackets",
            ),
            Self::AddressForBlock => Advice::new(
                "column ip: a block of addresses cannot have an address",
                "leave the column empty",
            ),
            Self::PortList(text) => Advice::new(
                format!("column port: {text:?} is a list of ports"),
                "write one port, or rename the column to `ports`",
            ),
            Self::PortTwice | Self::Disagree { .. } | Self::SameMeaning { .. } => {
                self.of_contradictions()
            }
            Self::Json { .. }
            | Self::EarlierRow { .. }
            | Self::JsonKind(_)
            | Self::KeyTwice(_)
            | Self::TooDeep(_) => self.of_json(),
            _ => self.of_lines(),
        }
    }

    fn of_contradictions(&self) -> Advice {
        match self {
            Self::Disagree {
                column,
                value,
                target,
            } => Advice::new(
                format!("column {column} says {value} but the target says {target}"),
                "remove one of them",
            ),
            Self::SameMeaning {
                first,
                second,
                contents,
                meant,
            } => Advice::new(
                format!("the keys {first:?} and {second:?} both seem to contain {contents}"),
                format!("rename the right one to {meant:?}"),
            ),
            _ => Advice::new(
                "the columns port and ports are both filled",
                "leave one of them empty",
            ),
        }
    }

    fn of_json(&self) -> Advice {
        match self {
            // The parser of a value that begins as no object does not say where.
            Self::Json { reason, column: 0 } => {
                Advice::new(format!("not a JSON object: {reason}"), "")
            }
            Self::Json { reason, column } => {
                Advice::new(format!("not a JSON object: {reason} (column {column})"), "")
            }
            Self::EarlierRow { reason, column } => Advice::new(
                format!("not a row of tlsweep: {reason} (column {column})"),
                "correct it, or leave only the target",
            ),
            Self::JsonKind(key) => Advice::new(
                format!(
                    "the value of {key} must be a JSON string (port may also be a number, ports \
                     a list)"
                ),
                "",
            ),
            Self::KeyTwice(key) => {
                Advice::new(format!("the key {key:?} occurs twice"), "remove one")
            }
            Self::TooDeep(key) => Advice::new(
                format!("the value of {key:?} is nested deeper than 32 levels"),
                "remove it",
            ),
            _ => Advice::new("not a JSON object", ""),
        }
    }

    fn of_lines(&self) -> Advice {
        match self {
            Self::Ragged { cells, columns } => Advice::new(
                format!("the row has {cells} cells, but the header has {columns}"),
                "put double quotes around a cell that contains the separator",
            ),
            Self::OpenQuote => Advice::new(
                format!("a double quote is not closed within {MAX_LINE} bytes"),
                "add the closing quote",
            ),
            Self::StrayQuote => Advice::new(
                "text follows a closing double quote",
                "write each double quote inside a cell twice",
            ),
            Self::RejectHeader => Advice::new(
                "the cell in the column header is not the header of an inventory",
                "leave it as the program wrote it, or empty",
            ),
            Self::RejectFormat(text) => Advice::new(
                format!(
                    "the cell in the column format is {text:?} instead of {}",
                    InputFormat::ALL.map(InputFormat::name).join(", ")
                ),
                "leave it as the program wrote it",
            ),
            Self::TooLong(limit) => Advice::new(
                format!("the line is longer than {limit} bytes, and only its beginning is kept"),
                "shorten it",
            ),
            Self::TooLarge => Advice::new(
                format!("the target and the tags of the row have more than {MAX_GIVEN} bytes"),
                "remove some of the tags",
            ),
            _ => Advice::new("the line is not UTF-8", TO_UTF8),
        }
    }
}

/// Spreadsheets in Europe and America save other text than UTF-8 as Windows-1252.
const TO_UTF8: &str = "save the file as UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 \
                       < IN > OUT (or from the encoding that it has)";

/// Returns the name of a character that separates cells.
pub(super) fn separator(found: char) -> &'static str {
    match found {
        ';' => "semicolon",
        '\t' => "tab",
        _ => "comma",
    }
}

fn unknown_scheme(scheme: &str) -> Advice {
    match scheme {
        "http" => Advice::new("http is not TLS", "write https://NAME"),
        "ws" => Advice::new("ws is not TLS", "write wss://NAME"),
        _ => Advice::new(
            format!("no service is called {scheme:?}"),
            format!("use one of {}", Service::names(None)),
        ),
    }
}
