//! One connection: what was offered, what the server chose and sent, and where it ended.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Failure, PeerChain, Question, Reason, Transcript, hex};
use crate::tls::{self, HelloTemplate, ProtocolVersion};

/// What was offered to the server: one hello of `tls::HELLOS`. In saved form it is the hello's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Offer {
    /// TLS 1.3 and 1.2 with the suites, groups and signatures of today's clients; the handshake
    /// is completed.
    Modern,
    /// One hand-made hello, SSL 3.0 to TLS 1.2, every suite that a server might still want; only
    /// the server's first flight is read.
    Wide,
    /// The modern offer without application protocols, where a server refused those on offer.
    NoAlpn,
    /// One short hand-made hello of at most TLS 1.2, where another met silence before any certificate.
    Short,
    /// A hand-made hello of TLS 1.3 with every suite and group, where the modern one was refused:
    /// the answer says what the server insists on.
    Rest,
    /// The modern offer with the groups that it leaves out otherwise; the handshake is completed.
    MoreGroups,
    /// The hand-made hello of the hello lane: up to TLS 1.2; only the server's first flight is
    /// read.
    Hello,
    /// The hand-made hello of what today's browsers offer in TLS 1.2. It tells whether they can connect,
    /// and nothing else of the endpoint.
    Browser,
    /// A hand-made hello that asks for one version; only the server's first flight is read.
    Version(ProtocolVersion),
    /// The same question in a hello of less than 256 bytes, where the long one met silence or a
    /// close. TLS 1.0 to 1.2 have one.
    ShortVersion(ProtocolVersion),
    /// The modern offer without the dialogue that the service asks for before it: whether a port
    /// that keeps silent in clear waits for TLS. It tells nothing else of the endpoint.
    Implicit,
    /// A hello for one fact beyond what was agreed on (`--facts`). It tells of that fact alone.
    Asked(Question),
}

impl Offer {
    /// Every offer, but for those of [`Question::ALL`].
    const OTHERS: [Self; 17] = [
        Self::Modern,
        Self::NoAlpn,
        Self::Wide,
        Self::Short,
        Self::Rest,
        Self::MoreGroups,
        Self::Hello,
        Self::Browser,
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

    /// Every offer.
    pub fn all() -> impl Iterator<Item = Self> {
        let asked = Question::ALL.into_iter().map(Self::Asked);
        Self::OTHERS.into_iter().chain(asked)
    }

    /// Whether its answer speaks for the endpoint. What a question about a version or a fact is
    /// answered does not (the verdict must be the same without it), nor what comes of going past
    /// the service's own dialogue.
    pub fn speaks(self) -> bool {
        let asks = self.asks_for().is_some();
        !asks && !matches!(self, Self::Implicit | Self::Asked(_))
    }

    /// Returns the version that is asked for, for the sake of which alone the hello is sent.
    pub fn asks_for(self) -> Option<ProtocolVersion> {
        match self {
            Self::Version(version) | Self::ShortVersion(version) => Some(version),
            _ => None,
        }
    }

    /// Whether its hello names the server, where the target has a name for it: SSL 3.0 has no room
    /// for one, and one question leaves it out.
    pub fn names_server(self) -> bool {
        self != Self::Asked(Question::Nameless) && self.template().newest > ProtocolVersion::Ssl3
    }

    /// The hello that is sent, or that the one sent is made from.
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
            Self::Version(version) => tls::for_version(version),
            Self::ShortVersion(version) => {
                tls::short_for_version(version).unwrap_or_else(|| tls::for_version(version))
            }
        }
    }

    /// The id of the hello that is sent; the modern one without its dialogue has its own, and so
    /// have the one without application protocols and each question.
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

/// No hello has this id.
#[derive(Debug, thiserror::Error)]
#[error("no hello is called {0:?}")]
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

/// Whether the server showed that it holds the private key of its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyProof {
    /// Its handshake signature verified.
    Proven,
    /// Its handshake signature did not verify.
    Refuted,
    /// It signed with an algorithm that cannot be verified here.
    Unverifiable,
}

/// What the server agreed to, as far as the exchange got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The version chosen.
    pub version: ProtocolVersion,
    /// The cipher suite chosen (IANA number).
    pub cipher: u16,
    /// The key exchange group chosen (IANA number), when the exchange tells.
    pub group: Option<u16>,
    /// The signature scheme of the handshake signature (IANA number).
    pub signature: Option<u16>,
    /// The ALPN protocol chosen.
    pub alpn: Option<String>,
    /// Whether application protocols were offered: without, `alpn` is absent whatever the server
    /// speaks.
    #[serde(default)]
    pub alpn_offered: bool,
    /// Whether the server asked for a second hello (TLS 1.3).
    pub hello_retry: Option<bool>,
    /// The OCSP staple; empty when the server was asked and sent none, absent when it could not
    /// be seen.
    #[serde(default, with = "hex::optional")]
    pub ocsp_staple: Option<Vec<u8>>,
    /// Whether the server asked for a client certificate.
    pub client_cert_requested: Option<bool>,
    /// Whether the server objected to the name by a warning alert and went on
    /// (unrecognized_name, RFC 6066).
    pub name_warning: bool,
    /// Proof of possession of the leaf's key; absent when it was not looked at.
    pub key_proof: Option<KeyProof>,
    /// The better version that the server says it could have spoken, by the mark in its random
    /// (RFC 8446, 4.1.3); absent without the mark.
    #[serde(default)]
    pub downgrade: Option<ProtocolVersion>,
    /// Whether the server binds renegotiation to the connection (RFC 5746); absent in TLS 1.3,
    /// which has none, and where the answer to it was not read.
    #[serde(default)]
    pub secure_renegotiation: Option<bool>,
    /// Whether it takes up the session ticket offered, or sent one; absent where neither was
    /// looked for.
    #[serde(default)]
    pub ticket: Option<bool>,
    /// Whether it chose compression; absent where none was on offer.
    #[serde(default)]
    pub compression: Option<bool>,
    /// The size in bits of the prime of a DHE exchange; absent in other exchanges and where it was
    /// not read.
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
    /// What was offered.
    pub offer: Offer,
    /// What was said in clear before TLS; absent where TLS comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Transcript>,
    /// What was agreed; `None` when the server never got so far.
    pub session: Option<Session>,
    /// The certificates as sent; `None` when none arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<PeerChain>,
    /// Whether the server announced more certificates than could be read: `chain` then lacks the last
    /// ones, and nothing can be said of what was not sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chain_cut: bool,
    /// Where it ended, when it ended before its time.
    pub failure: Option<Failure>,
}

impl Exchange {
    /// Returns true if the server dropped the connection in a way that may pass: what it would have
    /// answered is not known.
    pub fn was_dropped(&self) -> bool {
        self.failure.as_ref().is_some_and(Failure::is_drop)
    }

    /// What was agreed, where the answer came to its end. An anonymous one did: all that it lacks
    /// is a certificate.
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
