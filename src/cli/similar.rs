//! Finds the known words that a misspelled one probably means.

use std::collections::BTreeSet;

/// Similarity above which a word is probably the one that was meant; clap uses the same measure.
const ENOUGH: f64 = 0.84;

/// Returns the known words that are similar to this one, the most similar first. All words must
/// have the same case.
pub fn similar(asked: &str, known: impl IntoIterator<Item = String>) -> Vec<String> {
    let known: BTreeSet<String> = known.into_iter().collect();
    let scored = known.into_iter().map(|known| {
        let score = strsim::jaro_winkler(asked, &known);
        let part = is_part(asked, &known);
        (if part { score + 1.0 } else { score }, known)
    });
    let mut scored: Vec<_> = scored.filter(|(score, _)| *score > ENOUGH).collect();
    scored.sort_by(|one, other| other.0.total_cmp(&one.0));
    scored.into_iter().map(|(_, known)| known).collect()
}

/// Returns true if one word contains the other, or the known word starts with the other.
fn is_part(asked: &str, known: &str) -> bool {
    let (long, short) = match known.len() < asked.len() {
        true => (asked, known),
        false => (known, asked),
    };
    short.len() >= 4 && long.contains(short) || known.starts_with(asked) && asked.len() > 1
}
