//! `--fail-on`: rejects findings that cannot occur with the other options, because they would silently
//! never match.

use super::error::PlanError;
use super::values::FailOn;
use crate::judge::findings::{AskedFor, Definition, FINDINGS, Needs};

/// Source of the observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// A sweep, which can be asked to test more.
    Visits,
    /// A recording, whose contents are fixed.
    Recording,
}

/// Returns an error if a named finding cannot be made. `any` names none: it means every verdict
/// that can be reached.
pub(super) fn refuse_unasked(
    fail_on: &[FailOn],
    asked: &AskedFor,
    from: From,
) -> Result<(), PlanError> {
    let named = fail_on.iter().filter_map(|chosen| match chosen {
        FailOn::Any => None,
        FailOn::Finding(id) => Definition::of(*id),
    });
    let mut unmet = named.filter(|finding| !finding.needs.met_by(asked));
    unmet
        .next()
        .map_or(Ok(()), |finding| Err(refusal(finding, from)))
}

/// Returns an error if a named finding needs version tests that the recording turns out not to
/// contain.
pub fn versions_unasked(fail_on: &[FailOn]) -> Option<PlanError> {
    let named = |finding: &&&Definition| {
        finding.needs == Needs::AllVersions && fail_on.contains(&FailOn::Finding(finding.id))
    };
    let finding = FINDINGS.iter().find(named)?;
    Some(refusal(finding, From::Recording))
}

fn refusal(finding: &Definition, from: From) -> PlanError {
    let what = match from == From::Recording && finding.needs.takes_a_visit() {
        true => "the recording does not contain what this finding needs; scan again with",
        false => "nothing checks for this finding; add",
    };
    PlanError::FailOn {
        id: finding.id,
        what,
        needs: finding.needs,
    }
}
