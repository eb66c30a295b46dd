//! A case: one way for an endpoint to be well or unwell, what a scanner must say of it, and the
//! server that shows it. To add a case is one entry in the slice of its family.

use super::conduct::Conduct;
use super::error::LabError;
use super::issue::Workshop;
use super::{certificates, chains, dialogues, handshakes, legacy, misfits, names, rare, wires};
use crate::verdict::VerdictKind;

/// One way to be well or unwell.
pub struct Case {
    /// Its name: `expired`, `missing-intermediate`.
    pub name: &'static str,
    /// The host asked for: a name under [`ZONE`](super::ZONE), or `127.0.0.1`.
    pub host: &'static str,
    /// The verdict on it.
    pub expect: VerdictKind,
    /// Findings that stand beside the verdict's own. Others that are true may join them.
    pub also: &'static [&'static str],
    /// What it shows, in one line for people.
    pub about: &'static str,
    pub(super) conduct: fn(&Workshop, host: &str) -> Result<Conduct, LabError>,
}

impl Case {
    /// Every case, family by family.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        FAMILIES.iter().flat_map(|family| family.iter())
    }

    /// The case with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|case| case.name == name)
    }
}

const FAMILIES: &[&[Case]] = &[
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
