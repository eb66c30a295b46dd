//! The cases of `testdata/chains`: each folder contains a chain as a server would send it, the
//! trusted roots, the certificates known from elsewhere, and the expected verdict with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use serde::Deserialize;
use tlsweep::gather::{IssuerPool, RevocationData, RevocationSources, Search};
use tlsweep::inventory::{Endpoint, Host, Service, Target};
use tlsweep::judge::{Judge, Policy, TrustStore};
use tlsweep::observation::{Certificate, Exchange, Observation, Offer, PeerChain, SavedAnswer};
use tlsweep::verdict::{CompletedBy, FindingId, Value, Verdict, VerdictKind};

/// Certificates in the order in which a server sends them.
pub(crate) type Chain = Vec<Arc<Certificate>>;

/// A case: one folder.
pub(crate) struct Case {
    folder: PathBuf,
    says: Says,
}

/// The contents of `case.json`.
#[derive(Deserialize)]
pub(crate) struct Says {
    /// The requested name.
    pub(crate) name: String,
    /// The topic of the case.
    pub(crate) kind: String,
    /// Time for which the chain is judged.
    pub(crate) at: jiff::Timestamp,
    /// The expected verdict.
    pub(crate) verdict: String,
    /// The expected findings.
    pub(crate) findings: BTreeSet<String>,
    /// The reason for the expected result.
    pub(crate) why: String,
    /// Names of the stores, each in a file `store-NAME.pem`. If empty, `roots.pem` is the only
    /// store.
    #[serde(default)]
    pub(crate) stores: Vec<String>,
    /// Names of the stores that must trust the chain.
    #[serde(default)]
    pub(crate) required: Vec<String>,
}

/// URL from which the additional certificates of a case count as fetched.
const ADDRESS: &str = "http://aia.example.test/issuer.cer";

impl Case {
    /// Returns all cases, ordered by name.
    pub(crate) fn all() -> Vec<Self> {
        let entries = root().read_dir().expect("testdata/chains");
        let folders = entries.map(|entry| entry.expect("an entry").path());
        let mut folders: Vec<_> = folders.filter(|folder| folder.is_dir()).collect();
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    fn read(folder: PathBuf) -> Self {
        let text = fs::read_to_string(folder.join("case.json")).expect("a case.json");
        let says = serde_json::from_str(&text).expect("a valid case.json");
        Self { folder, says }
    }

    /// Returns the name of the folder.
    pub(crate) fn id(&self) -> &str {
        let name = self.folder.file_name().and_then(|name| name.to_str());
        name.expect("names of folders are UTF-8")
    }

    /// Returns the expected result.
    pub(crate) fn says(&self) -> &Says {
        &self.says
    }

    /// Returns the path of a file of the case.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Returns the certificates that the server sends.
    pub(crate) fn chain(&self) -> Chain {
        certificates(&self.path("chain.pem"))
    }

    /// Returns the trusted roots.
    pub(crate) fn roots(&self) -> Chain {
        certificates(&self.path("roots.pem"))
    }

    /// Returns the certificates known from elsewhere.
    pub(crate) fn extra(&self) -> Chain {
        let path = self.path("extra.pem");
        match path.exists() {
            true => certificates(&path),
            false => Vec::new(),
        }
    }

    /// Returns the stores by name, each with its file.
    pub(crate) fn stores(&self) -> Vec<(&str, PathBuf)> {
        let names = self.says.stores.iter();
        let named = |name| self.path(&format!("store-{name}.pem"));
        match self.says.stores.is_empty() {
            true => vec![("roots", self.path("roots.pem"))],
            false => names.map(|name| (&**name, named(name))).collect(),
        }
    }

    /// Returns the policy of the case: its stores, additional certificates, revocation data, and
    /// time.
    pub(crate) fn policy(&self) -> Policy {
        let mut issuers = IssuerPool::default();
        for certificate in self.extra() {
            issuers.add(certificate, CompletedBy::Bundle);
        }
        let stores = self.stores().into_iter();
        let stores: Vec<TrustStore> = stores
            .flat_map(|(name, file)| TrustStore::from_path(name, &file).expect("a store"))
            .collect();
        let named = |name: &String| self.says.stores.iter().position(|store| store == name);
        let required = self.says.required.iter().map(named);
        let policy = Policy {
            issuers: Arc::new(issuers),
            required: required
                .map(|it| it.expect("a store of the case"))
                .collect(),
            revocation: self.revocation(),
            at: Some(self.says.at),
            ..Policy::new(stores)
        };
        match self.path("fetched.pem") {
            fetched if fetched.exists() => policy.with_fetched(&search(&fetched)),
            _ => policy,
        }
    }

    /// Returns the CRLs of the case, if it has any.
    fn revocation(&self) -> Option<Arc<RevocationData>> {
        let pem = fs::read(self.path("crls.pem")).ok()?;
        let mut data = RevocationData::new(RevocationSources {
            crl: true,
            ..RevocationSources::default()
        });
        for list in CertificateRevocationListDer::pem_slice_iter(&pem) {
            data.add_crl("crls.pem", &list.expect("PEM"))
                .expect("a list");
        }
        Some(Arc::new(data))
    }

    /// Returns an observation, as if a server had sent this chain for the requested name.
    pub(crate) fn observation(&self, certificates: Chain) -> Observation {
        observation(&self.says.name, self.says.at, certificates)
    }

    /// Judges another chain under the policy of this case.
    pub(crate) fn judge(&self, chain: Chain) -> Verdict {
        Judge::new(Arc::new(self.policy())).judge(&self.observation(chain))
    }
}

/// Returns true if a client that knows every certificate of the case connects: nothing is wrong, or
/// the only fault is that the server left out certificates known from elsewhere.
pub(crate) fn accepts(verdict: &Verdict) -> bool {
    let confirmed = |finding: &tlsweep::verdict::Finding| {
        finding.id == FindingId::MissingIntermediate
            && finding.evidence.contains(&("confirmed", Value::Flag(true)))
    };
    verdict.kind == VerdictKind::Ok
        || verdict
            .findings
            .iter()
            .filter(|finding| is_verdict(finding.id))
            .all(confirmed)
}

fn is_verdict(id: FindingId) -> bool {
    tlsweep::judge::findings::Definition::of(id)
        .is_some_and(|definition| definition.verdict.is_some())
}

/// Reads a list next to the cases. `#` starts a comment, columns are separated by tabs, and the
/// first column is the case.
pub(crate) fn listed(file: &str) -> BTreeMap<String, Vec<String>> {
    let list = fs::read_to_string(root().join(file)).expect("a list beside the cases");
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let entries = lines.map(|line| {
        let mut columns = line.split('\t').map(str::to_owned);
        let case = columns.next().expect("the first column");
        let rest: Vec<_> = columns.collect();
        assert_eq!(rest.len(), 2, "{file}: {line:?} must have three columns");
        (case, rest)
    });
    entries.collect()
}

/// Returns a search that has fetched this file from the URL.
fn search(file: &Path) -> Search {
    let mut search = Search::default();
    search.recall(SavedAnswer {
        address: ADDRESS.to_owned(),
        outcome: Ok(PeerChain {
            certificates: certificates(file),
        }),
    });
    search
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/chains")
}

fn certificates(path: &Path) -> Chain {
    let pem = fs::read(path).expect("a file of certificates");
    let sections = CertificateDer::pem_slice_iter(&pem);
    sections
        .map(|der| Arc::new(Certificate::read(der.expect("PEM").into_owned())))
        .collect()
}

/// Returns an observation, as if a server had sent this chain for the name.
pub(crate) fn observation(name: &str, at: jiff::Timestamp, certificates: Chain) -> Observation {
    let host = match name.parse() {
        Ok(address) => Host::Address(address),
        Err(_) => Host::Name(name.into()),
    };
    let target = Target {
        text: name.to_owned(),
        host,
        address: None,
        port: 443,
        service: Service::named("https").expect("a service"),
        sni: None,
        tags: Vec::new(),
        duplicate_of: None,
    };
    let exchange = Exchange {
        offer: Offer::Modern,
        transcript: None,
        session: None,
        chain: Some(PeerChain { certificates }),
        chain_cut: false,
        failure: None,
    };
    Observation {
        exchanges: vec![exchange],
        ..Observation::of(
            Endpoint {
                target: Arc::new(target),
                address: None,
            },
            at,
        )
    }
}
