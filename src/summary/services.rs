//! Counts by service. Mail and web servers fail in different ways, and a total would hide the
//! smaller group.

use std::collections::BTreeMap;
use std::fmt;

use super::numbers::grouped;
use crate::output::Record;
use crate::verdict::VerdictKind;

/// Width in characters after which verdicts continue on the next line.
const WORDS_WIDTH: usize = 72;

/// Number of rows by service and verdict.
#[derive(Debug, Default)]
pub(super) struct ServiceCounts(BTreeMap<&'static str, [u64; VerdictKind::ALL.len()]>);

impl ServiceCounts {
    pub(super) fn add(&mut self, record: &Record<'_>) {
        let verdicts = self.0.entry(record.service).or_default();
        verdicts[record.verdict as usize] += 1;
    }

    /// Returns the number of rows of each service.
    pub(super) fn rows(&self) -> BTreeMap<String, u64> {
        let services = self.0.iter();
        services
            .map(|(service, verdicts)| ((*service).to_owned(), verdicts.iter().sum()))
            .collect()
    }

    /// Returns the number of rows of each service by verdict. Verdicts without rows are absent.
    pub(super) fn verdicts(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let services = self.0.iter();
        services
            .map(|(service, verdicts)| {
                let there = there(verdicts).map(|(kind, rows)| (kind.to_string(), rows));
                ((*service).to_owned(), there.collect())
            })
            .collect()
    }
}

/// Writes one line per service; writes nothing for a single service, because the table above
/// already has its counts.
impl fmt::Display for ServiceCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() < 2 {
            return Ok(());
        }
        let services = self.0.keys().map(|service| service.len());
        let width = services.max().unwrap_or(0).max("service".len());
        writeln!(f, "\n{:<width$}  {:>9}  {:>9}", "service", "rows", "ok")?;
        for (service, verdicts) in &self.0 {
            let rows = grouped(verdicts.iter().sum());
            let ok = grouped(verdicts[VerdictKind::Ok as usize]);
            write!(f, "{service:<width$}  {rows:>9}  {ok:>9}")?;
            let mut room = WORDS_WIDTH;
            for label in failing(verdicts) {
                // Do not break the line between a verdict and its count.
                if label.len() + 3 > room {
                    write!(f, "\n{:<width$}  {:>9}  {:>9}", "", "", "")?;
                    room = WORDS_WIDTH;
                }
                let mark = if room == WORDS_WIDTH { "  " } else { " · " };
                write!(f, "{mark}{label}")?;
                room = room.saturating_sub(label.len() + 3);
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Returns `expired 2` and the like, for every verdict with rows except `ok`.
fn failing(verdicts: &[u64; VerdictKind::ALL.len()]) -> impl Iterator<Item = String> + '_ {
    there(verdicts)
        .filter(|(kind, _)| *kind != VerdictKind::Ok)
        .map(|(kind, rows)| format!("{kind} {}", grouped(rows)))
}

/// Returns the verdicts that have rows, in order of precedence.
fn there(
    verdicts: &[u64; VerdictKind::ALL.len()],
) -> impl Iterator<Item = (VerdictKind, u64)> + '_ {
    let all = VerdictKind::ALL.into_iter();
    all.map(|kind| (kind, verdicts[kind as usize]))
        .filter(|(_, rows)| *rows > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples::{self, Sample};

    /// A row of a service.
    type Row = (&'static str, fn() -> Sample);

    fn counts(rows: &[Row]) -> ServiceCounts {
        let mut counts = ServiceCounts::default();
        for (service, sample) in rows {
            let sample = sample();
            let mut record = sample.record();
            record.service = service;
            counts.add(&record);
        }
        counts
    }

    #[test]
    fn each_service_has_its_own_verdicts() {
        let counts = counts(&[
            ("xmpp-server", samples::healthy),
            ("imap", samples::expired),
            ("imap", samples::expired),
            ("imap", samples::refused),
            ("xmpp-server", samples::healthy),
        ]);
        let expected = "\n\
            service           rows         ok\n\
            imap                 3          0  unreachable 1 · expired 2\n\
            xmpp-server          2          2\n";
        assert_eq!(counts.to_string(), expected);
        assert_eq!(counts.rows()["imap"], 3);
        let verdicts = counts.verdicts();
        assert_eq!(verdicts["imap"]["expired"], 2);
        assert!(!verdicts["imap"].contains_key("ok"));
        assert_eq!(verdicts["xmpp-server"]["ok"], 2);
    }

    #[test]
    fn one_service_needs_no_table() {
        let counts = counts(&[("imap", samples::healthy), ("imap", samples::expired)]);
        assert_eq!(counts.to_string(), "");
    }
}
