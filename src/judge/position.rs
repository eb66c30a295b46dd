//! The role of a certificate on a path.

/// Role of a certificate on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Certificate of the server.
    Leaf,
    /// CA certificate between the leaf and the root.
    Intermediate,
    /// Trust anchor, or a self-issued certificate at the top of the path.
    Root,
}

impl Position {
    /// Returns the value used in evidence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::Intermediate => "intermediate",
            Self::Root => "root",
        }
    }
}
