//! The policy: what a judgement depends on besides the observation. It contains the trust stores,
//! issuers from elsewhere, the time, and the warning period before an expiry.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::TrustStore;
use super::merit::{Gravity, Merit};
use crate::gather::{Fetched, IssuerPool, Learned, Neighbours, RevocationData, Search};
use crate::observation::{Certificate, Observation};
use crate::verdict::CompletedBy;

/// Default period before an expiry in which the finding `expiring_soon` applies.
pub const EXPIRING_WITHIN: Duration = Duration::from_secs(30 * 86_400);

/// Policy of a judgement.
#[derive(Clone)]
pub struct Policy {
    /// Trust stores. Each is reported separately, in this order.
    pub stores: Vec<TrustStore>,
    /// Indices of the required stores in `stores`: each of them must trust the chain. If it is
    /// empty, one store that trusts the chain is enough.
    pub required: Vec<usize>,
    /// Certificates that may complete a chain: those of `--intermediates`, and for the unsettled
    /// rows at the end of a sweep also the learned and fetched ones.
    pub issuers: Arc<IssuerPool>,
    /// Certificates that the addresses of a sweep have sent; `None` until the end of the sweep, or
    /// if they are not collected.
    pub neighbours: Option<Arc<Neighbours>>,
    /// Results of the AIA downloads; `None` if nothing was downloaded.
    pub fetched: Option<Arc<Fetched>>,
    /// Revocation data; `None` if revocation is not checked.
    pub revocation: Option<Arc<RevocationData>>,
    /// True if most lookups of a sweep failed, so that the resolver is the likely cause; known only
    /// at the end of the sweep.
    pub resolver_suspect: bool,
    /// Time to judge for; `None` for the start of the visit.
    pub at: Option<Timestamp>,
    /// Period before an expiry in which the finding `expiring_soon` applies.
    pub expiring_within: Duration,
}

impl Policy {
    /// Returns the default policy with these stores.
    pub fn new(stores: Vec<TrustStore>) -> Self {
        Self {
            stores,
            required: Vec::new(),
            issuers: Arc::default(),
            neighbours: None,
            fetched: None,
            revocation: None,
            resolver_suspect: false,
            at: None,
            expiring_within: EXPIRING_WITHIN,
        }
    }

    /// Returns the time that an observation is judged for.
    pub fn time_for(&self, observation: &Observation) -> Timestamp {
        self.at.unwrap_or(observation.started_at)
    }

    /// Returns true if the condition is true for the deciding stores: for each required store, or
    /// for any store if none is required.
    pub(crate) fn suffices(&self, condition: impl Fn(usize) -> bool) -> bool {
        match self.required.is_empty() {
            true => (0..self.stores.len()).any(condition),
            false => self.required.iter().all(|store| condition(*store)),
        }
    }

    /// Returns the path that decides: the one with the gravest verdict of the required stores,
    /// or the best of all if none is required. Returns `None` without a store.
    pub(super) fn decide<'o, T>(
        &self,
        picks: &[&'o T],
        merit: impl Fn(&T) -> Merit,
    ) -> Option<&'o T> {
        if self.required.is_empty() {
            return match picks {
                [only] => Some(*only),
                _ => picks.iter().copied().min_by_key(|it| merit(it)),
            };
        }
        let required = picks.iter().copied().enumerate();
        let required = required.filter(|(store, _)| self.required.contains(store));
        let required = required.map(|(_, pick)| pick);
        required.max_by_key(|it| Gravity::from(merit(it)))
    }

    /// Returns the same policy with the learned issuers of a sweep added, for rows that were not
    /// settled.
    pub fn with_learned(&self, learned: &Learned) -> Self {
        let anchored = |certificate: &Certificate| self.anchors_sign(certificate);
        Self {
            issuers: Arc::new(learned.extend_pool(&self.issuers, anchored)),
            ..self.clone()
        }
    }

    /// Returns the same policy with the fetched issuers of a search added. No anchor needs to vouch
    /// for these: they are considered only above a certificate whose signature they verify, and a
    /// private root among them explains why a chain is not trusted.
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
