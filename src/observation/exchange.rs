//! One connection: what was offered, what the server chose and sent, and where it failed.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Failure, PeerChain, Question, Reason, Transcript, hex};
use crate::tls::{self, HelloTemplate, ProtocolVersion};

/// Which ClientHello was sent: one of `tls::HELLOS`, or one derived from it. A recording stores its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Offer {
    /// TLS 1.3 and 1.2 with the suites, groups and signature schemes of current clients. The
    /// handshake is completed.
    Modern,
    /// A hand-made ClientHello for SSL 3.0 to TLS 1.2 with every suite that a server might still
    /// require. Only the server's first flight is read.
    Wide,
    /// The modern offer without ALPN, sent if the server rejected the offered protocols.
    NoAlpn,
    /// A short hand-made ClientHello of at most TLS 1.2, sent if the server went silent before any
    /// certificate after another one.
    Short,
    /// A hand-made ClientHello for TLS 1.3 with every suite and group, sent if the modern one was
    /// refused. The answer shows what the server requires.
    Rest,
    /// The modern offer with the additional groups that it otherwise omits. The handshake is
    /// completed.
    MoreGroups,
    /// The hand-made ClientHello of the hello lane, up to TLS 1.2. Only the server's first flight
    /// is read.
    Hello,
    /// A hand-made ClientHello with what current browsers offer in TLS 1.2. It only shows if
    /// browsers can connect.
    Browser,
    /// A hand-made ClientHello with what Chrome offers in TLS 1.2. It decides the same question.
    Chrome,
    /// The modern offer with the signatures of browsers; the handshake is completed. It decides the
    /// same question for TLS 1.3.
    BrowserTls13,
    /// A hand-made ClientHello that probes one version. Only the server's first flight is read.
    Version(ProtocolVersion),
    /// The same version probe in a ClientHello of less than 256 bytes, sent if the long one got no
    /// response or a close. It exists for TLS 1.0 to 1.2.
    ShortVersion(ProtocolVersion),
    /// The modern offer without the plaintext dialogue of the service. It only shows if a port that
    /// is silent in plaintext expects TLS from the first byte.
    Implicit,
    /// A ClientHello for one measurement of `--facts`. It counts for that fact only.
    Asked(Question),
}

impl Offer {
    /// All offers except those of [`Question::ALL`].
    const OTHERS: [Self; 19] = [
        Self::Modern,
        Self::NoAlpn,
        Self::Wide,
        Self::Short,
        Self::Rest,
        Self::MoreGroups,
        Self::Hello,
        Self::Browser,
        Self::Chrome,
        Self::BrowserTls13,
        Self::Version(ProtocolVersion::Tls13),
        Self::Version(ProtocolVersion::Tls12),
        Self::Version(ProtocolVersion::Tls11),
        Self::Version(ProtocolVersion::Tls10),
        Self::Version(ProtocolVersion::Ssl3),
        Self::ShortVersion(ProtocolVersion::Tls12),
        Self::ShortVersion(ProtocolVersion::Tls11),
        Self::ShortVersion(ProtocolVersion::Tls10),
        Self::Implicit,
    ];

    /// Returns all offers.
    pub fn all() -> impl Iterator<Item = Self> {
        let asked = Question::ALL.into_iter().map(Self::Asked);
        Self::OTHERS.into_iter().chain(asked)
    }

    /// Returns true if the verdict may rest on this exchange. Answers to version probes and
    /// `--facts` questions never count, so that more probes cannot change a verdict. The attempt that
    /// skips the plaintext dialogue does not count either, nor does a handshake with fewer signatures.
    pub fn speaks(self) -> bool {
        let asks = self.asks_for().is_some();
        let extra = matches!(self, Self::Implicit | Self::BrowserTls13 | Self::Asked(_));
        !asks && !extra
    }

    /// Returns the version that this offer probes, or `None` if it is not a version probe.
    pub fn asks_for(self) -> Option<ProtocolVersion> {
        match self {
            Self::Version(version) | Self::ShortVersion(version) => Some(version),
            _ => None,
        }
    }

    /// Returns true if the ClientHello contains SNI when the target has a name. SSL 3.0 has no
    /// extensions, and [`Question::Nameless`] omits it.
    pub fn names_server(self) -> bool {
        self != Self::Asked(Question::Nameless) && self.template().newest > ProtocolVersion::Ssl3
    }

    /// Returns the template of the ClientHello.
    pub fn template(self) -> &'static HelloTemplate {
        match self {
            Self::Asked(question) => question.template(),
            Self::Modern | Self::NoAlpn | Self::Implicit => &tls::MODERN,
            Self::Wide => &tls::WIDE,
            Self::Short => &tls::SHORT,
            Self::Rest => &tls::REST,
            Self::MoreGroups => &tls::MORE_GROUPS,
            Self::Hello => &tls::HELLO_LANE,
            Self::Browser => &tls::BROWSER,
            Self::Chrome => &tls::CHROME,
            Self::BrowserTls13 => &tls::BROWSER_TLS1_3,
            Self::Version(version) => tls::for_version(version),
            Self::ShortVersion(version) => {
                tls::short_for_version(version).unwrap_or_else(|| tls::for_version(version))
            }
        }
    }

    /// Returns the id of the ClientHello. Offers that modify a template have their own id.
    pub fn id(self) -> &'static str {
        match self {
            Self::Implicit => "implicit",
            Self::NoAlpn => "without_alpn",
            Self::Asked(question) => question.id(),
            _ => self.template().id,
        }
    }
}

impl From<Offer> for &'static str {
    fn from(offer: Offer) -> Self {
        offer.id()
    }
}

/// An id that no ClientHello has.
#[derive(Debug, thiserror::Error)]
#[error("there is no ClientHello with the id {0:?}")]
pub struct UnknownHello(String);

impl TryFrom<String> for Offer {
    type Error = UnknownHello;

    fn try_from(id: String) -> Result<Self, UnknownHello> {
        Self::all()
            .find(|offer| offer.id() == id)
            .ok_or(UnknownHello(id))
    }
}

impl JsonSchema for Offer {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Offer".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "enum": Self::all().map(Self::id).collect::<Vec<_>>() })
    }
}

/// Result of the check that the server possesses the private key of its leaf certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyProof {
    /// The handshake signature verified.
    Proven,
    /// The handshake signature did not verify.
    Refuted,
    /// The signature algorithm is not supported by this scanner.
    Unverifiable,
}

/// The negotiated parameters, as far as the exchange got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Negotiated protocol version.
    pub version: ProtocolVersion,
    /// Negotiated cipher suite (IANA number).
    pub cipher: u16,
    /// Negotiated key exchange group (IANA number), or `None` if the exchange does not show it.
    pub group: Option<u16>,
    /// Signature scheme of the handshake signature (IANA number).
    pub signature: Option<u16>,
    /// Negotiated ALPN protocol.
    pub alpn: Option<String>,
    /// True if ALPN was offered. Otherwise `alpn` is absent and says nothing about the server.
    #[serde(default)]
    pub alpn_offered: bool,
    /// True if the server sent a HelloRetryRequest (TLS 1.3).
    pub hello_retry: Option<bool>,
    /// The stapled OCSP response: empty if it was requested and the server sent none, `None` if it could
    /// not be seen.
    #[serde(default, with = "hex::optional")]
    pub ocsp_staple: Option<Vec<u8>>,
    /// True if the server requested a client certificate.
    pub client_cert_requested: Option<bool>,
    /// True if the server sent the warning alert `unrecognized_name` (RFC 6066) and continued the
    /// handshake.
    pub name_warning: bool,
    /// Proof of possession of the leaf's private key, or `None` if it was not checked.
    pub key_proof: Option<KeyProof>,
    /// The newer version that the server supports according to the downgrade mark in its random
    /// (RFC 8446, 4.1.3), or `None` without the mark.
    #[serde(default)]
    pub downgrade: Option<ProtocolVersion>,
    /// True if the server supports secure renegotiation (RFC 5746). `None` in TLS 1.3, which has no
    /// renegotiation, and if the server's extensions were not read.
    #[serde(default)]
    pub secure_renegotiation: Option<bool>,
    /// True if the server accepted the session ticket extension or sent a ticket. `None` if neither
    /// was checked.
    #[serde(default)]
    pub ticket: Option<bool>,
    /// True if the server chose compression. `None` if it was not offered.
    #[serde(default)]
    pub compression: Option<bool>,
    /// Size of the DHE prime in bits. `None` in other key exchanges, and if it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dh_bits: Option<u16>,
}

impl Session {
    /// Returns a session of which nothing is known but the version and the cipher suite.
    pub fn of(version: ProtocolVersion, cipher: u16) -> Self {
        Self {
            version,
            cipher,
            group: None,
            signature: None,
            alpn: None,
            alpn_offered: false,
            hello_retry: None,
            ocsp_staple: None,
            client_cert_requested: None,
            name_warning: false,
            key_proof: None,
            downgrade: None,
            secure_renegotiation: None,
            ticket: None,
            compression: None,
            dh_bits: None,
        }
    }
}

/// One connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exchange {
    /// Which ClientHello was sent.
    pub offer: Offer,
    /// The plaintext dialogue before TLS, or `None` if TLS starts with the first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Transcript>,
    /// The negotiated parameters, or `None` if no ServerHello arrived.
    pub session: Option<Session>,
    /// The certificates as sent, or `None` if none arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<PeerChain>,
    /// True if the server announced more certificates than could be read. `chain` then lacks the last
    /// ones, so nothing can be concluded from a missing certificate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chain_cut: bool,
    /// Why the exchange failed, or `None` if it completed.
    pub failure: Option<Failure>,
}

impl Exchange {
    /// Returns true if the server dropped the connection in a way that may be temporary. Its real
    /// answer is then unknown.
    pub fn was_dropped(&self) -> bool {
        self.failure.as_ref().is_some_and(Failure::is_drop)
    }

    /// Returns the negotiated parameters if the server's answer is complete. An anonymous answer
    /// counts as complete: it only lacks a certificate.
    pub fn agreed(&self) -> Option<&Session> {
        let failure = self.failure.as_ref();
        let whole = failure.is_none_or(|failure| failure.reason == Reason::Anonymous);
        self.session.as_ref().filter(|_| whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_saved_by_the_id_of_its_hello() {
        for hello in tls::HELLOS {
            assert!(Offer::all().any(|offer| offer.id() == hello.id));
        }
        for offer in Offer::all() {
            let saved = serde_json::to_string(&offer).unwrap();
            assert_eq!(saved, format!("{:?}", offer.id()));
            assert_eq!(serde_json::from_str::<Offer>(&saved).unwrap(), offer);
        }
        assert!(serde_json::from_str::<Offer>("\"nonsense\"").is_err());
    }
}
