//! Detects endpoints (address and port) that stay silent, so that further visits would only wait.
//!
//! It is a circuit breaker for each address and port, because a firewall may drop a single port.
//! After a run of silent visits, the breaker of an endpoint is half-open: visits are held back, and
//! a few trials are made one at a time, each after a longer pause. If a trial is answered, the
//! breaker closes and all held visits go ahead. If none is, the breaker opens, because the endpoint
//! is dead: visits are rejected without being made, except for one from time to time. Silence proves
//! nothing if no other endpoint answers either. In that case more trials are made first, and the
//! reason reported is different.
//!
//! It knows addresses and times, but not visits or sockets.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Number of silent visits in a row before a breaker is half-open. One connection attempt alone
/// sends three SYNs within the default timeout.
const RUN: u32 = 8;
/// The same, if a connection was accepted before the silence. Such silence may depend on the name:
/// a proxy stays silent for a name whose backend is down.
const RUN_ACCEPTED: u32 = 16;
/// Number of silent trials before a half-open breaker opens.
const TRIALS: u32 = 3;
/// The same, if several addresses are silent and none has answered: our own network may be down.
const TRIALS_ALL_SILENT: u32 = 6;
/// Minimum and maximum of the duration of a silent visit. Pauses are multiples of that duration.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// Initial and maximum interval between visits to a dead endpoint.
const REVISIT: Duration = Duration::from_secs(30);
const REVISIT_AT_LAST: Duration = Duration::from_secs(600);
/// Number of endpoints remembered in each of two generations, the newer and the older. Endpoints
/// that answer are not remembered.
const REMEMBERED: usize = 32_768;

/// What a visit showed about the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitOutcome {
    /// It answered, possibly with a refusal.
    Answered,
    /// Not a byte arrived within the deadlines.
    Silent {
        /// True if the TCP handshake succeeded.
        accepted: bool,
    },
    /// Nothing about the endpoint: a limit of our own, or no route.
    Unclear,
}

/// Why visits are rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead {
    /// Number of visits in a row without an answer.
    pub silent: u32,
    /// True if several addresses were silent in that time, and none answered.
    pub all_silent: bool,
}

/// What the breaker decides about a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be made.
    Allow,
    /// It must wait until the endpoint has answered or is dead.
    Hold,
    /// It is rejected.
    Reject(Dead),
}

/// What to do with the other visits to the same endpoint after the outcome of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing changes.
    None,
    /// Hold them back, and let one go after this pause.
    Trial(Duration),
    /// Release all that were held back.
    Release,
    /// Reject all that were held back.
    Reject(Dead),
}

/// The record of silent endpoints.
#[derive(Debug, Default)]
pub struct Breaker {
    newer: HashMap<SocketAddr, Entry>,
    older: HashMap<SocketAddr, Entry>,
    /// Time at which any endpoint last answered.
    last_answer: Option<Instant>,
    /// The two addresses that were silent most recently, with the times.
    silent: [Option<(IpAddr, Instant)>; 2],
    /// Until this time, silence may be our own fault, because this process was suspended.
    paused_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    state: State,
    /// Time at which the run of silence began.
    since: Instant,
    /// Number of silent visits in this run.
    silent: u32,
    /// Duration of the longest of them.
    pause: Duration,
    /// True if the connection was accepted in one of them.
    accepted: bool,
    /// Number of times it answered after its breaker was half-open or open. Its patience doubles
    /// each time.
    released: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Visits are made.
    Closed,
    /// Visits are held back. `trials` is the number of silent trials, `next_is_trial` means that the
    /// next visit is a trial, and `trying` that a trial is in flight. Visits that began before this
    /// state are not trials.
    HalfOpen {
        trials: u32,
        next_is_trial: bool,
        trying: bool,
    },
    /// Visits are rejected until `next`, when one is made.
    Open {
        why: Dead,
        declared: Instant,
        next: Instant,
        wait: Duration,
    },
}

impl Breaker {
    /// Decides about a visit that is about to wait for its permit.
    pub fn decide(&mut self, at: SocketAddr, now: Instant) -> Decision {
        // The common case costs two checks of empty tables.
        if self.newer.is_empty() && self.older.is_empty() {
            return Decision::Allow;
        }
        let last_answer = self.last_answer;
        let Some(entry) = self.entry(at) else {
            return Decision::Allow;
        };
        match &mut entry.state {
            State::Closed => Decision::Allow,
            State::HalfOpen {
                next_is_trial,
                trying,
                ..
            } if *next_is_trial => {
                (*next_is_trial, *trying) = (false, true);
                Decision::Allow
            }
            State::HalfOpen { .. } => Decision::Hold,
            // Another endpoint answers again, so the cause was not this one.
            State::Open { why, declared, .. }
                if why.all_silent && last_answer > Some(*declared) =>
            {
                entry.state = State::Closed;
                entry.silent = 0;
                Decision::Allow
            }
            State::Open { next, wait, .. } if *next <= now => {
                *next = now + *wait;
                *wait = (*wait * 2).min(REVISIT_AT_LAST);
                Decision::Allow
            }
            State::Open { why, .. } => Decision::Reject(*why),
        }
    }

    /// Records the end of a visit and its duration, and returns what to do with the others.
    pub fn ended(
        &mut self,
        at: SocketAddr,
        outcome: VisitOutcome,
        took: Duration,
        now: Instant,
    ) -> Action {
        match outcome {
            VisitOutcome::Unclear => self.repeat_trial(at),
            VisitOutcome::Answered => self.answered(at, now),
            VisitOutcome::Silent { .. } if self.paused_until.is_some_and(|until| now < until) => {
                self.repeat_trial(at)
            }
            VisitOutcome::Silent { accepted } => self.silent(at, accepted, took, now),
        }
    }

    /// Records that this process was suspended for a while. Visits in flight may have missed their
    /// answers. They end within this time.
    pub fn process_paused(&mut self, now: Instant, visits_end_within: Duration) {
        self.paused_until = Some(now + visits_end_within);
    }

    /// Returns true if one held visit may go, because the pause of a half-open breaker is over. If
    /// no visit is held, the next visit becomes the trial.
    pub fn may_try(&mut self, at: SocketAddr, any_held: bool) -> bool {
        match self.entry(at).map(|entry| &mut entry.state) {
            Some(State::HalfOpen {
                next_is_trial,
                trying,
                ..
            }) => {
                (*next_is_trial, *trying) = (!any_held, any_held);
                any_held
            }
            _ => false,
        }
    }

    /// Repeats a trial that showed nothing.
    fn repeat_trial(&mut self, at: SocketAddr) -> Action {
        let Some(entry) = self.entry(at) else {
            return Action::None;
        };
        match &mut entry.state {
            State::HalfOpen { trying, .. } if *trying => {
                *trying = false;
                Action::Trial(entry.pause)
            }
            _ => Action::None,
        }
    }

    fn answered(&mut self, at: SocketAddr, now: Instant) -> Action {
        self.last_answer = Some(now);
        if self.newer.is_empty() && self.older.is_empty() {
            return Action::None;
        }
        let Some(entry) = self.entry(at) else {
            return Action::None;
        };
        let action = match entry.state {
            State::Closed => Action::None,
            State::HalfOpen { .. } | State::Open { .. } => {
                entry.released += 1;
                Action::Release
            }
        };
        entry.state = State::Closed;
        entry.silent = 0;
        if entry.released == 0 {
            self.newer.remove(&at);
        }
        action
    }

    fn silent(&mut self, at: SocketAddr, accepted: bool, took: Duration, now: Instant) -> Action {
        self.note_silence(at.ip(), now);
        let took = took.clamp(SHORTEST, LONGEST);
        if self.entry(at).is_none() {
            self.remember(at, Entry::new(now));
        }
        let (last_answer, silent) = (self.last_answer, self.silent);
        let Some(entry) = self.entry(at) else {
            return Action::None;
        };
        if entry.silent == 0 {
            (entry.since, entry.accepted, entry.pause) = (now, false, SHORTEST);
        }
        entry.silent = entry.silent.saturating_add(1);
        entry.accepted |= accepted;
        entry.pause = entry.pause.max(took);
        let patience = entry.patience();
        match &mut entry.state {
            State::Closed if entry.silent < patience => Action::None,
            State::Closed => {
                entry.state = State::HalfOpen {
                    trials: 0,
                    next_is_trial: false,
                    trying: false,
                };
                Action::Trial(entry.pause)
            }
            State::HalfOpen { trying: false, .. } => Action::None,
            State::HalfOpen { trials, trying, .. } => {
                *trying = false;
                *trials += 1;
                let made = *trials;
                let nobody = last_answer.is_none_or(|last_answer| last_answer < entry.since);
                let others = silent.iter().flatten();
                let mut others = others.filter(|(ip, when)| *ip != at.ip() && *when >= entry.since);
                let all_silent = nobody && others.next().is_some();
                let enough = if all_silent {
                    TRIALS_ALL_SILENT
                } else {
                    TRIALS
                };
                if made < enough {
                    return Action::Trial(entry.pause * (1 << made));
                }
                let silent = entry.silent;
                let why = Dead { silent, all_silent };
                entry.state = State::Open {
                    why,
                    declared: now,
                    next: now + REVISIT,
                    wait: REVISIT * 2,
                };
                Action::Reject(why)
            }
            State::Open { why, .. } => {
                why.silent = entry.silent;
                Action::None
            }
        }
    }

    fn note_silence(&mut self, ip: IpAddr, now: Instant) {
        match &mut self.silent {
            [Some((last, when)), _] if *last == ip => *when = now,
            [last, before] => {
                *before = last.take();
                *last = Some((ip, now));
            }
        }
    }

    /// Returns the entry of an endpoint, and moves it to the newer generation.
    fn entry(&mut self, at: SocketAddr) -> Option<&mut Entry> {
        if !self.newer.contains_key(&at) {
            let entry = self.older.remove(&at)?;
            self.remember(at, entry);
        }
        self.newer.get_mut(&at)
    }

    fn remember(&mut self, at: SocketAddr, entry: Entry) {
        if self.newer.len() >= REMEMBERED {
            // Endpoints with held visits are never forgotten. Their number is limited by the parked
            // visits.
            let forgotten = std::mem::take(&mut self.older);
            self.older = std::mem::take(&mut self.newer);
            let half_open = |entry: &Entry| matches!(entry.state, State::HalfOpen { .. });
            self.newer
                .extend(forgotten.into_iter().filter(|(_, entry)| half_open(entry)));
        }
        self.newer.insert(at, entry);
    }
}

impl Entry {
    fn new(now: Instant) -> Self {
        Self {
            state: State::Closed,
            since: now,
            silent: 0,
            pause: SHORTEST,
            accepted: false,
            released: 0,
        }
    }

    /// Returns the number of silent visits in a row until its breaker is half-open.
    fn patience(&self) -> u32 {
        let run = if self.accepted { RUN_ACCEPTED } else { RUN };
        run << self.released.min(8)
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "simulated time needs one real moment to start from"
)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_secs(5);
    const DROPPED: VisitOutcome = VisitOutcome::Silent { accepted: false };
    const TARPIT: VisitOutcome = VisitOutcome::Silent { accepted: true };

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// A breaker with a simulated clock. Each visit advances it.
    struct Simulation {
        breaker: Breaker,
        now: Instant,
    }

    impl Simulation {
        fn new() -> Self {
            Self {
                breaker: Breaker::default(),
                now: Instant::now(),
            }
        }

        fn sees(&mut self, at: SocketAddr, outcome: VisitOutcome) -> Action {
            self.now += TOOK;
            self.breaker.ended(at, outcome, TOOK, self.now)
        }

        /// Returns the action after this many visits with the same outcome.
        fn sees_times(&mut self, at: SocketAddr, outcome: VisitOutcome, times: u32) -> Action {
            (0..times).fold(Action::None, |_, _| self.sees(at, outcome))
        }

        fn decide(&mut self, at: SocketAddr) -> Decision {
            self.breaker.decide(at, self.now)
        }

        /// Makes trials until the endpoint is given up, and returns the number of trials.
        fn give_up(&mut self, at: SocketAddr, outcome: VisitOutcome) -> (u32, Dead) {
            for trials in 1..100 {
                assert!(self.breaker.may_try(at, true));
                match self.sees(at, outcome) {
                    Action::Trial(pause) => self.now += pause,
                    Action::Reject(dead) => return (trials, dead),
                    action => panic!("{action:?}"),
                }
            }
            panic!("never given up");
        }
    }

    #[test]
    fn a_dead_address_is_suspended_tried_and_given_up() {
        let (one, other) = (at("192.0.2.1:443"), at("192.0.2.9:443"));
        for (outcome, run) in [(DROPPED, RUN), (TARPIT, RUN_ACCEPTED)] {
            let mut sim = Simulation::new();
            assert_eq!(sim.sees_times(one, outcome, run - 1), Action::None);
            assert_eq!(sim.decide(one), Decision::Allow);
            assert_eq!(sim.sees(one, outcome), Action::Trial(TOOK));
            assert_eq!(sim.decide(one), Decision::Hold);
            sim.sees(other, VisitOutcome::Answered);
            let (trials, dead) = sim.give_up(one, outcome);
            assert_eq!((trials, dead.all_silent), (TRIALS, false));
            assert_eq!(dead.silent, run + TRIALS);
            assert_eq!(sim.decide(one), Decision::Reject(dead));
            assert_eq!(sim.decide(other), Decision::Allow);
            // Another port of the same address is a different endpoint.
            assert_eq!(sim.decide(at("192.0.2.1:8443")), Decision::Allow);
        }
    }

    #[test]
    fn a_trial_that_is_answered_releases_all_and_patience_grows() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        let mut run = RUN;
        for _ in 0..3 {
            assert_eq!(sim.sees_times(one, DROPPED, run), Action::Trial(TOOK));
            // Visits that began earlier are not trials.
            assert_eq!(sim.sees_times(one, DROPPED, 100), Action::None);
            assert_eq!(sim.sees(one, VisitOutcome::Unclear), Action::None);
            assert!(sim.breaker.may_try(one, true));
            assert_eq!(sim.sees(one, DROPPED), Action::Trial(TOOK * 2));
            assert_eq!(sim.sees(one, VisitOutcome::Answered), Action::Release);
            assert_eq!(sim.decide(one), Decision::Allow);
            run *= 2;
        }
    }

    #[test]
    fn an_address_that_answers_in_between_is_never_suspended() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        for _ in 0..1000 {
            assert_eq!(sim.sees_times(one, DROPPED, RUN - 1), Action::None);
            assert_eq!(sim.sees(one, VisitOutcome::Answered), Action::None);
            assert_eq!(sim.sees_times(one, TARPIT, RUN_ACCEPTED - 1), Action::None);
            assert_eq!(sim.sees(one, VisitOutcome::Answered), Action::None);
        }
        assert!(
            sim.breaker.newer.is_empty(),
            "who answers is not remembered"
        );
        for _ in 0..1000 {
            assert_eq!(sim.sees(one, VisitOutcome::Unclear), Action::None);
        }
        assert_eq!(sim.decide(one), Decision::Allow);
    }

    #[test]
    fn a_dead_address_is_visited_again_seldom_and_revives() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        sim.sees_times(one, DROPPED, RUN);
        let (_, dead) = sim.give_up(one, DROPPED);
        let mut visits = 0;
        for _ in 0..3600 {
            sim.now += Duration::from_secs(1);
            if sim.decide(one) == Decision::Allow {
                visits += 1;
                assert_eq!(sim.breaker.ended(one, DROPPED, TOOK, sim.now), Action::None);
            }
        }
        // Visits after 30, 90, 210, 450, 930, 1530, ... seconds.
        assert!((8..=10).contains(&visits), "{visits} in an hour");
        assert!(matches!(sim.decide(one), Decision::Reject(now) if now.silent > dead.silent));
        assert_eq!(sim.sees(one, VisitOutcome::Answered), Action::Release);
        assert_eq!(sim.decide(one), Decision::Allow);
    }

    #[test]
    fn where_nothing_answers_more_trials_are_made_for_another_reason() {
        let (one, other) = (at("192.0.2.1:443"), at("192.0.2.2:443"));
        let mut sim = Simulation::new();
        for _ in 0..RUN - 1 {
            assert_eq!(sim.sees(one, DROPPED), Action::None);
            assert_eq!(sim.sees(other, DROPPED), Action::None);
        }
        assert_eq!(sim.sees(one, DROPPED), Action::Trial(TOOK));
        assert_eq!(sim.sees(other, DROPPED), Action::Trial(TOOK));
        let (trials, dead) = sim.give_up(one, DROPPED);
        assert_eq!((trials, dead.all_silent), (TRIALS_ALL_SILENT, true));
        assert!(matches!(sim.decide(one), Decision::Reject(_)));
        // The network is back, so the conclusion about it no longer applies.
        sim.sees(at("192.0.2.3:443"), VisitOutcome::Answered);
        assert_eq!(sim.decide(one), Decision::Allow);
    }

    #[test]
    fn the_only_address_of_a_sweep_can_be_dead() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        sim.sees_times(one, DROPPED, RUN);
        let (trials, dead) = sim.give_up(one, DROPPED);
        assert_eq!((trials, dead.all_silent), (TRIALS, false));
    }

    #[test]
    fn silence_while_this_process_was_suspended_does_not_count() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        sim.sees_times(one, DROPPED, RUN - 1);
        sim.breaker.process_paused(sim.now, TOOK * 3);
        assert_eq!(sim.sees_times(one, DROPPED, 2), Action::None);
        assert_eq!(sim.decide(one), Decision::Allow);
        assert_eq!(sim.sees(one, DROPPED), Action::Trial(TOOK));
        // A trial that shows nothing is repeated.
        sim.breaker.process_paused(sim.now, TOOK * 2);
        for (outcome, action) in [
            (DROPPED, Action::Trial(TOOK)),
            (VisitOutcome::Unclear, Action::Trial(TOOK)),
            (DROPPED, Action::Trial(TOOK * 2)),
        ] {
            assert!(sim.breaker.may_try(one, true));
            assert_eq!(sim.sees(one, outcome), action);
        }
    }

    #[test]
    fn a_trial_waits_for_a_visit_that_could_make_it() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        sim.sees_times(one, DROPPED, RUN);
        assert!(!sim.breaker.may_try(one, false));
        assert_eq!(sim.decide(one), Decision::Allow);
        assert_eq!(sim.decide(one), Decision::Hold);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut sim = Simulation::new();
        for n in 0..200_000_u32 {
            let at = SocketAddr::from((n.to_be_bytes(), 443));
            sim.breaker.ended(at, DROPPED, TOOK, sim.now);
        }
        let remembered = sim.breaker.newer.len() + sim.breaker.older.len();
        assert!(remembered <= 2 * REMEMBERED + 1, "{remembered}");
    }
}
