//! The recording (`--save`): every observation of a sweep in one file, with each certificate once, so
//! that it can be judged again later. docs/SAVED.md describes the format for other programs.
//!
//! A recording consists of lines of JSON in independent zstd frames. The content of a frame is only
//! parsed if its checksum matches, so a truncated file can be read up to its last complete frame. Every
//! line has a kind. A field that is added later has a default, and a kind that older readers may skip is
//! marked as skippable.

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
