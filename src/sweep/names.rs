//! Decides when a name is looked up: when the rate can soon use its visit. Until then it waits, so
//! that names without an answer delay neither addresses nor other names.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::job::{Begin, Job};
use super::shelves::Next;
use super::state::{Dispatcher, clock};
use crate::inventory::Target;

/// Number of lookups that may wait for the limits of the resolver. With more, they would take memory
/// earlier than necessary.
const LOOKUPS_READY: usize = 64;

/// When to try again if lookups under way might provide enough visits.
const RECHECK: Duration = Duration::from_millis(10);

impl Dispatcher {
    /// Queues a name for its lookup, behind the others.
    pub(super) fn queue_name(&mut self, target: Arc<Target>, attempt: u32) {
        self.state.weight += target.weight();
        self.state.names.queue(target, attempt);
    }

    /// Starts the lookups whose visits could soon be made. Returns the time of the next attempt, if
    /// nothing else would cause it.
    pub(super) fn start_lookups(&mut self) -> Option<Instant> {
        loop {
            let under_way = self.state.resolving.len();
            let first = self.state.names.first()?;
            if under_way >= self.resolver.in_flight() {
                return None;
            }
            let promising = under_way.saturating_sub(self.resolver.slow());
            let unsent = under_way.saturating_sub(self.resolver.sent());
            // The visit has a place already, so its lookup is not in advance.
            let urgent = first.place.is_some();
            // Visits to addresses at their own limits are no reason to wait.
            let ready = match self.pacer.starved() {
                true => 0,
                false => self.state.names.ready,
            };
            let enough = !urgent && ready + promising >= self.ahead.visits;
            if enough || unsent >= LOOKUPS_READY {
                return (promising > 0).then(|| clock() + RECHECK);
            }
            if let Some(next) = self.state.names.pop() {
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
        if let Some(begin) = self.state.names.park(Box::new(begin), self.ahead) {
            self.route(Job::Begin(begin));
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
        match self.state.names.release(address, clock()) {
            Next::Nothing => {}
            Next::Visit(begin) => self.route(Job::Begin(begin)),
            Next::Lookup => {
                // Both are counted again after the lookup.
                self.counters.placed.fetch_sub(1, Relaxed);
                self.counters.endpoints.fetch_sub(1, Relaxed);
            }
        }
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
