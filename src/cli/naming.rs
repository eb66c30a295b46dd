//! Creates the DNS resolver from flags.

use std::sync::Arc;
use std::time::Duration;

use super::error::PlanError;
use super::flags::NameFlags;
use crate::pace::Rate;
use crate::resolve::{self, ExcludeList, Families, Resolver};

/// Default number of concurrent lookups. A timeout takes three seconds and is tried twice, so this is
/// enough for 500 answered names per second of which another 125 never get an answer.
const LOOKUPS: usize = 1_000;

/// Limits of the default interval between queries. Public resolvers drop more than about 1,500
/// queries per second; 10 per second are a burden to none.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(100);

/// Returns the requested number of concurrent lookups.
pub(super) fn lookups(flags: &NameFlags) -> usize {
    flags.dns_concurrency.map_or(LOOKUPS, |most| most.get())
}

/// Returns the resolver, with at most this number of concurrent lookups, for visits at this rate.
pub(super) fn resolver(
    flags: &NameFlags,
    rate: Rate,
    lookups: usize,
    excludes: Arc<ExcludeList>,
) -> Result<Resolver, PlanError> {
    let families = match (flags.ipv4, flags.ipv6) {
        (true, _) => Families::V4,
        (_, true) => Families::V6,
        _ => Families::Both,
    };
    let defaults = resolve::Settings::default();
    Ok(Resolver::new(resolve::Settings {
        servers: flags.resolvers.as_deref().map(<[_]>::to_vec),
        families,
        all: flags.all_ips,
        timeout: flags.dns_timeout.map_or(defaults.timeout, |span| span.0),
        in_flight: lookups,
        interval: interval(flags.dns_rate, rate),
        excludes,
    })?)
}

/// Returns the time between two queries. A name may need a query for each address family.
fn interval(dns_rate: Option<Rate>, rate: Rate) -> Option<Duration> {
    match dns_rate {
        Some(rate) => rate.interval(),
        None => Some((rate.interval().unwrap_or_default() / 2).clamp(SHORTEST, LONGEST)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_queries_follows_the_rate_of_visits() {
        for (dns_rate, rate, want) in [
            (None, "20", Some(25_000)),
            (None, "500", Some(1_000)),
            (None, "2000", Some(1_000)),
            (None, "0", Some(1_000)),
            (None, "6/m", Some(100_000)),
            (Some("50"), "500", Some(20_000)),
            (Some("0"), "500", None),
        ] {
            let dns_rate = dns_rate.map(|rate| rate.parse().unwrap());
            let interval = interval(dns_rate, rate.parse().unwrap());
            let micros = interval.map(|interval| interval.as_micros());
            assert_eq!(micros, want, "{dns_rate:?} {rate}");
        }
    }
}
