//! What everybody above needs of cryptography: SHA-256 fingerprints, whether a signature
//! verifies, what kind of key this is, random bytes, and the DER reader under them. It knows
//! bytes, never certificates or policy: an algorithm that no client accepts any more (MD5
//! excepted) is still verified here, so that its use can be reported.

pub(crate) mod der;
mod digest;
mod fingerprint;
mod key;
mod p521;
mod random;
mod scheme;
mod signature;
mod signed;

pub(crate) use digest::digest;
pub use fingerprint::{Fingerprint, Hasher};
pub use key::{Curve, Key, KeyAlgorithm, RSA_BITS, RsaNumbers};
pub use p521::P521;
pub use random::Randoms;
pub(crate) use scheme::pss_hash_name;
pub use signature::{Outcome, verify_certificate_signature, verify_handshake};
pub(crate) use signed::Signed;
