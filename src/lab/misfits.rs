//! Cases about key exchanges of TLS 1.2 that no client goes along with: parameters that were not on
//! offer, and suites, certificates and signatures that do not fit each other.

use super::case::LabCase;
use super::conduct::{Conduct, OldServer};
use super::error::LabError;
use super::issue::Workshop;
use super::legacy::{TLS12, old_server};
use crate::verdict::VerdictKind;

/// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.
const ECDHE_ECDSA: &[u16] = &[0xc02b];
/// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.
const ECDHE_RSA: &[u16] = &[0xc02f];
/// TLS_RSA_WITH_AES_128_GCM_SHA256.
const RSA: &[u16] = &[0x009c];
/// TLS_DHE_RSA_WITH_AES_128_GCM_SHA256.
const DHE_RSA: &[u16] = &[0x009e];

const ECDSA_MD5: u16 = 0x0103;
const RSA_PKCS1_SHA224: u16 = 0x0301;
const RSA_PKCS1_SHA256: u16 = 0x0401;

/// The family.
pub(super) const CASES: &[LabCase] = &[
    LabCase {
        name: "unoffered-scheme",
        host: "unoffered-scheme.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "a signature scheme that no client offers (ECDSA with MD5)",
        conduct: |shop, host| ecdsa(shop, host, ECDHE_ECDSA, Some(ECDSA_MD5)),
    },
    LabCase {
        name: "old-scheme",
        host: "old-scheme.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["refused_by_today"],
        about: "a signature scheme that only older clients offer (RSA with SHA-224)",
        conduct: |shop, host| {
            let server = old_server(shop, host, TLS12, ECDHE_RSA)?;
            Ok(old(OldServer {
                scheme: Some(RSA_PKCS1_SHA224),
                ..server
            }))
        },
    },
    LabCase {
        name: "unknown-scheme",
        host: "unknown-scheme.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "an unknown signature scheme",
        conduct: |shop, host| ecdsa(shop, host, ECDHE_ECDSA, Some(0x7777)),
    },
    LabCase {
        name: "rsa-suite-ec-key",
        host: "rsa-suite-ec-key.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "a suite with RSA signatures and a certificate with an EC key",
        conduct: |shop, host| ecdsa(shop, host, ECDHE_RSA, None),
    },
    LabCase {
        name: "key-transport-ec-key",
        host: "key-transport-ec-key.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "a suite with RSA key exchange and a certificate with an EC key",
        conduct: |shop, host| ecdsa(shop, host, RSA, None),
    },
    LabCase {
        name: "ecdsa-suite-rsa-key",
        host: "ecdsa-suite-rsa-key.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "a suite with ECDSA signatures and a certificate with an RSA key",
        conduct: |shop, host| Ok(old(old_server(shop, host, TLS12, ECDHE_ECDSA)?)),
    },
    LabCase {
        name: "ecdsa-suite-rsa-scheme",
        host: "ecdsa-suite-rsa-scheme.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "an EC key that says it signs by RSA",
        conduct: |shop, host| ecdsa(shop, host, ECDHE_ECDSA, Some(RSA_PKCS1_SHA256)),
    },
    LabCase {
        name: "explicit-curve",
        host: "explicit-curve.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "a curve that is spelled out, which no client offers",
        conduct: |shop, host| {
            let server = ecdsa_server(shop, host, ECDHE_ECDSA)?;
            Ok(old(OldServer {
                explicit_curve: true,
                ..server
            }))
        },
    },
    LabCase {
        name: "dh-empty",
        host: "dh-empty.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "DHE with an empty prime",
        conduct: |shop, host| {
            let server = old_server(shop, host, TLS12, DHE_RSA)?;
            Ok(old(OldServer {
                dh_bytes: 0,
                ..server
            }))
        },
    },
    LabCase {
        name: "no-certificate",
        host: "no-certificate.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "an empty list of certificates with a suite that needs one",
        conduct: |shop, host| {
            let server = ecdsa_server(shop, host, ECDHE_ECDSA)?;
            Ok(old(OldServer {
                chain: Vec::new(),
                ..server
            }))
        },
    },
];

fn old(server: OldServer) -> Conduct {
    Conduct::Old(Box::new(server))
}

/// A healthy chain for an EC key, served with these suites, whose signature is said to be by this
/// scheme.
fn ecdsa(
    shop: &Workshop,
    host: &str,
    suites: &'static [u16],
    scheme: Option<u16>,
) -> Result<Conduct, LabError> {
    let server = ecdsa_server(shop, host, suites)?;
    Ok(old(OldServer { scheme, ..server }))
}

fn ecdsa_server(
    shop: &Workshop,
    host: &str,
    suites: &'static [u16],
) -> Result<OldServer, LabError> {
    let server = old_server(shop, host, TLS12, suites)?;
    Ok(OldServer {
        chain: shop.chain_for(shop.leaf(host)?, &*shop.keys.p256)?,
        key: shop.keys.p256.clone(),
        ..server
    })
}
