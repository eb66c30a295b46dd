//! What an endpoint accepts beyond what it chose, concluded from the exchanges that asked for it
//! (`--facts`). Like versions, facts are a function of what was seen; a fact that was not asked
//! for, or that no answer tells, is absent.

mod alpn;
mod chains;
mod fact;
mod kept;
mod key_family;
mod listing;
mod next;
mod offered;
mod question;
mod remaining;
#[cfg(test)]
mod tests;
mod walk;

use super::versions::may_speak;
use super::{Exchange, Failure, Observation, Offer, PeerChain, Session};
use crate::tls::{AlertDescription, ProtocolVersion};

pub use alpn::{ALPN_PROTOCOLS, Protocols};
pub use chains::KeyChain;
pub use fact::{Fact, FactSet};
pub(crate) use kept::reduce;
pub use key_family::KeyFamily;
pub use listing::{Listing, Order};
pub(crate) use next::next_question;
pub use offered::Offered;
pub use question::Question;

/// What the exchanges tell of the facts asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Cipher suites by version, in the order of `ProtocolVersion::ALL`; absent for a version that
    /// is known to be refused.
    pub ciphers: Option<[Option<Listing>; ProtocolVersion::ALL.len()]>,
    /// Groups of TLS 1.2.
    pub groups_tls12: Option<Listing>,
    /// Groups of TLS 1.3.
    pub groups_tls13: Option<Listing>,
    /// Application protocols.
    pub alpn: Option<Protocols>,
    /// Whether a ticket is issued up to TLS 1.2.
    pub tickets_tls12: Option<bool>,
    /// Whether a ticket came within a second of a TLS 1.3 handshake.
    pub tickets_tls13: Option<bool>,
    /// Whether renegotiation is secure.
    pub secure_renegotiation: Option<bool>,
    /// Whether compression is accepted.
    pub compression: Option<bool>,
    /// The chain for a client that verifies RSA alone.
    pub rsa: Option<KeyChain>,
    /// The chain for a client that verifies ECDSA alone.
    pub ecdsa: Option<KeyChain>,
    /// Whether a client that names no server is shown the same certificate.
    pub default_certificate: Option<bool>,
}

impl Facts {
    /// What the exchanges tell, when facts were asked for.
    pub fn of(observation: &Observation) -> Option<Self> {
        let asked = observation.facts_asked;
        if asked.is_empty() {
            return None;
        }
        let exchanges = observation.exchanges.as_slice();
        let seen = |fact, tell: fn(&Exchange) -> Option<bool>| {
            let told = exchanges.iter().find_map(tell);
            told.filter(|_| asked.contains(fact))
        };
        let chain = |family| {
            let chains = asked.contains(Fact::Chains);
            chains.then(|| KeyChain::of(observation, family)).flatten()
        };
        let groups = |version| {
            let groups = asked.contains(Fact::Groups);
            groups
                .then(|| listing(exchanges, version, Question::Groups(version)))
                .flatten()
        };
        let suites = |version| listing(exchanges, version, Question::Suites(version));
        Some(Self {
            ciphers: asked
                .contains(Fact::Ciphers)
                .then(|| ProtocolVersion::ALL.map(suites)),
            groups_tls12: groups(ProtocolVersion::Tls12),
            groups_tls13: groups(ProtocolVersion::Tls13),
            alpn: asked
                .contains(Fact::Alpn)
                .then(|| Protocols::of(exchanges))
                .flatten(),
            tickets_tls12: seen(Fact::Tickets, |it| features(it)?.ticket),
            tickets_tls13: seen(Fact::Tickets, |it| {
                let session = it.agreed()?;
                session
                    .ticket
                    .filter(|_| session.version == ProtocolVersion::Tls13)
            }),
            secure_renegotiation: seen(Fact::Renegotiation, renegotiation),
            compression: seen(Fact::Compression, |it| features(it)?.compression),
            rsa: chain(KeyFamily::Rsa),
            ecdsa: chain(KeyFamily::Ecdsa),
            default_certificate: asked
                .contains(Fact::DefaultCertificate)
                .then(|| is_default(observation))
                .flatten(),
        })
    }

    /// The suites accepted in each version that was asked for, with that version.
    pub fn suites(&self) -> impl Iterator<Item = (ProtocolVersion, &Listing)> {
        let each = self.ciphers.iter().flatten();
        let each = ProtocolVersion::ALL.into_iter().zip(each);
        each.filter_map(|(version, listing)| Some((version, listing.as_ref()?)))
    }
}

/// What was found of a list, or that its turn never came; `None` for a version known to be refused.
fn listing(
    exchanges: &[Exchange],
    version: ProtocolVersion,
    question: Question,
) -> Option<Listing> {
    let found = Listing::of(exchanges, question);
    found.or_else(|| may_speak(exchanges, version).then(Listing::not_asked))
}

/// Whether the certificate shown for the name is the one shown without a name. Another one says so
/// only where both hellos were the same but for that: one may be for other versions or keys.
fn is_default(observation: &Observation) -> Option<bool> {
    let decisive = observation.decisive()?;
    let nameless = Offer::Asked(Question::Nameless);
    let mut exchanges = observation.exchanges.iter();
    let without = exchanges.find(|exchange| exchange.offer == nameless)?;
    let shown = decisive.chain.as_ref()?.leaf()?.sha256;
    let same = match without.chain.as_ref().and_then(PeerChain::leaf) {
        Some(leaf) => leaf.sha256 == shown,
        None => {
            let failure = without.failure.as_ref();
            failure.filter(|failure| wants_a_name(failure))?;
            false
        }
    };
    (same || decisive.offer.template().id == nameless.template().id).then_some(same)
}

/// Whether the alert can mean that a name is wanted. Others, and everything that is no alert, may
/// have come of something else.
fn wants_a_name(failure: &Failure) -> bool {
    const ALERTS: [AlertDescription; 4] = [
        AlertDescription::UNRECOGNIZED_NAME,
        AlertDescription::HANDSHAKE_FAILURE,
        AlertDescription::ACCESS_DENIED,
        AlertDescription::MISSING_EXTENSION,
    ];
    ALERTS.into_iter().any(|alert| failure.is_alert(alert))
}

/// What the answer to the hello of all features says.
fn features(exchange: &Exchange) -> Option<&Session> {
    let asked = exchange.offer == Offer::Asked(Question::Features);
    exchange.agreed().filter(|_| asked)
}

/// Whether the answer binds renegotiation to the connection.
fn renegotiation(exchange: &Exchange) -> Option<bool> {
    exchange.agreed()?.secure_renegotiation
}
