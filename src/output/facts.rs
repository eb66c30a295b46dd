//! The record's `tls.facts`: the additional measurements of `--facts`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::{Date, Hex};
use super::names;
use crate::observation::{
    ALPN_PROTOCOLS, Facts, GroupVersion, KeyChain, Listing, Observation, Order, PeerChain,
    Protocols, Question,
};
use crate::tls::ProtocolVersion;

/// What the server supports beyond what it negotiated. A measurement is null if it was not
/// requested or if no answer shows the result.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FactsAsked {
    /// Accepted cipher suites, by protocol version.
    pub ciphers: Option<SuitesByVersion>,
    /// Accepted key exchange groups, by protocol version.
    pub groups: Option<GroupsByVersion>,
    /// Accepted ALPN protocols.
    pub alpn: Option<AlpnAccepted>,
    /// Use of session tickets.
    pub tickets: Option<Tickets>,
    /// True if the server supports secure renegotiation (RFC 5746); TLS 1.2 and older. Null if no
    /// ClientHello that asked for it received a complete answer.
    pub secure_renegotiation: Option<bool>,
    /// True if the server accepts TLS compression; TLS 1.2 and older. Null if it refused the
    /// ClientHello that offered compression.
    pub compression: Option<bool>,
    /// The chains sent to clients that accept only one type of key (RSA or ECDSA).
    pub chains: Option<KeyChains>,
    /// True if clients that send no SNI get the same certificate. False if they get another one, or
    /// are refused by an alert that can mean that SNI is required.
    pub default_certificate: Option<bool>,
}

/// Cipher suites by protocol version. A version is null if it was not tested because the server had
/// already refused it or had closed the connection when it was offered. If time ran out before a
/// version was tested, `complete` is false and `ended_by` is `not asked`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SuitesByVersion {
    /// SSL 3.0.
    pub ssl3: Option<Accepted>,
    /// TLS 1.0.
    pub tls1_0: Option<Accepted>,
    /// TLS 1.1.
    pub tls1_1: Option<Accepted>,
    /// TLS 1.2.
    pub tls1_2: Option<Accepted>,
    /// TLS 1.3.
    pub tls1_3: Option<Accepted>,
}

/// Key exchange groups by protocol version; null and `not asked` mean the same as for cipher
/// suites.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GroupsByVersion {
    /// TLS 1.2: elliptic curves only.
    pub tls1_2: Option<Accepted>,
    /// TLS 1.3.
    pub tls1_3: Option<Accepted>,
}

/// The members of a list that the server accepts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Accepted {
    /// IANA names of the accepted members, in the order in which the server chose them.
    pub accepted: Vec<Cow<'static, str>>,
    /// True if the server accepts no other member of the offered list. If false, the server may
    /// accept more than is listed.
    pub complete: bool,
    /// Why the test ended: `all_accepted`, the name of an alert, `close`, `chose TLSv1.1`,
    /// `timeout`, `out of time` (the time limit of the visit), `not asked`, `contradicted` (another
    /// answer in the same visit shows a member that is not in the list), and others.
    pub ended_by: Cow<'static, str>,
    /// Whose preference decides the cipher suite; null if this was not observed.
    pub order: Option<Order>,
    /// Id of the first ClientHello sent for this list; it defines which members were offered.
    pub hello: &'static str,
}

/// Accepted ALPN protocols.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AlpnAccepted {
    /// The offered protocols.
    pub offered: [&'static str; 2],
    /// The accepted protocols, in the order in which the server chose them.
    pub accepted: Vec<&'static str>,
    /// True if the server accepts no other offered protocol.
    pub complete: bool,
    /// Why the test ended: `all_accepted`, `none_chosen`, the name of an alert, and others.
    pub ended_by: Cow<'static, str>,
}

/// Use of session tickets.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tickets {
    /// True if the server accepts the client's offer of session tickets; TLS 1.2 and older. Null if
    /// the server refused that ClientHello.
    pub tls1_2: Option<bool>,
    /// True if the server sent a ticket within one second after a TLS 1.3 handshake.
    pub tls1_3: Option<bool>,
}

/// The chains sent to clients that accept only one type of key; null if no answer shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KeyChains {
    /// The chain for a client that accepts only RSA.
    pub rsa: Option<KeyChainSent>,
    /// The chain for a client that accepts only ECDSA.
    pub ecdsa: Option<KeyChainSent>,
}

/// What the server sends to a client that accepts only one type of key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KeyChainSent {
    /// SHA-256 of each certificate, in the order sent; null if none were sent.
    pub sent: Option<Vec<String>>,
    /// Key of the leaf: `rsa2048`, `p256`, ...
    pub key: Option<String>,
    /// Time at which the leaf expires.
    pub not_after: Option<String>,
    /// Why no chain with this type of key was sent: the name of an alert, or a note that the server
    /// sent another type of key.
    pub refused: Option<Cow<'static, str>>,
}

impl FactsAsked {
    /// Returns the measurements, or `None` if none were requested.
    pub(super) fn new(observation: &Observation) -> Option<Self> {
        let facts = Facts::of(observation)?;
        let tickets = Tickets {
            tls1_2: facts.tickets_tls12,
            tls1_3: facts.tickets_tls13,
        };
        let groups = GroupsByVersion {
            tls1_2: groups(GroupVersion::Tls12, facts.groups_tls12),
            tls1_3: groups(GroupVersion::Tls13, facts.groups_tls13),
        };
        let chains = KeyChains {
            rsa: facts.rsa.map(KeyChainSent::from),
            ecdsa: facts.ecdsa.map(KeyChainSent::from),
        };
        Some(Self {
            ciphers: facts.ciphers.map(SuitesByVersion::from),
            groups: (groups.tls1_2.is_some() || groups.tls1_3.is_some()).then_some(groups),
            alpn: facts.alpn.map(AlpnAccepted::from),
            tickets: (tickets.tls1_2.is_some() || tickets.tls1_3.is_some()).then_some(tickets),
            secure_renegotiation: facts.secure_renegotiation,
            compression: facts.compression,
            default_certificate: facts.default_certificate,
            chains: (chains.rsa.is_some() || chains.ecdsa.is_some()).then_some(chains),
        })
    }
}

fn groups(version: GroupVersion, listing: Option<Listing>) -> Option<Accepted> {
    let question = Question::Groups(version);
    listing.map(|listing| Accepted::new(listing, question, names::group))
}

impl Accepted {
    fn new(listing: Listing, question: Question, name: fn(u16) -> Cow<'static, str>) -> Self {
        Self {
            accepted: listing.accepted.into_iter().map(name).collect(),
            complete: listing.complete,
            ended_by: listing.ended_by,
            order: listing.order,
            hello: question.id(),
        }
    }

    /// Returns completeness, the reason why the test ended, and the preference, as short text.
    pub(super) fn note(&self) -> String {
        let note = note(self.complete, &self.ended_by);
        match self.order {
            Some(order) => format!("{note}; order of {}", names::Word(&order)),
            None => note,
        }
    }
}

impl From<[Option<Listing>; ProtocolVersion::ALL.len()]> for SuitesByVersion {
    fn from(listings: [Option<Listing>; ProtocolVersion::ALL.len()]) -> Self {
        let mut each = ProtocolVersion::ALL.into_iter().zip(listings);
        let mut next = || {
            let (version, listing) = each.next()?;
            let question = Question::Suites(version);
            listing.map(|listing| Accepted::new(listing, question, names::cipher))
        };
        Self {
            ssl3: next(),
            tls1_0: next(),
            tls1_1: next(),
            tls1_2: next(),
            tls1_3: next(),
        }
    }
}

impl AlpnAccepted {
    /// Returns completeness and the reason why the test ended, as short text.
    pub(super) fn note(&self) -> String {
        note(self.complete, &self.ended_by)
    }
}

fn note(complete: bool, ended_by: &str) -> String {
    let complete = if complete { "complete" } else { "incomplete" };
    format!("{complete}; {ended_by}")
}

impl From<Protocols> for AlpnAccepted {
    fn from(protocols: Protocols) -> Self {
        Self {
            offered: ALPN_PROTOCOLS,
            accepted: protocols.accepted,
            complete: protocols.complete,
            ended_by: protocols.ended_by,
        }
    }
}

impl From<KeyChain> for KeyChainSent {
    fn from(chain: KeyChain) -> Self {
        match chain {
            KeyChain::Sent(chain) => Self::sent(&chain),
            KeyChain::Refused(reason) => Self {
                sent: None,
                key: None,
                not_after: None,
                refused: Some(reason),
            },
        }
    }
}

impl KeyChainSent {
    fn sent(chain: &PeerChain) -> Self {
        let contents = chain.leaf().and_then(|leaf| leaf.contents.as_ref().ok());
        let sent = chain.certificates.iter();
        let until = contents.and_then(|contents| Date::new(contents.not_after));
        Self {
            sent: Some(sent.map(|it| Hex::from(&it.sha256).to_string()).collect()),
            key: contents.map(|contents| contents.key.name.clone()),
            not_after: until.map(|date| date.to_string()),
            refused: None,
        }
    }
}
