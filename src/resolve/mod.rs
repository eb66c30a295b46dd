//! From names to addresses, and which names and addresses are never to be touched.
//!
//! The [`Resolver`] asks each record type by itself and says how it went in the words of
//! `observation`; whether to try again is the sweep's business. The [`ExcludeList`] is asked twice:
//! for the name before it is resolved, and for every address before it is visited.

mod chain;
mod exclude;
mod hosts;
mod names;
mod outcome;
mod ranges;
mod resolver;
mod server;
mod servers;
mod sockets;

pub use exclude::{ExcludeError, ExcludeList, ExcludeProblem};
pub use resolver::{Families, Resolver, ResolverError, Settings};
pub use servers::{ServerListError, parse_servers};
