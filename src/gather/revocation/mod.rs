//! What is known of revocation beyond the server's own word: revocation lists (CRLs) and CRLite
//! filters. They are handed to judging as data; nothing is fetched and nothing judged here.

mod crl;
mod crlite;
mod entries;
mod files;

use std::collections::HashMap;
use std::sync::Arc;

pub use crl::CrlError;
pub(crate) use crl::{Crl, Scope};
pub(crate) use crlite::Asked;
use crlite::Filter;
pub use files::RevocationError;

/// Lists held at once: every public CA's would fit.
const MAX_CRLS: usize = 20_000;

/// Who is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RevocationSources {
    /// The OCSP answer that servers staple.
    pub staple: bool,
    /// Revocation lists.
    pub crl: bool,
    /// CRLite filters.
    pub crlite: bool,
}

/// What is known of revocation. A list is held once, however many certificates it is asked about.
#[derive(Clone, Default)]
pub struct RevocationData {
    /// Who is asked.
    pub sources: RevocationSources,
    crls: HashMap<Vec<u8>, Vec<Arc<Crl>>>,
    count: usize,
    left_out: usize,
    filters: Vec<Arc<Filter>>,
}

impl RevocationData {
    /// Nothing known yet.
    pub fn new(sources: RevocationSources) -> Self {
        Self {
            sources,
            ..Self::default()
        }
    }

    /// Adds a list (DER). `source` is where it comes from: a file, or the address that it was
    /// fetched from. Its signature is checked when it is asked about a certificate, whose issuer
    /// is known then.
    pub fn add_crl(&mut self, source: &str, der: &[u8]) -> Result<(), CrlError> {
        let crl = Crl::read(source, der)?;
        let peers = self.crls.entry(crl.issuer.clone()).or_default();
        if peers.iter().any(|peer| peer.sha256 == crl.sha256) {
            return Ok(());
        }
        if self.count == MAX_CRLS {
            return Err(CrlError::TooMany);
        }
        self.count += 1;
        // In an order that depends on nothing but the lists themselves.
        let place = peers.partition_point(|peer| peer.sha256 < crl.sha256);
        peers.insert(place, Arc::new(crl));
        Ok(())
    }

    /// How many lists there are.
    pub fn crl_count(&self) -> usize {
        self.count
    }

    /// How many filters there are.
    pub fn filter_count(&self) -> usize {
        self.filters.len()
    }

    /// Files of the folders read that held neither.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The lists with this issuer (the DER of a whole Name).
    pub(crate) fn crls_of(&self, issuer: &[u8]) -> &[Arc<Crl>] {
        self.crls.get(issuer).map_or(&[], Vec::as_slice)
    }

    /// The filters.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.filters.iter().map(Arc::as_ref)
    }
}
