//! Decides which AIA URLs to fetch for missing issuers. It works in rounds, because a fetched
//! certificate may itself lack its issuer. It does not fetch: the caller does, and passes the
//! responses in. The URLs and the certificates kept depend on the set of certificates that lack an
//! issuer, never on their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::answer::authorities;
use super::{FetchFailure, HttpAddress, IssuerPool, Learned};
use crate::crypto::Fingerprint;
use crate::observation::{Certificate, Contents, DistinguishedName, PeerChain, SavedAnswer};

/// Maximum number of URLs in total: eight minutes at ten per second. The certificates of the web
/// name some thousand.
const MAX_ADDRESSES: usize = 5_000;

/// Maximum number of bytes in total. An issuer of a legitimate CA is about two thousand bytes long.
const MAX_TAKEN: usize = 64 << 20;

/// Maximum number of URLs for the issuer of one certificate, and because of one response.
const PER_CERTIFICATE: usize = 2;

/// Maximum number of rounds, which is also the number of missing certificates on one path.
const MAX_ROUNDS: usize = 4;

/// Maximum number of issuers expected at one URL; legitimate URLs return one.
const MAX_ISSUERS: usize = 8;

/// The name of an issuer, as a fingerprint to keep it short.
type Name = Fingerprint;

/// The search for missing issuers.
#[derive(Debug, Default)]
pub struct Search {
    /// URLs to fetch next, and the names of the issuers expected there.
    wanted: BTreeMap<String, BTreeSet<Name>>,
    /// URLs being fetched.
    asking: BTreeMap<String, BTreeSet<Name>>,
    /// For each response of this round, the certificates that may lack an issuer themselves.
    above: Vec<Vec<Arc<Certificate>>>,
    rounds: usize,
    taken: usize,
    learned: Learned,
    fetched: Fetched,
}

/// The results of fetching: the certificates and their URLs, and the URLs that failed.
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    answers: BTreeMap<String, Result<PeerChain, String>>,
    sources: BTreeMap<Fingerprint, String>,
}

impl Search {
    /// Records a certificate whose issuer is missing.
    pub fn want(&mut self, below: &Certificate) {
        if let Ok(contents) = &below.contents {
            usable(contents)
                .take(PER_CERTIFICATE)
                .for_each(|address| self.ask(address, contents));
        }
    }

    /// Returns the URLs to fetch now, given the certificates known so far. The list is empty when
    /// the search has ended.
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

    /// Takes the result of fetching a URL.
    pub fn answer(&mut self, address: String, answer: Result<Vec<u8>, FetchFailure>) {
        let found = answer.map_err(|failure| failure.to_string());
        let outcome = found.and_then(|bytes| {
            self.taken += bytes.len();
            match self.taken {
                ..=MAX_TAKEN => authorities(&bytes).map_err(|reason| reason.to_string()),
                _ => Err(format!(
                    "discarded: more than {MAX_TAKEN} bytes were fetched in total"
                )),
            }
        });
        if let Ok(chain) = &outcome {
            let names = self.asking.get(&address).cloned().unwrap_or_default();
            self.above.push(above(&chain.certificates, names));
        }
        self.recall(SavedAnswer { address, outcome });
    }

    /// Takes the result of a URL from an earlier search that this one repeats.
    pub fn recall(&mut self, answer: SavedAnswer) {
        let SavedAnswer { address, outcome } = answer;
        if let Ok(chain) = &outcome {
            self.learned.propose(&chain.certificates);
            for certificate in &chain.certificates {
                let source = self.fetched.sources.entry(certificate.sha256);
                let source = source.or_insert_with(|| address.clone());
                // If several URLs returned a certificate, the first in order is named.
                if address < *source {
                    source.clone_from(&address);
                }
            }
        }
        self.fetched.answers.insert(address, outcome);
    }

    /// Returns the certificates fetched so far. They are not trusted for being fetched.
    pub fn learned(&self) -> &Learned {
        &self.learned
    }

    /// Returns the results of fetching so far.
    pub fn fetched(&self) -> &Fetched {
        &self.fetched
    }

    fn ask(&mut self, address: &str, below: &Contents) {
        if self.fetched.answers.contains_key(address) {
            return;
        }
        let names = self.wanted.entry(address.to_owned()).or_default();
        names.insert(Name::of(below.issuer.canonical()));
        if names.len() > MAX_ISSUERS {
            names.pop_last();
        }
        if self.wanted.len() + self.fetched.answers.len() > MAX_ADDRESSES {
            self.wanted.pop_last();
        }
    }
}

impl Fetched {
    /// Returns every result, with its URL.
    pub fn answers(&self) -> impl Iterator<Item = SavedAnswer> {
        self.answers.iter().map(|(address, outcome)| SavedAnswer {
            address: address.clone(),
            outcome: outcome.clone(),
        })
    }

    /// Returns every certificate that was fetched.
    pub fn certificates(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        let chains = self.answers.values().flatten();
        chains.flat_map(|chain| &chain.certificates)
    }

    /// Returns the URL from which a certificate was fetched, or `None` if it was not.
    pub fn source(&self, certificate: &Certificate) -> Option<&str> {
        self.sources.get(&certificate.sha256).map(String::as_str)
    }

    /// Returns why a URL that this certificate names for its issuer did not help.
    pub fn failure(&self, below: &Contents, address: &str) -> String {
        match self.answers.get(address) {
            Some(Err(reason)) => reason.clone(),
            Some(Ok(chain)) if named(&chain.certificates, &below.issuer) => {
                "the response has a certificate with the issuer's name, but that one did not sign the certificate"
                    .to_owned()
            }
            Some(Ok(_)) => "the response does not contain the issuer".to_owned(),
            None => match HttpAddress::parse(address) {
                Err(failure) => failure.to_string(),
                Ok(_) => "not fetched".to_owned(),
            },
        }
    }
}

fn named(certificates: &[Arc<Certificate>], name: &DistinguishedName) -> bool {
    let mut contents = certificates.iter().flat_map(|one| &one.contents);
    contents.any(|contents| contents.subject.matches(name))
}

/// Returns the URLs of a certificate's issuer that can be fetched, in order.
fn usable(contents: &Contents) -> impl Iterator<Item = &String> {
    let addresses = contents.ca_issuers.iter();
    addresses.filter(|address| HttpAddress::parse(address).is_ok())
}

/// Returns the certificates of a response that have one of these names, and those of their issuers
/// in the same response.
fn above(answer: &[Arc<Certificate>], mut names: BTreeSet<Name>) -> Vec<Arc<Certificate>> {
    let mut found = BTreeMap::new();
    let mut grown = true;
    while grown {
        grown = false;
        for certificate in answer {
            let Ok(contents) = &certificate.contents else {
                continue;
            };
            if names.contains(&Name::of(contents.subject.canonical())) {
                grown |= found.insert(certificate.sha256, certificate).is_none();
                names.insert(Name::of(contents.issuer.canonical()));
            }
        }
    }
    found.into_values().cloned().collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    /// Makes a certificate that names these URLs for its issuer.
    fn naming(addresses: &[&str]) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
        let der = params.self_signed(&key).unwrap();
        let mut certificate = Certificate::read(der.into());
        name(&mut certificate, addresses);
        certificate
    }

    fn name(certificate: &mut Certificate, addresses: &[&str]) {
        let contents = certificate.contents.as_mut().unwrap();
        contents.ca_issuers = addresses.iter().map(ToString::to_string).collect();
    }

    fn first_round(certificates: &[&Certificate]) -> Vec<String> {
        let mut search = Search::default();
        certificates.iter().for_each(|each| search.want(each));
        search.next_round(&IssuerPool::default())
    }

    #[test]
    fn each_url_is_requested_once_in_an_order_independent_of_rows() {
        let [x, y, z, w] = ["x", "y", "z", "w"].map(|path| format!("http://ca.test/{path}"));
        let one = naming(&["ldap:///cn=ca", &z, &x, &w]);
        let other = naming(&[&x, "https://ca.test/x", &y]);
        let expected = [&*x, &y, &z];
        assert_eq!(first_round(&[&one, &other, &one]), expected);
        assert_eq!(first_round(&[&other, &one]), expected);
    }

    #[test]
    fn the_number_of_urls_in_a_sweep_is_limited() {
        let mut search = Search::default();
        let mut certificate = naming(&[]);
        for number in (0..MAX_ADDRESSES + 10).rev() {
            name(&mut certificate, &[&format!("http://ca.test/{number:05}")]);
            search.want(&certificate);
        }
        let urls = search.next_round(&IssuerPool::default());
        assert_eq!(urls.len(), MAX_ADDRESSES);
        assert_eq!(urls[0], "http://ca.test/00000");
    }

    #[test]
    fn a_response_beyond_the_size_limit_is_a_failure() {
        let (first, other) = ("http://ca.test/a", "http://ca.test/b");
        let certificate = naming(&[first, other]);
        let mut search = Search {
            taken: MAX_TAKEN,
            ..Search::default()
        };
        search.answer(first.to_owned(), Ok(certificate.der.to_vec()));
        let contents = certificate.contents.as_ref().unwrap();
        let failure = |address| search.fetched().failure(contents, address);
        assert!(
            failure(first).starts_with("discarded"),
            "{}",
            failure(first)
        );
        assert_eq!(failure(other), "not fetched");
    }
}
