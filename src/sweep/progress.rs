//! The progress display on standard error: a bar on a terminal, otherwise a plain line every few
//! seconds. It only reads counters.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::counters::{Counters, read};
use crate::output::notice;
use crate::verdict::VerdictKind;

/// The kind of progress display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// A bar that is redrawn.
    Bar,
    /// A plain line every few seconds.
    Lines,
    /// No display.
    Nothing,
}

const BAR_EVERY: Duration = Duration::from_millis(200);
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Time over which the rate is measured. The average since the start would promise an end that
/// never comes: most endpoints answer at once, and the slow ones are left.
const MEASURED_OVER: Duration = Duration::from_secs(10);

/// The thread that shows the progress.
pub(super) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    pub(super) fn start(display: Display, counters: Arc<Counters>) -> Self {
        let every = match display {
            Display::Bar => BAR_EVERY,
            Display::Lines => LINE_EVERY,
            Display::Nothing => return Self(None),
        };
        let (end, ended) = channel();
        let show = move || {
            let mut view = View::new(display, counters);
            while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                view.show();
            }
            view.clear();
        };
        let thread = std::thread::Builder::new()
            .name("progress".to_owned())
            .spawn(show);
        // Without the thread there is no progress display; the sweep itself is unaffected.
        Self(thread.ok().map(|thread| (end, thread)))
    }

    pub(super) fn end(self) {
        if let Some((end, thread)) = self.0 {
            drop(end);
            // If the display panicked, there is nothing left to clear.
            let _ = thread.join();
        }
    }
}

struct View {
    bar: Option<ProgressBar>,
    counters: Arc<Counters>,
    recent: Recent,
}

impl View {
    fn new(display: Display, counters: Arc<Counters>) -> Self {
        let bar = (display == Display::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{wide_bar} {percent:>3}%\n{msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self {
            bar,
            counters,
            recent: Recent::from(clock()),
        }
    }

    fn show(&mut self) {
        let line = self.line();
        match &self.bar {
            Some(bar) => {
                if let Some(total) = self.total() {
                    bar.set_length(total);
                }
                bar.set_position(read(&self.counters.visits));
                bar.set_message(line);
            }
            None => notice(format_args!("{line}")),
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Returns, for example, `1204 of 3000 done, 480/s, 312 in flight, 4m left; 1150 ok, 31
    /// expired, 23 unreachable`.
    fn line(&mut self) -> String {
        let done = read(&self.counters.visits);
        self.recent.add(clock(), done);
        let total = self.total();
        let rate = self.recent.rate();
        let mut line = done.to_string();
        if let Some(total) = total {
            let _ = write!(line, " of {total}");
        }
        let in_flight = read(&self.counters.in_flight);
        let _ = write!(line, " done, {rate:.0}/s, {in_flight} in flight");
        if let Some(left) = total.and_then(|total| left(total.saturating_sub(done), rate)) {
            let _ = write!(line, ", {left} left");
        }
        let unsettled = read(&self.counters.unsettled);
        if unsettled > 0 {
            let _ = write!(line, ", {unsettled} waiting for the end");
        }
        let to_fetch = read(&self.counters.to_fetch);
        if to_fetch > 0 {
            let fetched = read(&self.counters.fetched);
            let _ = write!(line, ", {fetched} of {to_fetch} URLs downloaded");
        }
        let counts = VerdictKind::ALL.into_iter().rev().filter_map(|kind| {
            let count = read(self.counters.verdict(kind));
            (count > 0).then(|| format!("{count} {kind}"))
        });
        let counts = counts.collect::<Vec<_>>().join(", ");
        if !counts.is_empty() {
            let _ = write!(line, "; {counts}");
        }
        line
    }

    /// Returns the number of endpoints, as far as known: a name that is not looked up yet counts
    /// as one. Returns `None` until the number of targets is known.
    fn total(&self) -> Option<u64> {
        let expected = read(&self.counters.expected);
        let waiting = expected.saturating_sub(read(&self.counters.placed));
        (expected > 0).then(|| read(&self.counters.endpoints) + waiting)
    }
}

/// The numbers of visits done at recent times, the oldest first.
struct Recent(VecDeque<(Instant, u64)>);

impl From<Instant> for Recent {
    fn from(start: Instant) -> Self {
        Self(VecDeque::from([(start, 0)]))
    }
}

impl Recent {
    fn add(&mut self, now: Instant, done: u64) {
        let is_old = |(time, _): &(Instant, u64)| now.duration_since(*time) >= MEASURED_OVER;
        // The newest of the old ones is the start of the measured time.
        while self.0.get(1).is_some_and(is_old) {
            self.0.pop_front();
        }
        self.0.push_back((now, done));
    }

    /// Returns the number of visits per second.
    fn rate(&self) -> f64 {
        let (Some((from, before)), Some((until, done))) = (self.0.front(), self.0.back()) else {
            return 0.0;
        };
        let seconds = until.duration_since(*from).as_secs_f64();
        match seconds > 0.0 {
            true => done.saturating_sub(*before) as f64 / seconds,
            false => 0.0,
        }
    }
}

/// Returns the remaining time at this rate, or `None` if it cannot be estimated.
fn left(rest: u64, rate: f64) -> Option<String> {
    if rate <= 0.0 {
        return None;
    }
    let seconds = (rest as f64 / rate).ceil() as u64;
    Some(match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds.div_ceil(60)),
        _ => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
    })
}

#[allow(clippy::disallowed_methods, reason = "a rate needs the time")]
fn clock() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remaining_time_follows_the_rate_of_the_last_seconds() {
        let start = clock();
        let mut recent = Recent::from(start);
        let mut lefts = Vec::new();
        // Most visits end at once, and the rest one per second.
        for (second, done) in [
            (5, 200),
            (10, 205),
            (15, 210),
            (20, 215),
            (25, 215),
            (30, 215),
        ] {
            recent.add(start + Duration::from_secs(second), done);
            lefts.push(left(245 - done, recent.rate()));
        }
        let expected = ["2s", "2s", "35s", "30s", "1m"].map(|it| Some(it.to_owned()));
        assert_eq!(lefts[..5], expected);
        // Without progress there is no estimate.
        assert_eq!(lefts[5], None);
    }

    #[test]
    fn names_that_are_not_looked_up_yet_count_as_one_endpoint() {
        let counters = Arc::new(Counters::default());
        let view = View::new(Display::Lines, counters.clone());
        let set = |counter: &std::sync::atomic::AtomicU64, value| {
            counter.store(value, std::sync::atomic::Ordering::Relaxed);
        };
        assert_eq!(view.total(), None);
        set(&counters.expected, 100);
        assert_eq!(view.total(), Some(100));
        // Ten names of three addresses each, and two with excluded addresses only.
        set(&counters.placed, 12);
        set(&counters.endpoints, 30);
        assert_eq!(view.total(), Some(118));
    }
}
