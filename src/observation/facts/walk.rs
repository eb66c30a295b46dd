//! A series of hellos and its answers: each hello omits what the earlier answers chose, until the server
//! accepts nothing more. What ended the series is an enum. Code never derives it from text, which a server
//! may control.

use std::borrow::Cow;

use super::offered::Offered;
use super::series::Series;
use crate::observation::versions::reason_text;
use crate::observation::{Exchange, Failure, Offer, Reason, phrases};
use crate::tls::{AlertDescription, ProtocolVersion};

/// The state of a series.
#[derive(Default)]
pub(super) struct Walk {
    /// The numbers chosen, in order.
    pub(super) accepted: Vec<u16>,
    /// Number of hellos sent.
    pub(super) asked: usize,
    /// What ended it, or `None` while it is open.
    pub(super) end: Option<WalkEnd>,
    closes: Closes,
}

/// What ended a series, with its text.
pub(super) enum WalkEnd {
    /// Everything was accepted, or the server chose an older version.
    Shown(Cow<'static, str>),
    /// An alert that means "none of these".
    Refused(Cow<'static, str>),
    /// Two closes or resets after the same hello.
    Closed(Cow<'static, str>),
    /// Anything else: it is not known what else is accepted.
    Broke(Cow<'static, str>),
}

/// The closes and resets of a series. One may be temporary (a connection limit, a restart), so the same
/// hello is sent again. If the server then continues, further closes prove nothing.
#[derive(Clone, Copy, Default, PartialEq)]
enum Closes {
    #[default]
    None,
    /// The last answer was a close or reset.
    Last,
    /// A close or reset was temporary.
    Passed,
}

impl Walk {
    pub(super) fn over(exchanges: &[Exchange], series: Series) -> Self {
        let mut walk = Self::default();
        let offer = Offer::Asked(series.question());
        for exchange in exchanges.iter().filter(|exchange| exchange.offer == offer) {
            walk.asked += 1;
            walk.take(answer(exchange, series, walk.accepted.is_empty()));
        }
        let mut on_offer = Offered::list(series).into_owned();
        on_offer.retain(|number| !walk.accepted.contains(number));
        if walk.end.is_none() && on_offer.is_empty() {
            walk.end = Some(WalkEnd::Shown(phrases::ALL_ACCEPTED.into()));
        }
        walk
    }

    fn take(&mut self, answer: Result<u16, WalkEnd>) {
        let closes = self.closes;
        if closes == Closes::Last {
            self.closes = Closes::Passed;
        }
        match answer {
            // Only the curve of the certificate is offered again.
            Ok(number) if self.accepted.contains(&number) => {
                self.end = Some(WalkEnd::Broke(phrases::CERTIFICATE_CURVE.into()));
            }
            Ok(number) => self.accepted.push(number),
            Err(WalkEnd::Closed(_)) if closes == Closes::None => self.closes = Closes::Last,
            Err(WalkEnd::Closed(text)) if closes == Closes::Passed => {
                self.end = Some(WalkEnd::Broke(text));
            }
            Err(end) => self.end = Some(end),
        }
    }

    /// Returns true if the series has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Returns true if a connection limit may have ended it. If the server still accepts what it accepted
    /// before, the end was a real refusal.
    pub(super) fn is_doubted(&self) -> bool {
        let no = matches!(self.end, Some(WalkEnd::Refused(_) | WalkEnd::Closed(_)));
        no && !self.accepted.is_empty()
    }
}

/// Returns the chosen number, or why there is none.
fn answer(exchange: &Exchange, series: Series, first: bool) -> Result<u16, WalkEnd> {
    let version = series.version();
    let Some(session) = exchange.agreed() else {
        let failure = exchange.failure.as_ref();
        let end = match (failure, &exchange.session) {
            (None, _) => WalkEnd::Broke(phrases::NO_ANSWER.into()),
            // A ServerHello arrived, so this is not a refusal, whatever failed afterwards.
            (Some(failure), Some(_)) => WalkEnd::Broke(reason_text(failure)),
            (Some(failure), None) => end_of(failure, version, first),
        };
        return Err(end);
    };
    if session.version != version {
        return Err(WalkEnd::Shown(format!("chose {}", session.version).into()));
    }
    match series {
        Series::Groups(_) => session
            .group
            .ok_or(WalkEnd::Broke(phrases::NO_GROUP.into())),
        Series::Suites(_) => Ok(session.cipher),
    }
}

fn end_of(failure: &Failure, version: ProtocolVersion, first: bool) -> WalkEnd {
    let text = reason_text(failure);
    match failure.reason {
        Reason::Eof | Reason::Reset => WalkEnd::Closed(text),
        _ if means_none_accepted(failure, version, first) => WalkEnd::Refused(text),
        _ => WalkEnd::Broke(text),
    }
}

/// Returns true if the alert means "none of these"; other alerts may mean anything. The first hello of
/// TLS 1.3 may be refused because of its empty key share, so there only `protocol_version` counts.
fn means_none_accepted(failure: &Failure, version: ProtocolVersion, first: bool) -> bool {
    const NO: [AlertDescription; 3] = [
        AlertDescription::PROTOCOL_VERSION,
        AlertDescription::HANDSHAKE_FAILURE,
        AlertDescription::INSUFFICIENT_SECURITY,
    ];
    let alerts = if first && version == ProtocolVersion::Tls13 {
        &NO[..1]
    } else {
        &NO
    };
    alerts.iter().any(|alert| failure.is_alert(*alert))
}
