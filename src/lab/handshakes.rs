//! Cases about the handshake with a real TLS server: versions, keys, groups, client certificates
//! and virtual hosts.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{ServerConfig, SupportedProtocolVersion};

use super::case::LabCase;
use super::conduct::{Conduct, Split};
use super::error::LabError;
use super::issue::{Draft, Workshop};
use super::legacy::{RSA_CBC, TLS10, TLS11, old_server};
use super::servers::{
    Always, BOTH, ByName, ONLY_12, ONLY_13, ask_clients, certified, configure, serve,
    serve_versions, signing_key,
};
use crate::verdict::VerdictKind;

/// The cases of this family.
pub(super) const CASES: &[LabCase] = &[
    LabCase {
        name: "healthy",
        host: "healthy.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: TLS 1.3 and 1.2, a P-256 key",
        conduct: |shop, host| versions(shop, host, BOTH),
    },
    LabCase {
        name: "healthy-rsa",
        host: "healthy-rsa.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: an RSA key of 2048 bits",
        conduct: |shop, host| {
            serve(
                shop.chain_for(shop.leaf(host)?, &*shop.keys.rsa)?,
                &shop.keys.rsa,
            )
        },
    },
    LabCase {
        name: "healthy-p384",
        host: "healthy-p384.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: a P-384 key",
        conduct: |shop, host| {
            serve(
                shop.chain_for(shop.leaf(host)?, &*shop.keys.p384)?,
                &shop.keys.p384,
            )
        },
    },
    LabCase {
        name: "only-tls1-2",
        host: "only-tls1-2.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: TLS 1.2 only",
        conduct: |shop, host| versions(shop, host, ONLY_12),
    },
    LabCase {
        name: "only-tls1-3",
        host: "only-tls1-3.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: TLS 1.3 only",
        conduct: |shop, host| versions(shop, host, ONLY_13),
    },
    LabCase {
        name: "wildcard",
        host: "any.wild.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: the name is covered by a wildcard",
        conduct: |shop, _| versions(shop, "*.wild.tlsweep.test", BOTH),
    },
    LabCase {
        name: "address",
        host: "127.0.0.1",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: requested by IP address, which the certificate contains",
        conduct: |shop, host| versions(shop, host, BOTH),
    },
    LabCase {
        name: "hello-retry",
        host: "hello-retry.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: the server accepts only P-384, so the client sends a second ClientHello",
        conduct: |shop, host| Ok(Conduct::Tls(only_group(shop, host, kx_group::SECP384R1)?)),
    },
    LabCase {
        name: "only-post-quantum",
        host: "only-post-quantum.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: the server accepts only X25519MLKEM768, which browsers offer first",
        conduct: |shop, host| {
            Ok(Conduct::Tls(only_group(
                shop,
                host,
                kx_group::X25519MLKEM768,
            )?))
        },
    },
    LabCase {
        name: "post-quantum-or-tls1-0",
        host: "post-quantum-or-tls1-0.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "X25519MLKEM768 only in TLS 1.3, beside TLS 1.0: browsers connect by TLS 1.3",
        conduct: |shop, host| post_quantum_or(shop, host, TLS10, false),
    },
    LabCase {
        name: "post-quantum-or-tls1-1-closing",
        host: "post-quantum-or-tls1-1-closing.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "the same beside TLS 1.1; the server closes at a ClientHello without the group",
        conduct: |shop, host| post_quantum_or(shop, host, TLS11, true),
    },
    LabCase {
        name: "virtual-host",
        host: "virtual-host.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "healthy: only clients that send SNI get the right certificate",
        conduct: |shop, host| virtual_hosts(shop, host),
    },
    LabCase {
        name: "default-host",
        host: "default-host.tlsweep.test",
        expect: VerdictKind::NameMismatch,
        also: &[],
        about: "the server does not know the name and answers with its default certificate",
        conduct: |shop, _| virtual_hosts(shop, "some-customer.tlsweep.test"),
    },
    LabCase {
        name: "client-certificate-optional",
        host: "client-certificate-optional.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["client_certificate_requested"],
        about: "client certificates are optional",
        conduct: |shop, host| asking(shop, host, BOTH, false),
    },
    LabCase {
        name: "client-certificate-required",
        host: "client-certificate-required.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["client_certificate_requested"],
        about: "client certificates are required (TLS 1.3: refused only after the handshake)",
        conduct: |shop, host| asking(shop, host, BOTH, true),
    },
    LabCase {
        name: "client-certificate-required-tls1-2",
        host: "client-certificate-required-tls1-2.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["client_certificate_requested"],
        about: "client certificates are required (TLS 1.2: refused within the handshake)",
        conduct: |shop, host| asking(shop, host, ONLY_12, true),
    },
    LabCase {
        name: "wrong-key",
        host: "wrong-key.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the server signs with a key that is not the certificate's",
        conduct: |shop, host| {
            let chain = shop.chain_for(shop.leaf(host)?, &*shop.keys.p256)?;
            serve(chain, &shop.keys.other_p256)
        },
    },
    LabCase {
        name: "wrong-key-tls1-2",
        host: "wrong-key-tls1-2.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the server signs with a key that is not the certificate's, over TLS 1.2",
        conduct: |shop, host| {
            let chain = shop.chain_for(shop.leaf(host)?, &*shop.keys.p256)?;
            serve_versions(chain, &shop.keys.other_p256, ONLY_12)
        },
    },
];

/// Returns a healthy server of these versions.
fn versions(
    shop: &Workshop,
    name: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Conduct, LabError> {
    let chain = shop.chain_for(shop.leaf(name)?, &*shop.keys.p256)?;
    serve_versions(chain, &shop.keys.p256, versions)
}

/// Returns a healthy TLS 1.3 server that accepts only one group.
fn only_group(
    shop: &Workshop,
    host: &str,
    group: &'static dyn SupportedKxGroup,
) -> Result<Arc<ServerConfig>, LabError> {
    let provider = CryptoProvider {
        kx_groups: vec![group],
        ..default_provider()
    };
    let key = signing_key(&shop.keys.p256)?;
    let chain = shop.chain_for(shop.leaf(host)?, &*shop.keys.p256)?;
    let resolver = Arc::new(Always(certified(chain, key)));
    Ok(Arc::new(configure(provider, ONLY_13, None, resolver)?))
}

/// A healthy server of TLS 1.3 that takes X25519MLKEM768 only, and an old one of this version.
fn post_quantum_or(
    shop: &Workshop,
    host: &str,
    version: u16,
    closes: bool,
) -> Result<Conduct, LabError> {
    Ok(Conduct::Split(Box::new(Split {
        newer: only_group(shop, host, kx_group::X25519MLKEM768)?,
        group: kx_group::X25519MLKEM768.name().into(),
        closes,
        older: old_server(shop, host, version, RSA_CBC)?,
    })))
}

/// Returns a healthy server that asks for a client certificate.
fn asking(
    shop: &Workshop,
    host: &str,
    versions: &[&'static SupportedProtocolVersion],
    required: bool,
) -> Result<Conduct, LabError> {
    let chain = shop.chain_for(shop.leaf(host)?, &*shop.keys.p256)?;
    let resolver = Arc::new(Always(certified(chain, signing_key(&shop.keys.p256)?)));
    let clients = ask_clients(shop.root.certificate(), required)?;
    let config = configure(default_provider(), versions, Some(clients), resolver)?;
    Ok(Conduct::Tls(Arc::new(config)))
}

/// Returns a server that knows one name and has a default certificate for all others.
fn virtual_hosts(shop: &Workshop, known: &str) -> Result<Conduct, LabError> {
    let key = signing_key(&shop.keys.p256)?;
    let certified_for = |name: &str| -> Result<_, LabError> {
        let draft = Draft::leaf(shop.now, &[name])?;
        Ok(certified(
            shop.chain_for(draft, &*shop.keys.p256)?,
            key.clone(),
        ))
    };
    let resolver = Arc::new(ByName {
        name: known.to_owned(),
        theirs: certified_for(known)?,
        default: certified_for("default.tlsweep.test")?,
    });
    let config = configure(default_provider(), BOTH, None, resolver)?;
    Ok(Conduct::Tls(Arc::new(config)))
}
