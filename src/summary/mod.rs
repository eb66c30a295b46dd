//! The summary of a sweep: counts, the table printed at the end, hints about faults on our own
//! side, and the manifest. It stores numbers and a few examples, never all rows.

mod counts;
mod file_hash;
mod manifest;
mod numbers;
mod own_side;
mod services;
mod table;
mod versions;

pub use counts::{Counts, Example, Intake, Summary, Tally};
pub use file_hash::FileHash;
pub use manifest::{
    Anonymized, HelloHash, Input, Limits, Manifest, Output, Program, Revocation, Saved, Selection,
    Store, Sweep, SweepEnd, SweepStart, manifest_schema,
};
pub use own_side::OwnSideHint;
pub use versions::VersionCounts;
