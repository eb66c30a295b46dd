//! The pipeline, the only place where stages meet: read, resolve, admit, probe, judge, write.
//!
//! One thread reads the inventory, one decides (`dispatch`), one a core visits and judges
//! (`worker`), one writes (`collect`). They are tied by bounded queues, so a slow output slows the
//! reading and nothing is held that could be streamed.

mod addresses;
mod aia;
mod choose;
mod collect;
mod counters;
mod dispatch;
mod facts;
mod fetch;
mod intake;
mod job;
mod later;
mod lists;
mod lookups;
mod progress;
mod rejudge;
mod retry;
mod signs;
mod silence;
mod spool;
mod stop;
mod worker;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::inventory::Input;
use crate::judge::{Judge, Policy};
use crate::output::OutputError;
use crate::pace::{Gate, Limits, Pacer};
use crate::probe::{Approach, Timeouts};
use crate::resolve::Resolver;
use crate::summary::{self, Summary};

use collect::{Collected, Collector};
use counters::{Counters, read};
use dispatch::Dispatcher;
use intake::Taken;
use progress::Progress;
use stop::{Finish, Stop};
use worker::Worker;

pub use aia::completed;
pub use choose::{Choice, NotAShard, Shard};
pub use collect::Destinations;
pub use facts::FactsFile;
pub use fetch::Fetcher;
pub use intake::Intake;
pub use progress::Display;
pub use rejudge::{Facts, FactsError, Rejudge, Rejudged};

/// Targets read ahead of the dispatcher.
const READ_AHEAD: usize = 1024;

/// Judged visits that may wait for the outputs; when there are more, visits wait to hand theirs in.
const ROWS_WAITING: usize = 1024;

/// Everything a sweep needs, opened and checked.
pub struct Sweep {
    /// Where targets come from.
    pub intake: Intake,
    /// How names become addresses.
    pub resolver: Resolver,
    /// Whether every address of a name is visited.
    pub all_addresses: bool,
    /// How fast.
    pub limits: Limits,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// Which hellos to send.
    pub approach: Approach,
    /// What introduces us in dialogues that ask for a name.
    pub ehlo: Arc<str>,
    /// Visits after the first.
    pub retries: u32,
    /// How to judge.
    pub policy: Arc<Policy>,
    /// Fetches the issuers that nobody sends, if somebody shall.
    pub fetcher: Option<Fetcher>,
    /// Where rows go.
    pub destinations: Destinations,
    /// What people see meanwhile.
    pub display: Display,
}

/// How a sweep ended.
pub struct Ended {
    /// Counts and examples.
    pub summary: Summary,
    /// What was read, and how many targets each input held.
    pub inputs: Vec<(Input, u64)>,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Why it could not finish, if it could not. The rows written so far are complete.
    pub error: Option<SweepError>,
}

/// Why a sweep could not finish.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// An input broke off.
    #[error(transparent)]
    Input(crate::inventory::InputError),
    /// An output could not be written.
    #[error(transparent)]
    Output(OutputError),
    /// The file of rejected lines could not be written.
    #[error("{name} cannot be written: {error}; lines that were not read are missing from it")]
    Rejects {
        /// The flag and the file.
        name: String,
        /// The system's words.
        error: io::Error,
    },
    /// The facts could not be saved.
    #[error("{name} cannot be written: {error}; what was saved so far can be judged again")]
    Save {
        /// The flag and the file.
        name: String,
        /// The system's words.
        error: io::Error,
    },
    /// Saved facts could not be read to their end.
    #[error(transparent)]
    Facts(#[from] crate::observation::SavedError),
    /// The temporary file for unsettled rows could not be used.
    #[error(
        "cannot keep unsettled rows in the temporary folder (set TMPDIR to one with room): {0}"
    )]
    Spool(io::Error),
    /// A thread or an event loop could not be started.
    #[error("cannot start a worker: {0}")]
    Start(io::Error),
    /// A worker ended before its time.
    #[error("a worker ended unexpectedly; the rows written so far are complete")]
    Worker,
}

impl Sweep {
    /// Sweeps. Returns when every target has its rows, or after an interrupt when the visits under
    /// way have ended.
    pub fn run(self) -> Result<Ended, SweepError> {
        let display = self.display;
        let counters = Arc::new(Counters::default());
        let (dispatcher, threads) = self.start(&counters)?;
        let progress = Progress::start(display, counters.clone());
        let runtime = current_thread().map_err(SweepError::Start)?;
        // The dispatcher ends with this line and with it every sender of jobs: the other threads
        // end one by one.
        let finish = runtime.block_on(dispatcher.run());
        let ended = threads.conclude(finish, &counters);
        progress.end();
        ended
    }

    /// Starts every thread. Event loops are made before any thread that needs one: what this machine
    /// cannot start is known before the first packet.
    fn start(self, counters: &Arc<Counters>) -> Result<(Dispatcher, Threads), SweepError> {
        let stop = Stop::new();
        let attempts = self.retries.saturating_add(1);
        let (target_sender, targets) = mpsc::channel(READ_AHEAD);
        let (row_sender, rows) = mpsc::channel(ROWS_WAITING);
        let (report_sender, reports) = mpsc::unbounded_channel();

        let collector = Collector {
            destinations: self.destinations,
            policy: self.policy.clone(),
            fetcher: self.fetcher,
            rows,
            counters: counters.clone(),
            stop: stop.clone(),
        };
        let runtime = current_thread().map_err(SweepError::Start)?;
        let collecting = spawn("collect", move || runtime.block_on(collector.run()))?;
        let (mut working, mut workers) = (Vec::new(), Vec::new());
        for _ in 0..cores() {
            let (sender, jobs) = mpsc::unbounded_channel();
            let worker = Worker {
                timeouts: self.timeouts,
                approach: self.approach,
                ehlo: self.ehlo.clone(),
                policy: self.policy.clone(),
                attempts,
                jobs,
                reports: report_sender.clone(),
                rows: row_sender.clone(),
                counters: counters.clone(),
            };
            let runtime = current_thread().map_err(SweepError::Start)?;
            working.push(spawn("visit", move || worker.run(&runtime))?);
            workers.push(sender);
        }
        let heed = stop::heed_signals(stop.clone(), self.timeouts.total);
        let runtime = current_thread().map_err(SweepError::Start)?;
        spawn("signals", move || runtime.block_on(heed))?;

        let excludes = self.intake.excludes.clone();
        let (taken_sender, taken) = std::sync::mpsc::channel();
        let (intake, reading) = (self.intake, counters.clone());
        spawn("read", move || {
            let taken = intake.run(&target_sender, &reading);
            // Nobody waits for it after an interrupt.
            let _ = taken_sender.send(taken);
        })?;
        let dispatcher = Dispatcher {
            targets,
            resolver: Arc::new(self.resolver),
            excludes,
            all_addresses: self.all_addresses,
            all_versions: self.approach.all_versions,
            pacer: Pacer::new(self.limits, dispatch::clock()),
            gate: Gate::new(self.limits.in_flight.get()),
            attempts,
            patience: self.timeouts.total,
            workers,
            reports,
            judge: Judge::new(self.policy),
            rows: row_sender,
            counters: counters.clone(),
            stop,
        };
        let threads = Threads {
            taken,
            collecting,
            working,
        };
        Ok((dispatcher, threads))
    }
}

/// A reader that is stuck in its input (a pipe that nobody writes to) is not waited for after an
/// interrupt; one that is between two lines ends within this time.
const READER_ENDS_WITHIN: Duration = Duration::from_millis(500);

/// What the dispatcher leaves behind.
struct Threads {
    taken: std::sync::mpsc::Receiver<Taken>,
    collecting: thread::JoinHandle<Collected>,
    working: Vec<thread::JoinHandle<()>>,
}

impl Threads {
    /// Waits for each thread, and says how the sweep ended. An output that failed comes before an
    /// input that broke off, and both before a worker: the first to go wrong stopped the others.
    fn conclude(self, finish: Finish, counters: &Counters) -> Result<Ended, SweepError> {
        let worked: Vec<_> = self
            .working
            .into_iter()
            .map(thread::JoinHandle::join)
            .collect();
        let collected = self.collecting.join().map_err(|_| SweepError::Worker)?;
        let taken = match finish {
            Finish::Stopped => self
                .taken
                .recv_timeout(READER_ENDS_WITHIN)
                .unwrap_or_default(),
            Finish::Whole => self.taken.recv().map_err(|_| SweepError::Worker)?,
        };
        let lost = worked
            .iter()
            .any(Result::is_err)
            .then_some(SweepError::Worker);
        let mut summary = collected.summary;
        summary.intake = summary::Intake {
            targets: read(&counters.targets),
            rejected: read(&counters.rejected),
            duplicates: read(&counters.duplicates),
            excluded: read(&counters.excluded),
            left_out: read(&counters.left_out),
        };
        Ok(Ended {
            summary,
            inputs: taken.inputs,
            // Stopped by an output that failed, it was not interrupted.
            interrupted: [finish, collected.fetching].contains(&Finish::Stopped)
                && collected.error.is_none(),
            error: collected.error.or(taken.error).or(lost),
        })
    }
}

fn current_thread() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
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
