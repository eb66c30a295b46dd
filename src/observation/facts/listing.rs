//! What a row of hellos finds: each leaves out what the answers before it chose, until the server
//! has no more to choose from.

use std::borrow::Cow;

use super::offered::{Offered, is_chacha};
use super::question::Question;
use crate::observation::versions::reason_text;
use crate::observation::{Exchange, Failure, Offer, Reason};
use crate::tls::{ProtocolVersion, alert, alert_name};

/// Whose order of suites counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The server's own.
    Server,
    /// The client's.
    Client,
}

/// What a server accepts of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The numbers accepted, in the order in which the server chose them.
    pub accepted: Vec<u16>,
    /// Whether there are no others of those on offer: the server said so, or accepted them all.
    pub complete: bool,
    /// What ended the row: `all_accepted`, an alert's name, `close`, `timeout`, `chose TLSv1.1`,
    /// ...
    pub ended_by: Cow<'static, str>,
    /// Whose order counts, where that was seen.
    pub order: Option<Order>,
    /// The numbers on offer, best first.
    offered: Cow<'static, [u16]>,
}

impl Listing {
    /// What was found; `None` where nothing was asked.
    pub fn of(exchanges: &[Exchange], question: Question) -> Option<Self> {
        let walk = Walk::over(exchanges, question);
        if walk.asked == 0 {
            return None;
        }
        let offered = Offered::at_first(question).list(question);
        let (look, order) = match question {
            Question::Suites(version) => {
                let look = second_look(exchanges, version);
                (look, order(&walk.accepted, &offered, look))
            }
            _ => (None, None),
        };
        let (complete, ended_by) = match walk.end {
            None => (false, "out of time".into()),
            // A close says no where the server then still accepts what it accepted before.
            Some(End::Closed(text)) => (look.is_some(), text),
            Some(End::Said(text)) => (true, text),
            Some(End::Broke(text)) => (false, text),
        };
        Some(Self {
            accepted: walk.accepted,
            complete,
            ended_by,
            order,
            offered,
        })
    }

    /// Whether one more hello tells more: whose order it was, or whether a close was a no.
    pub(super) fn needs_second_look(&self) -> bool {
        let closed = ["close", "reset"].contains(&&*self.ended_by);
        match self.accepted.len() {
            0 => false,
            1 => closed,
            _ => {
                let tells = turned(&self.accepted).first() != self.accepted.first();
                closed || tells && in_order(&self.accepted, &self.offered)
            }
        }
    }
}

/// What the row has come to.
pub(super) struct Walk {
    pub(super) accepted: Vec<u16>,
    asked: usize,
    end: Option<End>,
}

enum End {
    /// The server said no, or there is nothing left to ask for.
    Said(Cow<'static, str>),
    /// It closed or reset.
    Closed(Cow<'static, str>),
    /// Anything else: what else it accepts is not known.
    Broke(Cow<'static, str>),
}

impl Walk {
    pub(super) fn over(exchanges: &[Exchange], question: Question) -> Self {
        let mut walk = Self {
            accepted: Vec::new(),
            asked: 0,
            end: None,
        };
        let offer = Offer::Asked(question);
        for exchange in exchanges.iter().filter(|exchange| exchange.offer == offer) {
            walk.asked += 1;
            match answer(exchange, question) {
                Ok(number) if walk.accepted.contains(&number) => {
                    // The one number that is offered again is the curve of the certificate.
                    walk.end = Some(End::Broke("certificate_curve".into()));
                }
                Ok(number) => walk.accepted.push(number),
                Err(end) => walk.end = Some(end),
            }
        }
        let mut on_offer = Offered::at_first(question).list(question).into_owned();
        on_offer.retain(|number| !walk.accepted.contains(number));
        if walk.end.is_none() && on_offer.is_empty() {
            walk.end = Some(End::Said("all_accepted".into()));
        }
        walk
    }

    /// Whether there is more to ask.
    pub(super) fn is_open(&self) -> bool {
        self.end.is_none()
    }
}

/// The number chosen, or why there is none.
fn answer(exchange: &Exchange, question: Question) -> Result<u16, End> {
    let version = match question {
        Question::Suites(version) | Question::Groups(version) => version,
        _ => return Err(End::Broke("no list".into())),
    };
    let failure = exchange.failure.as_ref();
    // An anonymous suite is an accepted one.
    if let Some(failure) = failure.filter(|failure| failure.reason != Reason::Anonymous) {
        return Err(end_of(failure));
    }
    let Some(session) = &exchange.session else {
        return Err(End::Broke("no answer".into()));
    };
    if session.version != version {
        return Err(End::Said(format!("chose {}", session.version).into()));
    }
    match question {
        Question::Groups(_) => session.group.ok_or(End::Broke("no group named".into())),
        _ => Ok(session.cipher),
    }
}

fn end_of(failure: &Failure) -> End {
    let text = reason_text(failure);
    match failure.reason {
        Reason::Eof | Reason::Reset => End::Closed(text),
        Reason::Alert if says_no(failure) => End::Said(text),
        _ => End::Broke(text),
    }
}

/// The alerts that mean "none of these": others may mean anything.
fn says_no(failure: &Failure) -> bool {
    const NO: [u8; 3] = [
        alert::HANDSHAKE_FAILURE,
        alert::PROTOCOL_VERSION,
        alert::INSUFFICIENT_SECURITY,
    ];
    let names = NO.into_iter().filter_map(alert_name);
    names.into_iter().any(|name| name == failure.detail)
}

/// What was chosen when the order was turned about, if that was answered.
fn second_look(exchanges: &[Exchange], version: ProtocolVersion) -> Option<u16> {
    let offer = Offer::Asked(Question::Order(version));
    let mut looks = exchanges.iter().filter(|exchange| exchange.offer == offer);
    let failed = |failure: &Failure| failure.reason != Reason::Anonymous;
    let look = looks.find(|it| !it.failure.as_ref().is_some_and(failed))?;
    let session = look.session.as_ref()?;
    (session.version == version).then_some(session.cipher)
}

/// A server that follows the client chooses in the client's order; one that chooses otherwise has
/// its own. Where its own happens to be the client's, the second look tells.
fn order(accepted: &[u16], offered: &[u16], look: Option<u16>) -> Option<Order> {
    let (first, rest) = accepted.split_first()?;
    if rest.is_empty() {
        return None;
    }
    if !in_order(accepted, offered) {
        return Some(Order::Server);
    }
    let look = look?;
    let wish = *turned(accepted).first()?;
    match look {
        // All others are ChaCha20, so the first stood in front again.
        _ if wish == *first => None,
        look if look == wish => Some(Order::Client),
        look if look == *first => Some(Order::Server),
        _ => None,
    }
}

/// The accepted suites in the other order, with one in front that says whose order counts.
pub(super) fn turned(accepted: &[u16]) -> Vec<u16> {
    let mut turned: Vec<u16> = accepted.iter().rev().copied().collect();
    if let Some(place) = turned.iter().position(|suite| !is_chacha(*suite)) {
        turned[..=place].rotate_right(1);
    }
    turned
}

fn in_order(accepted: &[u16], offered: &[u16]) -> bool {
    let place = |number: &u16| offered.iter().position(|it| it == number);
    accepted.is_sorted_by_key(place)
}
