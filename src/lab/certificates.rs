//! Cases about the leaf: its dates, names, key usage and encoding. All are served by a real TLS
//! server with an otherwise healthy chain.

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa};
use rustls_pki_types::CertificateDer;

use super::case::LabCase;
use super::conduct::Conduct;
use super::error::LabError;
use super::issue::{Draft, Workshop, spoil_signature, unknown_critical};
use super::servers::serve;
use crate::verdict::VerdictKind;

/// The cases of this family.
pub(super) const CASES: &[LabCase] = &[
    LabCase {
        name: "expired",
        host: "expired.tlsweep.test",
        expect: VerdictKind::Expired,
        also: &[],
        about: "the leaf expired yesterday",
        conduct: |shop, host| leaf(shop, shop.leaf(host)?.days(-91, -1)),
    },
    LabCase {
        name: "expired-long-ago",
        host: "expired-long-ago.tlsweep.test",
        expect: VerdictKind::Expired,
        also: &[],
        about: "the leaf expired ten years ago",
        conduct: |shop, host| leaf(shop, shop.leaf(host)?.days(-3740, -3650)),
    },
    LabCase {
        name: "not-yet-valid",
        host: "not-yet-valid.tlsweep.test",
        expect: VerdictKind::NotYetValid,
        also: &[],
        about: "the leaf becomes valid in ten days",
        conduct: |shop, host| leaf(shop, shop.leaf(host)?.days(10, 100)),
    },
    LabCase {
        name: "expiring-soon",
        host: "expiring-soon.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["expiring_soon"],
        about: "the leaf expires in five days",
        conduct: |shop, host| leaf(shop, shop.leaf(host)?.days(-85, 5)),
    },
    LabCase {
        name: "long-validity",
        host: "long-validity.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "a leaf valid for ten years from a private root: clients accept it, public CAs may not issue it",
        conduct: |shop, host| leaf(shop, shop.leaf(host)?.days(-30, 3620)),
    },
    LabCase {
        name: "wrong-name",
        host: "wrong-name.tlsweep.test",
        expect: VerdictKind::NameMismatch,
        also: &[],
        about: "the certificate is for another host",
        conduct: |shop, _| leaf(shop, shop.leaf("somebody-else.tlsweep.test")?),
    },
    LabCase {
        name: "www-missing",
        host: "www.shop.tlsweep.test",
        expect: VerdictKind::NameMismatch,
        also: &[],
        about: "the certificate has the domain but not www",
        conduct: |shop, _| leaf(shop, shop.leaf("shop.tlsweep.test")?),
    },
    LabCase {
        name: "apex-missing",
        host: "bakery.tlsweep.test",
        expect: VerdictKind::NameMismatch,
        also: &[],
        about: "the certificate has www but not the bare domain",
        conduct: |shop, _| leaf(shop, shop.leaf("www.bakery.tlsweep.test")?),
    },
    LabCase {
        name: "wildcard-too-deep",
        host: "a.b.wild.tlsweep.test",
        expect: VerdictKind::NameMismatch,
        also: &[],
        about: "a wildcard covers one label, but the requested name has two",
        conduct: |shop, _| leaf(shop, shop.leaf("*.wild.tlsweep.test")?),
    },
    LabCase {
        name: "name-for-address",
        host: "127.0.0.1",
        expect: VerdictKind::NameMismatch,
        also: &[],
        about: "requested by IP address, but the certificate has only a name",
        conduct: |shop, _| leaf(shop, shop.leaf("by-name.tlsweep.test")?),
    },
    LabCase {
        name: "no-san",
        host: "no-san.tlsweep.test",
        expect: VerdictKind::NameMismatch,
        also: &["no_san"],
        about: "the name is only in the common name, which clients ignore",
        conduct: |shop, host| {
            let draft = shop.leaf(host)?;
            leaf(shop, draft.with(|params| params.subject_alt_names.clear()))
        },
    },
    LabCase {
        name: "self-signed",
        host: "self-signed.tlsweep.test",
        expect: VerdictKind::SelfSigned,
        also: &[],
        about: "the leaf is its own issuer",
        conduct: |shop, host| alone(shop, shop.leaf(host)?.self_signed(&shop.keys.p256)?),
    },
    LabCase {
        name: "self-signed-ca",
        host: "self-signed-ca.tlsweep.test",
        expect: VerdictKind::SelfSigned,
        also: &[],
        about: "the leaf is its own issuer and says it is a CA, as appliances do",
        conduct: |shop, host| {
            let draft = shop.leaf(host)?.with(|params| params.is_ca = ca());
            alone(shop, draft.self_signed(&shop.keys.p256)?)
        },
    },
    LabCase {
        name: "self-signed-and-worse",
        host: "self-signed-and-worse.tlsweep.test",
        expect: VerdictKind::SelfSigned,
        also: &["name_mismatch", "expired"],
        about: "self-signed, for another name, and expired",
        conduct: |shop, _| {
            let draft = shop.leaf("localhost.localdomain")?.days(-400, -35);
            alone(shop, draft.self_signed(&shop.keys.p256)?)
        },
    },
    LabCase {
        name: "expired-wrong-name",
        host: "expired-wrong-name.tlsweep.test",
        expect: VerdictKind::NameMismatch,
        also: &["expired"],
        about: "trusted, but for another name and expired",
        conduct: |shop, _| leaf(shop, shop.leaf("forgotten.tlsweep.test")?.days(-200, -110)),
    },
    LabCase {
        name: "bad-signature",
        host: "bad-signature.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "one bit of the leaf's signature is flipped",
        conduct: |shop, host| {
            let mut chain = shop.chain_for(shop.leaf(host)?, &*shop.keys.p256)?;
            chain[0] = spoil_signature(&chain[0]);
            serve(chain, &shop.keys.p256)
        },
    },
    LabCase {
        name: "leaf-is-ca",
        host: "leaf-is-ca.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "a CA certificate is used as the leaf",
        conduct: |shop, host| leaf(shop, shop.leaf(host)?.with(|params| params.is_ca = ca())),
    },
    LabCase {
        name: "client-certificate",
        host: "client-certificate.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "the leaf's extended key usage allows only client authentication",
        conduct: |shop, host| {
            let usage = vec![ExtendedKeyUsagePurpose::ClientAuth];
            let draft = shop.leaf(host)?;
            leaf(
                shop,
                draft.with(|params| params.extended_key_usages = usage),
            )
        },
    },
    LabCase {
        name: "unknown-critical",
        host: "unknown-critical.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "the leaf has an unknown critical extension",
        conduct: |shop, host| {
            let draft = shop.leaf(host)?;
            leaf(
                shop,
                draft.with(|params| params.custom_extensions = vec![unknown_critical()]),
            )
        },
    },
    LabCase {
        name: "unparseable-modern",
        host: "unparseable-modern.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "what is sent as the leaf is not a certificate, over TLS 1.3",
        conduct: |shop, _| alone(shop, garbage()),
    },
];

/// Returns a server with a leaf issued by the lab's intermediate.
fn leaf(shop: &Workshop, draft: Draft) -> Result<Conduct, LabError> {
    serve(shop.chain_for(draft, &*shop.keys.p256)?, &shop.keys.p256)
}

/// Returns a server that sends only this certificate.
fn alone(shop: &Workshop, certificate: CertificateDer<'static>) -> Result<Conduct, LabError> {
    serve(vec![certificate], &shop.keys.p256)
}

/// Returns bytes that start like a certificate but do not parse.
pub(super) fn garbage() -> CertificateDer<'static> {
    let mut bytes = vec![0x30, 0x82, 0x01, 0x00];
    bytes.extend([0xff; 256]);
    bytes.into()
}

fn ca() -> IsCa {
    IsCa::Ca(BasicConstraints::Unconstrained)
}
