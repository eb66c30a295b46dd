//! A model of a usual web server: it answers ClientHellos without a network, to plan how many
//! connections a visit takes.
//!
//! It is nginx over OpenSSL 3.0 with an RSA key, TLS 1.2 and 1.3, and its default settings: the
//! suites of `openssl ciphers -s -tls1_2 HIGH:!aNULL:!MD5` for that key without DH parameters, the
//! default groups of OpenSSL, the client's order of preference, session tickets, and http/1.1 by
//! ALPN.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use crate::crypto::{Fingerprint, KeyAlgorithm};
use crate::inventory::Target;
use crate::observation::{
    Certificate, Contents, DistinguishedName, Exchange, Failure, KeyFamily, KeyKind, KeyProof,
    Offered, PeerChain, PublicKey, Session, SignatureAlgorithm,
};
use crate::tls::{AlertDescription, CipherSuite, KeyAgreement, ProtocolVersion};

const TLS13_SUITES: [u16; 3] = [0x1301, 0x1302, 0x1303];

const TLS12_SUITES: [u16; 27] = [
    // ECDHE_RSA.
    0xC030, 0xCCA8, 0xC061, 0xC02F, 0xC060, 0xC028, 0xC077, 0xC027, 0xC076, 0xC014, 0xC013,
    // RSA key exchange.
    0x009D, 0xC0A1, 0xC09D, 0xC051, 0x009C, 0xC0A0, 0xC09C, 0xC050, 0x003D, 0x00C0, 0x003C, 0x00BA,
    0x0035, 0x0084, 0x002F, 0x0041,
];

/// X25519, P-256, X448, P-521, P-384.
const CURVES: [u16; 5] = [0x001D, 0x0017, 0x001E, 0x0019, 0x0018];

/// ffdhe2048 to ffdhe8192, in TLS 1.3 only.
const FINITE_FIELDS: [u16; 5] = [0x0100, 0x0101, 0x0102, 0x0103, 0x0104];

const RSA_PSS_SHA256: u16 = 0x0804;

/// The model, with the chain that it sends.
pub(super) struct Model {
    chain: PeerChain,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            chain: PeerChain {
                certificates: vec![Arc::new(leaf())],
            },
        }
    }

    /// Returns the exchange that this offer leads to.
    pub(super) fn answer(&self, offered: &Offered, target: &Target) -> Exchange {
        let chosen = choose(offered, target);
        let (session, failure) = match chosen {
            Ok(session) => (Some(session), None),
            Err(alert) => (None, Some(Failure::alert(alert))),
        };
        Exchange {
            offer: offered.offer,
            transcript: None,
            chain: session.is_some().then(|| self.chain.clone()),
            session,
            chain_cut: false,
            failure,
        }
    }
}

fn choose(offered: &Offered, target: &Target) -> Result<Session, AlertDescription> {
    let template = offered.template;
    let mut versions = [ProtocolVersion::Tls13, ProtocolVersion::Tls12].into_iter();
    let version = versions
        .find(|version| (template.oldest..=template.newest).contains(version))
        .ok_or(AlertDescription::PROTOCOL_VERSION)?;
    let tls13 = version == ProtocolVersion::Tls13;
    let group = offered
        .groups
        .iter()
        .copied()
        .find(|group| CURVES.contains(group) || tls13 && FINITE_FIELDS.contains(group));
    let fits = |suite: &u16| match tls13 {
        true => TLS13_SUITES.contains(suite) && group.is_some(),
        false => TLS12_SUITES.contains(suite) && (group.is_some() || !is_ecdhe(*suite)),
    };
    let suite = offered.suites.iter().copied().find(fits);
    let suite = suite.filter(|_| offered.keys != Some(KeyFamily::Ecdsa));
    let suite = suite.ok_or(AlertDescription::HANDSHAKE_FAILURE)?;
    let alpn = alpn(offered, target)?;
    Ok(Session {
        group: group.filter(|_| tls13 || is_ecdhe(suite)),
        signature: Some(RSA_PSS_SHA256).filter(|_| tls13 || is_ecdhe(suite)),
        alpn_offered: alpn.is_some(),
        alpn,
        key_proof: Some(KeyProof::Proven).filter(|_| !template.hand_made),
        secure_renegotiation: (!tls13 && template.hand_made).then_some(true),
        ticket: (tls13 && offered.tickets || offered.features).then_some(true),
        compression: offered.features.then_some(false),
        ..Session::of(version, suite)
    })
}

fn is_ecdhe(suite: u16) -> bool {
    let suite = CipherSuite::of(suite);
    suite.is_some_and(|suite| suite.key_agreement() == KeyAgreement::Ecdhe)
}

/// Returns the application protocol. nginx refuses a list without its own.
fn alpn(offered: &Offered, target: &Target) -> Result<Option<String>, AlertDescription> {
    const HTTP: &str = "http/1.1";
    match &offered.alpn {
        Some(protocols) if protocols.contains(&HTTP) => Ok(Some(HTTP.to_owned())),
        Some(_) => Err(AlertDescription::NO_APPLICATION_PROTOCOL),
        None if target.is_http() && !offered.template.hand_made => Ok(Some(HTTP.to_owned())),
        None => Ok(None),
    }
}

/// Returns a certificate with an RSA key. Planning reads only the kind of the key.
fn leaf() -> Certificate {
    let nothing = Fingerprint::of(&[]);
    Certificate {
        der: CertificateDer::from(Vec::new()),
        sha256: nothing,
        contents: Ok(Contents {
            version: 3,
            serial: Vec::new(),
            subject: DistinguishedName::default(),
            issuer: DistinguishedName::default(),
            not_before: 0,
            not_after: 0,
            key: PublicKey {
                kind: KeyKind::Rsa,
                algorithm: KeyAlgorithm::Rsa,
                rsa: None,
                bits: Some(2048),
                name: "rsa2048".to_owned(),
                spki: Vec::new(),
                spki_sha256: nothing,
            },
            signature: SignatureAlgorithm {
                name: String::new(),
                oid: String::new(),
                parameters: Vec::new(),
            },
            sans: None,
            basic_constraints: None,
            key_usage: None,
            extended_key_usage: None,
            authority_key_id: None,
            subject_key_id: None,
            ca_issuers: Vec::new(),
            ocsp: Vec::new(),
            has_name_constraints: false,
            unknown_critical: Vec::new(),
            bad_extension: None,
            tbs: 0..0,
            signature_value: 0..0,
        }),
    }
}
