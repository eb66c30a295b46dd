//! Downloads missing issuers from the AIA URLs in certificates (`--aia`), for rows that wait for
//! the end of the sweep and that neither `--intermediates` nor another host completes.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::counters::{Counters, count};
use super::error::{SweepError, current_thread};
use super::fetch::Fetcher;
use super::lists::Wanted;
use super::stop::{Finish, Listener, Stop};
use crate::gather::Search;
use crate::judge::{Judge, Policy};
use crate::observation::Observation;

/// Maximum size of a response in bytes: larger than any CA certificate and than a PKCS#7 message
/// with several of them.
const MAX_ANSWER: usize = 64 * 1024;

/// Downloads the issuers that the search wants, then those that the downloaded ones need in turn.
/// Returns how downloading ended.
pub(super) async fn fetch_issuers(
    policy: &Policy,
    search: &mut Search,
    fetcher: &mut Fetcher,
    stop: &mut Listener,
    counters: &Counters,
) -> Finish {
    let mut finish = Finish::Complete;
    fetcher.begin_phase();
    let mut addresses = search.next_round(&policy.issuers);
    while finish == Finish::Complete && !addresses.is_empty() {
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

/// Returns the policy for these observations, extended by the downloaded issuers that they lack and
/// by the CRLs that could change their verdicts.
///
/// # Errors
///
/// Returns an error if the event loop cannot be started.
pub fn fetch_for(
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
        let fetching = fetch_issuers(&policy, &mut search, fetcher, &mut listener, &counters);
        runtime.block_on(fetching);
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
