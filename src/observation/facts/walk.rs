//! A row of hellos as it was answered: each leaves out what the answers before it chose, until the
//! server has no more to choose from. What ended the row is kept as a kind, and never read back
//! from words that a server may have chosen.

use std::borrow::Cow;

use super::offered::Offered;
use super::question::Question;
use crate::observation::versions::reason_text;
use crate::observation::{Exchange, Failure, Offer, Reason};
use crate::tls::{AlertDescription, ProtocolVersion};

/// What the row has come to.
#[derive(Default)]
pub(super) struct Walk {
    /// The numbers chosen, in turn.
    pub(super) accepted: Vec<u16>,
    /// How many hellos were sent.
    pub(super) asked: usize,
    /// What ended it; `None` while there is more to ask.
    pub(super) end: Option<End>,
    closes: Closes,
}

/// What ended a row, with its words.
pub(super) enum End {
    /// There is nothing left to ask for, or an older version was chosen.
    Shown(Cow<'static, str>),
    /// By an alert that means "none of these".
    Refused(Cow<'static, str>),
    /// By closing or resetting at one hello twice.
    Closed(Cow<'static, str>),
    /// Anything else: what else is accepted is not known.
    Broke(Cow<'static, str>),
}

/// The closes and resets of a row. One may come in passing (a limit on connections, a restart), so
/// the same hello is sent again. Of a server that then goes on, closes tell nothing any more.
#[derive(Clone, Copy, Default, PartialEq)]
enum Closes {
    #[default]
    None,
    /// The last answer was one.
    Last,
    /// One came in passing.
    Passed,
}

impl Walk {
    pub(super) fn over(exchanges: &[Exchange], question: Question) -> Self {
        let mut walk = Self::default();
        let offer = Offer::Asked(question);
        for exchange in exchanges.iter().filter(|exchange| exchange.offer == offer) {
            walk.asked += 1;
            walk.take(answer(exchange, question, walk.accepted.is_empty()));
        }
        let mut on_offer = Offered::at_first(question).list(question).into_owned();
        on_offer.retain(|number| !walk.accepted.contains(number));
        if walk.end.is_none() && on_offer.is_empty() {
            walk.end = Some(End::Shown("all_accepted".into()));
        }
        walk
    }

    fn take(&mut self, answer: Result<u16, End>) {
        let closes = self.closes;
        if closes == Closes::Last {
            self.closes = Closes::Passed;
        }
        match answer {
            // The one number that is offered again is the curve of the certificate.
            Ok(number) if self.accepted.contains(&number) => {
                self.end = Some(End::Broke("certificate_curve".into()));
            }
            Ok(number) => self.accepted.push(number),
            Err(End::Closed(_)) if closes == Closes::None => self.closes = Closes::Last,
            Err(End::Closed(text)) if closes == Closes::Passed => {
                self.end = Some(End::Broke(text));
            }
            Err(end) => self.end = Some(end),
        }
    }

    /// Whether there is more to ask.
    pub(super) fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether what ended it may as well be a limit on connections. A server that is then asked for
    /// what it accepted, and accepts it, has meant it.
    pub(super) fn is_doubted(&self) -> bool {
        let no = matches!(self.end, Some(End::Refused(_) | End::Closed(_)));
        no && !self.accepted.is_empty()
    }
}

/// The number chosen, or why there is none.
fn answer(exchange: &Exchange, question: Question, first: bool) -> Result<u16, End> {
    let (Question::Suites(version) | Question::Groups(version)) = question else {
        return Err(End::Broke("no list".into()));
    };
    let Some(session) = exchange.agreed() else {
        let failure = exchange.failure.as_ref();
        let end = match (failure, &exchange.session) {
            (None, _) => End::Broke("no answer".into()),
            // Who has chosen has not said no, however it went on.
            (Some(failure), Some(_)) => End::Broke(reason_text(failure)),
            (Some(failure), None) => end_of(failure, version, first),
        };
        return Err(end);
    };
    if session.version != version {
        return Err(End::Shown(format!("chose {}", session.version).into()));
    }
    match question {
        Question::Groups(_) => session.group.ok_or(End::Broke("no group named".into())),
        _ => Ok(session.cipher),
    }
}

fn end_of(failure: &Failure, version: ProtocolVersion, first: bool) -> End {
    let text = reason_text(failure);
    match failure.reason {
        Reason::Eof | Reason::Reset => End::Closed(text),
        _ if says_no(failure, version, first) => End::Refused(text),
        _ => End::Broke(text),
    }
}

/// Whether the alert means "none of these": others may mean anything. The first hello of TLS 1.3
/// may be refused for its empty key share, unless it is in the version's own word.
fn says_no(failure: &Failure, version: ProtocolVersion, first: bool) -> bool {
    const NO: [AlertDescription; 3] = [
        AlertDescription::PROTOCOL_VERSION,
        AlertDescription::HANDSHAKE_FAILURE,
        AlertDescription::INSUFFICIENT_SECURITY,
    ];
    let told = if first && version == ProtocolVersion::Tls13 {
        &NO[..1]
    } else {
        &NO
    };
    told.iter().any(|alert| failure.is_alert(*alert))
}
