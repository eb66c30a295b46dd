//! Errors in a target, a row and an input. Every message says what is wrong and what to write
//! instead. These types do not know how a message is shown.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bounds::{MAX_LINE, MAX_NAME};
use super::service::{NotAStartTls, Service};

/// The text is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The host is missing.
    #[error("there is no host; write a name or an address, such as example.com or 192.0.2.1")]
    NoHost,
    /// The text contains white space.
    #[error("the target contains white space; write one target per line, and a port as host:443")]
    Blank,
    /// The scheme is not the name of a service.
    #[error("{}", unknown_scheme(.0))]
    UnknownScheme(String),
    /// `user@`, `user:password@`, or `name@` before something that is not an address.
    #[error(
        "`@` may only separate a name from the address to connect to, as in \
         example.com@192.0.2.7:443; remove any user name"
    )]
    UserInfo,
    /// An address where a name is required.
    #[error("{0} is an address, but a host name is required here")]
    NotAName(IpAddr),
    /// Not a number from 1 to 65535.
    #[error("{0:?} is not a port; write a number from 1 to 65535")]
    BadPort(String),
    /// Two dots in a row, or a dot at the start.
    #[error("the name {0:?} has an empty label; check its dots")]
    EmptyLabel(String),
    /// A character that is not allowed in a host name.
    #[error("{0:?} is not allowed in a host name; use letters, digits, `-`, `_` and `.`")]
    BadCharacter(char),
    /// `*` in a name.
    #[error("a wildcard is not a host; list each host name")]
    Wildcard,
    /// A comma in a name.
    #[error(
        "a target cannot contain a comma; CSV input must begin with a header line such as host,port"
    )]
    Comma,
    /// The name is invalid under UTS 46.
    #[error("{0:?} is not a valid internationalised name (UTS 46); check its characters")]
    BadIdn(String),
    /// The name is too long to be meant as a host name.
    #[error("the name is longer than {MAX_NAME} characters; check that it is a host name")]
    NameTooLong,
    /// `127.1`, `0x7f000001`, `192.0.2.256`.
    #[error(
        "{0:?} looks like an address but is not written in full; \
         write four numbers from 0 to 255 without leading zeros, such as 192.0.2.1"
    )]
    MangledAddress(String),
    /// `192.0.2.1-192.0.2.9`, `192.0.2.1-9`.
    #[error(
        "{0:?} is a range of addresses, which is not supported; \
         write blocks such as 192.0.2.0/28, or each address on its own line"
    )]
    Range(String),
    /// Several colons, but not an IPv6 address.
    #[error("{0:?} is not an IPv6 address; to add a port, write [2001:db8::1]:443")]
    BadIpv6(String),
    /// `fe80::1%eth0`.
    #[error("an IPv6 zone (`%`) is valid on one machine only; write an address without a zone")]
    Zone,
    /// `0.0.0.0`, `::`, multicast, broadcast, link-local.
    #[error("{0} is {1}: no connection can be made to it; write the address of one machine")]
    NoDestination(IpAddr, &'static str),
    /// Brackets around something other than an IPv6 address, or text after them.
    #[error("brackets enclose an IPv6 address; a port comes after them, as in [2001:db8::1]:443")]
    Brackets,
    /// Not a prefix length.
    #[error("{text:?} is not a prefix length; write a number from 0 to {max}, as in {example}")]
    BadPrefix {
        /// The text in place of the prefix length.
        text: String,
        /// Maximum: 32 or 128.
        max: u8,
        /// An example block of the same address family.
        example: &'static str,
    },
    /// An IPv6 block of more than 2^32 addresses.
    #[error("a /{0} block has more addresses than can be scanned; use a block of /96 or smaller")]
    BlockTooLarge(u8),
    /// `name@192.0.2.0/28`.
    #[error(
        "a name cannot be combined with a block of addresses; write name@address for each address"
    )]
    NameAtBlock,
    /// `192.0.2.0:8443/28`.
    #[error("the port must come after the block, as in 192.0.2.0/28:8443")]
    PortInBlock,
    /// `example.com/x`.
    #[error("a path needs a scheme; write https://{0}/ or only {0}")]
    PathWithoutScheme(String),
}

/// A list of ports is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortsError {
    /// Not a number from 1 to 65535.
    #[error("{0}; a list looks like 443,8443,9000-9010")]
    BadPort(#[from] TargetError),
    /// `9010-9000`.
    #[error("the range {0}-{1} runs backwards; write {1}-{0}")]
    Backwards(u16, u16),
}

/// The row is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The target or host is invalid.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Another column has an invalid value.
    #[error("column {column}: {error}")]
    Column {
        /// Name of the column.
        column: &'static str,
        /// What is wrong with its value.
        error: TargetError,
    },
    /// The `starttls` column is invalid.
    #[error("column starttls: {0}")]
    StartTls(#[from] NotAStartTls),
    /// The `ports` column is invalid.
    #[error("column ports: {0}")]
    Ports(PortsError),
    /// Both `port` and `ports` are filled.
    #[error("the columns port and ports are both filled; leave one of them empty")]
    PortTwice,
    /// None of the listed ports is an open TCP port.
    #[error("no open TCP port is listed; add one, or remove the row")]
    NoOpenPort,
    /// The port belongs to another transport protocol.
    #[error("column {key}: {value} is not TCP; leave out ports of other protocols")]
    NotTcp {
        /// Name of the column.
        key: String,
        /// The protocol.
        value: String,
    },
    /// A key seems to mean the port, and no recognised key does.
    #[error("the key {found:?} is not recognised; rename it to {meant:?}, or add a key {meant:?}")]
    Misnamed {
        /// The key.
        found: String,
        /// The recognised name.
        meant: &'static str,
    },
    /// The `ip` column is not an address.
    #[error("column ip: {0:?} is not an IP address; write it in full, without port or brackets")]
    BadAddress(String),
    /// A column contradicts the target or host in the same row.
    #[error("column {column} says {value} but the target says {target}; remove one of them")]
    Disagree {
        /// Name of the column.
        column: &'static str,
        /// Value of the column.
        value: String,
        /// Value in the target.
        target: String,
    },
    /// An `ip` column beside a block.
    #[error("column ip: a block of addresses cannot have an address; leave the column empty")]
    AddressForBlock,
    /// `target`, `host` and `ip` are all empty.
    #[error("no host is named; write a name or an address")]
    Empty,
    /// More cells than the header has columns.
    #[error(
        "the row has {cells} cells, but the header has {columns}; \
         put double quotes around a cell that contains the separator"
    )]
    Ragged {
        /// Number of cells in this row.
        cells: usize,
        /// Number of cells in the header.
        columns: usize,
    },
    /// A quoted cell that does not end.
    #[error("a double quote is not closed within {MAX_LINE} bytes; add the closing quote")]
    OpenQuote,
    /// Text after a closing quote.
    #[error("text follows a closing double quote; write each double quote inside a cell twice")]
    StrayQuote,
    /// Not a JSON object.
    #[error("not a JSON object: {reason} (column {column})")]
    Json {
        /// Message of the parser.
        reason: String,
        /// Position in bytes, from 1.
        column: usize,
    },
    /// A JSON value of a type that the key does not accept.
    #[error("the value of {0} must be a JSON string (port may also be a number, ports a list)")]
    JsonKind(&'static str),
    /// The same key twice in one object.
    #[error("the key {0:?} occurs twice; remove one")]
    KeyTwice(String),
    /// A JSON value nested too deeply for programs that read the records.
    #[error("the value of {0:?} is nested deeper than 32 levels; remove it")]
    TooDeep(String),
    /// The line is too long.
    #[error("the line is longer than {MAX_LINE} bytes; shorten it")]
    TooLong,
    /// The line is not UTF-8.
    #[error("the line is not UTF-8; save the file as UTF-8")]
    NotUtf8,
}

/// A part of an input that could not be parsed as a target. Reading continues after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// File name, `<stdin>`, or `argument`.
    pub source: Arc<str>,
    /// Line number from 1 (the first line of a row that spans several), or the position of the
    /// argument.
    pub line: u64,
    /// The original text, at most its first 200 characters. It is untrusted: escape it before it
    /// reaches a terminal.
    pub text: String,
    /// What is wrong and what to write instead.
    pub reason: String,
}

/// What a reader yields instead of a target.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// One row is not a target. Reading continues after it.
    #[error("{}:{}: {}", .0.source, .0.line, .0.reason)]
    Reject(Reject),
    /// Reading failed. Nothing follows.
    #[error("reading {file} failed before its end: {error}")]
    Unreadable {
        /// Name of the input.
        file: Arc<str>,
        /// Cause.
        error: io::Error,
    },
}

/// The whole input is unusable.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The input cannot be opened, or its beginning cannot be read.
    #[error("cannot read {file}: {error}")]
    Unreadable {
        /// Name of the input.
        file: Arc<str>,
        /// Cause.
        error: io::Error,
    },
    /// The input is UTF-16 (or contains NUL bytes, which text does not).
    #[error(
        "{file} is UTF-16 or binary instead of UTF-8 text; \
         convert it first: iconv -f UTF-16 -t UTF-8 < IN > OUT"
    )]
    NotText {
        /// Name of the input.
        file: Arc<str>,
    },
    /// The header of a CSV file is malformed.
    #[error("{file}: cannot read the header: {error}")]
    BadHeader {
        /// Name of the input.
        file: Arc<str>,
        /// Cause.
        error: RowError,
    },
    /// A CSV file has no column that names hosts.
    #[error(
        "{file} has no column `host`, `target` or `ip`, only {found}; \
         the first line must name the columns, separated by commas, as in host,port,owner"
    )]
    NoHostColumn {
        /// Name of the input.
        file: Arc<str>,
        /// Cells of the header.
        found: String,
    },
    /// A column name suggests a recognised column that is missing.
    #[error(
        "{file}: the column {found:?} is not recognised; if it contains the {meant}, \
         rename it to `{meant}`; if not, give it an unrelated name"
    )]
    Misnamed {
        /// Name of the input.
        file: Arc<str>,
        /// Name of the column.
        found: String,
        /// The recognised name.
        meant: &'static str,
    },
    /// The input is JSON, but not one object per line.
    #[error(
        "{file}: JSON input must be JSON Lines, one object per line; \
         convert it first: jq -c '{filter}' IN > OUT.jsonl"
    )]
    JsonOverLines {
        /// Name of the input.
        file: Arc<str>,
        /// The jq filter that converts it to lines.
        filter: &'static str,
    },
    /// The input is XML or HTML.
    #[error("{file} is XML or HTML; use lines, CSV or JSON Lines")]
    Markup {
        /// Name of the input.
        file: Arc<str>,
    },
    /// A CSV file has a recognised column twice.
    #[error("{file} has two columns named `{column}`; rename one")]
    ColumnTwice {
        /// Name of the input.
        file: Arc<str>,
        /// Name of the column.
        column: &'static str,
    },
}

fn unknown_scheme(scheme: &str) -> String {
    match scheme {
        "http" => "http is not TLS; write https://NAME".to_owned(),
        "ws" => "ws is not TLS; write wss://NAME".to_owned(),
        _ => format!(
            "no service is called {scheme:?}; use one of {}",
            Service::names(None)
        ),
    }
}
