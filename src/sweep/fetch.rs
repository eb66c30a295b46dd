//! The client that downloads from URLs in certificates. Every URL is resolved, checked by the
//! guard, paced, and requested at most once per call. It shares types with the visits but no state.
//! The caller defines the URLs and uses the results.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::state::clock;
use super::stop::{Finish, Listener};
use crate::gather::{self, FetchFailure, Guard, HttpAddress, Patience};
use crate::inventory::no_destination;
use crate::observation::{Failure, LookupReason};
use crate::pace::{Admission, Ceiling, Limits, Pacer, Rate};
use crate::resolve::{ExcludeList, Resolver};

/// Number of names being resolved.
const RESOLVING: usize = 8;

/// Number of downloads that may wait for a permit before further names are resolved.
const PARKED: usize = 256;

/// Downloads URLs at a low rate.
pub struct Fetcher {
    /// True if missing issuers are downloaded, not only CRLs.
    pub issuers: bool,
    resolver: Arc<Resolver>,
    excludes: Arc<ExcludeList>,
    guard: Guard,
    patience: Patience,
    limits: Limits,
    pacer: Pacer<Fetch>,
    /// Minimum time between two connections to one address; the first request keeps it too, since a
    /// visit may just have ended.
    distance: Duration,
    /// Time limit of a phase.
    longest: Duration,
    /// Start and end of the current phase; `None` before the first.
    phase: Option<(Instant, Instant)>,
    /// Number of timeouts of each server.
    timeouts: HashMap<IpAddr, u32>,
}

/// One URL to download.
#[derive(Debug)]
struct Fetch {
    text: String,
    address: HttpAddress,
}

/// The result of one URL.
type FetchResult = Result<Vec<u8>, FetchFailure>;

/// The downloads of one call.
struct Round<F> {
    cap: usize,
    lookups: JoinSet<(Fetch, Result<Vec<IpAddr>, Failure>)>,
    fetches: JoinSet<(String, IpAddr, FetchResult)>,
    /// URLs without a result yet.
    open: BTreeSet<String>,
    done: F,
}

impl<F: FnMut(String, FetchResult)> Round<F> {
    fn end(&mut self, text: String, answer: FetchResult) {
        self.open.remove(&text);
        (self.done)(text, answer);
    }
}

/// Number of timeouts after which a server is not contacted again. It may send its responses slowly
/// or be dead; each costs the whole timeout of a download.
const MOST_TIMEOUTS: u32 = 3;

/// Time limit of a phase, in addition to the time that the rate limit requires. It bounds how long
/// rows wait, however servers behave.
const PHASE: Duration = Duration::from_secs(300);

/// A CA's server has thousands of clients and should not notice another one. The limits are ten
/// requests per second and eight concurrent ones in total, and two per second and two concurrent
/// ones to one address, or those of the visits if they are lower.
fn limits(visits: Limits) -> Limits {
    let rate =
        |per_second| Rate::per_second(per_second).expect("10 and 2 are within the range of rates");
    Limits {
        rate: rate(10.0).slower(visits.rate),
        rate_per_ip: rate(2.0).slower(visits.rate_per_ip),
        in_flight: Ceiling::at(visits.in_flight.get().min(8)),
        in_flight_per_ip: Ceiling::at(visits.in_flight_per_ip.get().min(2)),
    }
}

impl Fetcher {
    /// Creates a client with these settings, which is never faster than `visits`. It needs its own
    /// resolver, because lookups run on the runtime that opened their sockets.
    pub fn new(
        resolver: Resolver,
        excludes: Arc<ExcludeList>,
        guard: Guard,
        patience: Patience,
        visits: Limits,
    ) -> Self {
        let limits = limits(visits);
        Self {
            issuers: false,
            resolver: Arc::new(resolver),
            excludes,
            guard,
            patience,
            limits,
            pacer: Pacer::new(limits, clock()),
            distance: visits
                .rate_per_ip
                .slower(visits.rate)
                .interval()
                .unwrap_or_default(),
            longest: PHASE,
            phase: None,
            timeouts: HashMap::new(),
        }
    }

    /// Starts a phase, which limits the total time of the downloads that follow.
    pub(super) fn begin_phase(&mut self) {
        let start = clock() + self.distance;
        self.phase = Some((start, start + self.longest));
    }

    /// Downloads each URL once, up to `cap` bytes. Every URL has a result when this returns, at the
    /// latest at the end of the phase. Returns `Interrupted` if a stop was requested; the remaining
    /// URLs are then not requested.
    pub(super) async fn fetch_all(
        &mut self,
        addresses: Vec<String>,
        cap: usize,
        stop: &mut Listener,
        done: impl FnMut(String, FetchResult),
    ) -> Finish {
        let mut round = Round {
            cap,
            lookups: JoinSet::new(),
            fetches: JoinSet::new(),
            open: addresses.iter().cloned().collect(),
            done,
        };
        // The time that the rate limit requires is added to the limit, so that slow servers cannot
        // use it up.
        let interval = self.limits.rate.interval().unwrap_or_default();
        let count = u32::try_from(round.open.len()).unwrap_or(u32::MAX);
        let (start, end) = self.phase.unwrap_or((clock(), clock() + self.longest));
        let ends = end + interval.saturating_mul(count);
        self.phase = Some((start, ends));
        let ended = tokio::select! {
            ended = self.run(addresses, &mut round, stop) => ended,
            () = until(Some(ends)) => RoundEnd::Late,
        };
        // Requests that have not ended are abandoned.
        self.pacer = Pacer::new(self.limits, clock());
        let left = match ended {
            RoundEnd::Interrupted => FetchFailure::Interrupted,
            RoundEnd::Complete | RoundEnd::Late => FetchFailure::Late,
        };
        for text in std::mem::take(&mut round.open) {
            (round.done)(text, Err(left.clone()));
        }
        match ended {
            RoundEnd::Interrupted => Finish::Interrupted,
            RoundEnd::Complete | RoundEnd::Late => Finish::Complete,
        }
    }

    async fn run<F: FnMut(String, FetchResult)>(
        &mut self,
        addresses: Vec<String>,
        round: &mut Round<F>,
        stop: &mut Listener,
    ) -> RoundEnd {
        let mut addresses = addresses.into_iter();
        // The last visit may have ended just now.
        if let Some((start, _)) = self.phase.filter(|_| !round.open.is_empty()) {
            tokio::select! {
                () = stop.requested() => return RoundEnd::Interrupted,
                () = until(Some(start)) => {}
            }
        }
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
                return RoundEnd::Complete;
            }
            tokio::select! {
                biased;
                () = stop.requested() => return RoundEnd::Interrupted,
                Some(looked_up) = round.lookups.join_next() => {
                    if let Ok((fetch, addresses)) = looked_up {
                        self.resolved(fetch, addresses, round);
                    }
                }
                Some(fetched) = round.fetches.join_next() => {
                    if let Ok((text, address, answer)) = fetched {
                        self.pacer.finished(address, clock());
                        if matches!(answer, Err(FetchFailure::Timeout(_))) {
                            *self.timeouts.entry(address).or_default() += 1;
                            self.drop_parked(address, round);
                        }
                        round.end(text, answer);
                    }
                }
                () = until(due) => {}
            }
        }
    }

    /// Resolves the host of the URL if it is a name.
    fn begin<F: FnMut(String, FetchResult)>(&mut self, text: String, round: &mut Round<F>) {
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
            let addresses = resolver.resolve(&name).await.found;
            (Fetch { text, address }, addresses)
        });
    }

    /// Parks the download for the first address that may be contacted.
    fn resolved<F: FnMut(String, FetchResult)>(
        &mut self,
        fetch: Fetch,
        addresses: Result<Vec<IpAddr>, Failure>,
        round: &mut Round<F>,
    ) {
        let addresses = addresses.map_err(|failure| FetchFailure::Name(reason(&failure)));
        match addresses.and_then(|addresses| self.choose(&addresses, fetch.address.port())) {
            Ok(address) => self.pacer.push(address, fetch),
            Err(failure) => round.end(fetch.text, Err(failure)),
        }
    }

    /// Drops the remaining downloads from a server that timed out too often.
    fn drop_parked<F: FnMut(String, FetchResult)>(
        &mut self,
        address: IpAddr,
        round: &mut Round<F>,
    ) {
        if self.timed_out_too_often(address) {
            for fetch in self.pacer.take_parked(address) {
                round.end(fetch.text, Err(FetchFailure::GivenUp(address)));
            }
        }
    }

    fn timed_out_too_often(&self, address: IpAddr) -> bool {
        self.timeouts
            .get(&address)
            .is_some_and(|timeouts| *timeouts >= MOST_TIMEOUTS)
    }

    fn choose(&self, addresses: &[IpAddr], port: u16) -> Result<IpAddr, FetchFailure> {
        let mut first = None;
        for address in addresses {
            let address = address.to_canonical();
            match self.may_ask(address, port) {
                Ok(()) => return Ok(address),
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        // There is no address only if an alias of the name is excluded.
        Err(first.unwrap_or(FetchFailure::Excluded))
    }

    fn may_ask(&self, address: IpAddr, port: u16) -> Result<(), FetchFailure> {
        if self.excludes.excludes_address(address) {
            return Err(FetchFailure::Excluded);
        }
        if let Some(kind) = no_destination(address) {
            return Err(FetchFailure::Connect(format!("{address} is {kind}")));
        }
        if self.timed_out_too_often(address) {
            return Err(FetchFailure::GivenUp(address));
        }
        self.guard.check(address, port)
    }

    fn start<F>(&self, address: IpAddr, fetch: Fetch, round: &mut Round<F>) {
        let (guard, patience, cap) = (self.guard, self.patience, round.cap);
        round.fetches.spawn(async move {
            let answer = gather::get(&fetch.address, address, guard, patience, cap).await;
            (fetch.text, address, answer)
        });
    }
}

/// How downloading ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RoundEnd {
    /// Every URL has a result.
    Complete,
    /// The time limit was reached.
    Late,
    /// A stop was requested.
    Interrupted,
}

/// Waits until `due`; waits forever if there is none.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

fn reason(failure: &Failure) -> String {
    use LookupReason as Is;
    let reason = match failure.lookup() {
        Some(Is::Nxdomain) => "it does not exist",
        Some(Is::NoAddress) => "it has no address",
        Some(Is::Timeout) => "the lookup timed out",
        Some(Is::InvalidName) => "it is not a valid name",
        Some(Is::Servfail | Is::ResolverError | Is::NoResolver) => "the resolver failed",
        Some(Is::UnusableAddress | Is::LocalLimit) | None => "the resolver failed",
    };
    match failure.detail.is_empty() {
        true => reason.to_owned(),
        false => format!("{reason} ({})", failure.detail),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;
    use crate::resolve::Settings;
    use crate::sweep::stop::Stop;

    /// Starts a web server at this address. If `drips` is true, it starts each response and never
    /// finishes it.
    fn server(ip: &str, drips: bool) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for mut stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, SeqCst);
                let _ = stream.read(&mut [0; 4096]);
                let length = if drips { 9 } else { 2 };
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nok");
                let _ = stream.write_all(answer.as_bytes());
                kept.push(stream);
            }
        });
        (at, asked)
    }

    fn fetcher(visits: Limits, total: Duration) -> Fetcher {
        let resolver = Resolver::new(Settings::default()).unwrap();
        let patience = Patience {
            connect: total,
            total,
        };
        let guard = Guard::AllowPrivate;
        Fetcher::new(resolver, Arc::default(), guard, patience, visits)
    }

    async fn fetched(fetcher: &mut Fetcher, addresses: Vec<String>) -> Vec<(String, FetchResult)> {
        let (stop, mut answers) = (Stop::new(), Vec::new());
        let done = |address, answer| answers.push((address, answer));
        fetcher.begin_phase();
        let mut listener = stop.listen();
        let fetching = fetcher.fetch_all(addresses, 100, &mut listener, done);
        assert_eq!(fetching.await, Finish::Complete);
        answers.sort_by(|one, other| one.0.cmp(&other.0));
        answers
    }

    fn unlimited() -> Limits {
        Limits {
            rate: Rate::UNLIMITED,
            rate_per_ip: Rate::UNLIMITED,
            ..Limits::default()
        }
    }

    #[tokio::test]
    async fn a_server_that_owes_its_answers_is_left_and_others_are_not() {
        let (drip, asked) = server("127.0.3.1", true);
        let (good, served) = server("127.0.3.2", false);
        let mut fetcher = fetcher(unlimited(), Duration::from_millis(300));
        fetcher.pacer = Pacer::new(unlimited(), clock());
        let mut addresses: Vec<String> = (0..40).map(|n| format!("{drip}/{n}")).collect();
        addresses.extend((0..5).map(|n| format!("{good}/{n}")));
        // The IPv4-mapped IPv6 address is the same server and has the same timeouts.
        let mapped = drip.replace("127.0.3.1", "[::ffff:127.0.3.1]");
        addresses.extend((0..5).map(|n| format!("{mapped}/{n}")));
        let answers = fetched(&mut fetcher, addresses).await;
        assert_eq!(answers.len(), 50);
        let timeouts = |answers: &[(String, FetchResult)]| {
            let late = |it: &&(String, FetchResult)| matches!(it.1, Err(FetchFailure::Timeout(_)));
            answers.iter().filter(late).count()
        };
        // Up to four requests to one address may be under way when the third timeout is seen.
        assert!((3..=7).contains(&timeouts(&answers)), "{answers:?}");
        assert_eq!(asked.load(SeqCst), timeouts(&answers));
        let given_up = Err(FetchFailure::GivenUp("127.0.3.1".parse().unwrap()));
        let left = answers.iter().filter(|it| it.1 == given_up).count();
        assert_eq!(left, 45 - timeouts(&answers));
        let well = answers.iter().filter(|it| it.1.is_ok()).count();
        assert_eq!((well, served.load(SeqCst)), (5, 5));
        // The limit also applies in a later phase.
        let again = fetched(&mut fetcher, vec![format!("{drip}/again")]).await;
        assert_eq!(again[0].1, given_up);
    }

    #[tokio::test]
    async fn a_phase_ends_in_time_whatever_servers_do() {
        let drips: Vec<_> = (1..=30)
            .map(|n| server(&format!("127.0.4.{n}"), true).0)
            .collect();
        let mut fetcher = fetcher(unlimited(), Duration::from_secs(600));
        fetcher.longest = Duration::from_millis(200);
        let answers = fetched(&mut fetcher, drips).await;
        assert_eq!(answers.len(), 30);
        assert!(answers.iter().all(|it| it.1 == Err(FetchFailure::Late)));
    }

    #[test]
    fn fetching_is_never_faster_than_visiting() {
        let rate = |text: &str| text.parse::<Rate>().unwrap();
        for (visits, fetches) in [
            (("500", "10", 2000, 4), ("10", "2", 8, 2)),
            (("0", "0", 2000, 2000), ("10", "2", 8, 2)),
            (("60/m", "30/m", 3, 1), ("1", "0.5", 3, 1)),
        ] {
            let limits = limits(Limits {
                rate: rate(visits.0),
                rate_per_ip: rate(visits.1),
                in_flight: Ceiling::at(visits.2),
                in_flight_per_ip: Ceiling::at(visits.3),
            });
            assert_eq!(limits.rate, rate(fetches.0));
            assert_eq!(limits.rate_per_ip, rate(fetches.1));
            assert_eq!(limits.in_flight.get(), fetches.2);
            assert_eq!(limits.in_flight_per_ip.get(), fetches.3);
        }
    }

    #[tokio::test]
    async fn addresses_that_are_no_destination_are_not_asked() {
        let mut fetcher = fetcher(unlimited(), Duration::from_secs(5));
        let addresses = [
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::ffff:0.0.0.0]/",
        ];
        let answers = fetched(&mut fetcher, addresses.map(str::to_owned).to_vec()).await;
        for (address, answer) in answers {
            let said = answer.unwrap_err().to_string();
            assert!(said.contains("is unspecified"), "{address}: {said}");
        }
    }
}
