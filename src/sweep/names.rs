//! Names that wait for their lookup, and visits of looked-up names that wait for their address.
//!
//! A name is looked up when the rate can soon use its visit. Until then it waits here, so that names
//! without an answer delay neither addresses nor other names. Only the next visits to an address
//! wait in the pacer; the others wait on a shelf of the address. If the lookup of a visit is too old
//! when it leaves the shelf, the name is looked up again.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::job::{Begin, Job};
use super::state::{Dispatcher, clock};
use crate::inventory::Target;
use crate::pace::Limits;

/// Time for which visits are prepared in advance: the overall limit decides how many names are
/// looked up, the limit of an address how many of its visits leave the shelf.
const AHEAD: Duration = Duration::from_secs(3);

/// Number of visits prepared in advance at very low rates.
const LEAST_AHEAD: usize = 4;

/// Number of visits prepared in advance if the rate has no limit.
const MOST_AHEAD: usize = 8_192;

/// Number of visits to one address that leave the shelf if only their concurrency is limited, for
/// each visit that may be in flight.
const AHEAD_PER_VISIT: usize = 8;

/// Number of lookups that may wait for the limits of the resolver. With more, they would take memory
/// earlier than necessary.
const LOOKUPS_READY: usize = 64;

/// When to try again if lookups under way might provide enough visits.
const RECHECK: Duration = Duration::from_millis(10);

/// How many visits are prepared in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ahead {
    /// Visits of looked-up names.
    visits: usize,
    /// Visits to one address.
    per_address: usize,
}

impl Ahead {
    pub(super) fn new(limits: &Limits) -> Self {
        let within = |interval: Duration| {
            let visits = AHEAD.as_nanos() / interval.as_nanos().max(1);
            usize::try_from(visits).unwrap_or(usize::MAX)
        };
        let per_visit = limits.in_flight_per_ip.get();
        Self {
            visits: limits.rate.interval().map_or(MOST_AHEAD, |interval| {
                within(interval).clamp(LEAST_AHEAD, MOST_AHEAD)
            }),
            per_address: match limits.rate_per_ip.interval() {
                Some(interval) => within(interval).max(LEAST_AHEAD),
                None => per_visit.saturating_mul(AHEAD_PER_VISIT),
            },
        }
    }
}

/// A name that waits for its lookup.
pub(super) struct Waiting {
    target: Arc<Target>,
    attempt: u32,
    /// Address whose place the visit keeps during the lookup, if the name was looked up before.
    place: Option<IpAddr>,
}

/// Names that wait for their lookup, and shelves of visits.
#[derive(Default)]
pub(super) struct Names {
    waiting: VecDeque<Waiting>,
    shelves: HashMap<IpAddr, Shelf>,
    /// Number of visits on all shelves.
    shelved: usize,
    /// Number of visits of looked-up names in the pacer.
    ready: usize,
}

/// The visits to one address that have not begun.
#[derive(Default)]
struct Shelf {
    /// Number of visits that have left the shelf.
    taken: usize,
    waiting: VecDeque<Box<Begin>>,
}

impl Names {
    /// Returns the number of names that wait for their lookup.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Returns the number of visits on shelves.
    pub(super) fn shelved(&self) -> usize {
        self.shelved
    }

    /// Drops everything that waits.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Records that a job was passed to the pacer.
    pub(super) fn pushed(&mut self, job: &Job) {
        self.ready += usize::from(is_of_a_name(job));
    }

    /// Records that the pacer returned a job.
    pub(super) fn popped(&mut self, job: &Job) {
        self.ready -= usize::from(is_of_a_name(job));
    }
}

fn is_of_a_name(job: &Job) -> bool {
    matches!(job, Job::Begin(begin) if begin.dns.is_some())
}

impl Dispatcher {
    /// Queues a name for its lookup, behind the others.
    pub(super) fn queue_name(&mut self, target: Arc<Target>, attempt: u32) {
        self.state.weight += target.weight();
        self.state.names.waiting.push_back(Waiting {
            target,
            attempt,
            place: None,
        });
    }

    /// Starts the lookups whose visits could soon be made. Returns the time of the next attempt, if
    /// nothing else would cause it.
    pub(super) fn start_lookups(&mut self) -> Option<Instant> {
        loop {
            let under_way = self.state.resolving.len();
            let names = &mut self.state.names;
            if names.waiting.is_empty() || under_way >= self.resolver.in_flight() {
                return None;
            }
            let promising = under_way.saturating_sub(self.resolver.slow());
            let unsent = under_way.saturating_sub(self.resolver.sent());
            // The visit has a place already, so its lookup is not in advance.
            let urgent = names.waiting.front().is_some_and(|it| it.place.is_some());
            // Visits to addresses at their own limits are no reason to wait.
            let ready = match self.pacer.starved() {
                true => 0,
                false => names.ready,
            };
            let enough = !urgent && ready + promising >= self.ahead.visits;
            if enough || unsent >= LOOKUPS_READY {
                return (promising > 0).then(|| clock() + RECHECK);
            }
            if let Some(next) = names.waiting.pop_front() {
                self.look_up(next.target, next.attempt, next.place);
            }
        }
    }

    /// Returns true if so many lookups have no answer that the others can hardly go on.
    pub(super) fn lookups_are_stuck(&self) -> bool {
        self.resolver.slow() >= self.resolver.in_flight().div_ceil(2)
    }

    /// Parks a visit, in the pacer or on the shelf of its address.
    pub(super) fn park(&mut self, begin: Begin) {
        self.state.weight += begin.target.weight();
        let begin = Box::new(begin);
        let shelf = self.state.names.shelves.entry(begin.address).or_default();
        if shelf.taken < self.ahead.per_address {
            shelf.taken += 1;
            self.route(Job::Begin(begin));
        } else {
            shelf.waiting.push_back(begin);
            self.state.names.shelved += 1;
        }
    }

    /// Removes a parked visit that begins or will not be made. The next one to its address takes
    /// its place.
    pub(super) fn unpark(&mut self, begin: &Begin) {
        self.state.weight -= begin.target.weight();
        self.release(begin.address);
    }

    /// Gives a place among the visits that have left the shelf of this address to the next visit.
    pub(super) fn release(&mut self, address: IpAddr) {
        let names = &mut self.state.names;
        let Some(shelf) = names.shelves.get_mut(&address) else {
            return;
        };
        match shelf.waiting.pop_front() {
            Some(next) => {
                names.shelved -= 1;
                match next.is_stale(clock()) {
                    true => self.look_up_again(*next),
                    false => self.route(Job::Begin(next)),
                }
            }
            None => {
                shelf.taken -= 1;
                if shelf.taken == 0 {
                    names.shelves.remove(&address);
                }
            }
        }
    }

    /// Looks up the name of a visit again. The visit keeps its place if the address is the same.
    fn look_up_again(&mut self, begin: Begin) {
        self.counters.endpoints.fetch_sub(1, Relaxed);
        // The lookup comes before those of names that have no place.
        self.state.names.waiting.push_front(Waiting {
            target: begin.target,
            attempt: 1,
            place: Some(begin.address),
        });
    }

    /// Parks the visit of a name that was looked up. `place` is the address whose place it kept.
    pub(super) fn park_found(&mut self, begin: Begin, place: Option<IpAddr>) {
        match place {
            Some(address) if address == begin.address => {
                self.state.weight += begin.target.weight();
                self.route(Job::Begin(Box::new(begin)));
            }
            _ => {
                self.park(begin);
                if let Some(address) = place {
                    self.release(address);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_visits_prepared_in_advance_follows_the_limits() {
        for (rate, rate_per_ip, per_ip, want) in [
            ("500", "10", "4", (1_500, 30)),
            ("20", "6/m", "4", (60, 4)),
            ("1/m", "1/m", "1", (4, 4)),
            ("0", "0", "4", (8_192, 32)),
            ("100000", "0", "0", (8_192, usize::MAX)),
        ] {
            let limits = Limits {
                rate: rate.parse().unwrap(),
                rate_per_ip: rate_per_ip.parse().unwrap(),
                in_flight_per_ip: per_ip.parse().unwrap(),
                ..Limits::default()
            };
            let Ahead {
                visits,
                per_address,
            } = Ahead::new(&limits);
            assert_eq!((visits, per_address), want, "{rate} {rate_per_ip} {per_ip}");
        }
    }
}
