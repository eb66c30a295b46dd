//! What is known of revocation beyond the server's own word: revocation lists (CRLs) and CRLite
//! filters. They are handed to judging as data; nothing is fetched and nothing judged here, but what
//! was asked of whom is kept.

mod crl;
mod crlite;
mod entries;
mod files;
mod points;

use std::collections::HashMap;
use std::sync::Arc;

use super::HttpAddress;
pub(crate) use crl::Crl;
pub use crl::CrlError;
use crl::{MAX_CRLS, MAX_HELD};
use crlite::Filter;
pub(crate) use crlite::FilterAnswer;
pub use files::RevocationError;
pub(crate) use points::{
    ALL_REASONS, Point, PointName, directory, directory_name, distribution_points,
};

/// Addresses asked because of one certificate. The lists at several are the same, or parts.
const PER_CERTIFICATE: usize = 2;

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
    held: usize,
    left_out: usize,
    notes: Vec<String>,
    filters: Vec<Arc<Filter>>,
    /// Addresses asked for lists, and whether one was had; `None` when none is to be asked.
    asked: Option<HashMap<String, bool>>,
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
        let peers = self
            .crls
            .entry(crl.issuer.canonical().to_vec())
            .or_default();
        if peers.iter().any(|peer| peer.sha256 == crl.sha256) {
            return Ok(());
        }
        let held = self.held.saturating_add(crl.size());
        if self.count == MAX_CRLS || held > MAX_HELD {
            return Err(CrlError::TooMany);
        }
        self.count += 1;
        self.held = held;
        // In an order that depends on nothing but the lists themselves.
        let place = peers.partition_point(|peer| peer.sha256 < crl.sha256);
        peers.insert(place, Arc::new(crl));
        Ok(())
    }

    /// From now on lists are also to be had from the addresses that certificates name. Nothing is
    /// fetched here: judging says which are wanted, and what they gave is handed in.
    pub fn expect_fetched(&mut self) {
        self.asked.get_or_insert_default();
    }

    /// Whether they are.
    pub fn expects_fetched(&self) -> bool {
        self.asked.is_some()
    }

    /// Takes what an address gave: a list (DER, or PEM where a CA does not keep to RFC 5280), or
    /// anything else.
    pub fn add_fetched(&mut self, address: &str, answer: Option<&[u8]>) {
        let read = answer.is_some_and(|bytes| self.add_crls(address, bytes).is_ok());
        let asked = self.asked.get_or_insert_default();
        asked.insert(address.to_owned(), read);
    }

    /// Which of these addresses could still give a list.
    pub(crate) fn wanted<'a>(
        &'a self,
        addresses: &'a [String],
    ) -> impl Iterator<Item = &'a String> {
        let open = move |address: &&String| {
            let asked = self.asked.as_ref();
            asked.is_some_and(|asked| !asked.contains_key(*address))
                && HttpAddress::parse(address).is_ok()
        };
        addresses.iter().filter(open).take(PER_CERTIFICATE)
    }

    /// Which of these addresses was asked and gave no list.
    pub(crate) fn failed<'a>(&self, addresses: &'a [String]) -> Option<&'a String> {
        let asked = self.asked.as_ref()?;
        addresses
            .iter()
            .find(|address| asked.get(*address) == Some(&false))
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

    /// What to tell people of the files read: parts that were left out, a line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The lists with this issuer, by the canonical form of its name.
    pub(crate) fn crls_of(&self, issuer: &[u8]) -> &[Arc<Crl>] {
        self.crls.get(issuer).map_or(&[], Vec::as_slice)
    }

    /// The filters.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.filters.iter().map(Arc::as_ref)
    }
}
