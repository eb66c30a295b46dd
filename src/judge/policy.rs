//! What a judgement depends on besides the observation: trust, issuers known from elsewhere, the
//! time, and how early an expiry is announced.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::TrustStore;
use super::merit::{Gravity, Merit};
use crate::gather::{Fetched, IssuerPool, Learned, Neighbours, RevocationData, Search};
use crate::observation::{Certificate, Observation};
use crate::verdict::CompletedBy;

/// How long before an expiry the finding `expiring_soon` begins, unless said otherwise.
pub const EXPIRING_WITHIN: Duration = Duration::from_secs(30 * 86_400);

/// The rules of a judgement.
#[derive(Clone)]
pub struct Policy {
    /// The stores to judge by, each reported apart, in this order.
    pub stores: Vec<TrustStore>,
    /// The stores that decide, by their places in `stores`: each of them has to trust. Without
    /// any, one store that trusts is enough.
    pub required: Vec<usize>,
    /// Certificates that may complete a chain: those of `--intermediates`, and when the last rows
    /// of a sweep are settled also those that its hosts sent, and those that were fetched.
    pub issuers: Arc<IssuerPool>,
    /// Whose certificates the addresses of a sweep have shown; `None` until all have been seen, and
    /// where nobody asked.
    pub neighbours: Option<Arc<Neighbours>>,
    /// What came of asking the addresses that certificates name for their issuers; `None` where
    /// nobody asked.
    pub fetched: Option<Arc<Fetched>>,
    /// What is known of revocation; `None` when it is not to be looked at.
    pub revocation: Option<Arc<RevocationData>>,
    /// Judge as of then; `None` means when the visit began.
    pub at: Option<Timestamp>,
    /// How long before an expiry to say so.
    pub expiring_within: Duration,
}

impl Policy {
    /// The usual rules under these stores.
    pub fn new(stores: Vec<TrustStore>) -> Self {
        Self {
            stores,
            required: Vec::new(),
            issuers: Arc::default(),
            neighbours: None,
            fetched: None,
            revocation: None,
            at: None,
            expiring_within: EXPIRING_WITHIN,
        }
    }

    /// The time that an observation is judged for.
    pub fn time_for(&self, observation: &Observation) -> Timestamp {
        self.at.unwrap_or(observation.started_at)
    }

    /// Whether it holds of the stores that decide: of each that is required, else of any.
    pub(crate) fn suffices(&self, holds: impl Fn(usize) -> bool) -> bool {
        match self.required.is_empty() {
            true => (0..self.stores.len()).any(holds),
            false => self.required.iter().all(|store| holds(*store)),
        }
    }

    /// Returns what the stores that decide come to: of those required the one with the gravest
    /// verdict, else the best of all. `None` without a store.
    pub(super) fn decide<'o, T>(
        &self,
        outcomes: &[&'o T],
        merit: impl Fn(&T) -> Merit,
    ) -> Option<&'o T> {
        if self.required.is_empty() {
            return match outcomes {
                [only] => Some(*only),
                _ => outcomes.iter().copied().min_by_key(|it| merit(it)),
            };
        }
        let required = outcomes.iter().copied().enumerate();
        let required = required.filter(|(store, _)| self.required.contains(store));
        let required = required.map(|(_, outcome)| outcome);
        required.max_by_key(|it| Gravity::from(merit(it)))
    }

    /// The same rules, with what a sweep learned from its hosts added to the issuers known: for
    /// rows that were not settled.
    pub fn with_learned(&self, learned: &Learned) -> Self {
        let anchored = |certificate: &Certificate| self.anchors_sign(certificate);
        Self {
            issuers: Arc::new(learned.settle(&self.issuers, anchored)),
            ..self.clone()
        }
    }

    /// Returns the same rules with what a search for missing issuers fetched. No anchor needs to
    /// vouch for these: they are considered only above a certificate whose signature they verify,
    /// and a private root among them explains why a chain is not trusted.
    pub fn with_fetched(&self, search: &Search) -> Self {
        let mut issuers = IssuerPool::clone(&self.issuers);
        for certificate in search.fetched().certificates() {
            issuers.add(certificate.clone(), CompletedBy::Aia);
        }
        Self {
            fetched: Some(Arc::new(search.fetched().clone())),
            issuers: Arc::new(issuers),
            ..self.clone()
        }
    }

    fn anchors_sign(&self, certificate: &Certificate) -> bool {
        self.stores.iter().any(|store| store.signed(certificate))
    }
}
