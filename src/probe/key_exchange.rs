//! Checks the key exchange of TLS 1.2 and older: its group and signature scheme were on offer, and
//! suite, certificate and signature fit each other. rustls checks some of this, with other error texts.

use crate::observation::{Failure, KeyKind, Reason, Stage};
use crate::tls::{
    self, CertificateKey, CipherSuite, Flight, FlightProgress, KeyAgreement, ProtocolVersion,
    WIDE_SIGNATURES,
};

/// Returns why clients refuse the key exchange, or `None` if they accept it. `leaf` is the kind of the
/// certificate's key, or `None` if it was not read.
pub(super) fn flaw(
    (groups, signatures): (&[u16], &[u16]),
    flight: &Flight,
    leaf: Option<KeyKind>,
) -> Option<Failure> {
    let hello = flight.server_hello.as_ref()?;
    let suite = CipherSuite::of(hello.cipher)?;
    let scheme = flight.key_exchange.and_then(|it| it.signature_scheme);
    let detail = missing(flight, suite)
        .or_else(|| unoffered_group(groups, flight, suite))
        .or_else(|| wrong_key(suite, leaf?))
        .or_else(|| wrong_signature(suite, leaf, scheme?));
    match detail {
        Some(detail) => Some(Failure::new(Stage::Handshake, Reason::Malformed, detail)),
        None => unoffered_signature(signatures, scheme?),
    }
}

/// Returns true if the server sent its complete first flight.
pub(super) fn is_whole(flight: &Flight) -> bool {
    flight.progress() == FlightProgress::Done && flight.fatal_alert.is_none()
}

/// Returns which message is missing from a complete flight, or `None` if none is.
fn missing(flight: &Flight, suite: CipherSuite) -> Option<String> {
    let tls13 = flight.server_hello.as_ref()?.version >= ProtocolVersion::Tls13.wire();
    if tls13 || !is_whole(flight) {
        return None;
    }
    let agreement = suite.key_agreement();
    let ephemeral = matches!(agreement, KeyAgreement::Dhe | KeyAgreement::Ecdhe);
    let shown = flight.certificates.iter().flatten().next().is_some();
    let message = if ephemeral && flight.key_exchange.is_none() {
        "key exchange"
    } else if !shown && !suite.anonymous() {
        "certificate"
    } else {
        return None;
    };
    Some(format!("sent no {message}, which {} needs", suite.name))
}

fn unoffered_group(groups: &[u16], flight: &Flight, suite: CipherSuite) -> Option<String> {
    let hello = flight.server_hello.as_ref()?;
    let exchange = flight.key_exchange;
    let named = exchange.filter(|_| suite.key_agreement() == KeyAgreement::Ecdhe);
    let group = named
        .and_then(|exchange| exchange.group)
        .or(hello.selected_group);
    let unoffered = group.filter(|group| !groups.contains(group))?;
    Some(format!(
        "chose the group {}, which was not on offer",
        tls::group_text(unoffered)
    ))
}

/// Checks that the suite can use the certificate's key (RFC 5246, 7.4.2; RFC 8422, 2.1 and 2.2).
fn wrong_key(suite: CipherSuite, leaf: KeyKind) -> Option<String> {
    let (key, keys) = (word(leaf)?, keys_for(suite));
    let wrong = !keys.is_empty() && !keys.contains(&leaf);
    wrong.then(|| format!("chose {}, which does not fit its {key} key", suite.name))
}

/// Checks that the scheme fits the key (RFC 5246, 7.4.3), or the suite if the key was not read.
fn wrong_signature(suite: CipherSuite, leaf: Option<KeyKind>, scheme: u16) -> Option<String> {
    let keys = keys_of(scheme);
    let known = leaf.and_then(|leaf| Some((leaf, word(leaf)?)));
    let (wrong, signer) = match known {
        Some((leaf, key)) => (!keys.contains(&leaf), format!("its {key} key")),
        None => {
            let fitting = keys_for(suite);
            let disjoint = !fitting.is_empty() && !fitting.iter().any(|key| keys.contains(key));
            (disjoint, suite.name.to_owned())
        }
    };
    let scheme = tls::signature_scheme_text(scheme);
    (wrong && !keys.is_empty())
        .then(|| format!("signed with {scheme}, which does not fit {signer}"))
}

/// Checks that the scheme was offered (RFC 5246, 7.4.3). If the widest ClientHello offers it, the failure
/// is one after which that ClientHello is still sent.
fn unoffered_signature(offered: &[u16], scheme: u16) -> Option<Failure> {
    if offered.contains(&scheme) {
        return None;
    }
    let reason = match WIDE_SIGNATURES.contains(&scheme) {
        true => Reason::Incompatible,
        false => Reason::Malformed,
    };
    let scheme = tls::signature_scheme_text(scheme);
    let detail = format!("chose the signature scheme {scheme}, which was not on offer");
    Some(Failure::new(Stage::Handshake, reason, detail))
}

/// Returns the kinds of key that fit this suite; empty if that is not known. EdDSA keys fit the ECDSA
/// suites (RFC 8422, 2.2), and keys restricted to PSS sign but do not decrypt (RFC 4055, 1.2).
fn keys_for(suite: CipherSuite) -> &'static [KeyKind] {
    match suite.certificate_key() {
        Some(CertificateKey::RsaDecrypting) => &[KeyKind::Rsa],
        Some(CertificateKey::RsaSigning) => &[KeyKind::Rsa, KeyKind::RsaPss],
        Some(CertificateKey::Ecdsa) => &[KeyKind::Ec, KeyKind::Ed25519, KeyKind::Ed448],
        Some(CertificateKey::Ecdh) => &[KeyKind::Ec],
        Some(CertificateKey::Dsa) => &[KeyKind::Dsa],
        None => &[],
    }
}

/// Returns the kinds of key that can sign with this scheme; empty if that is not known. TLS 1.2 does not
/// tie curves to hashes (RFC 5246, 7.4.1.4.1), and OpenSSL accepts either PSS number for either RSA key.
fn keys_of(scheme: u16) -> &'static [KeyKind] {
    match scheme.to_be_bytes() {
        [8, 4..=6 | 9..=11] => &[KeyKind::Rsa, KeyKind::RsaPss],
        [8, 7] => &[KeyKind::Ed25519],
        [8, 8] => &[KeyKind::Ed448],
        [1..=6, 1] => &[KeyKind::Rsa],
        [1..=6, 2] => &[KeyKind::Dsa],
        [1..=6, 3] => &[KeyKind::Ec],
        _ => &[],
    }
}

/// Returns the name of a kind of key, or `None` for the kinds that cannot be judged.
fn word(key: KeyKind) -> Option<&'static str> {
    Some(match key {
        KeyKind::Rsa => "RSA",
        KeyKind::RsaPss => "RSA-PSS",
        KeyKind::Ec => "EC",
        KeyKind::Ed25519 => "Ed25519",
        KeyKind::Ed448 => "Ed448",
        KeyKind::Dsa => "DSA",
        KeyKind::MlDsa | KeyKind::Other => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECDHE_ECDSA: u16 = 0xC02B;
    const ECDHE_RSA: u16 = 0xC02F;
    const RSA: u16 = 0x009C;
    const DHE_DSS: u16 = 0x0032;

    fn suite(id: u16) -> CipherSuite {
        CipherSuite::of(id).unwrap()
    }

    #[test]
    fn a_suite_needs_its_kind_of_key() {
        use KeyKind::{Dsa, Ec, Ed448, Ed25519, MlDsa, Other, Rsa, RsaPss};
        let kinds = [Rsa, RsaPss, Ec, Ed25519, Ed448, Dsa];
        for (id, fitting) in [
            (ECDHE_ECDSA, &[Ec, Ed25519, Ed448][..]),
            (ECDHE_RSA, &[Rsa, RsaPss]),
            (0x009E, &[Rsa, RsaPss]), // DHE_RSA
            (RSA, &[Rsa]),
            (0x0003, &[Rsa]), // RSA_EXPORT
            (DHE_DSS, &[Dsa]),
            (0x0011, &[Dsa]), // DHE_DSS_EXPORT
            (0xC004, &[Ec]),  // ECDH_ECDSA
            (0xC00E, &[Ec]),  // ECDH_RSA
            (0xC018, &kinds), // ECDH_anon
            (0x0034, &kinds), // DH_anon
            (0x0081, &kinds), // GOST
            (0x1301, &kinds), // TLS 1.3
            (0x0031, &kinds), // DH_RSA
        ] {
            for kind in kinds {
                let wrong = wrong_key(suite(id), kind);
                assert_eq!(
                    wrong.is_none(),
                    fitting.contains(&kind),
                    "{id:04x} {kind:?}"
                );
            }
            for kind in [MlDsa, Other] {
                assert_eq!(wrong_key(suite(id), kind), None, "{id:04x} {kind:?}");
            }
        }
    }

    #[test]
    fn a_signature_needs_its_kind_of_key() {
        use KeyKind::{Dsa, Ec, Ed448, Ed25519, Other, Rsa, RsaPss};
        for (id, key, scheme, fits) in [
            (ECDHE_ECDSA, Some(Ec), 0x0603, true),
            (ECDHE_ECDSA, Some(Ec), 0x0203, true),
            (ECDHE_ECDSA, Some(Ec), 0x0401, false),
            (ECDHE_ECDSA, Some(Ec), 0x0202, false),
            (ECDHE_ECDSA, Some(Ec), 0x0807, false),
            (ECDHE_ECDSA, Some(Ed25519), 0x0807, true),
            (ECDHE_ECDSA, Some(Ed448), 0x0808, true),
            (ECDHE_ECDSA, Some(Ed448), 0x0403, false),
            (ECDHE_RSA, Some(Rsa), 0x0401, true),
            (ECDHE_RSA, Some(Rsa), 0x0804, true),
            (ECDHE_RSA, Some(Rsa), 0x080B, true),
            (ECDHE_RSA, Some(RsaPss), 0x0809, true),
            (ECDHE_RSA, Some(RsaPss), 0x0401, false),
            (ECDHE_RSA, Some(Rsa), 0x0403, false),
            (DHE_DSS, Some(Dsa), 0x0402, true),
            (DHE_DSS, Some(Dsa), 0x0401, false),
            (ECDHE_RSA, None, 0x0401, true),
            (ECDHE_RSA, None, 0x0403, false),
            (ECDHE_ECDSA, Some(Other), 0x0401, false),
            // An unknown scheme says nothing about the key.
            (ECDHE_RSA, Some(Rsa), 0x0840, true),
            (ECDHE_RSA, Some(Rsa), 0x7777, true),
        ] {
            let wrong = wrong_signature(suite(id), key, scheme);
            assert_eq!(wrong.is_none(), fits, "{id:04x} {key:?} {scheme:04x}");
        }
    }

    #[test]
    fn a_scheme_that_another_hello_offers_does_not_end_the_visit() {
        let reason = |scheme| Some(unoffered_signature(&[0x0403], scheme)?.reason);
        assert_eq!(reason(0x0403), None);
        assert_eq!(reason(0x0301), Some(Reason::Incompatible));
        assert_eq!(reason(0x0103), Some(Reason::Malformed));
        assert_eq!(reason(0x7777), Some(Reason::Malformed));
    }
}
