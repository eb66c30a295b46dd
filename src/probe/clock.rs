//! The clock, for measuring durations, for deadlines, and for the time of observations. Time in which
//! this process did not run is not counted: it says nothing about a peer.
#![allow(clippy::disallowed_methods, reason = "this is where the clock is read")]

use std::cell::Cell;
use std::pin::pin;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::timeout_at;

/// Returns the current time, for the start of a visit.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// If the beats of a thread are further apart than this, the process was stopped or the machine was
/// overloaded.
const STALLED: Duration = Duration::from_millis(500);

thread_local! {
    /// Time of this thread's last beat, or `None` if it does not beat.
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Time that this thread has lost so far.
    static LOST: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Records that this thread runs. Call it every few milliseconds while there are visits; the time of
/// a longer gap counts as lost.
pub fn beat() {
    let now = Instant::now();
    if let Some(last) = LAST.replace(Some(now)) {
        let gap = now.saturating_duration_since(last);
        if gap > STALLED {
            LOST.set(LOST.get() + gap);
        }
    }
}

/// Records that this thread has no visits, so that it does not beat for now.
pub fn rest() {
    LAST.set(None);
}

/// Returns the time that this thread has lost so far.
fn lost() -> Duration {
    if LAST.get().is_some() {
        beat();
    }
    LOST.get()
}

/// Measures the duration of steps, without lost time.
pub(super) struct Stopwatch {
    started: Instant,
    lost: Duration,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self {
            started: Instant::now(),
            lost: lost(),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        let passed = self.started.elapsed();
        passed.saturating_sub(self.lost_since())
    }

    fn lost_since(&self) -> Duration {
        lost().saturating_sub(self.lost)
    }
}

/// Runs a step. Returns `None` if it has not ended within the limit, lost time not counted.
pub(super) async fn within<F: Future>(limit: Duration, step: F) -> Option<F::Output> {
    let mut step = pin!(step);
    let watch = Stopwatch::start();
    let mut lost = Duration::ZERO;
    loop {
        let due = watch.started + limit + lost;
        if let Ok(output) = timeout_at(due.into(), &mut step).await {
            return Some(output);
        }
        let lost_now = watch.lost_since();
        if lost_now == lost {
            return None;
        }
        lost = lost_now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lost_time_extends_a_deadline_and_is_no_duration() {
        const HOUR: Duration = Duration::from_secs(3600);
        let answer = || tokio::time::sleep(Duration::from_millis(50));
        let limit = Duration::from_millis(5);
        assert!(within(limit, answer()).await.is_none());
        let after_a_stop = async {
            LOST.set(LOST.get() + HOUR);
            answer().await;
        };
        let watch = Stopwatch::start();
        assert!(within(limit, after_a_stop).await.is_some());
        assert!(watch.elapsed() < HOUR);
        // The next step has its own limit again.
        assert!(within(limit, answer()).await.is_none());
    }

    #[test]
    fn only_a_thread_that_beats_loses_time() {
        let long_ago = Instant::now()
            .checked_sub(2 * STALLED)
            .expect("a machine up for a second");
        LAST.set(Some(long_ago));
        assert!(lost() > STALLED);
        let so_far = lost();
        beat();
        assert_eq!(lost(), so_far, "a gap counts once");
        LAST.set(Some(long_ago));
        rest();
        beat();
        assert_eq!(lost(), so_far, "without visits no time is lost");
    }
}
