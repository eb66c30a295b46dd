//! Input of the benchmarks: a small public key infrastructure, and observations of its servers.

use std::sync::Arc;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256,
    SignatureAlgorithm,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tlsweep::gather::IssuerPool;
use tlsweep::inventory::{Defaults, Endpoint, Source, Target, open};
use tlsweep::judge::{Policy, TrustStore};
use tlsweep::observation::Session;
use tlsweep::observation::{Certificate, Exchange, KeyProof, Observation, Offer, PeerChain};
use tlsweep::tls::ProtocolVersion;
use tlsweep::verdict::CompletedBy;

/// The type of the keys in a chain.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Ecdsa,
    Rsa,
}

impl Kind {
    pub(crate) const ALL: [(&'static str, Self); 2] = [("ecdsa", Self::Ecdsa), ("rsa", Self::Rsa)];

    fn algorithm(self) -> &'static SignatureAlgorithm {
        match self {
            Self::Ecdsa => &PKCS_ECDSA_P256_SHA256,
            Self::Rsa => &PKCS_RSA_SHA256,
        }
    }
}

/// A root, an intermediate, and one key for every leaf.
pub(crate) struct Authorities {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    leaf_key: KeyPair,
}

impl Authorities {
    pub(crate) fn new(kind: Kind) -> Self {
        let key = || KeyPair::generate_for(kind.algorithm()).expect("the algorithm is supported");
        let root = CertifiedIssuer::self_signed(authority("bench root"), key());
        let root = root.expect("the parameters are complete");
        let intermediate =
            CertifiedIssuer::signed_by(authority("bench intermediate"), key(), &root);
        Self {
            intermediate: intermediate.expect("the parameters are complete"),
            root,
            leaf_key: key(),
        }
    }

    /// Issues a leaf for the name with this number. Returns it with the intermediate.
    pub(crate) fn chain(&self, number: usize) -> Vec<CertificateDer<'static>> {
        let mut leaf = CertificateParams::new([name(number)]).expect("it is a name");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = leaf.signed_by(&self.leaf_key, &self.intermediate);
        vec![
            leaf.expect("the parameters are complete").der().clone(),
            self.intermediate.der().clone(),
        ]
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()).into()
    }

    /// Returns the key of every leaf, as encoded in certificates.
    pub(crate) fn public_key(&self) -> &[u8] {
        self.leaf_key.public_key_raw()
    }

    /// Returns the usual policy with this root.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        let store = TrustStore::from_certificates("bench", &[self.root.der().clone()]);
        Arc::new(Policy::new(vec![store]))
    }

    /// Returns the same policy, with the intermediate and this number of others known from
    /// elsewhere.
    pub(crate) fn policy_knowing(&self, others: usize) -> Arc<Policy> {
        let mut issuers = IssuerPool::default();
        let mut know = |der: &CertificateDer<'static>| {
            let certificate = Arc::new(Certificate::read(der.clone()));
            issuers.add(certificate, CompletedBy::Bundle);
        };
        know(self.intermediate.der());
        for number in 0..others {
            let other = authority(&format!("bench intermediate {number}"));
            let other = other.signed_by(&self.leaf_key, &self.root);
            know(other.expect("the parameters are complete").der());
        }
        let mut policy = Policy::clone(&self.policy());
        policy.issuers = Arc::new(issuers);
        Arc::new(policy)
    }

    /// Returns a visit to a server that does not send its intermediate.
    pub(crate) fn leaf_alone(&self, number: usize) -> Observation {
        let mut observation = self.observation(number);
        let chain = observation.exchanges.iter_mut();
        chain
            .filter_map(|exchange| exchange.chain.as_mut())
            .for_each(|chain| chain.certificates.truncate(1));
        observation
    }

    /// Returns a visit to a healthy server with the leaf of this number.
    pub(crate) fn observation(&self, number: usize) -> Observation {
        let chain = self.chain(number).into_iter().map(Certificate::read);
        Observation {
            exchanges: vec![Exchange {
                offer: Offer::Modern,
                transcript: None,
                session: Some(session()),
                chain: Some(PeerChain {
                    certificates: chain.map(Arc::new).collect(),
                }),
                chain_cut: false,
                failure: None,
            }],
            ..Observation::of(
                Endpoint {
                    target: Arc::new(target(number)),
                    address: Some([127, 0, 0, 1].into()),
                },
                now(),
            )
        }
    }
}

/// Returns a chain that is expensive to judge: the leaf is followed by 62 certificates with its
/// issuer's name and P-521 keys, none of which signed anything here. About 31 kB.
pub(crate) fn hostile() -> (Arc<Policy>, Observation) {
    let authorities = Authorities::new(Kind::Ecdsa);
    let mut observation = authorities.leaf_alone(0);
    let stranger = KeyPair::generate().expect("the algorithm is supported");
    let issuer = authority("bench intermediate");
    let issuer = rcgen::Issuer::from_params(&issuer, stranger);
    let namesakes = (0..62).map(|_| {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512);
        let key = key.expect("the algorithm is supported");
        let made = authority("bench intermediate").signed_by(&key, &issuer);
        let der = made.expect("the parameters are complete").der().clone();
        Arc::new(Certificate::read(der))
    });
    let namesakes: Vec<_> = namesakes.collect();
    let chains = observation.exchanges.iter_mut();
    chains
        .filter_map(|exchange| exchange.chain.as_mut())
        .for_each(|chain| chain.certificates.extend_from_slice(&namesakes));
    (authorities.policy(), observation)
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(crate) fn name(number: usize) -> String {
    format!("n{number}.bench.test")
}

pub(crate) fn target(number: usize) -> Target {
    let text = vec![format!("{}@127.0.0.1:443", name(number))];
    let mut reader = open(Source::Arguments(text), &Defaults::default()).expect("it is a target");
    let first = reader.next().expect("there is one");
    first.expect("it is a target")
}

fn session() -> Session {
    Session {
        group: Some(29),
        signature: Some(0x0403),
        alpn: Some("h2".to_owned()),
        hello_retry: Some(false),
        ocsp_staple: Some(Vec::new()),
        client_cert_requested: Some(false),
        key_proof: Some(KeyProof::Proven),
        ..Session::of(ProtocolVersion::from_wire(0x0304).expect("TLS 1.3"), 0x1301)
    }
}

#[allow(clippy::disallowed_methods, reason = "certificates are dated from now")]
fn now() -> Timestamp {
    Timestamp::now()
}
