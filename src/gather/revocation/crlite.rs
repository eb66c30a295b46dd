//! CRLite filters: which of all publicly logged certificates are revoked, in a few megabytes. The
//! clubcard-crlite crate knows their format; this holds them and asks them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use clubcard_crlite::{CRLiteClubcard, CRLiteKey, CRLiteStatus, IssuerSpkiHash, LogId, Timestamp};

use crate::crypto::Fingerprint;
use crate::observation::Sct;

/// A filter.
pub(crate) struct Filter {
    /// The file that it comes from.
    pub(crate) source: Arc<str>,
    /// The newest certificate that it covers, in seconds since the epoch.
    pub(crate) newest: i64,
    clubcard: CRLiteClubcard,
}

/// What a filter says of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It is revoked.
    Revoked,
    /// It is not.
    Good,
    /// None of its SCTs is from a time and log that the filter covers.
    NotCovered,
    /// The filter knows nothing of its issuer.
    NotEnrolled,
    /// The filter is damaged.
    Damaged,
}

impl Filter {
    /// Reads a filter; `None` when it is not one. The crate trusts the lengths and places that
    /// stand in a filter: a damaged one must not end the program.
    pub(super) fn read(source: &str, bytes: &[u8]) -> Option<Self> {
        let read = catch_unwind(|| CRLiteClubcard::from_bytes(bytes).ok());
        let clubcard = read.ok().flatten()?;
        let newest = clubcard.universe().iter().map(|(_, times)| times.high.0);
        let newest = newest.max()? / 1_000;
        Some(Self {
            source: source.into(),
            newest: i64::try_from(newest).ok()?,
            clubcard,
        })
    }

    /// What it says of the certificate with this serial number (as encoded) by the issuer with
    /// this key.
    pub(crate) fn ask(&self, issuer_spki: Fingerprint, serial: &[u8], scts: &[Sct]) -> Asked {
        let issuer = IssuerSpkiHash(issuer_spki.0);
        let times = scts
            .iter()
            .map(|sct| (LogId(sct.log), Timestamp(sct.timestamp)));
        let ask = || {
            let key = CRLiteKey::new(&issuer, serial);
            self.clubcard.contains(&key, times)
        };
        match catch_unwind(AssertUnwindSafe(ask)) {
            Ok(CRLiteStatus::Revoked) => Asked::Revoked,
            Ok(CRLiteStatus::Good) => Asked::Good,
            Ok(CRLiteStatus::NotCovered) => Asked::NotCovered,
            Ok(CRLiteStatus::NotEnrolled) => Asked::NotEnrolled,
            Err(_) => Asked::Damaged,
        }
    }
}
