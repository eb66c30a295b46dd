//! Decides which version is probed next, with which hello, and when an endpoint counts as dead.

use super::evidence::{Evidence, evidence, refuses};
use crate::observation::{Exchange, Failure, Offer, Reason, Stage};
use crate::tls::{ProtocolVersion, short_for_version};

/// Returns the probe for the next version, newest first, or `None` if all versions are known or the
/// endpoint has stopped answering. A failure may be temporary or caused by the length of the hello. If
/// the endpoint has answered anything, such a version is probed again at once.
pub(crate) fn next_for_versions(exchanges: &[Exchange]) -> Option<Offer> {
    if is_dead(exchanges) {
        return None;
    }
    let newest_first = || ProtocolVersion::ALL.into_iter().rev();
    let repeat = newest_first().find_map(|version| repeat_of(exchanges, version));
    let unasked = |version: &ProtocolVersion| match evidence(exchanges, *version) {
        None => true,
        Some(Evidence::Claimed(_)) => probes_of(exchanges, *version).next().is_none(),
        Some(_) => false,
    };
    let first = || newest_first().find(unasked).map(Offer::Version);
    repeat.filter(|_| has_spoken(exchanges)).or_else(first)
}

/// Returns the hello that probes a version once more, or `None` if no retry is needed. After a close or
/// silence the short hello follows the long one, and is repeated if it is dropped. The long one is repeated
/// if there is no short one or the short one is inconclusive. One version gets at most four hellos.
fn repeat_of(exchanges: &[Exchange], version: ProtocolVersion) -> Option<Offer> {
    let found = evidence(exchanges, version)?;
    let open = found.is_doubtful() || matches!(found, Evidence::Silent(..));
    let last = probes_of(exchanges, version).last().filter(|_| open)?;
    let (long, short) = (Offer::Version(version), Offer::ShortVersion(version));
    let sent = |offer| {
        probes_of(exchanges, version)
            .filter(|it| it.offer == offer)
            .count()
    };
    let doubtful = refuses(last, version).map(|end| end.is_doubtful());
    match (sent(long), sent(short)) {
        (1, 0) if short_for_version(version).is_some() && was_cut_off(last) => Some(short),
        (1, 0) => (doubtful == Some(true)).then_some(long),
        // An alert to the short hello says nothing about what only the long one offers.
        (1, _) if doubtful.is_none() => found.is_doubtful().then_some(long),
        (1, 1) => (doubtful == Some(true)).then_some(short),
        _ => None,
    }
}

/// Returns the largest number of hellos that probe the versions of one endpoint. [`again`] sends the long
/// hello of a version at most twice, and its short hello, if there is one, at most twice.
pub(crate) fn most_version_hellos() -> usize {
    let most = |version: &ProtocolVersion| match short_for_version(*version) {
        Some(_) => 4,
        None => 2,
    };
    ProtocolVersion::ALL.iter().map(most).sum()
}

/// Returns the exchanges that probed this version.
fn probes_of(exchanges: &[Exchange], version: ProtocolVersion) -> impl Iterator<Item = &Exchange> {
    let asks = move |it: &&Exchange| it.offer.asks_for() == Some(version);
    exchanges.iter().filter(asks)
}

/// Returns true if the only reaction was silence, a close or a reset.
fn was_cut_off(exchange: &Exchange) -> bool {
    let failure = exchange.failure.as_ref();
    exchange.session.is_none()
        && failure.is_some_and(|failure| {
            let silent = matches!(
                failure.reason,
                Reason::Eof | Reason::Reset | Reason::Timeout
            );
            failure.stage == Stage::Handshake && silent
        })
}

/// Returns true if the endpoint has answered any hello in TLS, even with an alert.
fn has_spoken(exchanges: &[Exchange]) -> bool {
    exchanges.iter().any(|exchange| {
        let failure = exchange.failure.as_ref();
        let alert = failure.is_none_or(|failure| failure.reason == Reason::Alert);
        alert || exchange.session.is_some()
    })
}

/// Returns true if the port no longer accepts connections, two consecutive hellos got no answer, or two
/// consecutive connections were dropped before TLS. Silence after the long hello of a version does
/// not count if the endpoint has answered another one: some servers do not tolerate its length or the
/// version.
pub(crate) fn is_dead(exchanges: &[Exchange]) -> bool {
    let failed =
        |exchange: &Exchange, how: fn(&Failure) -> bool| exchange.failure.as_ref().is_some_and(how);
    let silent = |it: &&Exchange| failed(it, |failure| failure.reason == Reason::Timeout);
    let spoken = has_spoken(exchanges);
    let long = |it: &&Exchange| matches!(it.offer, Offer::Version(version) if version > ProtocolVersion::Ssl3);
    let mut counted = exchanges
        .iter()
        .rev()
        .filter(|it| !(spoken && long(it) && silent(it)));
    let two_silent = counted.next().is_some_and(|it| silent(&it))
        && counted.next().is_some_and(|it| silent(&it));
    let before_tls = |it: &Exchange| failed(it, |failure| failure.stage != Stage::Handshake);
    let shut = |it: &Exchange| {
        failed(it, |failure| {
            failure.stage != Stage::Handshake && !failure.is_drop()
        })
    };
    two_silent
        || exchanges.last().is_some_and(shut)
        || matches!(exchanges, [.., one, other] if before_tls(one) && before_tls(other))
}
