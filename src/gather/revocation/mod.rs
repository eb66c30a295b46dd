//! Revocation data other than stapled OCSP responses: certificate revocation lists (CRLs) and
//! CRLite filters. It neither fetches nor judges. It records which URLs were fetched, and with
//! which result.

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

/// Maximum number of URLs for one certificate. The lists at several are the same, or parts.
const PER_CERTIFICATE: usize = 2;

/// Which sources of revocation data are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RevocationSources {
    /// The OCSP response that the server staples.
    pub staple: bool,
    /// Revocation lists.
    pub crl: bool,
    /// CRLite filters.
    pub crlite: bool,
}

/// The revocation data known so far. A list is kept once, however many certificates are looked up
/// in it.
#[derive(Clone, Default)]
pub struct RevocationData {
    /// Sources that are used.
    pub sources: RevocationSources,
    crls: HashMap<Vec<u8>, Vec<Arc<Crl>>>,
    count: usize,
    held: usize,
    left_out: usize,
    notes: Vec<String>,
    filters: Vec<Arc<Filter>>,
    /// URLs fetched for lists, and true if a list was obtained. `None` if nothing is fetched.
    asked: Option<HashMap<String, bool>>,
}

impl RevocationData {
    /// Creates an empty collection.
    pub fn new(sources: RevocationSources) -> Self {
        Self {
            sources,
            ..Self::default()
        }
    }

    /// Adds a list (DER). `source` is the file or URL that it comes from. The signature is verified
    /// at lookup time, when the certificate's issuer is known.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not a revocation list, or if there are too many lists.
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
        // The order depends only on the lists.
        let place = peers.partition_point(|peer| peer.sha256 < crl.sha256);
        peers.insert(place, Arc::new(crl));
        Ok(())
    }

    /// Allows lists to be fetched from the URLs that certificates name. Nothing is fetched here:
    /// judging asks for URLs, and the responses are added with `add_fetched`.
    pub fn expect_fetched(&mut self) {
        self.asked.get_or_insert_default();
    }

    /// Returns true if lists may be fetched.
    pub fn expects_fetched(&self) -> bool {
        self.asked.is_some()
    }

    /// Adds the response of a URL: a list (DER, or PEM if a CA violates RFC 5280), or anything
    /// else.
    pub fn add_fetched(&mut self, address: &str, answer: Option<&[u8]>) {
        let read = answer.is_some_and(|bytes| self.add_crls(address, bytes).is_ok());
        let asked = self.asked.get_or_insert_default();
        asked.insert(address.to_owned(), read);
    }

    /// Returns those of these URLs that may still yield a list.
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

    /// Returns one of these URLs that was fetched and yielded no list.
    pub(crate) fn failed<'a>(&self, addresses: &'a [String]) -> Option<&'a String> {
        let asked = self.asked.as_ref()?;
        addresses
            .iter()
            .find(|address| asked.get(*address) == Some(&false))
    }

    /// Returns the number of lists.
    pub fn crl_count(&self) -> usize {
        self.count
    }

    /// Returns the number of filters.
    pub fn filter_count(&self) -> usize {
        self.filters.len()
    }

    /// Returns the number of files in folders that contained neither a list nor a filter.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Returns notes for the user about parts of files that were left out, one line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the lists of this issuer, given the canonical form of its name.
    pub(crate) fn crls_of(&self, issuer: &[u8]) -> &[Arc<Crl>] {
        self.crls.get(issuer).map_or(&[], Vec::as_slice)
    }

    /// Returns the filters.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.filters.iter().map(Arc::as_ref)
    }
}
