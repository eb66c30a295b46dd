//! The one place that decides what happens next: takes targets in, has names resolved, asks the
//! pacer for permits, hands admitted jobs to the workers, and hears how their visits ended.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::counters::{Counters, count};
use super::job::{Begin, Job, Judged, Next, Report};
use super::later::{Later, Timed};
use super::lookups::Resolved;
use super::retry;
use super::silence::Away;
use super::stop::{Finish, Stop};
use crate::inventory::Target;
use crate::judge::Judge;
use crate::observation::Observation;
use crate::pace::{Admission, Breaker, Gate, Pacer};
use crate::resolve::{ExcludeList, Resolver};

/// Visits that may wait for their permit while others could start at once: enough to be fair
/// between addresses, and no reason to read further.
const PARKED: usize = 8_192;

/// Visits that may wait when all of them are for addresses at their own limits: reading goes on in
/// search of other addresses. Each takes some 500 bytes with its target. One address with more
/// names than this holds up what stands behind it in the inventory.
const PARKED_IN_VAIN: usize = 250_000;

/// Bytes that their targets may take: an inventory with long columns waits in smaller numbers.
const PARKED_BYTES: usize = 128 << 20;

/// Names being resolved or waiting for the resolver's own limit.
const RESOLVING: usize = 512;

/// How often the gate looks at the lateness of the workers.
const GATE_TICK: Duration = Duration::from_millis(12);

/// Reports, or targets, taken at once.
const BATCH: usize = 512;

/// For so long after hearing the workers, their next reports gather. Heard one by one, each would
/// cost a wake-up and a switch between threads; who waits for a place in flight does not notice.
const GATHER: Duration = Duration::from_millis(1);

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
    pub(super) reports: UnboundedReceiver<Report>,
    pub(super) judge: Judge,
    pub(super) rows: Sender<Judged>,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: Stop,
}

/// The dispatcher at work.
pub(super) struct Running {
    pub(super) given: Dispatcher,
    pub(super) resolving: JoinSet<Resolved>,
    later: BinaryHeap<Reverse<Timed>>,
    next_worker: usize,
    /// Bytes of the targets that wait for the beginning of their visit.
    weight: usize,
    input_open: bool,
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

impl Dispatcher {
    /// Runs until every target has its rows on their way, or until it was told to stop and what was
    /// under way has ended.
    pub(super) async fn run(self) -> Finish {
        let mut stop = self.stop.listen();
        let mut running = Running {
            given: self,
            resolving: JoinSet::new(),
            later: BinaryHeap::new(),
            next_worker: 0,
            weight: 0,
            input_open: true,
            stopping: false,
            breaker: Breaker::default(),
            held: HashMap::new(),
            holding: 0,
            away: VecDeque::new(),
            came_round: clock(),
        };
        let mut gate_ticks = tokio::time::interval(GATE_TICK);
        gate_ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reports = Vec::with_capacity(BATCH);
        let mut targets = Vec::with_capacity(BATCH);
        let mut gather_until = clock();
        loop {
            running.turn_away().await;
            let wake = running.admit();
            if running.is_done() {
                return running.finish();
            }
            tokio::select! {
                () = stop.wanted(), if !running.stopping => running.stop().await,
                heard = gathered(gather_until, &mut running.given.reports, &mut reports), if heard_of(&running) => {
                    if heard == 0 {
                        // Every worker has ended before its time; whoever joins them says why.
                        return running.finish();
                    }
                    running.hear(&mut reports).await;
                    gather_until = clock() + GATHER;
                }
                Some(resolved) = running.resolving.join_next() => {
                    // A lookup only ends without a result when it was aborted by a stop.
                    if let Ok(resolved) = resolved { running.resolved(resolved).await }
                }
                taken = running.given.targets.recv_many(&mut targets, BATCH), if running.has_room() => {
                    running.input_open = taken > 0;
                    targets.drain(..).for_each(|target| running.take(target));
                }
                () = until(wake), if wake.is_some() => {}
                _ = gate_ticks.tick() => running.tick(),
            }
        }
    }
}

/// Whether there is anything to hear from the workers.
fn heard_of(running: &Running) -> bool {
    running.given.pacer.in_flight() > 0
}

/// What the workers report, from that moment on.
async fn gathered(
    from: Instant,
    reports: &mut UnboundedReceiver<Report>,
    heard: &mut Vec<Report>,
) -> usize {
    tokio::time::sleep_until(from.into()).await;
    reports.recv_many(heard, BATCH).await
}

async fn until(wake: Option<Instant>) {
    if let Some(wake) = wake {
        tokio::time::sleep_until(wake.into()).await;
    }
}

impl Running {
    fn finish(&self) -> Finish {
        match self.stopping {
            true => Finish::Stopped,
            false => Finish::Whole,
        }
    }

    fn is_done(&self) -> bool {
        !self.input_open
            && self.resolving.is_empty()
            && self.later.is_empty()
            && self.away.is_empty()
            && self.holding == 0
            && self.given.pacer.parked() == 0
            && self.given.pacer.in_flight() == 0
    }

    fn has_room(&self) -> bool {
        self.input_open
            && self.resolving.len() < RESOLVING
            && self.given.pacer.parked() + self.holding + self.later.len() < self.parking()
    }

    fn parking(&self) -> usize {
        if self.given.pacer.starved() && self.weight < PARKED_BYTES {
            PARKED_IN_VAIN
        } else {
            PARKED
        }
    }

    /// Starts everything that may start now; says when to look again.
    fn admit(&mut self) -> Option<Instant> {
        let now = clock();
        self.wake_later(now);
        let wake = loop {
            match self.given.pacer.poll(now) {
                Admission::Go { key, job } => self.hand_over(key, job),
                Admission::Wait(at) => break Some(at),
                Admission::Blocked => break None,
            }
        };
        self.given
            .counters
            .in_flight
            .store(self.given.pacer.in_flight() as u64, Relaxed);
        let later = self.later.peek().map(|Reverse(timed)| timed.at);
        wake.into_iter().chain(later).min()
    }

    fn hand_over(&mut self, address: IpAddr, job: Job) {
        if let Job::Begin(begin) = &job {
            self.unpark(begin);
        }
        self.next_worker = (self.next_worker + 1) % self.given.workers.len();
        // A worker that panicked takes no more jobs; joining it will say so.
        if self.given.workers[self.next_worker].send(job).is_err() {
            self.given.pacer.finished(address, clock());
        }
    }

    fn take(&mut self, target: Arc<Target>) {
        match target.fixed_address() {
            Some(address) => {
                count(&self.given.counters.endpoints);
                let begin = Begin {
                    target,
                    address: address.to_canonical(),
                    dns: None,
                    addresses: None,
                };
                self.park(begin);
            }
            None => self.look_up(target, 1),
        }
    }

    pub(super) fn park(&mut self, begin: Begin) {
        self.weight += begin.target.weight();
        self.route(Job::Begin(Box::new(begin)));
    }

    /// A visit that was parked is not going to be made.
    pub(super) fn unpark(&mut self, begin: &Begin) {
        self.weight -= begin.target.weight();
    }

    /// Judges what is not going to be looked at any further, and hands its row in.
    pub(super) async fn hand_in(&mut self, mut observation: Observation) {
        observation.versions_asked = self.given.all_versions;
        let verdict = self.given.judge.judge(&observation);
        let judged = Judged {
            observation,
            verdict,
        };
        // The outputs are gone only when the sweep is being stopped because of them.
        let _ = self.given.rows.send(judged).await;
    }

    async fn hear(&mut self, reports: &mut Vec<Report>) {
        self.come_round();
        let now = clock();
        for report in reports.drain(..) {
            let address = report.at.ip();
            if !self.stopping {
                self.conclude_of(&report);
            }
            match report.next {
                Next::Again(observation, offer) if !self.stopping => {
                    self.given
                        .pacer
                        .push_held(address, Job::Again(observation, offer));
                }
                Next::Retry(seen) if !self.stopping => {
                    self.given.pacer.finished(address, now);
                    self.retry(seen);
                }
                Next::Elsewhere(observation) if !self.stopping => {
                    self.given.pacer.finished(address, now);
                    self.elsewhere(observation).await;
                }
                Next::Retry(seen) => {
                    self.given.pacer.finished(address, now);
                    self.hand_in(*seen).await;
                }
                // Half a visit would get half a verdict: no row says less and is true.
                Next::Done | Next::Again(..) | Next::Elsewhere(_) => {
                    self.given.pacer.finished(address, now)
                }
            }
        }
    }

    pub(super) fn delay(&mut self, attempt: u32, later: Later) {
        self.at(clock() + retry::delay(attempt), later);
    }

    pub(super) fn at(&mut self, at: Instant, later: Later) {
        self.later.push(Reverse(Timed { at, later }));
    }

    fn wake_later(&mut self, now: Instant) {
        while self
            .later
            .peek()
            .is_some_and(|Reverse(timed)| timed.at <= now)
        {
            match self.later.pop().map(|Reverse(timed)| timed.later) {
                Some(Later::Visit(seen)) => self.route(Job::Retry(seen)),
                Some(Later::Probe(at)) => self.probe(at),
                Some(Later::Lookup(target, attempt)) => self.look_up(target, attempt),
                None => {}
            }
        }
    }

    fn tick(&mut self) {
        self.come_round();
        let late = self.given.counters.lag_us.swap(0, Relaxed);
        let in_flight = self.given.pacer.in_flight();
        self.given
            .gate
            .tick(clock(), Duration::from_micros(late), in_flight);
        self.given.pacer.allow(self.given.gate.allowance());
    }

    /// No new visits: a visit that only waited to be made again gets its row as it is, and what is
    /// under way ends by its own deadlines.
    async fn stop(&mut self) {
        self.stopping = true;
        self.input_open = false;
        self.given.targets.close();
        self.resolving.abort_all();
        for Reverse(timed) in std::mem::take(&mut self.later) {
            if let Later::Visit(seen) = timed.later {
                self.hand_in(*seen).await;
            }
        }
        let held = std::mem::take(&mut self.held).into_values().flatten();
        let held: Vec<Job> = held.collect();
        self.holding = 0;
        for job in self.given.pacer.take_waiting().into_iter().chain(held) {
            if let Some(seen) = job.seen() {
                self.hand_in(seen).await;
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the dispatcher is what waits")]
pub(super) fn clock() -> Instant {
    Instant::now()
}
