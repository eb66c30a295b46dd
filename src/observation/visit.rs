//! One visit to one endpoint: every exchange it took, or why there was none.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Certificate, Exchange, FactSet, Failure, KeyKind, Offer, PeerChain, Reason, Session, Stage,
};
use crate::inventory::Endpoint;
use crate::tls::{MODERN_GROUPS, MODERN_SIGNATURES, MODERN_SUITES, ProtocolVersion};

/// The curves among `MODERN_GROUPS`, as keys name them.
const CURVES: [&str; 2] = ["p256", "p384"];

/// How long each step took; absent when the step was not taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// The name lookup.
    pub dns: Option<Duration>,
    /// The TCP handshake of the first connection.
    pub connect: Option<Duration>,
    /// The dialogue in clear before TLS.
    pub starttls: Option<Duration>,
    /// From the ClientHello to the end of the handshake, or to the failure.
    pub handshake: Option<Duration>,
    /// The whole visit, all exchanges together.
    pub total: Option<Duration>,
}

/// Everything seen at one endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// When this attempt began.
    pub started_at: Timestamp,
    /// 1 for the first visit, 2 for the first retry, and so on.
    pub attempt: u32,
    /// How long it took.
    pub timing: Timing,
    /// Why no connection was even tried: the name gave no address, or this machine ran out of
    /// something.
    pub failure: Option<Failure>,
    /// Whether each protocol version was to be asked for.
    #[serde(default)]
    pub versions_asked: bool,
    /// Which facts were to be asked for.
    #[serde(default, skip_serializing_if = "FactSet::is_empty")]
    pub facts_asked: FactSet,
    /// The other addresses of the name; absent where the target names its address, and where
    /// each address has a visit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Box<Addresses>>,
    /// The connections made, in order.
    pub exchanges: Vec<Exchange>,
}

/// The addresses of a name, of which one is visited: the first that accepts a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Those before the visited one, in order, and why each was left. Those that are no destination
    /// are among them, and were not visited.
    pub failed: Vec<(IpAddr, Failure)>,
    /// Those not tried.
    pub rest: Vec<IpAddr>,
    /// Whether the name was asked for IPv6 addresses too, or they were not wanted.
    pub complete: bool,
}

impl Addresses {
    /// How many of the name's addresses were tried, the row's own with them.
    pub fn tried(&self) -> usize {
        let failures = self.failed.iter().map(|(_, failure)| failure.reason);
        failures.filter(|it| *it != Reason::UnusableAddress).count() + 1
    }

    /// How many addresses of the name are known.
    pub fn of(&self) -> usize {
        self.failed.len() + 1 + self.rest.len()
    }
}

/// More connections than all questions to one endpoint come to; a visit ends with it, and no saved one
/// has more.
pub(crate) const MAX_EXCHANGES: usize = 1024;

/// A visit that holds so much of certificates asks nothing further. What is kept of an honest server's is
/// some dozen chains of a few KiB.
pub(crate) const MAX_CHAIN_BYTES: usize = 16 * 1024 * 1024;

impl Observation {
    /// Adds a connection. It takes the place of the one before where that was dropped and the very same
    /// hello, sent again, was not: the drop came in passing. A question that is asked in a row, or about a
    /// version, keeps both, as its own rules count them.
    pub(crate) fn add(&mut self, exchange: Exchange) {
        let alone = match exchange.offer {
            Offer::Asked(question) => question.is_single(),
            offer => offer.asks_for().is_none(),
        };
        let passed = |last: &Exchange| last.offer == exchange.offer && last.was_dropped();
        if alone && !exchange.was_dropped() && self.exchanges.last().is_some_and(passed) {
            self.exchanges.pop();
        }
        self.exchanges.push(exchange);
    }

    /// What the certificates of all exchanges take, those held once for several counted for each.
    pub(crate) fn chain_bytes(&self) -> usize {
        let chains = self.exchanges.iter().filter_map(|it| it.chain.as_ref());
        let certificates = chains.flat_map(|chain| &chain.certificates);
        let bytes = |it: &Arc<Certificate>| it.der.len() + size_of::<Certificate>();
        certificates.map(bytes).sum()
    }

    /// The exchange whose facts speak for the endpoint: the one that got furthest (`Decisiveness`), and of
    /// equals the earliest. Some offers never speak for the endpoint ([`Offer::speaks`]).
    pub fn decisive(&self) -> Option<&Exchange> {
        let speaks = |exchange: &&Exchange| exchange.offer.speaks();
        let limited = self.exchanges.iter().any(|exchange| {
            let failure = exchange.failure.as_ref();
            failure.is_some_and(|failure| failure.reason == Reason::ScannerLimit)
        });
        let rank = |exchange: &Exchange| {
            let session = exchange.session.as_ref();
            let failure = exchange.failure.as_ref();
            Decisiveness {
                complete: failure.is_none(),
                chain: exchange.chain.is_some(),
                current: session.is_some_and(|it| it.version >= ProtocolVersion::Tls12),
                chosen: session.is_some(),
                limit: if limited {
                    limit_of_ours(session, failure)
                } else {
                    0
                },
            }
        };
        // `max_by_key` keeps the last of equals; the earliest is wanted, hence the reversal.
        let candidates = self.exchanges.iter().rev().filter(speaks);
        candidates.max_by_key(|exchange| rank(exchange))
    }

    /// Whether the service speaks TLS from the first byte where a dialogue in clear was expected;
    /// `None` when it was not seen.
    pub fn implicit_tls(&self) -> Option<bool> {
        let told = |exchange: &Exchange| {
            let failure = exchange.failure.as_ref();
            let reason = failure.map(|failure| failure.reason);
            let tls = exchange.session.is_some() || exchange.chain.is_some();
            match exchange.offer {
                Offer::Implicit => {
                    let alert = failure.is_some_and(|failure| {
                        failure.stage == Stage::Handshake && failure.reason == Reason::Alert
                    });
                    Some(tls || alert)
                }
                _ if reason == Some(Reason::ImplicitTls) => Some(true),
                _ => exchange.transcript.as_ref()?.heard().then_some(false),
            }
        };
        let told: Vec<bool> = self.exchanges.iter().filter_map(told).collect();
        (!told.is_empty()).then(|| told.contains(&true))
    }

    /// Why the visit as a whole failed, when it did.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure
            .as_ref()
            .or_else(|| self.contradicted())
            .or_else(|| self.decisive()?.failure.as_ref())
    }

    /// What the server chose in TLS 1.3 where it insists on a group or suite that this scanner reads
    /// and cannot compute: it refused the modern offer, and named it in its answer to `rest`.
    pub fn insists(&self) -> Option<&Session> {
        let made = |offer| self.exchanges.iter().find(|it| it.offer == offer);
        let rest = made(Offer::Rest).filter(|_| made(Offer::MoreGroups).is_none())?;
        let session = rest.session.as_ref()?;
        let failure = rest.failure.as_ref()?;
        let usual = MODERN_SUITES.contains(&session.cipher)
            && session.group.is_none_or(|it| MODERN_GROUPS.contains(&it));
        let chosen =
            session.version == ProtocolVersion::Tls13 && failure.reason == Reason::Incompatible;
        (chosen && !usual).then_some(session)
    }

    /// The failure of the modern offer where the server then answered a lesser one with
    /// nothing that the modern one had not offered too. Then the offers are not what it refused: it does
    /// not bear today's hello (too new, too long), or it failed in passing. Today's clients fail
    /// at it either way.
    pub fn contradicted(&self) -> Option<&Failure> {
        if self.insists().is_some() {
            return None;
        }
        let refused = self
            .exchanges
            .iter()
            .find(|exchange| exchange.offer == Offer::Modern)?;
        let answered = self.exchanges.iter().find(|exchange| {
            let lesser = matches!(exchange.offer, Offer::Wide | Offer::Short | Offer::Rest);
            lesser && exchange.failure.is_none()
        })?;
        let session = answered.session.as_ref()?;
        let offered = MODERN_SUITES.contains(&session.cipher)
            && session
                .group
                .is_some_and(|group| MODERN_GROUPS.contains(&group))
            && session
                .signature
                .is_none_or(|scheme| MODERN_SIGNATURES.contains(&scheme));
        // A key on a curve that only the wide offer named is another thing that was refused.
        let leaf = answered.chain.as_ref().and_then(PeerChain::leaf);
        let usual = leaf.is_none_or(|leaf| {
            let key = leaf.contents.as_ref().map(|contents| &contents.key);
            key.is_ok_and(|key| key.kind != KeyKind::Ec || CURVES.contains(&key.name.as_str()))
        });
        let refused = refused.failure.as_ref().filter(|_| offered && usual)?;
        // Where it was we who could not go on, the server has refused nothing.
        let by_server = matches!(
            refused.reason,
            Reason::Alert | Reason::Eof | Reason::Reset | Reason::Timeout
        );
        by_server.then_some(refused)
    }

    /// Whether the server refused the application protocols on offer and was asked again without.
    pub fn refused_alpn(&self) -> bool {
        let mut exchanges = self.exchanges.iter();
        exchanges.any(|exchange| exchange.offer == Offer::NoAlpn)
    }

    /// What was agreed, as far as it was seen.
    pub fn session(&self) -> Option<&Session> {
        self.decisive()?.session.as_ref()
    }

    /// Whether [`Self::chain`] lacks certificates that the server announced.
    pub fn chain_cut(&self) -> bool {
        self.decisive().is_some_and(|exchange| exchange.chain_cut)
    }

    /// The certificates the server sent.
    pub fn chain(&self) -> Option<&PeerChain> {
        self.decisive()?.chain.as_ref()
    }
}

/// How far an exchange got; the greatest speaks for the endpoint. The fields count in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Decisiveness {
    /// It came to its end.
    complete: bool,
    /// The server sent a chain.
    chain: bool,
    /// The version is TLS 1.2 or better.
    current: bool,
    /// The server chose something, and did not turn the hello down.
    chosen: bool,
    /// What it says of a limit of ours.
    limit: u8,
}

/// Where this scanner could not ask as today's clients do, that says more than another refusal of its
/// lesser hellos, and less than what a server did that got further, is silent or speaks no TLS.
fn limit_of_ours(session: Option<&Session>, failure: Option<&Failure>) -> u8 {
    match failure.map(|failure| failure.reason) {
        Some(Reason::ScannerLimit) if session.is_some() => 0,
        Some(Reason::ScannerLimit) => 2,
        Some(Reason::NotTls | Reason::Timeout | Reason::LocalLimit) => 3,
        _ => 1,
    }
}
