//! Creates the DNS resolver from flags.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use super::error::PlanError;
use super::flags::NameFlags;
use crate::pace::Rate;
use crate::resolve::{self, ExcludeList, Families, Resolver};

/// Default number of concurrent lookups. A timeout takes three seconds and is tried twice, so this is
/// enough for 500 answered names per second of which another 125 never get an answer.
const LOOKUPS: usize = 1_000;

/// Limits of the default rate. Public resolvers drop more than about 1,500 queries per second; 10 per
/// second are a burden to none.
const SLOWEST: f64 = 10.0;
const FASTEST: f64 = 1_000.0;

/// The limits on name lookups.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookupLimits {
    /// Queries per second.
    pub(super) rate: Rate,
    /// Concurrent lookups.
    pub(super) concurrency: usize,
    /// Time to wait for an answer.
    pub(super) timeout: Duration,
}

impl LookupLimits {
    /// Returns the limits that the flags request, for visits at this rate.
    pub(super) fn new(flags: &NameFlags, visits: Rate) -> Self {
        let defaults = resolve::Settings::default();
        Self {
            rate: flags.dns_rate.unwrap_or_else(|| twice(visits)),
            concurrency: flags.dns_concurrency.map_or(LOOKUPS, NonZero::get),
            timeout: flags.dns_timeout.map_or(defaults.timeout, |span| span.0),
        }
    }
}

/// Returns the default rate of queries: a name may need one for each address family.
fn twice(visits: Rate) -> Rate {
    let visits = visits.interval().map(|interval| interval.as_secs_f64());
    let queries = visits.map_or(FASTEST, |interval| 2.0 / interval);
    Rate::per_second(queries.clamp(SLOWEST, FASTEST))
        .unwrap_or_else(|_| unreachable!("the limits are within the range of rates"))
}

/// Returns the resolver.
pub(super) fn resolver(
    flags: &NameFlags,
    limits: LookupLimits,
    excludes: Arc<ExcludeList>,
) -> Result<Resolver, PlanError> {
    let families = match (flags.ipv4, flags.ipv6) {
        (true, _) => Families::V4,
        (_, true) => Families::V6,
        _ => Families::Both,
    };
    let resolver = Resolver::new(resolve::Settings {
        servers: flags.resolvers.as_deref().map(<[_]>::to_vec),
        families,
        all: flags.all_ips,
        timeout: limits.timeout,
        in_flight: limits.concurrency,
        interval: limits.rate.interval(),
        excludes,
    });
    resolver.map_err(PlanError::Resolver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_queries_follows_the_rate_of_visits() {
        for (dns_rate, rate, want) in [
            (None, "20", "40/s"),
            (None, "500", "1000/s"),
            (None, "2000", "1000/s"),
            (None, "0", "1000/s"),
            (None, "6/m", "10/s"),
            (Some("50"), "500", "50/s"),
            (Some("0"), "500", "0"),
        ] {
            let flags = NameFlags {
                dns_rate: dns_rate.map(|rate| rate.parse().unwrap()),
                ..NameFlags::default()
            };
            let limits = LookupLimits::new(&flags, rate.parse().unwrap());
            assert_eq!(limits.rate.to_string(), want, "{dns_rate:?} {rate}");
        }
    }
}
