//! Revocation status of a leaf by CRLite filters.

use super::link::Link;
use crate::gather::{FilterAnswer, RevocationData};
use crate::verdict::{RevocationAnswer, RevocationReason, RevocationStatus};

/// Number of seconds for which "not revoked" is accepted after the newest certificate that a filter
/// covers. It is the longest validity of a CA's own list of leaves (CA/Browser Forum Baseline
/// Requirements 4.9.7).
const LIFE: i64 = 10 * 86_400;

/// Maximum number of seconds by which a filter may be newer than the time judged for.
const AHEAD: i64 = 86_400;

/// Returns the combined answer of the filters: revoked if one says so, good if one that is not too
/// old says so.
pub(super) fn answer(link: &Link<'_>, data: &RevocationData, at: i64) -> RevocationAnswer {
    let scts = link.certificate.scts();
    let mut best = link.unknown(RevocationReason::NoFilter);
    for issuer in &link.issuers {
        for filter in data.filters() {
            let asked = filter.ask(issuer.spki_sha256, &link.contents.serial, &scts);
            let (status, reason) = match asked {
                FilterAnswer::Damaged => (
                    RevocationStatus::Unknown,
                    Some(RevocationReason::FilterDamaged),
                ),
                FilterAnswer::NotCovered if scts.is_empty() => {
                    (RevocationStatus::Unknown, Some(RevocationReason::NoSct))
                }
                FilterAnswer::NotCovered => (
                    RevocationStatus::Unknown,
                    Some(RevocationReason::NotCovered),
                ),
                FilterAnswer::NotEnrolled => (
                    RevocationStatus::Unknown,
                    Some(RevocationReason::NotEnrolled),
                ),
                FilterAnswer::Good | FilterAnswer::Revoked if filter.newest > at + AHEAD => (
                    RevocationStatus::Unknown,
                    Some(RevocationReason::FilterNotYetValid),
                ),
                FilterAnswer::Good if filter.newest < at - LIFE => (
                    RevocationStatus::Unknown,
                    Some(RevocationReason::FilterExpired),
                ),
                FilterAnswer::Good => (RevocationStatus::Good, None),
                FilterAnswer::Revoked => (RevocationStatus::Revoked, None),
            };
            let next = RevocationAnswer {
                this_update: Some(filter.newest),
                source: Some(filter.source.clone()),
                ..link.answer(status, reason)
            };
            if weight(&next) > weight(&best) {
                best = next;
            }
        }
    }
    best
}

fn weight(answer: &RevocationAnswer) -> (u8, u8, Option<i64>) {
    let rank = match answer.reason {
        Some(RevocationReason::NoFilter) => 0,
        Some(RevocationReason::FilterExpired | RevocationReason::FilterNotYetValid) => 2,
        _ => 1,
    };
    (answer.status.weight(), rank, answer.this_update)
}
