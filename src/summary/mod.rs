//! What a sweep comes to: counts taken row by row, the closing table, what the counts say of our
//! own side, and the manifest that lets others repeat the run. It keeps numbers and a few
//! examples, never rows.

mod counts;
mod manifest;
mod numbers;
mod services;
mod table;
mod vantage;
mod versions;

pub use counts::{Counts, Example, Intake, Summary, Tally};
pub use manifest::{Choice, Input, Limits, Manifest, Revocation, Saved, Store};
pub use vantage::Hint;
pub use versions::VersionCounts;
