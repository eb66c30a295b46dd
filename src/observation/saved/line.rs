//! The lines of a recording: the content of each kind.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::{FactSet, Observation, PeerChain};

/// The format version that is written. It increases if a reader of the previous version would
/// misinterpret a line.
pub(super) const VERSION: u32 = 1;

/// Kind of the first line, which describes the file and the sweep.
pub(super) const HEADER: &str = "tlsweep facts";
/// Kind of a certificate in hexadecimal DER. Certificates are numbered from 0 in file order.
pub(super) const CERTIFICATE: &str = "certificate";
/// Kind of an observation without its chains.
pub(super) const OBSERVATION: &str = "observation";
/// Kind of the result of fetching an AIA URL.
pub(super) const ANSWER: &str = "answer";
/// Kind of the last line. If it is missing, the sweep was interrupted or killed, or the file was
/// truncated.
pub(super) const END: &str = "end";

/// What a recording says about the sweep that wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedHeader {
    /// Format version.
    pub version: u32,
    /// Version of the program that wrote it.
    pub tlsweep: String,
    /// True if rows of text outputs show their addresses (`--all-ips`).
    #[serde(default)]
    pub addresses: bool,
    /// Label of the place that the sweep was made from (`--vantage`).
    #[serde(default)]
    pub vantage: Option<String>,
    /// Probe mode (`--probe`).
    #[serde(default)]
    pub probe: String,
    /// Requested facts (`--facts`).
    #[serde(default)]
    pub facts: FactSet,
    /// True if missing issuers were fetched (`--aia`).
    #[serde(default)]
    pub aia: bool,
    /// True if every version was probed (`--versions all`). `None` in files of older programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_versions: Option<bool>,
    /// The sweep as its manifest describes it at the start: program, arguments, time, files,
    /// resolvers, choice and limits. `None` in files of older programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<serde_json::Value>,
}

impl SavedHeader {
    /// Returns a header with the current format version and program version.
    pub fn new(addresses: bool, vantage: Option<String>, probe: String, facts: FactSet) -> Self {
        Self {
            version: VERSION,
            tlsweep: env!("CARGO_PKG_VERSION").to_owned(),
            addresses,
            vantage,
            probe,
            facts,
            aia: false,
            all_versions: None,
            sweep: None,
        }
    }
}

/// The result of fetching an AIA URL (`--aia`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedAnswer {
    /// The URL.
    pub address: String,
    /// The downloaded CA certificates, or why there are none.
    pub outcome: Result<PeerChain, String>,
}

/// A line as it is written.
#[derive(Serialize)]
pub(super) struct Written<'a, T> {
    pub(super) kind: &'a str,
    pub(super) body: T,
}

/// A line as it is read. The body is parsed once the kind is known.
#[derive(Deserialize)]
pub(super) struct Read<'a> {
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    /// True if a reader that does not know the kind may skip the line.
    #[serde(default)]
    pub(super) skippable: bool,
    #[serde(borrow)]
    pub(super) body: &'a RawValue,
}

/// An observation without its chains, and for each exchange the numbers of the certificates that
/// the server sent.
#[derive(Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) observation: Observation,
    pub(super) chains: Vec<Option<Vec<u32>>>,
}

/// A fetch result with the numbers of its certificates.
#[derive(Serialize, Deserialize)]
pub(super) struct AnswerLine {
    pub(super) address: String,
    pub(super) certificates: Vec<u32>,
    pub(super) failure: Option<String>,
}

/// Totals of the file.
#[derive(Serialize, Deserialize)]
pub(super) struct EndLine {
    pub(super) observations: u64,
    /// Number of visits that were too large to save.
    #[serde(default)]
    pub(super) unsaved: u64,
    /// The sweep as its manifest describes it at the end: time and inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sweep: Option<serde_json::Value>,
}
