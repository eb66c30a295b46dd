//! What can be wrong with a target, a row and an input. Every message says what is wrong and what
//! to write instead.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bounds::{MAX_LINE, MAX_NAME};
use super::service::{NotAStartTls, Service};

/// The text is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing where the host belongs.
    #[error("there is no host; write a name or an address, such as example.com or 192.0.2.1")]
    NoHost,
    /// White space inside.
    #[error("there is a blank inside; write one target a line, and a port as host:443")]
    Blank,
    /// A scheme that is not a service.
    #[error("{}", unknown_scheme(.0))]
    UnknownScheme(String),
    /// `user@`, `user:password@`, or `name@` before something that is not an address.
    #[error(
        "`@` stands only between a name and the address to connect to, as in \
         example.com@192.0.2.7:443; leave a user name out"
    )]
    UserInfo,
    /// An address where a name is needed.
    #[error("{0} is an address where a name is needed")]
    NotAName(IpAddr),
    /// Not a number from 1 to 65535.
    #[error("{0:?} is not a port; write a number from 1 to 65535")]
    BadPort(String),
    /// Two dots in a row, or one at the start.
    #[error("the name {0:?} has an empty label; check its dots")]
    EmptyLabel(String),
    /// A character that no host name has.
    #[error("{0:?} cannot stand in a host name; it has letters, digits, `-`, `_` and `.`")]
    BadCharacter(char),
    /// `*` in a name.
    #[error("a wildcard is not a host; name the hosts to visit")]
    Wildcard,
    /// A comma in a name.
    #[error("a target has no comma; for CSV, begin with a header line such as host,port")]
    Comma,
    /// Not a name by UTS 46.
    #[error("{0:?} is not an internationalised name (UTS 46); check its characters")]
    BadIdn(String),
    /// Longer than anything meant as a name.
    #[error("the name is longer than {MAX_NAME} characters")]
    NameTooLong,
    /// `127.1`, `0x7f000001`, `192.0.2.256`.
    #[error(
        "{0:?} looks like an address but is not one written in full; \
         write four numbers from 0 to 255 without leading zeros, such as 192.0.2.1"
    )]
    MangledAddress(String),
    /// `192.0.2.1-192.0.2.9`, `192.0.2.1-9`.
    #[error(
        "{0:?} is a range of addresses, which is not read; \
         write blocks such as 192.0.2.0/28, or each address on a line"
    )]
    Range(String),
    /// Several colons, yet not IPv6.
    #[error("{0:?} is not an IPv6 address; with a port write [2001:db8::1]:443")]
    BadIpv6(String),
    /// `fe80::1%eth0`.
    #[error("an IPv6 zone (`%`) means something on one machine only; write an address without one")]
    Zone,
    /// `0.0.0.0`, `::`, multicast, broadcast, link-local.
    #[error("{0} is {1}: no connection can be made to it; write the address of one machine")]
    NoDestination(IpAddr, &'static str),
    /// Brackets around something else than an IPv6 address, or something after them.
    #[error("brackets hold an IPv6 address, with a port after them as in [2001:db8::1]:443")]
    Brackets,
    /// Not a prefix length.
    #[error("{text:?} is not a prefix length; write a number from 0 to {max}, as in {example}")]
    BadPrefix {
        /// What stood there.
        text: String,
        /// 32 or 128.
        max: u8,
        /// A block of the same family.
        example: &'static str,
    },
    /// An IPv6 block of more than 2^32 addresses.
    #[error("/{0} is more addresses than can be visited; an IPv6 block is /96 or smaller")]
    BlockTooLarge(u8),
    /// `name@192.0.2.0/28`.
    #[error("a name is asked for at one address, not at a block; list name@address for each")]
    NameAtBlock,
    /// `192.0.2.0:8443/28`.
    #[error("the port comes after the block, as in 192.0.2.0/28:8443")]
    PortInBlock,
    /// `example.com/x`.
    #[error("a path needs a scheme before it; write https://{0}/ or only {0}")]
    PathWithoutScheme(String),
}

/// A list of ports cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortsError {
    /// Not a number from 1 to 65535.
    #[error("{0}; a list looks like 443,8443,9000-9010")]
    BadPort(#[from] TargetError),
    /// `9010-9000`.
    #[error("the range {0}-{1} runs backwards; write {1}-{0}")]
    Backwards(u16, u16),
}

/// The row of an input is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The target or the host is not one.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Another column holds what it must not.
    #[error("column {column}: {error}")]
    Column {
        /// Its name.
        column: &'static str,
        /// What is wrong with it.
        error: TargetError,
    },
    /// The `starttls` column.
    #[error("column starttls: {0}")]
    StartTls(#[from] NotAStartTls),
    /// The `ports` column.
    #[error("column ports: {0}")]
    Ports(PortsError),
    /// Both say one.
    #[error("the columns port and ports both say one; leave one of them empty")]
    PortTwice,
    /// None of the ports that a scanner lists is open for TCP.
    #[error("column ports: no open TCP port is listed")]
    NoOpenPort,
    /// A key that seems to mean the port, and no port.
    #[error("the key {found:?} is not read; rename it to {meant:?}, or add {meant:?}")]
    Misnamed {
        /// The key.
        found: String,
        /// What it should be called.
        meant: &'static str,
    },
    /// The `ip` column.
    #[error("column ip: {0:?} is not an address; write one in full, without port or brackets")]
    BadAddress(String),
    /// A column says other than the host or target it stands beside.
    #[error("column {column} says {said} but the target says {target}; leave one of them out")]
    Disagree {
        /// The column.
        column: &'static str,
        /// What it says.
        said: String,
        /// What the target says.
        target: String,
    },
    /// An `ip` column beside a block.
    #[error("column ip: a block of addresses takes no further address")]
    AddressForBlock,
    /// Neither `target`, `host` nor `ip` holds anything.
    #[error("no host is named; write a name or an address")]
    Empty,
    /// More cells than the header has columns.
    #[error(
        "the row has {cells} cells, the header {columns}; \
         put double quotes around a cell that holds the separator"
    )]
    Ragged {
        /// In this row.
        cells: usize,
        /// In the header.
        columns: usize,
    },
    /// A quoted cell that does not end.
    #[error("a double quote is opened and not closed within {MAX_LINE} bytes")]
    OpenQuote,
    /// Text after a closing quote.
    #[error("text follows a closing double quote; write each double quote in a cell twice")]
    StrayQuote,
    /// Not a JSON object.
    #[error("not a JSON object: {reason} (column {column})")]
    Json {
        /// What the parser says.
        reason: String,
        /// Where, in bytes from 1.
        column: usize,
    },
    /// A JSON value of a kind that the key does not take.
    #[error("{0} is text in JSON (port may be a number, ports a list)")]
    JsonKind(&'static str),
    /// The same key twice in an object.
    #[error("the key {0:?} stands there twice")]
    KeyTwice(String),
    /// A JSON value that readers of the rows could not take.
    #[error("the value of {0:?} is nested deeper than 32 levels; leave it out")]
    TooDeep(String),
    /// Longer than a line may be.
    #[error("the line is longer than {MAX_LINE} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("the line is not UTF-8; save the file as UTF-8")]
    NotUtf8,
}

/// One part of an input that could not be read as a target; the rest is read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// File name, `<stdin>`, or `argument`.
    pub source: Arc<str>,
    /// Line from 1 (the first of a row that spans several), or the argument's position.
    pub line: u64,
    /// The text as it was, its first 200 characters. Hostile: clean it before a terminal sees it.
    pub text: String,
    /// What is wrong and what to write instead.
    pub reason: String,
}

/// What a reader yields instead of a target.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// One row was not a target; reading goes on.
    #[error("{}:{}: {}", .0.source, .0.line, .0.reason)]
    Reject(Reject),
    /// The input broke off; nothing follows.
    #[error("cannot read {file} on: {error}")]
    Unreadable {
        /// Which input.
        file: Arc<str>,
        /// Why.
        error: io::Error,
    },
}

/// An input cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be opened, or its beginning cannot be read.
    #[error("cannot read {file}: {error}")]
    Unreadable {
        /// Which input.
        file: Arc<str>,
        /// Why.
        error: io::Error,
    },
    /// It is UTF-16 (or has NUL bytes, which no text has).
    #[error(
        "{file} is not UTF-8 text but UTF-16 or binary; \
         convert it first: iconv -f UTF-16 -t UTF-8 < IN > OUT"
    )]
    NotText {
        /// Which input.
        file: Arc<str>,
    },
    /// A CSV file whose header cannot be read.
    #[error("{file}: the header cannot be read: {error}")]
    BadHeader {
        /// Which input.
        file: Arc<str>,
        /// Why.
        error: RowError,
    },
    /// A CSV file without a column that names hosts.
    #[error(
        "{file} has no column `host`, `target` or `ip`, only {found}; \
         the first line names the columns, with commas between them, as in host,port,owner"
    )]
    NoHostColumn {
        /// Which input.
        file: Arc<str>,
        /// The header's cells.
        found: String,
    },
    /// A column that seems to mean one of ours, which is missing.
    #[error(
        "{file}: the column {found:?} is not read; if it says the {meant}, rename it to `{meant}`, \
         else to something that is no word for it"
    )]
    Misnamed {
        /// Which input.
        file: Arc<str>,
        /// The column.
        found: String,
        /// What it should be called.
        meant: &'static str,
    },
    /// JSON, but not one object a line.
    #[error(
        "{file}: JSON is read as JSON Lines, one object a line; \
         convert it first: jq -c '{filter}' IN > OUT.jsonl"
    )]
    JsonOverLines {
        /// Which input.
        file: Arc<str>,
        /// What makes lines of it.
        filter: &'static str,
    },
    /// XML or HTML.
    #[error("{file} is XML or HTML; give lines, CSV or JSON Lines")]
    Markup {
        /// Which input.
        file: Arc<str>,
    },
    /// A CSV file with one of our columns twice.
    #[error("{file} has two columns `{column}`; rename one")]
    ColumnTwice {
        /// Which input.
        file: Arc<str>,
        /// The column.
        column: &'static str,
    },
}

fn unknown_scheme(scheme: &str) -> String {
    match scheme {
        "http" => "http is not TLS; write https://NAME".to_owned(),
        "ws" => "ws is not TLS; write wss://NAME".to_owned(),
        _ => format!(
            "no service is called {scheme:?}; a scheme is one of {}",
            Service::names(None)
        ),
    }
}
