//! Types decide and text is for people: no code compares a text that has a type.

use std::fs;
use std::path::{Path, PathBuf};

use tlsweep::verdict::{Barrier, FindingId, Rule};

/// The lines of code of every source file, without comments and without tests.
fn lines() -> Vec<(PathBuf, usize, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut lines = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = fs::read_to_string(&path).expect("UTF-8");
                let code = text.lines().enumerate();
                let code = code.take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
                let code = code.filter(|(_, line)| !line.trim_start().starts_with("//"));
                lines.extend(code.map(|(at, line)| (path.clone(), at + 1, line.to_owned())));
            }
        }
    }
    assert!(lines.len() > 10_000, "the walk found {}", lines.len());
    lines
}

#[test]
fn no_decision_reads_the_particulars_of_a_failure() {
    let compared = |line: &str| {
        let mut parts = line.split("detail").skip(1).map(str::trim_start);
        parts.any(|rest| rest.starts_with("==") || rest.starts_with("!="))
            || line.contains("== failure.detail")
            || line.contains("&*failure.detail")
    };
    let wrong: Vec<_> = lines()
        .into_iter()
        .filter(|(_, _, line)| compared(line))
        .collect();
    assert!(wrong.is_empty(), "ask the typed fields: {wrong:#?}");
}

/// Files in which the word of a finding is another word too: of a verdict or its like, of a fact, of a failure, or
/// the name of a case of the lab.
const OTHER_WORDS: [&str; 6] = [
    "src/verdict/",
    "src/observation/failure.rs",
    "src/observation/facts/fact.rs",
    "src/lab/",
    "src/output/why/evidence.rs",
    // A test.
    "src/judge/revocation/list/pkits.rs",
];

#[test]
fn a_finding_is_named_by_its_type() {
    let ids = FindingId::ALL.iter().map(|id| id.name());
    refuse("FindingId::", ids, &["src/"], &OTHER_WORDS);
}

#[test]
fn what_bars_a_path_is_named_by_its_type() {
    let barriers = Barrier::ALL.iter().map(|it| it.name());
    let words = barriers.chain(Rule::ALL.iter().map(|it| it.name()));
    // Revocation has reasons of its own, and findings name their fields.
    let others = ["src/judge/revocation", "src/judge/findings"];
    refuse("Barrier:: or Rule::", words, &["src/judge"], &others);
}

/// Refuses these words as text in some folders, but for some files.
fn refuse<'w>(
    instead: &str,
    words: impl Iterator<Item = &'w str>,
    folders: &[&str],
    excused: &[&str],
) {
    let words: Vec<_> = words.map(|word| format!("\"{word}\"")).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wrong: Vec<_> = lines()
        .into_iter()
        .filter(|(path, _, line)| {
            let path = path.strip_prefix(root).expect("under the root");
            let within = |folders: &[&str]| folders.iter().any(|it| path.starts_with(it));
            let named = words.iter().any(|word| line.contains(word));
            within(folders) && !within(excused) && named
        })
        .collect();
    assert!(wrong.is_empty(), "write {instead} for it: {wrong:#?}");
}
