//! What travels between the dispatcher and the workers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::addresses;
use crate::inventory::{Endpoint, Target};
use crate::observation::{Addresses, Failure, Observation, Offer, Timing};
use crate::pace::Sign;
use crate::probe::{self, Approach};
use crate::verdict::Verdict;

/// A visit that waits for its permit. Small: a great many may wait.
#[derive(Debug)]
pub(super) enum Job {
    /// Begin a visit.
    Begin(Box<Begin>),
    /// Go on with one, by another exchange.
    Again(Box<Observation>, Offer),
    /// Go on at another address of the name: the ones before accepted no connection.
    Elsewhere(Box<Observation>),
    /// Make one anew whose failure may pass. What was seen is kept until then.
    Retry(Box<Observation>),
}

/// What a visit begins with.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) target: Arc<Target>,
    pub(super) address: IpAddr,
    pub(super) dns: Option<Duration>,
    /// The other addresses of the name, where one is enough.
    pub(super) addresses: Option<Box<Addresses>>,
}

impl Job {
    /// The observation to go on with, and what to offer; the first offer is the prober's choice.
    pub(super) fn start(self, approach: &Approach) -> (Observation, Option<Offer>) {
        let mut observation = match self {
            Self::Begin(mut begin) => {
                let addresses = begin.addresses.take();
                Observation {
                    addresses,
                    ..empty(begin.endpoint(), begin.dns, 1, None)
                }
            }
            Self::Again(observation, offer) => return (*observation, Some(offer)),
            Self::Elsewhere(observation) => return (*observation, None),
            Self::Retry(seen) => {
                let addresses = addresses::from_the_first(&seen);
                Observation {
                    addresses,
                    ..empty(seen.endpoint, seen.timing.dns, seen.attempt + 1, None)
                }
            }
        };
        observation.versions_asked = approach.all_versions;
        observation.facts_asked = approach.facts;
        (observation, None)
    }

    /// Where it leads; every job that waits has an address.
    pub(super) fn at(&self) -> Option<SocketAddr> {
        match self {
            Self::Begin(begin) => Some(SocketAddr::new(begin.address, begin.target.port)),
            Self::Again(observation, _)
            | Self::Elsewhere(observation)
            | Self::Retry(observation) => observation.endpoint.socket_address(),
        }
    }

    /// The whole visit that was made before, when this one is to be made again.
    pub(super) fn seen(self) -> Option<Observation> {
        match self {
            Self::Begin(_) | Self::Again(..) | Self::Elsewhere(_) => None,
            Self::Retry(observation) => Some(*observation),
        }
    }
}

impl Begin {
    /// The observation of a visit that is not made, and why.
    pub(super) fn unvisited(mut self, failure: Failure) -> Observation {
        let addresses = self.addresses.take();
        Observation {
            addresses,
            ..empty(self.endpoint(), self.dns, 1, Some(failure))
        }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint {
            target: self.target.clone(),
            address: Some(self.address),
        }
    }
}

/// An observation of an endpoint that gave no address.
pub(super) fn unresolved(
    target: Arc<Target>,
    dns: Duration,
    attempt: u32,
    failure: Failure,
) -> Observation {
    let endpoint = Endpoint {
        target,
        address: None,
    };
    empty(endpoint, Some(dns), attempt, Some(failure))
}

/// An observation without any exchange.
pub(super) fn empty(
    endpoint: Endpoint,
    dns: Option<Duration>,
    attempt: u32,
    failure: Option<Failure>,
) -> Observation {
    Observation {
        endpoint,
        started_at: probe::now(),
        attempt,
        timing: Timing {
            dns,
            total: dns,
            ..Timing::default()
        },
        failure,
        versions_asked: false,
        facts_asked: Default::default(),
        addresses: None,
        exchanges: Vec::new(),
    }
}

/// What a worker tells the dispatcher when an exchange has ended.
#[derive(Debug)]
pub(super) struct ExchangeReport {
    pub(super) at: SocketAddr,
    /// What the visit shows of the address so far.
    pub(super) sign: Sign,
    /// How long the visit's connections took so far.
    pub(super) took: Duration,
    pub(super) next: Next,
}

/// What the visit needs now.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing: its row is on its way.
    Done,
    /// Another exchange, which needs its own permit.
    Again(Box<Observation>, Offer),
    /// An exchange with the next address of the name.
    Elsewhere(Box<Observation>),
    /// A new visit, later.
    Retry(Box<Observation>),
}

/// A judged visit on its way to the outputs.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) observation: Observation,
    pub(super) verdict: Verdict,
}
