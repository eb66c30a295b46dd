//! Checks that the server has its certificate's key, by the signature over its key exchange parameters
//! (RFC 5246, 7.4.3; RFC 8422, 5.4). This needs one public-key operation and no key of our own.

use crate::crypto::{self, SignatureCheck};
use crate::observation::{KeyKind, KeyProof, PeerChain};
use crate::tls::Flight;

/// `ecdsa_sha1`: the scheme of ECDSA below TLS 1.2, where the message contains no scheme.
const ECDSA_SHA1: u16 = 0x0203;

/// Returns the proof, or `None` if nothing was signed, as in RSA key transport. There, only a completed
/// handshake would prove possession of the key.
pub(super) fn of(flight: &Flight, client_random: &[u8; 32], chain: &PeerChain) -> Option<KeyProof> {
    let hello = flight.server_hello.as_ref()?;
    let signed = flight.signed_params.as_ref()?;
    let Some(Ok(leaf)) = chain.leaf().map(|leaf| &leaf.contents) else {
        return Some(KeyProof::Unverifiable);
    };
    // Below TLS 1.2, RSA signs MD5 and SHA-1 together. No library used here verifies that.
    let named = flight
        .key_exchange
        .and_then(|exchange| exchange.signature_scheme);
    let scheme = named.or((leaf.key.kind == KeyKind::Ec).then_some(ECDSA_SHA1));
    let Some(scheme) = scheme else {
        return Some(KeyProof::Unverifiable);
    };
    let message = [&client_random[..], &hello.random, &signed.params].concat();
    let outcome = crypto::verify_handshake(scheme, &leaf.key.spki, &message, &signed.signature);
    Some(match outcome {
        SignatureCheck::Valid => KeyProof::Proven,
        SignatureCheck::Invalid => KeyProof::Refuted,
        SignatureCheck::Unsupported => KeyProof::Unverifiable,
    })
}
