//! What a farm may serve, and its leaves by their number.

use rustls_pki_types::CertificateDer;

/// The zone of a farm's names.
pub(super) const FARM_ZONE: &str = ".farm.tlsweep.test";

/// What a farm serves.
#[derive(Clone, Copy, Debug)]
pub struct Farm {
    /// Which certificates.
    pub leaves: Leaves,
    /// Which versions.
    pub versions: Versions,
    /// Which key.
    pub key: LeafKey,
}

/// How many certificates a farm has.
#[derive(Clone, Copy, Debug)]
pub enum Leaves {
    /// One for all names.
    Shared,
    /// One each for this many names from `Load::name(0)` on, issued and kept in memory before the
    /// first connection.
    Distinct(usize),
}

/// Which versions a farm speaks.
#[derive(Clone, Copy, Debug)]
pub enum Versions {
    /// TLS 1.3 and 1.2.
    Both,
    /// TLS 1.2 only.
    Tls12,
    /// TLS 1.3 only.
    Tls13,
}

/// Which key the leaves of a farm have.
#[derive(Clone, Copy, Debug)]
pub enum LeafKey {
    /// P-256.
    P256,
    /// RSA of 2048 bits.
    Rsa2048,
}

/// Which clients the signature over the key exchange is made for.
#[derive(Clone, Copy, Debug)]
pub enum Signing {
    /// For each client, as a server has to.
    Each,
    /// For none: it was made once and fits no client's random. A client that does not look at it
    /// sees no difference, and the server has next to nothing to do.
    Never,
}

impl Default for Farm {
    /// One P-256 certificate for all names, TLS 1.3 and 1.2.
    fn default() -> Self {
        Self {
            leaves: Leaves::Shared,
            versions: Versions::Both,
            key: LeafKey::P256,
        }
    }
}

/// The name with this number: `n17.farm.tlsweep.test`.
pub(super) fn name(number: usize) -> String {
    format!("n{number}{FARM_ZONE}")
}

/// A leaf for each number.
#[derive(Debug)]
pub(super) struct ByNumber {
    pub(super) leaves: Vec<CertificateDer<'static>>,
    pub(super) intermediate: CertificateDer<'static>,
}

impl ByNumber {
    /// The chain of this name. Put together for each connection: keeping a hundred thousand copies
    /// of the intermediate would cost more than copying it.
    pub(super) fn chain(&self, name: &str) -> Option<Vec<CertificateDer<'static>>> {
        let number = name.strip_suffix(FARM_ZONE)?.strip_prefix('n')?;
        let leaf = self.leaves.get(number.parse::<usize>().ok()?)?;
        Some(vec![leaf.clone(), self.intermediate.clone()])
    }
}
