//! The series of hellos, each of which goes through one list.

use super::group_version::GroupVersion;
use super::question::Question;
use crate::tls::ProtocolVersion;

/// A series of hellos that goes through a list until the server accepts nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Series {
    /// The cipher suites of a version.
    Suites(ProtocolVersion),
    /// The groups of a version.
    Groups(GroupVersion),
}

impl Series {
    /// Returns the version of TLS whose list it goes through.
    pub fn version(self) -> ProtocolVersion {
        match self {
            Self::Suites(version) => version,
            Self::Groups(version) => version.version(),
        }
    }

    /// Returns the question that each of its hellos asks.
    pub fn question(self) -> Question {
        match self {
            Self::Suites(version) => Question::Suites(version),
            Self::Groups(version) => Question::Groups(version),
        }
    }

    /// Returns the question that confirms its end: it offers only what was accepted.
    pub fn second_look(self) -> Question {
        match self {
            Self::Suites(version) => Question::Order(version),
            Self::Groups(version) => Question::GroupsAgain(version),
        }
    }
}
