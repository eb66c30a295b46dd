//! The state of the dispatcher: its settings and channels, the visits that are held back or delayed,
//! and the names being looked up. The code that uses it is in `dispatch`, `names`, `lookups` and
//! `silence`.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::counters::Counters;
use super::job::{Admitted, Job, Judged, Report};
use super::later::Timed;
use super::shelves::{Ahead, Names};
use super::stop::Stop;
use crate::inventory::Target;
use crate::judge::Judge;
use crate::observation::{Failure, Observation};
use crate::pace::{Breaker, Gate, Pacer};
use crate::resolve::{ExcludeList, Lookup, Resolver};

/// The dispatcher: its settings, channels, shared parts and state.
pub(super) struct Dispatcher {
    pub(super) targets: Receiver<Arc<Target>>,
    pub(super) resolver: Arc<Resolver>,
    pub(super) excludes: Arc<ExcludeList>,
    pub(super) all_addresses: bool,
    pub(super) all_versions: bool,
    pub(super) pacer: Pacer<Job>,
    /// How many visits are prepared in advance.
    pub(super) ahead: Ahead,
    pub(super) gate: Gate,
    /// Maximum number of attempts for each target.
    pub(super) attempts: u32,
    /// Maximum duration of a visit.
    pub(super) patience: Duration,
    pub(super) workers: Vec<WorkerHandle>,
    pub(super) reports: UnboundedReceiver<Report>,
    pub(super) judge: Judge,
    pub(super) rows: Sender<Judged>,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: Stop,
    pub(super) state: State,
}

/// A worker as the dispatcher sees it.
pub(super) struct WorkerHandle {
    pub(super) jobs: UnboundedSender<Admitted>,
    /// Number of jobs that the worker has started.
    pub(super) started: Arc<AtomicU64>,
    /// Permit times of the jobs that it has not started yet, and of some that it has.
    handed: VecDeque<Instant>,
    /// Number of jobs that are no longer in `handed`.
    forgotten: u64,
}

impl WorkerHandle {
    pub(super) fn new(jobs: UnboundedSender<Admitted>, started: Arc<AtomicU64>) -> Self {
        Self {
            jobs,
            started,
            handed: VecDeque::new(),
            forgotten: 0,
        }
    }

    /// Passes on a job. Returns false if the worker has ended.
    pub(super) fn hand_over(&mut self, job: Job, at: Instant) -> bool {
        self.handed.push_back(at);
        self.jobs.send(Admitted { job, at }).is_ok()
    }

    /// Returns the permit time of the oldest job that has not started.
    pub(super) fn oldest_waiting(&mut self) -> Option<Instant> {
        let started = self.started.load(Relaxed);
        while self.forgotten < started && self.handed.pop_front().is_some() {
            self.forgotten += 1;
        }
        self.handed.front().copied()
    }
}

/// The state of the dispatcher.
pub(super) struct State {
    /// Names and visits that wait until their turn is near.
    pub(super) names: Names,
    /// Lookups under way.
    pub(super) resolving: JoinSet<Resolved>,
    /// Work scheduled for later, the earliest first.
    pub(super) later: BinaryHeap<Reverse<Timed>>,
    /// Index of the worker that got the last job.
    pub(super) next_worker: usize,
    /// Bytes of the targets that wait for their lookup or visit.
    pub(super) weight: usize,
    /// True until the last target has been received.
    pub(super) input_open: bool,
    /// True after a stop was requested.
    pub(super) stopping: bool,
    pub(super) breaker: Breaker,
    /// Visits held back, by address and port.
    pub(super) held: HashMap<SocketAddr, VecDeque<Job>>,
    /// Number of visits in `held`.
    pub(super) holding: usize,
    /// Visits that will not be made and whose rows are not written yet.
    pub(super) skipped: VecDeque<Skipped>,
    /// Time at which the loop last ran.
    pub(super) last_run: Instant,
}

impl State {
    /// Returns the state before the first target.
    pub(super) fn new() -> Self {
        Self {
            names: Names::default(),
            resolving: JoinSet::new(),
            later: BinaryHeap::new(),
            next_worker: 0,
            weight: 0,
            input_open: true,
            stopping: false,
            breaker: Breaker::default(),
            held: HashMap::new(),
            holding: 0,
            skipped: VecDeque::new(),
            last_run: clock(),
        }
    }
}

/// A name whose lookup has ended.
pub(super) struct Resolved {
    pub(super) asker: Asker,
    pub(super) lookup: Lookup,
}

/// What a name was looked up for.
pub(super) enum Asker {
    /// A target, the number of this attempt, and the address whose place it keeps.
    Target(Arc<Target>, u32, Option<IpAddr>),
    /// A visit whose first address accepted no connection. It needs the other addresses.
    Visit(Box<Observation>),
}

/// A visit that will not be made, and the reason.
pub(super) type Skipped = (Job, Failure);

#[allow(
    clippy::disallowed_methods,
    reason = "the dispatcher is the part that waits"
)]
pub(super) fn clock() -> Instant {
    Instant::now()
}
