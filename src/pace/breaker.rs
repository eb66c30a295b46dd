//! Which address and port has stayed silent so often that further visits would only wait.
//!
//! Per address and port, because a firewall may drop one port alone. After a run of silent visits
//! an address is suspended: its visits are held back, and a few are made one by one, each after a
//! longer pause. If one is answered, all the others go ahead. If none is, the address is dead:
//! visits are turned away without being made, but for one now and then. Silence proves nothing
//! where nobody else answers either, so then more is tried first, and the reason is another.
//!
//! It knows addresses and moments, neither visits nor sockets.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Silent visits in a row before an address is suspended. One connection attempt alone sends three
/// SYNs within the default deadline.
const RUN: u32 = 8;
/// The same where the connection is accepted and the silence follows: it may be about a name, as a
/// proxy keeps silent for a name whose backend is down.
const RUN_ACCEPTED: u32 = 16;
/// Silent visits in suspension before an address is dead.
const PROBES: u32 = 3;
/// The same where several addresses are silent and none has answered: our own network may be down.
const PROBES_ALL_SILENT: u32 = 6;
/// Pauses are multiples of what a silent visit took, within these bounds.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// How seldom a dead address is visited again: at first, and at last.
const REVISIT: Duration = Duration::from_secs(30);
const REVISIT_AT_LAST: Duration = Duration::from_secs(600);
/// Addresses remembered, twice: the newer and the older half. Those that answer are not.
const REMEMBERED: usize = 32_768;

/// What a visit showed of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It answered, be it by a refusal.
    Alive,
    /// Not a byte came within the deadlines; whether the connection was accepted.
    Silent {
        /// The TCP handshake succeeded.
        accepted: bool,
    },
    /// Nothing about the address: a limit of our own, or no route.
    Unclear,
}

/// Why visits are turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead {
    /// Visits in a row that stayed without an answer.
    pub silent: u32,
    /// Whether several addresses were silent meanwhile, and none answered.
    pub all_silent: bool,
}

/// What becomes of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// It may be made.
    Open,
    /// It is to wait until the address has answered or is dead.
    Held,
    /// It is not made.
    Shut(Dead),
}

/// What follows from a visit's sign for the others to the same address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    None,
    /// Hold them back; let one go after this pause.
    Probe(Duration),
    /// Let all go that were held back.
    Release,
    /// Turn away all that were held back.
    GiveUp(Dead),
}

/// The book of silent addresses.
#[derive(Debug, Default)]
pub struct Breaker {
    newer: HashMap<SocketAddr, Entry>,
    older: HashMap<SocketAddr, Entry>,
    /// When anybody last answered.
    life: Option<Instant>,
    /// The two addresses that were silent last, and when.
    silent: [Option<(IpAddr, Instant)>; 2],
    /// Silence until then is our own: this process did not run.
    absent: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    state: State,
    /// When the run of silence began.
    since: Instant,
    /// Silent visits in this run.
    silent: u32,
    /// What the longest of them took.
    pause: Duration,
    /// Whether one of them was accepted.
    accepted: bool,
    /// How often it answered after it was suspended: its patience doubles each time.
    released: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Visited,
    /// So many probes stayed silent; whether the next visit that comes is one, and whether one is
    /// under way. Visits from before that end meanwhile are none.
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
    /// Asks for a visit that is about to wait for its permit.
    pub fn door(&mut self, at: SocketAddr, now: Instant) -> Door {
        // The common case costs one look into an empty table.
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
            // Somebody answers again: it was not the address.
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

    /// Takes note of a visit that has ended and took so long.
    pub fn ended(&mut self, at: SocketAddr, sign: Sign, took: Duration, now: Instant) -> Turn {
        match sign {
            Sign::Unclear => self.again(at),
            Sign::Alive => self.alive(at, now),
            Sign::Silent { .. } if self.absent.is_some_and(|until| now < until) => self.again(at),
            Sign::Silent { accepted } => self.silent(at, accepted, took, now),
        }
    }

    /// Takes note that this process did not run for a while: visits that are under way may miss
    /// answers that came, and end within this time.
    pub fn absent(&mut self, now: Instant, visits_end_within: Duration) {
        self.absent = Some(now + visits_end_within);
    }

    /// Whether the pause of a suspended address is over, so that one visit may go. Where none is
    /// there, the next that comes may.
    pub fn may_probe(&mut self, at: SocketAddr, any_held: bool) -> bool {
        match self.entry(at).map(|entry| &mut entry.state) {
            Some(State::Suspended { owed, probing, .. }) => {
                (*owed, *probing) = (!any_held, any_held);
                any_held
            }
            _ => false,
        }
    }

    /// A probe that told nothing is made again.
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

    /// What is known of it, among the newer half from now on.
    fn entry(&mut self, at: SocketAddr) -> Option<&mut Entry> {
        if !self.newer.contains_key(&at) {
            let entry = self.older.remove(&at)?;
            self.remember(at, entry);
        }
        self.newer.get_mut(&at)
    }

    fn remember(&mut self, at: SocketAddr, entry: Entry) {
        if self.newer.len() >= REMEMBERED {
            // Who has visits held back is never forgotten: there are as many as parked visits allow.
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

    /// Silent visits in a row until it is suspended.
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

    /// A breaker on a clock of its own: each visit takes its time.
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

        /// The turn after so many visits with the same sign.
        fn sees_times(&mut self, at: SocketAddr, sign: Sign, times: u32) -> Turn {
            (0..times).fold(Turn::None, |_, _| self.sees(at, sign))
        }

        fn door(&mut self, at: SocketAddr) -> Door {
            self.breaker.door(at, self.now)
        }

        /// Probes until the address is given up, and counts.
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
            // Another port of it is another matter.
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
            // Visits that were under way are no probes.
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
        // After 30, 90, 210, 450, 930, 1530, ... seconds.
        assert!((8..=10).contains(&visits), "{visits} in an hour");
        assert!(matches!(sim.door(one), Door::Shut(now) if now.silent > dead.silent));
        assert_eq!(sim.sees(one, Sign::Alive), Turn::Release);
        assert_eq!(sim.door(one), Door::Open);
    }

    #[test]
    fn where_nobody_answers_more_is_tried_and_it_is_said_so() {
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
        // The network is back: what was said of it no longer holds.
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
    fn silence_while_this_process_did_not_run_is_nobodys() {
        let one = at("192.0.2.1:443");
        let mut sim = Simulation::new();
        sim.sees_times(one, DROPPED, RUN - 1);
        sim.breaker.absent(sim.now, TOOK * 3);
        assert_eq!(sim.sees_times(one, DROPPED, 2), Turn::None);
        assert_eq!(sim.door(one), Door::Open);
        assert_eq!(sim.sees(one, DROPPED), Turn::Probe(TOOK));
        // A probe that tells nothing is made again.
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
