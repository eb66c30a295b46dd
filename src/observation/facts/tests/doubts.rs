//! Series of hellos to servers that have connection limits, restart, or are inconsistent: what was seen is
//! kept, and a list that may be incomplete is never reported as complete.

use super::*;

const SUITES: [u16; 3] = [0xC030, 0xC02F, 0x009C];
const FAILURE: No = No::Alert("handshake_failure");

/// How the server refuses, the connections at which it reacts differently, and the expected list: number
/// of suites, completeness, and what ended it.
type Case = (
    &'static str,
    No,
    fn(usize) -> Option<No>,
    (usize, bool, &'static str),
);

#[rustfmt::skip] // One or two lines for each case.
const CASES: &[Case] = &[
    ("refuses", FAILURE, |_| None, (3, true, "handshake_failure")),
    ("closes", No::Close, |_| None, (3, true, "close")),
    ("closes once, temporarily", FAILURE, |n| (n == 1).then_some(No::Close),
        (3, true, "handshake_failure")),
    ("closes temporarily, and refuses by closing", No::Close, |n| (n == 1).then_some(No::Close),
        (3, false, "close")),
    ("is limited by closes", FAILURE, |n| (n > 1).then_some(No::Close), (2, false, "close")),
    ("is limited by closes for three connections", FAILURE,
        |n| (2..5).contains(&n).then_some(No::Close), (2, false, "close")),
    ("is limited by alerts", FAILURE, |n| (n > 0).then_some(FAILURE),
        (1, false, "handshake_failure")),
    ("falls silent", FAILURE, |n| (n > 1).then_some(No::Silence), (2, false, "timeout")),
    ("chooses, then closes", FAILURE, |n| (n == 2).then_some(No::CloseAfterHello),
        (2, false, "close")),
    ("chooses, then alerts", FAILURE, |n| (n == 2).then_some(No::AlertAfterHello),
        (2, false, "handshake_failure")),
    ("has other words", No::Words("close"), |_| None, (3, false, "close")),
    ("has our own words", No::Words("out of time"), |_| None, (3, false, "out of time")),
];

#[test]
fn a_no_is_believed_where_the_server_then_still_says_yes() {
    for (name, no, instead, expected) in CASES {
        let server = Server {
            suites: SUITES.to_vec(),
            order: Order::Client,
            no: *no,
        };
        let mut visit = observation(&[Fact::Ciphers]);
        ask(&mut visit, |offered, number| match instead(number) {
            Some(no) => exchange(offered.offer, Err(no)),
            None => server.answer(offered),
        });
        let [_, _, _, tls12, _] = Facts::of(&visit).unwrap().ciphers.unwrap();
        let tls12 = tls12.unwrap();
        let found = (tls12.accepted.len(), tls12.complete, &*tls12.ended_by);
        assert_eq!(found, *expected, "{name}");
    }
}

/// Chooses the first offered suite or group in any version. Closes once in each series if requested.
fn accept_all(fact: Fact, closing: bool) -> usize {
    let mut visit = observation(&[fact]);
    // Nothing is known about versions.
    visit.exchanges[0].offer = Offer::Wide;
    let mut passed = std::collections::HashSet::new();
    ask(&mut visit, |offered, _| {
        if closing && passed.insert(offered.offer) {
            return exchange(offered.offer, Err(No::Close));
        }
        let mut answer = exchange(offered.offer, Ok(offered.suites[0]));
        let session = answer.session.as_mut().unwrap();
        session.version = offered.template.newest;
        session.group = offered.groups.first().copied();
        answer
    });
    visit.exchanges.len() - 1
}

#[test]
fn the_most_connections_are_those_of_the_documentation() {
    // For each version, one connection per suite and one to find the order.
    assert_eq!(accept_all(Fact::Ciphers, false), 285 + 5);
    assert_eq!(accept_all(Fact::Ciphers, true), 285 + 5 + 5);
    // Two less than two more for each version: a server that accepts all never refuses.
    assert_eq!(accept_all(Fact::Groups, true), 46 + 2);
}

#[test]
fn a_list_that_lacks_what_was_seen_elsewhere_is_not_complete() {
    let series = Series::Suites(ProtocolVersion::Tls12);
    let server = Server {
        suites: SUITES[..2].to_vec(),
        order: Order::Client,
        no: FAILURE,
    };
    let accepted = [0xC030, 0xC02F];
    for (offer, cipher, complete) in [
        (Offer::Modern, 0xC02F, true),
        (Offer::Modern, 0xC02B, false),
        (Offer::Modern, UNLISTED, true),
        (Offer::Wide, 0x009C, false),
        (Offer::Asked(Question::Features), 0x009C, false),
        // These may have reached another server.
        (Offer::Asked(Question::Nameless), 0x009C, true),
        (Offer::Implicit, 0x009C, true),
    ] {
        let mut visit = server.asked(&[Fact::Ciphers]);
        visit.exchanges.push(exchange(offer, Ok(cipher)));
        let listing = Listing::of(&visit.exchanges, series).unwrap();
        assert_eq!(listing.accepted, accepted);
        let ended_by = if complete {
            "handshake_failure"
        } else {
            "contradicted"
        };
        let found = (listing.complete, &*listing.ended_by);
        assert_eq!(found, (complete, ended_by), "{offer:?} {cipher:#06x}");
    }
}

#[test]
fn groups_are_looked_at_a_second_time_too() {
    let version = GroupVersion::Tls12;
    let known = [0x001D, 0x0017];
    for (limited, complete) in [(false, true), (true, false)] {
        for no in [FAILURE, No::Close] {
            let mut visit = observation(&[Fact::Groups]);
            ask(&mut visit, |offered, number| {
                let chosen = first_of(&known, &offered.groups);
                let chosen = chosen.filter(|_| !(limited && number > 1));
                let mut answer = exchange(offered.offer, chosen.map(|_| 0xC02F).ok_or(no));
                if let Some(session) = &mut answer.session {
                    session.group = chosen;
                }
                answer
            });
            let found = Listing::of(&visit.exchanges, Series::Groups(version)).unwrap();
            assert_eq!((&*found.accepted, found.complete), (&known[..], complete));
            let again = Offer::Asked(Question::GroupsAgain(version));
            let looks = visit.exchanges.iter().filter(|it| it.offer == again);
            assert_eq!(looks.count(), 1);
        }
    }
}

#[test]
fn the_first_hello_of_tls13_is_refused_by_its_own_word_alone() {
    let version = ProtocolVersion::Tls13;
    let tls13 = |offer| {
        let mut answer = exchange(offer, Ok(0x1301));
        let session = answer.session.as_mut().unwrap();
        (session.version, session.group) = (version, Some(0x001D));
        answer
    };
    for series in [Series::Suites(version), Series::Groups(GroupVersion::Tls13)] {
        let offer = Offer::Asked(series.question());
        let look = Offer::Asked(series.second_look());
        for (alert, at_first, later) in [
            ("protocol_version", true, true),
            ("handshake_failure", false, true),
            ("insufficient_security", false, true),
            ("illegal_parameter", false, false),
        ] {
            let refused = exchange(offer, Err(No::Alert(alert)));
            let first = Listing::of(std::slice::from_ref(&refused), series).unwrap();
            assert_eq!(first.complete, at_first, "{series:?} {alert}");
            let row = [tls13(offer), refused, tls13(look)];
            let row = Listing::of(&row, series).unwrap();
            assert_eq!(row.complete, later, "{series:?} {alert}");
            assert_eq!(&*row.ended_by, alert);
        }
    }
}

#[test]
fn a_list_whose_turn_never_came_is_not_taken_for_a_refusal() {
    let visit = observation(&[Fact::Ciphers, Fact::Groups]);
    let facts = Facts::of(&visit).unwrap();
    let [old @ .., tls12, tls13] = facts.ciphers.unwrap();
    // The modern offer was answered with a version below TLS 1.3.
    assert_eq!((tls13, facts.groups_tls13), (None, None));
    for listing in old.into_iter().chain([tls12, facts.groups_tls12]) {
        let listing = listing.unwrap();
        assert!(listing.accepted.is_empty() && !listing.complete);
        assert_eq!(listing.ended_by, "not asked");
    }
}

#[test]
fn application_protocols_are_asked_for_once_each_whatever_the_server_says() {
    let chose = |protocol: Option<&str>| {
        let mut answer = exchange(Offer::Asked(Question::Alpn), Ok(UNLISTED));
        answer.session.as_mut().unwrap().alpn = protocol.map(str::to_owned);
        answer
    };
    let failed = |no| exchange(Offer::Asked(Question::Alpn), Err(no));
    let none = No::Alert("no_application_protocol");
    for (answers, accepted, complete, ended_by) in [
        (vec![chose(None)], &[][..], true, "none_chosen"),
        (
            vec![chose(Some("http/1.1")), chose(Some("h2"))],
            &["http/1.1", "h2"],
            true,
            "all_accepted",
        ),
        (
            vec![chose(Some("h2")), failed(none)],
            &["h2"],
            true,
            "no_application_protocol",
        ),
        (
            vec![chose(Some("h2")), chose(Some("h2"))],
            &["h2"],
            false,
            "chose one not on offer",
        ),
        (
            vec![failed(No::Words("out of time"))],
            &[],
            false,
            "out of time",
        ),
        (
            vec![failed(No::Words("none_chosen"))],
            &[],
            false,
            "none_chosen",
        ),
        (vec![failed(No::Close)], &[], false, "close"),
    ] {
        let mut visit = observation(&[Fact::Alpn]);
        let mut left = answers.iter();
        ask(&mut visit, |_, _| left.next().expect("no more").clone());
        assert_eq!(left.count(), 0, "{ended_by}: was not asked on");
        let found = Facts::of(&visit).unwrap().alpn.unwrap();
        assert_eq!(found.accepted, accepted);
        assert_eq!((found.complete, &*found.ended_by), (complete, ended_by));
    }
}
