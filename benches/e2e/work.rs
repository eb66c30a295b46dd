//! Times the minimum work for an answer: the key exchange, the check that the server has its key,
//! and, for a new leaf, the check of its issuer's signature.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::agreement::{self, EphemeralPrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};

use super::Failed;

/// The time of each operation, measured now on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// Generating an X25519 key and agreeing on a secret.
    pub(crate) exchange: Duration,
    /// Verifying a P-256 signature over a message as long as that of a CertificateVerify.
    pub(crate) proof: Duration,
    /// Verifying a P-256 signature over as many bytes as a leaf has.
    pub(crate) signature: Duration,
}

/// The operations that the answers of a case require.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub(crate) exchange: bool,
    pub(crate) proof: bool,
    pub(crate) signature: bool,
}

impl Work {
    /// Returns the total time of the required operations.
    pub(crate) fn of(&self, needs: Needs) -> Duration {
        [
            (needs.exchange, self.exchange),
            (needs.proof, self.proof),
            (needs.signature, self.signature),
        ]
        .into_iter()
        .filter_map(|(needed, time)| needed.then_some(time))
        .sum()
    }
}

/// Length of the signed message: 64 spaces, the context, a zero and a SHA-256 hash (RFC 8446
/// section 4.4.3).
const CERTIFICATE_VERIFY: usize = 64 + 33 + 1 + 32;
/// Length of the signed part of a small leaf.
const LEAF: usize = 450;

/// Times each operation with this number of repetitions. Keys are parsed each time, like those of a
/// certificate.
pub(crate) fn time(repetitions: u32) -> Result<Work, Failed> {
    let random = SystemRandom::new();
    let unspecified = |_| Failed::Message("the crypto library refuses".to_owned());
    let peer = EphemeralPrivateKey::generate(&X25519, &random).map_err(unspecified)?;
    let peer = peer.compute_public_key().map_err(unspecified)?;
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(unspecified)?;
    let verify = |length: usize| -> Result<Duration, Failed> {
        let message = vec![0x20; length];
        let signature = key.sign(&random, &message).map_err(unspecified)?;
        Ok(average(repetitions, || {
            let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref());
            black_box(key.is_ok_and(|key| key.verify_sig(&message, signature.as_ref()).is_ok()));
        }))
    };
    Ok(Work {
        exchange: average(repetitions, || {
            let Ok(mine) = EphemeralPrivateKey::generate(&X25519, &random) else {
                return;
            };
            let _ = black_box(mine.compute_public_key());
            let peer = UnparsedPublicKey::new(&X25519, peer.as_ref());
            let _ = black_box(agreement::agree_ephemeral(mine, peer, (), |secret| {
                black_box(secret[0]);
                Ok(())
            }));
        }),
        proof: verify(CERTIFICATE_VERIFY)?,
        signature: verify(LEAF)?,
    })
}

#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
fn average(repetitions: u32, mut step: impl FnMut()) -> Duration {
    // The median of short batches, so that an interrupted batch does not count.
    let batches = (repetitions / BATCH).max(1);
    let batch = || {
        let started = Instant::now();
        (0..BATCH).for_each(|_| step());
        started.elapsed() / BATCH
    };
    let mut times: Vec<_> = std::iter::repeat_with(batch)
        .take(batches as usize)
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Number of repetitions in one batch: about a millisecond.
const BATCH: u32 = 20;
