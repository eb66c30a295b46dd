//! Messages between the dispatcher and the workers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::addresses;
use crate::inventory::{Endpoint, Target};
use crate::observation::{Addresses, Failure, Observation, Offer, Timing};
use crate::pace::VisitOutcome;
use crate::probe::{self, Approach};
use crate::verdict::Verdict;

/// A visit that waits for its permit. It is small because very many may wait.
#[derive(Debug)]
pub(super) enum Job {
    /// Start a visit.
    Begin(Box<Begin>),
    /// Continue a visit with another exchange.
    Again(Box<Observation>, Offer),
    /// Continue at another address of the name, because the earlier ones accepted no connection.
    Elsewhere(Box<Observation>),
    /// Repeat a visit whose failure may be temporary. The previous observation is kept until then.
    Retry(Box<Observation>),
}

/// The start of a visit.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) target: Arc<Target>,
    pub(super) address: IpAddr,
    /// The lookup that found the address; `None` if the target specifies it.
    pub(super) dns: Option<LookedUp>,
    /// The other addresses of the name, if visiting one of them is enough.
    pub(super) addresses: Option<Box<Addresses>>,
}

/// A lookup that found the address of a visit.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookedUp {
    pub(super) took: Duration,
    /// Time after which the name is looked up again, or `None` if it never is.
    pub(super) good_until: Option<Instant>,
}

impl Job {
    /// Returns the observation to continue and the ClientHello to send; the prober chooses the
    /// first one.
    pub(super) fn start(self, approach: &Approach) -> (Observation, Option<Offer>) {
        let mut observation = match self {
            Self::Begin(mut begin) => {
                let addresses = begin.addresses.take();
                Observation {
                    addresses,
                    ..empty(begin.endpoint(), begin.took(), 1, None)
                }
            }
            Self::Again(observation, offer) => return (*observation, Some(offer)),
            Self::Elsewhere(observation) => return (*observation, None),
            Self::Retry(seen) => {
                let addresses = addresses::from_the_first(&seen);
                Observation {
                    addresses,
                    ..empty(seen.endpoint, None, seen.attempt + 1, None)
                }
            }
        };
        observation.versions_asked = approach.all_versions;
        observation.facts_asked = approach.facts;
        (observation, None)
    }

    /// Returns the destination; every waiting job has an address.
    pub(super) fn at(&self) -> Option<SocketAddr> {
        match self {
            Self::Begin(begin) => Some(SocketAddr::new(begin.address, begin.target.port)),
            Self::Again(observation, _)
            | Self::Elsewhere(observation)
            | Self::Retry(observation) => observation.endpoint.socket_address(),
        }
    }

    /// Returns the observation of the previous attempt, if this job is a retry.
    pub(super) fn seen(self) -> Option<Observation> {
        match self {
            Self::Begin(_) | Self::Again(..) | Self::Elsewhere(_) => None,
            Self::Retry(observation) => Some(*observation),
        }
    }
}

impl Begin {
    /// Returns the observation of a visit that is not made, with the reason.
    pub(super) fn unvisited(mut self, failure: Failure) -> Observation {
        let addresses = self.addresses.take();
        Observation {
            addresses,
            ..empty(self.endpoint(), self.took(), 1, Some(failure))
        }
    }

    /// Returns true if the name should be looked up again before the visit.
    pub(super) fn is_stale(&self, now: Instant) -> bool {
        let good_until = self.dns.and_then(|lookup| lookup.good_until);
        good_until.is_some_and(|until| until < now)
    }

    fn took(&self) -> Option<Duration> {
        self.dns.map(|lookup| lookup.took)
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint {
            target: self.target.clone(),
            address: Some(self.address),
        }
    }
}

/// Returns the observation of an endpoint without an address.
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

/// Returns an observation without any exchange. If the attempt included a lookup, it started that
/// much earlier: the time between lookup and visit is our own and does not count.
pub(super) fn empty(
    endpoint: Endpoint,
    dns: Option<Duration>,
    attempt: u32,
    failure: Option<Failure>,
) -> Observation {
    let now = probe::now();
    let started_at = now.checked_sub(dns.unwrap_or_default()).unwrap_or(now);
    Observation {
        attempt,
        timing: Timing {
            dns,
            total: dns,
            ..Timing::default()
        },
        failure,
        ..Observation::of(endpoint, started_at)
    }
}

/// A job with its permit.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) job: Job,
    /// Time of the permit.
    pub(super) at: Instant,
}

/// A worker's report to the dispatcher.
#[derive(Debug)]
pub(super) enum Report {
    /// An exchange has ended.
    Exchange(ExchangeReport),
    /// A job for this address started only now, well after its permit.
    StartedLate(IpAddr, Instant),
}

/// The end of an exchange.
#[derive(Debug)]
pub(super) struct ExchangeReport {
    pub(super) at: SocketAddr,
    /// What the visit so far shows about the address.
    pub(super) outcome: VisitOutcome,
    /// Total duration of the visit's connections so far.
    pub(super) took: Duration,
    pub(super) next: Next,
}

/// What the visit needs next.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing: its row has been handed in.
    Done,
    /// Another exchange, which needs its own permit.
    Again(Box<Observation>, Offer),
    /// An exchange with the next address of the name.
    Elsewhere(Box<Observation>),
    /// A retry, later.
    Retry(Box<Observation>),
}

/// A judged visit on its way to the outputs.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) observation: Observation,
    pub(super) verdict: Verdict,
}
