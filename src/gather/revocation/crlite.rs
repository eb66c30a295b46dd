//! CRLite filters: which of all publicly logged certificates are revoked, in a few megabytes. The
//! clubcard-crlite crate knows the format. This file loads and queries filters.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use clubcard_crlite::{CRLiteClubcard, CRLiteKey, CRLiteStatus, IssuerSpkiHash, LogId, Timestamp};

use crate::crypto::Fingerprint;
use crate::observation::Sct;

/// A filter.
pub(crate) struct Filter {
    /// File that it comes from.
    pub(crate) source: Arc<str>,
    /// Time of the newest certificate covered, in seconds since the epoch.
    pub(crate) newest: i64,
    clubcard: CRLiteClubcard,
}

/// The answer of a filter about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterAnswer {
    /// The certificate is revoked.
    Revoked,
    /// The certificate is not revoked.
    Good,
    /// None of its SCTs is from a log and time that the filter covers.
    NotCovered,
    /// The filter does not cover its issuer.
    NotEnrolled,
    /// The filter is damaged.
    Damaged,
}

impl Filter {
    /// Parses a filter, or returns `None` if the bytes are not one. The crate trusts the lengths
    /// and offsets in a filter, so its panics are caught: a damaged filter must not end the
    /// program.
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

    /// Looks up the certificate with this serial number (as encoded) of the issuer with this key.
    pub(crate) fn ask(
        &self,
        issuer_spki: Fingerprint,
        serial: &[u8],
        scts: &[Sct],
    ) -> FilterAnswer {
        let issuer = IssuerSpkiHash(issuer_spki.0);
        let times = scts
            .iter()
            .map(|sct| (LogId(sct.log), Timestamp(sct.timestamp)));
        let ask = || {
            let key = CRLiteKey::new(&issuer, serial);
            self.clubcard.contains(&key, times)
        };
        match catch_unwind(AssertUnwindSafe(ask)) {
            Ok(CRLiteStatus::Revoked) => FilterAnswer::Revoked,
            Ok(CRLiteStatus::Good) => FilterAnswer::Good,
            Ok(CRLiteStatus::NotCovered) => FilterAnswer::NotCovered,
            Ok(CRLiteStatus::NotEnrolled) => FilterAnswer::NotEnrolled,
            Err(_) => FilterAnswer::Damaged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clubcard::builder::{ApproximateRibbon, ClubcardBuilder, ExactRibbon};
    use clubcard_crlite::builder::CRLiteBuilderItem;
    use clubcard_crlite::{CRLiteCoverage, CRLiteQuery, Encoding};

    const ISSUER: Fingerprint = Fingerprint([9; 32]);

    /// Makes a filter of forty certificates, of which every fourth is revoked, from one log, up to
    /// second 100.
    fn made(encoding: Encoding) -> Vec<u8> {
        let item = |serial: u8| match serial.is_multiple_of(4) {
            true => CRLiteBuilderItem::revoked(IssuerSpkiHash(ISSUER.0), vec![serial]),
            false => CRLiteBuilderItem::not_revoked(IssuerSpkiHash(ISSUER.0), vec![serial]),
        };
        let mut builder = ClubcardBuilder::new();
        let mut approximate = builder.new_approx_builder(&ISSUER.0);
        approximate.set_universe_size(40);
        (0..40)
            .step_by(4)
            .for_each(|serial| approximate.insert(item(serial)));
        builder.collect_approx_ribbons(vec![ApproximateRibbon::from(approximate)]);
        let mut exact = builder.new_exact_builder(&ISSUER.0);
        (0..40).for_each(|serial| exact.insert(item(serial)));
        builder.collect_exact_ribbons(vec![ExactRibbon::from(exact)]);
        let log = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
        let logs = format!(
            r#"[{{"LogID":"{log}","MaxTimestamp":100000,"MinTimestamp":0,"MMD":0,"MinEntry":0}}]"#
        );
        let coverage = CRLiteCoverage::from_mozilla_ct_logs_json(logs.as_bytes());
        let filter = CRLiteClubcard::from(builder.build::<CRLiteQuery<'_>>(coverage, ()));
        filter.to_bytes(encoding).unwrap()
    }

    fn ask(
        filter: &Filter,
        issuer: Fingerprint,
        serial: u8,
        log: u8,
        timestamp: u64,
    ) -> FilterAnswer {
        let log = [log; 32];
        filter.ask(issuer, &[serial], &[Sct { log, timestamp }])
    }

    #[test]
    fn a_filter_distinguishes_revoked_good_and_unknown_certificates() {
        for encoding in [Encoding::V3, Encoding::V4] {
            let filter = Filter::read("file", &made(encoding)).unwrap();
            assert_eq!(filter.newest, 100);
            for serial in 0..40_u8 {
                let expected = match serial.is_multiple_of(4) {
                    true => FilterAnswer::Revoked,
                    false => FilterAnswer::Good,
                };
                assert_eq!(ask(&filter, ISSUER, serial, 7, 5_000), expected);
            }
            assert_eq!(
                ask(&filter, ISSUER, 1, 7, 200_000),
                FilterAnswer::NotCovered
            );
            assert_eq!(ask(&filter, ISSUER, 1, 8, 5_000), FilterAnswer::NotCovered);
            assert_eq!(filter.ask(ISSUER, &[1], &[]), FilterAnswer::NotCovered);
            let stranger = Fingerprint([8; 32]);
            assert_eq!(
                ask(&filter, stranger, 1, 7, 5_000),
                FilterAnswer::NotEnrolled
            );
        }
    }

    #[test]
    fn a_truncated_or_changed_filter_never_panics() {
        let whole = made(Encoding::V4);
        let ask_all = |bytes: &[u8]| {
            if let Some(filter) = Filter::read("", bytes) {
                for serial in 0..40 {
                    let _ = ask(&filter, ISSUER, serial, 7, 5_000);
                }
            }
        };
        for place in 0..whole.len() {
            ask_all(&whole[..place]);
            let mut changed = whole.clone();
            for byte in [0, 0x7f, 0xff] {
                changed[place] = byte;
                ask_all(&changed);
            }
        }
    }
}
