//! The chains that a server keeps for clients that verify one family of keys alone: many serve an
//! ECDSA chain to most clients, and an RSA chain that nobody watches to the rest.

use std::borrow::Cow;

use super::key_family::KeyFamily;
use super::question::Question;
use crate::observation::versions::{may_speak, reason_text};
use crate::observation::{Exchange, Observation, Offer, PeerChain, Reason};
use crate::tls::{AlertDescription, ProtocolVersion};

/// What is shown to a client that verifies one family alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChain {
    /// This chain.
    Sent(PeerChain),
    /// None, for this reason.
    Refused(Cow<'static, str>),
}

impl KeyChain {
    /// What was seen; `None` where it was not asked, or where no answer tells.
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

    /// Whether the visit has shown it already.
    pub(super) fn was_shown(observation: &Observation, family: KeyFamily) -> bool {
        let chain = observation.chain();
        chain.and_then(KeyFamily::of) == Some(family)
    }
}

/// Why none of that family was sent; `None` where that may have nothing to do with keys: the server
/// was silent or closed, or speaks none of the versions on offer, or TLS 1.3 alone, in which it
/// should send the chain that it has whatever the client verifies (RFC 8446, 4.4.2.2).
fn refusal(asked: &Exchange, exchanges: &[Exchange]) -> Option<Cow<'static, str>> {
    if let Some(chain) = &asked.chain {
        let other = chain.leaf()?.contents.is_ok();
        return other.then(|| "sent another kind of key all the same".into());
    }
    let failure = asked.failure.as_ref()?;
    let told =
        failure.reason == Reason::Alert && !failure.is_alert(AlertDescription::PROTOCOL_VERSION);
    (told && may_speak(exchanges, ProtocolVersion::Tls12)).then(|| reason_text(failure))
}
