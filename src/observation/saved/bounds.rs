//! What a file may hold. Writer and reader keep the same bounds: whatever is saved can be read, and
//! whatever is read could have been saved.

use super::SavedAnswer;
use crate::observation::{MAX_EXCHANGES, Observation, PeerChain};

/// Far more than one sweep meets; their places take 800 MB.
pub(super) const MAX_CERTIFICATES: usize = 100_000_000;

/// The most bytes of all certificates: what they take on disk while they are read. Those of the
/// whole web are smaller.
pub(super) const MAX_ALL_BYTES: u64 = 128 << 30;

/// The most certificates of one chain, and the most bytes: a flight has 512 KiB at most.
pub(super) const MAX_CHAIN: usize = 100_000;
pub(super) const MAX_CHAIN_BYTES: u64 = 1024 * 1024;

/// Some visits have hundreds of exchanges, and few of those hold a chain.
pub(super) const MAX_VISIT_BYTES: u64 = 16 * 1024 * 1024;

/// Five times as many as a sweep asks for.
const MAX_ANSWERS: usize = 25_000;

/// What all answers may hold together: a sweep takes 64 MiB in at most 100,000 certificates, and
/// 5,000 addresses.
const MAX_ANSWER_BYTES: usize = 192 * 1024 * 1024;

/// What a certificate takes in memory beside its bytes.
const PER_CERTIFICATE: usize = 1024;

/// Of what there is too much.
pub(super) type Excess = &'static str;

/// Whether a visit can be saved, its text apart.
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

/// The bytes of a chain that can be saved.
pub(super) fn chain(chain: &PeerChain) -> Result<u64, Excess> {
    let lengths = chain.certificates.iter().map(|it| it.der.len() as u64);
    let bytes = lengths.sum();
    match chain.certificates.len() > MAX_CHAIN || bytes > MAX_CHAIN_BYTES {
        true => Err("certificates"),
        false => Ok(bytes),
    }
}

/// The answers of a file so far.
#[derive(Debug, Default)]
pub(super) struct Answers {
    count: usize,
    bytes: usize,
}

impl Answers {
    /// Counts one more, or refuses it.
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
