//! Counts for studies of protocol versions: what endpoints do with each, over denominators that say
//! what became of every row.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::observation::{Reason, Stage, VersionWord};
use crate::output::{Record, Word};
use crate::tls::ProtocolVersion;

/// What a sweep with `--versions all` counted. The denominators are counts of rows and add up to
/// `rows`; each version's outcomes add up to `tls` and `no_tls_answer`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionCounts {
    /// All rows of the sweep.
    pub rows: u64,
    /// The name gave no address.
    pub unresolved: u64,
    /// TCP was refused.
    pub refused: u64,
    /// TCP got no answer in time.
    pub timed_out: u64,
    /// TCP failed otherwise, or a dialogue before TLS did.
    pub unreachable: u64,
    /// Another protocol answered.
    pub not_tls: u64,
    /// A connection came about, and no hello got an answer in TLS: closed, reset, silent, nonsense.
    pub no_tls_answer: u64,
    /// An answer in TLS came: an agreement, or an alert.
    pub tls: u64,
    /// Of `tls`: endpoints whose newest version is older than TLS 1.2.
    pub legacy_only: u64,
    /// Of `tls`: endpoints that accept older versions beside TLS 1.2 or 1.3.
    pub legacy_also: u64,
    /// Outcomes by version (`tls1_0`) and word (`supported`).
    pub outcomes: BTreeMap<String, BTreeMap<String, u64>>,
}

impl VersionCounts {
    pub(super) fn add(&mut self, record: &Record<'_>) {
        self.rows += 1;
        *self.denominator(record) += 1;
        let Some(tls) = &record.tls else {
            return;
        };
        let mut supported = Vec::new();
        let each = tls.versions.each();
        for ((field, outcome), version) in each.into_iter().zip(ProtocolVersion::ALL) {
            let Some(outcome) = outcome else {
                continue;
            };
            let words = self.outcomes.entry(field.to_owned()).or_default();
            *words.entry(Word(&outcome.outcome).to_string()).or_default() += 1;
            if outcome.outcome == VersionWord::Supported {
                supported.push(version);
            }
        }
        let old = |version: &ProtocolVersion| *version < ProtocolVersion::Tls12;
        if supported.iter().any(old) {
            let only = supported.iter().all(old);
            self.legacy_only += u64::from(only);
            self.legacy_also += u64::from(!only);
        }
    }

    fn denominator(&mut self, record: &Record<'_>) -> &mut u64 {
        let failed = record.error.map(|error| (error.stage, error.reason));
        match failed {
            Some((Stage::Dns, _)) => &mut self.unresolved,
            Some((Stage::Connect, Reason::Refused)) => &mut self.refused,
            Some((Stage::Connect, Reason::Timeout)) => &mut self.timed_out,
            Some((Stage::Handshake, Reason::NotTls)) => &mut self.not_tls,
            Some((Stage::Handshake, _)) | None if answered(record) => &mut self.tls,
            Some((Stage::Handshake, _)) => &mut self.no_tls_answer,
            _ => &mut self.unreachable,
        }
    }
}

/// Whether any hello got an answer in TLS.
fn answered(record: &Record<'_>) -> bool {
    let Some(tls) = &record.tls else {
        return false;
    };
    let says = |word| {
        matches!(
            word,
            VersionWord::Supported
                | VersionWord::BrokeOff
                | VersionWord::Rejected
                | VersionWord::Intolerant
        )
    };
    let alert = record
        .error
        .is_some_and(|error| error.reason == Reason::Alert);
    let each = tls.versions.each();
    tls.version.is_some()
        || alert
        || each
            .iter()
            .any(|(_, it)| it.is_some_and(|it| says(it.outcome)))
}

impl fmt::Display for VersionCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let denominators = [
            (self.unresolved, "unresolved"),
            (self.refused, "refused"),
            (self.timed_out, "timed out"),
            (self.unreachable, "unreachable otherwise"),
            (self.not_tls, "not TLS"),
            (self.no_tls_answer, "no answer in TLS"),
            (self.tls, "TLS"),
        ];
        let words = denominators.map(|(count, word)| format!("{count} {word}"));
        writeln!(
            f,
            "\nversions, of {} rows: {}",
            self.rows,
            words.join(" · ")
        )?;
        const WORDS: [&str; 7] = [
            "supported",
            "claimed",
            "broke_off",
            "rejected",
            "intolerant",
            "no_answer",
            "not_probed",
        ];
        write!(f, "{:<9}", "")?;
        WORDS.iter().try_for_each(|word| write!(f, " {word:>10}"))?;
        writeln!(f)?;
        for (version, outcomes) in &self.outcomes {
            write!(f, "{version:<9}")?;
            for word in WORDS {
                let count = outcomes.get(word).copied().unwrap_or_default();
                write!(f, " {count:>10}")?;
            }
            writeln!(f)?;
        }
        writeln!(
            f,
            "legacy only {} · legacy beside TLS 1.2 or better {}",
            self.legacy_only, self.legacy_also
        )
    }
}
