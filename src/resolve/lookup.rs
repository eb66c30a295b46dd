//! The result of a lookup, and how the results of several queries become one.

use std::net::IpAddr;
use std::time::Duration;

use super::family_result::FamilyResult;
use crate::observation::Failure;

/// The result of looking up a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The addresses, or why there are none. The list is empty if the name is an alias of an
    /// excluded name: then it has no address that may be visited.
    pub found: Result<Vec<IpAddr>, Failure>,
    /// Duration from the first query to the last answer. It does not include the time that the
    /// queries waited for our own limits.
    pub took: Duration,
    /// Lowest TTL of the answers. `None` if no answer of a server was needed.
    pub ttl: Option<Duration>,
}

impl Lookup {
    /// Creates the result of a lookup that sent no query.
    pub(super) fn unasked(found: FamilyResult) -> Self {
        Self {
            found,
            took: Duration::ZERO,
            ttl: None,
        }
    }

    /// Replaces the outcome.
    pub(super) fn map(self, change: impl FnOnce(FamilyResult) -> FamilyResult) -> Self {
        Self {
            found: change(self.found),
            ..self
        }
    }

    /// Joins this result with that of a later query.
    pub(super) fn then(
        self,
        next: Self,
        join: impl FnOnce(FamilyResult, FamilyResult) -> FamilyResult,
    ) -> Self {
        let took = self.took + next.took;
        Self {
            took,
            ..self.beside(next, join)
        }
    }

    /// Joins this result with that of a query sent at the same time.
    pub(super) fn beside(
        self,
        other: Self,
        join: impl FnOnce(FamilyResult, FamilyResult) -> FamilyResult,
    ) -> Self {
        Self {
            found: join(self.found, other.found),
            took: self.took.max(other.took),
            ttl: self.ttl.into_iter().chain(other.ttl).min(),
        }
    }
}
