//! From flags to the client that fetches missing issuers.

use std::sync::Arc;

use super::PlanError;
use super::flags::{FetchFlags, NameFlags};
use super::plan::resolver;
use crate::gather::{Guard, Patience};
use crate::probe::Timeouts;
use crate::resolve::ExcludeList;
use crate::sweep::Fetcher;

/// Lookups under way at once: the sweep's own have ended by then.
const LOOKUPS: usize = 8;

/// Who fetches missing issuers, if anybody shall.
pub fn fetcher(
    fetch: FetchFlags,
    names: &NameFlags,
    excludes: Arc<ExcludeList>,
    timeouts: &Timeouts,
) -> Result<Option<Fetcher>, PlanError> {
    if !fetch.aia {
        return Ok(None);
    }
    let guard = match fetch.aia_allow_private {
        true => Guard::AllowPrivate,
        false => Guard::PublicOnly,
    };
    let patience = Patience {
        connect: timeouts.connect,
        total: timeouts.total,
    };
    let resolver = resolver(names, LOOKUPS)?;
    Ok(Some(Fetcher::new(resolver, excludes, guard, patience)))
}
