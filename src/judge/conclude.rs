//! The last step: collects the findings of a case and derives the verdict.

use super::case::{Case, ChainCase};
use super::evaluated_path::Ending;
use super::findings::{FINDINGS, NEED_WHOLE_CHAIN};
use super::trust_result::TrustResult;
use crate::observation::{Failure, LookupReason};
use crate::verdict::{CompletedBy, StoreTrust, TrustPath, Verdict, VerdictKind};

/// Returns the verdict with all findings in order of precedence. `results` are those of all
/// chains that the server sent.
pub(super) fn conclude<'a>(
    case: &Case<'_>,
    results: impl Iterator<Item = &'a TrustResult>,
) -> Verdict {
    let mut kind = VerdictKind::Ok;
    let mut found = Vec::new();
    let cut = case.observation.chain_cut();
    for definition in FINDINGS {
        if cut && NEED_WHOLE_CHAIN.contains(&definition.id) {
            continue;
        }
        let findings = (definition.look)(case);
        if let (Some(verdict), false) = (definition.verdict, findings.is_empty()) {
            kind = kind.min(verdict);
        }
        found.extend(findings);
    }
    let side = match kind {
        VerdictKind::Ok => None,
        _ => found.first().map(|finding| finding.side),
    };
    let chain = case.chain.as_ref();
    let failed_lookup = case.observation.failure().and_then(Failure::lookup);
    let mut settled = !failed_lookup.is_some_and(needs_other_lookups);
    let mut seen = Vec::new();
    for result in results {
        settled &= result.settled;
        seen.push(result.seen.clone());
    }
    Verdict {
        kind,
        side,
        findings: found,
        trust: chain.map(|chain| trust(chain, cut)).unwrap_or_default(),
        path: chain.and_then(path),
        revocation: case.revocation.cloned(),
        settled,
        seen,
    }
}

/// Returns true if the other lookups of the sweep show which side is at fault.
fn needs_other_lookups(reason: LookupReason) -> bool {
    use LookupReason as Is;
    match reason {
        Is::Servfail => true,
        Is::Nxdomain | Is::NoAddress | Is::InvalidName | Is::UnusableAddress => false,
        Is::Timeout | Is::NoResolver | Is::ResolverError | Is::LocalLimit => false,
    }
}

fn trust(chain: &ChainCase<'_>, cut: bool) -> Vec<StoreTrust> {
    let mut trust = chain.choice.trust.clone();
    // The store might have trusted the whole chain.
    trust.retain(|store| store.trusted || !cut);
    if let Some(misused) = &chain.misused {
        for store in trust.iter_mut().filter(|store| store.trusted) {
            store.trusted = false;
            store.accepted_by = None;
            store.reason = Some(misused.reason);
        }
    }
    trust
}

fn path(chain: &ChainCase<'_>) -> Option<TrustPath> {
    let best = &chain.choice.best;
    let completed_by: Option<CompletedBy> = match best.ending {
        Ending::Anchor => None,
        Ending::Completed(by) => Some(by),
        _ => return None,
    };
    let certificates = best.steps.iter().map(|step| step.certificate.sha256);
    Some(TrustPath {
        certificates: certificates.collect(),
        completed_by,
    })
}
