//! Revocation lists by the addresses that certificates name for them (`--revocation crl`), each asked
//! once: for rows that wait for the end of the sweep because no list at hand can tell.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::counters::{Counters, count};
use super::fetch::Fetcher;
use super::stop::{Finish, Listener};
use crate::gather::RevocationData;
use crate::judge::Policy;
use crate::verdict::Verdict;

/// Twice as large as the largest that public CAs publish.
const MAX_LIST: usize = 64 << 20;

/// Lists fetched in a sweep. Public CAs have some thousand.
const MAX_LISTS: usize = 10_000;

/// Addresses to ask, the same whatever the order of the rows that want them.
#[derive(Default)]
pub(super) struct Wanted(BTreeSet<String>);

impl Wanted {
    /// Takes note of what could still tell about this row. Whether anything could.
    pub(super) fn note(&mut self, verdict: &Verdict) {
        let known = verdict.revocation.iter();
        for address in known.flat_map(|known| &known.wanted) {
            if !self.0.contains(address) {
                self.0.insert(address.clone());
            }
            if self.0.len() > MAX_LISTS {
                self.0.pop_last();
            }
        }
    }

    /// Asks every address. Returns the same policy with the lists that they gave.
    pub(super) async fn fetch(
        self,
        policy: &Policy,
        fetcher: &mut Fetcher,
        stop: &mut Listener,
        counters: &Counters,
    ) -> (Policy, Finish) {
        let known = policy.revocation.as_deref();
        let mut data: RevocationData = known.cloned().unwrap_or_default();
        counters.to_fetch.fetch_add(self.0.len() as u64, Relaxed);
        let answer = |address: String, answer: Result<Vec<u8>, _>| {
            count(&counters.fetched);
            data.add_fetched(&address, answer.ok().as_deref());
        };
        let addresses = self.0.into_iter().collect();
        fetcher.begin_phase();
        let finish = fetcher.fetch_all(addresses, MAX_LIST, stop, answer).await;
        let policy = Policy {
            revocation: Some(Arc::new(data)),
            ..policy.clone()
        };
        (policy, finish)
    }
}
