//! What judging needs beyond the observation: certificates of issuers known from elsewhere, and
//! the files that such certificates, or the roots to trust, come in.

mod ccadb;
mod certificates;
mod learned;
mod neighbours;
mod pool;
mod store_file;
mod table;

pub use ccadb::{LeftOut, PROGRAMS, Program, Report, ReportError, Root};
pub use certificates::{Found, NotCertificates, Place, certificates, read_file};
pub use learned::Learned;
pub use neighbours::Neighbours;
pub use pool::{Bundle, BundleError, IssuerPool};
pub use store_file::{BadStoreFile, Included, StoreFile};
pub use table::BadTable;
