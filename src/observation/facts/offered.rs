//! What a hello offers at one moment of a visit: the lists of its template, or what is left of them
//! after the answers so far.

use std::borrow::Cow;

use super::key_family::KeyFamily;
use super::question::Question;
use crate::observation::Offer;
use crate::tls::{CipherSuite, HelloTemplate, KeyAgreement, ProtocolVersion};

/// What a hello offers.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The offer it belongs to.
    pub offer: Offer,
    /// Its template, for everything that is not said here.
    pub template: &'static HelloTemplate,
    /// Its suites, best first.
    pub suites: Cow<'static, [u16]>,
    /// Its groups, best first.
    pub groups: Cow<'static, [u16]>,
    /// Whether it offers a session ticket and compression (up to TLS 1.2).
    pub features: bool,
    /// The application protocols, where they are not those that the port suggests.
    pub alpn: Option<Vec<&'static str>>,
    /// The one family of keys that can be verified, where it is one.
    pub keys: Option<KeyFamily>,
    /// Whether the server is named, where the target has a name for it.
    pub named: bool,
    /// Whether a ticket is waited for.
    pub tickets: bool,
}

impl Offered {
    /// What the first hello for this question offers.
    pub(super) fn at_first(question: Question) -> Self {
        let mut offered = Self::all_of(Offer::Asked(question));
        let is = |suite: &u16, agreement| {
            CipherSuite::of(*suite).is_some_and(|it| it.key_agreement() == agreement)
        };
        match question {
            Question::Suites(ProtocolVersion::Tls13)
            | Question::Order(ProtocolVersion::Tls13)
            | Question::Groups(ProtocolVersion::Tls13)
            | Question::GroupsAgain(ProtocolVersion::Tls13) => {
                let suites = offered.suites.to_mut();
                suites.retain(|suite| is(suite, KeyAgreement::Tls13) && !is_signal(suite));
            }
            Question::Groups(_) | Question::GroupsAgain(_) => {
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

    /// The list that a row of these hellos goes through; signals are not part of it.
    pub(super) fn list(self, question: Question) -> Cow<'static, [u16]> {
        if let Question::Groups(_) = question {
            return self.groups;
        }
        let mut suites = self.suites;
        if suites.last().is_some_and(is_signal) {
            suites.to_mut().pop();
        }
        suites
    }

    /// Whether it asks for secure renegotiation, by the signal in the guise of a suite.
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

/// Whether this is `TLS_EMPTY_RENEGOTIATION_INFO_SCSV`, which stands at the end of every hand-made
/// hello that may be answered by TLS 1.2 or older.
pub(super) fn is_signal(suite: &u16) -> bool {
    *suite == 0x00FF
}

/// Below it groups are elliptic curves (RFC 7919).
const FINITE_FIELDS: u16 = 0x0100;

/// Whether this is a suite with ChaCha20.
pub(super) fn is_chacha(suite: u16) -> bool {
    CipherSuite::of(suite).is_some_and(|suite| suite.name.contains("_CHACHA20_"))
}
