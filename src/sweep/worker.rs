//! A worker: one thread, one event loop, one prober, one judge. It takes admitted jobs, makes their
//! exchanges, judges what is complete, and says what each visit needs next.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender};
use tokio::task::LocalSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::addresses;
use super::counters::Counters;
use super::job::{ExchangeReport, Job, Judged, Next, empty};
use super::signs;
use crate::inventory::{Endpoint, Target};
use crate::judge::{Judge, Policy};
use crate::observation::{Failure, Observation, Reason, Stage};
use crate::pace::Sign;
use crate::probe::{Approach, Prober, Timeouts};

/// How often a worker looks how late it is.
const LAG_TICK: Duration = Duration::from_millis(10);

/// What a worker is given.
pub(super) struct Worker {
    pub(super) timeouts: Timeouts,
    pub(super) approach: Approach,
    pub(super) ehlo: Arc<str>,
    pub(super) policy: Arc<Policy>,
    pub(super) attempts: u32,
    pub(super) jobs: UnboundedReceiver<Job>,
    pub(super) reports: UnboundedSender<ExchangeReport>,
    pub(super) rows: Sender<Judged>,
    pub(super) counters: Arc<Counters>,
}

/// What the visits of one worker share.
struct Shared {
    prober: Prober,
    timeouts: Timeouts,
    approach: Approach,
    judge: RefCell<Judge>,
    attempts: u32,
    reports: UnboundedSender<ExchangeReport>,
    rows: Sender<Judged>,
}

impl Worker {
    /// Works until there are no more jobs and the last visit has ended.
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
            reports: self.reports,
            rows: self.rows,
        });
        let ticker = tokio::task::spawn_local(tell_lag(self.counters));
        while let Some(job) = self.jobs.recv().await {
            tokio::task::spawn_local(visit(shared.clone(), job));
        }
        ticker.abort();
    }
}

/// Leaves behind how late the event loop is, so that a busy machine is not taken for slow targets.
async fn tell_lag(counters: Arc<Counters>) {
    let mut ticks = tokio::time::interval(LAG_TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let due = ticks.tick().await;
        let late = Instant::now().saturating_duration_since(due);
        let late = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        counters.lag_us.fetch_max(late, Relaxed);
    }
}

async fn visit(shared: Rc<Shared>, job: Job) {
    let (mut observation, offer) = job.start(&shared.approach);
    let Some(at) = observation.endpoint.socket_address() else {
        return;
    };
    let mut slot = Slot::new(shared.clone(), at, &observation);
    if let Some(offer) = offer.or_else(|| shared.prober.next_offer(&observation)) {
        shared.prober.exchange(&mut observation, offer).await;
    }
    slot.note(&observation);
    let next = shared.next(observation).await;
    slot.give_back(next);
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
        // The outputs are gone only when the sweep is being stopped because of them.
        let _ = self
            .rows
            .send(Judged {
                observation,
                verdict,
            })
            .await;
    }
}

/// A visit's place among those under way. It is given back even when a hostile answer makes the
/// visit panic, and the endpoint then still gets its row.
struct Slot {
    shared: Rc<Shared>,
    at: SocketAddr,
    sign: Sign,
    took: Duration,
    target: Arc<Target>,
    attempt: u32,
    given_back: bool,
}

impl Slot {
    fn new(shared: Rc<Shared>, at: SocketAddr, observation: &Observation) -> Self {
        Self {
            shared,
            at,
            sign: Sign::Unclear,
            took: Duration::ZERO,
            target: observation.endpoint.target.clone(),
            attempt: observation.attempt,
            given_back: false,
        }
    }

    /// Takes note of what the visit shows of its address.
    fn note(&mut self, observation: &Observation) {
        let timing = &observation.timing;
        let (total, dns) = (
            timing.total.unwrap_or_default(),
            timing.dns.unwrap_or_default(),
        );
        self.took = total.saturating_sub(dns);
        self.sign = signs::sign(observation);
    }

    fn give_back(mut self, next: Next) {
        self.given_back = true;
        self.report(next);
    }

    fn report(&self, next: Next) {
        // The dispatcher is gone only when the sweep has ended.
        let _ = self.shared.reports.send(ExchangeReport {
            at: self.at,
            sign: self.sign,
            took: self.took,
            next,
        });
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.given_back {
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
