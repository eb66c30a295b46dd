//! Limits how many queries are sent per second. Repetitions count like any other query.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Queries that became due within this time may be sent together. Timers fire about once per
/// millisecond, so without this allowance high rates could not be reached.
const BURST: Duration = Duration::from_millis(10);

/// Divides the time between queries.
pub(super) struct Turns {
    /// Time between two queries, or `None` if there is no limit.
    interval: Option<Duration>,
    /// Time of the next query.
    next: Mutex<Instant>,
    /// Lets one lookup at a time wait for its first query. The further queries of lookups under way
    /// therefore wait for few others.
    first: tokio::sync::Mutex<()>,
}

impl Turns {
    pub(super) fn new(interval: Option<Duration>) -> Self {
        Self {
            interval,
            next: Mutex::new(Instant::now()),
            first: tokio::sync::Mutex::new(()),
        }
    }

    /// Waits until the first query of a lookup may be sent. The whole lookup may then take this time.
    pub(super) async fn first(&self, patience: Duration) -> Turn<'_> {
        if self.interval.is_some() {
            let _alone = self.first.lock().await;
            self.next().await;
        }
        Turn {
            turns: self,
            given: true,
            deadline: Instant::now() + patience,
            waited: Duration::ZERO,
        }
    }

    /// Waits until a query may be sent.
    pub(super) async fn next(&self) {
        let Some(interval) = self.interval else {
            return;
        };
        let now = Instant::now();
        let at = {
            // A panic cannot leave the time half written.
            let mut next = self
                .next
                .lock()
                .unwrap_or_else(|broken| broken.into_inner());
            let at = now.checked_sub(BURST).map_or(*next, |due| due.max(*next));
            *next = at + interval;
            at
        };
        if at > now {
            sleep_until(at).await;
        }
    }
}

/// The turns of one lookup.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    /// True if the next query need not wait.
    given: bool,
    /// Time at which the lookup has failed. Our own waiting moves it.
    deadline: Instant,
    /// Total time that the queries have waited.
    pub(super) waited: Duration,
}

impl<'a> Turn<'a> {
    /// Waits until the next query of the lookup may be sent.
    pub(super) async fn wait(&mut self) {
        if !std::mem::take(&mut self.given) {
            let since = Instant::now();
            self.turns.next().await;
            self.waited += since.elapsed();
            self.deadline += since.elapsed();
        }
    }

    /// Returns the time that is left for the lookup.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Returns the turns of all lookups, for a repetition.
    pub(super) fn turns(&self) -> &'a Turns {
        self.turns
    }
}
