//! Types decide and text is for people: no code compares a text that has a type.

mod support;

use std::path::{Path, PathBuf};

use support::sources::compiled;
use tlsweep::verdict::{Barrier, FindingId, Position, RevocationReason, Rule};

/// Returns the lines of code of every source file, without comments and without tests.
fn lines() -> Vec<(PathBuf, usize, String)> {
    let mut lines = Vec::new();
    for source in compiled() {
        let both = source.text.lines().zip(source.code.lines()).enumerate();
        let code = both.filter(|(_, (_, code))| !code.trim().is_empty());
        lines.extend(code.map(|(at, (text, _))| (source.path.clone(), at + 1, text.to_owned())));
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
            || line.contains("match ") && line.contains("detail.as_str()")
    };
    let wrong: Vec<_> = lines()
        .into_iter()
        .filter(|(_, _, line)| compared(line))
        .collect();
    assert!(wrong.is_empty(), "ask the typed fields: {wrong:#?}");
}

/// Files in which the word of a finding is another word too: of a verdict or its like, of a fact, of a failure, or
/// the name of a case of the lab.
const OTHER_WORDS: [&str; 5] = [
    "src/verdict/",
    "src/observation/failure.rs",
    "src/observation/facts/fact.rs",
    "src/lab/",
    "src/output/why/evidence.rs",
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
    // Findings name their fields.
    refuse(
        "Barrier:: or Rule::",
        words,
        &["src/judge"],
        &["src/judge/findings"],
    );
}

#[test]
fn a_reason_of_revocation_is_named_by_its_type() {
    let words = RevocationReason::ALL.iter().map(|it| it.name());
    refuse("RevocationReason::", words, &["src/"], &["src/verdict/"]);
}

/// No code compares a text with a word that is a value of one of these types.
#[test]
fn no_decision_compares_a_word_that_has_a_type() {
    let roles = Position::ALL.iter().map(|it| it.name());
    let words: Vec<_> = roles
        .chain(["trailing_bytes"])
        .flat_map(|word| [format!("== \"{word}\""), format!("!= \"{word}\"")])
        .collect();
    let compares = |line: &str| words.iter().any(|word| line.contains(word));
    let wrong: Vec<_> = lines()
        .into_iter()
        .filter(|(_, _, line)| compares(line))
        .collect();
    assert!(wrong.is_empty(), "compare the types: {wrong:#?}");
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
