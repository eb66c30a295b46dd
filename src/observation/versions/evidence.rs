//! What the exchanges of a visit prove about one protocol version.

use std::borrow::Cow;

use crate::observation::{Exchange, Failure, Offer, Reason, Session, Stage};
use crate::tls::{AlertDescription, ProtocolVersion};

/// What is known of one version: the text of the reason, and the offer it was the answer to.
pub(super) enum Evidence {
    Supported(&'static str, Offer),
    Rejected(Cow<'static, str>, Offer),
    /// It closed, reset or answered nonsense, twice: what that means depends on the other versions.
    Broke(Cow<'static, str>, Offer),
    /// It did so once, and that may have come in passing.
    Doubtful(Cow<'static, str>, Offer),
    /// It sent `internal_error` once, which may have come in passing too.
    DoubtfulNo(Cow<'static, str>, Offer),
    /// It chose the version and then broke off, twice.
    BrokeOff(Cow<'static, str>, Offer),
    /// It did so once.
    DoubtfulChoice(Cow<'static, str>, Offer),
    /// The mark in an older answer says that it could have.
    Claimed(Offer),
    /// The connection was dropped before TLS, once: the hello was not sent.
    TurnedAway(Cow<'static, str>, Offer),
    Silent(Cow<'static, str>, Offer),
}

impl Evidence {
    /// Whether the server has said what it does with the version.
    pub(super) fn answers(&self) -> bool {
        matches!(
            self,
            Self::Supported(..) | Self::Rejected(..) | Self::BrokeOff(..)
        )
    }

    /// Returns the offer that it is the answer to.
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

    /// Whether it is no more than the answer to a TLS 1.3 hello without a key.
    fn is_begun(&self) -> bool {
        let tls13 = Offer::Version(ProtocolVersion::Tls13);
        matches!(self, Self::Supported(_, offer) if [tls13, Offer::Rest].contains(offer))
    }

    /// Whether it must be seen once more.
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

/// The strongest evidence: what supports before what rejects, and that before the rest.
pub(super) fn evidence(exchanges: &[Exchange], version: ProtocolVersion) -> Option<Evidence> {
    // An offer without the service's own dialogue tells nothing of the service, and one for a fact
    // has a list cut short.
    let told = || {
        let tells = |it: &&Exchange| !matches!(it.offer, Offer::Implicit | Offer::Asked(_));
        exchanges.iter().filter(tells)
    };
    let each = |look: fn(&Exchange, ProtocolVersion) -> Option<Evidence>| {
        told().find_map(|exchange| look(exchange, version))
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

/// A whole handshake that got as far as the server's choice of this version and was then broken off
/// by the server. A request for another hello, which is all that the question about TLS 1.3 gets,
/// does not outweigh that.
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

/// What came of asking for this very version: a word before no word. Where the server broke off once
/// and was silent once, it has not answered.
fn refusal(exchanges: &[Exchange], version: ProtocolVersion) -> Option<Evidence> {
    let ends = || exchanges.iter().filter_map(|it| refuses(it, version));
    let silent = |end: &Evidence| matches!(end, Evidence::Silent(..));
    let chosen = |end: &Evidence| matches!(end, Evidence::DoubtfulChoice(..));
    let word = ends().find(Evidence::answers).or_else(|| twice(ends));
    word.or_else(|| ends().find(silent))
        .or_else(|| ends().find(chosen))
        .or_else(|| ends().next())
}

/// What the server did twice to one and the same hello did not come in passing.
fn twice<I: Iterator<Item = Evidence>>(ends: impl Fn() -> I) -> Option<Evidence> {
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
    offered.then_some(Evidence::Supported("chosen", exchange.offer))
}

/// What was agreed, where the server's first flight came to its end. The answer to `rest` did: it
/// is we who cannot go on.
fn completed(exchange: &Exchange) -> Option<&Session> {
    let unable = |failure: &Failure| failure.reason == Reason::Incompatible;
    let only_us = exchange.offer == Offer::Rest && exchange.failure.as_ref().is_some_and(unable);
    let session = exchange.session.as_ref().filter(|_| only_us);
    session.or_else(|| exchange.agreed())
}

/// The mark of a better version than was on offer, in the random of an older answer.
fn claims(exchange: &Exchange, version: ProtocolVersion) -> Option<Evidence> {
    let session = exchange.agreed()?;
    let newest = exchange.offer.template().newest;
    let marked = session.downgrade == Some(version) && version == ProtocolVersion::Tls13;
    (marked && newest < version).then_some(Evidence::Claimed(exchange.offer))
}

/// An older version chosen although this one was on offer.
fn passes_over(exchange: &Exchange, version: ProtocolVersion) -> Option<Evidence> {
    let chosen = exchange.session.as_ref()?.version;
    let template = exchange.offer.template();
    let passed = (template.oldest..=template.newest).contains(&version) && chosen < version;
    passed.then(|| Evidence::Rejected(format!("chose {chosen}").into(), exchange.offer))
}

/// The end of an exchange that asked for this very version. What a short hello offers is not all that
/// the version has: only a word about the version itself refuses it.
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

/// The failure in a word or two.
pub(in crate::observation) fn reason_text(failure: &Failure) -> Cow<'static, str> {
    match failure.reason {
        Reason::Eof => "close".into(),
        Reason::Reset => "reset".into(),
        Reason::Timeout => "timeout".into(),
        Reason::Refused => "refused".into(),
        Reason::LocalLimit => "local_limit".into(),
        Reason::TooLarge => "too_large".into(),
        Reason::ScannerLimit => "scanner_limit".into(),
        _ => failure.detail.clone().into(),
    }
}

/// Whether the version is not known to be refused.
pub(in crate::observation) fn may_speak(exchanges: &[Exchange], version: ProtocolVersion) -> bool {
    let known = evidence(exchanges, version);
    !matches!(
        known,
        Some(Evidence::Rejected(..) | Evidence::Broke(..) | Evidence::BrokeOff(..))
    )
}
