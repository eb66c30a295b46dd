//! What CRLite filters say of a leaf.

use super::link::Link;
use crate::gather::{FilterAnswer, RevocationData};
use crate::verdict::{RevocationAnswer, RevocationStatus};

/// How long "not revoked" may be believed after the newest certificate that a filter covers, in
/// seconds: as long as a CA's own list about leaves may say so (CA/Browser Forum Baseline
/// Requirements 4.9.7).
const LIFE: i64 = 10 * 86_400;

/// How far a filter may be newer than the time that is judged for, in seconds.
const AHEAD: i64 = 86_400;

/// What the filters say together: revoked when one of them does, good when one does that is not
/// too old.
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
    let telling = match answer.reason {
        Some("no_filter") => 0,
        Some(reason) if dated.contains(&reason) => 2,
        _ => 1,
    };
    (answer.status.weight(), telling, answer.this_update)
}
