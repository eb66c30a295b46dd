//! Turns names into addresses: handles the results of lookups, chooses the address of a name to
//! visit, and continues a visit at another address if one accepts no connection.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::addresses;
use super::counters::count;
use super::job::{Begin, Job, unresolved};
use super::later::Later;
use super::retry;
use super::state::{Asker, Dispatcher, Resolved, clock};
use crate::inventory::Target;
use crate::observation::Observation;

impl Dispatcher {
    pub(super) fn look_up(&mut self, target: Arc<Target>, attempt: u32) {
        let resolver = self.resolver.clone();
        self.state.resolving.spawn(async move {
            let started = clock();
            let addresses = resolver.resolve(&target.host.to_string()).await;
            Resolved {
                asker: Asker::Target(target, attempt),
                took: started.elapsed(),
                addresses,
            }
        });
    }

    /// Continues at the next address of the name, or looks up more addresses.
    pub(super) async fn elsewhere(&mut self, mut observation: Box<Observation>) {
        let known = observation.addresses.as_ref();
        if known.is_some_and(|known| !known.complete) {
            let resolver = self.resolver.clone();
            self.state.resolving.spawn(async move {
                let started = clock();
                let name = observation.endpoint.target.host.to_string();
                let addresses = resolver.resolve_ipv6(&name).await;
                Resolved {
                    asker: Asker::Visit(observation),
                    took: started.elapsed(),
                    addresses,
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
        let Resolved {
            asker,
            took,
            addresses,
        } = resolved;
        if self.state.stopping {
            return;
        }
        let (target, attempt) = match asker {
            Asker::Target(target, attempt) => (target, attempt),
            Asker::Visit(mut observation) => {
                // If the lookup failed, the visit continues with the addresses it has.
                let mut found = addresses.unwrap_or_default();
                found.retain(|address| !self.excludes.excludes_address(*address));
                addresses::complete(&mut observation, found);
                return self.elsewhere(observation).await;
            }
        };
        match addresses {
            Ok(addresses) if self.all_addresses => {
                self.visit_each(&target, addresses, took);
            }
            Ok(addresses) => self.visit_one(target, addresses, took),
            Err(failure) if attempt < self.attempts && retry::transient(&failure) => {
                count(&self.counters.retries);
                self.delay(attempt, Later::Lookup(target, attempt + 1));
            }
            Err(failure) => {
                count(&self.counters.placed);
                count(&self.counters.endpoints);
                self.hand_in(unresolved(target, took, attempt, failure))
                    .await;
            }
        }
    }

    /// Parks a visit for every address of a name that may be visited.
    pub(super) fn visit_each(
        &mut self,
        target: &Arc<Target>,
        mut addresses: Vec<IpAddr>,
        took: Duration,
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
                dns: Some(took),
                addresses: None,
            };
            self.park(begin);
        }
    }

    /// Parks a visit to the first address of a name that may be visited; the others are kept as
    /// alternatives.
    pub(super) fn visit_one(
        &mut self,
        target: Arc<Target>,
        mut addresses: Vec<IpAddr>,
        took: Duration,
    ) {
        count(&self.counters.placed);
        let complete = !self.resolver.may_know_more(&addresses);
        addresses.retain(|address| !self.excludes.excludes_address(*address));
        let Some((address, addresses)) = addresses::first_of(addresses, complete) else {
            count(&self.counters.excluded);
            return;
        };
        count(&self.counters.endpoints);
        let begin = Begin {
            target,
            address,
            dns: Some(took),
            addresses: Some(addresses),
        };
        self.park(begin);
    }
}
