//! The manifest: a file next to the results that records the arguments, inputs, trust stores and
//! limits of a run, so that others can identify what was used and repeat the run.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Counts, FileHash, Intake};
use crate::crypto::Fingerprint;
use crate::inventory;
use crate::observation::FactSet;
use crate::output::write_whole;

/// What was run, and how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// Version of the record format.
    pub schema: u32,
    /// The program that ran.
    pub program: Program,
    /// The command line, starting with the program name. It may contain private paths and names, so
    /// it is empty with `--anonymize`.
    pub arguments: Vec<String>,
    /// What was replaced in the rows (`--anonymize`); null if nothing was.
    pub anonymized: Option<Anonymized>,
    /// Time at which the run started.
    #[schemars(with = "Time")]
    pub started_at: Timestamp,
    /// Time at which the run ended.
    #[schemars(with = "Time")]
    pub finished_at: Timestamp,
    /// Time for which certificates were judged (`--at`); null if each was judged for the time of
    /// its visit.
    #[schemars(with = "Option<Time>")]
    pub judged_at: Option<Timestamp>,
    /// True if every target has its row; false if the sweep was interrupted.
    pub complete: bool,
    /// The inputs that were read.
    pub inputs: Vec<Input>,
    /// The other files and folders that were read: `--exclude`, `--trust`, `--intermediates`,
    /// `--crls` and `--crlite`.
    pub files: Vec<FileHash>,
    /// The recording that was judged again (`judge`); null after a scan.
    pub saved: Option<Saved>,
    /// The sweep that wrote the recording (`judge`); null after a scan, and for recordings that do
    /// not describe their sweep.
    pub sweep: Option<Sweep>,
    /// The files that were written, except this one.
    pub outputs: Vec<Output>,
    /// The trust stores, in the order given.
    pub trust: Vec<Store>,
    /// The stores that the verdict is based on (`--require-store`). If empty, one store that trusts
    /// the chain is enough.
    pub required_stores: Vec<String>,
    /// The revocation sources (`--revocation`); null if revocation was not checked.
    pub revocation: Option<Revocation>,
    /// Addresses of the DNS resolvers; `system` for the operating system's own.
    pub resolvers: Vec<String>,
    /// Label of the place where the sweep was made (`--vantage`).
    pub vantage: Option<String>,
    /// The probe mode (`--probe`).
    pub probe: String,
    /// True if each protocol version was tested (`--versions all`).
    pub all_versions: bool,
    /// The additional measurements that were requested (`--facts`).
    #[schemars(with = "Vec<String>")]
    pub facts: FactSet,
    /// The ClientHellos that the sweep may send. After `judge`, `sweep` has them.
    pub hellos: Vec<HelloHash>,
    /// The part of the inputs that was visited. After `judge`, `sweep` has it.
    pub choice: ManifestSelection,
    /// The limits of the sweep. After `judge`, `sweep` has them.
    pub limits: ManifestLimits,
    /// The counts of the sweep.
    pub counts: Counts,
}

/// A point in time in the schema.
struct Time;

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// The values that were replaced in the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Anonymized {
    /// The groups of `--anonymize`. All tags are replaced with any group.
    pub groups: Vec<String>,
    /// Names of the tags that are not replaced, as given (`--keep-tags`).
    pub kept_tags: Vec<String>,
    /// True if the key was that of a file (`--anonymize-key`), so that other runs may have the same
    /// pseudonyms; false if it was random.
    pub key_of_file: bool,
}

/// The program that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// The git commit that it was built from, followed by `-dirty` if its source had been changed;
    /// null if unknown.
    pub commit: Option<String>,
}

impl Program {
    /// Returns this program.
    pub fn this() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("TLSWEEP_BUILT_FROM").map(str::to_owned),
        }
    }
}

/// A sweep, as its recording describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sweep {
    /// What was known at its start.
    #[serde(flatten)]
    pub start: SweepStart,
    /// What was known at its end; null if it did not end normally.
    #[serde(flatten)]
    pub end: SweepEnd,
}

/// A ClientHello that a sweep may send. docs/HELLOS.md describes each, and `tlsweep hellos` prints
/// its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelloHash {
    /// Its id in records and recordings.
    pub id: String,
    /// SHA-256 of its record for the server name `example.com`, with everything random set to zero;
    /// null if its lists follow from earlier answers.
    pub sha256: Option<Fingerprint>,
}

/// What is known at the start of a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SweepStart {
    /// The program that made it.
    pub program: Program,
    /// Its command line, starting with the program name. It may contain private paths and names.
    pub arguments: Vec<String>,
    /// Time at which it started.
    #[schemars(with = "Time")]
    pub started_at: Timestamp,
    /// The other files and folders that it read.
    #[serde(default)]
    pub files: Vec<FileHash>,
    /// Addresses of the DNS resolvers; `system` for the operating system's own.
    #[serde(default)]
    pub resolvers: Vec<String>,
    /// The ClientHellos that it may send.
    #[serde(default)]
    pub hellos: Vec<HelloHash>,
    /// The part of the inputs that it visited.
    #[serde(default)]
    pub choice: ManifestSelection,
    /// Its limits.
    #[serde(default)]
    pub limits: ManifestLimits,
}

/// What is known at the end of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SweepEnd {
    /// Time at which it ended; null if it was interrupted or killed.
    #[serde(default)]
    #[schemars(with = "Option<Time>")]
    pub finished_at: Option<Timestamp>,
    /// The inputs that it read; null if it was interrupted or killed.
    #[serde(default)]
    pub inputs: Option<Vec<Input>>,
    /// Its counts of the inventory; null if it was interrupted or killed, and in older recordings.
    #[serde(default)]
    pub intake: Option<Intake>,
    /// True if its sample left targets out; null if it was interrupted or killed, and in older
    /// recordings.
    #[serde(default)]
    pub sampled: Option<bool>,
}

impl Sweep {
    /// Returns the sweep that the header and the end of a recording describe, or `None` if they do
    /// not describe it.
    pub fn of_recording(
        header: Option<&serde_json::Value>,
        end: Option<&serde_json::Value>,
    ) -> Option<Self> {
        let start = SweepStart::deserialize(header?).ok()?;
        let end = end.and_then(|end| SweepEnd::deserialize(end).ok());
        Some(Self {
            start,
            end: end.unwrap_or_default(),
        })
    }

    /// Returns true if the sweep visited a sample that left targets out. Returns `None` if the
    /// recording does not say that.
    pub fn is_sample(&self) -> Option<bool> {
        match self.start.choice.sample {
            Some(_) => self.end.sampled,
            None => Some(false),
        }
    }
}

/// The part of the inputs that was visited, and the order; null if not requested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestSelection {
    /// The sample (`--sample`): a number of targets, or a percentage as text (`10%`).
    pub sample: Option<Sample>,
    /// The visited part and the number of parts (`--shard`), as `1/4`.
    pub shard: Option<String>,
    /// Seed of the sample and the order (`--seed`). A sample without it uses 0.
    pub seed: Option<u64>,
}

/// Size of a sample, as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Sample {
    /// Number of targets.
    Count(u64),
    /// Percentage of the targets: `10%`.
    Share(String),
}

/// An input that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl Input {
    /// Describes an input from which this number of targets was read.
    pub fn of(read: &inventory::Input, targets: u64) -> Self {
        Self {
            name: match &*read.source {
                inventory::STDIN => "-".to_owned(),
                name => name.to_owned(),
            },
            sha256: read.complete.then_some(read.sha256),
            bytes: read.bytes,
            targets: Some(targets),
        }
    }
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The flag and the file with its hash.
    #[serde(flatten)]
    pub file: FileHash,
    /// Number of rows; null if the file does not contain rows.
    pub rows: Option<u64>,
}

/// A recording that was judged again. It is the only input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Saved {
    /// Version of the program that wrote the recording.
    pub saved_by: String,
    /// True if the recording is complete; false if the sweep that wrote it was interrupted or
    /// killed, or if the file was truncated.
    pub whole: bool,
}

/// A trust store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Store {
    /// Its name in records.
    pub name: String,
    /// The date or version that its content states; null if it states none.
    pub date: Option<String>,
    /// Number of trust anchors in it.
    pub anchors: u64,
    /// SHA-256 over the hashes of its anchors: of the text with one line per anchor, sorted. A line
    /// is the SHA-256 of the anchor's certificate in 64 hexadecimal digits, followed by a line feed.
    /// The built-in store has no certificates; there it is the SHA-256 of the anchor's subject and
    /// SubjectPublicKeyInfo, both in DER, one after the other, and its name constraints if it has
    /// any.
    pub anchors_sha256: Fingerprint,
}

/// The revocation sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revocation {
    /// Names of the sources, as in `--revocation`.
    pub sources: Vec<String>,
    /// Number of CRLs loaded from files.
    pub lists: u64,
    /// Number of CRLite filters.
    pub filters: u64,
}

/// The limits of a sweep; null if there was no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestLimits {
    /// Maximum number of new connections, with its unit of time: `500/s`, `30/m`.
    pub rate: Option<String>,
    /// Maximum number of new connections to one address, with its unit of time.
    pub rate_per_ip: Option<String>,
    /// Maximum number of concurrent connections, as given.
    pub concurrency: Option<u64>,
    /// Maximum number of concurrent connections that the limit on open files allowed; null in
    /// manifests of older versions too.
    #[serde(default)]
    pub concurrency_effective: Option<u64>,
    /// Maximum number of concurrent connections to one address.
    pub concurrency_per_ip: Option<u64>,
    /// Timeout for connecting, in milliseconds.
    pub connect_timeout_ms: Option<u64>,
    /// Timeout for the dialogue before TLS, in milliseconds.
    pub starttls_timeout_ms: Option<u64>,
    /// Timeout for a handshake, in milliseconds.
    pub handshake_timeout_ms: Option<u64>,
    /// Time limit for a whole visit, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Maximum number of visits after the first.
    pub retries: Option<u32>,
    /// Maximum rate of DNS queries; null in manifests of older versions too.
    #[serde(default)]
    pub dns_rate: Option<String>,
    /// Maximum number of concurrent DNS lookups, as given or by default; null in manifests of older
    /// versions.
    #[serde(default)]
    pub dns_concurrency: Option<u64>,
    /// Maximum number of concurrent DNS lookups that the limit on open files allowed; null in
    /// manifests of older versions.
    #[serde(default)]
    pub dns_concurrency_effective: Option<u64>,
    /// Time to wait for the answer to a DNS query, in milliseconds; null in manifests of older
    /// versions.
    #[serde(default)]
    pub dns_timeout_ms: Option<u64>,
}

/// Returns the JSON Schema of a manifest (draft 2020-12).
pub fn manifest_schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Manifest>();
    schema.insert("title".to_owned(), "A tlsweep manifest".into());
    schema.into()
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
            program: Program::this(),
            arguments: vec!["tlsweep".to_owned(), "scan".to_owned()],
            anonymized: Some(Anonymized {
                groups: vec!["host".to_owned()],
                kept_tags: vec!["region".to_owned()],
                key_of_file: false,
            }),
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
            files: vec![],
            sweep: None,
            saved: Some(Saved {
                saved_by: "0.1.0".to_owned(),
                whole: true,
            }),
            outputs: vec![Output {
                file: FileHash::of("-o", Path::new("-")),
                rows: Some(1),
            }],
            trust: vec![Store {
                name: "corp".to_owned(),
                date: None,
                anchors: 1,
                anchors_sha256: Fingerprint::of(b"an anchor"),
            }],
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
            hellos: vec![],
            choice: ManifestSelection {
                sample: Some(Sample::Share("10%".to_owned())),
                shard: Some("1/4".to_owned()),
                ..ManifestSelection::default()
            },
            limits: ManifestLimits {
                rate: Some("30/m".to_owned()),
                ..ManifestLimits::default()
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
    fn a_manifest_fits_its_schema() {
        let validator = jsonschema::validator_for(&manifest_schema()).unwrap();
        let written = serde_json::to_value(manifest()).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&written)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
        for field in written.as_object().unwrap().keys() {
            let mut less = written.clone();
            less.as_object_mut().unwrap().remove(field);
            assert!(!validator.is_valid(&less), "one without {field} fits");
        }
    }

    #[test]
    fn a_recording_that_says_less_describes_what_it_says() {
        assert_eq!(Sweep::of_recording(None, None), None);
        let header = serde_json::json!({
            "program": { "version": "0.1.0", "commit": null },
            "arguments": [],
            "started_at": "2026-01-01T00:00:00Z",
            "a_later_field": 1,
        });
        let sweep = Sweep::of_recording(Some(&header), None).unwrap();
        assert_eq!(sweep.end, SweepEnd::default());
        assert_eq!(sweep.start.choice, ManifestSelection::default());
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
