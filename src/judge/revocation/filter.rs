//! Revocation status of a leaf by CRLite filters.

use super::link::Link;
use crate::gather::{FilterAnswer, RevocationData};
use crate::verdict::{RevocationAnswer, RevocationStatus};

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
    let mut best = link.unknown("no_filter");
    for issuer in &link.issuers {
        for filter in data.filters() {
            let asked = filter.ask(issuer.spki_sha256, &link.contents.serial, &scts);
            let (status, reason) = match asked {
                FilterAnswer::Damaged => (RevocationStatus::Unknown, Some("filter_damaged")),
                FilterAnswer::NotCovered if scts.is_empty() => {
                    (RevocationStatus::Unknown, Some("no_sct"))
                }
                FilterAnswer::NotCovered => (RevocationStatus::Unknown, Some("not_covered")),
                FilterAnswer::NotEnrolled => (RevocationStatus::Unknown, Some("not_enrolled")),
                FilterAnswer::Good | FilterAnswer::Revoked if filter.newest > at + AHEAD => {
                    (RevocationStatus::Unknown, Some("filter_not_yet_valid"))
                }
                FilterAnswer::Good if filter.newest < at - LIFE => {
                    (RevocationStatus::Unknown, Some("filter_expired"))
                }
                FilterAnswer::Good => (RevocationStatus::Good, None),
                FilterAnswer::Revoked => (RevocationStatus::Revoked, None),
            };
            let next = RevocationAnswer {
                status,
                reason,
                this_update: Some(filter.newest),
                source: Some(filter.source.clone()),
                ..link.unknown("")
            };
            if weight(&next) > weight(&best) {
                best = next;
            }
        }
    }
    best
}

fn weight(answer: &RevocationAnswer) -> (u8, u8, Option<i64>) {
    let dated = ["filter_expired", "filter_not_yet_valid"];
    let rank = match answer.reason {
        Some("no_filter") => 0,
        Some(reason) if dated.contains(&reason) => 2,
        _ => 1,
    };
    (answer.status.weight(), rank, answer.this_update)
}
