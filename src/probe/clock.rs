//! The clock, for measuring durations and for the time of observations.
#![allow(clippy::disallowed_methods, reason = "this is where the clock is read")]

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Returns the current time, for the start of a visit.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Measures the duration of steps.
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
