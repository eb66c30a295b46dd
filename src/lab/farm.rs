//! Issues the certificates of a farm: a small public key infrastructure, and a leaf for each of many
//! names. This module opens no sockets.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::CertificateDer;

use super::error::LabError;
use super::issue::{Authority, Draft, Key, Keys};
use super::leaves::{self, ByNumber, FARM_ZONE, LeafKey};
use super::servers::{certified, signing_key};

/// A small public key infrastructure for a farm.
pub(super) struct Issuing {
    now: Timestamp,
    pub(super) root: Authority,
    intermediate: Authority,
    pub(super) key: Key,
}

impl Issuing {
    pub(super) fn new(key: LeafKey, now: Timestamp) -> Result<Self, LabError> {
        let root = Authority::root(Draft::authority(now, "tlsweep farm root"))?;
        let intermediate = Draft::authority(now, "tlsweep farm intermediate");
        Ok(Self {
            now,
            intermediate: root.subordinate(intermediate)?,
            root,
            key: match key {
                LeafKey::P256 => Keys::new_p256()?,
                LeafKey::Rsa2048 => Keys::new_rsa()?,
            },
        })
    }

    pub(super) fn signer(&self) -> Result<Arc<dyn SigningKey>, LabError> {
        signing_key(&self.key)
    }

    pub(super) fn shared(&self) -> Result<Vec<CertificateDer<'static>>, LabError> {
        let draft = Draft::leaf(self.now, &[&format!("*{FARM_ZONE}")])?;
        Ok(vec![
            self.intermediate.issue(draft, &*self.key)?,
            self.intermediate.certificate(),
        ])
    }

    /// Issues a leaf for each of the first `count` names.
    pub(super) fn leaves(&self, count: usize) -> Result<ByNumber, LabError> {
        let leaf = |number| {
            let draft = Draft::leaf(self.now, &[&leaves::name(number)])?;
            self.intermediate.issue(draft, &*self.key)
        };
        Ok(ByNumber {
            leaves: (0..count).map(leaf).collect::<Result<_, LabError>>()?,
            intermediate: self.intermediate.certificate(),
        })
    }
}

/// Serves to rustls the leaf of the requested name.
#[derive(Debug)]
pub(super) struct Distinct {
    leaves: ByNumber,
    key: Arc<dyn SigningKey>,
}

impl Distinct {
    pub(super) fn new(leaves: ByNumber, key: Arc<dyn SigningKey>) -> Self {
        Self { leaves, key }
    }
}

impl ResolvesServerCert for Distinct {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let chain = self.leaves.chain(hello.server_name()?)?;
        Some(certified(chain, self.key.clone()))
    }
}
