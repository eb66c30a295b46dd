//! The pipeline, the only place where stages meet: read, resolve, admit, probe, judge, write.
//!
//! Before a sweep, `survey` reads the inventory once. Then one thread reads it to visit it, one makes the decisions (`dispatch`), one per core visits and
//! judges (`worker`), and one writes (`collect`). Bounded queues connect them, so a slow output
//! slows down reading, and memory use stays bounded.

mod addresses;
mod aia;
mod collect;
mod counters;
mod dispatch;
mod error;
mod fetch;
mod forecast;
mod intake;
mod job;
mod later;
mod listings;
mod lists;
mod lookups;
mod names;
mod progress;
mod recording;
mod rejudge;
mod retry;
mod sample;
mod select;
mod shelves;
mod silence;
mod spool;
mod state;
mod stop;
mod survey;
mod visit_outcome;
mod worker;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::judge::{Judge, Policy};
use crate::pace::{Gate, Limits, Pacer};
use crate::probe::{Approach, Timeouts};
use crate::resolve::Resolver;
use crate::summary::Input;

use collect::{Collected, Collector};
use counters::Counters;
use error::current_thread;
use intake::Taken;
use progress::Progress;
use shelves::Ahead;
use state::{Dispatcher, State, WorkerHandle, clock};
use stop::{Finish, Stop};
use worker::Worker;

pub use aia::fetch_for;
pub use collect::SweepOutputs;
pub use error::{Ended, SweepError};
pub use fetch::Fetcher;
pub use forecast::{Busiest, Forecast, Planned};
pub use intake::{Intake, report_rejects};
pub use progress::Display;
pub use recording::RecordingFile;
pub use rejudge::{Recording, RecordingError, Rejudge, Rejudged};
pub use sample::{NotASample, Percentage, Sample};
pub use select::{NotAShard, Selection, Shard};
pub use survey::{Inventory, Sources, Survey};

/// Number of targets read ahead of the dispatcher.
const READ_AHEAD: usize = 512;

/// Number of judged visits that may wait for the outputs; beyond it, workers wait before handing in
/// more.
const ROWS_WAITING: usize = 1024;

/// Everything a sweep needs, opened and checked.
pub struct Sweep {
    /// Source of the targets.
    pub intake: Intake,
    /// Resolves names to addresses.
    pub resolver: Resolver,
    /// True if every address of a name is visited.
    pub all_addresses: bool,
    /// Rate and concurrency limits.
    pub limits: Limits,
    /// Timeouts.
    pub timeouts: Timeouts,
    /// Which ClientHellos to send.
    pub approach: Approach,
    /// Our name in dialogues that ask the client for one.
    pub ehlo: Arc<str>,
    /// Maximum number of visits after the first.
    pub retries: u32,
    /// Judging policy.
    pub policy: Arc<Policy>,
    /// Downloads missing issuers and CRLs, if allowed.
    pub fetcher: Option<Fetcher>,
    /// Outputs of the rows.
    pub outputs: SweepOutputs,
    /// The progress display.
    pub display: Display,
}

impl Sweep {
    /// Runs the sweep. Returns when every target has its rows. After an interrupt it returns when
    /// the visits under way have ended.
    ///
    /// # Errors
    ///
    /// Returns an error if a thread or an event loop cannot be started, or if a worker panicked.
    pub fn run(self) -> Result<Ended, SweepError> {
        let display = self.display;
        let counters = Arc::new(Counters::default());
        counters.surveyed(self.intake.inventory.counts());
        let (dispatcher, threads) = self.start(&counters)?;
        let progress = Progress::start(display, counters.clone());
        let runtime = current_thread().map_err(SweepError::Start)?;
        // The dispatcher is dropped at the end of this line, and all senders of jobs with it. This
        // ends the other threads, one after the other.
        let finish = runtime.block_on(dispatcher.run());
        let ended = threads.conclude(finish, &counters);
        progress.end();
        ended
    }

    /// Starts every thread. The event loop of a thread is created before the thread, so that a lack
    /// of resources is reported before the first packet.
    fn start(mut self, counters: &Arc<Counters>) -> Result<(Dispatcher, Threads), SweepError> {
        let stop = Stop::new();
        let attempts = self.retries.saturating_add(1);
        let (target_sender, targets) = mpsc::channel(READ_AHEAD);
        let (row_sender, rows) = mpsc::channel(ROWS_WAITING);
        let (report_sender, reports) = mpsc::unbounded_channel();
        let (preparing, mut prepared) = mpsc::channel(1);

        let survey = self.intake.inventory.survey.as_mut();
        let listings = survey.map(|it| std::mem::take(&mut it.listings));
        let inputs = Arc::new(OnceLock::new());
        let collector = Collector {
            outputs: self.outputs,
            listings: listings.unwrap_or_default(),
            policy: self.policy.clone(),
            fetcher: self.fetcher,
            rows,
            inputs: inputs.clone(),
            counters: counters.clone(),
            stop: stop.clone(),
        };
        let runtime = current_thread().map_err(SweepError::Start)?;
        let collecting = spawn("collect", move || runtime.block_on(collector.run()))?;
        let (mut working, mut workers) = (Vec::new(), Vec::new());
        for _ in 0..cores() {
            let (sender, jobs) = mpsc::unbounded_channel();
            let started = Arc::new(AtomicU64::new(0));
            let worker = Worker {
                timeouts: self.timeouts,
                approach: self.approach,
                ehlo: self.ehlo.clone(),
                policy: self.policy.clone(),
                attempts,
                jobs,
                started: started.clone(),
                preparing: preparing.clone(),
                reports: report_sender.clone(),
                rows: row_sender.clone(),
                counters: counters.clone(),
            };
            let runtime = current_thread().map_err(SweepError::Start)?;
            working.push(spawn("visit", move || worker.run(&runtime))?);
            workers.push(WorkerHandle::new(sender, started));
        }
        // The pace begins when the workers are ready: earlier permits would all be used at once.
        drop(preparing);
        let _: Option<()> = prepared.blocking_recv();
        let signals = stop::handle_signals(stop.clone(), self.timeouts.total);
        let runtime = current_thread().map_err(SweepError::Start)?;
        spawn("signals", move || runtime.block_on(signals))?;

        let excludes = self.intake.excludes.clone();
        let (taken_sender, taken) = std::sync::mpsc::channel();
        let (intake, reading) = (self.intake, counters.clone());
        spawn("read", move || {
            let taken = intake.run(&target_sender, &reading);
            // Set before the sender is dropped, which is what ends the sweep.
            let described = taken.inputs.iter();
            let _ = inputs.set(
                described
                    .map(|(read, targets)| Input::of(read, *targets))
                    .collect(),
            );
            // After an interrupt the result is not received.
            let _ = taken_sender.send(taken);
        })?;
        let dispatcher = Dispatcher {
            targets,
            resolver: Arc::new(self.resolver),
            excludes,
            all_addresses: self.all_addresses,
            all_versions: self.approach.all_versions,
            pacer: Pacer::new(self.limits, clock()),
            ahead: Ahead::new(&self.limits),
            gate: Gate::new(self.limits.in_flight.get()),
            attempts,
            patience: self.timeouts.total,
            workers,
            reports,
            judge: Judge::new(self.policy),
            rows: row_sender,
            counters: counters.clone(),
            stop,
            state: State::new(),
        };
        let threads = Threads {
            taken,
            collecting,
            working,
        };
        Ok((dispatcher, threads))
    }
}

/// How long to wait for the reader after an interrupt. A reader blocked on its input (a pipe
/// without data) is abandoned; one that is between two lines ends within this time.
const READER_ENDS_WITHIN: Duration = Duration::from_millis(500);

/// The threads that remain after the dispatcher, and what they return.
struct Threads {
    taken: std::sync::mpsc::Receiver<Taken>,
    collecting: thread::JoinHandle<Collected>,
    working: Vec<thread::JoinHandle<()>>,
}

impl Threads {
    /// Waits for each thread and returns how the sweep ended. A failed output is reported before a
    /// failed input, and both before a failed worker, because the first failure stops the other
    /// stages.
    fn conclude(self, finish: Finish, counters: &Counters) -> Result<Ended, SweepError> {
        let worked: Vec<_> = self
            .working
            .into_iter()
            .map(thread::JoinHandle::join)
            .collect();
        let collected = self.collecting.join().map_err(|_| SweepError::Worker)?;
        let taken = match finish {
            Finish::Interrupted => self
                .taken
                .recv_timeout(READER_ENDS_WITHIN)
                .unwrap_or_default(),
            Finish::Complete => self.taken.recv().map_err(|_| SweepError::Worker)?,
        };
        let lost = worked
            .iter()
            .any(Result::is_err)
            .then_some(SweepError::Worker);
        let mut summary = collected.summary;
        summary.intake = counters.intake();
        summary.sampled = Some(counters.is_sampled());
        Ok(Ended {
            summary,
            inputs: taken.inputs,
            // A sweep stopped by a failed output was not interrupted.
            interrupted: [finish, collected.fetching].contains(&Finish::Interrupted)
                && collected.error.is_none(),
            error: collected.error.or(taken.error).or(lost),
        })
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, SweepError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(SweepError::Start)
}
