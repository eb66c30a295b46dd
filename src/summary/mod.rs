//! What a sweep comes to: counts taken row by row, the closing table, what the counts say of our
//! own side, and the manifest that lets others repeat the run. It keeps numbers and a few
//! examples, never rows.

mod counts;
mod manifest;
mod numbers;
mod own_side;
mod services;
mod table;
mod versions;

pub use counts::{Counts, Example, Intake, Summary, Tally};
pub use manifest::{Input, Limits, Manifest, Revocation, Saved, Selection, Store};
pub use own_side::OwnSideHint;
pub use versions::VersionCounts;
