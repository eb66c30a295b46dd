//! Errors in a target, a row and an input. Their texts are in `advice.rs`.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use super::InputFormat;
use super::bounds::cut;
use super::service::NotAStartTls;

/// The text is not a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// The host is missing.
    NoHost,
    /// The text contains white space.
    Blank,
    /// The scheme is not the name of a service.
    UnknownScheme(String),
    /// `user@`, `user:password@`, or `name@` before something that is not an address.
    UserInfo,
    /// An address where a name is required.
    NotAName(IpAddr),
    /// Not a number from 1 to 65535.
    BadPort(String),
    /// Two dots in a row, or a dot at the start.
    EmptyLabel(String),
    /// A character that is not allowed in a host name.
    BadCharacter(char),
    /// `*` in a name.
    Wildcard,
    /// A comma, semicolon or tab between cells.
    Cells(char),
    /// A quotation mark around or inside a host.
    Quote(char),
    /// `N/A`, `-`, `none`: a word for "no host".
    Placeholder(String),
    /// The name is invalid under UTS 46.
    BadIdn(String),
    /// The name is too long to be meant as a host name.
    NameTooLong,
    /// `127.1`, `0x7f000001`, `192.0.2.256`.
    MangledAddress(String),
    /// `192.0.2.1-192.0.2.9`, `192.0.2.1-9`.
    Range(String),
    /// Several colons, but not an IPv6 address.
    BadIpv6(String),
    /// `fe80::1%eth0`.
    Zone,
    /// `0.0.0.0`, `::`, multicast, broadcast, link-local.
    NoDestination(IpAddr, &'static str),
    /// Brackets around something other than an IPv6 address, or text after them.
    Brackets,
    /// Not a prefix length.
    BadPrefix {
        /// The text in place of the prefix length.
        text: String,
        /// Maximum: 32 or 128.
        max: u8,
        /// An example block of the same address family.
        example: &'static str,
    },
    /// An IPv6 block of more than 2^32 addresses.
    BlockTooLarge(u8),
    /// `name@192.0.2.0/28`.
    NameAtBlock,
    /// `192.0.2.0:8443/28`.
    PortInBlock,
    /// `example.com/x`.
    PathWithoutScheme(String),
}

/// A list of ports is malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortsError {
    /// Not a number from 1 to 65535.
    BadPort(TargetError),
    /// `9010-9000`.
    Backwards(u16, u16),
}

/// The row is not a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowError {
    /// The target or host is invalid.
    Target(TargetError),
    /// Another column has an invalid value.
    Column {
        /// Name of the column.
        column: &'static str,
        /// What is wrong with its value.
        error: TargetError,
    },
    /// The `starttls` column is invalid.
    StartTls(NotAStartTls),
    /// The `ports` column is invalid.
    Ports(PortsError),
    /// The `port` column contains several ports.
    PortList(String),
    /// Both `port` and `ports` are filled.
    PortTwice,
    /// None of the listed ports is an open TCP port.
    NoOpenPort,
    /// The port belongs to another transport protocol.
    NotTcp {
        /// Name of the column.
        key: String,
        /// The protocol.
        value: String,
    },
    /// Two keys have the same meaning, and neither has the recognised name.
    SameMeaning {
        /// One key.
        first: String,
        /// The other key.
        second: String,
        /// What they seem to contain.
        contents: &'static str,
        /// The recognised name.
        meant: &'static str,
    },
    /// The `ip` column is not an address.
    BadAddress(String),
    /// A column contradicts the target or host in the same row.
    Disagree {
        /// Name of the column.
        column: &'static str,
        /// Value of the column.
        value: String,
        /// Value in the target.
        target: String,
    },
    /// An `ip` column beside a block.
    AddressForBlock,
    /// `target`, `host` and `ip` are all empty.
    Empty,
    /// More cells than the header has columns.
    Ragged {
        /// Number of cells in this row.
        cells: usize,
        /// Number of cells in the header.
        columns: usize,
    },
    /// A quoted cell that does not end.
    OpenQuote,
    /// Text after a closing quote.
    StrayQuote,
    /// Not a JSON object.
    Json {
        /// Message of the parser.
        reason: String,
        /// Position in bytes, from 1; 0 if the parser does not say.
        column: usize,
    },
    /// A row of an earlier scan with a field of the wrong type.
    EarlierRow {
        /// Message of the parser.
        reason: String,
        /// Position in bytes, from 1.
        column: usize,
    },
    /// A JSON value of a type that the key does not accept.
    JsonKind(&'static str),
    /// The same key twice in one object.
    KeyTwice(String),
    /// A JSON value nested too deeply for programs that read the records.
    TooDeep(String),
    /// The `header` cell of a rejected row is not the header of an inventory.
    RejectHeader,
    /// The `format` cell of a rejected row is not the name of a format.
    RejectFormat(String),
    /// The line is longer than this number of bytes.
    TooLong(usize),
    /// The target and the tags of a row of an earlier scan are larger than those of any inventory.
    TooLarge,
    /// The line is not UTF-8.
    NotUtf8,
}

impl From<TargetError> for PortsError {
    fn from(error: TargetError) -> Self {
        Self::BadPort(error)
    }
}

impl From<TargetError> for RowError {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}

impl From<NotAStartTls> for RowError {
    fn from(error: NotAStartTls) -> Self {
        Self::StartTls(error)
    }
}

/// A part of an input that could not be parsed as a target. Reading continues after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// File name, `<stdin>`, or `argument`.
    pub source: Arc<str>,
    /// Line number from 1 (the first line of a row that spans several), or the position of the
    /// argument.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
    /// What to write instead; may be empty.
    pub hint: String,
    /// The original lines, byte for byte, without the last line end; of a line that is too long,
    /// the beginning. They are untrusted: escape them before they reach a terminal.
    pub original: Vec<u8>,
    /// For CSV input, the lines of the header as written; otherwise empty.
    pub header: Vec<u8>,
    /// Format as which the original was read.
    pub format: InputFormat,
}

impl Reject {
    /// Returns at most `limit` characters of the original, without surrounding white space.
    /// Invalid UTF-8 is replaced.
    pub fn excerpt(&self, limit: usize) -> String {
        // A character has at most four bytes.
        let end = self
            .original
            .len()
            .min(limit.saturating_add(1).saturating_mul(4));
        let text = match self.original.get(..end) {
            Some(start) => String::from_utf8_lossy(start),
            None => Cow::Borrowed(""),
        };
        cut(text.trim_end(), limit)
    }

    /// Returns the reason and the hint in one line.
    pub fn advice(&self) -> String {
        match self.hint.is_empty() {
            true => self.reason.clone(),
            false => format!("{}; {}", self.reason, self.hint),
        }
    }
}

/// What a reader yields instead of a target.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// One row is not a target. Reading continues after it.
    #[error("{}:{}: {}", .0.source, .0.line, .0.advice())]
    Reject(Box<Reject>),
    /// Reading failed. Nothing follows.
    #[error("reading {file} failed before its end: {error}")]
    Unreadable {
        /// Name of the input.
        file: Arc<str>,
        /// Cause.
        error: io::Error,
    },
}

/// Writes `ADDRESS;PORT` for each open port in the XML of nmap. A semicolon also separates the port
/// from an IPv6 address.
const NMAP_HOSTS: &str = "xmlstarlet sel -t -m \"//port[@protocol='tcp'][state/@state='open']\" \
                          -v \"../../address[@addrtype!='mac'][1]/@addr\" -o ';' -v @portid -n";

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
    /// The input is a file of another program, or not text.
    #[error("{file} is {what}; {remedy}")]
    Foreign {
        /// Name of the input.
        file: Arc<str>,
        /// What it is, with its article.
        what: &'static str,
        /// How to make an inventory of it.
        remedy: String,
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
        "{file} has no column `host`, `target` or `ip`, only {found}, separated by {separator}; \
         {advice}"
    )]
    NoHostColumn {
        /// Name of the input.
        file: Arc<str>,
        /// Cells of the header.
        found: String,
        /// The separator of the header's cells: `commas`, `semicolons` or `tabs`.
        separator: &'static str,
        /// What to write instead.
        advice: String,
    },
    /// Two columns have the same meaning, and neither has the recognised name.
    #[error(
        "{file}: the columns {first:?} and {second:?} both seem to contain {contents}; \
         rename the right one to `{meant}`"
    )]
    SameMeaning {
        /// Name of the input.
        file: Arc<str>,
        /// Name of one column.
        first: String,
        /// Name of the other column.
        second: String,
        /// What they seem to contain.
        contents: &'static str,
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
    #[error(
        "{file} is XML or HTML; export the hosts as lines, CSV or JSON Lines. From nmap -oX: \
         {NMAP_HOSTS} {shown} | tlsweep scan -i -"
    )]
    Markup {
        /// Name of the input.
        file: Arc<str>,
        /// Name of the file in a command.
        shown: Arc<str>,
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
