//! The one client that asks addresses which certificates name: each is resolved, guarded, paced and
//! asked at most once a call. It shares nothing with visits but the kinds of its parts; what
//! is asked for and what comes of it is the caller's business.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::dispatch::clock;
use super::stop::Listener;
use crate::gather::{self, FetchFailure, Guard, HttpAddress, Patience};
use crate::observation::{Failure, Reason};
use crate::pace::{Admission, Ceiling, Limits, Pacer, Rate};
use crate::resolve::{ExcludeList, Resolver};

/// Names being resolved.
const RESOLVING: usize = 8;

/// Fetches that may wait for their turn before further names are resolved.
const PARKED: usize = 256;

/// Asks addresses, politely.
pub struct Fetcher {
    /// Whether issuers that nobody sends are fetched, not only revocation lists.
    pub issuers: bool,
    resolver: Arc<Resolver>,
    excludes: Arc<ExcludeList>,
    guard: Guard,
    patience: Patience,
    pacer: Pacer<Fetch>,
}

/// One address to ask.
#[derive(Debug)]
struct Fetch {
    text: String,
    address: HttpAddress,
}

/// What an address gave.
type Answer = Result<Vec<u8>, FetchFailure>;

/// What is under way.
struct Round<F> {
    cap: usize,
    lookups: JoinSet<(Fetch, Result<Vec<IpAddr>, Failure>)>,
    fetches: JoinSet<(String, IpAddr, Answer)>,
    /// Addresses without an answer yet.
    open: BTreeSet<String>,
    done: F,
}

impl<F: FnMut(String, Answer)> Round<F> {
    fn end(&mut self, text: String, answer: Answer) {
        self.open.remove(&text);
        (self.done)(text, answer);
    }
}

/// A CA's server has thousands of clients; it shall not notice one more. All together ten a second
/// and eight at once, two a second and two at once to one address.
fn limits() -> Limits {
    let rate =
        |per_second| Rate::per_second(per_second).expect("10 and 2 are within the range of rates");
    Limits {
        rate: rate(10.0),
        rate_per_ip: rate(2.0),
        in_flight: Ceiling::at(8),
        in_flight_per_ip: Ceiling::at(2),
    }
}

impl Fetcher {
    /// A client that resolves, leaves alone, guards and waits like this. Its resolver is its own:
    /// lookups run on the runtime that opened their sockets.
    pub fn new(
        resolver: Resolver,
        excludes: Arc<ExcludeList>,
        guard: Guard,
        patience: Patience,
    ) -> Self {
        Self {
            issuers: false,
            resolver: Arc::new(resolver),
            excludes,
            guard,
            patience,
            pacer: Pacer::new(limits(), clock()),
        }
    }

    /// Asks each of these addresses once and takes at most `cap` bytes from each. Every address has
    /// its answer when this returns; false when it was interrupted, and the rest was not asked.
    pub(super) async fn fetch_all(
        &mut self,
        addresses: Vec<String>,
        cap: usize,
        stop: &mut Listener,
        done: impl FnMut(String, Answer),
    ) -> bool {
        let mut round = Round {
            cap,
            lookups: JoinSet::new(),
            fetches: JoinSet::new(),
            open: addresses.iter().cloned().collect(),
            done,
        };
        let whole = self.run(addresses, &mut round, stop).await;
        for text in std::mem::take(&mut round.open) {
            (round.done)(text, Err(FetchFailure::Interrupted));
        }
        whole
    }

    async fn run<F: FnMut(String, Answer)>(
        &mut self,
        addresses: Vec<String>,
        round: &mut Round<F>,
        stop: &mut Listener,
    ) -> bool {
        let mut addresses = addresses.into_iter();
        loop {
            while round.lookups.len() < RESOLVING
                && self.pacer.parked() < PARKED
                && let Some(text) = addresses.next()
            {
                self.begin(text, round);
            }
            let due = match self.pacer.poll(clock()) {
                Admission::Go { key, job } => {
                    self.start(key, job, round);
                    continue;
                }
                Admission::Wait(due) => Some(due),
                Admission::Blocked => None,
            };
            if due.is_none() && round.lookups.is_empty() && round.fetches.is_empty() {
                return true;
            }
            tokio::select! {
                biased;
                () = stop.wanted() => return false,
                Some(looked_up) = round.lookups.join_next() => {
                    if let Ok((fetch, addresses)) = looked_up {
                        self.resolved(fetch, addresses, round);
                    }
                }
                Some(fetched) = round.fetches.join_next() => {
                    if let Ok((text, address, answer)) = fetched {
                        self.pacer.finished(address, clock());
                        round.end(text, answer);
                    }
                }
                () = until(due) => {}
            }
        }
    }

    /// Resolves the address's name, where it has one.
    fn begin<F: FnMut(String, Answer)>(&mut self, text: String, round: &mut Round<F>) {
        let address = match HttpAddress::parse(&text) {
            Ok(address) => address,
            Err(failure) => return round.end(text, Err(failure)),
        };
        let name = match address.host() {
            Ok(named) => {
                let fetch = Fetch { text, address };
                return self.resolved(fetch, Ok(vec![named]), round);
            }
            Err(name) => name.to_owned(),
        };
        if self.excludes.excludes_name(&name) {
            return round.end(text, Err(FetchFailure::Excluded));
        }
        let resolver = self.resolver.clone();
        round.lookups.spawn(async move {
            let addresses = resolver.resolve(&name).await;
            (Fetch { text, address }, addresses)
        });
    }

    /// Parks the fetch for the first address that may be asked.
    fn resolved<F: FnMut(String, Answer)>(
        &mut self,
        fetch: Fetch,
        addresses: Result<Vec<IpAddr>, Failure>,
        round: &mut Round<F>,
    ) {
        let addresses = addresses.map_err(|failure| FetchFailure::Name(words(&failure)));
        match addresses.and_then(|addresses| self.choose(&addresses, fetch.address.port())) {
            Ok(address) => self.pacer.push(address, fetch),
            Err(failure) => round.end(fetch.text, Err(failure)),
        }
    }

    fn choose(&self, addresses: &[IpAddr], port: u16) -> Result<IpAddr, FetchFailure> {
        let mut first = None;
        for address in addresses {
            match self.may_ask(*address, port) {
                Ok(()) => return Ok(*address),
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        Err(first.unwrap_or_else(|| FetchFailure::Name("no address".to_owned())))
    }

    fn may_ask(&self, address: IpAddr, port: u16) -> Result<(), FetchFailure> {
        match self.excludes.excludes_address(address) {
            true => Err(FetchFailure::Excluded),
            false => self.guard.check(address, port),
        }
    }

    fn start<F>(&self, address: IpAddr, fetch: Fetch, round: &mut Round<F>) {
        let (guard, patience, cap) = (self.guard, self.patience, round.cap);
        round.fetches.spawn(async move {
            let answer = gather::get(&fetch.address, address, guard, patience, cap).await;
            (fetch.text, address, answer)
        });
    }
}

/// Sleeps until then, or for ever.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

fn words(failure: &Failure) -> String {
    let reason = match failure.reason {
        Reason::Nxdomain => "it does not exist",
        Reason::NoAddress => "it has no address",
        Reason::Timeout => "no answer in time",
        Reason::InvalidName => "it is no valid name",
        _ => "the resolver failed",
    };
    match failure.detail.as_str() {
        "" => reason.to_owned(),
        detail => format!("{reason} ({detail})"),
    }
}
