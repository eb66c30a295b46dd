//! What a row of hellos finds of a list, and how far it can be relied on.

use std::borrow::Cow;

use super::offered::{Offered, is_chacha};
use super::question::Question;
use super::walk::{End, Walk};
use crate::observation::{Exchange, Offer, Session};

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
    /// Whether there are no others of those on offer: the server said so, or accepted them all,
    /// and nothing else in the visit shows another.
    pub complete: bool,
    /// What ended the row: `all_accepted`, an alert's name, `close`, `timeout`, `chose TLSv1.1`,
    /// `contradicted`, `not asked`, ...
    pub ended_by: Cow<'static, str>,
    /// Whose order counts, where that was seen.
    pub order: Option<Order>,
}

impl Listing {
    /// What was found; `None` where nothing was asked.
    pub fn of(exchanges: &[Exchange], question: Question) -> Option<Self> {
        let walk = Walk::over(exchanges, question);
        if walk.asked == 0 {
            return None;
        }
        let offered = Offered::at_first(question).list(question);
        let look = second_look(exchanges, question, &walk.accepted);
        let order = match question {
            Question::Suites(_) => order(&walk.accepted, &offered, look),
            _ => None,
        };
        let meant = look.is_some() || !walk.is_doubted();
        let (complete, ended_by) = match walk.end {
            None => (false, "out of time".into()),
            Some(End::Shown(text)) => (true, text),
            Some(End::Refused(text)) => (meant, text),
            // With nothing accepted there is no second look: a close is no answer.
            Some(End::Closed(text)) => (look.is_some(), text),
            Some(End::Broke(text)) => (false, text),
        };
        let mut shown = shown_elsewhere(exchanges, question);
        let missing = |number| offered.contains(&number) && !walk.accepted.contains(&number);
        let contradicted = complete && shown.any(missing);
        Some(Self {
            complete: complete && !contradicted,
            ended_by: match contradicted {
                true => "contradicted".into(),
                false => ended_by,
            },
            accepted: walk.accepted,
            order,
        })
    }

    /// One whose turn never came.
    pub(super) fn not_asked() -> Self {
        Self {
            accepted: Vec::new(),
            complete: false,
            ended_by: "not asked".into(),
            order: None,
        }
    }
}

/// The hello that is next in this row or after it; `None` when the list is as known as it can be.
pub(super) fn next_hello(exchanges: &[Exchange], question: Question) -> Option<Question> {
    let walk = Walk::over(exchanges, question);
    if walk.is_open() {
        return Some(question);
    }
    let look = question.second_look()?;
    let needed = walk.is_doubted() || order_is_open(&walk.accepted, question);
    let offer = Offer::Asked(look);
    let made = exchanges.iter().any(|exchange| exchange.offer == offer);
    (needed && !made).then_some(look)
}

/// Whether another order would tell whose it was.
fn order_is_open(accepted: &[u16], question: Question) -> bool {
    let Question::Suites(_) = question else {
        return false;
    };
    let tells = turned(accepted).first() != accepted.first();
    tells && in_order(accepted, &Offered::at_first(question).list(question))
}

/// What was chosen when what had been accepted, and nothing else, was offered again.
fn second_look(exchanges: &[Exchange], question: Question, accepted: &[u16]) -> Option<u16> {
    let offer = Offer::Asked(question.second_look()?);
    let mut looks = exchanges.iter().filter(|exchange| exchange.offer == offer);
    looks
        .find_map(|look| number(look.agreed()?, question))
        .filter(|number| accepted.contains(number))
}

/// What the other hellos of the visit were answered in the same version, as far as they went to the
/// same service: one without its dialogue, or without the name, may have met another.
fn shown_elsewhere(
    exchanges: &[Exchange],
    question: Question,
) -> impl Iterator<Item = u16> + use<'_> {
    let strangers = [Offer::Implicit, Offer::Asked(Question::Nameless)];
    let others = exchanges
        .iter()
        .filter(move |exchange| !strangers.contains(&exchange.offer));
    others.filter_map(move |exchange| number(exchange.session.as_ref()?, question))
}

/// The number of the list that was chosen, in the version of the list.
fn number(session: &Session, question: Question) -> Option<u16> {
    match question {
        Question::Suites(version) if session.version == version => Some(session.cipher),
        Question::Groups(version) if session.version == version => session.group,
        _ => None,
    }
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
