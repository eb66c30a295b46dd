//! The record's `revocation`: the answer that counts, and every answer that was had.

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::{Date, Hex, Instant};
use crate::verdict::{self, RevocationAnswer, RevocationStatus};

/// Whether certificates of the path are revoked (`--revocation`). "Revoked" counts wherever on the
/// path it is said and whoever contradicts; "good" and "unknown" are about the leaf.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Revocation<'a> {
    /// What counts.
    pub status: RevocationStatus,
    /// Who says so: `staple`, `crl` or `crlite`.
    pub source: &'static str,
    /// Of which certificate: `leaf` or `intermediate`.
    pub certificate: &'static str,
    /// Why it was revoked, or why nothing is known; null where there is nothing to tell.
    pub reason: Option<&'static str>,
    /// Since when it is revoked; null where it is not or the source does not tell.
    #[schemars(with = "Option<Instant>")]
    pub revoked_at: Option<Date>,
    /// The source's date; of a filter, the newest certificate that it covers.
    #[schemars(with = "Option<Instant>")]
    pub this_update: Option<Date>,
    /// Every answer, this one among them: by source, leaf first.
    pub answers: Vec<Answer<'a>>,
}

/// What one source says of one certificate of the path.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer<'a> {
    /// `staple`, `crl` or `crlite`.
    pub source: &'static str,
    /// `leaf` or `intermediate`.
    pub certificate: &'static str,
    /// SHA-256 of that certificate.
    pub sha256: Hex<'a>,
    /// What it says.
    pub status: RevocationStatus,
    /// Why it was revoked, or why nothing is known.
    pub reason: Option<&'static str>,
    /// Since when it is revoked.
    #[schemars(with = "Option<Instant>")]
    pub revoked_at: Option<Date>,
    /// The source's date.
    #[schemars(with = "Option<Instant>")]
    pub this_update: Option<Date>,
    /// Until when the source stands by it.
    #[schemars(with = "Option<Instant>")]
    pub next_update: Option<Date>,
    /// The file or address of the list or filter; null for a staple, or where there was none.
    pub from: Option<&'a str>,
}

impl<'a> Revocation<'a> {
    /// `None` where no source had anything to say.
    pub(super) fn new(known: &'a verdict::Revocation) -> Option<Self> {
        let (source, answer) = known.deciding()?;
        Some(Self {
            status: answer.status,
            source,
            certificate: answer.certificate,
            reason: answer.reason,
            revoked_at: answer.revoked_at.and_then(Date::new),
            this_update: answer.this_update.and_then(Date::new),
            answers: known.answers().map(Answer::new).collect(),
        })
    }
}

impl<'a> Answer<'a> {
    fn new((source, answer): (&'static str, &'a RevocationAnswer)) -> Self {
        Self {
            source,
            certificate: answer.certificate,
            sha256: Hex::from(&answer.sha256),
            status: answer.status,
            reason: answer.reason,
            revoked_at: answer.revoked_at.and_then(Date::new),
            this_update: answer.this_update.and_then(Date::new),
            next_update: answer.next_update.and_then(Date::new),
            from: answer.source.as_deref(),
        }
    }
}

/// For samples: a staple that says good, and no list.
#[cfg(test)]
pub(super) fn known(sha256: crate::crypto::Fingerprint) -> verdict::Revocation {
    let no_crl = RevocationAnswer {
        certificate: "leaf",
        sha256,
        status: RevocationStatus::Unknown,
        reason: Some("no_crl"),
        revoked_at: None,
        this_update: None,
        next_update: None,
        source: None,
    };
    let staple = RevocationAnswer {
        status: RevocationStatus::Good,
        reason: None,
        // 2026-11-20 and a week.
        this_update: Some(1_795_132_800),
        next_update: Some(1_795_737_600),
        ..no_crl.clone()
    };
    verdict::Revocation {
        staple: Some(staple),
        crl: Some(vec![no_crl]),
        crlite: None,
        wanted: Vec::new(),
    }
}
