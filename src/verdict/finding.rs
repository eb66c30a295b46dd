//! A finding and its evidence.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FindingId;

/// How bad.
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
    /// Will break, or breaks for some.
    Warning,
    /// Clients refuse.
    Error,
}

/// Who can mend it.
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
    /// The machine that asks: here, the one that scans.
    Client,
    /// What lies between.
    Network,
    /// The machine that was asked, and who runs it.
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

/// One piece of evidence. Text may be the peer's: escape it where it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Words.
    Text(String),
    /// A count or a size.
    Number(i64),
    /// Yes or no, of something that was looked at.
    Flag(bool),
    /// A point in time.
    Time(Timestamp),
    /// Several words.
    List(Vec<String>),
}

/// Something found. What it means and how to mend it stands once, in its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The id of its definition.
    pub id: FindingId,
    /// How bad it is here.
    pub severity: Severity,
    /// Who can mend it.
    pub side: Side,
    /// Structured fields that prove it, in the order of the definition.
    pub evidence: Vec<(&'static str, Value)>,
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
