//! Revocation status of a certificate by revocation lists (RFC 5280 section 6.3).
//!
//! A list covers the distribution points that it matches, and each point covers some reasons. A
//! certificate is revoked if one list says so, and good if lists for all reasons do not contain it.
//! A delta CRL is applied to the list that it completes. Lists of issuers other than the
//! certificate's count only if the certificate names these issuers and a certificate of the path
//! has their key.

#[cfg(test)]
mod pkits;

use std::sync::Arc;

use super::link::{Link, SKEW, Signer, reason};
use crate::crypto::{Fingerprint, SignatureCheck};
use crate::gather::{
    ALL_REASONS, Crl, Point, PointName, RevocationData, directory, directory_name,
    distribution_points,
};
use crate::judge::signatures::Signatures;
use crate::verdict::{RevocationAnswer, RevocationReason, RevocationStatus};

/// keyUsage's cRLSign.
const CRL_SIGN: u16 = 1 << 6;

/// removeFromCRL: the entry cancels an earlier one.
const REMOVED: u8 = 8;

/// Reasons for the status `unknown`, the most informative last.
const REASONS: [RevocationReason; 11] = [
    RevocationReason::NoCrl,
    RevocationReason::CrlNotFetched,
    RevocationReason::CrlNotByIssuer,
    RevocationReason::CrlUnverifiable,
    RevocationReason::CrlSignerNotAllowed,
    RevocationReason::CrlUnsupported,
    RevocationReason::CrlOutOfScope,
    RevocationReason::CrlSomeReasons,
    RevocationReason::CrlNotYetValid,
    RevocationReason::CrlNoNextUpdate,
    RevocationReason::CrlExpired,
];

/// Returns the combined answer of all lists: revoked if one says so, good if lists cover the
/// certificate for all reasons.
pub(super) fn answer(
    link: &Link<'_>,
    data: &RevocationData,
    at: i64,
    signatures: &mut Signatures,
) -> RevocationAnswer {
    let mut best = match data.failed(&link.addresses) {
        Some(address) => RevocationAnswer {
            source: Some(address.as_str().into()),
            ..link.unknown(RevocationReason::CrlNotFetched)
        },
        None => link.unknown(RevocationReason::NoCrl),
    };
    let points = points(link);
    let mut usable = Vec::new();
    for crl in candidates(link, data, &points) {
        match self::usable(link, crl, &points, at, signatures) {
            Ok(usage) => usable.push((&**crl, usage)),
            Err(reason) => best = better(best, from(crl, link.unknown(reason))),
        }
    }
    // If two lists have the same answer, the one signed by the certificate's own issuer is
    // reported.
    usable.sort_by_key(|(_, usage)| !usage.by_issuer);
    let (deltas, lists): (Vec<_>, Vec<_>) = usable.iter().partition(|(crl, _)| crl.is_delta());
    // Of two lists with the same scope, only the newer one counts, because an issuer can lift
    // holds. A CA with two keys may publish a list for each key (RFC 5280 section 5.2.1), so the
    // keys must be the same.
    let superseded = |crl: &Crl, usage: &Usage| {
        lists.iter().any(|(other, others)| {
            other.this_update > crl.this_update
                && others.signer == usage.signer
                && other.scope == crl.scope
                && other.issuer.matches(&crl.issuer)
        })
    };
    let current = lists.iter().filter(|(crl, usage)| !superseded(crl, usage));
    let mut covered = 0;
    for (crl, usage) in current {
        let delta = deltas.iter().map(|(delta, _)| *delta);
        let delta = delta
            .filter(|delta| delta.completes(crl))
            .max_by_key(|delta| delta.this_update);
        let said = with_delta(link, crl, delta);
        if said.status == RevocationStatus::Good {
            covered |= usage.reasons;
            // This answer applies until all reasons are covered.
            best = better(
                best,
                RevocationAnswer {
                    status: RevocationStatus::Unknown,
                    reason: Some(RevocationReason::CrlSomeReasons),
                    ..said.clone()
                },
            );
        }
        if said.status == RevocationStatus::Revoked || covered == ALL_REASONS {
            best = better(best, said);
        }
    }
    if lists.is_empty()
        && let Some((delta, _)) = deltas.first()
    {
        best = better(
            best,
            from(delta, link.unknown(RevocationReason::CrlUnsupported)),
        );
    }
    best
}

/// Returns the distribution points that the certificate names, and one for the other lists of its
/// issuer.
fn points(link: &Link<'_>) -> Vec<Point> {
    let issuer = &link.contents.issuer;
    let named = link.certificate.extension(&[0x55, 0x1d, 31]);
    let mut points = named.map_or_else(Vec::new, |value| distribution_points(value, issuer));
    points.push(Point::of_issuer(issuer));
    points
}

/// Returns the lists of the certificate's issuer and of the issuers that its distribution points
/// name.
fn candidates<'d>(
    link: &Link<'_>,
    data: &'d RevocationData,
    points: &[Point],
) -> Vec<&'d Arc<Crl>> {
    let mut issuers = vec![link.contents.issuer.canonical()];
    let named = points.iter().filter_map(|point| point.issuers.as_ref());
    for issuer in named.flatten().filter_map(directory) {
        if !issuers.contains(&issuer) {
            issuers.push(issuer);
        }
    }
    issuers
        .iter()
        .flat_map(|issuer| data.crls_of(issuer))
        .collect()
}

fn from(crl: &Crl, answer: RevocationAnswer) -> RevocationAnswer {
    RevocationAnswer {
        this_update: Some(crl.this_update),
        next_update: crl.next_update,
        source: Some(crl.source.clone()),
        ..answer
    }
}

/// Returns the answer with the greater weight: revoked before good before unknown. Of two equal
/// answers, the newer one wins.
fn better(one: RevocationAnswer, other: RevocationAnswer) -> RevocationAnswer {
    let weight = |answer: &RevocationAnswer| {
        let rank = REASONS.iter().position(|it| Some(*it) == answer.reason);
        let rank = rank.filter(|_| answer.status == RevocationStatus::Unknown);
        (answer.status.weight(), rank, answer.this_update)
    };
    match weight(&other) > weight(&one) {
        true => other,
        false => one,
    }
}

/// What a usable list covers for a certificate.
struct Usage {
    /// Reasons that it covers, as bits.
    reasons: u16,
    /// True if the certificate's own issuer signed it, and not another key on the path.
    by_issuer: bool,
    /// SHA-256 of the key that signed it.
    signer: Fingerprint,
}

/// Returns what the list covers for this certificate, or the reason why it cannot be used.
fn usable(
    link: &Link<'_>,
    crl: &Crl,
    points: &[Point],
    at: i64,
    signatures: &mut Signatures,
) -> Result<Usage, RevocationReason> {
    let reasons = in_scope(link, crl, points)?;
    let (by_issuer, signer) = signer_allowed(link, crl, signatures)?;
    match crl.next_update {
        _ if crl.this_update > at + SKEW => Err(RevocationReason::CrlNotYetValid),
        None => Err(RevocationReason::CrlNoNextUpdate),
        Some(until) if until < at => Err(RevocationReason::CrlExpired),
        Some(_) => Ok(Usage {
            reasons,
            by_issuer,
            signer,
        }),
    }
}

/// Returns true if the certificate's own issuer signed the list, false if a certificate of the path
/// with the name of the list's issuer did, and the fingerprint of the key. Either may sign lists.
fn signer_allowed(
    link: &Link<'_>,
    crl: &Crl,
    signatures: &mut Signatures,
) -> Result<(bool, Fingerprint), RevocationReason> {
    let own = crl.issuer.matches(&link.contents.issuer);
    let namesake = |signer: &&Signer<'_>| {
        let contents = signer.contents;
        contents.is_some_and(|contents| contents.subject.matches(&crl.issuer))
    };
    let issuers = link.issuers.iter().filter(|_| own);
    let mut refusal = RevocationReason::CrlNotByIssuer;
    let mut signed = None;
    let issuers = issuers.map(|issuer| (issuer, true));
    let others = link.above.iter().filter(namesake);
    for (issuer, own) in issuers.chain(others.map(|issuer| (issuer, false))) {
        match signatures.of_list(crl, issuer) {
            SignatureCheck::Invalid => {}
            SignatureCheck::Unsupported => refusal = RevocationReason::CrlUnverifiable,
            SignatureCheck::Valid => {
                let usage = issuer.contents.and_then(|contents| contents.key_usage);
                if usage.is_none_or(|usage| usage & CRL_SIGN != 0) {
                    signed.get_or_insert((own, issuer.spki_sha256));
                }
                refusal = RevocationReason::CrlSignerNotAllowed;
            }
        }
    }
    signed.ok_or(refusal)
}

/// Returns the reasons for which the list covers this certificate (RFC 5280 section 6.3.3, b to d).
/// A list restricted to certain distribution points says nothing about other certificates.
fn in_scope(link: &Link<'_>, crl: &Crl, points: &[Point]) -> Result<u16, RevocationReason> {
    let scope = &crl.scope;
    if scope.unsupported {
        return Err(RevocationReason::CrlUnsupported);
    }
    let others = match link.certificate.is_ca() {
        true => scope.only_users,
        false => scope.only_cas,
    };
    let by_issuer = crl.issuer.matches(&link.contents.issuer);
    let issuer = directory_name(crl.issuer.canonical());
    let matched = points.iter().filter(|point| {
        let issued = match &point.issuers {
            Some(issuers) => scope.indirect && issuers.contains(&issuer),
            None => by_issuer,
        };
        issued && is_named(scope.names.as_deref(), &point.names)
    });
    let reasons = matched.fold(0, |reasons, point| reasons | point.reasons);
    match reasons & scope.reasons.unwrap_or(ALL_REASONS) {
        0 => Err(RevocationReason::CrlOutOfScope),
        _ if others || scope.only_attributes => Err(RevocationReason::CrlOutOfScope),
        reasons => Ok(reasons),
    }
}

/// Returns true if a list restricted to these points, or unrestricted, covers one of these names.
fn is_named(only: Option<&[PointName]>, names: &[PointName]) -> bool {
    only.is_none_or(|only| only.iter().any(|name| names.contains(name)))
}

/// Returns the answer of a usable list with its delta CRL applied.
fn with_delta(link: &Link<'_>, crl: &Crl, delta: Option<&Crl>) -> RevocationAnswer {
    let contents = link.contents;
    let find = |crl: &Crl| crl.find(&contents.serial, &contents.issuer);
    let changed = delta.and_then(|delta| Some((delta, find(delta)?)));
    let (source, listed) = match changed {
        Some((delta, listed)) => (delta, Some(listed)),
        None => (delta.unwrap_or(crl), find(crl)),
    };
    let answer = match listed.filter(|listed| listed.reason != REMOVED) {
        Some(listed) => RevocationAnswer {
            revoked_at: Some(listed.revoked_at),
            ..link.answer(RevocationStatus::Revoked, reason(listed.reason))
        },
        None => link.answer(RevocationStatus::Good, None),
    };
    from(source, answer)
}
