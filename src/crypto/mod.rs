//! Cryptographic primitives for the layers above: SHA-256 fingerprints, signature verification,
//! public keys, random bytes, and the DER reader that these are built on.
//!
//! This room knows bytes, but not certificates or policy. It verifies algorithms that no client
//! accepts any more (except MD5), so that their use can be reported.

pub(crate) mod der;
mod digest;
mod fingerprint;
mod key;
mod keyed;
mod p521;
mod random;
mod scheme;
mod signature;
mod signed;

pub(crate) use digest::digest;
pub use fingerprint::{Fingerprint, Hasher};
pub use key::{Curve, Key, KeyAlgorithm, RSA_BITS, RsaNumbers};
pub use keyed::{HashKey, NoRandomness};
pub use p521::P521;
pub use random::Randoms;
pub(crate) use scheme::pss_hash_name;
pub use signature::{SignatureCheck, verify_certificate_signature, verify_handshake};
pub(crate) use signed::Signed;
