//! A case: one healthy or faulty endpoint, the verdict that a scanner must reach, and the server
//! that shows it. A new case needs one entry in the slice of its family.

use super::conduct::Conduct;
use super::error::LabError;
use super::issue::Workshop;
use super::{certificates, chains, dialogues, handshakes, legacy, misfits, names, rare, wires};
use crate::verdict::VerdictKind;

/// One healthy or faulty endpoint.
pub struct LabCase {
    /// Name of the case: `expired`, `missing-intermediate`.
    pub name: &'static str,
    /// Requested host: a name under [`ZONE`](super::ZONE), or `127.0.0.1`.
    pub host: &'static str,
    /// Expected verdict.
    pub expect: VerdictKind,
    /// Ids of findings expected in addition to the verdict's own. Other correct findings may be
    /// present.
    pub also: &'static [&'static str],
    /// One-line description for people.
    pub about: &'static str,
    pub(super) conduct: fn(&Workshop, host: &str) -> Result<Conduct, LabError>,
}

impl LabCase {
    /// Returns every case, family by family.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        FAMILIES.iter().flat_map(|family| family.iter())
    }

    /// Returns the case with this name, or `None` if there is none.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|case| case.name == name)
    }
}

const FAMILIES: &[&[LabCase]] = &[
    handshakes::CASES,
    certificates::CASES,
    chains::CASES,
    legacy::CASES,
    rare::CASES,
    misfits::CASES,
    wires::CASES,
    names::CASES,
    dialogues::CASES,
];
