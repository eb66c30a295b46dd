//! Revocation status of the leaf by a stapled OCSP response: its subject, its signer, and its
//! freshness (RFC 6960 sections 3.2 and 4.2.2.2).

use rustls_pki_types::CertificateDer;

use super::link::{Link, SKEW, Signer, reason};
use super::ocsp::{self, OcspAnswer, Single, Status};
use crate::crypto::{SignatureCheck, verify_certificate_signature};
use crate::observation::{Certificate, Contents};
use crate::verdict::{RevocationAnswer, RevocationStatus};

/// id-kp-OCSPSigning.
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";

/// Lifetime in seconds of a response without nextUpdate: one day, as in Firefox.
const LIFE: i64 = 86_400;

/// Reasons that make a staple unusable for every client and that its server or responder causes.
/// The other reasons are our own limits (an algorithm, an issuer), or the responder's statement
/// that it does not know the certificate.
pub(crate) const FAULTS: [&str; 7] = [
    "staple_malformed",
    "staple_not_successful",
    "staple_other_certificate",
    "staple_bad_signature",
    "staple_responder_not_allowed",
    "staple_not_yet_valid",
    "staple_expired",
];

/// Returns the answer of the staple.
pub(super) fn answer(link: &Link<'_>, staple: &[u8], at: i64) -> RevocationAnswer {
    let read = match ocsp::read(staple) {
        Ok(read) => read,
        Err(reason) => return link.unknown(reason),
    };
    if link.issuers.is_empty() {
        return link.unknown("issuer_unknown");
    }
    let contents = link.contents;
    let about = |single: &&Single<'_>, issuer: &Signer<'_>| {
        single.is_about(&contents.serial, &contents.issuer.der, issuer.spki)
    };
    let matching = link.issuers.iter().find_map(|issuer| {
        let single = read.statuses.iter().find(|single| about(single, issuer))?;
        Some((issuer, single))
    });
    let Some((issuer, single)) = matching else {
        return link.unknown("staple_other_certificate");
    };
    let answer = match signed(&read, issuer, contents, at).and_then(|()| fresh(single, at)) {
        Ok(()) if read.unsupported => link.unknown("staple_unsupported"),
        Ok(()) => answer_of(link, single.status),
        Err(reason) => link.unknown(reason),
    };
    RevocationAnswer {
        this_update: Some(single.this_update),
        next_update: single.next_update,
        ..answer
    }
}

fn answer_of(link: &Link<'_>, status: Status) -> RevocationAnswer {
    let unknown = link.unknown("responder_does_not_know");
    match status {
        Status::Unknown => unknown,
        Status::Good => RevocationAnswer {
            status: RevocationStatus::Good,
            reason: None,
            ..unknown
        },
        Status::Revoked { at, reason: code } => RevocationAnswer {
            status: RevocationStatus::Revoked,
            reason: reason(code),
            revoked_at: Some(at),
            ..unknown
        },
    }
}

fn fresh(single: &Single<'_>, at: i64) -> Result<(), &'static str> {
    let until = single.next_update;
    let until = until.unwrap_or(single.this_update.saturating_add(LIFE));
    match () {
        () if single.this_update > at + SKEW => Err("staple_not_yet_valid"),
        () if until < at => Err("staple_expired"),
        () => Ok(()),
    }
}

/// Checks that the issuer signed the response, or a responder that the issuer authorised.
fn signed(
    answer: &OcspAnswer<'_>,
    issuer: &Signer<'_>,
    leaf: &Contents,
    at: i64,
) -> Result<(), &'static str> {
    let mut worst = match verify(answer, issuer.spki) {
        SignatureCheck::Valid => return Ok(()),
        SignatureCheck::Unsupported => "staple_unverifiable",
        SignatureCheck::Invalid => "staple_bad_signature",
    };
    for der in &answer.certificates {
        let responder = Certificate::read(CertificateDer::from(der.to_vec()));
        let Ok(contents) = &responder.contents else {
            continue;
        };
        match verify(answer, &contents.key.spki) {
            SignatureCheck::Valid if may_answer(&responder, contents, issuer, leaf, at) => {
                return Ok(());
            }
            SignatureCheck::Valid => worst = "staple_responder_not_allowed",
            SignatureCheck::Unsupported if worst == "staple_bad_signature" => {
                worst = "staple_unverifiable";
            }
            SignatureCheck::Unsupported | SignatureCheck::Invalid => {}
        }
    }
    Err(worst)
}

fn verify(answer: &OcspAnswer<'_>, spki: &[u8]) -> SignatureCheck {
    let (oid, parameters) = &answer.algorithm;
    verify_certificate_signature(spki, oid, parameters, answer.tbs, answer.signature)
}

/// Returns true if the leaf's issuer issued this certificate to a responder for signing OCSP
/// responses.
fn may_answer(
    responder: &Certificate,
    contents: &Contents,
    issuer: &Signer<'_>,
    leaf: &Contents,
    at: i64,
) -> bool {
    let usages = contents.extended_key_usage.iter().flatten();
    contents.issuer.matches(&leaf.issuer)
        && responder.signed_by_spki(issuer.spki) == SignatureCheck::Valid
        && usages.into_iter().any(|usage| usage == OCSP_SIGNING)
        && contents.is_valid_at(at)
        && contents.unknown_critical.is_empty()
}
