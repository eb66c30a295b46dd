//! Counts for studies of protocol versions: denominators that account for every row, and for each
//! version its outcomes and the share of the servers that accept it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::numbers::share;
use super::population::PopulationCounts;
use super::wilson;
use crate::observation::{Population, VersionWord};
use crate::output::{Record, Word};
use crate::tls::ProtocolVersion;

/// The counts of a sweep with `--versions all`. The classes of `population` add up to `rows`. The
/// outcomes of each version add up to `accept_any`: a server that accepts no version has not retired
/// one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VersionCounts {
    /// Number of rows of the sweep.
    pub rows: u64,
    /// Number of rows by how far the visit got.
    #[serde(flatten)]
    pub population: PopulationCounts,
    /// Rows whose server accepts at least one version. It is the denominator of `supported` and
    /// `outcomes`.
    #[serde(default)]
    pub accept_any: u64,
    /// Rows of `accept_any` that accept each version (`tls1_0`), as numbers and shares.
    #[serde(default)]
    pub supported: BTreeMap<String, VersionShare>,
    /// Rows of `accept_any` whose newest version is older than TLS 1.2.
    pub legacy_only: u64,
    /// Rows of `accept_any` that accept TLS 1.2 or 1.3 and also older versions.
    pub legacy_also: u64,
    /// Number of outcomes by version (`tls1_0`) and outcome (`supported`).
    pub outcomes: BTreeMap<String, BTreeMap<String, u64>>,
}

/// How many of the servers that accept any version accept this one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VersionShare {
    /// Number of rows.
    pub rows: u64,
    /// Share of `accept_any`, from 0 to 1.
    pub share: f64,
    /// Lower end of the 95 percent interval (Wilson score interval); null if the targets are not a
    /// sample.
    pub low: Option<f64>,
    /// Upper end of that interval.
    pub high: Option<f64>,
}

impl VersionCounts {
    pub(super) fn add(&mut self, record: &Record<'_>) {
        self.rows += 1;
        self.population.add(record.population);
        let Some(tls) = &record.tls else {
            return;
        };
        if record.population != Some(Population::Tls) {
            return;
        }
        let mut supported = Vec::new();
        let each = tls.versions.each();
        for ((field, outcome), version) in each.into_iter().zip(ProtocolVersion::ALL) {
            let Some(outcome) = outcome else {
                continue;
            };
            let counts = self.outcomes.entry(field.to_owned()).or_default();
            *counts
                .entry(Word(&outcome.outcome).to_string())
                .or_default() += 1;
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

    /// Returns the counts with the shares, and with their intervals if the targets are a sample.
    pub(super) fn with_shares(&self, sampled: bool) -> Self {
        let accept_any = self.population.tls;
        let share = |(version, words): (&String, &BTreeMap<String, u64>)| {
            let rows = words.get(SUPPORTED).copied().unwrap_or_default();
            let bounds = wilson::interval(rows, accept_any).filter(|_| sampled);
            let share = VersionShare {
                rows,
                share: share_of(rows, accept_any),
                low: bounds.map(|(low, _)| rounded(low)),
                high: bounds.map(|(_, high)| rounded(high)),
            };
            (version.clone(), share)
        };
        Self {
            accept_any,
            supported: self.outcomes.iter().map(share).collect(),
            ..self.clone()
        }
    }
}

/// The outcome of an accepted version, as records spell it.
const SUPPORTED: &str = "supported";

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of rows are far below 2^53"
)]
fn share_of(part: u64, whole: u64) -> f64 {
    rounded(part as f64 / whole.max(1) as f64)
}

/// Returns a share with six decimals, more than any sample can support.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

impl fmt::Display for VersionCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.population.words().into_iter();
        let words: Vec<_> = words
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let classes = words.join(" · ");
        writeln!(f, "\nversions, of {} rows: {classes}", self.rows)?;
        if self.accept_any == 0 {
            return Ok(());
        }
        const WORDS: [&str; 7] = [
            SUPPORTED,
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
        self.shares(f)?;
        writeln!(
            f,
            "versions below TLS 1.2: only these {} · also these {}",
            self.legacy_only, self.legacy_also
        )
    }
}

impl VersionCounts {
    fn shares(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.accept_any;
        let (word, verb) = match whole {
            1 => ("endpoint", "accepts"),
            _ => ("endpoints", "accept"),
        };
        writeln!(f, "of {whole} {word} that {verb} any version:")?;
        for (version, of) in &self.supported {
            let share = share(of.rows, whole);
            write!(f, "{version:<9} {:>10} {share:>7}", of.rows)?;
            if let (Some(low), Some(high)) = (of.low, of.high) {
                let (low, high) = (low * 100.0, high * 100.0);
                write!(f, "   95% interval {low:.1}% to {high:.1}%")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> VersionCounts {
        let words = |supported, rejected| {
            let words = [("supported", supported), ("rejected", rejected)];
            words.map(|(word, count)| (word.to_owned(), count)).into()
        };
        VersionCounts {
            rows: 1000,
            population: PopulationCounts {
                refused: 73,
                tls: 902,
                tls_no_version: 25,
                ..PopulationCounts::default()
            },
            outcomes: [
                ("tls1_0".to_owned(), words(98, 804)),
                ("tls1_2".to_owned(), words(902, 0)),
            ]
            .into(),
            ..VersionCounts::default()
        }
    }

    #[test]
    fn shares_are_of_the_servers_that_accept_any_version() {
        let sample = counts().with_shares(true);
        let text = sample.to_string();
        for line in [
            "versions, of 1000 rows: 0 unresolved · 73 refused · 0 timed out · 0 unreachable \
             otherwise · 0 not TLS · 0 no answer in TLS · 902 TLS · 25 TLS without any version",
            "of 902 endpoints that accept any version:",
            "tls1_0            98   10.9%   95% interval 9.0% to 13.1%",
            "tls1_2           902  100.0%   95% interval 99.6% to 100.0%",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        assert_eq!(sample.accept_any, 902);
        let old = sample.supported["tls1_0"];
        assert_eq!((old.rows, old.share), (98, 0.108_647));
        assert_eq!(sample.supported["tls1_2"].high, Some(1.0));
    }

    #[test]
    fn a_census_has_no_intervals() {
        let census = counts().with_shares(false);
        assert!(!census.to_string().contains("interval"), "{census}");
        assert_eq!(census.supported["tls1_0"].low, None);
    }

    #[test]
    fn counts_are_read_back_with_all_their_keys() {
        let counts = counts().with_shares(true);
        let json = serde_json::to_value(&counts).unwrap();
        for key in [
            "unresolved",
            "no_tls_answer",
            "tls",
            "tls_no_version",
            "accept_any",
        ] {
            assert!(json[key].is_u64(), "{key} of {json}");
        }
        assert_eq!(
            serde_json::from_value::<VersionCounts>(json).unwrap(),
            counts
        );
    }
}
