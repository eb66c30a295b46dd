//! A worker: one thread, one event loop, one prober, one judge. It receives admitted jobs, makes
//! their exchanges, judges complete visits, and reports what each visit needs next.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender};
use tokio::task::LocalSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::addresses;
use super::counters::Counters;
use super::job::{Admitted, ExchangeReport, Judged, Next, Report, empty};
use super::state::clock;
use super::visit_outcome;
use crate::inventory::{Endpoint, Target};
use crate::judge::{Judge, Policy};
use crate::observation::{Failure, Observation, Reason, Stage};
use crate::pace::VisitOutcome;
use crate::probe::{self, Approach, Prober, Timeouts};

/// Interval at which a worker measures the delay of its event loop.
const LAG_TICK: Duration = Duration::from_millis(10);

/// A visit that starts this long after its permit is reported, so that the next permit for the
/// address keeps its distance.
const LATE: Duration = Duration::from_millis(2);

/// Settings and channels of a worker.
pub(super) struct Worker {
    pub(super) timeouts: Timeouts,
    pub(super) approach: Approach,
    pub(super) ehlo: Arc<str>,
    pub(super) policy: Arc<Policy>,
    pub(super) attempts: u32,
    pub(super) jobs: UnboundedReceiver<Admitted>,
    /// Number of jobs that this worker has started.
    pub(super) started: Arc<AtomicU64>,
    /// Dropped when the worker is ready for jobs.
    pub(super) preparing: Sender<()>,
    pub(super) reports: UnboundedSender<Report>,
    pub(super) rows: Sender<Judged>,
    pub(super) counters: Arc<Counters>,
}

/// The parts that the visits of one worker share.
struct Shared {
    prober: Prober,
    timeouts: Timeouts,
    approach: Approach,
    judge: RefCell<Judge>,
    attempts: u32,
    started: Arc<AtomicU64>,
    active: Active,
    reports: UnboundedSender<Report>,
    rows: Sender<Judged>,
}

/// The number of jobs under way. The delay of the event loop is measured only while there are any.
#[derive(Default)]
struct Active {
    count: Cell<usize>,
    began: Notify,
}

impl Worker {
    /// Runs until there are no more jobs and the last visit has ended.
    pub(super) fn run(self, runtime: &Runtime) {
        let local = LocalSet::new();
        local.block_on(runtime, self.serve());
        // Visits still under way end by their own deadlines.
        runtime.block_on(local);
    }

    async fn serve(mut self) {
        let shared = Rc::new(Shared {
            prober: Prober::new(self.timeouts, self.approach).introduced_as(self.ehlo),
            timeouts: self.timeouts,
            approach: self.approach,
            judge: RefCell::new(Judge::new(self.policy)),
            attempts: self.attempts,
            started: self.started,
            active: Active::default(),
            reports: self.reports,
            rows: self.rows,
        });
        drop(self.preparing);
        let ticker = tokio::task::spawn_local(measure_lag(shared.clone(), self.counters));
        while let Some(job) = self.jobs.recv().await {
            tokio::task::spawn_local(visit(shared.clone(), job));
        }
        ticker.abort();
    }
}

/// Records the delay of the event loop, so that a busy machine is not mistaken for slow targets.
async fn measure_lag(shared: Rc<Shared>, counters: Arc<Counters>) {
    let mut ticks = tokio::time::interval(LAG_TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if shared.active.count.get() == 0 {
            probe::rest();
            shared.active.began.notified().await;
            ticks.reset_immediately();
        }
        let due = ticks.tick().await;
        probe::beat();
        let late = Instant::now().saturating_duration_since(due);
        let late = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        counters.lag_us.fetch_max(late, Relaxed);
    }
}

async fn visit(shared: Rc<Shared>, admitted: Admitted) {
    let Admitted { job, at: permitted } = admitted;
    let _active = shared.active.enter(shared.clone());
    let (mut observation, offer) = job.start(&shared.approach);
    shared.started.fetch_add(1, Relaxed);
    let Some(at) = observation.endpoint.socket_address() else {
        return;
    };
    let now = clock();
    if now.saturating_duration_since(permitted) > LATE {
        let late = Report::StartedLate(at.ip(), now);
        // The channel is only closed after the sweep has ended.
        let _ = shared.reports.send(late);
    }
    let mut slot = Slot::new(shared.clone(), at, &observation);
    if let Some(offer) = offer.or_else(|| shared.prober.next_offer(&observation)) {
        shared.prober.exchange(&mut observation, offer).await;
    }
    slot.record(&observation);
    let next = shared.next(observation).await;
    slot.release(next);
}

impl Active {
    fn enter(&self, shared: Rc<Shared>) -> Entered {
        if self.count.replace(self.count.get() + 1) == 0 {
            self.began.notify_one();
        }
        Entered(shared)
    }
}

/// A job under way, until it is dropped.
struct Entered(Rc<Shared>);

impl Drop for Entered {
    fn drop(&mut self) {
        let count = &self.0.active.count;
        count.set(count.get() - 1);
    }
}

impl Shared {
    async fn next(&self, mut observation: Observation) -> Next {
        let dead_end = addresses::is_dead_end(&observation);
        if dead_end && addresses::has_next(&observation) && self.has_time(&observation) {
            return Next::Elsewhere(Box::new(observation));
        }
        if let Some(offer) = self.prober.next_offer(&observation) {
            return Next::Again(Box::new(observation), offer);
        }
        if dead_end {
            addresses::back_to_first(&mut observation);
        }
        if observation.attempt < self.attempts && addresses::may_pass(&observation) {
            return Next::Retry(Box::new(observation));
        }
        self.judge_and_send(observation).await;
        Next::Done
    }

    fn has_time(&self, observation: &Observation) -> bool {
        observation.timing.total.unwrap_or_default() < self.timeouts.total
    }

    async fn judge_and_send(&self, observation: Observation) {
        let verdict = self.judge.borrow_mut().judge(&observation);
        // The channel is only closed if the sweep stops because an output failed.
        let _ = self
            .rows
            .send(Judged {
                observation,
                verdict,
            })
            .await;
    }
}

/// A visit's slot among those under way. It is released even if a hostile response makes the visit
/// panic. The endpoint still gets its row then.
struct Slot {
    shared: Rc<Shared>,
    at: SocketAddr,
    outcome: VisitOutcome,
    took: Duration,
    target: Arc<Target>,
    attempt: u32,
    released: bool,
}

impl Slot {
    fn new(shared: Rc<Shared>, at: SocketAddr, observation: &Observation) -> Self {
        Self {
            shared,
            at,
            outcome: VisitOutcome::Unclear,
            took: Duration::ZERO,
            target: observation.endpoint.target.clone(),
            attempt: observation.attempt,
            released: false,
        }
    }

    /// Records how long the visit took and what it shows about its address.
    fn record(&mut self, observation: &Observation) {
        let timing = &observation.timing;
        let (total, dns) = (
            timing.total.unwrap_or_default(),
            timing.dns.unwrap_or_default(),
        );
        self.took = total.saturating_sub(dns);
        self.outcome = visit_outcome::of(observation);
    }

    fn release(mut self, next: Next) {
        self.released = true;
        self.report(next);
    }

    fn report(&self, next: Next) {
        // The channel is only closed after the sweep has ended.
        let _ = self.shared.reports.send(Report::Exchange(ExchangeReport {
            at: self.at,
            outcome: self.outcome,
            took: self.took,
            next,
        }));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.released {
            return;
        }
        let endpoint = Endpoint {
            target: self.target.clone(),
            address: Some(self.at.ip()),
        };
        let failure = Failure::new(
            Stage::Connect,
            Reason::LocalLimit,
            "this visit failed inside tlsweep",
        );
        let observation = empty(endpoint, None, self.attempt, Some(failure));
        let shared = self.shared.clone();
        tokio::task::spawn_local(async move { shared.judge_and_send(observation).await });
        self.report(Next::Done);
    }
}
