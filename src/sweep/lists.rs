//! Downloads CRLs from the distribution points in certificates (`--revocation crl`), each URL once,
//! for rows that wait for the end of the sweep because no loaded CRL covers them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::counters::{Counters, count};
use super::fetch::Fetcher;
use super::stop::{Finish, Listener};
use crate::gather::RevocationData;
use crate::judge::Policy;
use crate::verdict::Verdict;

/// Twice the size of the largest CRL of a public CA.
const MAX_LIST: usize = 64 << 20;

/// Maximum number of CRLs downloaded in a sweep. Public CAs publish a few thousand.
const MAX_LISTS: usize = 10_000;

/// URLs to download. If there are too many, the selection does not depend on the order of the rows.
#[derive(Default)]
pub(super) struct Wanted(BTreeSet<String>);

impl Wanted {
    /// Adds the URLs of the CRLs that could still change this row.
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

    /// Downloads every URL. Returns the policy extended by the CRLs, and false if it was
    /// interrupted.
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
