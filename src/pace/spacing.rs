//! Limits the rate per address with one number per address. governor's keyed store would keep every
//! address ever seen. Here the number is part of the address's entry and is dropped with it.

use super::Rate;

/// The limit on the rate per address (GCRA).
#[derive(Clone, Copy, Debug)]
pub(super) struct Spacing {
    interval: u64,
    /// How far permits may run ahead of their time, in nanoseconds: the burst less one, times the
    /// interval.
    tolerance: u64,
}

impl Spacing {
    /// Creates the limit for this rate.
    pub(super) fn new(rate: Rate) -> Self {
        let interval = rate.interval().map_or(0, |interval| {
            // The longest interval is an hour, so it fits.
            u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX)
        });
        let ahead = u64::from(rate.burst().get()) - 1;
        Self {
            interval,
            tolerance: interval.saturating_mul(ahead),
        }
    }

    /// Returns the time of the next permit.
    pub(super) fn due(self, paid: u64) -> u64 {
        paid.saturating_sub(self.tolerance)
    }

    /// Returns `paid` after one more permit.
    pub(super) fn pay(self, paid: u64, now: u64) -> u64 {
        paid.max(now).saturating_add(self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_paid_back() {
        // 1 ms apart, ten at once after a pause.
        let spacing = Spacing::new("1000".parse().unwrap());
        let mut paid = 0;
        for _ in 0..10 {
            assert_eq!(spacing.due(paid), 0);
            paid = spacing.pay(paid, 0);
        }
        assert_eq!(spacing.due(paid), 1_000_000);
        assert_eq!(spacing.due(spacing.pay(paid, 1_000_000)), 2_000_000);
        // A long pause allows no more than the burst.
        assert_eq!(spacing.pay(paid, 60_000_000_000), 60_001_000_000);
    }

    #[test]
    fn slow_rates_have_no_burst_and_no_rate_no_spacing() {
        let spacing = Spacing::new("10".parse().unwrap());
        assert_eq!(spacing.due(spacing.pay(0, 5)), 100_000_005);
        let unlimited = Spacing::new(Rate::UNLIMITED);
        assert_eq!(unlimited.due(unlimited.pay(3, 5)), 5);
    }
}
