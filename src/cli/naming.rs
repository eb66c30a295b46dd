//! Creates the DNS resolver from flags.

use super::error::PlanError;
use super::flags::NameFlags;
use crate::resolve::{self, Families, Resolver};

/// Returns the resolver, with at most this number of concurrent lookups.
pub(super) fn resolver(flags: &NameFlags, lookups: usize) -> Result<Resolver, PlanError> {
    let families = match (flags.ipv4, flags.ipv6) {
        (true, _) => Families::V4,
        (_, true) => Families::V6,
        _ => Families::Both,
    };
    let resolver = Resolver::new(resolve::Settings {
        servers: flags.resolvers.as_deref().map(<[_]>::to_vec),
        families,
        all: flags.all_ips,
        in_flight: lookups,
        ..resolve::Settings::default()
    });
    resolver.map_err(PlanError::Resolver)
}
