//! The progress display on standard error: a bar on a terminal, otherwise a plain line every few
//! seconds. It only reads counters.

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
    started: Instant,
    shown: (Instant, u64),
    rate: f64,
}

impl View {
    fn new(display: Display, counters: Arc<Counters>) -> Self {
        let now = clock();
        let bar = (display == Display::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{wide_bar} {percent:>3}%\n{msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self {
            bar,
            counters,
            started: now,
            shown: (now, 0),
            rate: 0.0,
        }
    }

    fn show(&mut self) {
        let line = self.line();
        match &self.bar {
            Some(bar) => {
                if read(&self.counters.input_ended) == 1 {
                    bar.set_length(read(&self.counters.endpoints).max(1));
                }
                bar.set_position(read(&self.counters.rows));
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

    /// Returns, for example, `1204 done, 480/s, 312 in flight, 4m left; 1150 ok, 31 expired, 23
    /// unreachable`.
    fn line(&mut self) -> String {
        let done = read(&self.counters.rows);
        self.measure(done);
        let mut line = format!(
            "{done} done, {:.0}/s, {} in flight",
            self.rate,
            read(&self.counters.in_flight)
        );
        if let Some(left) = self.left(done) {
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

    /// Smooths the rate over a few seconds.
    fn measure(&mut self, done: u64) {
        let now = clock();
        let (then, before) = self.shown;
        let passed = now.saturating_duration_since(then).as_secs_f64();
        if passed > 0.0 {
            let recent = (done.saturating_sub(before)) as f64 / passed;
            let weight = (passed / 5.0).min(1.0);
            self.rate += (recent - self.rate) * weight;
            self.shown = (now, done);
        }
    }

    /// Returns the remaining time, estimated from the average rate so far. Returns `None` until the
    /// whole input has been read.
    fn left(&self, done: u64) -> Option<String> {
        if read(&self.counters.input_ended) == 0 || done == 0 {
            return None;
        }
        let rest = read(&self.counters.endpoints).saturating_sub(done);
        let so_far = clock()
            .saturating_duration_since(self.started)
            .as_secs_f64();
        let seconds = (so_far / done as f64 * rest as f64).round() as u64;
        Some(match seconds {
            0..60 => format!("{seconds}s"),
            60..3600 => format!("{}m", seconds.div_ceil(60)),
            _ => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        })
    }
}

#[allow(clippy::disallowed_methods, reason = "a rate needs the time")]
fn clock() -> Instant {
    Instant::now()
}
