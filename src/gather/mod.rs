//! Collects what judging needs in addition to the observation: issuer certificates from files, from
//! other hosts or from AIA URLs, files of trusted roots, and revocation data. It also contains the
//! guarded HTTP client for URLs named in certificates. It does not judge.

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
    CERTIFICATE_FORMS, FilePosition, Found, Listing, NotCertificates, Omitted, Why, certificates,
    has_certificate_extension, read_file,
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
