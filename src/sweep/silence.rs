//! Visits to addresses that may be dead. They are held back while the breaker checks the address.
//! If it stays silent, they are skipped, and their rows say so.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::addresses;
use super::job::{ExchangeReport, Job, Next};
use super::later::Later;
use super::state::{Dispatcher, clock};
use crate::observation::{Failure, Reason, Stage};
use crate::pace::{Action, Dead, Decision, VisitOutcome};

/// If the loop runs this late, the process was stopped or the machine was overloaded. Otherwise
/// the loop runs every 12 ms.
const PAUSED: Duration = Duration::from_secs(1);

impl Dispatcher {
    /// Queues a visit for its permit, holds it back, or skips it, depending on its address.
    pub(super) fn route(&mut self, job: Job) {
        let Some(at) = job.at() else {
            return;
        };
        if let Some(failure) = addresses::unusable(at.ip()) {
            self.state.skipped.push_back((job, failure));
            return;
        }
        match self.state.breaker.decide(at, clock()) {
            Decision::Allow => self.push(at, job),
            Decision::Hold => self.hold(at, job),
            Decision::Reject(dead) => self.state.skipped.push_back((job, not_visited(dead))),
        }
    }

    fn push(&mut self, at: SocketAddr, job: Job) {
        self.state.names.pushed(&job);
        self.pacer.push(at.ip(), job);
    }

    fn hold(&mut self, at: SocketAddr, job: Job) {
        self.state.held.entry(at).or_default().push_back(job);
        self.state.holding += 1;
    }

    /// Reports an exchange to the breaker and carries out what the breaker decides.
    pub(super) fn update_breaker(&mut self, report: &ExchangeReport) {
        let at = report.at;
        // The visit continues, and the endpoint may still answer.
        if matches!(report.next, Next::Again(..)) && report.outcome != VisitOutcome::Answered {
            return;
        }
        match self
            .state
            .breaker
            .ended(at, report.outcome, report.took, clock())
        {
            Action::None => {}
            Action::Trial(pause) => {
                self.hold_back(at);
                self.at(clock() + pause, Later::Trial(at));
            }
            Action::Release => {
                for job in self.take_held(at) {
                    self.push(at, job);
                }
            }
            Action::Reject(dead) => {
                self.hold_back(at);
                let held = self.take_held(at);
                self.state
                    .skipped
                    .extend(held.into_iter().map(|job| (job, not_visited(dead))));
            }
        }
    }

    /// Releases one of the held visits as a trial. Neighbours in the inventory may fail together,
    /// so the trial is taken from the middle, the end and the beginning in turn.
    pub(super) fn make_trial(&mut self, at: SocketAddr) {
        let held = self.state.held.get_mut(&at);
        let count = held.as_ref().map_or(0, |held| held.len());
        if !self.state.breaker.may_try(at, count > 0) {
            return;
        }
        let place = match self.state.holding % 3 {
            0 => count / 2,
            1 => count - 1,
            _ => 0,
        };
        // A name that has not been visited yet is a better trial than one that timed out before.
        let fresh = |place: &usize| {
            let job = held.as_ref().and_then(|held| held.get(*place));
            job.is_some_and(|job| !matches!(job, Job::Retry(_)))
        };
        let place = (place..count).chain(0..place).find(fresh).unwrap_or(place);
        if let Some(job) = held.and_then(|held| held.remove(place)) {
            self.state.holding -= 1;
            self.push(at, job);
        }
        if count == 1 {
            self.state.held.remove(&at);
        }
    }

    /// Holds back the visits to this address and port that wait for a permit.
    fn hold_back(&mut self, at: SocketAddr) {
        for job in self.pacer.take_parked(at.ip()) {
            self.state.names.popped(&job);
            match job.at() == Some(at) {
                true => self.hold(at, job),
                false => self.push(at, job),
            }
        }
    }

    fn take_held(&mut self, at: SocketAddr) -> VecDeque<Job> {
        let held = self.state.held.remove(&at).unwrap_or_default();
        self.state.holding -= held.len();
        held
    }

    /// Continues each skipped visit at its next address, or writes its row if there is none.
    pub(super) async fn handle_skipped(&mut self) {
        while let Some((job, failure)) = self.state.skipped.pop_front() {
            let observation = match job {
                Job::Begin(begin) => {
                    self.unpark(&begin);
                    Box::new(begin.unvisited(failure))
                }
                Job::Elsewhere(mut observation) => {
                    observation.failure = Some(failure);
                    observation
                }
                // An earlier attempt was made: the row reports that attempt.
                Job::Retry(observation) | Job::Again(observation, _) => {
                    self.hand_in(*observation).await;
                    continue;
                }
            };
            match addresses::has_next(&observation) {
                // An incomplete visit gets no row.
                true if self.state.stopping => {}
                true => self.elsewhere(observation).await,
                false => self.give_up(observation).await,
            }
        }
    }

    /// Detects that this process did not run for a while. Timeouts of that period are not evidence
    /// of silence, because the peers may have answered.
    pub(super) fn check_process_pause(&mut self) {
        let now = clock();
        if now.saturating_duration_since(self.state.last_run) > PAUSED {
            self.state
                .breaker
                .process_paused(now, self.patience + PAUSED);
        }
        self.state.last_run = now;
    }
}

fn not_visited(dead: Dead) -> Failure {
    let (reason, also) = match dead.all_silent {
        true => (Reason::AllSilent, ", nor did any other address"),
        false => (Reason::AddressDead, ""),
    };
    let detail = format!(
        "not visited: {} visits in a row to this address and port had no answer{also}",
        dead.silent
    );
    Failure::new(Stage::Connect, reason, detail)
}
