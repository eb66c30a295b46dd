//! Turns names into addresses: handles the results of lookups, chooses the address of a name to
//! visit, and continues a visit at another address if one accepts no connection.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::addresses;
use super::counters::count;
use super::job::{Begin, Job, LookedUp, unresolved};
use super::later::Later;
use super::retry;
use super::state::{Asker, Dispatcher, Resolved, clock};
use crate::inventory::Target;
use crate::observation::Observation;
use crate::resolve::Lookup;

/// Minimum time for which the addresses of a name are used. Servers that balance load with DNS send
/// TTLs near zero.
const GOOD_FOR: Duration = Duration::from_secs(60);

impl Dispatcher {
    pub(super) fn look_up(&mut self, target: Arc<Target>, attempt: u32, place: Option<IpAddr>) {
        let resolver = self.resolver.clone();
        self.state.resolving.spawn(async move {
            let lookup = resolver.resolve(&target.host.to_string()).await;
            Resolved {
                asker: Asker::Target(target, attempt, place),
                lookup,
            }
        });
    }

    /// Continues at the next address of the name, or looks up more addresses.
    pub(super) async fn elsewhere(&mut self, mut observation: Box<Observation>) {
        let known = observation.addresses.as_ref();
        if known.is_some_and(|known| !known.complete) {
            let resolver = self.resolver.clone();
            self.state.resolving.spawn(async move {
                let name = observation.endpoint.target.host.to_string();
                let lookup = resolver.resolve_ipv6(&name).await;
                Resolved {
                    asker: Asker::Visit(observation),
                    lookup,
                }
            });
            return;
        }
        match addresses::turn_to_next(&mut observation) {
            true => self.route(Job::Elsewhere(observation)),
            false => self.give_up(observation).await,
        }
    }

    /// Ends a visit for which no address accepted a connection.
    pub(super) async fn give_up(&mut self, mut observation: Box<Observation>) {
        addresses::back_to_first(&mut observation);
        let again = !self.state.stopping
            && observation.attempt < self.attempts
            && addresses::may_pass(&observation);
        match again {
            true => self.retry(observation),
            false => self.hand_in(*observation).await,
        }
    }

    pub(super) fn retry(&mut self, seen: Box<Observation>) {
        count(&self.counters.retries);
        self.delay(seen.attempt, Later::Visit(seen));
    }

    pub(super) async fn resolved(&mut self, resolved: Resolved) {
        let Resolved { asker, lookup } = resolved;
        if self.state.stopping {
            return;
        }
        let (target, attempt, place) = match asker {
            Asker::Target(target, attempt, place) => (target, attempt, place),
            Asker::Visit(mut observation) => {
                // If the lookup failed, the visit continues with the addresses it has.
                let mut found = lookup.found.unwrap_or_default();
                found.retain(|address| !self.excludes.excludes_address(*address));
                addresses::complete(&mut observation, found);
                return self.elsewhere(observation).await;
            }
        };
        self.state.weight -= target.weight();
        let Lookup { found, took, ttl } = lookup;
        match found {
            Ok(addresses) if self.all_addresses => {
                // Looking up one of them again would visit the others twice.
                let good_until = None;
                return self.visit_each(&target, addresses, LookedUp { took, good_until });
            }
            Ok(addresses) => {
                let good_until = ttl.map(|ttl| clock() + ttl.max(GOOD_FOR));
                let looked_up = LookedUp { took, good_until };
                if let Some(begin) = self.begin_one(target, addresses, looked_up) {
                    return self.park_found(begin, place);
                }
            }
            Err(failure) if attempt < self.attempts && retry::transient(&failure) => {
                count(&self.counters.retries);
                self.state.weight += target.weight();
                self.delay(attempt, Later::Lookup(target, attempt + 1));
            }
            Err(failure) => {
                count(&self.counters.placed);
                count(&self.counters.endpoints);
                self.hand_in(unresolved(target, took, attempt, failure))
                    .await;
            }
        }
        if let Some(address) = place {
            self.release(address);
        }
    }

    /// Parks a visit for every address of a name that may be visited.
    fn visit_each(
        &mut self,
        target: &Arc<Target>,
        mut addresses: Vec<IpAddr>,
        looked_up: LookedUp,
    ) {
        count(&self.counters.placed);
        addresses.retain(|address| !self.excludes.excludes_address(*address));
        if addresses.is_empty() {
            count(&self.counters.excluded);
        }
        for address in addresses {
            count(&self.counters.endpoints);
            let begin = Begin {
                target: target.clone(),
                address,
                dns: Some(looked_up),
                addresses: None,
            };
            self.park(begin);
        }
    }

    /// Returns the visit to the first address of a name that may be visited, with the others as
    /// alternatives, or `None` if all are excluded.
    fn begin_one(
        &mut self,
        target: Arc<Target>,
        mut addresses: Vec<IpAddr>,
        looked_up: LookedUp,
    ) -> Option<Begin> {
        count(&self.counters.placed);
        let complete = !self.resolver.may_know_more(&addresses);
        addresses.retain(|address| !self.excludes.excludes_address(*address));
        let Some((address, addresses)) = addresses::first_of(addresses, complete) else {
            count(&self.counters.excluded);
            return None;
        };
        count(&self.counters.endpoints);
        Some(Begin {
            target,
            address,
            dns: Some(looked_up),
            addresses: Some(addresses),
        })
    }
}
