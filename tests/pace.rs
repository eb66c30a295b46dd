//! The pacer in simulated time: its guarantees hold for every order of events, and the tests do not
//! wait.
#![expect(
    clippy::disallowed_methods,
    reason = "simulated time needs one real moment to start from"
)]

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tlsweep::pace::{Admission, Ceiling, Limits, Pacer, Rate};

fn address(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + n))
}

fn limits(rate: f64, rate_per_ip: f64, in_flight: usize, in_flight_per_ip: usize) -> Limits {
    Limits {
        rate: Rate::per_second(rate).unwrap(),
        rate_per_ip: Rate::per_second(rate_per_ip).unwrap(),
        in_flight: Ceiling::at(in_flight),
        in_flight_per_ip: Ceiling::at(in_flight_per_ip),
    }
}

/// A dispatcher with a simulated clock. Every visit takes the time `visit`, and each admission is
/// recorded with its time.
struct Simulation {
    pacer: Pacer<u32>,
    now: Instant,
    visit: Duration,
    running: VecDeque<(Instant, IpAddr)>,
    admitted: Vec<(Instant, IpAddr, u32)>,
    most_running: usize,
}

impl Simulation {
    fn new(limits: Limits, visit: Duration) -> Self {
        let now = Instant::now();
        Self {
            pacer: Pacer::new(limits, now),
            now,
            visit,
            running: VecDeque::new(),
            admitted: Vec::new(),
            most_running: 0,
        }
    }

    /// Runs until `end`, or until there is nothing left to do.
    fn run(&mut self, end: Instant) {
        while self.now < end {
            while self.running.front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, key) = self.running.pop_front().unwrap();
                self.pacer.finished(key, self.now);
            }
            let woken = match self.pacer.poll(self.now) {
                Admission::Go { key, job } => {
                    self.admitted.push((self.now, key, job));
                    self.running.push_back((self.now + self.visit, key));
                    self.most_running = self.most_running.max(self.running.len());
                    continue;
                }
                Admission::Wait(at) => Some(at),
                Admission::Blocked => None,
            };
            let finish = self.running.front().map(|(at, _)| *at);
            match woken.into_iter().chain(finish).min() {
                Some(at) => {
                    assert!(
                        at > self.now,
                        "the pacer says to wait until a time in the past"
                    );
                    self.now = at;
                }
                None => return,
            }
        }
    }
}

#[test]
fn ten_minutes_at_the_overall_rate() {
    let mut sim = Simulation::new(limits(500.0, 0.0, 0, 0), Duration::from_secs(1));
    let start = sim.now;
    for n in 0..310_000 {
        sim.pacer.push(address(n), n);
    }
    sim.run(start + Duration::from_secs(600));
    let count = sim.admitted.len();
    assert!(
        (300_000..=300_005).contains(&count),
        "{count} in 600 s at 500/s"
    );
    // In no second more than the rate plus one burst of 10 ms.
    let mut window = VecDeque::new();
    for (at, _, _) in &sim.admitted {
        while window
            .front()
            .is_some_and(|old| *at - *old >= Duration::from_secs(1))
        {
            window.pop_front();
        }
        window.push_back(*at);
        assert!(window.len() <= 505, "{} within a second", window.len());
    }
}

#[test]
fn ten_minutes_at_the_rate_of_one_address() {
    for (rate, expected) in [(10.0, 6_000), (0.5, 300)] {
        let mut sim = Simulation::new(limits(0.0, rate, 0, 0), Duration::from_millis(1));
        let start = sim.now;
        for n in 0..10_000 {
            sim.pacer.push(address(0), n);
        }
        sim.run(start + Duration::from_secs(600));
        assert_eq!(sim.admitted.len(), expected, "{rate}/s");
        let order: Vec<u32> = sim.admitted.iter().map(|(_, _, job)| *job).collect();
        assert!(order.is_sorted(), "first come, first served");
    }
}

#[test]
fn an_address_with_many_jobs_delays_no_other_address() {
    let mut sim = Simulation::new(limits(0.0, 0.0, 64, 0), Duration::from_millis(1));
    let end = sim.now + Duration::from_secs(3600);
    for n in 0..100_000 {
        sim.pacer.push(address(0), n);
    }
    for n in 1..=1000 {
        sim.pacer.push(address(n), 0);
    }
    sim.run(end);
    assert_eq!(sim.admitted.len(), 101_000);
    let others: Vec<IpAddr> = sim.admitted[..2000]
        .iter()
        .map(|(_, key, _)| *key)
        .filter(|key| *key != address(0))
        .collect();
    let expected: Vec<IpAddr> = (1..=1000).map(address).collect();
    assert_eq!(others, expected, "each in its turn, in the order they came");
    assert_eq!(sim.most_running, 64);
}

#[test]
fn one_slow_address_leaves_the_overall_rate_to_the_rest() {
    let mut sim = Simulation::new(Limits::default(), Duration::from_millis(50));
    let end = sim.now + Duration::from_secs(60);
    for n in 0..100_000 {
        sim.pacer.push(address(0), n);
    }
    for n in 1..=20_000 {
        sim.pacer.push(address(n), 0);
    }
    sim.run(end);
    let slow = sim
        .admitted
        .iter()
        .filter(|(_, key, _)| *key == address(0))
        .count();
    assert!((580..=601).contains(&slow), "{slow} in 60 s at 10/s");
    assert_eq!(sim.admitted.len() - slow, 20_000);
}

#[test]
fn addresses_are_forgotten_when_idle() {
    let mut sim = Simulation::new(limits(0.0, 10.0, 0, 0), Duration::from_millis(1));
    let end = sim.now + Duration::from_secs(60);
    for n in 0..50_000 {
        sim.pacer.push(address(n), n);
    }
    assert_eq!(sim.pacer.destinations(), 50_000);
    assert_eq!(sim.pacer.parked(), 50_000);
    assert!(!sim.pacer.starved());
    sim.run(end);
    assert_eq!((sim.pacer.parked(), sim.pacer.in_flight()), (0, 0));
    assert!(sim.pacer.starved());
    // Within the interval the address is still remembered; otherwise the next job would come too
    // early.
    assert_eq!(sim.pacer.destinations(), 50_000);
    sim.pacer.push(address(7), 0);
    let next = sim.admitted[7].0 + Duration::from_millis(100);
    assert_eq!(sim.pacer.poll(sim.now), Admission::Wait(next));
    let (key, job) = (address(7), 0);
    assert_eq!(sim.pacer.poll(next), Admission::Go { key, job });
    sim.pacer.finished(key, next);
    assert_eq!(sim.pacer.destinations(), 1);
    assert_eq!(
        sim.pacer.poll(next + Duration::from_millis(100)),
        Admission::Blocked
    );
    assert_eq!(sim.pacer.destinations(), 0);
}

#[test]
fn a_visit_under_way_precedes_new_visits_and_keeps_its_slot() {
    let now = Instant::now();
    let mut pacer = Pacer::new(limits(0.0, 10.0, 2, 1), now);
    let (a, b, c) = (address(1), address(2), address(3));
    for (key, job) in [(a, "a"), (a, "a again"), (b, "b"), (c, "c")] {
        pacer.push(key, job);
    }
    assert_eq!(pacer.poll(now), Admission::Go { key: a, job: "a" });
    assert_eq!(pacer.poll(now), Admission::Go { key: b, job: "b" });
    // Both slots are in use. A second connection of a visit under way needs no slot, but must wait
    // for its turn.
    pacer.push_held(a, "a, second connection");
    let turn = now + Duration::from_millis(100);
    assert_eq!(pacer.poll(now), Admission::Wait(turn));
    let (key, job) = (a, "a, second connection");
    assert_eq!(pacer.poll(turn), Admission::Go { key, job });
    assert_eq!((pacer.in_flight(), pacer.parked()), (2, 2));
    assert_eq!(pacer.poll(turn), Admission::Blocked);
    pacer.finished(a, turn);
    assert_eq!(pacer.poll(turn), Admission::Go { key: c, job: "c" });
    pacer.finished(c, turn);
    // The second connection counts towards the address's rate.
    let turn = turn + Duration::from_millis(100);
    assert_eq!(pacer.poll(now), Admission::Wait(turn));
    assert_eq!(
        pacer.poll(turn),
        Admission::Go {
            key: a,
            job: "a again"
        }
    );
    pacer.finished(a, turn);
    pacer.finished(b, turn);
    pacer.finished(b, turn);
    assert_eq!(pacer.in_flight(), 0);
}

#[test]
fn the_gate_narrows_what_the_limits_allow() {
    let now = Instant::now();
    let mut pacer = Pacer::new(limits(0.0, 0.0, 10, 0), now);
    for n in 0..10 {
        pacer.push(address(n), n);
    }
    pacer.allow(1);
    assert!(matches!(pacer.poll(now), Admission::Go { .. }));
    assert_eq!(pacer.poll(now), Admission::Blocked);
    pacer.allow(usize::MAX);
    for _ in 1..10 {
        assert!(matches!(pacer.poll(now), Admission::Go { .. }));
    }
    assert_eq!(pacer.poll(now), Admission::Blocked);
}

#[test]
fn a_million_admissions() {
    let mut sim = Simulation::new(limits(0.0, 1000.0, 5000, 10), Duration::from_millis(20));
    let end = sim.now + Duration::from_secs(36_000);
    for n in 0..1_000_000 {
        sim.pacer.push(address(n % 4099), n);
    }
    sim.run(end);
    assert_eq!(sim.admitted.len(), 1_000_000);
    let mut jobs: Vec<u32> = sim.admitted.iter().map(|(_, _, job)| *job).collect();
    jobs.sort_unstable();
    assert!(jobs.into_iter().eq(0..1_000_000), "each once");
}

/// An event that a dispatcher can cause.
#[derive(Clone, Debug)]
enum Event {
    Push(u32),
    PushHeld(u32),
    Poll,
    Finish(usize),
    Pass(u64),
    Allow(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0u32..3).prop_map(Event::Push),
        1 => (0u32..3).prop_map(Event::PushHeld),
        8 => Just(Event::Poll),
        1 => any::<usize>().prop_map(Event::Finish),
        3 => (0u64..300).prop_map(Event::Pass),
        1 => (0usize..12).prop_map(Event::Allow),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn limits_hold_in_any_order_of_events(events in prop::collection::vec(event(), 1..400)) {
        // One address: 4/s, so one every 250 ms, and 2 in flight. In total: 20/s and 4 in flight.
        let mut now = Instant::now();
        let mut pacer = Pacer::new(limits(20.0, 4.0, 4, 2), now);
        let mut allowance = usize::MAX;
        let mut running: Vec<IpAddr> = Vec::new();
        let mut last: HashMap<IpAddr, Instant> = HashMap::new();
        let mut last_overall: Option<Instant> = None;
        let (mut pushed, mut pushed_held, mut started) = (0usize, 0usize, 0usize);
        for event in events {
            match event {
                Event::Push(n) => { pacer.push(address(n), false); pushed += 1; }
                Event::PushHeld(n) if running.contains(&address(n)) => {
                    pacer.push_held(address(n), true);
                    pushed_held += 1;
                }
                Event::Finish(n) if !running.is_empty() => {
                    let key = running.swap_remove(n % running.len());
                    pacer.finished(key, now);
                }
                Event::Pass(millis) => now += Duration::from_millis(millis),
                Event::Allow(n) => { allowance = n; pacer.allow(n); }
                Event::PushHeld(_) | Event::Finish(_) => {}
                Event::Poll => if let Admission::Go { key, job: held } = pacer.poll(now) {
                    started += 1;
                    if held {
                        pushed_held -= 1;
                    } else {
                        running.push(key);
                        prop_assert!(running.len() <= 4.min(allowance));
                    }
                    let to_one = running.iter().filter(|other| **other == key).count();
                    prop_assert!(to_one <= 2);
                    if let Some(before) = last.insert(key, now) {
                        prop_assert!(now - before >= Duration::from_millis(250));
                    }
                    if let Some(before) = last_overall.replace(now) {
                        prop_assert!(now - before >= Duration::from_millis(50));
                    }
                },
            }
            prop_assert_eq!(pacer.in_flight(), running.len());
        }
        // No job is lost, and the work ends: the rest is admitted as time passes and visits end.
        pacer.allow(usize::MAX);
        loop {
            for key in running.drain(..) {
                pacer.finished(key, now);
            }
            match pacer.poll(now) {
                Admission::Go { key, job: held } => {
                    started += 1;
                    if held { pushed_held -= 1 } else { running.push(key) }
                }
                Admission::Wait(at) => { prop_assert!(at > now); now = at; }
                Admission::Blocked => break,
            }
        }
        prop_assert_eq!(pushed_held, 0);
        prop_assert_eq!(pacer.parked(), 0);
        prop_assert!(started >= pushed);
        prop_assert_eq!(pacer.poll(now + Duration::from_secs(10)), Admission::Blocked);
        prop_assert_eq!(pacer.destinations(), 0);
    }
}

#[test]
fn waiting_jobs_can_be_taken_back() {
    let mut sim = Simulation::new(limits(0.0, 0.0, 0, 1), Duration::from_millis(1));
    let now = sim.now;
    for n in 0..3 {
        sim.pacer.push(address(1), n);
    }
    let Admission::Go { key, job: 0 } = sim.pacer.poll(now) else {
        panic!("the first may start");
    };
    sim.pacer.push_held(key, 10);
    let mut waiting = sim.pacer.take_waiting();
    waiting.sort_unstable();
    assert_eq!(waiting, [1, 2, 10]);
    assert_eq!((sim.pacer.parked(), sim.pacer.in_flight()), (0, 0));
    assert_eq!(sim.pacer.poll(now), Admission::Blocked);
}

#[test]
fn waiting_jobs_for_one_address_can_be_taken_back() {
    let mut sim = Simulation::new(limits(0.0, 10.0, 0, 1), Duration::from_millis(1));
    let now = sim.now;
    for n in 0..3 {
        sim.pacer.push(address(1), n);
        sim.pacer.push(address(2), n + 10);
    }
    let (key, job) = (address(1), 0);
    assert_eq!(sim.pacer.poll(now), Admission::Go { key, job });
    assert_eq!(sim.pacer.take_parked(key), [1, 2]);
    assert!(sim.pacer.take_parked(key).is_empty());
    assert!(sim.pacer.take_parked(address(7)).is_empty());
    assert_eq!((sim.pacer.parked(), sim.pacer.in_flight()), (3, 1));
    // The other address continues. This one keeps its slot and its interval.
    assert!(matches!(sim.pacer.poll(now), Admission::Go { job: 10, .. }));
    sim.pacer.push(key, 3);
    sim.pacer.finished(key, now);
    let turn = now + Duration::from_millis(100);
    assert_eq!(sim.pacer.poll(now), Admission::Wait(turn));
    assert_eq!(sim.pacer.poll(turn), Admission::Go { key, job: 3 });
    // A job that is taken back while it waits uses no permit.
    sim.pacer.push(address(3), 4);
    assert_eq!(sim.pacer.take_parked(address(3)), [4]);
    assert!(matches!(
        sim.pacer.poll(turn),
        Admission::Wait(_) | Admission::Blocked
    ));
    assert_eq!(sim.pacer.parked(), 2);
}
