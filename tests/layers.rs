//! Holds the house together: which room may import which, where each outside crate lives, and that
//! every file says what it is for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, bottom to top. A room imports only from rooms that stand before it.
const ROOMS: &[&str] = &[
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

/// Rooms that do not see each other though one stands below the other: stages meet in `sweep` only.
const STAGES: &[&str] = &["resolve", "pace", "probe", "gather", "judge", "output"];

/// Imports between stages that are part of the design, with the reason.
const STAGE_IMPORTS: &[(&str, &str, &str)] = &[(
    "judge",
    "gather",
    "what was gathered is handed to judging as data",
)];

/// Where each outside crate may be named. Crates that only lend words (serde, thiserror,
/// rustls-pki-types, jiff's Timestamp, schemars) may be named anywhere.
const HOMES: &[(&str, &[&str])] = &[
    ("anyhow", &["cli", "commands"]),
    ("aws_lc_rs", &["crypto"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli", "commands"]),
    ("clap_mangen", &["commands"]),
    // `gather` reads CCADB's reports with it.
    ("clubcard_crlite", &["gather"]),
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
    (
        "tempfile",
        &["sweep", "output", "summary", "commands", "lab"],
    ),
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

const WORDS: &[&str] = &[
    "serde",
    "serde_json",
    "thiserror",
    "rustls_pki_types",
    "jiff",
    "schemars",
    "std",
    "core",
    "crate",
    "super",
    "self",
    "tlsweep",
];

/// One source file of the library.
struct Source {
    path: PathBuf,
    room: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut |path| {
        if is_test(path) {
            return;
        }
        let inside = path.strip_prefix(&root).expect("walked from the root");
        let mut parts = inside.components();
        let room = parts
            .next()
            .expect("a file has a name")
            .as_os_str()
            .to_string_lossy();
        if parts.next().is_some() {
            let text = fs::read_to_string(path).expect("sources are UTF-8");
            found.push(Source {
                path: path.to_owned(),
                room: room.into_owned(),
                text,
            });
        }
    });
    assert!(
        found.len() > 50,
        "the walk found only {} files",
        found.len()
    );
    found
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, visit);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            visit(&path);
        }
    }
}

/// Files that are compiled for tests only.
fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs")
}

/// The code of a file above its tests: tests may borrow from anywhere.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The rooms that a line names as `crate::ROOM` (also inside `use crate::{a, b::c}`).
fn rooms_named(line: &str) -> Vec<&str> {
    line.split("crate::")
        .skip(1)
        .flat_map(|rest| {
            let rest = rest.trim_start_matches('{');
            let word = rest
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .next();
            word.filter(|word| ROOMS.contains(word))
        })
        .collect()
}

fn rank(room: &str) -> usize {
    ROOMS
        .iter()
        .position(|known| *known == room)
        .unwrap_or_else(|| panic!("{room} is not in the table"))
}

#[test]
fn rooms_import_only_what_stands_below_them() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in code(&source.text) {
            for named in rooms_named(line) {
                let stage = STAGES.contains(&named)
                    && STAGES.contains(&source.room.as_str())
                    && !STAGE_IMPORTS
                        .iter()
                        .any(|(from, to, _)| *from == source.room && *to == named);
                if named != source.room && (rank(named) > rank(&source.room) || stage) {
                    wrong.push(format!(
                        "{}:{number}: {} imports {named}",
                        source.path.display(),
                        source.room
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn outside_crates_stay_in_their_homes() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in code(&source.text) {
            for (name, homes) in HOMES {
                if names_crate(line, name) && !homes.contains(&source.room.as_str()) {
                    wrong.push(format!(
                        "{}:{number}: {name} has its home in {homes:?}",
                        source.path.display()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a line names the crate by a path that starts with it.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let starts = before.is_none_or(|c| {
            !(c.is_ascii_alphanumeric() || c == '_' || c == ':' || c == '"' || c == '/')
        });
        starts && line[at + name.len()..].starts_with("::")
    })
}

#[test]
fn every_crate_of_the_manifest_has_a_home() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .expect("the manifest");
    let section = manifest
        .split("[dependencies]")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .expect("dependencies");
    let known: BTreeMap<&str, ()> = HOMES
        .iter()
        .map(|(name, _)| (*name, ()))
        .chain(WORDS.iter().map(|name| (*name, ())))
        .collect();
    for line in section
        .lines()
        .filter(|line| line.contains('=') && !line.starts_with('#'))
    {
        let name = line
            .split('=')
            .next()
            .expect("a name")
            .trim()
            .replace('-', "_");
        assert!(
            known.contains_key(name.as_str()),
            "{name} has no home in tests/layers.rs"
        );
    }
}

#[test]
fn every_file_says_what_it_is_for_and_is_finished() {
    let unfinished = [
        "todo!(",
        "unimplemented!(",
        "dbg!(",
        "#[ignore",
        "(being built)",
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            wrong.push(format!("{}: does not open with //!", source.path.display()));
        }
        for mark in unfinished {
            if source.text.contains(mark) {
                wrong.push(format!("{}: holds {mark}", source.path.display()));
            }
        }
        let lines = code(&source.text).count();
        if lines > 400 {
            wrong.push(format!(
                "{}: {lines} lines; something in it wants a file of its own",
                source.path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_finding_file_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/judge/findings");
    let mut files = 0;
    walk(&folder, &mut |path| {
        let id = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let is_finding = fs::read_to_string(path)
            .expect("UTF-8")
            .contains(" const FINDING: Definition");
        if is_finding {
            files += 1;
            let listed = tlsweep::judge::findings::FINDINGS
                .iter()
                .any(|finding| finding.id.name() == id);
            assert!(listed, "{id} is not in FINDINGS");
        }
    });
    assert_eq!(
        files,
        tlsweep::judge::findings::FINDINGS.len(),
        "one file a finding"
    );
}
