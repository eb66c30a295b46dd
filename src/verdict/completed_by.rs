//! Where the certificates that complete a chain come from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Source of the certificates that the server left out. If several sources have them, the one
/// listed first here is reported.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CompletedBy {
    /// The user's file of intermediates (`--intermediates`).
    Bundle,
    /// Another host of the same sweep.
    Sweep,
    /// The AIA URL in the certificate below (`--aia`).
    Aia,
}

impl CompletedBy {
    /// Returns the name in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Sweep => "sweep",
            Self::Aia => "aia",
        }
    }
}
