//! The record's `tls`: what the server agreed to, and what it does with each protocol version.

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

/// What the server agreed to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tls<'a> {
    /// The version chosen; null when versions were asked for and none was accepted.
    pub version: Option<ProtocolVersion>,
    /// The cipher suite chosen, by its IANA name.
    pub cipher: Option<Cow<'static, str>>,
    /// The key exchange group, by its IANA name; null when the exchange does not tell.
    pub group: Option<Cow<'static, str>>,
    /// The size in bits of the prime of a DHE key exchange; null in other exchanges.
    pub dh_bits: Option<u16>,
    /// The scheme of the handshake signature, by its IANA name.
    pub signature: Option<Cow<'static, str>>,
    /// The ALPN protocol chosen.
    pub alpn: Option<&'a str>,
    /// Whether ALPN protocols were offered: `h2` and `http/1.1`, to web servers alone.
    pub alpn_offered: Option<bool>,
    /// Whether the server asked for a second hello.
    pub hello_retry: Option<bool>,
    /// Whether an OCSP staple came; null when it could not be seen.
    pub ocsp_stapled: Option<bool>,
    /// Whether the server asked for a client certificate.
    pub client_cert_requested: Option<bool>,
    /// Whether the server showed that it holds the key of its certificate.
    pub key_proof: Option<KeyProof>,
    /// The id of the hello that it answered.
    pub offer: Option<Offer>,
    /// True when TLS 1.3 is proven: the server chose it; null when nothing proves it.
    pub supports_tls1_3: Option<bool>,
    /// True when the server claims TLS 1.3 by the mark in the random of an older answer (RFC 8446,
    /// 4.1.3) and no answer proves or refutes it. Boxes that copy the random claim it falsely.
    pub claims_tls1_3: Option<bool>,
    /// True when the server refused the application protocols on offer (`h2` and `http/1.1`) and was
    /// then asked without any: it is no web server. Null when none were refused.
    pub alpn_refused: Option<bool>,
    /// What it does with each version (`--versions all`).
    pub versions: VersionsAsked,
    /// What it accepts beyond what it chose (`--facts`); null when nothing was asked for.
    pub facts: Option<FactsAsked>,
}

/// What the server does with each version; null for what was not asked.
#[derive(Debug, Default, Serialize, JsonSchema)]
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
        let exchange = observation.telling();
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

/// Whether a hello was sent and nothing but TLS came back, if anything did.
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
    /// The outcomes with their field names, oldest version first.
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
