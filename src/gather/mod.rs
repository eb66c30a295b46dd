//! What judging needs beyond the observation: certificates of issuers known from elsewhere, the
//! files that such certificates, or the roots to trust, come in, and the guarded client for those
//! that a certificate says where to have; what is known of revocation.

mod address;
mod answer;
mod ccadb;
mod certificates;
mod failure;
mod form;
mod guard;
mod http;
mod learned;
mod neighbours;
mod pem;
mod pkcs7;
mod pool;
mod revocation;
mod search;
mod store_file;
mod table;

pub use address::HttpAddress;
pub use ccadb::{CcadbReport, LeftOut, PROGRAMS, Program, ReportError, Root};
pub use certificates::{
    FilePosition, Found, Listing, NotCertificates, Omitted, Why, certificates, read_file,
};
pub use failure::FetchFailure;
pub use guard::Guard;
pub use http::{Patience, get};
pub use learned::Learned;
pub use neighbours::Neighbours;
pub use pem::Flaw;
pub use pool::{Bundle, BundleError, IssuerPool};
pub(crate) use revocation::{
    ALL_REASONS, Crl, FilterAnswer, Point, PointName, directory, directory_name,
    distribution_points,
};
pub use revocation::{CrlError, RevocationData, RevocationError, RevocationSources};
pub use search::{Fetched, Search};
pub use store_file::{BadStoreFile, Included, StoreFile};
pub use table::BadTable;
