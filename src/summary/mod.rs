//! The summary of a sweep: counts, the table printed at the end, hints about faults on our own
//! side, and the manifest. It stores numbers and a few examples, never all rows.

mod addresses;
mod counts;
mod file_hash;
mod manifest;
mod numbers;
mod own_side;
mod population;
mod services;
mod table;
mod versions;
mod wilson;

pub use counts::{Counts, Example, Intake, Summary, Tally};
pub use file_hash::FileHash;
pub use manifest::{
    Anonymized, HelloHash, Input, Manifest, ManifestLimits, ManifestSelection, Output, Program,
    Revocation, Sample, Saved, Store, Sweep, SweepEnd, SweepStart, manifest_schema,
};
pub(crate) use numbers::{counted, grouped};
pub use own_side::{Addresses, OwnSideHint, Share};
pub use population::PopulationCounts;
pub use versions::{VersionCounts, VersionShare};
