//! What the exchanges of a visit prove about one protocol version.

use std::borrow::Cow;

use crate::observation::{Exchange, Failure, Offer, Reason, Session, Stage, phrases};
use crate::tls::{AlertDescription, ProtocolVersion};

/// What is known about one version, with the text of the reason and the offer that was answered.
pub(super) enum Evidence {
    /// The server chose the version and sent a complete answer.
    Supported(&'static str, Offer),
    /// The server rejected the version.
    Rejected(Cow<'static, str>, Offer),
    /// The server twice closed, reset or sent an invalid answer. The meaning depends on the other
    /// versions.
    Broke(Cow<'static, str>, Offer),
    /// The server did so once, which may be temporary.
    Doubtful(Cow<'static, str>, Offer),
    /// The server sent `internal_error` once, which may be temporary.
    DoubtfulNo(Cow<'static, str>, Offer),
    /// The server twice chose the version and then aborted the handshake.
    BrokeOff(Cow<'static, str>, Offer),
    /// The server chose the version once and then aborted the handshake.
    DoubtfulChoice(Cow<'static, str>, Offer),
    /// The downgrade mark in an older answer claims the version.
    Claimed(Offer),
    /// The connection was dropped once before TLS, so the ClientHello was not sent.
    TurnedAway(Cow<'static, str>, Offer),
    /// The server did not answer.
    Silent(Cow<'static, str>, Offer),
}

impl Evidence {
    /// Returns true if it is a definite answer of the server.
    pub(super) fn answers(&self) -> bool {
        matches!(
            self,
            Self::Supported(..) | Self::Rejected(..) | Self::BrokeOff(..)
        )
    }

    /// Returns the offer that was answered.
    fn offer(&self) -> Offer {
        match self {
            Self::Supported(_, offer) | Self::Claimed(offer) => *offer,
            Self::Rejected(_, offer)
            | Self::Broke(_, offer)
            | Self::Doubtful(_, offer)
            | Self::DoubtfulNo(_, offer)
            | Self::BrokeOff(_, offer)
            | Self::DoubtfulChoice(_, offer)
            | Self::TurnedAway(_, offer)
            | Self::Silent(_, offer) => *offer,
        }
    }

    /// Returns true if it only rests on the answer to a TLS 1.3 hello without a key share.
    fn is_begun(&self) -> bool {
        let tls13 = Offer::Version(ProtocolVersion::Tls13);
        matches!(self, Self::Supported(_, offer) if [tls13, Offer::Rest].contains(offer))
    }

    /// Returns true if it must be confirmed by a second attempt.
    pub(super) fn is_doubtful(&self) -> bool {
        matches!(
            self,
            Self::Doubtful(..)
                | Self::DoubtfulNo(..)
                | Self::DoubtfulChoice(..)
                | Self::TurnedAway(..)
        )
    }
}

/// Returns the strongest evidence for a version: support before rejection, and rejection before the
/// rest. Returns `None` if no exchange says anything about it.
pub(super) fn evidence(exchanges: &[Exchange], version: ProtocolVersion) -> Option<Evidence> {
    // An offer that skips the plaintext dialogue says nothing about the service, and a `--facts`
    // question or an offer without some signatures has a shortened list.
    let relevant = || {
        let shortened = |offer| matches!(offer, Offer::BrowserTls13 | Offer::Asked(_));
        let counts = move |it: &&Exchange| it.offer != Offer::Implicit && !shortened(it.offer);
        exchanges.iter().filter(counts)
    };
    let each = |look: fn(&Exchange, ProtocolVersion) -> Option<Evidence>| {
        relevant().find_map(|exchange| look(exchange, version))
    };
    let supported = each(supports);
    let broken = || each(breaks_off).filter(|_| supported.as_ref().is_some_and(Evidence::is_begun));
    let found = broken()
        .or(supported)
        .or_else(|| each(passes_over))
        .or_else(|| refusal(exchanges, version));
    match found {
        None | Some(Evidence::Silent(..)) => each(claims).or(found),
        found => found,
    }
}

/// Returns evidence of a handshake that the server aborted after it had chosen this version. The
/// HelloRetryRequest, which is all that the TLS 1.3 probe receives, does not outweigh that.
fn breaks_off(exchange: &Exchange, version: ProtocolVersion) -> Option<Evidence> {
    let session = exchange.session.as_ref()?;
    let failure = exchange.failure.as_ref()?;
    let by_us = matches!(
        failure.reason,
        Reason::Incompatible | Reason::TooLarge | Reason::LocalLimit
    );
    let broke = session.version == version && !exchange.offer.template().hand_made && !by_us;
    broke.then(|| Evidence::BrokeOff(reason_text(failure), exchange.offer))
}

/// Returns the strongest evidence from the probes of this version if none of them proves support:
/// definite answers first. A server that aborted once and was silent once has not answered.
fn refusal(exchanges: &[Exchange], version: ProtocolVersion) -> Option<Evidence> {
    let ends = || exchanges.iter().filter_map(|it| refuses(it, version));
    let silent = |end: &Evidence| matches!(end, Evidence::Silent(..));
    let chosen = |end: &Evidence| matches!(end, Evidence::DoubtfulChoice(..));
    let definite = ends()
        .find(Evidence::answers)
        .or_else(|| confirmed_by_repeat(ends));
    definite
        .or_else(|| ends().find(silent))
        .or_else(|| ends().find(chosen))
        .or_else(|| ends().next())
}

/// Returns the confirmed form of a doubtful reaction that the server showed twice to the same
/// ClientHello, or `None` if there is none.
fn confirmed_by_repeat<I: Iterator<Item = Evidence>>(ends: impl Fn() -> I) -> Option<Evidence> {
    let doubtful = || ends().filter(Evidence::is_doubtful);
    let again = |end: &Evidence| doubtful().filter(|it| it.offer() == end.offer()).count() > 1;
    let seen = || doubtful().filter(again);
    let chosen = |end: &Evidence| matches!(end, Evidence::DoubtfulChoice(..));
    Some(match seen().find(chosen).or_else(|| seen().next())? {
        Evidence::DoubtfulChoice(text, offer) => Evidence::BrokeOff(text, offer),
        Evidence::DoubtfulNo(text, offer) => Evidence::Rejected(text, offer),
        Evidence::TurnedAway(text, offer) => Evidence::Silent(text, offer),
        Evidence::Doubtful(text, offer) => Evidence::Broke(text, offer),
        end => end,
    })
}

fn supports(exchange: &Exchange, version: ProtocolVersion) -> Option<Evidence> {
    let session = completed(exchange).filter(|it| it.version == version)?;
    let template = exchange.offer.template();
    // To a server that knows no supported_versions, a TLS 1.3 hello offers TLS 1.2 and older.
    let oldest = if template.hand_made {
        ProtocolVersion::Ssl3
    } else {
        template.oldest
    };
    let offered = (oldest..=template.newest).contains(&session.version);
    offered.then_some(Evidence::Supported(phrases::CHOSEN, exchange.offer))
}

/// Returns the negotiated parameters if the server's first flight is complete. This includes the answer
/// to [`Offer::Rest`] where only this scanner could not continue.
fn completed(exchange: &Exchange) -> Option<&Session> {
    let unable = |failure: &Failure| failure.reason == Reason::Incompatible;
    let only_us = exchange.offer == Offer::Rest && exchange.failure.as_ref().is_some_and(unable);
    let session = exchange.session.as_ref().filter(|_| only_us);
    session.or_else(|| exchange.agreed())
}

/// Returns evidence from the downgrade mark in the random of an answer to an older offer.
fn claims(exchange: &Exchange, version: ProtocolVersion) -> Option<Evidence> {
    let session = exchange.agreed()?;
    let newest = exchange.offer.template().newest;
    let marked = session.downgrade == Some(version) && version == ProtocolVersion::Tls13;
    (marked && newest < version).then_some(Evidence::Claimed(exchange.offer))
}

/// Returns evidence that an older version was chosen although this one was offered.
fn passes_over(exchange: &Exchange, version: ProtocolVersion) -> Option<Evidence> {
    let chosen = exchange.session.as_ref()?.version;
    let template = exchange.offer.template();
    let passed = (template.oldest..=template.newest).contains(&version) && chosen < version;
    passed.then(|| Evidence::Rejected(format!("chose {chosen}").into(), exchange.offer))
}

/// Returns evidence from the failure of a probe of this version. A short hello does not offer
/// everything that the version has, so only an alert about the version itself rejects it.
pub(super) fn refuses(exchange: &Exchange, version: ProtocolVersion) -> Option<Evidence> {
    if exchange.offer.asks_for() != Some(version) {
        return None;
    }
    let offer = exchange.offer;
    if let Some(session) = &exchange.session {
        if session.version == version {
            let how = exchange.failure.as_ref().map(reason_text);
            return Some(Evidence::DoubtfulChoice(how.unwrap_or_default(), offer));
        }
        let nonsense = format!("chose {}, which was not on offer", session.version);
        return Some(Evidence::Doubtful(nonsense.into(), offer));
    }
    let failure = exchange.failure.as_ref()?;
    let internal = failure.is_alert(AlertDescription::INTERNAL_ERROR);
    let about_version = failure.is_alert(AlertDescription::PROTOCOL_VERSION);
    let short = matches!(offer, Offer::ShortVersion(_));
    Some(match failure.reason {
        _ if failure.stage != Stage::Handshake && failure.is_drop() => {
            Evidence::TurnedAway(reason_text(failure), offer)
        }
        _ if failure.stage != Stage::Handshake => Evidence::Silent(reason_text(failure), offer),
        Reason::Timeout | Reason::LocalLimit => Evidence::Silent(reason_text(failure), offer),
        Reason::Alert if internal => Evidence::DoubtfulNo(reason_text(failure), offer),
        Reason::Alert if short && !about_version => return None,
        Reason::Alert => Evidence::Rejected(reason_text(failure), offer),
        _ => Evidence::Doubtful(reason_text(failure), offer),
    })
}

/// Returns a short text for the failure.
pub(in crate::observation) fn reason_text(failure: &Failure) -> Cow<'static, str> {
    match failure.reason {
        Reason::Eof => phrases::CLOSE.into(),
        Reason::Reset => "reset".into(),
        Reason::Timeout => "timeout".into(),
        Reason::Refused => "refused".into(),
        Reason::LocalLimit => "local_limit".into(),
        Reason::TooLarge => "too_large".into(),
        Reason::ScannerLimit => "scanner_limit".into(),
        _ => failure.detail.clone().into(),
    }
}

/// Returns true unless the version is known to be rejected.
pub(in crate::observation) fn may_speak(exchanges: &[Exchange], version: ProtocolVersion) -> bool {
    let known = evidence(exchanges, version);
    !matches!(
        known,
        Some(Evidence::Rejected(..) | Evidence::Broke(..) | Evidence::BrokeOff(..))
    )
}
