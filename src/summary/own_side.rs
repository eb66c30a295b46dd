//! Hints about our own side, derived from the counts. If most of a sweep fails in the same way, the
//! likely cause is what all targets share: this machine's resolver, network connection or clock.

use std::fmt;

use crate::observation::Reason;
use crate::output::Record;
use crate::verdict::{FindingId, VerdictKind};

/// Minimum number of rows for a hint. In a short inventory all targets may really be broken.
const ENOUGH: u64 = 20;

/// Share in percent above which independent hosts are unlikely to fail in the same way by chance.
const MOST: u64 = 80;

/// A possible fault on our own side, to be checked before the rows are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnSideHint {
    /// Most names did not resolve.
    Resolver(Share),
    /// Most addresses could not be reached.
    Line(Share),
    /// Most connections to port 25 timed out.
    MailPort(Share),
    /// Most certificates are expired or not yet valid.
    Clock(Share),
    /// Number of times that this machine reached one of its limits.
    LocalLimit(u64),
}

/// A number of failures out of a total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Number of failures.
    pub failed: u64,
    /// Total number.
    pub of: u64,
}

impl fmt::Display for OwnSideHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolver(share) => write!(
                f,
                "{share} names did not resolve: check your resolver and network connection first (try --resolvers)"
            ),
            Self::Line(share) => write!(
                f,
                "{share} addresses could not be reached: check your network connection and firewall first"
            ),
            Self::MailPort(share) => write!(
                f,
                "{share} connections to port 25 timed out: your network most likely blocks this port"
            ),
            Self::Clock(share) => write!(
                f,
                "{share} certificates are expired or not yet valid: check this machine's clock first"
            ),
            Self::LocalLimit(count) => write!(
                f,
                "this machine ran out of file descriptors, ports or memory {count} times: lower --concurrency"
            ),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.failed, self.of)
    }
}

impl Share {
    fn add(&mut self, failed: bool) {
        self.failed += u64::from(failed);
        self.of += 1;
    }

    fn most(self) -> Option<Self> {
        (self.of >= ENOUGH && self.failed.saturating_mul(100) > self.of.saturating_mul(MOST))
            .then_some(self)
    }
}

#[derive(Debug, Default)]
pub(super) struct OwnSide {
    names: Share,
    addresses: Share,
    mail_ports: Share,
    dates: Share,
    local_limits: u64,
}

impl OwnSide {
    pub(super) fn add(&mut self, record: &Record<'_>) {
        let reason = record.error.map(|failure| failure.reason);
        if reason == Some(Reason::LocalLimit) {
            self.local_limits += 1;
            return;
        }
        let unreachable = record.verdict == VerdictKind::Unreachable;
        if record.looked_up {
            self.names.add(record.verdict == VerdictKind::DnsFailure);
        }
        if record.ip.is_some() {
            self.addresses.add(unreachable);
        }
        if record.ip.is_some() && record.port == 25 {
            let silent = unreachable
                && matches!(
                    reason,
                    Some(Reason::Timeout | Reason::AddressDead | Reason::AllSilent)
                );
            self.mail_ports.add(silent);
        }
        if record.leaf.is_some() && judged_then(record) {
            // Findings are counted, not verdicts: an untrusted certificate may also be expired.
            let mut findings = record.findings.0.iter();
            self.dates.add(
                findings.any(|it| matches!(it.id, FindingId::Expired | FindingId::NotYetValid)),
            );
        }
    }

    /// Returns the possible faults on our own side; empty if there are no signs of any.
    pub(super) fn hints(&self) -> Vec<OwnSideHint> {
        let shares = [
            self.names.most().map(OwnSideHint::Resolver),
            self.addresses.most().map(OwnSideHint::Line),
            self.mail_ports.most().map(OwnSideHint::MailPort),
            self.dates.most().map(OwnSideHint::Clock),
            (self.local_limits > 0).then_some(OwnSideHint::LocalLimit(self.local_limits)),
        ];
        shares.into_iter().flatten().collect()
    }
}

/// Returns true if a row was judged for about the time of its visit. With another time (`--at`),
/// dates show nothing about this machine's clock.
fn judged_then(record: &Record<'_>) -> bool {
    const A_DAY: u64 = 86_400;
    let (judged, seen) = (record.judged_at.as_second(), record.started_at.as_second());
    judged.abs_diff(seen) < A_DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples::{self, Sample};
    use crate::summary::Summary;

    /// A number of rows of one kind.
    type Rows = (usize, fn() -> Sample);

    fn hints(parts: &[Rows]) -> Vec<OwnSideHint> {
        let mut summary = Summary::default();
        for (times, sample) in parts {
            for _ in 0..*times {
                summary.add(&sample().record());
            }
        }
        summary.hints()
    }

    #[test]
    fn a_large_share_of_many_rows_gives_a_hint() {
        let resolver = |failed, of| OwnSideHint::Resolver(Share { failed, of });
        let line = |failed, of| OwnSideHint::Line(Share { failed, of });
        let clock = |failed, of| OwnSideHint::Clock(Share { failed, of });
        let (fine, gone) = (samples::healthy as fn() -> Sample, samples::unresolved as _);
        let (early, late) = (samples::early as _, samples::expired as _);
        let long_ago = (|| {
            let mut sample = samples::expired();
            sample.observation.started_at = "2025-11-22T08:00:00Z".parse().unwrap();
            sample
        }) as _;
        let cases: Vec<(Vec<Rows>, Vec<OwnSideHint>)> = vec![
            // Visited a year before the day for which they are judged.
            (vec![(30, long_ago)], vec![]),
            (vec![(17, gone), (3, fine)], vec![resolver(17, 20)]),
            (vec![(16, gone), (4, fine)], vec![]),
            (vec![(19, gone)], vec![]),
            (vec![(9, early), (9, late), (3, fine)], vec![clock(18, 21)]),
            (vec![(20, samples::refused)], vec![line(20, 20)]),
            (vec![(40, fine)], vec![]),
            (
                vec![(1, samples::exhausted), (3, fine)],
                vec![OwnSideHint::LocalLimit(1)],
            ),
        ];
        for (rows, expected) in cases {
            let shape: Vec<usize> = rows.iter().map(|(times, _)| *times).collect();
            assert_eq!(hints(&rows), expected, "{shape:?}");
        }
    }
}
