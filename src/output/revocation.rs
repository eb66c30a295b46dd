//! The record's `revocation`: the answer that decides, and all other answers.

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::{Date, Hex, Instant};
use crate::verdict::{self, RevocationAnswer, RevocationReason, RevocationStatus};

/// Revocation status of the path (`--revocation`). It is `revoked` if any source says so of any
/// certificate on the path, even if another source disagrees; `good` and `unknown` describe the
/// leaf only.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Revocation<'a> {
    /// The status that decides.
    pub status: RevocationStatus,
    /// The source of this status: `staple`, `crl` or `crlite`.
    pub source: &'static str,
    /// The certificate that it is about: `leaf` or `intermediate`.
    pub certificate: &'static str,
    /// The revocation reason, or why the status is unknown; null if there is none.
    pub reason: Option<&'static str>,
    /// Time of revocation; null if the certificate is not revoked or the source does not give a
    /// time.
    #[schemars(with = "Option<Instant>")]
    pub revoked_at: Option<Date>,
    /// Date of the source's data; for a CRLite filter, the date of the newest certificate that it
    /// covers.
    #[schemars(with = "Option<Instant>")]
    pub this_update: Option<Date>,
    /// All answers, including this one, grouped by source, leaf first.
    pub answers: Vec<Answer<'a>>,
}

/// The answer of one source about one certificate of the path.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer<'a> {
    /// The source: `staple`, `crl` or `crlite`.
    pub source: &'static str,
    /// The certificate: `leaf` or `intermediate`.
    pub certificate: &'static str,
    /// SHA-256 of that certificate.
    pub sha256: Hex<'a>,
    /// The status that the source reports.
    pub status: RevocationStatus,
    /// The revocation reason, or why the status is unknown.
    pub reason: Option<&'static str>,
    /// Time of revocation.
    #[schemars(with = "Option<Instant>")]
    pub revoked_at: Option<Date>,
    /// Date of the source's data.
    #[schemars(with = "Option<Instant>")]
    pub this_update: Option<Date>,
    /// Time until which the source's data is valid.
    #[schemars(with = "Option<Instant>")]
    pub next_update: Option<Date>,
    /// Path or URL of the CRL or filter; null for a staple, or if no list or filter was found.
    pub from: Option<&'a str>,
}

impl<'a> Revocation<'a> {
    /// Returns the decisive answer and all others, or `None` if no source had an answer.
    pub(super) fn new(known: &'a verdict::Revocation) -> Option<Self> {
        let (source, answer) = known.deciding()?;
        Some(Self {
            status: answer.status,
            source,
            certificate: answer.certificate.name(),
            reason: answer.reason.map(RevocationReason::name),
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
            certificate: answer.certificate.name(),
            sha256: Hex::from(&answer.sha256),
            status: answer.status,
            reason: answer.reason.map(RevocationReason::name),
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
        certificate: verdict::Position::Leaf,
        sha256,
        status: RevocationStatus::Unknown,
        reason: Some(RevocationReason::NoCrl),
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
