//! A TLS 1.2 server up to ServerHelloDone, for measuring clients that read no further. It builds
//! the flight for the requested name and does as little cryptography as possible. It reads and
//! returns bytes and opens no socket.

use rustls_pki_types::CertificateDer;

use super::error::LabError;
use super::flight::{Flight, Signer, signed_share};
use super::hello::ClientHello;
use super::issue::Key;
use super::leaves::{ByNumber, Signing};

/// TLS 1.2.
const VERSION: u16 = 0x0303;
/// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.
const SUITE: u16 = 0xc02b;

/// A leaf for each name, with one key for all. The public key is also the ECDHE share, since no key
/// exchange takes place.
pub(super) struct ClearServer {
    leaves: ByNumber,
    key: Key,
    /// The signed share that all clients get, unless it is signed for each client.
    for_nobody: Option<Vec<u8>>,
}

impl ClearServer {
    pub(super) fn new(leaves: ByNumber, key: Key, signing: Signing) -> Result<Self, LabError> {
        let for_nobody = match signing {
            Signing::Each => None,
            Signing::Never => Some(share_for_nobody(&key)?),
        };
        Ok(Self {
            leaves,
            key,
            for_nobody,
        })
    }

    /// Returns the answer to this ClientHello, or `None` if it has another name, version or suite.
    pub(super) fn flight(&self, hello: &ClientHello) -> Option<Vec<u8>> {
        if !hello.offers_version(VERSION, true) || !hello.suites.contains(&SUITE) {
            return None;
        }
        let chain = self.leaves.chain(hello.server_name.as_deref()?)?;
        Some(match &self.for_nobody {
            Some(share) => flight(&chain, share),
            None => flight(&chain, &share(&hello.random, &self.key).ok()?),
        })
    }
}

/// Returns the flight with this chain and share.
pub(super) fn flight(chain: &[CertificateDer<'_>], share: &[u8]) -> Vec<u8> {
    Flight::new(VERSION, SUITE)
        .certificates(chain)
        .ecdhe(share)
        .done()
}

/// Returns a share whose signature matches no client's random.
pub(super) fn share_for_nobody(key: &Key) -> Result<Vec<u8>, LabError> {
    share(&[0; 32], key)
}

fn share(client_random: &[u8; 32], key: &Key) -> Result<Vec<u8>, LabError> {
    signed_share(client_random, key, &Signer::of(key, None))
}
