//! The record's `tls.facts`: what the server accepts beyond what it chose (`--facts`).

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::{Date, Hex};
use super::names;
use crate::observation::{
    ALPN_PROTOCOLS, Facts, KeyChain, Listing, Observation, Order, PeerChain, Protocols, Question,
};
use crate::tls::ProtocolVersion;

/// What the server accepts beyond what it chose. A fact that was not asked for, or that no answer
/// told, is null.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FactsAsked {
    /// Cipher suites, by version.
    pub ciphers: Option<SuitesByVersion>,
    /// Key exchange groups, by version.
    pub groups: Option<GroupsByVersion>,
    /// Application protocols.
    pub alpn: Option<AlpnAccepted>,
    /// Session tickets.
    pub tickets: Option<Tickets>,
    /// Whether renegotiation is bound to the connection (RFC 5746), up to TLS 1.2; null where no
    /// hello that asked for it was answered to the end.
    pub secure_renegotiation: Option<bool>,
    /// Whether TLS compression is accepted, up to TLS 1.2; null where the hello that offered it was
    /// refused.
    pub compression: Option<bool>,
    /// The chains for clients that verify one family of keys alone.
    pub chains: Option<KeyChains>,
    /// Whether the certificate is the one that clients get who name no server; false also where
    /// those are refused by an alert that can mean so.
    pub default_certificate: Option<bool>,
}

/// Cipher suites by version; null for a version that was not asked for, as the server had refused it,
/// or broken off at it, before. One whose turn did not come is not `complete`, and `ended_by` is `not asked`.
#[derive(Debug, Serialize, JsonSchema)]
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

/// Groups by version; null, or `not asked`, as for suites.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupsByVersion {
    /// TLS 1.2: elliptic curves alone.
    pub tls1_2: Option<Accepted>,
    /// TLS 1.3.
    pub tls1_3: Option<Accepted>,
}

/// What a server accepts of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Accepted {
    /// IANA names, in the order in which the server chose them.
    pub accepted: Vec<Cow<'static, str>>,
    /// Whether it accepts no other of those on offer. Without it the list is what was seen, and what
    /// else is accepted is not known.
    pub complete: bool,
    /// What ended the asking: `all_accepted`, an alert's name, `close`, `chose TLSv1.1`, `timeout`,
    /// `out of time` (of the visit), `not asked`, `contradicted` (another answer of the visit showed
    /// what is not in the list), ...
    pub ended_by: Cow<'static, str>,
    /// Whose order of suites counts; null where it was not seen.
    pub order: Option<Order>,
    /// The id of the first hello: what was on offer.
    pub hello: &'static str,
}

/// Application protocols.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlpnAccepted {
    /// Those on offer.
    pub offered: [&'static str; 2],
    /// Those accepted, in the order in which the server chose them.
    pub accepted: Vec<&'static str>,
    /// Whether it accepts no other of those on offer.
    pub complete: bool,
    /// What ended the asking: `all_accepted`, `none_chosen`, an alert's name, ...
    pub ended_by: Cow<'static, str>,
}

/// Session tickets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tickets {
    /// Whether the ticket offered is taken up, up to TLS 1.2; null where that hello was refused.
    pub tls1_2: Option<bool>,
    /// Whether a ticket came within a second of a TLS 1.3 handshake.
    pub tls1_3: Option<bool>,
}

/// The chains for clients that verify one family of keys alone; null where no answer tells.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyChains {
    /// RSA alone.
    pub rsa: Option<KeyChainSent>,
    /// ECDSA alone.
    pub ecdsa: Option<KeyChainSent>,
}

/// What a client is shown that verifies one family of keys alone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyChainSent {
    /// SHA-256 of the certificates, as sent; null when none were.
    pub sent: Option<Vec<String>>,
    /// `rsa2048`, `p256`, ...
    pub key: Option<String>,
    /// Until when its leaf is valid.
    pub not_after: Option<String>,
    /// Why no chain of that family was sent: an alert's name, or that another kind of key was.
    pub refused: Option<Cow<'static, str>>,
}

impl FactsAsked {
    /// What was asked for and told; null when nothing was asked for.
    pub(super) fn new(observation: &Observation) -> Option<Self> {
        let facts = Facts::of(observation)?;
        let tickets = Tickets {
            tls1_2: facts.tickets_tls12,
            tls1_3: facts.tickets_tls13,
        };
        let groups = GroupsByVersion {
            tls1_2: groups(ProtocolVersion::Tls12, facts.groups_tls12),
            tls1_3: groups(ProtocolVersion::Tls13, facts.groups_tls13),
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

fn groups(version: ProtocolVersion, listing: Option<Listing>) -> Option<Accepted> {
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

    /// What is said of the list beside its members, in a few words.
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
    /// What is said of the list beside its members, in a few words.
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
