//! What to visit: the types Target and Endpoint, the grammar that parses targets, and the input
//! formats that contain them. It knows text and addresses, but no sockets and no resolver.

mod bounds;
mod cells;
mod columns;
mod csv;
mod destination;
mod error;
mod expand;
mod grammar;
mod input;
mod jsonl;
mod lines;
mod listed;
mod name;
mod ports;
mod read;
mod seen;
mod service;
mod tag;
mod target;

pub use destination::no_destination;
pub use error::{InputError, OpenError, PortsError, Reject, RowError, TargetError};
pub use expand::{Defaults, Expansion};
pub use grammar::{HostSpec, TargetSpec};
pub use input::Input;
pub(crate) use input::Tally;
pub use listed::{Listed, Listing};
pub use name::fold_name;
pub use ports::{parse_port, parse_ports};
pub use read::{Source, TargetReader, open};
pub use seen::{Seen, VisitKey};
pub use service::{NotAStartTls, SERVICES, Service, Start, parse_starttls};
pub use tag::Tag;
pub use target::{Endpoint, Host, Tags, Target};
