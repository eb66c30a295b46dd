//! The overall rate: governor's GCRA, driven by the pacer's clock instead of its own. Only
//! `check()` is used, by one dispatcher: many tasks in `until_ready()` wake together, one wins,
//! and half the rate is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::Rate;

/// A limit on all visits together.
pub(super) struct Overall {
    limiter: RateLimiter<NotKeyed, InMemoryState, ManualClock, NoOpMiddleware<Nanos>>,
    clock: ManualClock,
}

/// A clock that shows what it was told: nanoseconds since the pacer began.
#[derive(Clone, Debug, Default)]
struct ManualClock(Arc<AtomicU64>);

impl Clock for ManualClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        // One dispatcher writes and reads: no order to keep between threads.
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

impl Overall {
    /// A limiter at this rate; `None` when there is no limit.
    pub(super) fn new(rate: Rate) -> Option<Self> {
        let quota = Quota::with_period(rate.interval()?)?.allow_burst(rate.burst());
        let clock = ManualClock::default();
        Some(Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
        })
    }

    /// Takes a permit, or says at which nanosecond the next one is there.
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
        // 10 ms are worth 10 visits.
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
