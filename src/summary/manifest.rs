//! The manifest: beside the results, what was run, on what, with whose trust and within which
//! limits, so that others can repeat the run and know what they look at.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Counts;
use crate::crypto::Fingerprint;
use crate::observation::FactSet;
use crate::output::write_whole;

/// What was run, and how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the record's fields.
    pub schema: u32,
    /// The version of this program.
    pub version: String,
    /// The command line, program name first.
    pub arguments: Vec<String>,
    /// When the sweep began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// The time that certificates were judged for (`--at`); null when each was judged for the time
    /// of its visit.
    pub judged_at: Option<Timestamp>,
    /// Whether every target has its row; false when the sweep was interrupted.
    pub complete: bool,
    /// What was read.
    pub inputs: Vec<Input>,
    /// The facts that were judged again (`judge`); null after a sweep of its own.
    #[serde(default)]
    pub saved: Option<Saved>,
    /// What was written.
    pub outputs: Vec<String>,
    /// Whose trust was asked, in the order given.
    pub trust: Vec<Store>,
    /// The stores that decide (`--require-store`); with none, one that trusts is enough.
    #[serde(default)]
    pub required_stores: Vec<String>,
    /// Who was asked about revocation (`--revocation`); null when nobody was.
    #[serde(default)]
    pub revocation: Option<Revocation>,
    /// Who resolved names; `system` for the system's own.
    pub resolvers: Vec<String>,
    /// Where the sweep was made from (`--vantage`).
    #[serde(default)]
    pub vantage: Option<String>,
    /// Which hello came first (`--probe`).
    #[serde(default)]
    pub probe: String,
    /// Whether each protocol version was asked for (`--versions all`).
    #[serde(default)]
    pub all_versions: bool,
    /// Which facts were asked for beside (`--facts`).
    #[serde(default)]
    pub facts: FactSet,
    /// Which part of the inputs was visited.
    #[serde(default)]
    pub choice: Selection,
    /// The limits kept.
    pub limits: Limits,
    /// What came of it.
    pub counts: Counts,
}

/// Which part of the inputs was visited, and in which order; null where nothing was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// How many targets were drawn (`--sample`).
    pub sample: Option<u64>,
    /// Which part of how many (`--shard`), as `1/4`.
    pub shard: Option<String>,
    /// What the sample and the order were drawn by (`--seed`); a sample without it is drawn by 0.
    pub seed: Option<u64>,
}

/// An inventory that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The file, or `-` for standard input.
    pub name: String,
    /// SHA-256 of its bytes; null when it was not read to its end.
    pub sha256: Option<Fingerprint>,
    /// Bytes read.
    pub bytes: u64,
    /// Targets read from it; null when they were not counted apart.
    pub targets: Option<u64>,
}

/// Saved facts that were judged again. They are the one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The version of the program that saved them.
    pub saved_by: String,
    /// Whether they were whole; false when the sweep that saved them was interrupted or killed, or
    /// the file was cut short.
    pub whole: bool,
}

/// A trust store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// Its name in records.
    pub name: String,
    /// Its date or version, as far as it tells.
    pub date: Option<String>,
    /// How many anchors it holds.
    pub anchors: u64,
}

/// Who was asked about revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The sources, as `--revocation` names them.
    pub sources: Vec<String>,
    /// Revocation lists read beforehand.
    pub lists: u64,
    /// CRLite filters.
    pub filters: u64,
}

/// The limits a sweep kept to; null where none was set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// New connections a second.
    pub rate: Option<f64>,
    /// New connections a second to one address.
    pub rate_per_ip: Option<f64>,
    /// Connections in flight.
    pub concurrency: Option<u64>,
    /// Connections in flight to one address.
    pub concurrency_per_ip: Option<u64>,
    /// Milliseconds to connect.
    pub connect_timeout_ms: Option<u64>,
    /// Milliseconds for the dialogue before TLS; null in manifests of older versions.
    #[serde(default)]
    pub starttls_timeout_ms: Option<u64>,
    /// Milliseconds for a handshake.
    pub handshake_timeout_ms: Option<u64>,
    /// Milliseconds for a whole target.
    pub timeout_ms: Option<u64>,
    /// Visits after the first.
    pub retries: Option<u32>,
}

impl Manifest {
    /// Where the manifest of an output lies: `rows.jsonl.manifest.json` beside `rows.jsonl`.
    pub fn beside(output: &Path) -> PathBuf {
        let mut path = output.as_os_str().to_owned();
        path.push(".manifest.json");
        path.into()
    }

    /// Writes it whole or not at all.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        write_whole(path, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Fact;
    use crate::output::samples;
    use crate::summary::Summary;

    fn manifest() -> Manifest {
        let mut summary = Summary::default();
        summary.add(&samples::expired().record());
        Manifest {
            schema: 1,
            version: "0.1.0".to_owned(),
            arguments: vec!["tlsweep".to_owned(), "scan".to_owned()],
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: Timestamp::UNIX_EPOCH,
            judged_at: None,
            complete: false,
            inputs: vec![Input {
                name: "-".to_owned(),
                sha256: Some(Fingerprint::of(b"shop.example\n")),
                bytes: 13,
                targets: Some(1),
            }],
            saved: Some(Saved {
                saved_by: "0.1.0".to_owned(),
                whole: true,
            }),
            outputs: vec!["rows.jsonl".to_owned()],
            trust: vec![],
            required_stores: vec!["chrome".to_owned()],
            revocation: Some(Revocation {
                sources: vec!["crl".to_owned()],
                lists: 12,
                filters: 0,
            }),
            resolvers: vec!["system".to_owned()],
            vantage: Some("home".to_owned()),
            probe: "handshake".to_owned(),
            all_versions: false,
            facts: [Fact::Groups].into_iter().collect(),
            choice: Selection {
                shard: Some("1/4".to_owned()),
                ..Selection::default()
            },
            limits: Limits {
                rate: Some(0.5),
                ..Limits::default()
            },
            counts: summary.counts(),
        }
    }

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = Manifest::beside(&folder.path().join("rows.jsonl"));
        std::fs::write(&path, "an older one").unwrap();
        manifest().write(&path).unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        let read: Manifest = serde_json::from_str(&written).unwrap();
        assert_eq!(read, manifest());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(path.ends_with("rows.jsonl.manifest.json"));
    }

    #[test]
    fn a_manifest_that_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::create_dir_all(taken.join("full")).unwrap();
        assert!(manifest().write(&taken).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
