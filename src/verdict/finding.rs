//! A finding and its evidence.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{FindingId, Term};

/// Severity of a finding.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing breaks.
    Info,
    /// Will break later, or already breaks for some clients.
    Warning,
    /// Clients reject the connection.
    Error,
}

/// Where a problem can usually be fixed.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The client: the machine that runs the scan.
    Client,
    /// The network between client and server.
    Network,
    /// The server and its operator.
    Server,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Network => "network",
            Self::Server => "server",
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One piece of evidence. Its text may come from the server: escape it before display.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A text.
    Text(String),
    /// One of a fixed list.
    Term(Term),
    /// A count or a size.
    Number(i64),
    /// True or false, for something that was checked.
    Flag(bool),
    /// A point in time.
    Time(Timestamp),
    /// A list of texts.
    List(Vec<String>),
}

/// A fact worth reporting about an endpoint. Its explanation and remedy are in its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Id of its definition.
    pub id: FindingId,
    /// Severity in this case.
    pub severity: Severity,
    /// Where it can usually be fixed.
    pub side: Side,
    /// Structured fields that prove it, in the order given by the definition.
    pub evidence: Vec<(&'static str, Value)>,
}

impl Value {
    /// Returns the text, or the name of a term. Returns `None` for every other kind of value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Term(term) => Some(term.name()),
            _ => None,
        }
    }
}

impl<T: Into<Term>> From<T> for Value {
    fn from(term: T) -> Self {
        Self::Term(term.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}

impl From<crate::crypto::Fingerprint> for Value {
    fn from(fingerprint: crate::crypto::Fingerprint) -> Self {
        Self::Text(fingerprint.to_string())
    }
}
