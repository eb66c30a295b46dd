//! Resolves names to addresses, and decides which names and addresses are excluded.
//!
//! The [`Resolver`] queries each record type separately and reports the result in the terms of
//! `observation`. The sweep decides about retries. The [`ExcludeList`] is consulted three times: for
//! the name before it is resolved, here for each of its aliases, and for every address before it is
//! visited.

mod chain;
mod connections;
mod exclude;
mod family_result;
mod hosts;
mod lookup;
mod names;
mod ranges;
mod resolver;
mod server;
mod servers;
mod sockets;
mod turns;

pub use exclude::{ExcludeError, ExcludeList, ExcludeProblem};
pub use lookup::Lookup;
pub use resolver::{Families, Resolver, ResolverError, Settings};
pub use servers::{ServerListError, parse_servers};
