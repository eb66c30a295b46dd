//! Which addresses to ask for missing issuers, round by round: a certificate that was fetched may
//! itself lack its issuer. Nothing is fetched here; answers are handed in. What is asked and what
//! is kept depends on the set of certificates that lack an issuer, never on their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::answer::authorities;
use super::{FetchFailure, HttpAddress, IssuerPool, Learned};
use crate::crypto::Fingerprint;
use crate::observation::{Certificate, Contents, PeerChain, SavedAnswer};
use crate::verdict::CompletedBy;

/// Addresses asked in all. The web's certificates name some thousand.
const MAX_ADDRESSES: usize = 20_000;

/// Addresses asked for one certificate's issuer, and because of one answer.
const PER_CERTIFICATE: usize = 2;

/// Rounds: that many certificates may be missing one above the other.
const MAX_ROUNDS: usize = 4;

/// Issuers looked for at one address; honest ones give one.
const MAX_ISSUERS: usize = 8;

/// A name of an issuer, short.
type Name = Fingerprint;

/// The search for missing issuers.
#[derive(Debug)]
pub struct Search {
    /// Addresses to ask next, and whose certificates are hoped for there.
    wanted: BTreeMap<String, BTreeSet<Name>>,
    /// Addresses being asked.
    asking: BTreeMap<String, BTreeSet<Name>>,
    /// For each answer of this round, the certificates that may lack an issuer themselves.
    above: Vec<Vec<Arc<Certificate>>>,
    rounds: usize,
    learned: Learned,
    fetched: Fetched,
}

/// What came of asking: where certificates were had from, and where nothing was.
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    answers: BTreeMap<String, Result<PeerChain, String>>,
    sources: BTreeMap<Fingerprint, String>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            wanted: BTreeMap::new(),
            asking: BTreeMap::new(),
            above: Vec::new(),
            rounds: 0,
            learned: Learned::from(CompletedBy::Aia),
            fetched: Fetched::default(),
        }
    }
}

impl Search {
    /// Takes note of a certificate whose issuer is not at hand.
    pub fn want(&mut self, below: &Certificate) {
        if let Ok(contents) = &below.contents {
            usable(contents)
                .take(PER_CERTIFICATE)
                .for_each(|address| self.ask(address, contents));
        }
    }

    /// The addresses to ask now, given the certificates known so far; none when the search has
    /// ended.
    pub fn next_round(&mut self, known: &IssuerPool) -> Vec<String> {
        for answer in std::mem::take(&mut self.above) {
            let unknown = answer.iter().filter(|issuer| !known.holds(issuer));
            let contents = unknown.filter_map(|issuer| issuer.contents.as_ref().ok());
            contents
                .flat_map(|contents| usable(contents).map(move |address| (address, contents)))
                .take(PER_CERTIFICATE)
                .for_each(|(address, contents)| self.ask(address, contents));
        }
        self.rounds += 1;
        self.asking = std::mem::take(&mut self.wanted);
        if self.rounds > MAX_ROUNDS {
            self.asking.clear();
        }
        self.asking.keys().cloned().collect()
    }

    /// Takes what an address gave.
    pub fn answer(&mut self, address: String, answer: Result<Vec<u8>, FetchFailure>) {
        let found = answer.map_err(|failure| failure.to_string());
        let outcome =
            found.and_then(|bytes| authorities(&bytes).map_err(|reason| reason.to_string()));
        if let Ok(chain) = &outcome {
            let names = self.asking.get(&address).cloned().unwrap_or_default();
            self.above.push(above(&chain.certificates, names));
        }
        self.recall(SavedAnswer { address, outcome });
    }

    /// Takes what an address gave in an earlier search, of which this one is the repetition.
    pub fn recall(&mut self, answer: SavedAnswer) {
        let SavedAnswer { address, outcome } = answer;
        if let Ok(chain) = &outcome {
            self.learned.propose(chain);
            for certificate in &chain.certificates {
                let source = self.fetched.sources.entry(certificate.sha256);
                let source = source.or_insert_with(|| address.clone());
                // Had from several, the first in order is named.
                if address < *source {
                    source.clone_from(&address);
                }
            }
        }
        self.fetched.answers.insert(address, outcome);
    }

    /// The certificates had so far. None is to be believed for being here.
    pub fn learned(&self) -> &Learned {
        &self.learned
    }

    /// What came of it.
    pub fn fetched(&self) -> &Fetched {
        &self.fetched
    }

    fn ask(&mut self, address: &str, below: &Contents) {
        if self.fetched.answers.contains_key(address) {
            return;
        }
        let names = self.wanted.entry(address.to_owned()).or_default();
        names.insert(Name::of(&below.issuer.der));
        if names.len() > MAX_ISSUERS {
            names.pop_last();
        }
        if self.wanted.len() + self.fetched.answers.len() > MAX_ADDRESSES {
            self.wanted.pop_last();
        }
    }
}

impl Fetched {
    /// Every answer, by address.
    pub fn answers(&self) -> impl Iterator<Item = SavedAnswer> {
        self.answers.iter().map(|(address, outcome)| SavedAnswer {
            address: address.clone(),
            outcome: outcome.clone(),
        })
    }

    /// Where a certificate was had from.
    pub fn source(&self, certificate: &Certificate) -> Option<&str> {
        self.sources.get(&certificate.sha256).map(String::as_str)
    }

    /// Why an address that this certificate names for its issuer did not help.
    pub fn failure(&self, below: &Contents, address: &str) -> String {
        match self.answers.get(address) {
            Some(Err(reason)) => reason.clone(),
            Some(Ok(chain)) if named(&chain.certificates, &below.issuer.der) => {
                "what it gave leads to no trusted root".to_owned()
            }
            Some(Ok(_)) => "what it gave is not the issuer".to_owned(),
            None => match HttpAddress::parse(address) {
                Err(failure) => failure.to_string(),
                Ok(_) => "not fetched: enough others were".to_owned(),
            },
        }
    }
}

fn named(certificates: &[Arc<Certificate>], name: &[u8]) -> bool {
    let mut contents = certificates.iter().flat_map(|one| &one.contents);
    contents.any(|contents| *contents.subject.der == *name)
}

/// The addresses of a certificate's issuer that can be asked, in its order.
fn usable(contents: &Contents) -> impl Iterator<Item = &String> {
    let addresses = contents.ca_issuers.iter();
    addresses.filter(|address| HttpAddress::parse(address).is_ok())
}

/// The certificates of an answer that bear one of these names, and those of their issuers in the
/// same answer; roots apart, which name no issuer.
fn above(answer: &[Arc<Certificate>], mut names: BTreeSet<Name>) -> Vec<Arc<Certificate>> {
    let mut found = BTreeMap::new();
    let mut grown = true;
    while grown {
        grown = false;
        for certificate in answer {
            let Ok(contents) = &certificate.contents else {
                continue;
            };
            if names.contains(&Name::of(&contents.subject.der)) && !certificate.is_self_issued() {
                grown |= found.insert(certificate.sha256, certificate).is_none();
                names.insert(Name::of(&contents.issuer.der));
            }
        }
    }
    found.into_values().cloned().collect()
}
