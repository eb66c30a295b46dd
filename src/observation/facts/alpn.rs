//! Which ALPN protocols a server accepts (RFC 7301).

use std::borrow::Cow;

use super::question::Question;
use crate::observation::versions::reason_text;
use crate::observation::{Exchange, Failure, Offer, phrases};
use crate::tls::AlertDescription;

/// The offered protocols, most preferred first.
pub const ALPN_PROTOCOLS: [&str; 2] = ["h2", "http/1.1"];

/// The protocols that a server accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocols {
    /// Accepted protocols, in the order in which the server chose them.
    pub accepted: Vec<&'static str>,
    /// True if the server accepts no other offered protocol.
    pub complete: bool,
    /// What ended the series: `all_accepted`, `none_chosen`, an alert's name, ...
    pub ended_by: Cow<'static, str>,
}

/// The answers so far to the series of hellos.
#[derive(Default)]
struct AlpnSeries {
    accepted: Vec<&'static str>,
    asked: usize,
    end: Option<AlpnEnd>,
}

/// What ended the series. Code never derives it from text, which the server may control.
enum AlpnEnd {
    /// All protocols were accepted.
    All,
    /// The server chose none of the remaining protocols.
    NoneChosen,
    /// The handshake failed.
    Failed(Failure),
    /// The server chose a protocol that was not offered again.
    Again,
}

impl Protocols {
    /// Returns what was found, or `None` if ALPN was not probed.
    pub(super) fn of(exchanges: &[Exchange]) -> Option<Self> {
        let row = AlpnSeries::over(exchanges);
        if row.asked == 0 {
            return None;
        }
        let (complete, ended_by) = match row.end {
            None => (false, phrases::OUT_OF_TIME.into()),
            Some(AlpnEnd::All) => (true, phrases::ALL_ACCEPTED.into()),
            Some(AlpnEnd::NoneChosen) => (true, phrases::NONE_CHOSEN.into()),
            Some(AlpnEnd::Again) => (false, phrases::NOT_ON_OFFER.into()),
            Some(AlpnEnd::Failed(failure)) => {
                let none = failure.is_alert(AlertDescription::NO_APPLICATION_PROTOCOL);
                (none, reason_text(&failure))
            }
        };
        Some(Self {
            accepted: row.accepted,
            complete,
            ended_by,
        })
    }

    /// Returns the protocols to offer next, or `None` if the series has ended.
    pub(super) fn left(exchanges: &[Exchange]) -> Option<Vec<&'static str>> {
        let row = AlpnSeries::over(exchanges);
        let mut left = ALPN_PROTOCOLS.to_vec();
        left.retain(|protocol| !row.accepted.contains(protocol));
        row.end.is_none().then_some(left)
    }
}

impl AlpnSeries {
    fn over(exchanges: &[Exchange]) -> Self {
        let mut row = Self::default();
        let offer = Offer::Asked(Question::Alpn);
        for exchange in exchanges.iter().filter(|exchange| exchange.offer == offer) {
            row.asked += 1;
            row.take(exchange);
        }
        row
    }

    /// Adds an answer. Each answer adds a protocol or ends the series, so the series is never longer than
    /// the list.
    fn take(&mut self, exchange: &Exchange) {
        if let Some(failure) = &exchange.failure {
            self.end = Some(AlpnEnd::Failed(failure.clone()));
            return;
        }
        let session = exchange.session.as_ref();
        let chosen = session.and_then(|session| session.alpn.as_deref());
        match ALPN_PROTOCOLS.into_iter().find(|it| Some(*it) == chosen) {
            None => self.end = Some(AlpnEnd::NoneChosen),
            Some(protocol) if self.accepted.contains(&protocol) => self.end = Some(AlpnEnd::Again),
            Some(protocol) => self.accepted.push(protocol),
        }
        if self.accepted.len() == ALPN_PROTOCOLS.len() {
            self.end = Some(AlpnEnd::All);
        }
    }
}
