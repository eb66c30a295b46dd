//! What the dispatcher keeps: what it was given, the visits under way, held and delayed, and the
//! names being looked up. What it does with them is in `dispatch`, `lookups` and `silence`.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::counters::Counters;
use super::job::{ExchangeReport, Job, Judged};
use super::later::Timed;
use super::stop::Stop;
use crate::inventory::Target;
use crate::judge::Judge;
use crate::observation::{Failure, Observation};
use crate::pace::{Breaker, Gate, Pacer};
use crate::resolve::{ExcludeList, Resolver};

/// What the dispatcher is given.
pub(super) struct Dispatcher {
    pub(super) targets: Receiver<Arc<Target>>,
    pub(super) resolver: Arc<Resolver>,
    pub(super) excludes: Arc<ExcludeList>,
    pub(super) all_addresses: bool,
    pub(super) all_versions: bool,
    pub(super) pacer: Pacer<Job>,
    pub(super) gate: Gate,
    pub(super) attempts: u32,
    /// Within this time every visit ends.
    pub(super) patience: Duration,
    pub(super) workers: Vec<UnboundedSender<Job>>,
    pub(super) reports: UnboundedReceiver<ExchangeReport>,
    pub(super) judge: Judge,
    pub(super) rows: Sender<Judged>,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: Stop,
}

/// The dispatcher at work.
pub(super) struct Running {
    pub(super) given: Dispatcher,
    pub(super) resolving: JoinSet<Resolved>,
    pub(super) later: BinaryHeap<Reverse<Timed>>,
    pub(super) next_worker: usize,
    /// Bytes of the targets that wait for the beginning of their visit.
    pub(super) weight: usize,
    pub(super) input_open: bool,
    pub(super) stopping: bool,
    pub(super) breaker: Breaker,
    /// Visits held back, by where they lead.
    pub(super) held: HashMap<SocketAddr, VecDeque<Job>>,
    /// How many these are.
    pub(super) holding: usize,
    /// Visits that are not made, on their way to their rows.
    pub(super) away: VecDeque<Away>,
    pub(super) came_round: Instant,
}

/// A name whose lookup has ended.
pub(super) struct Resolved {
    pub(super) asker: Asker,
    pub(super) took: Duration,
    pub(super) addresses: Result<Vec<IpAddr>, Failure>,
}

/// For whom a name was looked up.
pub(super) enum Asker {
    /// A target, at this attempt.
    Target(Arc<Target>, u32),
    /// A visit whose first address accepted no connection: the rest of them.
    Visit(Box<Observation>),
}

/// A visit that is not made, and why.
pub(super) type Away = (Job, Failure);

#[allow(clippy::disallowed_methods, reason = "the dispatcher is what waits")]
pub(super) fn clock() -> Instant {
    Instant::now()
}
