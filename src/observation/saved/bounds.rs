//! Limits of a recording. Writer and reader share them, so that everything written can be read.

use super::SavedAnswer;
use crate::observation::{MAX_EXCHANGES, Observation, PeerChain};

/// Maximum number of certificates, far more than one sweep meets. Their offsets take 800 MB.
pub(super) const MAX_CERTIFICATES: usize = 100_000_000;

/// Maximum size of all certificates in bytes, which they take on disk while the file is read. Those of
/// the whole web are smaller.
pub(super) const MAX_ALL_BYTES: u64 = 128 << 30;

/// Maximum number of certificates in one chain.
pub(super) const MAX_CHAIN: usize = 100_000;

/// Maximum size of one chain in bytes. A flight has at most 512 KiB.
pub(super) const MAX_CHAIN_BYTES: u64 = 1024 * 1024;

/// Maximum size of the chains of one visit in bytes. Some visits have hundreds of exchanges, but only few
/// of those keep a chain.
pub(super) const MAX_VISIT_BYTES: u64 = 16 * 1024 * 1024;

/// Maximum number of fetch results: five times as many as a sweep makes.
const MAX_ANSWERS: usize = 25_000;

/// Maximum size of all fetch results in bytes. A sweep accepts 64 MiB in at most 100,000 certificates,
/// and 5,000 URLs.
const MAX_ANSWER_BYTES: usize = 192 * 1024 * 1024;

/// Size in memory of a certificate in addition to its bytes.
const PER_CERTIFICATE: usize = 1024;

/// Name of the thing that exceeds its limit.
pub(super) type Excess = &'static str;

/// Checks the limits of a visit, except the length of its text.
pub(super) fn visit(observation: &Observation) -> Result<(), Excess> {
    if observation.exchanges.len() > MAX_EXCHANGES {
        return Err("exchanges");
    }
    let mut bytes = 0;
    for sent in observation.exchanges.iter().flat_map(|it| &it.chain) {
        bytes += chain(sent)?;
        if bytes > MAX_VISIT_BYTES {
            return Err("certificates");
        }
    }
    Ok(())
}

/// Returns the size of a chain in bytes if it is within the limits.
pub(super) fn chain(chain: &PeerChain) -> Result<u64, Excess> {
    let lengths = chain.certificates.iter().map(|it| it.der.len() as u64);
    let bytes = lengths.sum();
    match chain.certificates.len() > MAX_CHAIN || bytes > MAX_CHAIN_BYTES {
        true => Err("certificates"),
        false => Ok(bytes),
    }
}

/// Counts the fetch results of a file.
#[derive(Debug, Default)]
pub(super) struct Answers {
    count: usize,
    bytes: usize,
}

impl Answers {
    /// Counts a fetch result, or rejects it if it exceeds a limit.
    pub(super) fn add(&mut self, answer: &SavedAnswer) -> Result<(), Excess> {
        let given = match &answer.outcome {
            Ok(chain) => {
                let certificates = chain.certificates.iter();
                certificates.map(|it| it.der.len() + PER_CERTIFICATE).sum()
            }
            Err(failure) => failure.len(),
        };
        let bytes = self.bytes + given + answer.address.len();
        if self.count == MAX_ANSWERS {
            return Err("answers");
        }
        if bytes > MAX_ANSWER_BYTES {
            return Err("bytes of answers");
        }
        (self.count, self.bytes) = (self.count + 1, bytes);
        Ok(())
    }
}
