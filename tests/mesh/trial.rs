//! A trial: one question about a mesh, how it is passed to the judge, and simpler questions of the
//! same kind.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use tlsweep::gather::{IssuerPool, RevocationData, RevocationSources};
use tlsweep::judge::{Judge, Policy, TrustStore};
use tlsweep::observation::{Certificate, Observation};
use tlsweep::verdict::{CompletedBy, Verdict};

use super::model::{AT, Dates, Mesh, NAME, Names, Spec, Usage};
use super::support::cases::observation;

/// The certificates sent and known, by number, and the rules.
#[derive(Clone)]
pub(crate) struct Trial {
    pub(crate) mesh: Mesh,
    pub(crate) leaf: usize,
    /// The certificates sent above the leaf, in this order.
    pub(crate) sent: Vec<usize>,
    /// The certificates from a bundle.
    pub(crate) known: Vec<usize>,
    /// The anchors of each store.
    pub(crate) stores: Vec<Vec<usize>>,
    /// Numbers of the required stores.
    pub(crate) required: Vec<usize>,
    /// True if CRLs are checked.
    pub(crate) revocation: bool,
}

/// Time of judging.
pub(crate) fn at() -> jiff::Timestamp {
    jiff::Timestamp::from_second(AT).expect("a time")
}

impl Trial {
    pub(crate) fn spec(&self, place: usize) -> &Spec {
        &self.mesh.specs[place]
    }

    fn certificates(&self, places: &[usize]) -> Vec<Arc<Certificate>> {
        places
            .iter()
            .map(|place| self.mesh.made[*place].clone())
            .collect()
    }

    /// Returns the name of a store, which identifies it in any order.
    pub(crate) fn store_name(store: usize) -> String {
        format!("store{store}")
    }

    /// Returns one of the stores.
    pub(crate) fn store(&self, store: usize) -> TrustStore {
        let anchors = self.certificates(&self.stores[store]);
        let anchors: Vec<CertificateDer<'static>> =
            anchors.iter().map(|it| it.der.clone()).collect();
        TrustStore::from_certificates(&Self::store_name(store), &anchors)
    }

    /// Returns the revocation data.
    pub(crate) fn revocations(&self) -> Option<Arc<RevocationData>> {
        if !self.revocation {
            return None;
        }
        let sources = RevocationSources {
            crl: true,
            ..RevocationSources::default()
        };
        let mut data = RevocationData::new(sources);
        for (number, list) in self.mesh.lists().iter().enumerate() {
            data.add_crl(&number.to_string(), list)
                .expect("a sound list");
        }
        Some(Arc::new(data))
    }

    /// Returns the policy, with the stores in their own order.
    pub(crate) fn policy(&self) -> Policy {
        let order: Vec<_> = (0..self.stores.len()).collect();
        self.policy_in(&order)
    }

    /// Returns the policy, with the stores in this order.
    pub(crate) fn policy_in(&self, order: &[usize]) -> Policy {
        let stores = order.iter().map(|store| self.store(*store)).collect();
        let required = order.iter().enumerate();
        let required = required.filter(|(_, store)| self.required.contains(store));
        let mut issuers = IssuerPool::default();
        for certificate in self.certificates(&self.known) {
            issuers.add(certificate, CompletedBy::Bundle);
        }
        Policy {
            required: required.map(|(place, _)| place).collect(),
            issuers: Arc::new(issuers),
            revocation: self.revocations(),
            at: Some(at()),
            ..Policy::new(stores)
        }
    }

    /// Returns an observation, as if a server had sent the certificates.
    pub(crate) fn observation(&self) -> Observation {
        let mut chain = self.certificates(&[self.leaf]);
        chain.extend(self.certificates(&self.sent));
        observation(NAME, at(), chain)
    }

    /// Returns the verdict of a new judge.
    pub(crate) fn judge(&self) -> Verdict {
        Judge::new(Arc::new(self.policy())).judge(&self.observation())
    }

    /// Returns the simplest question that still fails, starting with this one.
    pub(crate) fn minimal(&self, fails: impl Fn(&Self) -> bool) -> Self {
        let mut best = self.clone();
        while let Some(simpler) = best.simpler().into_iter().find(|it| fails(it)) {
            best = simpler;
        }
        best
    }

    /// Returns questions that are simpler in one respect.
    fn simpler(&self) -> Vec<Self> {
        let mut found = Vec::new();
        let mut add = |change: &dyn Fn(&mut Self)| {
            let mut simpler = self.clone();
            change(&mut simpler);
            found.push(simpler);
        };
        for store in (0..self.stores.len()).filter(|_| self.stores.len() > 1) {
            add(&|it| {
                it.stores.remove(store);
                it.required.retain(|required| *required != store);
                let later = it.required.iter_mut().filter(|required| **required > store);
                later.for_each(|required| *required -= 1);
            });
        }
        for place in 0..self.sent.len() {
            add(&|it| {
                it.sent.remove(place);
            });
        }
        for place in 0..self.known.len() {
            add(&|it| {
                it.known.remove(place);
            });
        }
        for store in 0..self.stores.len() {
            for place in (0..self.stores[store].len()).filter(|_| self.stores[store].len() > 1) {
                add(&|it| {
                    it.stores[store].remove(place);
                });
            }
        }
        for place in 0..self.required.len() {
            add(&|it| {
                it.required.remove(place);
            });
        }
        if self.revocation {
            add(&|it| it.revocation = false);
        }
        for place in self.used() {
            for plainer in plainer(self.spec(place)) {
                let mut specs = self.mesh.specs.clone();
                specs[place] = plainer;
                found.push(Self {
                    mesh: Mesh::of(specs),
                    ..self.clone()
                });
            }
        }
        found
    }

    /// Returns every certificate that the trial uses, without duplicates.
    fn used(&self) -> Vec<usize> {
        let stores = self.stores.iter().flatten();
        let all = [self.leaf].into_iter().chain(self.sent.iter().copied());
        let all = all.chain(self.known.iter().copied()).chain(stores.copied());
        let mut all: Vec<_> = all.collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Returns the same certificate with one special property less.
fn plainer(spec: &Spec) -> Vec<Spec> {
    let mut found = Vec::new();
    let mut add = |plain: Spec| {
        if plain != *spec {
            found.push(plain);
        }
    };
    let same = || spec.clone();
    add(Spec {
        dates: Dates::Valid(0),
        ..same()
    });
    add(Spec {
        ca: spec.leaf.is_none(),
        ..same()
    });
    add(Spec {
        signs: spec.leaf.is_none(),
        ..same()
    });
    add(Spec {
        path_len: None,
        ..same()
    });
    add(Spec {
        usage: Usage::Any,
        ..same()
    });
    add(Spec {
        names: Names::Free,
        ..same()
    });
    add(Spec {
        revoked: false,
        ..same()
    });
    add(Spec {
        identified: false,
        ..same()
    });
    let leaf = spec.leaf.map(|leaf| super::model::Leaf {
        named: true,
        ..leaf
    });
    add(Spec { leaf, ..same() });
    let leaf = spec.leaf.map(|leaf| super::model::Leaf {
        addressed: false,
        ..leaf
    });
    add(Spec { leaf, ..same() });
    found
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in self.used() {
            writeln!(f, "    #{place}: {}", self.spec(place))?;
        }
        writeln!(
            f,
            "    sent [{}, {:?}], known {:?}, stores {:?}, required {:?}, revocation {}",
            self.leaf, self.sent, self.known, self.stores, self.required, self.revocation
        )
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            subject,
            key,
            issuer,
            signer,
            ..
        } = self;
        write!(
            f,
            "name {subject} key {key} <- name {issuer} key {signer} {:?}",
            self.dates
        )?;
        let clauses = [
            (self.leaf.is_some(), "leaf".to_owned()),
            (
                self.leaf.is_some_and(|leaf| !leaf.named),
                "for another name".to_owned(),
            ),
            (
                self.leaf.is_some_and(|leaf| leaf.addressed),
                "names an address".to_owned(),
            ),
            (self.leaf.is_none() && !self.ca, "no CA".to_owned()),
            (
                self.leaf.is_none() && !self.signs,
                "no keyCertSign".to_owned(),
            ),
            (
                self.path_len.is_some(),
                format!("path length {:?}", self.path_len),
            ),
            (self.usage != Usage::Any, format!("for {:?}", self.usage)),
            (self.names != Names::Free, format!("{:?}", self.names)),
            (self.revoked, "revoked".to_owned()),
            (self.identified, "with identifier".to_owned()),
        ];
        let clauses = clauses.iter().filter(|(holds, _)| *holds);
        clauses
            .map(|(_, clause)| clause)
            .try_for_each(|clause| write!(f, ", {clause}"))
    }
}
