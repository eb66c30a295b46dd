//! Revocation status of the leaf by a stapled OCSP response: its subject, its signer, and its
//! freshness (RFC 6960 sections 3.2 and 4.2.2.2).

use rustls_pki_types::CertificateDer;

use super::link::{Link, SKEW, Signer, reason};
use super::ocsp::{self, OcspAnswer, Single, Status};
use crate::crypto::{SignatureCheck, verify_certificate_signature};
use crate::observation::{Certificate, Contents};
use crate::verdict::{RevocationAnswer, RevocationReason, RevocationStatus};

/// id-kp-OCSPSigning.
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";

/// Lifetime in seconds of a response without nextUpdate: one day, as in Firefox.
const LIFE: i64 = 86_400;

/// Reasons that make a staple unusable for every client and that its server or responder causes.
/// The other reasons are our own limits (an algorithm, an issuer), or the responder's statement
/// that it does not know the certificate.
pub(crate) const FAULTS: [RevocationReason; 7] = [
    RevocationReason::StapleMalformed,
    RevocationReason::StapleNotSuccessful,
    RevocationReason::StapleOtherCertificate,
    RevocationReason::StapleBadSignature,
    RevocationReason::StapleResponderNotAllowed,
    RevocationReason::StapleNotYetValid,
    RevocationReason::StapleExpired,
];

/// Returns the answer of the staple.
pub(super) fn answer(link: &Link<'_>, staple: &[u8], at: i64) -> RevocationAnswer {
    let read = match ocsp::read(staple) {
        Ok(read) => read,
        Err(reason) => return link.unknown(reason),
    };
    if link.issuers.is_empty() {
        return link.unknown(RevocationReason::IssuerUnknown);
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
        return link.unknown(RevocationReason::StapleOtherCertificate);
    };
    let answer = match signed(&read, issuer, contents, at).and_then(|()| fresh(single, at)) {
        Ok(()) if read.unsupported => link.unknown(RevocationReason::StapleUnsupported),
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
    match status {
        Status::Unknown => link.unknown(RevocationReason::ResponderDoesNotKnow),
        Status::Good => link.answer(RevocationStatus::Good, None),
        Status::Revoked { at, reason: code } => RevocationAnswer {
            revoked_at: Some(at),
            ..link.answer(RevocationStatus::Revoked, reason(code))
        },
    }
}

fn fresh(single: &Single<'_>, at: i64) -> Result<(), RevocationReason> {
    let until = single.next_update;
    let until = until.unwrap_or(single.this_update.saturating_add(LIFE));
    match () {
        () if single.this_update > at + SKEW => Err(RevocationReason::StapleNotYetValid),
        () if until < at => Err(RevocationReason::StapleExpired),
        () => Ok(()),
    }
}

/// Checks that the issuer signed the response, or a responder that the issuer authorised.
fn signed(
    answer: &OcspAnswer<'_>,
    issuer: &Signer<'_>,
    leaf: &Contents,
    at: i64,
) -> Result<(), RevocationReason> {
    let mut worst = match verify(answer, issuer.spki) {
        SignatureCheck::Valid => return Ok(()),
        SignatureCheck::Unsupported => RevocationReason::StapleUnverifiable,
        SignatureCheck::Invalid => RevocationReason::StapleBadSignature,
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
            SignatureCheck::Valid => worst = RevocationReason::StapleResponderNotAllowed,
            SignatureCheck::Unsupported if worst == RevocationReason::StapleBadSignature => {
                worst = RevocationReason::StapleUnverifiable;
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
