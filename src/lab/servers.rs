//! Configurations of the real TLS servers: rustls with aws-lc-rs, serving any chain with any key,
//! even if they do not match. It opens no socket.

use std::sync::Arc;

use rcgen::KeyPair;
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::SupportedProtocolVersion;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::server::{WebPkiClientVerifier, danger::ClientCertVerifier};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::conduct::Conduct;
use super::error::LabError;

/// TLS 1.3 and 1.2.
pub(super) const BOTH: &[&SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];
/// TLS 1.3 only.
pub(super) const ONLY_13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
/// TLS 1.2 only.
pub(super) const ONLY_12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

/// Returns an ordinary server of this chain.
pub(super) fn serve(
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
) -> Result<Conduct, LabError> {
    serve_versions(chain, key, BOTH)
}

/// Returns a server of this chain that supports these versions.
pub(super) fn serve_versions(
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Conduct, LabError> {
    let resolver = Arc::new(Always(certified(chain, signing_key(key)?)));
    let config = configure(default_provider(), versions, None, resolver)?;
    Ok(Conduct::Tls(Arc::new(config)))
}

/// Returns a server configuration, for cases that are about more than the chain.
pub(super) fn configure(
    provider: CryptoProvider,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<Arc<dyn ClientCertVerifier>>,
    resolver: Arc<dyn ResolvesServerCert>,
) -> Result<ServerConfig, LabError> {
    let builder =
        ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(versions)?;
    let builder = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(resolver);
    // No client resumes a session with the lab: tickets would only cost time and memory.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

/// Requests client certificates issued by this authority.
pub(super) fn ask_clients(
    authority: CertificateDer<'static>,
    required: bool,
) -> Result<Arc<dyn ClientCertVerifier>, LabError> {
    let mut roots = RootCertStore::empty();
    roots.add(authority)?;
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
    let builder = match required {
        true => builder,
        false => builder.allow_unauthenticated(),
    };
    Ok(builder.build()?)
}

/// Returns a chain and a key for rustls. `CertifiedKey::new` does not check that they match, which
/// the cases need.
pub(super) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: Arc<dyn SigningKey>,
) -> Arc<CertifiedKey> {
    Arc::new(CertifiedKey::new(chain, key))
}

/// Returns the key in the form in which rustls signs with it.
pub(super) fn signing_key(key: &KeyPair) -> Result<Arc<dyn SigningKey>, LabError> {
    let pkcs8 = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok(any_supported_type(&PrivateKeyDer::Pkcs8(pkcs8))?)
}

/// Serves the same certificate for every name.
#[derive(Debug)]
pub(super) struct Always(pub(super) Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// Serves one certificate for one name, and a default for all others.
#[derive(Debug)]
pub(super) struct ByName {
    pub(super) name: String,
    pub(super) theirs: Arc<CertifiedKey>,
    pub(super) default: Arc<CertifiedKey>,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(match hello.server_name() {
            Some(name) if name == self.name => self.theirs.clone(),
            _ => self.default.clone(),
        })
    }
}
