//! The record of an endpoint (one row) and the formats that write it. Text that servers and
//! inventories chose may be hostile. It is escaped here, when a row is written, and nowhere else.

mod advice;
mod anonymize;
mod certificates;
mod clean;
mod columns;
mod csv;
mod error;
mod facts;
mod fields;
mod format;
mod jsonl;
mod names;
mod notice;
mod outputs;
mod pem;
mod record;
mod rejects;
mod reserved;
mod revocation;
#[cfg(test)]
pub(crate) mod samples;
mod schema;
mod text;
mod tls;
mod whole;
mod why;

pub use anonymize::{Anonymizer, Group, Masked, NotAGroup};
pub use certificates::CertificateFile;
pub use clean::Clean;
pub use columns::{COLUMNS, Column, Origin};
pub use error::OutputError;
pub use facts::FactsAsked;
pub use fields::{Date, Findings, Hex, Sans, Tags, Trust};
pub use format::{FORMATS, Format, Layout, Opener, Sink, UnknownFormat, endings};
pub(crate) use names::Word;
pub use notice::notice;
pub use outputs::{OutputPath, Outputs, ReservedOutputs};
pub use pem::certificate as pem_block;
pub use record::{Addresses, Chain, FailedAddress, Leaf, Record, SCHEMA, TimingMs};
pub use rejects::RejectFile;
pub use reserved::Reserved;
pub use revocation::{Answer, Revocation};
pub use schema::schema;
pub use tls::{Tls, VersionsAsked};
pub use whole::write_whole;
pub use why::{place, why};
