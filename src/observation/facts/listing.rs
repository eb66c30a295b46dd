//! The result of a series of hellos that goes through a list, and how reliable it is.

use std::borrow::Cow;

use super::offered::{Offered, is_chacha};
use super::question::Question;
use super::series::Series;
use super::walk::{Walk, WalkEnd};
use crate::observation::{Exchange, Offer, Session, phrases};

/// Whose order of preference decides which suite is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The server's order.
    Server,
    /// The client's order.
    Client,
}

/// The members of a list that a server accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Accepted IANA numbers, in the order in which the server chose them.
    pub accepted: Vec<u16>,
    /// True if the server accepts no other offered number: it refused the rest or accepted all, and no
    /// other exchange of the visit shows another one.
    pub complete: bool,
    /// What ended the series: `all_accepted`, an alert's name, `close`, `timeout`, `chose TLSv1.1`,
    /// `contradicted`, `not asked`, ...
    pub ended_by: Cow<'static, str>,
    /// Whose order decides, or `None` if that was not seen.
    pub order: Option<Order>,
}

impl Listing {
    /// Returns what was found, or `None` if the series was not begun.
    pub fn of(exchanges: &[Exchange], series: Series) -> Option<Self> {
        let walk = Walk::over(exchanges, series);
        if walk.asked == 0 {
            return None;
        }
        let offered = Offered::list(series);
        let look = second_look(exchanges, series, &walk.accepted);
        let order = match series {
            Series::Suites(_) => order(&walk.accepted, &offered, look),
            Series::Groups(_) => None,
        };
        let meant = look.is_some() || !walk.is_doubted();
        let (complete, ended_by) = match walk.end {
            None => (false, phrases::OUT_OF_TIME.into()),
            Some(WalkEnd::Shown(text)) => (true, text),
            Some(WalkEnd::Refused(text)) => (meant, text),
            // If nothing was accepted there is no second look, and a close is not an answer.
            Some(WalkEnd::Closed(text)) => (look.is_some(), text),
            Some(WalkEnd::Broke(text)) => (false, text),
        };
        let mut shown = shown_elsewhere(exchanges, series);
        let missing = |number| offered.contains(&number) && !walk.accepted.contains(&number);
        let contradicted = complete && shown.any(missing);
        Some(Self {
            complete: complete && !contradicted,
            ended_by: match contradicted {
                true => phrases::CONTRADICTED.into(),
                false => ended_by,
            },
            accepted: walk.accepted,
            order,
        })
    }

    /// Returns the listing of a question that was not asked.
    pub(super) fn not_asked() -> Self {
        Self {
            accepted: Vec::new(),
            complete: false,
            ended_by: phrases::NOT_ASKED.into(),
            order: None,
        }
    }
}

/// Returns the next question of this series, including the one that confirms its end. Returns `None` if
/// no more can be found out.
pub(super) fn next_hello(exchanges: &[Exchange], series: Series) -> Option<Question> {
    let walk = Walk::over(exchanges, series);
    if walk.is_open() {
        return Some(series.question());
    }
    let look = series.second_look();
    let needed = walk.is_doubted() || order_is_open(&walk.accepted, series);
    let offer = Offer::Asked(look);
    let made = exchanges.iter().any(|exchange| exchange.offer == offer);
    (needed && !made).then_some(look)
}

/// Returns true if offering another order would show whose order decides.
fn order_is_open(accepted: &[u16], series: Series) -> bool {
    let Series::Suites(_) = series else {
        return false;
    };
    let differs = turned(accepted).first() != accepted.first();
    differs && in_order(accepted, &Offered::list(series))
}

/// Returns what the server chose when only the accepted numbers were offered again.
fn second_look(exchanges: &[Exchange], series: Series, accepted: &[u16]) -> Option<u16> {
    let offer = Offer::Asked(series.second_look());
    let mut looks = exchanges.iter().filter(|exchange| exchange.offer == offer);
    looks
        .find_map(|look| number(look.agreed()?, series))
        .filter(|number| accepted.contains(number))
}

/// Returns the numbers that the other exchanges of the visit show in the same version. Exchanges without
/// the plaintext dialogue or without SNI are skipped, because they may have reached another service.
fn shown_elsewhere(exchanges: &[Exchange], series: Series) -> impl Iterator<Item = u16> + use<'_> {
    let strangers = [Offer::Implicit, Offer::Asked(Question::Nameless)];
    let others = exchanges
        .iter()
        .filter(move |exchange| !strangers.contains(&exchange.offer));
    others.filter_map(move |exchange| number(exchange.session.as_ref()?, series))
}

/// Returns the chosen number, or `None` if the session has another version than the list.
fn number(session: &Session, series: Series) -> Option<u16> {
    match series {
        _ if session.version != series.version() => None,
        Series::Suites(_) => Some(session.cipher),
        Series::Groups(_) => session.group,
    }
}

/// Returns whose order decides, or `None` if that is not known. A server that did not choose in the
/// client's order has its own. If it did, both orders may be equal, and the second look decides.
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
        // All others are ChaCha20, so the second look offered the same suite first.
        _ if wish == *first => None,
        look if look == wish => Some(Order::Client),
        look if look == *first => Some(Order::Server),
        _ => None,
    }
}

/// Returns the accepted suites in reverse order, with a suite in front that is not ChaCha20 and so shows
/// whose order decides.
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
