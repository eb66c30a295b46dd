//! Revocation answers: one for each source and certificate.

use std::sync::Arc;

use serde::Serialize;

use super::revocation_reason::RevocationReason;
use super::term::Position;
use crate::crypto::Fingerprint;

/// The revocation status that a source reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevocationStatus {
    /// The certificate is revoked.
    Revoked,
    /// The certificate is not revoked.
    Good,
    /// The source cannot say; `reason` explains why.
    Unknown,
}

impl RevocationStatus {
    /// Returns the weight by which the decisive of two answers is chosen. "Revoked" is proof, while
    /// a source that says "good" may not have the newest data.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Good => 1,
            Self::Revoked => 2,
        }
    }

    /// Returns the name used in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Good => "good",
            Self::Unknown => "unknown",
        }
    }
}

/// The answer of one source about one certificate of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationAnswer {
    /// Role of the certificate on the path.
    pub certificate: Position,
    /// SHA-256 of the certificate.
    pub sha256: Fingerprint,
    /// The status that the source reports.
    pub status: RevocationStatus,
    /// The revocation reason if the source gives one, or why the status is unknown.
    pub reason: Option<RevocationReason>,
    /// Time of revocation, in seconds since the epoch.
    pub revoked_at: Option<i64>,
    /// Date of the source's data; for a CRLite filter, the date of the newest certificate that it
    /// covers.
    pub this_update: Option<i64>,
    /// Time until which the source's data is valid.
    pub next_update: Option<i64>,
    /// Path or URL of the source; `None` for a staple.
    pub source: Option<Arc<str>>,
}

/// The answers of each source. A source is absent if it was not consulted or there was nothing to
/// check: no path that reaches an anchor, or no staple.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocation {
    /// The OCSP response that the server stapled, about the leaf.
    pub staple: Option<RevocationAnswer>,
    /// CRLs, for each certificate of the path below the anchor, leaf first.
    pub crl: Option<Vec<RevocationAnswer>>,
    /// CRLite filters, about the leaf.
    pub crlite: Option<RevocationAnswer>,
    /// URLs of CRLs that could still change the result, if CRLs are downloaded.
    pub wanted: Vec<String>,
}

impl Revocation {
    /// Returns every answer with the name of its source.
    pub fn answers(&self) -> impl Iterator<Item = (&'static str, &RevocationAnswer)> {
        let staple = self.staple.iter().map(|answer| ("staple", answer));
        let crl = self.crl.iter().flatten().map(|answer| ("crl", answer));
        let crlite = self.crlite.iter().map(|answer| ("crlite", answer));
        staple.chain(crl).chain(crlite)
    }

    /// Returns true if any source says that any certificate is revoked.
    pub fn says_revoked(&self) -> bool {
        let mut answers = self.answers();
        answers.any(|(_, answer)| answer.status == RevocationStatus::Revoked)
    }

    /// Returns the decisive answer: the first "revoked" about any certificate, otherwise the
    /// heaviest about the leaf. Returns `None` if no source had an answer.
    pub fn deciding(&self) -> Option<(&'static str, &RevocationAnswer)> {
        let revoked =
            |(_, answer): &(_, &RevocationAnswer)| answer.status == RevocationStatus::Revoked;
        let leaf = |(_, answer): &(_, &RevocationAnswer)| answer.certificate == Position::Leaf;
        // `max_by_key` returns the last of equals, and the first is wanted.
        let about_leaf = || {
            let answers: Vec<_> = self.answers().filter(leaf).collect();
            let answers = answers.into_iter().rev();
            answers.max_by_key(|(_, answer)| answer.status.weight())
        };
        self.answers().find(revoked).or_else(about_leaf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(certificate: Position, status: RevocationStatus) -> RevocationAnswer {
        RevocationAnswer {
            certificate,
            sha256: Fingerprint([0; 32]),
            status,
            reason: None,
            revoked_at: None,
            this_update: None,
            next_update: None,
            source: None,
        }
    }

    #[test]
    fn revoked_counts_wherever_it_is_said_and_all_else_of_the_leaf() {
        use Position::{Intermediate, Leaf};
        use RevocationStatus::{Good, Revoked, Unknown};
        let cases = [
            (None, vec![], None),
            (
                None,
                vec![(Leaf, Unknown), (Intermediate, Good)],
                Some(("crl", Unknown)),
            ),
            (Some(Good), vec![(Leaf, Unknown)], Some(("staple", Good))),
            (Some(Unknown), vec![(Leaf, Good)], Some(("crl", Good))),
            (Some(Good), vec![(Leaf, Good)], Some(("staple", Good))),
            (Some(Good), vec![(Leaf, Revoked)], Some(("crl", Revoked))),
            (
                Some(Good),
                vec![(Leaf, Good), (Intermediate, Revoked)],
                Some(("crl", Revoked)),
            ),
            (Some(Revoked), vec![(Leaf, Good)], Some(("staple", Revoked))),
        ];
        for (staple, crl, expected) in cases {
            let known = Revocation {
                staple: staple.map(|status| says(Leaf, status)),
                crl: Some(crl.iter().map(|(of, status)| says(*of, *status)).collect()),
                ..Revocation::default()
            };
            let deciding = known
                .deciding()
                .map(|(source, answer)| (source, answer.status));
            assert_eq!(deciding, expected, "{staple:?} {crl:?}");
        }
    }
}
