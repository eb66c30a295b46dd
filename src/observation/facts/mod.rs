//! The additional measurements of `--facts`: what an endpoint accepts beyond what it chose. Like
//! versions, facts are derived from the exchanges. A fact that was not requested, or that no answer
//! shows, is absent.

mod alpn;
mod chains;
mod fact;
mod group_version;
mod kept;
mod key_family;
mod listing;
mod most;
mod next;
mod offered;
mod question;
mod remaining;
mod series;
#[cfg(test)]
mod tests;
mod walk;

use super::versions::may_speak;
use super::{Exchange, Failure, Observation, Offer, PeerChain, Session};
use crate::tls::{AlertDescription, ProtocolVersion};

pub use alpn::{ALPN_PROTOCOLS, Protocols};
pub use chains::KeyChain;
pub use fact::{Fact, FactSet};
pub use group_version::GroupVersion;
pub(crate) use kept::reduce;
pub use key_family::KeyFamily;
pub use listing::{Listing, Order};
pub(crate) use most::most_questions;
pub(crate) use next::next_question;
pub use offered::Offered;
pub use question::Question;
pub use series::Series;

/// The results of the requested facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Cipher suites by version, in the order of `ProtocolVersion::ALL`. `None` for a version that is
    /// known to be rejected.
    pub ciphers: Option<[Option<Listing>; ProtocolVersion::ALL.len()]>,
    /// Accepted groups in TLS 1.2.
    pub groups_tls12: Option<Listing>,
    /// Accepted groups in TLS 1.3.
    pub groups_tls13: Option<Listing>,
    /// Accepted ALPN protocols.
    pub alpn: Option<Protocols>,
    /// True if session tickets are issued up to TLS 1.2.
    pub tickets_tls12: Option<bool>,
    /// True if a session ticket arrived within one second after a TLS 1.3 handshake.
    pub tickets_tls13: Option<bool>,
    /// True if secure renegotiation is supported.
    pub secure_renegotiation: Option<bool>,
    /// True if compression is accepted.
    pub compression: Option<bool>,
    /// The chain for a client that only supports RSA signatures.
    pub rsa: Option<KeyChain>,
    /// The chain for a client that only supports ECDSA signatures.
    pub ecdsa: Option<KeyChain>,
    /// True if a client without SNI gets the same certificate.
    pub default_certificate: Option<bool>,
}

impl Facts {
    /// Returns the results, or `None` if no facts were requested.
    pub fn of(observation: &Observation) -> Option<Self> {
        let asked = observation.facts_asked;
        if asked.is_empty() {
            return None;
        }
        let exchanges = observation.exchanges.as_slice();
        let seen = |fact, read: fn(&Exchange) -> Option<bool>| {
            let found = exchanges.iter().find_map(read);
            found.filter(|_| asked.contains(fact))
        };
        let chain = |family| {
            let chains = asked.contains(Fact::Chains);
            chains.then(|| KeyChain::of(observation, family)).flatten()
        };
        let groups = |version| {
            let groups = asked.contains(Fact::Groups);
            groups
                .then(|| listing(exchanges, Series::Groups(version)))
                .flatten()
        };
        let suites = |version| listing(exchanges, Series::Suites(version));
        Some(Self {
            ciphers: asked
                .contains(Fact::Ciphers)
                .then(|| ProtocolVersion::ALL.map(suites)),
            groups_tls12: groups(GroupVersion::Tls12),
            groups_tls13: groups(GroupVersion::Tls13),
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

    /// Returns each measured version with its accepted suites.
    pub fn suites(&self) -> impl Iterator<Item = (ProtocolVersion, &Listing)> {
        let each = self.ciphers.iter().flatten();
        let each = ProtocolVersion::ALL.into_iter().zip(each);
        each.filter_map(|(version, listing)| Some((version, listing.as_ref()?)))
    }
}

/// Returns what was found of a list, or an empty listing if it was not probed. Returns `None` for a
/// version that is known to be rejected.
fn listing(exchanges: &[Exchange], series: Series) -> Option<Listing> {
    let found = Listing::of(exchanges, series);
    found.or_else(|| may_speak(exchanges, series.version()).then(Listing::not_asked))
}

/// Returns true if the certificate with SNI is also the one without SNI. Returns `None` if that is not
/// known. A difference only counts if both hellos were otherwise equal: the server may have chosen the
/// certificate by version or key type.
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

/// Returns true if the alert can mean that the server requires SNI. Other alerts and other failures may
/// have another cause.
fn wants_a_name(failure: &Failure) -> bool {
    const ALERTS: [AlertDescription; 4] = [
        AlertDescription::UNRECOGNIZED_NAME,
        AlertDescription::HANDSHAKE_FAILURE,
        AlertDescription::ACCESS_DENIED,
        AlertDescription::MISSING_EXTENSION,
    ];
    ALERTS.into_iter().any(|alert| failure.is_alert(alert))
}

/// Returns the negotiated parameters of the answer to [`Question::Features`].
fn features(exchange: &Exchange) -> Option<&Session> {
    let asked = exchange.offer == Offer::Asked(Question::Features);
    exchange.agreed().filter(|_| asked)
}

/// Returns true if the answer supports secure renegotiation, or `None` if it does not show it.
fn renegotiation(exchange: &Exchange) -> Option<bool> {
    exchange.agreed()?.secure_renegotiation
}
