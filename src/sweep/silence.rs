//! Visits to addresses that may be dead: held back while the breaker makes sure, and turned away with
//! a row that says that they were not made.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::addresses;
use super::dispatch::{Running, clock};
use super::job::{Job, Next, Report};
use super::later::Later;
use crate::observation::{Failure, Reason, Stage};
use crate::pace::{Dead, Door, Sign, Turn};

/// A visit that is not made, and why.
pub(super) type Away = (Job, Failure);

/// A loop that comes round so late was not run, or could not run: the process was stopped, or the
/// machine had no time for it. It comes round every 12 ms otherwise.
const ABSENT: Duration = Duration::from_secs(1);

impl Running {
    /// Parks a visit where its address may be visited.
    pub(super) fn route(&mut self, job: Job) {
        let Some(at) = job.at() else {
            return;
        };
        if let Some(failure) = addresses::unusable(at.ip()) {
            self.away.push_back((job, failure));
            return;
        }
        match self.breaker.door(at, clock()) {
            Door::Open => self.given.pacer.push(at.ip(), job),
            Door::Held => self.hold(at, job),
            Door::Shut(dead) => self.away.push_back((job, not_asked(dead))),
        }
    }

    fn hold(&mut self, at: SocketAddr, job: Job) {
        self.held.entry(at).or_default().push_back(job);
        self.holding += 1;
    }

    /// Draws the breaker's conclusion from a visit that has ended.
    pub(super) fn conclude_of(&mut self, report: &Report) {
        let at = report.at;
        // The visit goes on: what was silent so far may still answer.
        if matches!(report.next, Next::Again(..)) && report.sign != Sign::Alive {
            return;
        }
        match self.breaker.ended(at, report.sign, report.took, clock()) {
            Turn::None => {}
            Turn::Probe(pause) => {
                self.hold_back(at);
                self.at(clock() + pause, Later::Probe(at));
            }
            Turn::Release => {
                for job in self.take_held(at) {
                    self.given.pacer.push(at.ip(), job);
                }
            }
            Turn::GiveUp(dead) => {
                self.hold_back(at);
                let held = self.take_held(at);
                self.away
                    .extend(held.into_iter().map(|job| (job, not_asked(dead))));
            }
        }
    }

    /// Lets one of the visits go that are held back. Neighbours in the inventory may share a fate,
    /// so it is taken from the middle, the end and the beginning in turn.
    pub(super) fn probe(&mut self, at: SocketAddr) {
        let held = self.held.get_mut(&at);
        let count = held.as_ref().map_or(0, |held| held.len());
        if !self.breaker.may_probe(at, count > 0) {
            return;
        }
        let place = match self.holding % 3 {
            0 => count / 2,
            1 => count - 1,
            _ => 0,
        };
        // A name that was silent before says less than one that was not asked yet.
        let fresh = |place: &usize| {
            let job = held.as_ref().and_then(|held| held.get(*place));
            job.is_some_and(|job| !matches!(job, Job::Retry(_)))
        };
        let place = (place..count).chain(0..place).find(fresh).unwrap_or(place);
        if let Some(job) = held.and_then(|held| held.remove(place)) {
            self.holding -= 1;
            self.given.pacer.push(at.ip(), job);
        }
        if count == 1 {
            self.held.remove(&at);
        }
    }

    /// Takes the visits back that wait for their permit.
    fn hold_back(&mut self, at: SocketAddr) {
        for job in self.given.pacer.take_parked(at.ip()) {
            match job.at() == Some(at) {
                true => self.hold(at, job),
                false => self.given.pacer.push(at.ip(), job),
            }
        }
    }

    fn take_held(&mut self, at: SocketAddr) -> VecDeque<Job> {
        let held = self.held.remove(&at).unwrap_or_default();
        self.holding -= held.len();
        held
    }

    /// Gives the visits that are not made their rows, or their next address.
    pub(super) async fn turn_away(&mut self) {
        while let Some((job, failure)) = self.away.pop_front() {
            let observation = match job {
                Job::Begin(begin) => {
                    self.unpark(&begin);
                    Box::new(begin.unvisited(failure))
                }
                Job::Elsewhere(mut observation) => {
                    observation.failure = Some(failure);
                    observation
                }
                // It was made before: its row says what was seen then.
                Job::Retry(observation) | Job::Again(observation, _) => {
                    self.hand_in(*observation).await;
                    continue;
                }
            };
            match addresses::has_next(&observation) {
                // Half a visit: it gets no row.
                true if self.stopping => {}
                true => self.elsewhere(observation).await,
                false => self.give_up(observation).await,
            }
        }
    }

    /// Notices when this process did not run: what was silent meanwhile may have answered.
    pub(super) fn come_round(&mut self) {
        let now = clock();
        if now.saturating_duration_since(self.came_round) > ABSENT {
            self.breaker.absent(now, self.given.patience + ABSENT);
        }
        self.came_round = now;
    }
}

fn not_asked(dead: Dead) -> Failure {
    let (reason, also) = match dead.all_silent {
        true => (Reason::AllSilent, ", nor did any other address"),
        false => (Reason::AddressDead, ""),
    };
    let detail = format!(
        "not asked: {} visits in a row to this address and port had no answer{also}",
        dead.silent
    );
    Failure::new(Stage::Connect, reason, detail)
}
