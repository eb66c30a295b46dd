//! Decides which exchange comes next at an endpoint: the lane's first ClientHello, the ones that follow
//! a refusal, the versions not known yet, and the facts to measure.

use super::settings::{Approach, Lane};
use crate::inventory::Target;
use crate::observation::{
    Exchange, Failure, Observation, Offer, Reason, Stage, needs_handshake, next_for_browsers,
    next_for_versions, next_question,
};
use crate::starttls::{Protocol, Speaker};
use crate::tls::{AlertDescription, MODERN_SUITES, MORE_MODERN_GROUPS, ProtocolVersion};

/// Alerts about the name or the client's certificate. Another ClientHello for the same name would get
/// them again.
const SAME_FOR_ANY_HELLO: [AlertDescription; 2] = [
    AlertDescription::UNRECOGNIZED_NAME,
    AlertDescription::CERTIFICATE_REQUIRED,
];

/// Returns the next offer, or `None` if the visit is complete.
pub(super) fn next_offer(approach: &Approach, observation: &Observation) -> Option<Offer> {
    if observation.failure.is_some() {
        return None;
    }
    let exchanges = observation.exchanges.as_slice();
    if let Some(offer) = resent_offer(observation) {
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
        Some(last) => after(last, exchanges).filter(|offer| !was_sent(exchanges, *offer)),
    };
    main.or_else(|| next_for_browsers(observation))
        .or_else(|| version(observation))
        .or_else(|| next_question(observation).map(Offer::Asked))
}

/// Returns the offer of the last exchange if the visit is a retry and the connection was dropped. It is
/// then repeated once, at once. A server that drops every other connection would otherwise drop the same
/// ClientHello in every visit, because visits to it have the same number of connections.
fn resent_offer(observation: &Observation) -> Option<Offer> {
    let last = observation.exchanges.last()?;
    let asks = last.offer.asks_for().is_some() || matches!(last.offer, Offer::Asked(_));
    let sent = observation.exchanges.iter();
    let sent = sent.filter(|it| it.offer == last.offer).count();
    // Servers that close at TLS 1.3 close at the extra hellos too: repeating those would be costly.
    let open = observation.attempt > 1 && sent == 1 && !asks && !is_extra(last.offer);
    (open && last.was_dropped()).then_some(last.offer)
}

/// Returns true if the server may be waiting for a ClientHello instead of the dialogue: it is silent, or
/// closes the connection after our greeting.
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

fn was_sent(exchanges: &[Exchange], offer: Offer) -> bool {
    exchanges.iter().any(|exchange| exchange.offer == offer)
}

/// Returns the offer that the outcome of the last exchange requires, or `None`.
fn after(last: &Exchange, exchanges: &[Exchange]) -> Option<Offer> {
    let Some(failure) = &last.failure else {
        return may_hide_a_better_version(last).then_some(Offer::Modern);
    };
    if failure.is_alert(AlertDescription::NO_APPLICATION_PROTOCOL) && !is_extra(last.offer) {
        return last.offer.speaks().then_some(Offer::NoAlpn);
    }
    if has_proven_its_key(last, failure) || !last.offer.speaks() {
        return None;
    }
    // If an older version was accepted, only the behaviour in TLS 1.3 is still unknown.
    let unanswered = exchanges.iter().all(|exchange| exchange.failure.is_some());
    if failure.reason == Reason::Timeout && failure.stage == Stage::Handshake {
        // The caller ensures with `was_sent` that it is sent only once.
        return (unanswered && last.chain.is_none()).then_some(Offer::Short);
    }
    if !may_accept_another_offer(last.offer, failure) {
        return None;
    }
    let wide = unanswered.then_some(Offer::Wide);
    match last.offer {
        Offer::Hello => Some(Offer::Modern),
        Offer::Modern | Offer::NoAlpn if may_lack_a_group(exchanges) => Some(Offer::Rest),
        Offer::Rest if may_need_more_groups(last) => Some(Offer::MoreGroups),
        Offer::Modern | Offer::NoAlpn | Offer::Short | Offer::Rest | Offer::MoreGroups => wide,
        // If the server was silent after `modern`, `rest` has not been sent.
        Offer::Wide if may_lack_a_group(exchanges) => Some(Offer::Rest),
        // A server that refused TLS 1.3 speaks an older version, and may not tolerate a long ClientHello.
        Offer::Wide => may_dislike_its_length(failure, exchanges).then_some(Offer::Short),
        Offer::Browser
        | Offer::Chrome
        | Offer::BrowserTls13
        | Offer::Version(_)
        | Offer::ShortVersion(_)
        | Offer::Implicit
        | Offer::Asked(_) => None,
    }
}

/// Returns true if the server has sent a chain and proven its key, and the failure is not a limit of this
/// scanner. Another ClientHello would show nothing more.
fn has_proven_its_key(last: &Exchange, failure: &Failure) -> bool {
    let session = last.session.as_ref();
    let proven = session.is_some_and(|it| it.key_proof.is_some());
    let ours = matches!(failure.reason, Reason::Incompatible | Reason::ScannerLimit);
    last.chain.is_some() && proven && !ours
}

/// Returns true if the refusals so far may be due to a TLS 1.3 group or suite that was not offered.
fn may_lack_a_group(exchanges: &[Exchange]) -> bool {
    let refused = |exchange: &Exchange| {
        // A server that has chosen, or exceeded a limit of ours, had accepted the group and the suite.
        let chosen = exchange.session.is_some() || exchange.chain.is_some();
        let failure = exchange.failure.as_ref();
        exchange.offer == Offer::Modern
            && failure.is_some_and(|failure| match failure.reason {
                Reason::ScannerLimit => false,
                // It chose something that was not offered.
                Reason::Incompatible => exchange.chain.is_none(),
                _ => !chosen,
            })
    };
    exchanges.iter().any(refused) && !exchanges.iter().any(rejects_tls13)
}

/// Returns true if `wide` failed although the server had refused only the version before.
fn may_dislike_its_length(wide: &Failure, exchanges: &[Exchange]) -> bool {
    let unanswered = exchanges.iter().all(|exchange| exchange.failure.is_some());
    unanswered
        && exchanges.iter().any(rejects_tls13)
        && !wide.is_alert(AlertDescription::PROTOCOL_VERSION)
}

/// Returns true if the answer to `rest` names a group that this scanner can compute, or names nothing and
/// may be about something else than the version. Some servers cannot handle that ClientHello.
fn may_need_more_groups(rest: &Exchange) -> bool {
    match &rest.session {
        Some(session) if session.version == ProtocolVersion::Tls13 => {
            let mut group = session.group.into_iter();
            let computed = group.all(|group| MORE_MODERN_GROUPS.contains(&group));
            computed && MODERN_SUITES.contains(&session.cipher)
        }
        _ => !rejects_tls13(rest),
    }
}

/// Returns true if the server was offered TLS 1.3 and refused the version, or chose an older one.
fn rejects_tls13(exchange: &Exchange) -> bool {
    let offered = matches!(exchange.offer, Offer::Modern | Offer::NoAlpn | Offer::Rest);
    let session = exchange.session.as_ref();
    let failure = exchange.failure.as_ref();
    let sound = failure.is_none_or(|failure| failure.reason != Reason::Malformed);
    let older = sound && session.is_some_and(|it| it.version < ProtocolVersion::Tls13);
    let refused = failure.is_some_and(|it| it.is_alert(AlertDescription::PROTOCOL_VERSION));
    offered && (older || refused)
}

/// Returns true for the additional TLS 1.3 ClientHellos, which are sent if those of current clients were
/// refused. The reason for which they are refused says nothing about the others.
fn is_extra(offer: Offer) -> bool {
    matches!(offer, Offer::Rest | Offer::MoreGroups)
}

/// Returns true if the answer is below TLS 1.2, and the server may support TLS 1.3 but not TLS 1.2. Such a
/// server must not be reported as legacy, and not every library sets the downgrade mark.
fn may_hide_a_better_version(last: &Exchange) -> bool {
    let session = last.session.as_ref();
    let old = session.is_some_and(|it| it.version < ProtocolVersion::Tls12);
    old && matches!(last.offer, Offer::Hello | Offer::Short)
}

/// Returns the offer that tests the next version, or `None` if versions are not tested, none is left, or
/// the endpoint does not speak TLS.
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

/// Returns true if a first ClientHello was answered by another protocol or by an alert about the name, or
/// could not be sent. Testing versions would only repeat that.
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

/// Returns true if the failure may be due to the offered versions, suites or groups. Every handshake
/// failure of an extra ClientHello counts.
fn may_accept_another_offer(offer: Offer, failure: &Failure) -> bool {
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
