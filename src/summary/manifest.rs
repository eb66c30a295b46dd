//! The manifest: a file next to the results that records the arguments, inputs, trust stores and
//! limits of a run, so that others can repeat it and interpret its results.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Counts;
use crate::crypto::Fingerprint;
use crate::observation::FactSet;
use crate::output::write_whole;

/// What was run, and how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the record format.
    pub schema: u32,
    /// Version of this program.
    pub version: String,
    /// The command line, starting with the program name.
    pub arguments: Vec<String>,
    /// Time at which the sweep started.
    pub started_at: Timestamp,
    /// Time at which the sweep ended.
    pub finished_at: Timestamp,
    /// Time for which certificates were judged (`--at`); null if each was judged for the time of
    /// its visit.
    pub judged_at: Option<Timestamp>,
    /// True if every target has its row; false if the sweep was interrupted.
    pub complete: bool,
    /// The inputs that were read.
    pub inputs: Vec<Input>,
    /// The recording that was judged again (`judge`); null after a scan.
    #[serde(default)]
    pub saved: Option<Saved>,
    /// Paths of the outputs.
    pub outputs: Vec<String>,
    /// The trust stores, in the order given.
    pub trust: Vec<Store>,
    /// The stores that the verdict is based on (`--require-store`). If empty, one store that trusts
    /// the chain is enough.
    #[serde(default)]
    pub required_stores: Vec<String>,
    /// The revocation sources (`--revocation`); null if revocation was not checked.
    #[serde(default)]
    pub revocation: Option<Revocation>,
    /// Addresses of the DNS resolvers; `system` for the operating system's own.
    pub resolvers: Vec<String>,
    /// Label of the place where the sweep was made (`--vantage`).
    #[serde(default)]
    pub vantage: Option<String>,
    /// The probe mode (`--probe`).
    #[serde(default)]
    pub probe: String,
    /// True if each protocol version was tested (`--versions all`).
    #[serde(default)]
    pub all_versions: bool,
    /// The additional measurements that were requested (`--facts`).
    #[serde(default)]
    pub facts: FactSet,
    /// The part of the inputs that was visited.
    #[serde(default)]
    pub choice: Selection,
    /// The limits of the sweep.
    pub limits: Limits,
    /// The counts of the sweep.
    pub counts: Counts,
}

/// The part of the inputs that was visited, and the order; null if not requested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Number of targets in the sample (`--sample`).
    pub sample: Option<u64>,
    /// The visited part and the number of parts (`--shard`), as `1/4`.
    pub shard: Option<String>,
    /// Seed of the sample and the order (`--seed`). A sample without it uses 0.
    pub seed: Option<u64>,
}

/// An input that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Path of the file, or `-` for standard input.
    pub name: String,
    /// SHA-256 of its contents; null if it was not read to its end.
    pub sha256: Option<Fingerprint>,
    /// Number of bytes read.
    pub bytes: u64,
    /// Number of targets read from it; null if they were not counted separately.
    pub targets: Option<u64>,
}

/// A recording that was judged again. It is the only input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Version of the program that wrote the recording.
    pub saved_by: String,
    /// True if the recording is complete; false if the sweep that wrote it was interrupted or
    /// killed, or if the file was truncated.
    pub whole: bool,
}

/// A trust store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// Its name in records.
    pub name: String,
    /// Its date or version, if it has one.
    pub date: Option<String>,
    /// Number of trust anchors in it.
    pub anchors: u64,
}

/// The revocation sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Names of the sources, as in `--revocation`.
    pub sources: Vec<String>,
    /// Number of CRLs loaded from files.
    pub lists: u64,
    /// Number of CRLite filters.
    pub filters: u64,
}

/// The limits of a sweep; null if there was no limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Maximum number of new connections per second.
    pub rate: Option<f64>,
    /// Maximum number of new connections per second to one address.
    pub rate_per_ip: Option<f64>,
    /// Maximum number of concurrent connections.
    pub concurrency: Option<u64>,
    /// Maximum number of concurrent connections to one address.
    pub concurrency_per_ip: Option<u64>,
    /// Timeout for connecting, in milliseconds.
    pub connect_timeout_ms: Option<u64>,
    /// Timeout for the dialogue before TLS, in milliseconds; null in manifests of older versions.
    #[serde(default)]
    pub starttls_timeout_ms: Option<u64>,
    /// Timeout for a handshake, in milliseconds.
    pub handshake_timeout_ms: Option<u64>,
    /// Time limit for a whole visit, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Maximum number of visits after the first.
    pub retries: Option<u32>,
    /// Maximum number of DNS queries per second; null in manifests of older versions too.
    #[serde(default)]
    pub dns_rate: Option<f64>,
    /// Maximum number of concurrent DNS lookups; null in manifests of older versions.
    #[serde(default)]
    pub dns_concurrency: Option<u64>,
    /// Time to wait for the answer to a DNS query, in milliseconds; null in manifests of older
    /// versions.
    #[serde(default)]
    pub dns_timeout_ms: Option<u64>,
}

impl Manifest {
    /// Returns the path of an output's manifest: `rows.jsonl.manifest.json` for `rows.jsonl`.
    pub fn beside(output: &Path) -> PathBuf {
        let mut path = output.as_os_str().to_owned();
        path.push(".manifest.json");
        path.into()
    }

    /// Writes the manifest atomically.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
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
    fn a_written_manifest_is_read_back_unchanged() {
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
