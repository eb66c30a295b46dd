//! The one place that decides what happens next. It receives targets, has names resolved, requests
//! permits from the pacer, passes admitted jobs to the workers, and handles their reports.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::MissedTickBehavior;

use super::counters::count;
use super::job::{Begin, Job, Judged, Next, Report};
use super::later::{Later, Timed};
use super::retry;
use super::state::{Dispatcher, State, WorkerHandle, clock};
use super::stop::Finish;
use crate::inventory::Target;
use crate::observation::Observation;
use crate::pace::Admission;

/// Number of visits that may wait for a permit while others could start immediately, and of names
/// that may wait for their lookup: enough to be fair between addresses, without reading further than
/// needed.
const PARKED: usize = 8_192;

/// Number of visits and names that may wait if all visits are for addresses at their own limits, and
/// most lookups have no answer. Until then reading continues, to find other addresses. Each visit
/// takes about 500 bytes with its target. An address with more names than this delays the targets
/// after it in the inventory.
const PARKED_IN_VAIN: usize = 250_000;

/// Bytes that the waiting targets may take. Inventories with long columns have fewer waiting
/// targets.
const PARKED_BYTES: usize = 128 << 20;

/// Interval at which the gate checks the delay of the workers.
const GATE_TICK: Duration = Duration::from_millis(12);

/// If a worker has not started a job this long after its permit, no further permits are given.
const BEHIND: Duration = Duration::from_millis(25);

/// Interval at which the dispatcher checks if the workers have caught up.
const BEHIND_TICK: Duration = Duration::from_millis(1);

/// Maximum number of reports or targets taken at once.
const BATCH: usize = 512;

/// How long reports may accumulate before the next batch is read. One at a time, each would cost a
/// wake-up and a context switch; freeing a slot 1 ms later makes no difference.
const BATCH_DELAY: Duration = Duration::from_millis(1);

impl Dispatcher {
    /// Runs until the rows of all targets have been handed in. After a stop, it runs until the
    /// visits under way have ended. Returns how it ended.
    pub(super) async fn run(mut self) -> Finish {
        let mut stop = self.stop.listen();
        let mut gate_ticks = tokio::time::interval(GATE_TICK);
        gate_ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reports = Vec::with_capacity(BATCH);
        let mut targets = Vec::with_capacity(BATCH);
        let mut batch_until = clock();
        loop {
            self.handle_skipped().await;
            let wake = self.admit();
            let wake = wake.into_iter().chain(self.start_lookups()).min();
            if self.is_done() {
                return self.finish();
            }
            tokio::select! {
                () = stop.requested(), if !self.state.stopping => self.stop().await,
                received = next_batch(batch_until, &mut self.reports, &mut reports), if expects_reports(&self) => {
                    if received == 0 {
                        // All workers have ended early; the code that joins them reports the
                        // reason.
                        return self.finish();
                    }
                    self.handle(&mut reports).await;
                    batch_until = clock() + BATCH_DELAY;
                }
                Some(resolved) = self.state.resolving.join_next() => {
                    // A lookup only ends without a result if a stop aborted it.
                    if let Ok(resolved) = resolved { self.resolved(resolved).await }
                }
                taken = self.targets.recv_many(&mut targets, BATCH), if self.has_room() => {
                    self.state.input_open = taken > 0;
                    targets.drain(..).for_each(|target| self.take(target));
                }
                () = until(wake), if wake.is_some() => {}
                // Nothing can be late while nothing is in flight.
                _ = gate_ticks.tick(), if expects_reports(&self) => self.tick(),
            }
        }
    }
}

/// Returns true if reports from the workers can be expected.
fn expects_reports(dispatcher: &Dispatcher) -> bool {
    dispatcher.pacer.in_flight() > 0
}

/// Waits until `from`, then receives the next reports of the workers. Returns their number.
async fn next_batch(
    from: Instant,
    reports: &mut UnboundedReceiver<Report>,
    batch: &mut Vec<Report>,
) -> usize {
    tokio::time::sleep_until(from.into()).await;
    reports.recv_many(batch, BATCH).await
}

async fn until(wake: Option<Instant>) {
    if let Some(wake) = wake {
        tokio::time::sleep_until(wake.into()).await;
    }
}

impl Dispatcher {
    fn finish(&self) -> Finish {
        match self.state.stopping {
            true => Finish::Interrupted,
            false => Finish::Complete,
        }
    }

    fn is_done(&self) -> bool {
        !self.state.input_open
            && self.state.resolving.is_empty()
            && self.state.names.waiting() + self.state.names.shelved() == 0
            && self.state.later.is_empty()
            && self.state.skipped.is_empty()
            && self.state.holding == 0
            && self.pacer.parked() == 0
            && self.pacer.in_flight() == 0
    }

    fn has_room(&self) -> bool {
        let State {
            names,
            later,
            holding,
            ..
        } = &self.state;
        let visits = self.pacer.parked() + names.shelved() + holding + later.len();
        let names = names.waiting() + self.state.resolving.len();
        let in_vain = self.pacer.starved();
        let most = |ordinary: bool| match ordinary {
            true => PARKED,
            false => PARKED_IN_VAIN,
        };
        self.state.input_open
            && self.state.weight < PARKED_BYTES
            && visits < most(!in_vain)
            && names < most(!in_vain || !self.lookups_are_stuck())
            && visits + names < PARKED_IN_VAIN
    }

    /// Starts everything that may start now. Returns the time of the next attempt.
    fn admit(&mut self) -> Option<Instant> {
        let now = clock();
        self.wake_later(now);
        if self.pacer.in_flight() == 0 {
            // The loop sleeps while nothing is in flight, which is no absence.
            self.state.last_run = now;
        }
        if self.is_behind(now) {
            return Some(now + BEHIND_TICK);
        }
        let wake = loop {
            match self.pacer.poll(now) {
                Admission::Go { key, job } => self.hand_over(key, job, now),
                Admission::Wait(at) => break Some(at),
                Admission::Blocked => break None,
            }
        };
        self.counters
            .in_flight
            .store(self.pacer.in_flight() as u64, Relaxed);
        let later = self.state.later.peek().map(|Reverse(timed)| timed.at);
        wake.into_iter().chain(later).min()
    }

    /// Returns true if a worker has not started a job that it got a while ago. Further permits would
    /// add up and start at once, faster than the limits allow.
    fn is_behind(&mut self, now: Instant) -> bool {
        let waiting = self
            .workers
            .iter_mut()
            .filter_map(WorkerHandle::oldest_waiting);
        waiting
            .min()
            .is_some_and(|at| now.saturating_duration_since(at) > BEHIND)
    }

    fn hand_over(&mut self, address: IpAddr, job: Job, now: Instant) {
        self.state.names.popped(&job);
        if let Job::Begin(begin) = &job {
            self.unpark(begin);
        }
        self.state.next_worker = (self.state.next_worker + 1) % self.workers.len();
        // A worker that panicked accepts no more jobs; joining it reports the panic.
        if !self.workers[self.state.next_worker].hand_over(job, now) {
            self.pacer.finished(address, now);
        }
    }

    fn take(&mut self, target: Arc<Target>) {
        match target.fixed_address() {
            Some(address) => {
                count(&self.counters.placed);
                count(&self.counters.endpoints);
                let begin = Begin {
                    target,
                    address: address.to_canonical(),
                    dns: None,
                    addresses: None,
                };
                self.park(begin);
            }
            None => self.queue_name(target, 1),
        }
    }

    /// Judges an observation that gets no further exchange, and passes it to the outputs.
    pub(super) async fn hand_in(&mut self, mut observation: Observation) {
        observation.versions_asked = self.all_versions;
        let verdict = self.judge.judge(&observation);
        let judged = Judged {
            observation,
            verdict,
        };
        // The channel is only closed if the sweep stops because an output failed.
        let _ = self.rows.send(judged).await;
    }

    async fn handle(&mut self, reports: &mut Vec<Report>) {
        self.check_process_pause();
        let now = clock();
        for report in reports.drain(..) {
            let report = match report {
                Report::Exchange(report) => report,
                Report::StartedLate(address, at) => {
                    self.pacer.started_late(address, at);
                    continue;
                }
            };
            let address = report.at.ip();
            if !self.state.stopping {
                self.update_breaker(&report);
            }
            match report.next {
                Next::Again(observation, offer) if !self.state.stopping => {
                    self.pacer
                        .push_held(address, Job::Again(observation, offer));
                }
                Next::Retry(seen) if !self.state.stopping => {
                    self.pacer.finished(address, now);
                    self.retry(seen);
                }
                Next::Elsewhere(observation) if !self.state.stopping => {
                    self.pacer.finished(address, now);
                    self.elsewhere(observation).await;
                }
                Next::Retry(seen) => {
                    self.pacer.finished(address, now);
                    self.hand_in(*seen).await;
                }
                // An incomplete visit would produce an incomplete verdict, so it gets no row.
                Next::Done | Next::Again(..) | Next::Elsewhere(_) => {
                    self.pacer.finished(address, now)
                }
            }
        }
    }

    pub(super) fn delay(&mut self, attempt: u32, later: Later) {
        self.at(clock() + retry::delay(attempt), later);
    }

    pub(super) fn at(&mut self, at: Instant, later: Later) {
        self.state.later.push(Reverse(Timed { at, later }));
    }

    fn wake_later(&mut self, now: Instant) {
        while self
            .state
            .later
            .peek()
            .is_some_and(|Reverse(timed)| timed.at <= now)
        {
            match self.state.later.pop().map(|Reverse(timed)| timed.later) {
                Some(Later::Visit(seen)) => self.route(Job::Retry(seen)),
                Some(Later::Trial(at)) => self.make_trial(at),
                Some(Later::Lookup(target, attempt)) => {
                    self.state.weight -= target.weight();
                    self.queue_name(target, attempt);
                }
                None => {}
            }
        }
    }

    fn tick(&mut self) {
        self.check_process_pause();
        let late = self.counters.lag_us.swap(0, Relaxed);
        let in_flight = self.pacer.in_flight();
        self.gate
            .tick(clock(), Duration::from_micros(late), in_flight);
        self.pacer.allow(self.gate.allowance());
    }

    /// Starts no new visits. A visit that waits for a retry gets its row from the previous attempt.
    /// Exchanges under way end by their own timeouts.
    async fn stop(&mut self) {
        self.state.stopping = true;
        self.state.input_open = false;
        self.targets.close();
        self.state.resolving.abort_all();
        self.state.names.clear();
        for Reverse(timed) in std::mem::take(&mut self.state.later) {
            if let Later::Visit(seen) = timed.later {
                self.hand_in(*seen).await;
            }
        }
        let held = std::mem::take(&mut self.state.held).into_values().flatten();
        let held: Vec<Job> = held.collect();
        self.state.holding = 0;
        for job in self.pacer.take_waiting().into_iter().chain(held) {
            if let Some(seen) = job.seen() {
                self.hand_in(seen).await;
            }
        }
    }
}
