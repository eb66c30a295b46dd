//! Which exchange comes next at an endpoint, if any: the lane's first hello, what a refusal calls
//! for, the versions not yet known, and the facts asked for.

use super::settings::{Approach, Lane};
use crate::observation::{
    Exchange, Failure, Observation, Offer, Reason, Stage, needs_handshake, next_for_browsers,
    next_question, unknown_version,
};
use crate::starttls::{Protocol, Speaker};
use crate::target::Target;
use crate::tls::{ProtocolVersion, alert, alert_name};

/// Alerts about the name, the application protocol or the client's certificate: another hello for
/// the same name would meet them again.
const SAME_FOR_ANY_HELLO: [u8; 3] = [
    alert::UNRECOGNIZED_NAME,
    alert::CERTIFICATE_REQUIRED,
    alert::NO_APPLICATION_PROTOCOL,
];

/// What to offer next; `None` when the visit is complete.
pub(super) fn next_offer(approach: &Approach, observation: &Observation) -> Option<Offer> {
    if observation.failure.is_some() {
        return None;
    }
    let exchanges = observation.exchanges.as_slice();
    if let [only] = exchanges
        && may_be_implicit(&observation.endpoint.target, only)
    {
        return Some(Offer::Implicit);
    }
    let main = match approach.lane {
        Lane::Handshake => after(&[Offer::Modern, Offer::Wide], exchanges),
        Lane::Hello => after(&[Offer::Hello, Offer::Modern, Offer::Wide], exchanges)
            .or_else(|| may_hide_a_better_version(exchanges).then_some(Offer::Modern)),
    };
    main.or_else(|| next_for_browsers(observation))
        .or_else(|| version(observation))
        .or_else(|| next_question(observation).map(Offer::Asked))
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

/// The next of these offers, when none was made yet or the last one was refused in a way that
/// another could change.
fn after(ladder: &[Offer], exchanges: &[Exchange]) -> Option<Offer> {
    let Some(last) = exchanges.last() else {
        return ladder.first().copied();
    };
    let step = ladder.iter().position(|offer| *offer == last.offer)?;
    let failure = last.failure.as_ref()?;
    if exchanges.iter().any(|exchange| exchange.failure.is_none()) {
        return None;
    }
    // Who has shown a chain has said yes, unless we are the one who cannot go on, or it broke off
    // before it had proven its key.
    let proven = last
        .session
        .as_ref()
        .is_some_and(|it| it.key_proof.is_some());
    let ours = matches!(failure.reason, Reason::Incompatible | Reason::ScannerLimit);
    let open = last.chain.is_none() || !proven || ours;
    let again = open && not_with_that_offer(failure);
    let next = ladder.get(step + 1).copied().filter(|_| again)?;
    let made = exchanges.iter().any(|exchange| exchange.offer == next);
    (!made).then_some(next)
}

/// An answer below TLS 1.2, of a server that may yet have TLS 1.3 and nothing between. It must not
/// pass for a legacy one, and not every library sets the mark that would tell.
fn may_hide_a_better_version(exchanges: &[Exchange]) -> bool {
    let [only] = exchanges else {
        return false;
    };
    let session = only.session.as_ref();
    session.is_some_and(|it| it.version < ProtocolVersion::Tls12)
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
    unknown_version(exchanges).map(Offer::Version)
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
    let names = SAME_FOR_ANY_HELLO
        .iter()
        .filter_map(|alert| alert_name(*alert));
    failure.reason == Reason::Alert && names.into_iter().any(|name| name == failure.detail)
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
