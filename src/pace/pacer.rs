//! The one dispatcher's book: which job may start now, and if none, when to ask again.
//!
//! Addresses take turns. Each has a queue of its own and one job a turn, so that an address with
//! 100,000 names holds up nobody but itself. One turn in three goes to an address that was visited
//! before, if any is due: in plain rotation the long queues would stand behind every new address,
//! and the sweep would end with nothing but them. An address is known only while it has work or
//! is inside its interval; what is held besides grows with the parked jobs, not with the sweep.
//!
//! Jobs are parked without bound here: the caller stops reading its input when [`Pacer::room`] is
//! 0 and goes on when there is room again. Refusing a job would lose retries and visits under way,
//! and a bound on new work alone is kept best where new work comes from.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::limits::Limits;
use super::overall::Overall;
use super::queues::{Queue, Queues};
use super::spacing::Spacing;

/// What the dispatcher may do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission<J> {
    /// Start this job. Each of these is one permit: one connection.
    Go {
        /// The address it was pushed for: what [`Pacer::finished`] wants to know.
        key: IpAddr,
        /// The job.
        job: J,
    },
    /// Nothing before this moment, unless something is pushed, finishes or is allowed meanwhile.
    Wait(Instant),
    /// Nothing until something is pushed, finishes or is allowed: the queues are empty, or all
    /// that is allowed is under way.
    Blocked,
}

/// Decides which job may start now.
///
/// Every connection takes a permit. A visit begins with [`push`](Self::push) and ends with
/// [`finished`](Self::finished); a retry is an ordinary push again. A visit that needs a further
/// connection asks with [`push_held`](Self::push_held): that permit obeys the same rates, comes
/// before all new visits (a half-done visit holds memory and a place in flight), and takes no
/// second place in flight.
pub struct Pacer<J> {
    origin: Instant,
    /// Nanoseconds since `origin`, never going back.
    now: u64,
    overall: Option<Overall>,
    spacing: Spacing,
    in_flight_limit: usize,
    per_address_limit: usize,
    /// What the gate allows.
    allowance: usize,
    in_flight: usize,
    parked: usize,
    destinations: HashMap<IpAddr, AddressState>,
    queues: Queues<J>,
    /// Further connections of visits under way: few, hence apart.
    held: HashMap<IpAddr, VecDeque<J>>,
    /// Addresses whose held job may start.
    urgent: VecDeque<IpAddr>,
    /// Addresses whose first parked job may start, not visited yet in this stay.
    fresh: VecDeque<IpAddr>,
    /// The same, visited before.
    returning: VecDeque<IpAddr>,
    /// Counts turns, to share them between these two.
    turn: u8,
    /// When addresses with work come out of their interval.
    timers: BinaryHeap<Reverse<(u64, IpAddr)>>,
    /// When addresses without work can be forgotten.
    expiries: BinaryHeap<Reverse<(u64, IpAddr)>>,
}

/// An address with work, or inside its interval.
#[derive(Debug)]
struct AddressState {
    queue: Queue,
    /// When all its permits so far are paid for (the theoretical arrival time of GCRA).
    paid: u64,
    /// The timer that is set for it, [`NEVER`] without one.
    timer: u64,
    in_flight: usize,
    /// Whether it was visited in this stay.
    served: bool,
    /// Whether it stands among the urgent.
    urgent: bool,
    /// Whether it stands among the fresh or the returning.
    ready: bool,
    /// Whether it stands among the expiries.
    expiring: bool,
}

const NEVER: u64 = u64::MAX;

/// Where the next job is taken from.
#[derive(Clone, Copy)]
enum ReadyQueue {
    Urgent,
    Fresh,
    Returning,
}

/// Of so many turns the last belongs to an address that was visited before.
const SHARE: u8 = 3;

impl<J> Pacer<J> {
    /// A pacer that starts at `now`.
    pub fn new(limits: Limits, now: Instant) -> Self {
        Self {
            origin: now,
            now: 0,
            overall: Overall::new(limits.rate),
            spacing: Spacing::new(limits.rate_per_ip),
            in_flight_limit: limits.in_flight.get(),
            per_address_limit: limits.in_flight_per_ip.get(),
            allowance: usize::MAX,
            in_flight: 0,
            parked: 0,
            destinations: HashMap::new(),
            queues: Queues::new(),
            held: HashMap::new(),
            urgent: VecDeque::new(),
            fresh: VecDeque::new(),
            returning: VecDeque::new(),
            turn: 0,
            timers: BinaryHeap::new(),
            expiries: BinaryHeap::new(),
        }
    }

    /// Parks a new visit, or the retry of one, behind the others to the same address.
    pub fn push(&mut self, key: IpAddr, job: J) {
        let destination = self.destinations.entry(key).or_insert(AddressState::NEW);
        self.queues.push(&mut destination.queue, job);
        self.parked += 1;
        self.reschedule(key);
    }

    /// Parks a further connection of a visit that is under way.
    pub fn push_held(&mut self, key: IpAddr, job: J) {
        self.destinations.entry(key).or_insert(AddressState::NEW);
        self.held.entry(key).or_default().push_back(job);
        self.reschedule(key);
    }

    /// Says what may start at `now`. Ask again at once after a `Go`.
    pub fn poll(&mut self, now: Instant) -> Admission<J> {
        self.advance(now);
        while let Some((key, ready_queue)) = self.next() {
            if !self.may_start(key, ready_queue) {
                self.unlist(key, ready_queue);
                self.reschedule(key);
                continue;
            }
            if let Some(Err(at)) = self.overall.as_ref().map(|all| all.check(self.now)) {
                return Admission::Wait(self.instant(at));
            }
            self.unlist(key, ready_queue);
            if let Some(job) = self.admit(key, ready_queue) {
                return Admission::Go { key, job };
            }
        }
        match self.timers.peek() {
            Some(Reverse((at, _))) => Admission::Wait(self.instant(*at)),
            None => Admission::Blocked,
        }
    }

    /// Takes note that a visit to this address has ended, whatever came of it.
    pub fn finished(&mut self, key: IpAddr, now: Instant) {
        self.advance(now);
        let Some(destination) = self.destinations.get_mut(&key) else {
            return;
        };
        // A visit is finished once; a second call must not give away a place that is taken.
        if destination.in_flight > 0 {
            destination.in_flight -= 1;
            self.in_flight -= 1;
            self.reschedule(key);
        }
    }

    /// Takes back the visits to one address that have not begun, in their order.
    pub fn take_parked(&mut self, key: IpAddr) -> Vec<J> {
        let Some(destination) = self.destinations.get_mut(&key) else {
            return Vec::new();
        };
        let line = &mut destination.queue;
        let taken: Vec<J> = std::iter::from_fn(|| self.queues.pop(line)).collect();
        self.parked -= taken.len();
        self.reschedule(key);
        taken
    }

    /// Takes back every job that waits, in no order, and gives back the places of those that
    /// waited for a further connection.
    pub fn take_waiting(&mut self) -> Vec<J> {
        let mut waiting = Vec::with_capacity(self.parked);
        for destination in self.destinations.values_mut() {
            waiting.extend(std::iter::from_fn(|| {
                self.queues.pop(&mut destination.queue)
            }));
        }
        self.parked = 0;
        self.urgent.clear();
        self.fresh.clear();
        self.returning.clear();
        self.timers.clear();
        self.expiries.clear();
        let held = std::mem::take(&mut self.held);
        for (key, jobs) in held {
            if let Some(destination) = self.destinations.get_mut(&key) {
                let given_back = jobs.len().min(destination.in_flight);
                destination.in_flight -= given_back;
                self.in_flight -= given_back;
            }
            waiting.extend(jobs);
        }
        for destination in self.destinations.values_mut() {
            let in_flight = destination.in_flight;
            *destination = AddressState {
                in_flight,
                ..AddressState::NEW
            };
        }
        self.destinations
            .retain(|_, destination| destination.in_flight > 0);
        waiting
    }

    /// Sets how many visits may be under way for now, besides the limits. Those under way stay.
    pub fn allow(&mut self, allowance: usize) {
        self.allowance = allowance;
    }

    /// Visits under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Visits that wait.
    pub fn parked(&self) -> usize {
        self.parked
    }

    /// Whether no address could start a visit now, were it for the overall limits alone: all that
    /// wait are for addresses at their own limits, and only new addresses could use the time.
    pub fn starved(&self) -> bool {
        self.urgent.is_empty() && self.fresh.is_empty() && self.returning.is_empty()
    }

    /// Addresses that have work or are inside their interval.
    pub fn destinations(&self) -> usize {
        self.destinations.len()
    }

    /// Moves the clock and wakes those whose time has come.
    fn advance(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.origin).as_nanos();
        self.now = self.now.max(u64::try_from(passed).unwrap_or(NEVER));
        while let Some(key) = due(&mut self.timers, self.now) {
            if let Some(destination) = self.destinations.get_mut(&key) {
                // A timer left over from an earlier stay of this address may clear this one
                // early; settling sets it again where it is still wanted.
                destination.timer = NEVER;
                self.reschedule(key);
            }
        }
        while let Some(key) = due(&mut self.expiries, self.now) {
            if let Some(destination) = self.destinations.get_mut(&key) {
                destination.expiring = false;
                self.reschedule(key);
            }
        }
    }

    /// Puts an address into the lists it belongs to, or forgets it.
    fn reschedule(&mut self, key: IpAddr) {
        let Some(destination) = self.destinations.get_mut(&key) else {
            return;
        };
        let held = self.held.contains_key(&key);
        let parked = !destination.queue.is_empty();
        if !held && !parked && destination.in_flight == 0 {
            if destination.paid <= self.now {
                self.destinations.remove(&key);
            } else if !destination.expiring {
                destination.expiring = true;
                self.expiries.push(Reverse((destination.paid, key)));
            }
            return;
        }
        let may_visit = parked && destination.in_flight < self.per_address_limit;
        let due = self.spacing.due(destination.paid);
        if due > self.now {
            if (held || may_visit) && due < destination.timer {
                destination.timer = due;
                self.timers.push(Reverse((due, key)));
            }
            return;
        }
        if held && !destination.urgent {
            destination.urgent = true;
            self.urgent.push_back(key);
        }
        if may_visit && !destination.ready {
            destination.ready = true;
            if destination.served {
                self.returning.push_back(key);
            } else {
                self.fresh.push_back(key);
            }
        }
    }

    /// Whose turn it is.
    fn next(&self) -> Option<(IpAddr, ReadyQueue)> {
        if let Some(key) = self.urgent.front() {
            return Some((*key, ReadyQueue::Urgent));
        }
        if self.in_flight >= self.in_flight_limit.min(self.allowance) {
            return None;
        }
        let fresh = self.fresh.front().map(|key| (*key, ReadyQueue::Fresh));
        let returning = self
            .returning
            .front()
            .map(|key| (*key, ReadyQueue::Returning));
        if self.turn + 1 == SHARE {
            returning.or(fresh)
        } else {
            fresh.or(returning)
        }
    }

    /// Whether the address may still start one: a held job may have used its interval since it
    /// was listed.
    fn may_start(&self, key: IpAddr, ready_queue: ReadyQueue) -> bool {
        self.destinations.get(&key).is_some_and(|destination| {
            let room = match ready_queue {
                ReadyQueue::Urgent => true,
                ReadyQueue::Fresh | ReadyQueue::Returning => {
                    destination.in_flight < self.per_address_limit && !destination.queue.is_empty()
                }
            };
            room && self.spacing.due(destination.paid) <= self.now
        })
    }

    /// Takes the address off the front of the list it was found at.
    fn unlist(&mut self, key: IpAddr, ready_queue: ReadyQueue) {
        let list = match ready_queue {
            ReadyQueue::Urgent => &mut self.urgent,
            ReadyQueue::Fresh => &mut self.fresh,
            ReadyQueue::Returning => &mut self.returning,
        };
        list.pop_front();
        if let Some(destination) = self.destinations.get_mut(&key) {
            match ready_queue {
                ReadyQueue::Urgent => destination.urgent = false,
                ReadyQueue::Fresh | ReadyQueue::Returning => destination.ready = false,
            }
        }
    }

    /// Takes the address's next job and books its permit.
    fn admit(&mut self, key: IpAddr, ready_queue: ReadyQueue) -> Option<J> {
        let destination = self.destinations.get_mut(&key)?;
        let job = match ready_queue {
            ReadyQueue::Urgent => {
                let queue = self.held.get_mut(&key)?;
                let job = queue.pop_front();
                if queue.is_empty() {
                    self.held.remove(&key);
                }
                job?
            }
            ReadyQueue::Fresh | ReadyQueue::Returning => {
                let job = self.queues.pop(&mut destination.queue)?;
                self.parked -= 1;
                self.in_flight += 1;
                self.turn = (self.turn + 1) % SHARE;
                destination.in_flight += 1;
                job
            }
        };
        destination.served = true;
        destination.paid = self.spacing.pay(destination.paid, self.now);
        self.reschedule(key);
        Some(job)
    }

    fn instant(&self, nanos: u64) -> Instant {
        self.origin + Duration::from_nanos(nanos)
    }
}

impl AddressState {
    const NEW: Self = Self {
        queue: Queue::EMPTY,
        paid: 0,
        timer: NEVER,
        in_flight: 0,
        served: false,
        urgent: false,
        ready: false,
        expiring: false,
    };
}

/// The next address whose time has come.
fn due(heap: &mut BinaryHeap<Reverse<(u64, IpAddr)>>, now: u64) -> Option<IpAddr> {
    match heap.peek() {
        Some(Reverse((at, _))) if *at <= now => heap.pop().map(|Reverse((_, key))| key),
        _ => None,
    }
}
