//! One visit to one endpoint: all its exchanges, or why no connection was attempted.

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

/// Duration of each step, or `None` if the step did not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// The DNS lookup.
    pub dns: Option<Duration>,
    /// The TCP handshake of the first connection.
    pub connect: Option<Duration>,
    /// The plaintext dialogue before TLS.
    pub starttls: Option<Duration>,
    /// From the ClientHello to the end of the handshake or to its failure.
    pub handshake: Option<Duration>,
    /// The whole visit, with all its exchanges.
    pub total: Option<Duration>,
}

/// Everything recorded in one visit to one endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// The visited endpoint.
    pub endpoint: Endpoint,
    /// Time at which this visit began.
    pub started_at: Timestamp,
    /// Number of the visit: 1 for the first one, 2 for the first retry, and so on.
    pub attempt: u32,
    /// Duration of its steps.
    pub timing: Timing,
    /// Why no connection was attempted: the name has no address, or this machine ran out of a resource.
    /// `None` if one was.
    pub failure: Option<Failure>,
    /// True if each protocol version was to be probed.
    #[serde(default)]
    pub versions_asked: bool,
    /// The measurements requested by `--facts`.
    #[serde(default, skip_serializing_if = "FactSet::is_empty")]
    pub facts_asked: FactSet,
    /// The other addresses of the name. `None` if the target is an address, and if each address has
    /// a separate visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Box<Addresses>>,
    /// The connections, in order.
    pub exchanges: Vec<Exchange>,
}

/// The addresses of a name other than the visited one, which is the first that accepts a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Addresses before the visited one, in order, each with its failure. Unusable addresses are
    /// included, although no connection to them was attempted.
    pub failed: Vec<(IpAddr, Failure)>,
    /// Addresses that were not tried.
    pub rest: Vec<IpAddr>,
    /// True if IPv6 addresses were looked up too, or were not requested.
    pub complete: bool,
}

impl Addresses {
    /// Returns the number of addresses that were tried, including the visited one.
    pub fn tried(&self) -> usize {
        let failures = self.failed.iter().map(|(_, failure)| failure.reason);
        failures.filter(|it| *it != Reason::UnusableAddress).count() + 1
    }

    /// Returns the number of known addresses of the name.
    pub fn of(&self) -> usize {
        self.failed.len() + 1 + self.rest.len()
    }
}

/// Maximum number of connections in a visit, more than all probes of one endpoint need. A visit stops at
/// this limit, and no recorded visit has more.
pub(crate) const MAX_EXCHANGES: usize = 1024;

/// Maximum size of all certificates of a visit, in bytes. A visit that reaches it makes no more
/// connections. For an ordinary server, a dozen chains of a few KiB are kept.
pub(crate) const MAX_CHAIN_BYTES: usize = 16 * 1024 * 1024;

impl Observation {
    /// Returns the first visit to an endpoint before any exchange, with nothing asked beyond the verdict.
    pub fn of(endpoint: Endpoint, started_at: Timestamp) -> Self {
        Self {
            endpoint,
            started_at,
            attempt: 1,
            timing: Timing::default(),
            failure: None,
            versions_asked: false,
            facts_asked: FactSet::default(),
            addresses: None,
            exchanges: Vec::new(),
        }
    }

    /// Returns the first exchange with this offer, or `None` if it was not made.
    pub fn exchange(&self, offer: Offer) -> Option<&Exchange> {
        self.exchanges.iter().find(|it| it.offer == offer)
    }

    /// Adds an exchange. It replaces the previous exchange if that one was dropped and the same ClientHello
    /// now got an answer: the drop was temporary. Version probes and questions that form a series keep
    /// both, because their own rules count the drops.
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

    /// Returns the size in bytes of the certificates of all exchanges. Shared certificates count once for each
    /// exchange.
    pub(crate) fn chain_bytes(&self) -> usize {
        let chains = self.exchanges.iter().filter_map(|it| it.chain.as_ref());
        let certificates = chains.flat_map(|chain| &chain.certificates);
        let bytes = |it: &Arc<Certificate>| it.der.len() + size_of::<Certificate>();
        certificates.map(bytes).sum()
    }

    /// Returns the exchange that the verdict rests on, or `None` if there is none: the one that got
    /// furthest, and the earliest of equals. Some offers never count ([`Offer::speaks`]).
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
        // `max_by_key` returns the last of equals, so the order is reversed to get the earliest.
        let candidates = self.exchanges.iter().rev().filter(speaks);
        candidates.max_by_key(|exchange| rank(exchange))
    }

    /// Returns true if the service speaks TLS from the first byte where a plaintext dialogue was
    /// expected, or `None` if that is not known.
    pub fn implicit_tls(&self) -> Option<bool> {
        let speaks_tls = |exchange: &Exchange| {
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
        let seen: Vec<bool> = self.exchanges.iter().filter_map(speaks_tls).collect();
        (!seen.is_empty()).then(|| seen.contains(&true))
    }

    /// Returns the failure of the visit as a whole, or `None` if it succeeded.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure
            .as_ref()
            .or_else(|| self.contradicted())
            .or_else(|| self.decisive()?.failure.as_ref())
    }

    /// Returns what the server chose in TLS 1.3 if it requires a group or suite that this scanner can
    /// recognize but not compute: the server refused the modern offer, and named the group or suite in
    /// its answer to [`Offer::Rest`].
    pub fn insists(&self) -> Option<&Session> {
        let rest = self
            .exchange(Offer::Rest)
            .filter(|_| self.exchange(Offer::MoreGroups).is_none())?;
        let session = rest.session.as_ref()?;
        let failure = rest.failure.as_ref()?;
        let usual = MODERN_SUITES.contains(&session.cipher)
            && session.group.is_none_or(|it| MODERN_GROUPS.contains(&it));
        let chosen =
            session.version == ProtocolVersion::Tls13 && failure.reason == Reason::Incompatible;
        (chosen && !usual).then_some(session)
    }

    /// Returns the failure of the modern offer if the server then answered an older offer with only
    /// parameters that the modern one had offered too. The server then did not refuse the parameters: it
    /// does not tolerate a current ClientHello (too new or too long), or the failure was temporary.
    /// Current clients fail with it in either case.
    pub fn contradicted(&self) -> Option<&Failure> {
        if self.insists().is_some() {
            return None;
        }
        let refused = self.exchange(Offer::Modern)?;
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
        // A key on a curve that only the wide offer contains explains the refusal.
        let leaf = answered.chain.as_ref().and_then(PeerChain::leaf);
        let usual = leaf.is_none_or(|leaf| {
            let key = leaf.contents.as_ref().map(|contents| &contents.key);
            key.is_ok_and(|key| key.kind != KeyKind::Ec || CURVES.contains(&key.name.as_str()))
        });
        let refused = refused.failure.as_ref().filter(|_| offered && usual)?;
        // If the scanner could not continue, the server did not refuse anything.
        let by_server = matches!(
            refused.reason,
            Reason::Alert | Reason::Eof | Reason::Reset | Reason::Timeout
        );
        by_server.then_some(refused)
    }

    /// Returns true if the server rejected the offered ALPN protocols and was asked again without
    /// ALPN.
    pub fn refused_alpn(&self) -> bool {
        let mut exchanges = self.exchanges.iter();
        exchanges.any(|exchange| exchange.offer == Offer::NoAlpn)
    }

    /// Returns the negotiated parameters of the decisive exchange.
    pub fn session(&self) -> Option<&Session> {
        self.decisive()?.session.as_ref()
    }

    /// Returns true if [`Self::chain`] lacks certificates that the server announced.
    pub fn chain_cut(&self) -> bool {
        self.decisive().is_some_and(|exchange| exchange.chain_cut)
    }

    /// Returns the certificates of the decisive exchange.
    pub fn chain(&self) -> Option<&PeerChain> {
        self.decisive()?.chain.as_ref()
    }
}

/// How far an exchange got. The exchange with the greatest value is decisive. Fields are compared in
/// this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Decisiveness {
    /// It completed.
    complete: bool,
    /// The server sent a chain.
    chain: bool,
    /// The version is at least TLS 1.2.
    current: bool,
    /// The server sent a ServerHello.
    chosen: bool,
    /// See [`limit_of_ours`].
    limit: u8,
}

/// Ranks a failure if one exchange of the visit hit a limit of this scanner. That limit says more than a
/// refusal of the older hellos. It says less than a server that got further, is silent or does not speak
/// TLS.
fn limit_of_ours(session: Option<&Session>, failure: Option<&Failure>) -> u8 {
    match failure.map(|failure| failure.reason) {
        Some(Reason::ScannerLimit) if session.is_some() => 0,
        Some(Reason::ScannerLimit) => 2,
        Some(Reason::NotTls | Reason::Timeout | Reason::LocalLimit) => 3,
        _ => 1,
    }
}
