//! The clock, for timing and for dating observations.
#![allow(clippy::disallowed_methods, reason = "this is where the clock is read")]

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The time of day: when a visit begins.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Measures how long steps take.
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
