//! The lines below a row for someone who looks at one server: the protocol versions, who has to act,
//! and where the explanation is.

use super::Record;
use super::names::Word;
use crate::tls::ProtocolVersion;

/// Returns the lines, which are safe to print; none for a healthy server without version tests.
pub(super) fn advice(record: &Record<'_>) -> Vec<String> {
    versions(record).into_iter().chain(fix(record)).collect()
}

/// For example `versions: TLSv1.2, TLSv1.3 supported; SSLv3, TLSv1.0 rejected`.
fn versions(record: &Record<'_>) -> Option<String> {
    let outcomes = record.tls.as_ref()?.versions.each();
    let named = ProtocolVersion::ALL.into_iter().zip(outcomes);
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (version, (_, outcome)) in named {
        let Some(outcome) = outcome else { continue };
        let word = Word(&outcome.outcome).to_string();
        match groups.iter_mut().find(|(known, _)| *known == word) {
            Some((_, versions)) => versions.push(version.name()),
            None => groups.push((word, vec![version.name()])),
        }
    }
    let groups = groups.iter().map(|(word, versions)| {
        let word = word.replace('_', " ");
        format!("{} {word}", versions.join(", "))
    });
    let groups: Vec<String> = groups.collect();
    (!groups.is_empty()).then(|| format!("versions: {}", groups.join("; ")))
}

/// For example `side: server; meaning and fix: tlsweep explain expired`.
fn fix(record: &Record<'_>) -> Option<String> {
    let first = record.findings.0.first()?;
    let side = record.side.unwrap_or(first.side);
    Some(format!(
        "side: {side}; meaning and fix: tlsweep explain {}",
        first.id
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    #[test]
    fn a_fault_says_who_acts_and_where_the_fix_is() {
        let sample = samples::expired();
        let expected = "side: server; meaning and fix: tlsweep explain expired";
        assert_eq!(advice(&sample.record()).pop().as_deref(), Some(expected));
        let mut sample = samples::healthy();
        sample.verdict.findings.clear();
        assert_eq!(advice(&sample.record()), Vec::<String>::new());
    }
}
