//! Names that wait for their lookup, and visits of one address that wait for those before them.
//!
//! Only the next visits to an address wait in the pacer. The others wait on a shelf of the address.
//! If the lookup of a visit is too old when it leaves the shelf, the name is looked up again.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::job::{Begin, Job};
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

/// How many visits are prepared in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ahead {
    /// Visits of looked-up names.
    pub(super) visits: usize,
    /// Visits to one address.
    pub(super) per_address: usize,
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
    pub(super) target: Arc<Target>,
    /// Number of the attempt.
    pub(super) attempt: u32,
    /// Address whose place the visit keeps during the lookup, if the name was looked up before.
    pub(super) place: Option<IpAddr>,
}

/// Names that wait for their lookup, and shelves of visits.
#[derive(Default)]
pub(super) struct Names {
    waiting: VecDeque<Waiting>,
    shelves: HashMap<IpAddr, Shelf>,
    /// Number of visits on all shelves.
    shelved: usize,
    /// Number of visits of looked-up names in the pacer.
    pub(super) ready: usize,
}

/// What takes a place that has become free.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing.
    Nothing,
    /// This visit.
    Visit(Box<Begin>),
    /// A visit whose name is now queued to be looked up again.
    Lookup,
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

    /// Queues a name for its lookup, behind the others.
    pub(super) fn queue(&mut self, target: Arc<Target>, attempt: u32) {
        self.waiting.push_back(Waiting {
            target,
            attempt,
            place: None,
        });
    }

    /// Returns the name whose lookup is next, if any waits.
    pub(super) fn first(&self) -> Option<&Waiting> {
        self.waiting.front()
    }

    /// Removes and returns the name whose lookup is next.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    /// Returns the visit if one more to its address may leave the shelf, or puts it there.
    pub(super) fn park(&mut self, begin: Box<Begin>, ahead: Ahead) -> Option<Box<Begin>> {
        let shelf = self.shelves.entry(begin.address).or_default();
        if shelf.taken < ahead.per_address {
            shelf.taken += 1;
            return Some(begin);
        }
        shelf.waiting.push_back(begin);
        self.shelved += 1;
        None
    }

    /// Gives the place of a visit that has left the shelf of this address to the next visit.
    pub(super) fn release(&mut self, address: IpAddr, now: Instant) -> Next {
        let Some(shelf) = self.shelves.get_mut(&address) else {
            return Next::Nothing;
        };
        let Some(next) = shelf.waiting.pop_front() else {
            shelf.taken -= 1;
            if shelf.taken == 0 {
                self.shelves.remove(&address);
            }
            return Next::Nothing;
        };
        self.shelved -= 1;
        if !next.is_stale(now) {
            return Next::Visit(next);
        }
        // This lookup comes before those of names that have no place.
        self.waiting.push_front(Waiting {
            target: next.target,
            attempt: 1,
            place: Some(address),
        });
        Next::Lookup
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Defaults, TargetSpec};
    use crate::sweep::job::LookedUp;
    use crate::sweep::state::clock;

    fn visit(host: &str, address: [u8; 4], good_until: Option<Instant>) -> Box<Begin> {
        let target = TargetSpec::expand(host, &Defaults::default());
        let took = Duration::ZERO;
        Box::new(Begin {
            target: Arc::new(target.unwrap().next().unwrap()),
            address: address.into(),
            dns: Some(LookedUp { took, good_until }),
            addresses: None,
        })
    }

    #[test]
    fn visits_leave_the_shelf_in_order_and_old_lookups_are_made_again() {
        let now = clock();
        let later = now + Duration::from_secs(60);
        let ahead = Ahead {
            visits: 10,
            per_address: 2,
        };
        let (a, b) = ([192, 0, 2, 1], [192, 0, 2, 2]);
        let mut names = Names::default();
        let mut parked = |host, address, until| names.park(visit(host, address, until), ahead);
        for (host, address, until, leaves) in [
            ("1.test", a, Some(later), true),
            ("2.test", a, Some(later), true),
            ("3.test", a, Some(later), false),
            ("4.test", a, Some(later), false),
            ("5.test", a, None, false),
            ("6.test", b, Some(later), true),
        ] {
            assert_eq!(parked(host, address, until).is_some(), leaves, "{host}");
        }
        names.queue(visit("new.test", a, None).target, 1);
        assert_eq!((names.shelved(), names.waiting()), (3, 1));
        let host = |begin: &Begin| begin.target.host.to_string();
        let next = names.release(a.into(), later);
        assert!(matches!(next, Next::Visit(begin) if host(&begin) == "3.test"));
        // The address of this name is too old by now. Its lookup comes first.
        let next = names.release(a.into(), later + Duration::from_millis(1));
        assert!(matches!(next, Next::Lookup));
        let first = names.pop().unwrap();
        assert_eq!(first.target.host.to_string(), "4.test");
        assert_eq!(first.place, Some(a.into()));
        // This lookup never becomes old.
        let next = names.release(a.into(), later + AHEAD);
        assert!(matches!(next, Next::Visit(_)));
        for address in [a, a, b, b] {
            assert!(matches!(
                names.release(address.into(), later),
                Next::Nothing
            ));
        }
        assert!(names.shelves.is_empty());
        assert_eq!((names.shelved(), names.waiting()), (0, 1));
    }

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
