//! The rooms of `src/`: which room may import which, and where each outside crate may be used.

use std::fs;
use std::path::Path;

/// The rooms, lowest first. A room may import only rooms listed before it.
pub(crate) const ROOMS: &[&str] = &[
    "crypto",
    "tls",
    "starttls",
    "inventory",
    "observation",
    "verdict",
    "resolve",
    "pace",
    "probe",
    "gather",
    "judge",
    "output",
    "summary",
    "sweep",
    "lab",
    "cli",
    "commands",
];

/// Rooms that do not import each other, whatever their order: stages meet only in `sweep`.
pub(crate) const STAGES: &[&str] = &["resolve", "pace", "probe", "gather", "judge", "output"];

/// Allowed imports between stages, each with its reason.
pub(crate) const STAGE_IMPORTS: &[(&str, &str, &str)] =
    &[("judge", "gather", "judging uses what was gathered, as data")];

/// The rooms in which each outside crate may be used.
pub(crate) const HOMES: &[(&str, &[&str])] = &[
    ("anyhow", &["cli", "commands"]),
    ("aws_lc_rs", &["crypto"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli", "commands"]),
    ("clap_mangen", &["commands"]),
    ("clubcard_crlite", &["gather"]),
    // `gather` reads CCADB's reports with it.
    ("csv", &["output", "gather"]),
    ("csv_core", &["inventory"]),
    ("governor", &["pace"]),
    ("hickory_resolver", &["resolve"]),
    ("http_body_util", &["gather"]),
    ("hyper", &["gather"]),
    ("hyper_util", &["gather"]),
    ("idna", &["inventory"]),
    ("indicatif", &["sweep"]),
    ("ipnet", &["inventory", "resolve", "gather"]),
    ("rcgen", &["lab"]),
    ("psl", &["judge"]),
    ("rlimit", &["pace"]),
    ("rustls", &["probe", "lab"]),
    ("rustls_native_certs", &["judge"]),
    // `explain` suggests similar words, as clap does.
    ("strsim", &["cli"]),
    ("tempfile", &["output", "sweep", "commands"]),
    (
        "tokio",
        &["resolve", "probe", "gather", "sweep", "lab", "commands"],
    ),
    ("url", &["gather"]),
    ("webpki", &["judge"]),
    ("webpki_roots", &["judge"]),
    ("x509_parser", &["observation"]),
    ("zstd", &["observation"]),
];

/// Crates that provide types and derive macros. They may be used in every room.
pub(crate) const WORDS: &[&str] = &[
    "jiff",
    "rustls_pki_types",
    "schemars",
    "serde",
    "serde_json",
    "thiserror",
];

/// The crates under `[dependencies]`: the name in code, and the name of the package.
pub(crate) fn dependencies() -> Vec<(String, String)> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest");
    let section = manifest
        .split("\n[dependencies]\n")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .expect("dependencies");
    let lines = section.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let (name, wanted) = line.split_once('=')?;
            let renamed = wanted.split_once("package = \"");
            let package = renamed.and_then(|(_, rest)| rest.split('"').next());
            let package = package.unwrap_or(name.trim());
            Some((name.trim().replace('-', "_"), package.to_owned()))
        })
        .collect()
}
