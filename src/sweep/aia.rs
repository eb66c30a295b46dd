//! Missing issuers by the addresses that certificates name for them (`--aia`): for rows that wait for
//! the end of the sweep and are completed neither by a file nor by another host.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::counters::{Counters, count};
use super::fetch::Fetcher;
use super::lists::Wanted;
use super::stop::{Finish, Listener, Stop};
use super::{SweepError, current_thread};
use crate::gather::Search;
use crate::judge::{Judge, Policy};
use crate::observation::Observation;

/// No certificate of a CA is nearly as large; a PKCS#7 message of several is not either.
const MAX_ANSWER: usize = 64 * 1024;

/// Fetches what the search wants, and what that wants in turn.
pub(super) async fn complete(
    policy: &Policy,
    search: &mut Search,
    fetcher: &mut Fetcher,
    stop: &mut Listener,
    counters: &Counters,
) -> Finish {
    let mut finish = Finish::Whole;
    fetcher.begin_phase();
    let mut addresses = search.next_round(&policy.issuers);
    while finish == Finish::Whole && !addresses.is_empty() {
        counters.to_fetch.fetch_add(addresses.len() as u64, Relaxed);
        let answer = |address, answer| {
            count(&counters.fetched);
            search.answer(address, answer);
        };
        finish = fetcher.fetch_all(addresses, MAX_ANSWER, stop, answer).await;
        let known = policy.with_learned(search.learned());
        addresses = search.next_round(&known.issuers);
    }
    finish
}

/// The policy for these observations, with the issuers that they lack fetched, and the revocation
/// lists that could tell about them.
pub fn completed(
    policy: &Policy,
    fetcher: &mut Fetcher,
    observations: &[Observation],
) -> Result<Policy, SweepError> {
    let mut policy = policy.clone();
    let stop = Stop::new();
    let (mut listener, counters) = (stop.listen(), Counters::default());
    let runtime = current_thread().map_err(SweepError::Start)?;
    if fetcher.issuers {
        let mut judge = Judge::new(Arc::new(policy.clone()));
        let mut search = Search::default();
        for observation in observations {
            let lacking = judge.lacking(observation);
            lacking.iter().for_each(|below| search.want(below));
        }
        let completing = complete(&policy, &mut search, fetcher, &mut listener, &counters);
        runtime.block_on(completing);
        policy = policy.with_fetched(&search);
    }
    let mut judge = Judge::new(Arc::new(policy.clone()));
    let mut wanted = Wanted::default();
    for observation in observations {
        wanted.note(&judge.judge(observation));
    }
    let fetching = wanted.fetch(&policy, fetcher, &mut listener, &counters);
    Ok(runtime.block_on(fetching).0)
}
