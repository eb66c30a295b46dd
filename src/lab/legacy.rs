//! Cases about old stacks, served from prepared flights: versions below TLS 1.2, and suites that
//! modern clients no longer offer. The servers answer a ClientHello like real ones up to
//! ServerHelloDone and cannot continue after that.

use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose};

use super::case::LabCase;
use super::certificates::garbage;
use super::conduct::{Conduct, OldServer, Refusal};
use super::error::LabError;
use super::issue::{Draft, WeakKey, Workshop};
use crate::verdict::VerdictKind;

const SSL3: u16 = 0x0300;
pub(super) const TLS10: u16 = 0x0301;
pub(super) const TLS11: u16 = 0x0302;
pub(super) const TLS12: u16 = 0x0303;

/// TLS_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_AES_256_CBC_SHA, TLS_RSA_WITH_3DES_EDE_CBC_SHA.
pub(super) const RSA_CBC: &[u16] = &[0x002f, 0x0035, 0x000a];
/// TLS_RSA_WITH_RC4_128_SHA, TLS_RSA_WITH_RC4_128_MD5.
const RSA_RC4: &[u16] = &[0x0005, 0x0004];
/// TLS_RSA_WITH_3DES_EDE_CBC_SHA.
const RSA_3DES: &[u16] = &[0x000a];
/// TLS_RSA_WITH_NULL_SHA, TLS_RSA_WITH_NULL_MD5.
const RSA_NULL: &[u16] = &[0x0002, 0x0001];
/// TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA and TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256.
const ECDHE_RSA_CBC: &[u16] = &[0xc013, 0xc027];
/// TLS_DH_anon_WITH_AES_128_CBC_SHA, and with 3DES, RC4 and AES-256.
const ANONYMOUS: &[u16] = &[0x0034, 0x001b, 0x0018, 0x003a];

/// The cases of this family.
pub(super) const CASES: &[LabCase] = &[
    LabCase {
        name: "only-tls1-0",
        host: "only-tls1-0.tlsweep.test",
        expect: VerdictKind::LegacyTlsOnly,
        also: &[],
        about: "TLS 1.0 only; a modern ClientHello gets the alert protocol_version",
        conduct: |shop, host| old(shop, host, TLS10, RSA_CBC, Refusal::Alert),
    },
    LabCase {
        name: "only-tls1-1",
        host: "only-tls1-1.tlsweep.test",
        expect: VerdictKind::LegacyTlsOnly,
        also: &[],
        about: "TLS 1.1 only; a modern ClientHello gets the alert protocol_version",
        conduct: |shop, host| old(shop, host, TLS11, RSA_CBC, Refusal::Alert),
    },
    LabCase {
        name: "only-ssl3",
        host: "only-ssl3.tlsweep.test",
        expect: VerdictKind::LegacyTlsOnly,
        also: &[],
        about: "SSL 3.0 only; a modern ClientHello gets an alert",
        conduct: |shop, host| old(shop, host, SSL3, RSA_CBC, Refusal::Alert),
    },
    LabCase {
        name: "only-tls1-0-ancient",
        host: "only-tls1-0-ancient.tlsweep.test",
        expect: VerdictKind::LegacyTlsOnly,
        also: &[],
        about: "TLS 1.0 only, older than supported_versions; a modern ClientHello does not offer its suites",
        conduct: |shop, host| {
            let server = old_server(shop, host, TLS10, RSA_CBC)?;
            Ok(Conduct::Old(Box::new(OldServer {
                knows_supported_versions: false,
                ..server
            })))
        },
    },
    LabCase {
        name: "only-tls1-0-closing",
        host: "only-tls1-0-closing.tlsweep.test",
        expect: VerdictKind::LegacyTlsOnly,
        also: &[],
        about: "TLS 1.0 only; the connection is closed without an alert after a modern ClientHello",
        conduct: |shop, host| old(shop, host, TLS10, RSA_CBC, Refusal::Close),
    },
    LabCase {
        name: "only-tls1-0-hanging",
        host: "only-tls1-0-hanging.tlsweep.test",
        expect: VerdictKind::LegacyTlsOnly,
        also: &[],
        about: "TLS 1.0 only; a TLS 1.3 ClientHello is never answered",
        conduct: |shop, host| old(shop, host, TLS10, RSA_CBC, Refusal::Silence),
    },
    LabCase {
        name: "rsa-key-exchange",
        host: "rsa-key-exchange.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["no_forward_secrecy"],
        about: "TLS 1.2 with RSA key exchange and CBC suites only",
        conduct: |shop, host| old(shop, host, TLS12, RSA_CBC, Refusal::Alert),
    },
    LabCase {
        name: "only-rc4",
        host: "only-rc4.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["refused_by_today", "weak_cipher", "no_forward_secrecy"],
        about: "TLS 1.2 with RC4 only",
        conduct: |shop, host| old(shop, host, TLS12, RSA_RC4, Refusal::Alert),
    },
    LabCase {
        name: "only-3des",
        host: "only-3des.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["weak_cipher", "no_forward_secrecy"],
        about: "TLS 1.2 with triple DES only",
        conduct: |shop, host| old(shop, host, TLS12, RSA_3DES, Refusal::Alert),
    },
    LabCase {
        name: "only-null",
        host: "only-null.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["refused_by_today", "weak_cipher", "no_forward_secrecy"],
        about: "TLS 1.2 with suites that do not encrypt",
        conduct: |shop, host| old(shop, host, TLS12, RSA_NULL, Refusal::Alert),
    },
    LabCase {
        name: "only-ecdhe-cbc",
        host: "only-ecdhe-cbc.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "TLS 1.2 with ECDHE and CBC only, as on old Windows servers",
        conduct: |shop, host| old(shop, host, TLS12, ECDHE_RSA_CBC, Refusal::Alert),
    },
    LabCase {
        name: "anonymous",
        host: "anonymous.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "TLS 1.2 with anonymous Diffie-Hellman only: there is no certificate",
        conduct: |shop, host| old(shop, host, TLS12, ANONYMOUS, Refusal::Alert),
    },
    LabCase {
        name: "weak-key",
        host: "weak-key.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["weak_key", "no_forward_secrecy"],
        about: "an RSA key of 1024 bits, over TLS 1.2 with RSA key exchange",
        conduct: |shop, host| {
            let mut server = old_server(shop, host, TLS12, RSA_CBC)?;
            let draft = rsa_leaf(shop, host)?;
            server.chain = shop.chain_for(draft, &WeakKey::of_bits(1024))?;
            Ok(Conduct::Old(Box::new(server)))
        },
    },
    LabCase {
        name: "old-and-expired",
        host: "old-and-expired.tlsweep.test",
        expect: VerdictKind::LegacyTlsOnly,
        also: &["expired"],
        about: "TLS 1.0 only, and the leaf expired last year",
        conduct: |shop, host| {
            let mut server = old_server(shop, host, TLS10, RSA_CBC)?;
            let draft = rsa_leaf(shop, host)?.days(-500, -400);
            server.chain = shop.chain_for(draft, &*shop.keys.rsa)?;
            Ok(Conduct::Old(Box::new(server)))
        },
    },
    LabCase {
        name: "old-appliance",
        host: "old-appliance.tlsweep.test",
        expect: VerdictKind::LegacyTlsOnly,
        also: &["self_signed", "name_mismatch"],
        about: "TLS 1.0 only, with a certificate that the appliance created itself",
        conduct: |shop, host| {
            let mut server = old_server(shop, host, TLS10, RSA_CBC)?;
            let draft = rsa_leaf(shop, "appliance.local")?.with(|params| {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                params.key_usages.push(KeyUsagePurpose::KeyCertSign);
            });
            server.chain = vec![draft.self_signed(&shop.keys.rsa)?];
            Ok(Conduct::Old(Box::new(server)))
        },
    },
    LabCase {
        name: "unparseable",
        host: "unparseable.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "what is sent as the leaf is not a certificate, over TLS 1.2",
        conduct: |shop, host| {
            let mut server = old_server(shop, host, TLS12, RSA_CBC)?;
            server.chain = vec![garbage(), shop.intermediate.certificate()];
            Ok(Conduct::Old(Box::new(server)))
        },
    },
];

/// Returns an old server with a healthy chain for an RSA key, which refuses in this way.
fn old(
    shop: &Workshop,
    host: &str,
    version: u16,
    suites: &'static [u16],
    refusal: Refusal,
) -> Result<Conduct, LabError> {
    let server = old_server(shop, host, version, suites)?;
    Ok(Conduct::Old(Box::new(OldServer { refusal, ..server })))
}

pub(super) fn old_server(
    shop: &Workshop,
    host: &str,
    version: u16,
    suites: &'static [u16],
) -> Result<OldServer, LabError> {
    Ok(OldServer {
        version,
        suites,
        chain: shop.chain_for(rsa_leaf(shop, host)?, &*shop.keys.rsa)?,
        refusal: Refusal::Alert,
        knows_supported_versions: true,
        key: shop.keys.rsa.clone(),
        share: shop.keys.p256.clone(),
        dh_bytes: 256,
        scheme: None,
        explicit_curve: false,
    })
}

/// Returns the draft of a leaf whose key may also decrypt, as RSA key exchange requires.
pub(super) fn rsa_leaf(shop: &Workshop, name: &str) -> Result<Draft, LabError> {
    let usage = KeyUsagePurpose::KeyEncipherment;
    let draft = shop.leaf(name)?;
    Ok(draft.with(|params| params.key_usages.push(usage)))
}
