//! The chains that a server sends to clients that support only one family of keys. Many servers send an
//! ECDSA chain to most clients, and an RSA chain, which nobody monitors, to the rest.

use std::borrow::Cow;

use super::key_family::KeyFamily;
use super::question::Question;
use crate::observation::versions::{may_speak, reason_text};
use crate::observation::{Exchange, Observation, Offer, PeerChain, Reason, phrases};
use crate::tls::{AlertDescription, ProtocolVersion};

/// The answer to a client that supports only one family of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChain {
    /// The server sent this chain.
    Sent(PeerChain),
    /// The server sent no such chain, for this reason.
    Refused(Cow<'static, str>),
}

impl KeyChain {
    /// Returns what was seen, or `None` if it was not probed or no answer shows it.
    pub(super) fn of(observation: &Observation, family: KeyFamily) -> Option<Self> {
        let shown = |exchange: &Exchange| {
            let chain = exchange.chain.as_ref()?;
            (KeyFamily::of(chain) == Some(family)).then(|| Self::Sent(chain.clone()))
        };
        if let Some(sent) = observation.decisive().and_then(shown) {
            return Some(sent);
        }
        let offer = Offer::Asked(Question::Keys(family));
        let mut exchanges = observation.exchanges.iter();
        let asked = exchanges.find(|exchange| exchange.offer == offer)?;
        let refused = || refusal(asked, &observation.exchanges).map(Self::Refused);
        shown(asked).or_else(refused)
    }

    /// Returns true if the decisive exchange already has a chain of this family.
    pub(super) fn was_shown(observation: &Observation, family: KeyFamily) -> bool {
        let chain = observation.chain();
        chain.and_then(KeyFamily::of) == Some(family)
    }
}

/// Returns why the server sent no chain of that family, or `None` if the cause may be unrelated to keys:
/// the server was silent or closed, supports none of the offered versions, or supports only TLS 1.3. In
/// TLS 1.3 it should send its chain even if the client does not support its key (RFC 8446, 4.4.2.2).
fn refusal(asked: &Exchange, exchanges: &[Exchange]) -> Option<Cow<'static, str>> {
    if let Some(chain) = &asked.chain {
        let other = chain.leaf()?.contents.is_ok();
        return other.then(|| phrases::ANOTHER_KEY.into());
    }
    let failure = asked.failure.as_ref()?;
    let rejected =
        failure.reason == Reason::Alert && !failure.is_alert(AlertDescription::PROTOCOL_VERSION);
    (rejected && may_speak(exchanges, ProtocolVersion::Tls12)).then(|| reason_text(failure))
}
