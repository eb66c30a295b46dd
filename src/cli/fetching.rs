//! Creates the client that downloads missing issuers and CRLs from the flags.

use std::sync::Arc;

use super::error::PlanError;
use super::flags::{FetchFlags, NameFlags};
use super::naming::{LookupLimits, resolver};
use crate::gather::{Guard, Patience};
use crate::judge::Policy;
use crate::pace::Limits;
use crate::probe::Timeouts;
use crate::resolve::ExcludeList;
use crate::sweep::Fetcher;

/// Concurrent DNS lookups. The lookups of the sweep itself have ended by then.
const LOOKUPS: usize = 8;

/// Returns the client that downloads missing issuers (`--aia`) and the CRLs that the policy needs,
/// or `None` if nothing may be downloaded.
pub fn fetcher(
    fetch: FetchFlags,
    policy: &Policy,
    names: &NameFlags,
    excludes: Arc<ExcludeList>,
    timeouts: &Timeouts,
    visits: Limits,
) -> Result<Option<Fetcher>, PlanError> {
    let data = policy.revocation.as_ref();
    let lists = data.is_some_and(|data| data.expects_fetched());
    if !fetch.aia && !lists {
        return match fetch.aia_allow_private {
            true => Err(PlanError::NothingFetched),
            false => Ok(None),
        };
    }
    let guard = match fetch.aia_allow_private {
        true => Guard::AllowPrivate,
        false => Guard::PublicOnly,
    };
    let patience = Patience {
        connect: timeouts.connect,
        total: timeouts.total,
    };
    let lookups = LookupLimits {
        concurrency: LOOKUPS,
        ..LookupLimits::new(names, visits.rate)
    };
    let resolver = resolver(names, lookups, excludes.clone())?;
    let mut fetcher = Fetcher::new(resolver, excludes, guard, patience, visits);
    fetcher.issuers = fetch.aia;
    Ok(Some(fetcher))
}
