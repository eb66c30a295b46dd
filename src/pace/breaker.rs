//! Detects endpoints (address and port) that stay silent, so that further visits would only wait.
//!
//! It counts per address and port, because a firewall may drop a single port. After a run of silent
//! visits, an endpoint is suspended: its visits are held back, and a few probes are made one at a
//! time, each after a longer pause. If a probe is answered, all held visits go ahead. If none is,
//! the endpoint is dead: visits are rejected without being made, except for one from time to time.
//! Silence proves nothing if no other endpoint answers either. In that case more probes are made
//! first, and the reason reported is different.
//!
//! It knows addresses and times, but not visits or sockets.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Number of silent visits in a row before an endpoint is suspended. One connection attempt alone
/// sends three SYNs within the default timeout.
const RUN: u32 = 8;
/// The same, if a connection was accepted before the silence. Such silence may depend on the name:
/// a proxy stays silent for a name whose backend is down.
const RUN_ACCEPTED: u32 = 16;
/// Number of silent probes before a suspended endpoint is dead.
const PROBES: u32 = 3;
/// The same, if several addresses are silent and none has answered: our own network may be down.
const PROBES_ALL_SILENT: u32 = 6;
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
pub enum Sign {
    /// It answered, possibly with a refusal.
    Alive,
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

/// What happens to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// It may be made.
    Open,
    /// It must wait until the endpoint has answered or is dead.
    Held,
    /// It is rejected.
    Shut(Dead),
}

/// What the result of a visit means for the other visits to the same endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing changes.
    None,
    /// Hold them back, and let one go after this pause.
    Probe(Duration),
    /// Release all that were held back.
    Release,
    /// Reject all that were held back.
    GiveUp(Dead),
}

/// The record of silent endpoints.
#[derive(Debug, Default)]
pub struct Breaker {
    newer: HashMap<SocketAddr, Entry>,
    older: HashMap<SocketAddr, Entry>,
    /// Time at which any endpoint last answered.
    life: Option<Instant>,
    /// The two addresses that were silent most recently, with the times.
    silent: [Option<(IpAddr, Instant)>; 2],
    /// Until this time, silence may be our own fault, because this process was suspended.
    absent: Option<Instant>,
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
    /// Number of times it answered after it was suspended. Its patience doubles each time.
    released: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Visited,
    /// `probes` is the number of silent probes, `owed` means that the next visit is a probe, and
    /// `probing` that a probe is in flight. Visits that began before the suspension are not probes.
    Suspended {
        probes: u32,
        owed: bool,
        probing: bool,
    },
    Dead {
        why: Dead,
        declared: Instant,
        next: Instant,
        wait: Duration,
    },
}

impl Breaker {
    /// Returns what happens to a visit that is about to wait for its permit.
    pub fn door(&mut self, at: SocketAddr, now: Instant) -> Door {
        // The common case costs two checks of empty tables.
        if self.newer.is_empty() && self.older.is_empty() {
            return Door::Open;
        }
        let life = self.life;
        let Some(entry) = self.entry(at) else {
            return Door::Open;
        };
        match &mut entry.state {
            State::Visited => Door::Open,
            State::Suspended { owed, probing, .. } if *owed => {
                (*owed, *probing) = (false, true);
                Door::Open
            }
            State::Suspended { .. } => Door::Held,
            // Another endpoint answers again, so the cause was not this one.
            State::Dead { why, declared, .. } if why.all_silent && life > Some(*declared) => {
                entry.state = State::Visited;
                entry.silent = 0;
                Door::Open
            }
            State::Dead { next, wait, .. } if *next <= now => {
                *next = now + *wait;
                *wait = (*wait * 2).min(REVISIT_AT_LAST);
                Door::Open
            }
            State::Dead { why, .. } => Door::Shut(*why),
        }
    }

    /// Records the end of a visit and its duration, and returns what follows for the others.
    pub fn ended(&mut self, at: SocketAddr, sign: Sign, took: Duration, now: Instant) -> Turn {
        match sign {
            Sign::Unclear => self.again(at),
            Sign::Alive => self.alive(at, now),
            Sign::Silent { .. } if self.absent.is_some_and(|until| now < until) => self.again(at),
            Sign::Silent { accepted } => self.silent(at, accepted, took, now),
        }
    }

    /// Records that this process was suspended for a while. Visits in flight may have missed their
    /// answers. They end within this time.
    pub fn absent(&mut self, now: Instant, visits_end_within: Duration) {
        self.absent = Some(now + visits_end_within);
    }

    /// Returns true if one held visit may go, because the pause of a suspended endpoint is over. If
    /// no visit is held, the next visit becomes the probe.
    pub fn may_probe(&mut self, at: SocketAddr, any_held: bool) -> bool {
        match self.entry(at).map(|entry| &mut entry.state) {
            Some(State::Suspended { owed, probing, .. }) => {
                (*owed, *probing) = (!any_held, any_held);
                any_held
            }
            _ => false,
        }
    }

    /// Repeats a probe that showed nothing.
    fn again(&mut self, at: SocketAddr) -> Turn {
        let Some(entry) = self.entry(at) else {
            return Turn::None;
        };
        match &mut entry.state {
            State::Suspended { probing, .. } if *probing => {
                *probing = false;
                Turn::Probe(entry.pause)
            }
            _ => Turn::None,
        }
    }

    fn alive(&mut self, at: SocketAddr, now: Instant) -> Turn {
        self.life = Some(now);
        if self.newer.is_empty() && self.older.is_empty() {
            return Turn::None;
        }
        let Some(entry) = self.entry(at) else {
            return Turn::None;
        };
        let turn = match entry.state {
            State::Visited => Turn::None,
            State::Suspended { .. } | State::Dead { .. } => {
                entry.released += 1;
                Turn::Release
            }
        };
        entry.state = State::Visited;
        entry.silent = 0;
        if entry.released == 0 {
            self.newer.remove(&at);
        }
        turn
    }

    fn silent(&mut self, at: SocketAddr, accepted: bool, took: Duration, now: Instant) -> Turn {
        self.note_silence(at.ip(), now);
        let took = took.clamp(SHORTEST, LONGEST);
        if self.entry(at).is_none() {
            self.remember(at, Entry::new(now));
        }
        let (life, silent) = (self.life, self.silent);
        let Some(entry) = self.entry(at) else {
            return Turn::None;
        };
        if entry.silent == 0 {
            (entry.since, entry.accepted, entry.pause) = (now, false, SHORTEST);
        }
        entry.silent = entry.silent.saturating_add(1);
        entry.accepted |= accepted;
        entry.pause = entry.pause.max(took);
        let patience = entry.patience();
        match &mut entry.state {
            State::Visited if entry.silent < patience => Turn::None,
            State::Visited => {
                entry.state = State::Suspended {
                    probes: 0,
                    owed: false,
                    probing: false,
                };
                Turn::Probe(entry.pause)
            }
            State::Suspended { probing: false, .. } => Turn::None,
            State::Suspended {
                probes, probing, ..
            } => {
                *probing = false;
                *probes += 1;
                let made = *probes;
                let nobody = life.is_none_or(|life| life < entry.since);
                let others = silent.iter().flatten();
                let mut others = others.filter(|(ip, when)| *ip != at.ip() && *when >= entry.since);
                let all_silent = nobody && others.next().is_some();
                let enough = if all_silent {
                    PROBES_ALL_SILENT
                } else {
                    PROBES
                };
                if made < enough {
                    return Turn::Probe(entry.pause * (1 << made));
                }
                let silent = entry.silent;
                let why = Dead { silent, all_silent };
                entry.state = State::Dead {
                    why,
                    declared: now,
                    next: now + REVISIT,
                    wait: REVISIT * 2,
                };
                Turn::GiveUp(why)
            }
            State::Dead { why, .. } => {
                why.silent = entry.silent;
                Turn::None
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
            let suspended = |entry: &Entry| matches!(entry.state, State::Suspended { .. });
            self.newer
                .extend(forgotten.into_iter().filter(|(_, entry)| suspended(entry)));
        }
        self.newer.insert(at, entry);
    }
}

impl Entry {
    fn new(now: Instant) -> Self {
        Self {
            state: State::Visited,
            since: now,
            silent: 0,
            pause: SHORTEST,
            accepted: false,
            released: 0,
        }
    }

    /// Returns the number of silent visits in a row until it is suspended.
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
    const DROPPED: Sign = Sign::Silent { accepted: false };
    const TARPIT: Sign = Sign::Silent { accepted: true };

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

        fn sees(&mut self, at: SocketAddr, sign: Sign) -> Turn {
            self.now += TOOK;
            self.breaker.ended(at, sign, TOOK, self.now)
        }

        /// Returns the turn after this many visits with the same sign.
        fn sees_times(&mut self, at: SocketAddr, sign: Sign, times: u32) -> Turn {
            (0..times).fold(Turn::None, |_, _| self.sees(at, sign))
        }

        fn door(&mut self, at: SocketAddr) -> Door {
            self.breaker.door(at, self.now)
        }

        /// Probes until the endpoint is given up, and returns the number of probes.
        fn give_up(&mut self, at: SocketAddr, sign: Sign) -> (u32, Dead) {
            for probes in 1..100 {
                assert!(self.breaker.may_probe(at, true));
                match self.sees(at, sign) {
                    Turn::Probe(pause) => self.now += pause,
                    Turn::GiveUp(dead) => return (probes, dead),
                    turn => panic!("{turn:?}"),
                }
            }
            panic!("never given up");
        }
    }

    #[test]
    fn a_dead_address_is_suspended_probed_and_given_up() {
        let (one, other) = (at("192.0.2.1:443"), at("192.0.2.9:443"));
        for (sign, run) in [(DROPPED, RUN), (TARPIT, RUN_ACCEPTED)] {
            let mut sim = Simulation::new();
            assert_eq!(sim.sees_times(one, sign, run - 1), Turn::None);
            assert_eq!(sim.door(one), Door::Open);
            assert_eq!(sim.sees(one, sign), Turn::Probe(TOOK));
            assert_eq!(sim.door(one), Door::Held);
            sim.sees(other, Sign::Alive);
            let (probes, dead) = sim.give_up(one, sign);
            assert_eq!((probes, dead.all_silent), (PROBES, false));
            assert_eq!(dead.silent, run + PROBES);
            assert_eq!(sim.door(one), Door::Shut(dead));
            assert_eq!(sim.door(other), Door::Open);
            // Another port of the same address is a different endpoint.
            assert_eq!(sim.door(at("192.0.2.1:8443")), Door::Open);
        }
    }

    #[test]
    fn a_probe_that_is_answered_releases_all_and_patience_grows() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        let mut run = RUN;
        for _ in 0..3 {
            assert_eq!(sim.sees_times(one, DROPPED, run), Turn::Probe(TOOK));
            // Visits that began earlier are not probes.
            assert_eq!(sim.sees_times(one, DROPPED, 100), Turn::None);
            assert_eq!(sim.sees(one, Sign::Unclear), Turn::None);
            assert!(sim.breaker.may_probe(one, true));
            assert_eq!(sim.sees(one, DROPPED), Turn::Probe(TOOK * 2));
            assert_eq!(sim.sees(one, Sign::Alive), Turn::Release);
            assert_eq!(sim.door(one), Door::Open);
            run *= 2;
        }
    }

    #[test]
    fn an_address_that_answers_in_between_is_never_suspended() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        for _ in 0..1000 {
            assert_eq!(sim.sees_times(one, DROPPED, RUN - 1), Turn::None);
            assert_eq!(sim.sees(one, Sign::Alive), Turn::None);
            assert_eq!(sim.sees_times(one, TARPIT, RUN_ACCEPTED - 1), Turn::None);
            assert_eq!(sim.sees(one, Sign::Alive), Turn::None);
        }
        assert!(
            sim.breaker.newer.is_empty(),
            "who answers is not remembered"
        );
        for _ in 0..1000 {
            assert_eq!(sim.sees(one, Sign::Unclear), Turn::None);
        }
        assert_eq!(sim.door(one), Door::Open);
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
            if sim.door(one) == Door::Open {
                visits += 1;
                assert_eq!(sim.breaker.ended(one, DROPPED, TOOK, sim.now), Turn::None);
            }
        }
        // Visits after 30, 90, 210, 450, 930, 1530, ... seconds.
        assert!((8..=10).contains(&visits), "{visits} in an hour");
        assert!(matches!(sim.door(one), Door::Shut(now) if now.silent > dead.silent));
        assert_eq!(sim.sees(one, Sign::Alive), Turn::Release);
        assert_eq!(sim.door(one), Door::Open);
    }

    #[test]
    fn where_nothing_answers_more_probes_are_made_for_another_reason() {
        let (one, other) = (at("192.0.2.1:443"), at("192.0.2.2:443"));
        let mut sim = Simulation::new();
        for _ in 0..RUN - 1 {
            assert_eq!(sim.sees(one, DROPPED), Turn::None);
            assert_eq!(sim.sees(other, DROPPED), Turn::None);
        }
        assert_eq!(sim.sees(one, DROPPED), Turn::Probe(TOOK));
        assert_eq!(sim.sees(other, DROPPED), Turn::Probe(TOOK));
        let (probes, dead) = sim.give_up(one, DROPPED);
        assert_eq!((probes, dead.all_silent), (PROBES_ALL_SILENT, true));
        assert!(matches!(sim.door(one), Door::Shut(_)));
        // The network is back, so the conclusion about it no longer applies.
        sim.sees(at("192.0.2.3:443"), Sign::Alive);
        assert_eq!(sim.door(one), Door::Open);
    }

    #[test]
    fn the_only_address_of_a_sweep_can_be_dead() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        sim.sees_times(one, DROPPED, RUN);
        let (probes, dead) = sim.give_up(one, DROPPED);
        assert_eq!((probes, dead.all_silent), (PROBES, false));
    }

    #[test]
    fn silence_while_this_process_was_suspended_does_not_count() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        sim.sees_times(one, DROPPED, RUN - 1);
        sim.breaker.absent(sim.now, TOOK * 3);
        assert_eq!(sim.sees_times(one, DROPPED, 2), Turn::None);
        assert_eq!(sim.door(one), Door::Open);
        assert_eq!(sim.sees(one, DROPPED), Turn::Probe(TOOK));
        // A probe that shows nothing is repeated.
        sim.breaker.absent(sim.now, TOOK * 2);
        for (sign, turn) in [
            (DROPPED, Turn::Probe(TOOK)),
            (Sign::Unclear, Turn::Probe(TOOK)),
            (DROPPED, Turn::Probe(TOOK * 2)),
        ] {
            assert!(sim.breaker.may_probe(one, true));
            assert_eq!(sim.sees(one, sign), turn);
        }
    }

    #[test]
    fn a_probe_waits_for_a_visit_that_could_make_it() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        sim.sees_times(one, DROPPED, RUN);
        assert!(!sim.breaker.may_probe(one, false));
        assert_eq!(sim.door(one), Door::Open);
        assert_eq!(sim.door(one), Door::Held);
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
