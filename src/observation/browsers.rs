//! Finds out if current browsers can connect to a server that chose something that they do not offer.
//! The server may support more than what it chose, so it is asked once more with what browsers offer.

use super::{Exchange, KeyKind, Observation, Offer, PeerChain, Reason, Session, Stage};
use crate::tls::{
    BROWSER_GROUPS, BROWSER_SIGNATURES, BROWSER_SUITES, CHROME_GROUPS, CHROME_SUITES, CipherSuite,
    KeyAgreement, MODERN_SUITES, ProtocolVersion,
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
    /// All parts.
    pub const ALL: [Self; 4] = [Self::Suites, Self::Groups, Self::Signatures, Self::Key];

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

/// A server that refuses what browsers offer.
pub struct BrowserRefusal<'a> {
    /// What the server chose instead.
    pub session: &'a Session,
    /// The certificates that it sent with that.
    pub chain: Option<&'a PeerChain>,
    /// The parts of the browsers' offer that it refused.
    pub parts: Vec<Part>,
    /// True if Firefox offers what the server chose, and Chrome does not.
    pub firefox_connects: bool,
}

/// Returns the next offer that helps to decide if browsers can connect, or `None` if no more is needed.
pub(crate) fn next_for_browsers(observation: &Observation) -> Option<Offer> {
    if let Some((answer, _)) = signed_beyond(observation) {
        let offer = without_its_signature(answer)?;
        return observation.exchange(offer).is_none().then_some(offer);
    }
    let (_, open) = open_question(observation)?;
    match observation.exchange(Offer::Modern) {
        None => Some(Offer::Modern),
        Some(modern) => {
            let asks = modern.failure.is_some() && !tls13_shows_browsers(observation);
            (asks && observation.exchange(open).is_none()).then_some(open)
        }
    }
}

/// Returns what a server accepts that refuses browsers, with the parts of their offer that it refused.
/// `None` if they can connect, or if it is not known.
pub fn refused_by_browsers(observation: &Observation) -> Option<BrowserRefusal<'_>> {
    let refused = |offer| observation.exchange(offer).is_some_and(refused);
    if let Some((answer, parts)) = signed_beyond(observation) {
        let asked = observation.exchange(without_its_signature(answer)?);
        let refused = asked.is_some_and(refused_without_dropping);
        return refused.then(|| refusal(answer, parts, false)).flatten();
    }
    let ((answer, parts), offer) = open_question(observation)?;
    let all = !tls13_shows_browsers(observation) && refused(Offer::Modern) && refused(offer);
    all.then(|| refusal(answer, parts, offer == Offer::Chrome))
        .flatten()
}

fn refusal(
    answer: &Exchange,
    parts: Vec<Part>,
    firefox_connects: bool,
) -> Option<BrowserRefusal<'_>> {
    Some(BrowserRefusal {
        session: answer.session.as_ref()?,
        chain: answer.chain.as_ref(),
        parts,
        firefox_connects,
    })
}

/// An answer, with the parts of an offer that it does not use.
type Beyond<'a> = (&'a Exchange, Vec<Part>);

/// Returns the answer in TLS 1.2 to a hand-made hello that uses what some browsers do not offer, and
/// the offer that shows if the server requires it.
fn open_question(observation: &Observation) -> Option<(Beyond<'_>, Offer)> {
    let answer = hand_made_answer(observation)?;
    let parts = beyond(answer, &BROWSERS)?;
    if parts.is_empty() {
        return beyond_chrome(answer);
    }
    // Firefox may be accepted where Chrome is not.
    let accepted = observation
        .exchange(Offer::Browser)
        .filter(|it| it.failure.is_none());
    match accepted {
        Some(accepted) if accepted.session.is_some() && !refused(accepted) => {
            beyond_chrome(accepted)
        }
        _ => Some(((answer, parts), Offer::Browser)),
    }
}

fn beyond_chrome(answer: &Exchange) -> Option<(Beyond<'_>, Offer)> {
    let parts = beyond(answer, &CHROME)?;
    (!parts.is_empty()).then_some(((answer, parts), Offer::Chrome))
}

/// Returns true if an answer in TLS 1.3 shows which browsers can connect. A server chooses the version
/// first, so browsers never reach what it accepts in TLS 1.2.
fn tls13_shows_browsers(observation: &Observation) -> bool {
    let completed = observation.exchange(Offer::MoreGroups);
    observation.insists().is_some() || completed.is_some_and(|it| it.failure.is_none())
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

/// Returns true if the server rejected the offer by more than the end of the connection, which may be
/// temporary where the server accepts `modern`.
fn refused_without_dropping(exchange: &Exchange) -> bool {
    let failure = exchange.failure.as_ref();
    refused(exchange) && !failure.is_some_and(|it| it.is_drop())
}

/// Returns the complete answer in TLS 1.2 to a hand-made hello, if the verdict rests on
/// it. Older versions have a separate verdict.
fn hand_made_answer(observation: &Observation) -> Option<&Exchange> {
    let decisive = observation.decisive()?;
    let hand_made = matches!(decisive.offer, Offer::Wide | Offer::Hello | Offer::Rest);
    let session = decisive.session.as_ref()?;
    let complete = decisive.failure.is_none() && session.version == ProtocolVersion::Tls12;
    (hand_made && complete).then_some(decisive)
}

/// Returns the complete answer to the modern offer, if it is signed as no browser offers. The server
/// may have another certificate for browsers.
fn signed_beyond(observation: &Observation) -> Option<Beyond<'_>> {
    let mut exchanges = observation.exchanges.iter();
    let answer = exchanges
        .find(|it| matches!(it.offer, Offer::Modern | Offer::NoAlpn) && it.failure.is_none())?;
    // Nearly every server stops here, so nothing is collected for it.
    let scheme = answer.session.as_ref()?.signature?;
    if BROWSER_SIGNATURES.contains(&scheme) {
        return None;
    }
    Some((answer, beyond(answer, &BROWSERS)?))
}

/// Returns the offer that has the version of this answer, and only signatures that browsers offer.
fn without_its_signature(answer: &Exchange) -> Option<Offer> {
    match answer.session.as_ref()?.version {
        ProtocolVersion::Tls13 => Some(Offer::BrowserTls13),
        _ => Some(Offer::Browser),
    }
}

/// The suites and groups that clients offer in TLS 1.2.
struct Lists {
    suites: &'static [u16],
    groups: &'static [u16],
}

/// What Chrome or Firefox offers.
const BROWSERS: Lists = Lists {
    suites: &BROWSER_SUITES,
    groups: &BROWSER_GROUPS,
};

/// What Chrome offers. It does not offer SHA-1 either: `sha1_handshake_signature` reports that.
const CHROME: Lists = Lists {
    suites: &CHROME_SUITES,
    groups: &CHROME_GROUPS,
};

fn beyond(answer: &Exchange, lists: &Lists) -> Option<Vec<Part>> {
    let session = answer.session.as_ref()?;
    let offered = [lists.suites, &MODERN_SUITES];
    let suite = offered.iter().any(|it| it.contains(&session.cipher));
    let ecdhe =
        CipherSuite::of(session.cipher).is_some_and(|it| it.key_agreement() == KeyAgreement::Ecdhe);
    let group = session.group.is_some_and(|it| lists.groups.contains(&it));
    let signature = session.signature;
    let signs = signature.is_none_or(|scheme| BROWSER_SIGNATURES.contains(&scheme));
    let leaf = answer.chain.as_ref().and_then(PeerChain::leaf);
    let key = leaf.and_then(|leaf| Some(&leaf.contents.as_ref().ok()?.key));
    let usual = key.is_none_or(|key| match key.kind {
        KeyKind::Rsa => true,
        KeyKind::Ec => CURVES.contains(&key.name.as_str()),
        _ => false,
    });
    let each = [
        (suite, Part::Suites),
        (!ecdhe || group, Part::Groups),
        (signs, Part::Signatures),
        (usual, Part::Key),
    ];
    let outside = each.into_iter().filter(|(offered, _)| !offered);
    Some(outside.map(|(_, part)| part).collect())
}
