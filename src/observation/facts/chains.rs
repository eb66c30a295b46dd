//! The chains that a server keeps for clients that verify one family of keys alone: many serve an
//! ECDSA chain to most clients, and an RSA chain that nobody watches to the rest.

use std::borrow::Cow;

use super::question::Question;
use crate::observation::versions::reason_text;
use crate::observation::{Exchange, KeyKind, Observation, Offer, PeerChain};

/// A family of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyFamily {
    /// RSA, PSS included.
    Rsa,
    /// ECDSA.
    Ecdsa,
}

impl KeyFamily {
    /// Both, in the order in which they are asked for.
    pub const ALL: [Self; 2] = [Self::Rsa, Self::Ecdsa];

    fn of(chain: &PeerChain) -> Option<Self> {
        match chain.leaf()?.contents.as_ref().ok()?.key.kind {
            KeyKind::Rsa => Some(Self::Rsa),
            KeyKind::Ec => Some(Self::Ecdsa),
            _ => None,
        }
    }

    /// Whether signatures of this scheme (IANA number) are made with its keys.
    pub fn signs(self, scheme: u16) -> bool {
        match self {
            // RSA-PSS with either kind of key, and PKCS #1 with any hash.
            Self::Rsa => (0x0804..=0x0806).contains(&scheme) || scheme & 0xff == 1,
            Self::Ecdsa => scheme & 0xff == 3 && scheme < 0x0700,
        }
    }
}

/// What is shown to a client that verifies one family alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChain {
    /// This chain.
    Sent(PeerChain),
    /// None, for this reason.
    Refused(Cow<'static, str>),
}

impl KeyChain {
    /// What was seen; `None` where it was not asked.
    pub(super) fn of(observation: &Observation, family: KeyFamily) -> Option<Self> {
        let shown = |exchange: &Exchange| {
            let chain = exchange.chain.as_ref()?;
            (KeyFamily::of(chain) == Some(family)).then(|| Self::Sent(chain.clone()))
        };
        if let Some(sent) = observation.telling().and_then(shown) {
            return Some(sent);
        }
        let offer = Offer::Asked(Question::Keys(family));
        let mut exchanges = observation.exchanges.iter();
        let asked = exchanges.find(|exchange| exchange.offer == offer)?;
        Some(shown(asked).unwrap_or_else(|| Self::Refused(refusal(asked))))
    }

    /// Whether the visit has shown it already.
    pub(super) fn was_shown(observation: &Observation, family: KeyFamily) -> bool {
        let chain = observation.chain();
        chain.and_then(KeyFamily::of) == Some(family)
    }
}

fn refusal(exchange: &Exchange) -> Cow<'static, str> {
    match (&exchange.failure, &exchange.chain) {
        (_, Some(_)) => "sent another kind of key all the same".into(),
        (Some(failure), None) => reason_text(failure),
        (None, None) => "no certificate".into(),
    }
}
