//! The counts of a sweep, updated with each row. The summary does not depend on the order of the
//! rows.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::numbers::grouped;
use super::own_side::{OwnSide, OwnSideHint};
use super::population::PopulationCounts;
use super::services::ServiceCounts;
use super::versions::VersionCounts;
use crate::judge::findings::Definition;
use crate::observation::Reason;
use crate::output::{Record, Word, place, why};
use crate::verdict::{FindingId, Side, VerdictKind};

/// Examples kept for each verdict: enough to see if they have the same cause.
const EXAMPLES: usize = 3;

/// Counts of the inventory's targets before any visit.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Intake {
    /// Number of targets read.
    pub targets: u64,
    /// Number of lines that could not be parsed.
    pub rejected: u64,
    /// Number of duplicate targets in the whole inventory.
    pub duplicates: u64,
    /// Number of duplicates whose other columns differ, so that they get their own rows.
    #[serde(default)]
    pub duplicates_with_other_columns: u64,
    /// Number of targets on the exclude list.
    pub excluded: u64,
    /// Number of targets outside the requested sample or shard.
    #[serde(default)]
    pub left_out: u64,
}

impl Intake {
    /// Returns why targets were skipped, with their numbers, or `None` if none was skipped.
    pub fn skipped(&self) -> Option<String> {
        let parts = [
            (self.excluded, "excluded"),
            (self.left_out, "outside the sample or shard"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, why)| format!("{} {why}", grouped(count)))
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// The counts of a sweep so far.
#[derive(Debug, Default)]
pub struct Summary {
    /// Counts of the inventory, set by the sweep after reading it.
    pub intake: Intake,
    /// Number of visits that were too large for the recording (`--save`), set by the code that
    /// writes or reads the recording.
    pub unsaved: u64,
    /// Tags of `--keep-tags` that no row had.
    pub absent_tags: Vec<String>,
    /// True if the targets are a sample (`--sample`) that left some out, so that shares have a
    /// sampling error. `None` if that is not known. Set by the sweep.
    pub sampled: Option<bool>,
    pub(super) rows: u64,
    pub(super) duplicate_rows: u64,
    pub(super) endpoints: u64,
    pub(super) reached: u64,
    pub(super) attempts: u64,
    pub(super) verdicts: [Tally; VerdictKind::ALL.len()],
    pub(super) sides: BTreeMap<Side, u64>,
    pub(super) findings: BTreeMap<FindingId, u64>,
    pub(super) services: ServiceCounts,
    pub(super) failures: HashMap<(VerdictKind, Reason), u64>,
    pub(super) own_side: OwnSide,
    pub(super) population: PopulationCounts,
    pub(super) versions: Option<VersionCounts>,
}

/// The rows of one verdict.
#[derive(Debug, Default)]
pub struct Tally {
    /// Number of rows.
    pub rows: u64,
    /// Number of rows by side.
    pub sides: BTreeMap<Side, u64>,
    /// The first few rows in the order of their targets' texts, independent of the order in which
    /// they arrive; none for `ok`.
    pub examples: Vec<Example>,
}

/// An example row of a verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    target: String,
    ip: Option<IpAddr>,
    port: u16,
    /// The endpoint, written as a target.
    pub place: String,
    /// The reason for the verdict.
    pub why: String,
}

impl Summary {
    /// Counts a row. A row that is judged again is only counted in its final form. The row of a
    /// duplicate repeats a visit, so it is only counted as a row.
    pub fn add(&mut self, record: &Record<'_>) {
        self.rows += 1;
        if record.duplicate_of.is_some() {
            self.duplicate_rows += 1;
            return;
        }
        self.endpoints += u64::from(record.ip.is_some());
        self.reached += u64::from(record.reached());
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
        self.own_side.add(record);
        self.population.add(record.population);
        if record.versions_asked {
            self.versions.get_or_insert_default().add(record);
        }
    }

    /// Returns the number of rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the number of rows so far, without those of duplicates.
    pub fn visits(&self) -> u64 {
        self.rows - self.duplicate_rows
    }

    /// Returns the number of rows whose endpoint accepted a TCP connection.
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// Returns the number of endpoints that have this finding, as their verdict or in addition to it.
    pub fn rows_with(&self, finding: &Definition) -> u64 {
        let verdict = finding.verdict.map_or(0, |kind| self.verdict(kind).rows);
        let found = self.findings.get(&finding.id).copied();
        verdict.max(found.unwrap_or_default())
    }

    /// Returns the rows of a verdict.
    pub fn verdict(&self, kind: VerdictKind) -> &Tally {
        &self.verdicts[kind as usize]
    }

    /// Returns the possible faults on our own side, to be printed above the summary; empty if there
    /// are no signs of any. A share gives a hint if it is above 80 percent of at least 20.
    pub fn hints(&self) -> Vec<OwnSideHint> {
        self.own_side.hints()
    }

    /// Returns all counts, for the manifest.
    pub fn counts(&self) -> Counts {
        let verdicts = VerdictKind::ALL.into_iter();
        let mut failures: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for ((verdict, reason), count) in &self.failures {
            let kinds = failures.entry(verdict.to_string()).or_default();
            kinds.insert(Word(reason).to_string(), *count);
        }
        Counts {
            intake: self.intake,
            rows: self.rows,
            duplicate_rows: self.duplicate_rows,
            endpoints: self.endpoints,
            reached: self.reached,
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
            population: self.population,
            versions: self.versions(),
        }
    }

    /// Returns the counts of protocol versions, or `None` if versions were not tested.
    pub(super) fn versions(&self) -> Option<VersionCounts> {
        let versions = self.versions.as_ref()?;
        Some(versions.with_shares(self.sampled == Some(true)))
    }
}

/// All counts of a sweep. Maps omit keys that count zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Counts {
    /// Counts of the inventory's targets before any visit.
    #[serde(flatten)]
    pub intake: Intake,
    /// Number of all rows written.
    pub rows: u64,
    /// Number of rows that repeat a visit for a duplicate with other columns. The counts below are
    /// without them, so that no server counts twice.
    #[serde(default)]
    pub duplicate_rows: u64,
    /// Number of rows that have an IP address.
    pub endpoints: u64,
    /// Number of rows whose endpoint accepted a TCP connection.
    #[serde(default)]
    pub reached: u64,
    /// Number of visits that were too large for the recording (`--save`): they are in the rows but
    /// not in the recording.
    #[serde(default)]
    pub unsaved: u64,
    /// Number of visits made, including retries.
    pub attempts: u64,
    /// Number of rows by verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Number of rows by the side at fault.
    pub sides: BTreeMap<String, u64>,
    /// Number of rows by finding.
    pub findings: BTreeMap<String, u64>,
    /// Number of rows by service.
    pub services: BTreeMap<String, u64>,
    /// Number of rows by service and verdict.
    #[serde(default)]
    pub service_verdicts: BTreeMap<String, BTreeMap<String, u64>>,
    /// Number of failed rows by verdict and reason.
    pub failures: BTreeMap<String, BTreeMap<String, u64>>,
    /// Number of rows by how far the visit got.
    #[serde(default)]
    pub population: PopulationCounts,
    /// Counts of protocol versions; null if versions were not tested.
    #[serde(default)]
    pub versions: Option<VersionCounts>,
}

impl Tally {
    fn add(&mut self, record: &Record<'_>) {
        self.rows += 1;
        if let Some(side) = record.side {
            *self.sides.entry(side).or_default() += 1;
        }
        if record.verdict != VerdictKind::Ok && self.may_be_example(record) {
            let example = Example::of(record);
            let at = self.examples.partition_point(|other| *other < example);
            self.examples.insert(at, example);
            self.examples.truncate(EXAMPLES);
        }
    }

    /// Returns true if the row could become an example. This is checked before any text is built,
    /// since most rows are no examples. A row with the key of the last example is accepted, because
    /// the rest of the text then decides the order.
    fn may_be_example(&self, record: &Record<'_>) -> bool {
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
    let counts = counts.iter();
    counts
        .map(|(name, count)| (name.to_string(), *count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    #[test]
    fn rows_are_counted_in_every_category() {
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
        let classes = counts.population;
        assert_eq!((classes.unresolved, classes.refused), (1, 1));
        assert_eq!((classes.tls, classes.tls_no_version), (6, 0));
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
    fn rows_of_duplicates_count_no_server_twice() {
        let mut summary = Summary::default();
        let mut visit = samples::expired();
        summary.add(&visit.record());
        let once = summary.counts();
        let target = std::sync::Arc::make_mut(&mut visit.observation.endpoint.target);
        target.duplicate_of = Some("https://shop.example:443".into());
        for _ in 0..30 {
            summary.add(&visit.record());
        }
        let counts = summary.counts();
        assert_eq!((counts.rows, counts.duplicate_rows), (31, 30));
        assert_eq!(summary.visits(), 1);
        let expected = Counts {
            rows: 31,
            duplicate_rows: 30,
            ..once
        };
        assert_eq!(counts, expected);
        let text = summary.to_string();
        assert!(text.starts_with("31 rows for 1 endpoint\n"), "{text}");
        assert!(text.contains("100.0%"), "{text}");
    }

    #[test]
    fn healthy_rows_are_no_examples() {
        let mut summary = Summary::default();
        summary.add(&samples::healthy().record());
        assert_eq!(summary.verdict(VerdictKind::Ok).rows, 1);
        assert!(summary.verdict(VerdictKind::Ok).examples.is_empty());
    }
}
