//! Limits the overall rate with governor's GCRA, driven by the pacer's clock instead of its own.
//! Only `check()` is used, by one dispatcher. If many tasks waited in `until_ready()`, they would
//! wake together, one would win, and half the rate would be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::Rate;

/// The limit on all connections together.
pub(super) struct Overall {
    limiter: RateLimiter<NotKeyed, InMemoryState, ManualClock, NoOpMiddleware<Nanos>>,
    clock: ManualClock,
}

/// A clock that shows the time it was set to, in nanoseconds since the pacer began.
#[derive(Clone, Debug, Default)]
struct ManualClock(Arc<AtomicU64>);

impl Clock for ManualClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        // Only the dispatcher reads and writes it, so no ordering between threads is needed.
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

impl Overall {
    /// Creates a limiter for this rate, or returns `None` if there is no limit.
    pub(super) fn new(rate: Rate) -> Option<Self> {
        let quota = Quota::with_period(rate.interval()?)?.allow_burst(rate.burst());
        let clock = ManualClock::default();
        Some(Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
        })
    }

    /// Takes a permit, or returns the time of the next permit in nanoseconds.
    pub(super) fn check(&self, now: u64) -> Result<(), u64> {
        self.clock.0.store(now, Ordering::Relaxed);
        self.limiter
            .check()
            .map_err(|not_until| not_until.earliest_possible().as_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_given_time_is_the_only_time() {
        let overall = Overall::new("1000".parse().unwrap()).unwrap();
        // The burst is what 10 ms allow: 10 permits.
        for _ in 0..10 {
            assert_eq!(overall.check(0), Ok(()));
        }
        assert_eq!(overall.check(0), Err(1_000_000));
        assert_eq!(overall.check(999_999), Err(1_000_000));
        assert_eq!(overall.check(1_000_000), Ok(()));
        assert_eq!(overall.check(1_000_000), Err(2_000_000));
        assert!(Overall::new(Rate::UNLIMITED).is_none());
    }
}
