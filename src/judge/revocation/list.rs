//! What revocation lists say of a certificate (RFC 5280 section 6.3, without deltas and indirect
//! lists).

use super::{Link, SKEW, Signatures, reason};
use crate::crypto::Outcome;
use crate::gather::{Crl, RevocationData, Scope};
use crate::verdict::{RevocationAnswer, RevocationStatus};

/// keyUsage's cRLSign.
const CRL_SIGN: u16 = 1 << 6;

/// removeFromCRL: the entry takes another back.
const REMOVED: u8 = 8;

/// Why a list cannot tell, the most telling last.
const REASONS: [&str; 10] = [
    "no_crl",
    "crl_not_fetched",
    "crl_not_by_issuer",
    "crl_unverifiable",
    "crl_signer_not_allowed",
    "crl_unsupported",
    "crl_out_of_scope",
    "crl_not_yet_valid",
    "crl_no_next_update",
    "crl_expired",
];

/// What all lists of the issuer say together: revoked when one of them does, good when one does
/// that covers the certificate.
pub(super) fn answer(
    link: &Link<'_>,
    data: &RevocationData,
    at: i64,
    signatures: &mut Signatures,
) -> RevocationAnswer {
    let addresses = &link.addresses;
    let mut best = match data.failed(addresses) {
        Some(address) => RevocationAnswer {
            source: Some(address.as_str().into()),
            ..link.unknown("crl_not_fetched")
        },
        None => link.unknown("no_crl"),
    };
    let mut usable = Vec::new();
    for crl in data.crls_of(&link.contents.issuer.der) {
        match self::usable(link, crl, addresses, at, signatures) {
            Ok(()) => usable.push(&**crl),
            Err(reason) => best = better(best, from(crl, link.unknown(reason))),
        }
    }
    // Of two lists of one scope the newer is what the issuer says now: holds are taken back.
    let superseded = |crl: &Crl| {
        let newer = |other: &&Crl| other.this_update > crl.this_update && other.scope == crl.scope;
        usable.iter().any(newer)
    };
    let current = usable.iter().filter(|crl| !superseded(crl));
    current.fold(best, |best, crl| better(best, from(crl, told(link, crl))))
}

fn from(crl: &Crl, answer: RevocationAnswer) -> RevocationAnswer {
    RevocationAnswer {
        this_update: Some(crl.this_update),
        next_update: crl.next_update,
        source: Some(crl.source.clone()),
        ..answer
    }
}

/// Revoked wins over good, and good over unknown; of two that say the same the newer.
fn better(one: RevocationAnswer, other: RevocationAnswer) -> RevocationAnswer {
    let weight = |answer: &RevocationAnswer| {
        let telling = REASONS.iter().position(|it| Some(*it) == answer.reason);
        let telling = telling.filter(|_| answer.status == RevocationStatus::Unknown);
        (answer.status.weight(), telling, answer.this_update)
    };
    match weight(&other) > weight(&one) {
        true => other,
        false => one,
    }
}

/// Whether the list may be believed about this certificate.
fn usable(
    link: &Link<'_>,
    crl: &Crl,
    addresses: &[String],
    at: i64,
    signatures: &mut Signatures,
) -> Result<(), &'static str> {
    in_scope(link, &crl.scope, addresses)?;
    signer_allowed(link, crl, signatures)?;
    match crl.next_update {
        _ if crl.this_update > at + SKEW => Err("crl_not_yet_valid"),
        None => Err("crl_no_next_update"),
        Some(until) if until < at => Err("crl_expired"),
        Some(_) => Ok(()),
    }
}

/// Whether the issuer signed it, with a key that may sign lists.
fn signer_allowed(
    link: &Link<'_>,
    crl: &Crl,
    signatures: &mut Signatures,
) -> Result<(), &'static str> {
    let mut refusal = "crl_not_by_issuer";
    let mut signed = false;
    for issuer in &link.issuers {
        match signatures.of_list(crl, issuer) {
            Outcome::Invalid => {}
            Outcome::Unsupported => refusal = "crl_unverifiable",
            Outcome::Valid => {
                let usage = issuer.contents.and_then(|contents| contents.key_usage);
                signed |= usage.is_none_or(|usage| usage & CRL_SIGN != 0);
                refusal = "crl_signer_not_allowed";
            }
        }
    }
    signed.then_some(()).ok_or(refusal)
}

/// Whether the list is about this certificate (RFC 5280 section 6.3.3, b). One that is for
/// certificates with certain addresses says nothing of others.
fn in_scope(link: &Link<'_>, scope: &Scope, addresses: &[String]) -> Result<(), &'static str> {
    if scope.unsupported {
        return Err("crl_unsupported");
    }
    let others = match link.certificate.is_ca() {
        true => scope.only_users,
        false => scope.only_cas,
    };
    let elsewhere = scope
        .addresses
        .as_ref()
        .is_some_and(|covered| !covered.iter().any(|address| addresses.contains(address)));
    match others || elsewhere || scope.only_attributes {
        true => Err("crl_out_of_scope"),
        false => Ok(()),
    }
}

/// What a list that may be believed says.
fn told(link: &Link<'_>, crl: &Crl) -> RevocationAnswer {
    let listed = crl.find(&link.contents.serial);
    match listed.filter(|listed| listed.reason != REMOVED) {
        Some(listed) => RevocationAnswer {
            status: RevocationStatus::Revoked,
            reason: reason(listed.reason),
            revoked_at: Some(listed.revoked_at),
            ..link.unknown("")
        },
        None => RevocationAnswer {
            status: RevocationStatus::Good,
            reason: None,
            ..link.unknown("")
        },
    }
}
