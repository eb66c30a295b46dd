//! Cases about servers that support TLS 1.2 or newer but require keys, suites or groups that only
//! some clients support. Each has a similar healthy case here or in `handshakes`.

use rcgen::{KeyPair, PKCS_ED25519};

use super::case::LabCase;
use super::conduct::{Conduct, OldServer};
use super::error::LabError;
use super::issue::{WeakKey, Workshop};
use super::legacy::{TLS12, old_server, rsa_leaf};
use super::servers::serve;
use crate::verdict::VerdictKind;

/// TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, TLS_DHE_RSA_WITH_AES_256_GCM_SHA384.
const DHE: &[u16] = &[0x009e, 0x009f];
/// DHE first, then TLS_RSA_WITH_AES_128_GCM_SHA256 for clients without DHE.
const DHE_FIRST: &[u16] = &[0x009e, 0x009f, 0x009c];
/// TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256.
const ECDHE_CBC_SHA256: &[u16] = &[0xc027];
/// TLS_RSA_WITH_AES_128_CBC_SHA.
const RSA_CBC: &[u16] = &[0x002f];

/// The cases of this family.
pub(super) const CASES: &[LabCase] = &[
    LabCase {
        name: "only-dhe",
        host: "only-dhe.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["refused_by_today"],
        about: "TLS 1.2 with DHE only, which no browser supports any more",
        conduct: |shop, host| old(shop, host, DHE, 256),
    },
    LabCase {
        name: "prefers-dhe",
        host: "prefers-dhe.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "TLS 1.2 with DHE first, and RSA key exchange, which browsers use",
        conduct: |shop, host| old(shop, host, DHE_FIRST, 256),
    },
    LabCase {
        name: "only-ecdhe-cbc-sha256",
        host: "only-ecdhe-cbc-sha256.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["refused_by_today"],
        about: "TLS 1.2 with ECDHE and CBC with SHA-256 only, which no browser supports any more",
        conduct: |shop, host| old(shop, host, ECDHE_CBC_SHA256, 256),
    },
    LabCase {
        name: "dh-1024",
        host: "dh-1024.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["refused_by_today", "weak_dh"],
        about: "DHE only, with a group of 1024 bits",
        conduct: |shop, host| old(shop, host, DHE, 128),
    },
    LabCase {
        name: "dh-512",
        host: "dh-512.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["refused_by_today", "weak_dh"],
        about: "DHE only, with a group of 512 bits, which no client accepts",
        conduct: |shop, host| old(shop, host, DHE, 64),
    },
    LabCase {
        name: "ed25519-key",
        host: "ed25519-key.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["refused_by_today", "unusual_key"],
        about: "an Ed25519 key, which browsers do not accept",
        conduct: |shop, host| {
            let key = std::sync::Arc::new(KeyPair::generate_for(&PKCS_ED25519)?);
            serve(shop.chain_for(shop.leaf(host)?, &*key)?, &key)
        },
    },
    LabCase {
        name: "tiny-key",
        host: "tiny-key.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "an RSA key of 512 bits, which no client accepts",
        conduct: |shop, host| {
            let mut server = old_server(shop, host, TLS12, RSA_CBC)?;
            let draft = rsa_leaf(shop, host)?;
            server.chain = shop.chain_for(draft, &WeakKey::of_bits(512))?;
            Ok(Conduct::Old(Box::new(server)))
        },
    },
];

/// Returns a server with a healthy chain for an RSA key, these suites, and a prime of this many
/// bytes.
fn old(
    shop: &Workshop,
    host: &str,
    suites: &'static [u16],
    dh_bytes: usize,
) -> Result<Conduct, LabError> {
    let server = old_server(shop, host, TLS12, suites)?;
    Ok(Conduct::Old(Box::new(OldServer { dh_bytes, ..server })))
}
