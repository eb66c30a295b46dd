//! Finds out if current browsers can connect to a server that accepted only the widest offer. The server
//! may support more than what it chose there, so it is asked once more with what browsers offer.

use super::{Exchange, KeyKind, Observation, Offer, PeerChain, Reason, Session, Stage};
use crate::tls::{
    BROWSER_GROUPS, BROWSER_SIGNATURES, BROWSER_SUITES, CipherSuite, KeyAgreement, MODERN_GROUPS,
    ProtocolVersion,
};

/// The curves that browsers accept for the key of a server's certificate.
const CURVES: [&str; 3] = ["p256", "p384", "p521"];

/// A part of a ClientHello that a server can reject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The cipher suites.
    Suites,
    /// The key exchange groups.
    Groups,
    /// The signature schemes.
    Signatures,
    /// The kind of key of the certificate.
    Key,
}

impl Part {
    /// Returns its name in the evidence of findings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Suites => "suites",
            Self::Groups => "groups",
            Self::Signatures => "signatures",
            Self::Key => "key",
        }
    }
}

/// Returns the next offer that helps to decide if browsers can connect, or `None` if no more is needed.
pub(crate) fn next_for_browsers(observation: &Observation) -> Option<Offer> {
    let made = |offer| observation.exchanges.iter().find(|it| it.offer == offer);
    let beyond = chosen_beyond(observation).is_some();
    match (made(Offer::Modern), made(Offer::Browser)) {
        (None, _) if beyond || chose_rare_group(observation) => Some(Offer::Modern),
        (Some(modern), None) if beyond && modern.failure.is_some() => {
            (!told_by_tls13(observation)).then_some(Offer::Browser)
        }
        _ => None,
    }
}

/// Returns true if the server chose a group that only some browsers offer. It may require that group in
/// TLS 1.3 too.
fn chose_rare_group(observation: &Observation) -> bool {
    let decisive = observation.decisive();
    let whole = decisive.filter(|it| it.offer == Offer::Hello && it.failure.is_none());
    let group = whole.and_then(|it| it.session.as_ref()?.group);
    group.is_some_and(|it| BROWSER_GROUPS.contains(&it) && !MODERN_GROUPS.contains(&it))
}

/// Returns true if an answer in TLS 1.3 shows which browsers can connect. A server chooses the version
/// first, so browsers never reach what it accepts in TLS 1.2.
fn told_by_tls13(observation: &Observation) -> bool {
    let whole = |it: &Exchange| it.offer == Offer::MoreGroups && it.failure.is_none();
    observation.insists().is_some() || observation.exchanges.iter().any(whole)
}

/// Returns the session that the server accepts and browsers cannot negotiate, with the parts of the
/// browsers' offer that it rejected. Returns `None` if browsers can connect or it is not known.
pub fn refused_by_browsers(observation: &Observation) -> Option<(&Session, Vec<Part>)> {
    let refused = |offer| {
        let mut made = observation.exchanges.iter();
        made.find(|it| it.offer == offer).is_some_and(refused)
    };
    chosen_beyond(observation)
        .filter(|_| !told_by_tls13(observation))
        .filter(|_| refused(Offer::Modern) && refused(Offer::Browser))
}

/// Returns true if the server rejected the offer or chose a version that browsers do not accept. A
/// timeout or a limit of this scanner is no rejection.
fn refused(exchange: &Exchange) -> bool {
    let session = exchange
        .session
        .as_ref()
        .filter(|_| exchange.failure.is_none());
    if let Some(session) = session {
        return session.version < ProtocolVersion::Tls12;
    }
    exchange.failure.as_ref().is_some_and(|failure| {
        let rejected = matches!(
            failure.reason,
            Reason::Alert
                | Reason::Eof
                | Reason::Reset
                | Reason::Malformed
                | Reason::Incompatible
                | Reason::Anonymous
        );
        rejected && failure.stage == Stage::Handshake
    })
}

/// Returns the session of a complete TLS 1.2 answer to a hand-made hello if it uses something that no
/// browser offers. Older versions have a separate verdict.
fn chosen_beyond(observation: &Observation) -> Option<(&Session, Vec<Part>)> {
    let decisive = observation.decisive()?;
    let hand_made = matches!(decisive.offer, Offer::Wide | Offer::Hello | Offer::Rest);
    let session = decisive.session.as_ref()?;
    let complete = decisive.failure.is_none() && session.version == ProtocolVersion::Tls12;
    let parts = beyond(session, decisive.chain.as_ref());
    (hand_made && complete && !parts.is_empty()).then_some((session, parts))
}

fn beyond(session: &Session, chain: Option<&PeerChain>) -> Vec<Part> {
    let suite = CipherSuite::of(session.cipher);
    let ecdhe = suite.is_some_and(|it| it.key_agreement() == KeyAgreement::Ecdhe);
    let group = session
        .group
        .is_some_and(|group| BROWSER_GROUPS.contains(&group));
    let signature = session.signature;
    let signs = signature.is_none_or(|scheme| BROWSER_SIGNATURES.contains(&scheme));
    let leaf = chain.and_then(PeerChain::leaf);
    let key = leaf.and_then(|leaf| Some(&leaf.contents.as_ref().ok()?.key));
    let usual = key.is_none_or(|key| match key.kind {
        KeyKind::Rsa => true,
        KeyKind::Ec => CURVES.contains(&key.name.as_str()),
        _ => false,
    });
    let each = [
        (BROWSER_SUITES.contains(&session.cipher), Part::Suites),
        (!ecdhe || group, Part::Groups),
        (signs, Part::Signatures),
        (usual, Part::Key),
    ];
    let outside = each.into_iter().filter(|(offered, _)| !offered);
    outside.map(|(_, part)| part).collect()
}
