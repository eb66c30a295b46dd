//! Which application protocols a server accepts (RFC 7301).

use std::borrow::Cow;

use super::question::Question;
use crate::observation::versions::reason_text;
use crate::observation::{Exchange, Offer, Reason};

/// The protocols asked for, best first.
pub const ALPN_PROTOCOLS: [&str; 2] = ["h2", "http/1.1"];

/// What a server accepts of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocols {
    /// Those accepted, in the order in which the server chose them.
    pub accepted: Vec<&'static str>,
    /// Whether there are no others among those asked for.
    pub complete: bool,
    /// What ended the row: `all_accepted`, `none_chosen`, an alert's name, ...
    pub ended_by: Cow<'static, str>,
}

impl Protocols {
    /// What was found; `None` where nothing was asked.
    pub(super) fn of(exchanges: &[Exchange]) -> Option<Self> {
        let mut found = Self {
            accepted: Vec::new(),
            complete: false,
            ended_by: "out of time".into(),
        };
        let offer = Offer::Asked(Question::Alpn);
        let asked = || exchanges.iter().filter(|exchange| exchange.offer == offer);
        asked().next()?;
        asked().for_each(|exchange| found.take(exchange));
        if found.accepted.len() == ALPN_PROTOCOLS.len() {
            (found.complete, found.ended_by) = (true, "all_accepted".into());
        }
        Some(found)
    }

    fn take(&mut self, exchange: &Exchange) {
        if let Some(failure) = &exchange.failure {
            let none =
                failure.reason == Reason::Alert && failure.detail == "no_application_protocol";
            (self.complete, self.ended_by) = (none, reason_text(failure));
            return;
        }
        let session = exchange.session.as_ref();
        let chosen = session.and_then(|session| session.alpn.as_deref());
        let known = ALPN_PROTOCOLS.into_iter().find(|it| Some(*it) == chosen);
        match known {
            Some(protocol) => self.accepted.push(protocol),
            None => (self.complete, self.ended_by) = (true, "none_chosen".into()),
        }
    }

    /// The protocols that have yet to be asked for; `None` when all is known.
    pub(super) fn left(exchanges: &[Exchange]) -> Option<Vec<&'static str>> {
        let left = |found: &Self| {
            let mut left = ALPN_PROTOCOLS.to_vec();
            left.retain(|protocol| !found.accepted.contains(protocol));
            left
        };
        match Self::of(exchanges) {
            None => Some(ALPN_PROTOCOLS.to_vec()),
            Some(found) if found.complete || found.ended_by != "out of time" => None,
            Some(found) => Some(left(&found)),
        }
    }
}
