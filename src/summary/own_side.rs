//! Hints about our own side, derived from the counts. If most of a sweep fails in the same way, the
//! likely cause is what all targets share: this machine's resolver, network connection or clock.

use std::fmt;

use super::addresses::{AddressSample, Response};
use crate::observation::{Failure, Reason};
use crate::output::Record;
use crate::verdict::{FindingId, VerdictKind};

/// Minimum number for a hint. In a short inventory all targets may really be broken.
const ENOUGH: u64 = 20;

/// Share in percent above which independent hosts are unlikely to fail in the same way by chance.
const MOST: u64 = 80;

/// A possible fault on our own side, to be checked before the rows are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnSideHint {
    /// Most lookups got no answer, SERVFAIL or another error of the resolver.
    Resolver(Share),
    /// Most names do not exist or have no usable address.
    Names(Share),
    /// Most addresses answered on no port.
    Silent(Addresses),
    /// Most addresses refused every connection.
    Refused(Addresses),
    /// Most connections to port 25 timed out.
    MailPort(Share),
    /// Most certificates are expired or not yet valid.
    Clock(Share),
    /// Number of times that this machine reached one of its limits.
    LocalLimit(u64),
}

/// A share of the distinct addresses of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The share.
    pub share: Share,
    /// True if the share is that of a sample of the addresses.
    pub sampled: bool,
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
                "{share} DNS lookups failed (no answer, SERVFAIL or another error of the resolver): check your resolver and network connection first (try --resolvers)"
            ),
            Self::Names(share) => write!(
                f,
                "{share} names do not exist or have no usable address: check that the inventory is current, and that your resolver knows internal names (--resolvers)"
            ),
            Self::Silent(addresses) => write!(
                f,
                "{addresses} did not answer on any port: check your network connection and firewall first"
            ),
            Self::Refused(addresses) => write!(
                f,
                "{addresses} refused every connection: check the ports, and that no firewall near this machine rejects connections"
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

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = if self.sampled {
            "sampled addresses"
        } else {
            "addresses"
        };
        write!(f, "{} {of}", self.share)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.failed, self.of)
    }
}

impl Share {
    /// Counts one more.
    pub fn add(&mut self, failed: bool) {
        self.failed += u64::from(failed);
        self.of += 1;
    }

    /// Returns the share if it is large enough for a hint.
    pub fn most(self) -> Option<Self> {
        (self.of >= ENOUGH && self.failed.saturating_mul(100) > self.of.saturating_mul(MOST))
            .then_some(self)
    }
}

#[derive(Debug, Default)]
pub(super) struct OwnSide {
    lookups: Share,
    names: Share,
    addresses: AddressSample,
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
            let failed = record.error.is_some_and(Failure::is_failed_lookup);
            self.lookups.add(failed);
            self.names
                .add(record.verdict == VerdictKind::DnsFailure && !failed);
        }
        if let (Some(address), Some(response)) = (record.ip, Response::of(record.error)) {
            self.addresses.add(address, response);
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
        // If any address accepts connections, no firewall near this machine rejects them all.
        let none_accepted = self.addresses.count(Response::Accepted) == 0;
        let shares = [
            self.lookups.most().map(OwnSideHint::Resolver),
            self.names.most().map(OwnSideHint::Names),
            self.most(Response::Silent).map(OwnSideHint::Silent),
            none_accepted
                .then(|| self.most(Response::Refused).map(OwnSideHint::Refused))
                .flatten(),
            self.mail_ports.most().map(OwnSideHint::MailPort),
            self.dates.most().map(OwnSideHint::Clock),
            (self.local_limits > 0).then_some(OwnSideHint::LocalLimit(self.local_limits)),
        ];
        shares.into_iter().flatten().collect()
    }
}

impl OwnSide {
    fn most(&self, response: Response) -> Option<Addresses> {
        let share = Share {
            failed: self.addresses.count(response),
            of: self.addresses.len(),
        };
        let sampled = self.addresses.is_sampled();
        share.most().map(|share| Addresses { share, sampled })
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
    use crate::observation::Stage;
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
        let names = |failed, of| OwnSideHint::Names(Share { failed, of });
        let clock = |failed, of| OwnSideHint::Clock(Share { failed, of });
        let (fine, gone) = (samples::healthy as fn() -> Sample, samples::unresolved as _);
        let (early, late) = (samples::early as _, samples::expired as _);
        let no_answer = (|| {
            let mut sample = samples::unresolved();
            let failure = Failure::new(Stage::Dns, Reason::Timeout, "");
            sample.observation.failure = Some(failure);
            sample
        }) as _;
        let long_ago = (|| {
            let mut sample = samples::expired();
            sample.observation.started_at = "2025-11-22T08:00:00Z".parse().unwrap();
            sample
        }) as _;
        let cases: Vec<(Vec<Rows>, Vec<OwnSideHint>)> = vec![
            // Visited a year before the day for which they are judged.
            (vec![(30, long_ago)], vec![]),
            (vec![(17, gone), (3, fine)], vec![names(17, 20)]),
            (vec![(16, gone), (4, fine)], vec![]),
            (vec![(19, gone)], vec![]),
            (vec![(17, no_answer), (3, fine)], vec![resolver(17, 20)]),
            // Answers that name no address show that the resolver works.
            (vec![(10, no_answer), (10, gone)], vec![]),
            (vec![(9, early), (9, late), (3, fine)], vec![clock(18, 21)]),
            // All rows are of one address.
            (vec![(20, samples::refused)], vec![]),
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

    #[test]
    fn addresses_are_counted_once_over_all_ports() {
        let addresses = |failed, of| Addresses {
            share: Share { failed, of },
            sampled: false,
        };
        let hints = |reasons: &[Reason]| {
            let mut own_side = OwnSide::default();
            for number in 0..20_u8 {
                for (port, reason) in reasons.iter().enumerate() {
                    let mut sample = samples::refused();
                    let failure = Failure::new(Stage::Connect, *reason, "");
                    sample.observation.exchanges[0].failure = Some(failure);
                    let mut record = sample.record();
                    record.ip = Some([192, 0, 2, number].into());
                    record.port = 1000 + port as u16;
                    own_side.add(&record);
                }
            }
            own_side.hints()
        };
        use Reason::{NoRoute, Refused, Timeout, UnusableAddress};
        let silent = vec![OwnSideHint::Silent(addresses(20, 20))];
        let refused = vec![OwnSideHint::Refused(addresses(20, 20))];
        assert_eq!(hints(&[Timeout, NoRoute]), silent);
        assert_eq!(hints(&[Timeout, Refused]), refused);
        assert_eq!(hints(&[UnusableAddress]), []);
    }
}
