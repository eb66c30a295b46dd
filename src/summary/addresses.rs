//! What each address of a sweep answered, over all its ports. For a large sweep, it keeps a sample of
//! the addresses, so that memory use stays bounded.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use crate::observation::{Failure, Reason, Stage};

/// Maximum number of addresses kept.
const KEPT: usize = 4096;

/// The best answer of an address on any port, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Response {
    /// No port answered.
    Silent,
    /// A port refused the connection, so the network works.
    Refused,
    /// A port accepted a connection.
    Accepted,
}

/// The addresses with the smallest hashes, which are a uniform sample. An address that was dropped
/// once never returns, because the largest hash kept only becomes smaller.
#[derive(Debug, Default)]
pub(super) struct AddressSample {
    kept: BTreeMap<u64, Response>,
    /// True if an address was dropped.
    sampled: bool,
}

impl AddressSample {
    pub(super) fn add(&mut self, address: IpAddr, response: Response) {
        let mut hasher = DefaultHasher::new();
        address.hash(&mut hasher);
        let best = self.kept.entry(hasher.finish()).or_insert(response);
        *best = response.max(*best);
        if self.kept.len() > KEPT {
            self.kept.pop_last();
            self.sampled = true;
        }
    }

    /// Returns the number of addresses with this response.
    pub(super) fn count(&self, response: Response) -> u64 {
        self.kept.values().filter(|it| **it == response).count() as u64
    }

    /// Returns the number of addresses kept.
    pub(super) fn len(&self) -> u64 {
        self.kept.len() as u64
    }

    /// Returns true if some addresses are not among those kept.
    pub(super) fn is_sampled(&self) -> bool {
        self.sampled
    }
}

impl Response {
    /// Returns the response that a row shows, or `None` if nothing was sent to the address.
    pub(super) fn of(failure: Option<&Failure>) -> Option<Self> {
        let failed = failure.filter(|failure| failure.stage == Stage::Connect);
        match failed.map(|failure| failure.reason) {
            None => Some(Self::Accepted),
            Some(Reason::Refused | Reason::Reset) => Some(Self::Refused),
            Some(Reason::LocalLimit | Reason::UnusableAddress) => None,
            Some(_) => Some(Self::Silent),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_best_answer_of_an_address_counts_in_any_order() {
        let (one, two) = (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::BROADCAST.into());
        let seen = [
            (one, Response::Silent),
            (one, Response::Accepted),
            (two, Response::Refused),
            (two, Response::Silent),
        ];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
            let mut sample = AddressSample::default();
            for (address, response) in order.map(|at: usize| seen[at]) {
                sample.add(address, response);
            }
            assert_eq!(sample.count(Response::Accepted), 1);
            assert_eq!(sample.count(Response::Refused), 1);
            assert_eq!(sample.count(Response::Silent), 0);
            assert_eq!((sample.len(), sample.is_sampled()), (2, false));
        }
    }

    #[test]
    fn many_addresses_are_sampled_uniformly() {
        let mut sample = AddressSample::default();
        // Each address twice, far apart: a dropped one must not return.
        for _ in 0..2 {
            for number in 0..50_000_u32 {
                let silent = number % 4 == 0;
                let response = if silent {
                    Response::Silent
                } else {
                    Response::Accepted
                };
                sample.add(Ipv4Addr::from(number).into(), response);
            }
        }
        assert_eq!((sample.len(), sample.is_sampled()), (KEPT as u64, true));
        // A quarter of 4,096 is 1,024; five standard deviations of a binomial distribution are 139.
        let silent = sample.count(Response::Silent);
        assert!((885..=1163).contains(&silent), "{silent}");
    }
}
