//! The record's `tls`: what the server negotiated, and the outcome for each protocol version.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::facts::FactsAsked;
use super::names;
use crate::observation::{
    Exchange, Failure, KeyProof, Observation, Offer, Reason, Stage, VersionOutcome, Versions,
    claims_tls13, supports_tls13,
};
use crate::tls::ProtocolVersion;

/// What the server negotiated.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tls<'a> {
    /// The negotiated version; null if versions were tested and none was accepted.
    pub version: Option<ProtocolVersion>,
    /// IANA name of the negotiated cipher suite.
    pub cipher: Option<Cow<'static, str>>,
    /// IANA name of the key exchange group; null if the exchange does not show it.
    pub group: Option<Cow<'static, str>>,
    /// Size of the prime of a DHE key exchange, in bits; null for other key exchanges.
    pub dh_bits: Option<u16>,
    /// IANA name of the handshake signature scheme.
    pub signature: Option<Cow<'static, str>>,
    /// The negotiated ALPN protocol.
    pub alpn: Option<&'a str>,
    /// True if the ClientHello offered ALPN protocols (`h2` and `http/1.1`); only web services get
    /// this offer.
    pub alpn_offered: Option<bool>,
    /// True if the server asked for a second ClientHello (HelloRetryRequest).
    pub hello_retry: Option<bool>,
    /// True if the server sent an OCSP staple; null if this could not be observed.
    pub ocsp_stapled: Option<bool>,
    /// True if the server asked for a client certificate.
    pub client_cert_requested: Option<bool>,
    /// Result of the proof that the server has its certificate's private key.
    pub key_proof: Option<KeyProof>,
    /// Id of the ClientHello that the server answered.
    pub offer: Option<Offer>,
    /// True if the server negotiated TLS 1.3; null if nothing proves that it supports it.
    pub supports_tls1_3: Option<bool>,
    /// True if the server claims TLS 1.3 by the downgrade mark in the random of an older answer
    /// (RFC 8446, 4.1.3), and no answer proves or refutes it. Middleboxes that copy the random make
    /// this claim falsely.
    pub claims_tls1_3: Option<bool>,
    /// True if the server rejected the offered ALPN protocols (`h2` and `http/1.1`) and was then
    /// contacted without ALPN: it is not a web server. Null if it rejected none.
    pub alpn_refused: Option<bool>,
    /// Outcome for each protocol version (`--versions all`).
    pub versions: VersionsAsked,
    /// Additional measurements (`--facts`); null if none were requested.
    pub facts: Option<FactsAsked>,
}

/// Outcome for each protocol version; null if the version was not tested.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct VersionsAsked {
    /// SSL 3.0.
    pub ssl3: Option<VersionOutcome>,
    /// TLS 1.0.
    pub tls1_0: Option<VersionOutcome>,
    /// TLS 1.1.
    pub tls1_1: Option<VersionOutcome>,
    /// TLS 1.2.
    pub tls1_2: Option<VersionOutcome>,
    /// TLS 1.3.
    pub tls1_3: Option<VersionOutcome>,
}

impl<'a> Tls<'a> {
    pub(super) fn new(observation: &'a Observation) -> Option<Self> {
        let exchange = observation.decisive();
        let session = exchange.and_then(|exchange| exchange.session.as_ref());
        let heard = observation.exchanges.iter().any(hello_heard);
        if session.is_none() && !(observation.versions_asked && heard) {
            return None;
        }
        Some(Self {
            version: session.map(|it| it.version),
            cipher: session.map(|it| names::cipher(it.cipher)),
            group: session.and_then(|it| it.group).map(names::group),
            dh_bits: session.and_then(|it| it.dh_bits),
            signature: session.and_then(|it| it.signature).map(names::signature),
            alpn: session.and_then(|it| it.alpn.as_deref()),
            alpn_offered: session.map(|it| it.alpn_offered),
            hello_retry: session.and_then(|it| it.hello_retry),
            ocsp_stapled: session
                .and_then(|it| it.ocsp_staple.as_ref())
                .map(|staple| !staple.is_empty()),
            client_cert_requested: session.and_then(|it| it.client_cert_requested),
            key_proof: session.and_then(|it| it.key_proof),
            offer: exchange.filter(|_| session.is_some()).map(|it| it.offer),
            supports_tls1_3: supports_tls13(observation),
            claims_tls1_3: claims_tls13(observation),
            alpn_refused: observation.refused_alpn().then_some(true),
            versions: Versions::of(observation).map_or_else(VersionsAsked::default, Into::into),
            facts: FactsAsked::new(observation),
        })
    }
}

/// Returns true if the ClientHello was sent and nothing other than TLS was received.
fn hello_heard(exchange: &Exchange) -> bool {
    let failure = exchange.failure.as_ref();
    let fits = |it: &Failure| it.stage == Stage::Handshake && it.reason != Reason::NotTls;
    failure.is_none_or(fits)
}

impl From<Versions> for VersionsAsked {
    fn from(versions: Versions) -> Self {
        let outcome = |version| Some(versions.outcome(version).clone());
        Self {
            ssl3: outcome(ProtocolVersion::Ssl3),
            tls1_0: outcome(ProtocolVersion::Tls10),
            tls1_1: outcome(ProtocolVersion::Tls11),
            tls1_2: outcome(ProtocolVersion::Tls12),
            tls1_3: outcome(ProtocolVersion::Tls13),
        }
    }
}

impl VersionsAsked {
    /// Returns the outcomes with their field names, oldest version first.
    pub fn each(&self) -> [(&'static str, Option<&VersionOutcome>); 5] {
        [
            ("ssl3", self.ssl3.as_ref()),
            ("tls1_0", self.tls1_0.as_ref()),
            ("tls1_1", self.tls1_1.as_ref()),
            ("tls1_2", self.tls1_2.as_ref()),
            ("tls1_3", self.tls1_3.as_ref()),
        ]
    }
}
