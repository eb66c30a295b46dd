//! Which exchange comes next at an endpoint, if any: the lane's first hello, what a refusal calls
//! for, the versions not yet known, and the facts asked for.

use super::settings::{Approach, Lane};
use crate::inventory::Target;
use crate::observation::{
    Exchange, Failure, Observation, Offer, Reason, Stage, needs_handshake, next_for_browsers,
    next_for_versions, next_question,
};
use crate::starttls::{Protocol, Speaker};
use crate::tls::{AlertDescription, MODERN_SUITES, MORE_MODERN_GROUPS, ProtocolVersion};

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
    // Servers that close at TLS 1.3 close at the extra hellos too: repeating those would be costly.
    let open = observation.attempt > 1 && sent == 1 && !asks && !is_extra(last.offer);
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
    let Some(failure) = &last.failure else {
        return may_hide_a_better_version(last).then_some(Offer::Modern);
    };
    if failure.is_alert(AlertDescription::NO_APPLICATION_PROTOCOL) && !is_extra(last.offer) {
        return last.offer.speaks().then_some(Offer::NoAlpn);
    }
    if has_said_yes(last, failure) || !last.offer.speaks() {
        return None;
    }
    // An older version that was accepted leaves open what the server does with TLS 1.3 alone.
    let unanswered = exchanges.iter().all(|exchange| exchange.failure.is_some());
    if failure.reason == Reason::Timeout && failure.stage == Stage::Handshake {
        // Once: `made` sees to that.
        return (unanswered && last.chain.is_none()).then_some(Offer::Short);
    }
    if !not_with_that_offer(last.offer, failure) {
        return None;
    }
    let wide = unanswered.then_some(Offer::Wide);
    match last.offer {
        Offer::Hello => Some(Offer::Modern),
        Offer::Modern | Offer::NoAlpn if may_lack_a_group(exchanges) => Some(Offer::Rest),
        Offer::Rest if may_need_more_groups(last) => Some(Offer::MoreGroups),
        Offer::Modern | Offer::NoAlpn | Offer::Short | Offer::Rest | Offer::MoreGroups => wide,
        // Where `modern` met silence.
        Offer::Wide => may_lack_a_group(exchanges).then_some(Offer::Rest),
        Offer::Browser
        | Offer::Version(_)
        | Offer::ShortVersion(_)
        | Offer::Implicit
        | Offer::Asked(_) => None,
    }
}

/// Returns true if the server has shown a chain and its key, and it is not we who cannot go on:
/// another hello would show no more.
fn has_said_yes(last: &Exchange, failure: &Failure) -> bool {
    let session = last.session.as_ref();
    let proven = session.is_some_and(|it| it.key_proof.is_some());
    let ours = matches!(failure.reason, Reason::Incompatible | Reason::ScannerLimit);
    last.chain.is_some() && proven && !ours
}

/// Returns true if the refusals so far may come of a group or suite of TLS 1.3 that was not on offer.
fn may_lack_a_group(exchanges: &[Exchange]) -> bool {
    let refused = |exchange: &Exchange| {
        // A server that has chosen, or went past a limit of ours, had accepted the group and the suite.
        let chosen = exchange.session.is_some() || exchange.chain.is_some();
        let failure = exchange.failure.as_ref();
        exchange.offer == Offer::Modern
            && failure.is_some_and(|failure| match failure.reason {
                Reason::ScannerLimit => false,
                // It chose what was not on offer.
                Reason::Incompatible => exchange.chain.is_none(),
                _ => !chosen,
            })
    };
    exchanges.iter().any(refused) && !exchanges.iter().any(turns_down_tls13)
}

/// Returns true if the answer to `rest` names a group that can be computed here, or names nothing and
/// need not be about the version: some servers do not bear that hello.
fn may_need_more_groups(rest: &Exchange) -> bool {
    match &rest.session {
        Some(session) if session.version == ProtocolVersion::Tls13 => {
            let mut group = session.group.into_iter();
            let computed = group.all(|group| MORE_MODERN_GROUPS.contains(&group));
            computed && MODERN_SUITES.contains(&session.cipher)
        }
        _ => !turns_down_tls13(rest),
    }
}

/// Returns true if the server was offered TLS 1.3 and said no to the version, or chose an older one.
fn turns_down_tls13(exchange: &Exchange) -> bool {
    let offered = matches!(exchange.offer, Offer::Modern | Offer::NoAlpn | Offer::Rest);
    let session = exchange.session.as_ref();
    let failure = exchange.failure.as_ref();
    let sound = failure.is_none_or(|failure| failure.reason != Reason::Malformed);
    let older = sound && session.is_some_and(|it| it.version < ProtocolVersion::Tls13);
    let told = failure.is_some_and(|it| it.is_alert(AlertDescription::PROTOCOL_VERSION));
    offered && (older || told)
}

/// The hellos that are sent where those of current clients were refused. What they are refused with
/// says nothing of the others.
fn is_extra(offer: Offer) -> bool {
    matches!(offer, Offer::Rest | Offer::MoreGroups)
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
    let first = exchange.offer.speaks() && !is_extra(exchange.offer);
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

/// Returns true if the failure reads as "not with your versions, suites or groups". Any failure of an
/// extra hello does.
fn not_with_that_offer(offer: Offer, failure: &Failure) -> bool {
    if failure.stage != Stage::Handshake {
        return false;
    }
    match failure.reason {
        _ if is_extra(offer) => true,
        Reason::Eof | Reason::Reset | Reason::Incompatible | Reason::ScannerLimit => true,
        Reason::Alert => !about_the_name(failure),
        _ => false,
    }
}
