//! Which exchange comes next at an endpoint, if any: the lane's first hello, what a refusal calls
//! for, the versions not yet known, and the facts asked for.

use super::settings::{Approach, Lane};
use crate::inventory::Target;
use crate::observation::{
    Exchange, Failure, Observation, Offer, Reason, Stage, needs_handshake, next_for_browsers,
    next_for_versions, next_question,
};
use crate::starttls::{Protocol, Speaker};
use crate::tls::{AlertDescription, MORE_MODERN_GROUPS, ProtocolVersion};

/// Alerts about the name or the client's certificate: another hello for the same name would meet
/// them again.
const SAME_FOR_ANY_HELLO: [AlertDescription; 2] = [
    AlertDescription::UNRECOGNIZED_NAME,
    AlertDescription::CERTIFICATE_REQUIRED,
];

/// What to offer next; `None` when the visit is complete.
pub(super) fn next_offer(approach: &Approach, observation: &Observation) -> Option<Offer> {
    if observation.failure.is_some() {
        return None;
    }
    let exchanges = observation.exchanges.as_slice();
    if let Some(offer) = again(observation) {
        return Some(offer);
    }
    if let [first, rest @ ..] = exchanges
        && rest.iter().all(|it| it.offer == first.offer)
        && may_be_implicit(&observation.endpoint.target, first)
    {
        return Some(Offer::Implicit);
    }
    let main = match exchanges.last() {
        None => Some(first(approach.lane)),
        Some(last) => after(last, exchanges).filter(|offer| !made(exchanges, *offer)),
    };
    main.or_else(|| next_for_browsers(observation))
        .or_else(|| version(observation))
        .or_else(|| next_question(observation).map(Offer::Asked))
}

/// Returns the hello that was dropped, where the visit is a retry: it is sent once more at once. A server
/// that drops every other connection would otherwise drop the same hello in every visit, as visits
/// to it have the same number of connections.
fn again(observation: &Observation) -> Option<Offer> {
    let last = observation.exchanges.last()?;
    let asks = last.offer.asks_for().is_some() || matches!(last.offer, Offer::Asked(_));
    let sent = observation.exchanges.iter();
    let sent = sent.filter(|it| it.offer == last.offer).count();
    let open = observation.attempt > 1 && sent == 1 && !asks;
    (open && last.was_dropped()).then_some(last.offer)
}

/// Whether the dialogue met what a server does that waits for a ClientHello: it is silent, or
/// hangs up on words that are none.
fn may_be_implicit(target: &Target, exchange: &Exchange) -> bool {
    let transcript = exchange.transcript.as_ref();
    let heard = transcript.is_none_or(|transcript| transcript.heard());
    let Some(failure) = exchange.failure.as_ref() else {
        return false;
    };
    if failure.stage != Stage::Starttls || heard {
        return false;
    }
    let hung_up = matches!(failure.reason, Reason::Eof | Reason::Reset);
    let spoke = Protocol::named(target.service.name)
        .is_some_and(|protocol| protocol.first == Speaker::Client);
    failure.reason == Reason::Timeout || hung_up && spoke
}

fn first(lane: Lane) -> Offer {
    match lane {
        Lane::Handshake => Offer::Modern,
        Lane::Hello => Offer::Hello,
    }
}

fn made(exchanges: &[Exchange], offer: Offer) -> bool {
    exchanges.iter().any(|exchange| exchange.offer == offer)
}

/// What the end of the last exchange calls for, if anything.
fn after(last: &Exchange, exchanges: &[Exchange]) -> Option<Offer> {
    let answered = exchanges.iter().any(|exchange| exchange.failure.is_none());
    let Some(failure) = &last.failure else {
        return may_hide_a_better_version(last).then_some(Offer::Modern);
    };
    if failure.is_alert(AlertDescription::NO_APPLICATION_PROTOCOL) {
        return last.offer.speaks().then_some(Offer::NoAlpn);
    }
    // Who has shown a chain has said yes, unless we are the one who cannot go on, or it broke off
    // before it had proven its key.
    let session = last.session.as_ref();
    let proven = session.is_some_and(|it| it.key_proof.is_some());
    let ours = matches!(failure.reason, Reason::Incompatible | Reason::ScannerLimit);
    let open = last.chain.is_none() || !proven || ours;
    if answered || !open {
        return None;
    }
    if was_silent(failure) {
        // Once: `made` sees to that.
        return last.offer.speaks().then_some(Offer::Short);
    }
    if !not_with_that_offer(failure) {
        return None;
    }
    match last.offer {
        Offer::Hello => Some(Offer::Modern),
        Offer::Modern | Offer::NoAlpn | Offer::Short => Some(Offer::Wide),
        Offer::Wide => may_lack_a_group(exchanges).then_some(Offer::Rest),
        Offer::Rest => {
            let group = last.session.as_ref()?.group?;
            MORE_MODERN_GROUPS
                .contains(&group)
                .then_some(Offer::MoreGroups)
        }
        Offer::MoreGroups
        | Offer::Browser
        | Offer::Version(_)
        | Offer::ShortVersion(_)
        | Offer::Implicit
        | Offer::Asked(_) => None,
    }
}

/// Whether nothing at all came back.
fn was_silent(failure: &Failure) -> bool {
    failure.stage == Stage::Handshake && failure.is_silence()
}

/// Whether the refusals so far may come of a group or suite of TLS 1.3 that was not on offer: one of
/// the version itself does not.
fn may_lack_a_group(exchanges: &[Exchange]) -> bool {
    let modern = exchanges.iter().filter(|it| it.offer == Offer::Modern);
    let mut failures = modern.filter_map(|exchange| exchange.failure.as_ref());
    // Who went past a limit of ours had accepted the group and the suite.
    failures.any(|failure| {
        failure.reason != Reason::ScannerLimit
            && !failure.is_alert(AlertDescription::PROTOCOL_VERSION)
    })
}

/// An answer below TLS 1.2, of a server that may yet have TLS 1.3 and nothing between. It must not
/// pass for a legacy one, and not every library sets the mark that would tell.
fn may_hide_a_better_version(last: &Exchange) -> bool {
    let session = last.session.as_ref();
    let old = session.is_some_and(|it| it.version < ProtocolVersion::Tls12);
    old && matches!(last.offer, Offer::Hello | Offer::Short)
}

/// The next version to ask for, where versions are asked for at all and the endpoint speaks TLS.
fn version(observation: &Observation) -> Option<Offer> {
    let exchanges = observation.exchanges.as_slice();
    if !observation.versions_asked || exchanges.iter().any(same_for_any_hello) {
        return None;
    }
    if needs_handshake(exchanges) {
        return Some(Offer::Modern);
    }
    next_for_versions(exchanges)
}

/// A first hello was answered by another protocol, or by an alert that is not about what it offered,
/// or none could be sent: asking for versions would only repeat that.
fn same_for_any_hello(exchange: &Exchange) -> bool {
    let first = exchange.offer.speaks();
    let failure = exchange.failure.as_ref().filter(|_| first);
    failure.is_some_and(|failure| {
        failure.reason == Reason::NotTls
            || failure.stage == Stage::Starttls
            || about_the_name(failure)
    })
}

fn about_the_name(failure: &Failure) -> bool {
    let mut alerts = SAME_FOR_ANY_HELLO.into_iter();
    alerts.any(|alert| failure.is_alert(alert))
}

/// Whether the failure reads as "not with your versions, suites or groups".
fn not_with_that_offer(failure: &Failure) -> bool {
    if failure.stage != Stage::Handshake {
        return false;
    }
    match failure.reason {
        Reason::Eof | Reason::Reset | Reason::Incompatible | Reason::ScannerLimit => true,
        Reason::Alert => !about_the_name(failure),
        _ => false,
    }
}
