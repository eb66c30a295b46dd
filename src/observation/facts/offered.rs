//! What a ClientHello offers: the lists of its template, changed by the question that it asks.

use std::borrow::Cow;

use super::group_version::GroupVersion;
use super::key_family::KeyFamily;
use super::question::Question;
use super::series::Series;
use crate::observation::Offer;
use crate::tls::{CipherSuite, HelloTemplate, KeyAgreement, ProtocolVersion};

/// What a ClientHello offers.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The offer that it belongs to.
    pub offer: Offer,
    /// Template for everything else.
    pub template: &'static HelloTemplate,
    /// Cipher suites, most preferred first.
    pub suites: Cow<'static, [u16]>,
    /// Groups, most preferred first.
    pub groups: Cow<'static, [u16]>,
    /// True if it offers a session ticket and compression (up to TLS 1.2).
    pub features: bool,
    /// ALPN protocols, or `None` for those that the port implies.
    pub alpn: Option<Vec<&'static str>>,
    /// The only supported family of keys, or `None` if all are supported.
    pub keys: Option<KeyFamily>,
    /// True if it contains SNI when the target has a name.
    pub named: bool,
    /// True if the exchange waits for a session ticket.
    pub tickets: bool,
}

impl Offered {
    /// Returns what the first hello of this question offers.
    pub(super) fn at_first(question: Question) -> Self {
        let mut offered = Self::all_of(Offer::Asked(question));
        let is = |suite: &u16, agreement| {
            CipherSuite::of(*suite).is_some_and(|it| it.key_agreement() == agreement)
        };
        match question {
            Question::Suites(ProtocolVersion::Tls13)
            | Question::Order(ProtocolVersion::Tls13)
            | Question::Groups(GroupVersion::Tls13)
            | Question::GroupsAgain(GroupVersion::Tls13) => {
                let suites = offered.suites.to_mut();
                suites.retain(|suite| is(suite, KeyAgreement::Tls13) && !is_signal(suite));
            }
            Question::Groups(GroupVersion::Tls12) | Question::GroupsAgain(GroupVersion::Tls12) => {
                let suites = offered.suites.to_mut();
                suites.retain(|suite| is(suite, KeyAgreement::Ecdhe) || is_signal(suite));
                offered
                    .groups
                    .to_mut()
                    .retain(|group| *group < FINITE_FIELDS);
            }
            Question::Features => offered.features = true,
            Question::Tickets => offered.tickets = true,
            Question::Nameless => offered.named = false,
            Question::Keys(family) => offered.keys = Some(family),
            Question::Suites(_) | Question::Order(_) | Question::Renegotiation | Question::Alpn => {
            }
        }
        offered
    }

    /// Returns the list that a series of hellos goes through, without signalling values.
    pub(super) fn list(series: Series) -> Cow<'static, [u16]> {
        let offered = Self::at_first(series.question());
        if let Series::Groups(_) = series {
            return offered.groups;
        }
        let mut suites = offered.suites;
        if suites.last().is_some_and(is_signal) {
            suites.to_mut().pop();
        }
        suites
    }

    /// Returns true if it offers secure renegotiation by the signalling cipher suite value.
    pub fn asks_renegotiation(&self) -> bool {
        self.suites.last().is_some_and(is_signal)
    }

    pub(super) fn all_of(offer: Offer) -> Self {
        let template = offer.template();
        Self {
            offer,
            template,
            suites: template.suites.into(),
            groups: template.groups.into(),
            features: false,
            alpn: None,
            keys: None,
            named: true,
            tickets: false,
        }
    }
}

/// Returns true if this is `TLS_EMPTY_RENEGOTIATION_INFO_SCSV`, which is the last suite of every
/// hand-made hello that may be answered with TLS 1.2 or older.
pub(super) fn is_signal(suite: &u16) -> bool {
    *suite == 0x00FF
}

/// First number of the finite field groups (RFC 7919). Groups with smaller numbers are elliptic curves.
const FINITE_FIELDS: u16 = 0x0100;

/// Returns true if this is a suite with ChaCha20.
pub(super) fn is_chacha(suite: u16) -> bool {
    CipherSuite::of(suite).is_some_and(|suite| suite.name.contains("_CHACHA20_"))
}
