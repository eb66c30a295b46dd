//! What to visit: the types Target and Endpoint, the grammar that parses targets, and the input
//! formats that contain them. It knows text and addresses, but no sockets and no resolver.

mod advice;
mod blanks;
mod bounds;
mod cells;
mod columns;
mod csv;
mod destination;
mod error;
mod expand;
mod format;
mod grammar;
mod headings;
mod input;
mod jsonl;
mod lines;
mod listed;
mod name;
mod object;
mod ports;
mod read;
mod rejects;
mod rows;
mod seen;
mod service;
mod signatures;
mod tag;
mod target;
mod unicode;

pub use advice::Advice;
pub use destination::no_destination;
pub use error::{InputError, OpenError, PortsError, Reject, RowError, TargetError};
pub use expand::{Defaults, Expansion};
pub use grammar::{HostSpec, TargetSpec};
pub use headings::{REJECT_COLUMNS, SYNONYMS};
pub(crate) use input::Tally;
pub use input::{Input, STDIN};
pub use listed::{Listed, Listing};
pub use name::fold_name;
pub use ports::{parse_port, parse_ports};
pub use read::{Source, TargetReader, open};
pub use seen::{Seen, VisitKey};
pub use service::{NotAStartTls, SERVICES, Service, Start, parse_starttls};
pub use tag::Tag;
pub use target::{Endpoint, Host, Tags, Target};
pub use unicode::unicode_name;
