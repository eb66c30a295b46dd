//! Decides which question an endpoint is asked next.

use super::listing::next_hello;
use super::{Fact, GroupVersion, KeyChain, KeyFamily, Protocols, Question, Series, renegotiation};
use crate::observation::versions::{is_dead, may_speak};
use crate::observation::{Exchange, Observation, Offer};
use crate::tls::{AlertDescription, ProtocolVersion};

/// Returns the next question, or `None` if all requested facts are known as far as possible or the
/// endpoint has stopped answering.
pub(crate) fn next_question(observation: &Observation) -> Option<Question> {
    let exchanges = observation.exchanges.as_slice();
    // An endpoint that answered no hello in TLS is not asked further.
    if observation.facts_asked.is_empty() || observation.session().is_none() || is_dead(exchanges) {
        return None;
    }
    let asked = Fact::ALL.into_iter();
    let mut asked = asked.filter(|fact| observation.facts_asked.contains(*fact));
    asked.find_map(|fact| open(fact, observation, exchanges))
}

/// Returns the next question for this fact, or `None` if no more is needed.
fn open(fact: Fact, observation: &Observation, exchanges: &[Exchange]) -> Option<Question> {
    let may = |version| may_speak(exchanges, version);
    let unasked = |question| (!was_asked(exchanges, question)).then_some(question);
    match fact {
        Fact::Renegotiation => {
            if exchanges.iter().any(|it| renegotiation(it).is_some()) || !may_speak_old(exchanges) {
                return None;
            }
            let alone = unasked(Question::Renegotiation).filter(|_| features_refused(exchanges));
            unasked(Question::Features).or(alone)
        }
        Fact::Tickets => {
            let old = may_speak_old(exchanges).then_some(Question::Features);
            let new = may(ProtocolVersion::Tls13).then_some(Question::Tickets);
            old.and_then(unasked).or_else(|| new.and_then(unasked))
        }
        Fact::Compression => {
            let old = may_speak_old(exchanges).then_some(Question::Features);
            old.and_then(unasked)
        }
        // Before TLS 1.2, a ClientHello contains no signature schemes.
        Fact::Chains if observation.session()?.version < ProtocolVersion::Tls12 => None,
        Fact::Chains => KeyFamily::ALL
            .into_iter()
            .filter(|family| !KeyChain::was_shown(observation, *family))
            .find_map(|family| unasked(Question::Keys(family))),
        Fact::DefaultCertificate => {
            let named = observation.endpoint.target.server_name().is_some();
            let shown = observation.chain().is_some();
            (named && shown)
                .then_some(Question::Nameless)
                .and_then(unasked)
        }
        Fact::Alpn => Protocols::left(exchanges).map(|_| Question::Alpn),
        Fact::Groups => GroupVersion::ALL
            .into_iter()
            .filter(|version| may(version.version()))
            .find_map(|version| next_hello(exchanges, Series::Groups(version))),
        Fact::Ciphers => {
            let versions = ProtocolVersion::ALL.into_iter().rev();
            let mut versions = versions.filter(|version| may(*version));
            versions.find_map(|version| next_hello(exchanges, Series::Suites(version)))
        }
    }
}

/// Returns true if [`Question::Features`] was refused, except by an alert about the version.
fn features_refused(exchanges: &[Exchange]) -> bool {
    let asked = Offer::Asked(Question::Features);
    let mut exchanges = exchanges.iter().filter(|it| it.offer == asked);
    exchanges.any(|it| {
        let failure = it.failure.as_ref();
        it.agreed().is_none()
            && failure.is_some_and(|it| !it.is_alert(AlertDescription::PROTOCOL_VERSION))
    })
}

fn may_speak_old(exchanges: &[Exchange]) -> bool {
    let mut old = ProtocolVersion::ALL.into_iter();
    old.any(|version| version < ProtocolVersion::Tls13 && may_speak(exchanges, version))
}

/// Returns true if the question was answered, or its hello was dropped twice.
fn was_asked(exchanges: &[Exchange], question: Question) -> bool {
    let offer = Offer::Asked(question);
    let mut asked = exchanges.iter().filter(|exchange| exchange.offer == offer);
    let first = asked.next();
    first.is_some_and(|first| !first.was_dropped() || asked.next().is_some())
}
