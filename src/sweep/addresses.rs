//! The addresses of a name. One of them is visited. This file chooses the next one if an address
//! accepts no connection, and the one that the row is about if none accepts one.

use std::net::IpAddr;

use super::retry;
use crate::inventory::no_destination;
use crate::observation::{Addresses, Failure, Observation, Reason, Stage};

/// Maximum number of addresses of a name that one visit tries. If they are silent, the deadline of
/// the visit ends it sooner.
pub(super) const MOST_TRIED: usize = 8;

/// Returns the first address to visit and the state of the others, or `None` without an address.
/// `complete` is true if no further ones have to be looked up.
pub(super) fn first_of(addresses: Vec<IpAddr>, complete: bool) -> Option<(IpAddr, Box<Addresses>)> {
    let (addresses, failed) = split_usable(addresses);
    let mut rest = alternate_families(addresses, None);
    if rest.is_empty() {
        return None;
    }
    let first = rest.remove(0);
    let addresses = Addresses {
        failed,
        rest,
        complete,
    };
    Some((first, Box::new(addresses)))
}

/// Returns why no connection to the address is possible, or `None` if one is.
pub(super) fn unusable(address: IpAddr) -> Option<Failure> {
    let kind = no_destination(address)?;
    let detail = format!("{address} is {kind}");
    Some(Failure::new(
        Stage::Connect,
        Reason::UnusableAddress,
        detail,
    ))
}

/// Returns the addresses that may be visited, and the unusable ones with the reason.
fn split_usable(addresses: Vec<IpAddr>) -> (Vec<IpAddr>, Vec<(IpAddr, Failure)>) {
    let (mut open, mut failed) = (Vec::new(), Vec::new());
    for address in addresses {
        match unusable(address) {
            Some(failure) => failed.push((address, failure)),
            None => open.push(address),
        }
    }
    (open, failed)
}

/// Returns true if this address of `failed` was visited.
fn was_tried((_, failure): &(IpAddr, Failure)) -> bool {
    failure.reason != Reason::UnusableAddress
}

/// Returns the addresses in their order, but with alternating families (RFC 8305 section 4). The
/// family that `last` does not belong to comes first.
fn alternate_families(addresses: Vec<IpAddr>, last: Option<IpAddr>) -> Vec<IpAddr> {
    let first = match (last, addresses.first()) {
        (Some(last), _) => !last.is_ipv6(),
        (None, Some(first)) => first.is_ipv6(),
        (None, None) => return addresses,
    };
    let count = addresses.len();
    let (ours, others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|it| it.is_ipv6() == first);
    let (mut ours, mut others) = (ours.into_iter(), others.into_iter());
    let mut turns = Vec::with_capacity(count);
    while turns.len() < count {
        turns.extend(ours.next());
        turns.extend(others.next());
    }
    turns
}

/// Returns true if the visit ended before the address accepted a connection, so that another
/// address may accept one.
pub(super) fn is_dead_end(observation: &Observation) -> bool {
    let nothing = |failure: &Option<Failure>| failure.as_ref().is_some_and(accepts_nothing);
    let mut exchanges = observation.exchanges.iter();
    match &observation.failure {
        None if exchanges.len() > 0 => exchanges.all(|exchange| nothing(&exchange.failure)),
        failure => observation.exchanges.is_empty() && nothing(failure),
    }
}

fn accepts_nothing(failure: &Failure) -> bool {
    // A limit of our own would be met again, and says nothing about the address.
    failure.stage == Stage::Connect && failure.reason != Reason::LocalLimit
}

/// Returns true if another address should be tried or looked up.
pub(super) fn has_next(observation: &Observation) -> bool {
    let addresses = observation.addresses.as_ref();
    addresses.is_some_and(|it| it.tried() < MOST_TRIED && !(it.complete && it.rest.is_empty()))
}

/// Adds the addresses that were looked up later.
pub(super) fn complete(observation: &mut Observation, found: Vec<IpAddr>) {
    let here = observation.endpoint.address;
    if let Some(addresses) = &mut observation.addresses {
        addresses.complete = true;
        let mut rest = std::mem::take(&mut addresses.rest);
        let known = |it: &IpAddr| {
            Some(*it) == here || addresses.failed.iter().any(|(failed, _)| failed == it)
        };
        let new: Vec<IpAddr> = found
            .into_iter()
            .filter(|it| !rest.contains(it) && !known(it))
            .collect();
        let (new, failed) = split_usable(new);
        addresses.failed.extend(failed);
        rest.extend(new);
        addresses.rest = alternate_families(rest, here);
    }
}

/// Moves the visit to the next address. Returns false if there is none. Time spent so far counts.
pub(super) fn turn_to_next(observation: &mut Observation) -> bool {
    let Some(addresses) = &mut observation.addresses else {
        return false;
    };
    let Some(here) = observation.endpoint.address else {
        return false;
    };
    if addresses.rest.is_empty() || addresses.tried() >= MOST_TRIED {
        return false;
    }
    let own = observation.failure.take();
    let last = observation.exchanges.pop().and_then(|last| last.failure);
    let Some(failure) = own.or(last) else {
        return false;
    };
    observation.exchanges.clear();
    addresses.failed.push((here, failure));
    observation.endpoint.address = Some(addresses.rest.remove(0));
    true
}

/// If no address accepted a connection, the row is about the first one.
pub(super) fn back_to_first(observation: &mut Observation) {
    let (Some(addresses), Some(here)) = (
        &mut observation.addresses,
        &mut observation.endpoint.address,
    ) else {
        return;
    };
    let own = match observation.exchanges.last_mut() {
        Some(exchange) => &mut exchange.failure,
        None => &mut observation.failure,
    };
    let first = addresses.failed.iter().position(was_tried);
    let (Some(own), Some(first)) = (own, first) else {
        return;
    };
    let (first, failure) = addresses.failed.remove(first);
    let last = (
        std::mem::replace(here, first),
        std::mem::replace(own, failure),
    );
    addresses.failed.push(last);
}

/// Returns the addresses that the retry tries. If none accepted a connection, it tries all of them
/// again, from the first on. Otherwise, those that failed before are not tried again.
pub(super) fn from_the_first(seen: &Observation) -> Option<Box<Addresses>> {
    let mut addresses = seen.addresses.clone()?;
    if is_dead_end(seen) {
        let failed = std::mem::take(&mut addresses.failed);
        let (again, unusable): (Vec<_>, Vec<_>) = failed.into_iter().partition(was_tried);
        let again = again.into_iter().map(|(address, _)| address);
        addresses.rest = again.chain(addresses.rest).collect();
        addresses.failed = unusable;
    }
    Some(addresses)
}

/// Returns true if another visit could have a different result, at this address or at one that was
/// tried before.
pub(super) fn may_pass(observation: &Observation) -> bool {
    let addresses = observation
        .addresses
        .as_ref()
        .filter(|_| is_dead_end(observation));
    let mut failed = addresses.into_iter().flat_map(|it| &it.failed);
    retry::may_pass(observation) || failed.any(|(_, failure)| retry::transient(failure))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::inventory::{Defaults, Endpoint, TargetSpec};
    use crate::observation::{Exchange, Offer};
    use crate::sweep::job::empty;

    fn list(text: &str) -> Vec<IpAddr> {
        text.split_whitespace()
            .map(|it| it.parse().unwrap())
            .collect()
    }

    fn failure(reason: Reason) -> Failure {
        Failure::new(Stage::Connect, reason, "")
    }

    /// A visit of a name with these addresses, before its first connection.
    fn visit(addresses: &str, complete: bool) -> Observation {
        let (address, addresses) = first_of(list(addresses), complete).unwrap();
        let target = TargetSpec::expand("a.test", &Defaults::default())
            .unwrap()
            .next();
        let endpoint = Endpoint {
            target: Arc::new(target.unwrap()),
            address: Some(address),
        };
        Observation {
            addresses: Some(addresses),
            ..empty(endpoint, None, 1, None)
        }
    }

    fn fails(observation: &mut Observation, reason: Reason) {
        observation.exchanges.push(Exchange {
            offer: Offer::Modern,
            transcript: None,
            session: None,
            chain: None,
            chain_cut: false,
            failure: Some(failure(reason)),
        });
    }

    #[test]
    fn families_take_turns_in_their_order() {
        for (known, found, want) in [
            ("192.0.2.1", "", ""),
            ("192.0.2.1 192.0.2.2", "", "192.0.2.2"),
            ("192.0.2.1", "::1 ::2", "::1 ::2"),
            (
                "192.0.2.1 192.0.2.2 192.0.2.3",
                "::1",
                "::1 192.0.2.2 192.0.2.3",
            ),
            (
                "192.0.2.1 192.0.2.2",
                "::1 ::2 ::3",
                "::1 192.0.2.2 ::2 ::3",
            ),
            (
                "192.0.2.1 192.0.2.2",
                "192.0.2.2 192.0.2.1 ::1",
                "::1 192.0.2.2",
            ),
        ] {
            let mut observation = visit(known, false);
            complete(&mut observation, list(found));
            assert_eq!(
                observation.addresses.unwrap().rest,
                list(want),
                "{known}, {found}"
            );
        }
        let (first, addresses) = first_of(list("192.0.2.1 192.0.2.2 ::1 ::2"), true).unwrap();
        assert_eq!(
            (first, addresses.rest),
            (list("192.0.2.1")[0], list("::1 192.0.2.2 ::2"))
        );
        assert!(first_of(vec![], true).is_none());
    }

    #[test]
    fn each_address_is_tried_once_and_the_row_is_about_the_first() {
        let mut observation = visit("192.0.2.1 192.0.2.2 192.0.2.3", true);
        let reasons = [Reason::Refused, Reason::Timeout, Reason::NoRoute];
        for (number, reason) in reasons.into_iter().enumerate() {
            fails(&mut observation, reason);
            assert!(is_dead_end(&observation));
            assert_eq!(has_next(&observation), number < 2);
            assert_eq!(turn_to_next(&mut observation), number < 2);
        }
        back_to_first(&mut observation);
        assert_eq!(observation.endpoint.address, Some(list("192.0.2.1")[0]));
        assert_eq!(observation.failure().unwrap().reason, Reason::Refused);
        let addresses = observation.addresses.as_ref().unwrap();
        assert_eq!((addresses.tried(), addresses.of()), (3, 3));
        let failed: Vec<_> = addresses.failed.iter().map(|it| it.1.reason).collect();
        assert_eq!(failed, [Reason::Timeout, Reason::NoRoute]);
        // The visit after it starts over.
        let again = from_the_first(&observation).unwrap();
        assert_eq!(again.rest, list("192.0.2.2 192.0.2.3"));
        assert!(again.failed.is_empty());
    }

    #[test]
    fn a_visit_stays_at_an_address_that_answered() {
        let mut observation = visit("192.0.2.1 192.0.2.2 192.0.2.3", true);
        fails(&mut observation, Reason::Refused);
        assert!(turn_to_next(&mut observation));
        fails(&mut observation, Reason::Timeout);
        let last = observation.exchanges.last_mut().unwrap();
        last.failure = Some(Failure::new(Stage::Handshake, Reason::Timeout, ""));
        assert!(!is_dead_end(&observation));
        let again = from_the_first(&observation).unwrap();
        assert_eq!((again.tried(), again.rest), (2, list("192.0.2.3")));
    }

    #[test]
    fn the_addresses_of_a_visit_are_limited_and_a_local_limit_tries_no_other() {
        let many: Vec<String> = (1..60).map(|n| format!("192.0.2.{n}")).collect();
        let mut observation = visit(&many.join(" "), true);
        let mut tried = 1;
        fails(&mut observation, Reason::Refused);
        while has_next(&observation) && turn_to_next(&mut observation) {
            fails(&mut observation, Reason::Refused);
            tried += 1;
        }
        assert_eq!(tried, MOST_TRIED);
        let mut observation = visit("192.0.2.1 192.0.2.2", true);
        fails(&mut observation, Reason::LocalLimit);
        assert!(!is_dead_end(&observation));
    }
}
