//! `--fail-on`: a finding that the scan cannot make is refused, or it would pass in silence.

use super::plan::PlanError;
use super::values::FailOn;
use crate::judge::findings::{AskedFor, Definition, FINDINGS, Needs};

/// What the findings are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// A sweep, which can be asked for more.
    Visits,
    /// Saved facts, which hold what they hold.
    Facts,
}

/// Refuses a finding that is named and cannot be made. `any` names none: it is every verdict that can
/// be reached.
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

/// The refusal where saved facts turn out not to have been asked for every version.
pub fn versions_unasked(fail_on: &[FailOn]) -> Option<PlanError> {
    let named = |finding: &&&Definition| {
        finding.needs == Needs::AllVersions && fail_on.contains(&FailOn::Finding(finding.id))
    };
    let finding = FINDINGS.iter().find(named)?;
    Some(refusal(finding, From::Facts))
}

fn refusal(finding: &Definition, from: From) -> PlanError {
    let what = match from == From::Facts && finding.needs.takes_a_visit() {
        true => "the saved facts cannot show it; scan again with",
        false => "nothing here looks for it; add",
    };
    PlanError::FailOn {
        id: finding.id,
        what,
        needs: finding.needs,
    }
}
