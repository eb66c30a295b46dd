//! The saved form: every observation of a sweep in one file, each certificate once, to be judged
//! again later. docs/SAVED.md describes it for other programs.
//!
//! A file is lines of JSON in zstd frames that stand each for itself. What a frame holds is looked
//! at only when its checksum fits, so a file that was cut short can be read up to its last whole
//! frame. Every line has a kind; a field that is added later has a default, and a kind that older
//! readers may pass over says so.

mod bounds;
mod certificates;
mod error;
mod frame;
mod line;
mod reader;
mod writer;

pub use error::{Damage, SaveError, SavedError};
pub use line::{SavedAnswer, SavedHeader};
pub use reader::SavedReader;
pub use writer::SavedWriter;

#[cfg(test)]
mod tests;
