//! The counts of a sweep, taken row by row. Rows may come in any order: the same rows give the
//! same summary.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::services::ServiceCounts;
use super::vantage::Vantage;
use super::versions::VersionCounts;
use crate::judge::findings::Definition;
use crate::observation::Reason;
use crate::output::{Record, Word, place, why};
use crate::verdict::{FindingId, Side, VerdictKind};

/// Examples kept of each verdict: enough to see whether they are alike.
const EXAMPLES: usize = 3;

/// What became of the inventory before any visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intake {
    /// Targets read.
    pub targets: u64,
    /// Lines that could not be read.
    pub rejected: u64,
    /// Targets that had been read before.
    pub duplicates: u64,
    /// Targets on the exclude list.
    pub excluded: u64,
    /// Targets outside the sample or the shard asked for.
    #[serde(default)]
    pub left_out: u64,
}

/// The counts of a sweep so far.
#[derive(Debug, Default)]
pub struct Summary {
    /// Kept by whoever reads the inventory.
    pub intake: Intake,
    /// Visits that were too large for `--save`; kept by whoever saves or reads what was saved.
    pub unsaved: u64,
    pub(super) rows: u64,
    pub(super) endpoints: u64,
    pub(super) attempts: u64,
    pub(super) verdicts: [Tally; VerdictKind::ALL.len()],
    pub(super) sides: BTreeMap<Side, u64>,
    pub(super) findings: BTreeMap<FindingId, u64>,
    pub(super) services: ServiceCounts,
    pub(super) failures: HashMap<(VerdictKind, Reason), u64>,
    pub(super) vantage: Vantage,
    pub(super) versions: Option<VersionCounts>,
}

/// The rows of one verdict.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many.
    pub rows: u64,
    /// Whose side they are on.
    pub sides: BTreeMap<Side, u64>,
    /// The first few by their target's text, whatever order they came in; none for `ok`.
    pub examples: Vec<Example>,
}

/// A row, as an example of its verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    target: String,
    ip: Option<IpAddr>,
    port: u16,
    /// The endpoint, as a target.
    pub place: String,
    /// Why the verdict is what it is.
    pub why: String,
}

impl Summary {
    /// Counts a row. A row that will be judged again is counted once, in its last form.
    pub fn add(&mut self, record: &Record<'_>) {
        self.rows += 1;
        self.endpoints += u64::from(record.ip.is_some());
        self.attempts += u64::from(record.attempt);
        self.verdicts[record.verdict as usize].add(record);
        if let Some(side) = record.side {
            *self.sides.entry(side).or_default() += 1;
        }
        for finding in record.findings.0 {
            *self.findings.entry(finding.id).or_default() += 1;
        }
        self.services.add(record);
        if let Some(failure) = record.error {
            let kind = (record.verdict, failure.reason);
            *self.failures.entry(kind).or_default() += 1;
        }
        self.vantage.add(record);
        if record.versions_asked {
            self.versions.get_or_insert_default().add(record);
        }
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether a row has this finding, as its verdict or beside it.
    pub fn found(&self, finding: &Definition) -> bool {
        let kind = finding.verdict;
        let verdict = kind.is_some_and(|kind| self.verdict(kind).rows > 0);
        verdict || self.findings.get(&finding.id).is_some_and(|rows| *rows > 0)
    }

    /// The rows of a verdict.
    pub fn verdict(&self, kind: VerdictKind) -> &Tally {
        &self.verdicts[kind as usize]
    }

    /// All counts, for the manifest.
    pub fn counts(&self) -> Counts {
        let verdicts = VerdictKind::ALL.into_iter();
        let mut failures: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for ((verdict, reason), count) in &self.failures {
            let kinds = failures.entry(verdict.to_string()).or_default();
            kinds.insert(Word(reason).to_string(), *count);
        }
        Counts {
            intake: self.intake,
            endpoints: self.endpoints,
            rows: self.rows,
            unsaved: self.unsaved,
            attempts: self.attempts,
            verdicts: verdicts
                .map(|kind| (kind.to_string(), self.verdict(kind).rows))
                .filter(|(_, rows)| *rows > 0)
                .collect(),
            sides: named(&self.sides),
            findings: named(&self.findings),
            services: self.services.rows(),
            service_verdicts: self.services.verdicts(),
            failures,
            versions: self.versions.clone(),
        }
    }
}

/// Every count of a sweep; a word that never came up is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// What became of the inventory before any visit.
    #[serde(flatten)]
    pub intake: Intake,
    /// Rows with an address.
    pub endpoints: u64,
    /// Rows written.
    pub rows: u64,
    /// Visits that were too large to be saved (`--save`): rows have them, saved facts lack them.
    #[serde(default)]
    pub unsaved: u64,
    /// Visits made, retries included.
    pub attempts: u64,
    /// Rows by verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Rows by the side at fault.
    pub sides: BTreeMap<String, u64>,
    /// Rows by finding.
    pub findings: BTreeMap<String, u64>,
    /// Rows by service.
    pub services: BTreeMap<String, u64>,
    /// Rows by service and verdict.
    #[serde(default)]
    pub service_verdicts: BTreeMap<String, BTreeMap<String, u64>>,
    /// Rows that failed, by verdict and kind of failure.
    pub failures: BTreeMap<String, BTreeMap<String, u64>>,
    /// What became of the protocol versions; null when they were not asked for.
    #[serde(default)]
    pub versions: Option<VersionCounts>,
}

impl Tally {
    fn add(&mut self, record: &Record<'_>) {
        self.rows += 1;
        if let Some(side) = record.side {
            *self.sides.entry(side).or_default() += 1;
        }
        if record.verdict != VerdictKind::Ok && self.wants(record) {
            let example = Example::of(record);
            let at = self.examples.partition_point(|other| *other < example);
            self.examples.insert(at, example);
            self.examples.truncate(EXAMPLES);
        }
    }

    /// Told before any text is made: most rows are no example. An equal key is let in, as the
    /// texts beside it decide.
    fn wants(&self, record: &Record<'_>) -> bool {
        let key = (record.target, record.ip, record.port);
        self.examples.len() < EXAMPLES || self.examples.last().is_none_or(|last| key <= last.key())
    }
}

impl Example {
    fn of(record: &Record<'_>) -> Self {
        Self {
            target: record.target.to_owned(),
            ip: record.ip,
            port: record.port,
            place: place(record, false),
            why: why(record),
        }
    }

    fn key(&self) -> (&str, Option<IpAddr>, u16) {
        (&self.target, self.ip, self.port)
    }
}

fn named(counts: &BTreeMap<impl ToString, u64>) -> BTreeMap<String, u64> {
    let named = counts.iter();
    named
        .map(|(word, count)| (word.to_string(), *count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    #[test]
    fn rows_are_counted_by_everything() {
        let mut summary = Summary::default();
        for sample in samples::all() {
            summary.add(&sample.record());
        }
        let counts = summary.counts();
        assert_eq!((counts.rows, counts.endpoints, counts.attempts), (8, 7, 8));
        assert_eq!(counts.verdicts["dns_failure"], 1);
        assert_eq!(counts.verdicts.len(), 8);
        assert_eq!(counts.sides["server"], 7);
        assert_eq!(counts.findings["legacy_tls_enabled"], 2);
        assert_eq!(counts.services["https"], 8);
        assert_eq!(counts.service_verdicts["https"], counts.verdicts);
        assert_eq!(counts.failures["dns_failure"]["nxdomain"], 1);
        assert_eq!(counts.failures["unreachable"]["refused"], 1);
    }

    #[test]
    fn examples_do_not_depend_on_the_order_of_rows() {
        let names = [
            "d.example",
            "a.example",
            "e.example",
            "b.example",
            "c.example",
        ];
        let examples = |order: &mut dyn Iterator<Item = &&'static str>| {
            let mut summary = Summary::default();
            for name in order {
                summary.add(&samples::expired_at(name).record());
            }
            let kept = &summary.verdict(VerdictKind::Expired).examples;
            kept.iter().map(|it| it.place.clone()).collect::<Vec<_>>()
        };
        let forward = examples(&mut names.iter());
        assert_eq!(forward, ["a.example:443", "b.example:443", "c.example:443"]);
        assert_eq!(forward, examples(&mut names.iter().rev()));
    }

    #[test]
    fn healthy_rows_are_no_examples() {
        let mut summary = Summary::default();
        summary.add(&samples::healthy().record());
        assert_eq!(summary.verdict(VerdictKind::Ok).rows, 1);
        assert!(summary.verdict(VerdictKind::Ok).examples.is_empty());
    }
}
