//! Settings of a farm (many servers for measurements), and its leaf certificates by number.

use rustls_pki_types::CertificateDer;

/// Suffix of the names of a farm.
pub(super) const FARM_ZONE: &str = ".farm.tlsweep.test";

/// Settings of a farm.
#[derive(Clone, Copy, Debug)]
pub struct Farm {
    /// Certificates that it serves.
    pub leaves: Leaves,
    /// TLS versions that it supports.
    pub versions: Versions,
    /// Type of its key.
    pub key: LeafKey,
}

/// The leaf certificates of a farm.
#[derive(Clone, Copy, Debug)]
pub enum Leaves {
    /// One certificate for all names.
    Shared,
    /// One certificate for each of this number of names, starting with `Load::name(0)`. They are
    /// issued before the first connection and kept in memory.
    Distinct(usize),
}

/// TLS versions that a farm supports.
#[derive(Clone, Copy, Debug)]
pub enum Versions {
    /// TLS 1.3 and 1.2.
    Both,
    /// TLS 1.2 only.
    Tls12,
    /// TLS 1.3 only.
    Tls13,
}

/// Type of the key of a farm's leaves.
#[derive(Clone, Copy, Debug)]
pub enum LeafKey {
    /// P-256.
    P256,
    /// RSA with 2048 bits.
    Rsa2048,
}

/// When the signature over the key exchange is computed.
#[derive(Clone, Copy, Debug)]
pub enum Signing {
    /// For each client, like a real server.
    Each,
    /// Once, in advance. The signature matches no client's random. A client that does not verify it
    /// sees no difference, and the server has very little to do.
    Never,
}

impl Default for Farm {
    /// Returns a farm with one P-256 certificate for all names, TLS 1.3 and 1.2.
    fn default() -> Self {
        Self {
            leaves: Leaves::Shared,
            versions: Versions::Both,
            key: LeafKey::P256,
        }
    }
}

/// Returns the name with this number: `n17.farm.tlsweep.test`.
pub(super) fn name(number: usize) -> String {
    format!("n{number}{FARM_ZONE}")
}

/// The leaves of a farm, indexed by the number of their name.
#[derive(Debug)]
pub(super) struct ByNumber {
    pub(super) leaves: Vec<CertificateDer<'static>>,
    pub(super) intermediate: CertificateDer<'static>,
}

impl ByNumber {
    /// Returns the chain for this name, or `None` if the farm has no such name. The chain is built
    /// for each connection, because keeping a hundred thousand copies of the intermediate would
    /// cost more than copying it.
    pub(super) fn chain(&self, name: &str) -> Option<Vec<CertificateDer<'static>>> {
        let number = name.strip_suffix(FARM_ZONE)?.strip_prefix('n')?;
        let leaf = self.leaves.get(number.parse::<usize>().ok()?)?;
        Some(vec![leaf.clone(), self.intermediate.clone()])
    }
}
