//! The versions in which `--facts groups` lists what a server accepts.

use crate::tls::ProtocolVersion;

/// A version in which the groups of a server are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupVersion {
    /// TLS 1.2: elliptic curves only.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl GroupVersion {
    /// Both versions, the newer one first.
    pub const ALL: [Self; 2] = [Self::Tls13, Self::Tls12];

    /// Returns the version of TLS.
    pub fn version(self) -> ProtocolVersion {
        match self {
            Self::Tls12 => ProtocolVersion::Tls12,
            Self::Tls13 => ProtocolVersion::Tls13,
        }
    }
}
