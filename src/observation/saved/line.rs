//! The lines of a saved file: what each kind holds.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::{FactSet, Observation, PeerChain};

/// The version that is written. It rises when a reader of the version before would misread a line.
pub(super) const VERSION: u32 = 1;

/// The first line: what the file is, and what to know of the sweep.
pub(super) const HEADER: &str = "tlsweep facts";
/// A certificate, in hexadecimal DER. Certificates are numbered from 0 as they come.
pub(super) const CERTIFICATE: &str = "certificate";
/// An observation, its chains apart.
pub(super) const OBSERVATION: &str = "observation";
/// What an address gave that a certificate names for its issuer.
pub(super) const ANSWER: &str = "answer";
/// The last line. Without it the sweep was interrupted or killed, or the file cut short.
pub(super) const END: &str = "end";

/// What a saved file says of the sweep that wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedHeader {
    /// The version of the form.
    pub version: u32,
    /// The version of the program that wrote it.
    pub tlsweep: String,
    /// Whether rows for people name their addresses (`--all-ips`).
    #[serde(default)]
    pub addresses: bool,
    /// Where the sweep was made from (`--vantage`).
    #[serde(default)]
    pub vantage: Option<String>,
    /// Which hello came first (`--probe`).
    #[serde(default)]
    pub probe: String,
    /// Which facts were asked for beside (`--facts`).
    #[serde(default)]
    pub facts: FactSet,
    /// Whether issuers that nobody sent were fetched (`--aia`).
    #[serde(default)]
    pub aia: bool,
    /// Whether every version was asked for (`--versions all`); absent in files of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_versions: Option<bool>,
}

impl SavedHeader {
    /// A header of today's form and program.
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
        }
    }
}

/// What an address gave that a certificate names for its issuer (`--aia`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedAnswer {
    /// The address.
    pub address: String,
    /// The CA certificates that it gave, or why none.
    pub outcome: Result<PeerChain, String>,
}

/// A line as it is written.
#[derive(Serialize)]
pub(super) struct Written<'a, T> {
    pub(super) kind: &'a str,
    pub(super) body: T,
}

/// A line as it is read: its body waits until the kind is known.
#[derive(Deserialize)]
pub(super) struct Read<'a> {
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    /// Whether a reader that does not know the kind may pass over the line.
    #[serde(default)]
    pub(super) skippable: bool,
    #[serde(borrow)]
    pub(super) body: &'a RawValue,
}

/// An observation with its chains taken out: for each exchange the numbers of the certificates
/// that it sent.
#[derive(Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) observation: Observation,
    pub(super) chains: Vec<Option<Vec<u32>>>,
}

/// An answer with its certificates taken out.
#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) address: String,
    pub(super) certificates: Vec<u32>,
    pub(super) failure: Option<String>,
}

/// How much the file holds.
#[derive(Serialize, Deserialize)]
pub(super) struct End {
    pub(super) observations: u64,
    /// Visits that were too large to be saved.
    #[serde(default)]
    pub(super) unsaved: u64,
}
