//! Counts for studies of protocol versions: the outcomes for each version, and denominators that
//! account for every row.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::observation::{Reason, Stage, VersionWord};
use crate::output::{Record, Word};
use crate::tls::ProtocolVersion;

/// The counts of a sweep with `--versions all`. The denominators add up to `rows`. The outcomes of
/// each version add up to `tls` plus `no_tls_answer`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VersionCounts {
    /// Number of rows of the sweep.
    pub rows: u64,
    /// Rows whose name did not resolve to an address.
    pub unresolved: u64,
    /// Rows whose TCP connection was refused.
    pub refused: u64,
    /// Rows whose TCP connection timed out.
    pub timed_out: u64,
    /// Rows whose TCP connection failed for another reason, or whose dialogue before TLS failed.
    pub unreachable: u64,
    /// Rows whose server answered in another protocol.
    pub not_tls: u64,
    /// Rows with a connection but no TLS response to any ClientHello: the connection was closed,
    /// reset or silent, or the response was malformed.
    pub no_tls_answer: u64,
    /// Rows with a TLS response: a ServerHello or an alert.
    pub tls: u64,
    /// Rows of `tls` whose newest version is older than TLS 1.2.
    pub legacy_only: u64,
    /// Rows of `tls` that accept TLS 1.2 or 1.3 and also older versions.
    pub legacy_also: u64,
    /// Number of outcomes by version (`tls1_0`) and outcome (`supported`).
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

/// Returns true if any ClientHello received a TLS response.
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
            "legacy only {} · legacy in addition to TLS 1.2 or 1.3 {}",
            self.legacy_only, self.legacy_also
        )
    }
}
