//! Decides for the single dispatcher which job may start now, and if none may, when to ask again.
//!
//! Addresses take turns. Each has its own queue and gets one job per turn, so that an address with
//! 100,000 names delays only itself. One turn in three goes to an address that was visited before,
//! if one is due. In plain rotation the long queues would wait behind every new address, and at the
//! end of the sweep only they would be left. An address is remembered only while it has work or is
//! inside its interval. All other memory grows with the parked jobs, not with the sweep.
//!
//! The number of parked jobs is not limited here: the caller stops reading its input while enough
//! jobs are parked. Rejecting a job would lose retries and visits in flight, and a limit on new
//! work alone is best kept where new work arrives.

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
    /// Start this job. Each `Go` is one permit for one connection.
    Go {
        /// Address that the job was pushed for. Pass it to [`Pacer::finished`].
        key: IpAddr,
        /// The job.
        job: J,
    },
    /// Nothing may start before this time, unless something is pushed, finishes or is allowed
    /// earlier.
    Wait(Instant),
    /// Nothing may start until something is pushed, finishes or is allowed: the queues are empty,
    /// or the limit on visits in flight is reached.
    Blocked,
}

/// Decides which job may start now.
///
/// Every connection needs a permit. A visit begins with [`push`](Self::push) and ends with
/// [`finished`](Self::finished). A retry is an ordinary push. A visit that needs another connection
/// calls [`push_held`](Self::push_held). That permit obeys the same rates, but comes before all new
/// visits (an unfinished visit occupies memory and counts as in flight), and does not count as in
/// flight a second time.
pub struct Pacer<J> {
    origin: Instant,
    /// Nanoseconds since `origin`. Never decreases.
    now: u64,
    overall: Option<Overall>,
    spacing: Spacing,
    in_flight_limit: usize,
    per_address_limit: usize,
    /// Number of visits that the gate allows.
    allowance: usize,
    in_flight: usize,
    parked: usize,
    destinations: HashMap<IpAddr, AddressState>,
    queues: Queues<J>,
    /// Further connections of visits in flight. There are few, so they are kept separately.
    held: HashMap<IpAddr, VecDeque<J>>,
    /// Addresses whose held job may start.
    urgent: VecDeque<IpAddr>,
    /// Addresses whose first parked job may start, not visited since they were last added.
    fresh: VecDeque<IpAddr>,
    /// The same, visited before.
    returning: VecDeque<IpAddr>,
    /// Counts turns, to divide them between these two.
    turn: u8,
    /// Times at which addresses with work leave their interval.
    timers: BinaryHeap<Reverse<(u64, IpAddr)>>,
    /// Times at which addresses without work can be forgotten.
    expiries: BinaryHeap<Reverse<(u64, IpAddr)>>,
}

/// An address with work, or inside its interval.
#[derive(Debug)]
struct AddressState {
    queue: Queue,
    /// Time at which all its permits so far are paid for (the theoretical arrival time of GCRA).
    paid: u64,
    /// Time of its timer, or [`NEVER`].
    timer: u64,
    in_flight: usize,
    /// True if it was visited since it was added.
    served: bool,
    /// True if it is in `urgent`.
    urgent: bool,
    /// True if it is in `fresh` or `returning`.
    ready: bool,
    /// True if it is in `expiries`.
    expiring: bool,
}

const NEVER: u64 = u64::MAX;

/// The queue from which the next job is taken.
#[derive(Clone, Copy)]
enum ReadyQueue {
    Urgent,
    Fresh,
    Returning,
}

/// Out of this many turns, the last belongs to an address that was visited before.
const SHARE: u8 = 3;

impl<J> Pacer<J> {
    /// Creates a pacer that starts at `now`.
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

    /// Parks a new visit, or a retry, behind the others to the same address.
    pub fn push(&mut self, key: IpAddr, job: J) {
        let destination = self.destinations.entry(key).or_insert(AddressState::NEW);
        self.queues.push(&mut destination.queue, job);
        self.parked += 1;
        self.reschedule(key);
    }

    /// Parks a further connection of a visit in flight.
    pub fn push_held(&mut self, key: IpAddr, job: J) {
        self.destinations.entry(key).or_insert(AddressState::NEW);
        self.held.entry(key).or_default().push_back(job);
        self.reschedule(key);
    }

    /// Returns what may start at `now`. Ask again at once after a `Go`.
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

    /// Records that a visit to this address has ended, with any result.
    pub fn finished(&mut self, key: IpAddr, now: Instant) {
        self.advance(now);
        let Some(destination) = self.destinations.get_mut(&key) else {
            return;
        };
        // A visit ends once. A second call must not free a slot that is in use.
        if destination.in_flight > 0 {
            destination.in_flight -= 1;
            self.in_flight -= 1;
            self.reschedule(key);
        }
    }

    /// Records that a job for this address started only at this time, after its permit. The next
    /// permit then comes one interval after it.
    pub fn started_late(&mut self, key: IpAddr, at: Instant) {
        self.advance(at);
        let at = u64::try_from(at.saturating_duration_since(self.origin).as_nanos());
        let (Some(destination), Ok(at)) = (self.destinations.get_mut(&key), at) else {
            return;
        };
        destination.paid = destination.paid.max(self.spacing.pay(0, at));
        self.reschedule(key);
    }

    /// Removes and returns the visits to one address that have not begun, in order.
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

    /// Removes and returns every waiting job, in no particular order. Visits that waited for a
    /// further connection no longer count as in flight.
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

    /// Sets how many visits may be in flight for now, in addition to the fixed limits. Visits
    /// already in flight continue.
    pub fn allow(&mut self, allowance: usize) {
        self.allowance = allowance;
    }

    /// Returns the number of visits in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Returns the number of visits that wait.
    pub fn parked(&self) -> usize {
        self.parked
    }

    /// Returns true if no address could start a visit now even without the overall limits: all
    /// waiting visits are for addresses at their own limits, and only new addresses could use the
    /// time.
    pub fn starved(&self) -> bool {
        self.urgent.is_empty() && self.fresh.is_empty() && self.returning.is_empty()
    }

    /// Returns the number of addresses that have work or are inside their interval.
    pub fn destinations(&self) -> usize {
        self.destinations.len()
    }

    /// Advances the clock and reschedules the addresses that are due.
    fn advance(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.origin).as_nanos();
        self.now = self.now.max(u64::try_from(passed).unwrap_or(NEVER));
        while let Some(key) = due(&mut self.timers, self.now) {
            if let Some(destination) = self.destinations.get_mut(&key) {
                // This timer may be left over from an earlier stay of the address. Clearing it
                // early is harmless: `reschedule` sets it again if it is needed.
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

    /// Returns the address whose turn it is, and the queue that it is in.
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

    /// Returns true if the address may still start a job. A held job may have used its interval
    /// since it was listed.
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

    /// Removes the address from the front of the list in which it was found.
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

    /// Takes the address's next job and accounts for its permit.
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

/// Removes and returns the next address that is due, or returns `None`.
fn due(heap: &mut BinaryHeap<Reverse<(u64, IpAddr)>>, now: u64) -> Option<IpAddr> {
    match heap.peek() {
        Some(Reverse((at, _))) if *at <= now => heap.pop().map(|Reverse((_, key))| key),
        _ => None,
    }
}
