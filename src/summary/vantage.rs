//! What the counts say of our own side. When most of a sweep fails in one way, the likely fault
//! is the one thing that all of it shares: this machine's resolver, line or clock.

use std::fmt;

use crate::observation::Reason;
use crate::output::Record;
use crate::verdict::{FindingId, VerdictKind};

/// Below so many rows a share says nothing: a short inventory may well be broken throughout.
const ENOUGH: u64 = 20;

/// The share, in percent, above which unrelated hosts hardly fail in one way by chance.
const MOST: u64 = 80;

/// Something to rule out here before the rows are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Most names did not resolve.
    Resolver(Share),
    /// Most addresses could not be reached.
    Line(Share),
    /// Most connections to port 25 timed out.
    MailPort(Share),
    /// Most certificates are out of their dates.
    Clock(Share),
    /// This machine ran out of something, so many times.
    LocalLimit(u64),
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many failed.
    pub failed: u64,
    /// Of how many.
    pub of: u64,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolver(share) => write!(
                f,
                "{share} names did not resolve: rule out your resolver or line first (try --resolvers)"
            ),
            Self::Line(share) => write!(
                f,
                "{share} addresses could not be reached: rule out your line and its firewall first"
            ),
            Self::MailPort(share) => write!(
                f,
                "{share} connections to port 25 timed out: your line most likely blocks the port"
            ),
            Self::Clock(share) => write!(
                f,
                "{share} certificates are out of their dates: check this machine's clock first"
            ),
            Self::LocalLimit(count) => write!(
                f,
                "this machine ran out of descriptors, ports or memory {count} times: lower --concurrency"
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
pub(super) struct Vantage {
    names: Share,
    addresses: Share,
    mail_ports: Share,
    dates: Share,
    local_limits: u64,
}

impl Vantage {
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
            // Findings rather than verdicts: an untrusted certificate may be out of date too.
            let mut findings = record.findings.0.iter();
            self.dates.add(
                findings.any(|it| matches!(it.id, FindingId::Expired | FindingId::NotYetValid)),
            );
        }
    }
}

/// Whether a row was judged for about the time of its visit. Judged for another (`--at`), dates say
/// nothing of this machine's clock.
fn judged_then(record: &Record<'_>) -> bool {
    const A_DAY: u64 = 86_400;
    let (judged, seen) = (record.judged_at.as_second(), record.started_at.as_second());
    judged.abs_diff(seen) < A_DAY
}

impl super::Summary {
    /// What to rule out on our own side, to be said above the rows' summary; empty when nothing
    /// stands out. A share counts from twenty rows on, when it is above four fifths.
    pub fn hints(&self) -> Vec<Hint> {
        let vantage = &self.vantage;
        let shares = [
            vantage.names.most().map(Hint::Resolver),
            vantage.addresses.most().map(Hint::Line),
            vantage.mail_ports.most().map(Hint::MailPort),
            vantage.dates.most().map(Hint::Clock),
            (vantage.local_limits > 0).then_some(Hint::LocalLimit(vantage.local_limits)),
        ];
        shares.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples::{self, Sample};
    use crate::summary::Summary;

    /// So many rows of a kind.
    type Rows = (usize, fn() -> Sample);

    fn hints(parts: &[Rows]) -> Vec<Hint> {
        let mut summary = Summary::default();
        for (times, sample) in parts {
            for _ in 0..*times {
                summary.add(&sample().record());
            }
        }
        summary.hints()
    }

    #[test]
    fn most_of_many_rows_is_told_and_less_is_not() {
        let resolver = |failed, of| Hint::Resolver(Share { failed, of });
        let line = |failed, of| Hint::Line(Share { failed, of });
        let clock = |failed, of| Hint::Clock(Share { failed, of });
        let (fine, gone) = (samples::healthy as fn() -> Sample, samples::unresolved as _);
        let (early, late) = (samples::early as _, samples::expired as _);
        let long_ago = (|| {
            let mut sample = samples::expired();
            sample.observation.started_at = "2025-11-22T08:00:00Z".parse().unwrap();
            sample
        }) as _;
        let cases: Vec<(Vec<Rows>, Vec<Hint>)> = vec![
            // Seen a year before the day that they are judged for.
            (vec![(30, long_ago)], vec![]),
            (vec![(17, gone), (3, fine)], vec![resolver(17, 20)]),
            (vec![(16, gone), (4, fine)], vec![]),
            (vec![(19, gone)], vec![]),
            (vec![(9, early), (9, late), (3, fine)], vec![clock(18, 21)]),
            (vec![(20, samples::refused)], vec![line(20, 20)]),
            (vec![(40, fine)], vec![]),
            (
                vec![(1, samples::exhausted), (3, fine)],
                vec![Hint::LocalLimit(1)],
            ),
        ];
        for (rows, expected) in cases {
            let shape: Vec<usize> = rows.iter().map(|(times, _)| *times).collect();
            assert_eq!(hints(&rows), expected, "{shape:?}");
        }
    }
}
