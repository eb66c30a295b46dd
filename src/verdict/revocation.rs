//! What was learned about whether certificates are revoked, one answer a source and certificate.

use std::sync::Arc;

use serde::Serialize;

use crate::crypto::Fingerprint;

/// What a source says of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevocationStatus {
    /// It is revoked.
    Revoked,
    /// It is not.
    Good,
    /// The source cannot say; the reason tells why.
    Unknown,
}

impl RevocationStatus {
    /// Of two answers the weightier counts: a source that says "revoked" proves it, while one that
    /// says "good" may only not know yet.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Good => 1,
            Self::Revoked => 2,
        }
    }

    /// The word in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Good => "good",
            Self::Unknown => "unknown",
        }
    }
}

/// One source's answer about one certificate of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationAnswer {
    /// `leaf` or `intermediate`.
    pub certificate: &'static str,
    /// SHA-256 of it.
    pub sha256: Fingerprint,
    /// What the source says.
    pub status: RevocationStatus,
    /// Why it was revoked, where the source tells; why nothing is known.
    pub reason: Option<&'static str>,
    /// Since when it is revoked, in seconds since the epoch.
    pub revoked_at: Option<i64>,
    /// When what the source says was so; for a filter the newest certificate that it covers.
    pub this_update: Option<i64>,
    /// Until when the source stands by it.
    pub next_update: Option<i64>,
    /// The file or address that it comes from; `None` for what the server sent.
    pub source: Option<Arc<str>>,
}

/// What each source that was asked says; absent where it was not asked or there was nothing to
/// ask about: no path that reaches an anchor, no staple.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocation {
    /// The OCSP answer that the server stapled, about the leaf.
    pub staple: Option<RevocationAnswer>,
    /// Revocation lists, about each certificate of the path below the anchor, leaf first.
    pub crl: Option<Vec<RevocationAnswer>>,
    /// CRLite filters, about the leaf.
    pub crlite: Option<RevocationAnswer>,
    /// Addresses of lists that could still tell, where lists are fetched.
    pub wanted: Vec<String>,
}

impl Revocation {
    /// Every answer with the word for its source.
    pub fn answers(&self) -> impl Iterator<Item = (&'static str, &RevocationAnswer)> {
        let staple = self.staple.iter().map(|answer| ("staple", answer));
        let crl = self.crl.iter().flatten().map(|answer| ("crl", answer));
        let crlite = self.crlite.iter().map(|answer| ("crlite", answer));
        staple.chain(crl).chain(crlite)
    }

    /// Returns true if any source says "revoked", of whichever certificate.
    pub fn says_revoked(&self) -> bool {
        let mut answers = self.answers();
        answers.any(|(_, answer)| answer.status == RevocationStatus::Revoked)
    }

    /// The answer that counts: the first that says "revoked", of whichever certificate, else the
    /// weightiest about the leaf; `None` where no source had anything to say.
    pub fn deciding(&self) -> Option<(&'static str, &RevocationAnswer)> {
        let revoked =
            |(_, answer): &(_, &RevocationAnswer)| answer.status == RevocationStatus::Revoked;
        let leaf = |(_, answer): &(_, &RevocationAnswer)| answer.certificate == "leaf";
        // The last of equals wins in `max_by_key`, the first is to.
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

    fn says(certificate: &'static str, status: RevocationStatus) -> RevocationAnswer {
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
        use RevocationStatus::{Good, Revoked, Unknown};
        let cases = [
            (None, vec![], None),
            (
                None,
                vec![("leaf", Unknown), ("intermediate", Good)],
                Some(("crl", Unknown)),
            ),
            (Some(Good), vec![("leaf", Unknown)], Some(("staple", Good))),
            (Some(Unknown), vec![("leaf", Good)], Some(("crl", Good))),
            (Some(Good), vec![("leaf", Good)], Some(("staple", Good))),
            (Some(Good), vec![("leaf", Revoked)], Some(("crl", Revoked))),
            (
                Some(Good),
                vec![("leaf", Good), ("intermediate", Revoked)],
                Some(("crl", Revoked)),
            ),
            (
                Some(Revoked),
                vec![("leaf", Good)],
                Some(("staple", Revoked)),
            ),
        ];
        for (staple, crl, expected) in cases {
            let known = Revocation {
                staple: staple.map(|status| says("leaf", status)),
                crl: Some(crl.iter().map(|(of, status)| says(of, *status)).collect()),
                ..Revocation::default()
            };
            let deciding = known
                .deciding()
                .map(|(source, answer)| (source, answer.status));
            assert_eq!(deciding, expected, "{staple:?} {crl:?}");
        }
    }
}
