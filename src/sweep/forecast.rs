//! Foretells what a sweep would visit and send, without sending anything (`--dry-run`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

use super::addresses::unusable;
use super::counters::Counters;
use super::{Sweep, SweepError};
use crate::inventory::Target;
use crate::pace::Limits;
use crate::probe::{Approach, Estimate};
use crate::summary::Intake;

/// What a sweep would do.
#[derive(Debug)]
pub struct Forecast {
    /// Counts of the inventory.
    pub intake: Intake,
    /// Number of targets by service and port.
    pub services: BTreeMap<(&'static str, u16), u64>,
    /// Number of distinct hosts.
    pub hosts: u64,
    /// Number of targets whose name would be looked up.
    pub names: u64,
    /// Number of targets whose address cannot be connected to.
    pub unusable: u64,
    /// Connections if every port refused the connection.
    pub least: Planned,
    /// Connections if every target were a usual web server.
    pub usual: Planned,
    /// Connections at most.
    pub most: Planned,
    /// Usual connections to targets whose name would be looked up.
    pub to_names: u64,
    /// The address with the most connections, among those that targets give.
    pub busiest: Option<Busiest>,
    /// The limits of the sweep.
    pub limits: Limits,
}

/// Number of connections, by purpose, for one address of each target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// For the verdicts.
    pub verdict: u64,
    /// For `--versions all`.
    pub versions: u64,
    /// For `--facts`.
    pub facts: u64,
    /// For repeated visits (`--retries`).
    pub retries: u64,
    /// Largest number for one endpoint.
    pub endpoint: u64,
}

/// An address that targets give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busiest {
    /// The address.
    pub address: IpAddr,
    /// Number of targets that give it.
    pub targets: u64,
    /// Usual connections to it.
    pub connections: u64,
}

impl Planned {
    /// Returns the sum for all endpoints.
    pub fn total(&self) -> u64 {
        self.verdict + self.versions + self.facts + self.retries
    }

    fn add(&mut self, visit: crate::probe::Connections, in_retries: u64) {
        self.verdict += visit.verdict;
        self.versions += visit.versions;
        self.facts += visit.facts;
        self.retries += in_retries;
        self.endpoint = self.endpoint.max(visit.total() + in_retries);
    }
}

impl Sweep {
    /// Reads the inventory and returns what the sweep would do. Nothing is resolved or sent.
    ///
    /// # Errors
    ///
    /// Returns an error if an input cannot be read to its end.
    pub fn forecast(self) -> Result<Forecast, SweepError> {
        let counters = Counters::default();
        counters.surveyed(self.intake.inventory.counts());
        let mut counting = Counting::new(self.approach, self.retries, self.limits);
        let taken = self.intake.each(
            &counters,
            || true,
            |target| {
                counting.take(&target);
                true
            },
        );
        match taken.error {
            Some(error) => Err(error),
            None => Ok(counting.end(counters.intake())),
        }
    }
}

/// The estimate depends on the service, on the port by `Target::is_http`, and on the presence of a
/// name for SNI.
type Kind = (&'static str, bool, bool);

struct Counting {
    approach: Approach,
    retries: u64,
    forecast: Forecast,
    estimates: HashMap<Kind, Estimate>,
    /// Hashes of the hosts. Two hosts with one hash would count once, which is improbable.
    hosts: HashSet<u64>,
    hasher: RandomState,
    /// Number of targets and of usual connections by address.
    addresses: HashMap<IpAddr, (u64, u64)>,
}

impl Counting {
    fn new(approach: Approach, retries: u32, limits: Limits) -> Self {
        Self {
            approach,
            retries: retries.into(),
            forecast: Forecast {
                intake: Intake::default(),
                services: BTreeMap::new(),
                hosts: 0,
                names: 0,
                unusable: 0,
                least: Planned::default(),
                usual: Planned::default(),
                most: Planned::default(),
                to_names: 0,
                busiest: None,
                limits,
            },
            estimates: HashMap::new(),
            hosts: HashSet::new(),
            hasher: RandomState::new(),
            addresses: HashMap::new(),
        }
    }

    fn take(&mut self, target: &Arc<Target>) {
        let services = &mut self.forecast.services;
        *services
            .entry((target.service.name, target.port))
            .or_default() += 1;
        self.hosts.insert(self.hasher.hash_one(&target.host));
        let address = target.fixed_address().map(|it| it.to_canonical());
        if address.and_then(unusable).is_some() {
            self.forecast.unusable += 1;
            return;
        }
        let estimate = self.estimate(target);
        let forecast = &mut self.forecast;
        let in_retries = self.retries * estimate.most_in_retry.total();
        forecast.least.add(estimate.least, 0);
        forecast.usual.add(estimate.usual, 0);
        forecast.most.add(estimate.most, in_retries);
        let usual = estimate.usual.total();
        match address {
            Some(address) => self.add_to(address, usual),
            None => {
                forecast.names += 1;
                forecast.to_names += usual;
            }
        }
    }

    fn estimate(&mut self, target: &Arc<Target>) -> Estimate {
        let named = target.server_name().is_some();
        let kind = (target.service.name, target.is_http(), named);
        let estimate = || Estimate::of(&self.approach, target);
        *self.estimates.entry(kind).or_insert_with(estimate)
    }

    fn add_to(&mut self, address: IpAddr, usual: u64) {
        let known = self.addresses.entry(address).or_default();
        known.0 += 1;
        known.1 += usual;
        let (targets, connections) = *known;
        let busiest = self.forecast.busiest.as_ref();
        if busiest.is_none_or(|busiest| connections > busiest.connections) {
            self.forecast.busiest = Some(Busiest {
                address,
                targets,
                connections,
            });
        }
    }

    fn end(self, intake: Intake) -> Forecast {
        Forecast {
            intake,
            hosts: self.hosts.len() as u64,
            ..self.forecast
        }
    }
}
