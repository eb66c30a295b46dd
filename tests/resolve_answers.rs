//! Answers that unbound never sends: refusals of EDNS, records of other names, alias loops, and
//! addresses to which no connection is possible.

mod support;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use support::dns::{A, Asked, Scripted};

use tlsweep::observation::Failure;
use tlsweep::resolve::{Families, Resolver, Settings};

fn resolver(servers: &[SocketAddr], families: Families, all: bool) -> Resolver {
    Resolver::new(Settings {
        servers: Some(servers.to_vec()),
        families,
        all,
        timeout: Duration::from_millis(500),
        in_flight: 64,
        ..Settings::default()
    })
    .expect("a resolver")
}

/// Returns the addresses separated by blanks, or `Reason: detail`.
fn outcome_text(outcome: Result<Vec<IpAddr>, Failure>) -> String {
    match outcome {
        Ok(addresses) => {
            let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            texts.join(" ")
        }
        Err(failure) => match failure.detail.as_str() {
            "" => format!("{:?}", failure.reason),
            detail => format!("{:?}: {detail}", failure.reason),
        },
    }
}

#[tokio::test]
async fn a_query_is_repeated_without_edns_if_the_server_lacks_it() {
    type Refuses = fn(&Asked<'_>) -> Option<Vec<u8>>;
    let refusals: [(&str, Refuses); 7] = [
        ("FORMERR", |query| Some(query.refusal(1, true))),
        ("NOTIMP", |query| Some(query.refusal(4, true))),
        ("SERVFAIL", |query| Some(query.refusal(2, true))),
        ("a bare FORMERR", |query| Some(query.refusal(1, false))),
        ("a bare NOTIMP", |query| Some(query.refusal(4, false))),
        ("a bare SERVFAIL", |query| Some(query.refusal(2, false))),
        ("silence", |_| None),
    ];
    for (label, refuses) in refusals {
        let server = Scripted::start(move |query| match query.opt {
            true => refuses(query),
            false => Some(query.records(0, &format!("{} A 127.0.0.9", query.name))),
        });
        let resolver = resolver(&[server.address], Families::V4, false);
        for name in ["a.test", "b.test", "c.test"] {
            assert_eq!(
                outcome_text(resolver.resolve(name).await.found),
                "127.0.0.9",
                "{label}: {name}"
            );
        }
        let (with, without) = server.forms();
        // After a timeout the query is repeated. Later queries have no OPT.
        assert!(
            with <= 3 && without == 3,
            "{label}: {with} with OPT, {without} without"
        );
    }
}

#[tokio::test]
async fn missing_edns_is_remembered_for_each_server() {
    let plain = Scripted::start(|query| match query.opt {
        true => Some(query.refusal(1, true)),
        false => Some(query.records(0, &format!("{} A 127.0.0.9", query.name))),
    });
    let modern =
        Scripted::start(|query| Some(query.records(0, &format!("{} A 127.0.0.9", query.name))));
    let resolver = resolver(&[plain.address, modern.address], Families::V4, false);
    for number in 0..6 {
        let outcome = resolver.resolve(&format!("n{number}.test")).await.found;
        assert_eq!(outcome_text(outcome), "127.0.0.9");
    }
    assert_eq!(plain.forms(), (1, 3));
    assert_eq!(modern.forms(), (3, 0));
}

#[tokio::test]
async fn failures_of_a_server_with_edns_are_not_retried_without_edns() {
    let server = Scripted::start(|query| match query.name.as_str() {
        "good.test" => Some(query.records(0, "good.test A 127.0.0.9")),
        "broken.test" => Some(query.refusal(2, true)),
        "refused.test" => Some(query.refusal(5, false)),
        _ => None,
    });
    let resolver = resolver(&[server.address], Families::V4, false);
    for (name, want) in [
        ("good.test", "127.0.0.9"),
        ("broken.test", "Servfail: SERVFAIL"),
        ("refused.test", "ResolverError: REFUSED"),
        ("silent.test", "Timeout"),
    ] {
        assert_eq!(
            outcome_text(resolver.resolve(name).await.found),
            want,
            "{name}"
        );
    }
    assert_eq!(server.forms().1, 0);
}

#[tokio::test]
async fn a_server_that_refuses_both_forms_is_a_failure() {
    let server = Scripted::start(|query| Some(query.refusal(1, !query.opt)));
    let resolver = resolver(&[server.address], Families::V4, false);
    for _ in 0..2 {
        assert_eq!(
            outcome_text(resolver.resolve("a.test").await.found),
            "ResolverError: FORMERR"
        );
    }
    assert_eq!(server.forms(), (2, 2));
}

#[tokio::test]
async fn only_records_on_the_alias_chain_of_the_name_count() {
    for (answer, want) in [
        ("q.test A 127.0.0.9", "127.0.0.9"),
        ("Q.TEST A 127.0.0.9", "127.0.0.9"),
        (
            "other.test A 127.0.0.66",
            "NoAddress: the answer has no record of this name",
        ),
        ("other.test A 127.0.0.66, q.test A 127.0.0.9", "127.0.0.9"),
        (
            "q.test CNAME a.test, a.test A 127.0.0.9, b.test A 127.0.0.66",
            "127.0.0.9",
        ),
        ("a.test A 127.0.0.9, q.test CNAME a.test", "127.0.0.9"),
        // If the answer lacks the target of an alias, the target is looked up: the script returns
        // 127.0.0.8.
        (
            "q.test CNAME asked.test, other.test A 127.0.0.66",
            "127.0.0.8",
        ),
        (
            "q.test CNAME q.test",
            "NoAddress: its CNAME records form a loop",
        ),
        (
            "q.test CNAME a.test, a.test CNAME q.test",
            "NoAddress: its CNAME records form a loop",
        ),
        (
            "q.test CNAME turn.test",
            "NoAddress: its CNAME records form a loop",
        ),
        (
            "q.test CNAME n0.chain.test",
            "NoAddress: more than 16 CNAME records in a row",
        ),
        ("q.test CNAME here.localhost", "127.0.0.1"),
        ("q.test CNAME hidden.onion", "Nxdomain"),
        ("", "NoAddress"),
    ] {
        let server = Scripted::start(move |query| {
            let number = query.name.strip_suffix(".chain.test");
            let records = match (query.name.as_str(), number) {
                ("q.test", _) => answer.to_owned(),
                ("asked.test", _) => "asked.test A 127.0.0.8".to_owned(),
                ("turn.test", _) => "turn.test CNAME q.test".to_owned(),
                (name, Some(number)) => {
                    let next = number[1..].parse::<u32>().unwrap() + 1;
                    format!("{name} CNAME n{next}.chain.test")
                }
                _ => String::new(),
            };
            Some(query.records(0, &records))
        });
        let resolver = resolver(&[server.address], Families::V4, false);
        assert_eq!(
            outcome_text(resolver.resolve("q.test").await.found),
            want,
            "{answer}"
        );
        assert!(server.forms().0 <= 17, "{answer}");
    }
}

#[tokio::test]
async fn the_response_code_applies_to_the_last_alias() {
    let server = Scripted::start(|query| Some(query.records(3, "q.test CNAME gone.test")));
    let resolver = resolver(&[server.address], Families::Both, false);
    assert_eq!(
        outcome_text(resolver.resolve("q.test").await.found),
        "Nxdomain"
    );
    assert_eq!(server.forms(), (1, 0));
}

#[tokio::test]
async fn addresses_that_cannot_be_visited_are_not_used() {
    use Families::{Both, V4, V6};
    for (a, aaaa, families, all, want) in [
        (
            "0.0.0.0",
            "",
            Both,
            false,
            "UnusableAddress: 0.0.0.0 is unspecified (0.0.0.0/8)",
        ),
        (
            "0.0.0.0",
            "::",
            Both,
            false,
            "UnusableAddress: 0.0.0.0 is unspecified (0.0.0.0/8)",
        ),
        ("", "::", Both, false, "UnusableAddress: :: is unspecified"),
        ("", "::", V6, false, "UnusableAddress: :: is unspecified"),
        (
            "",
            "ff02::1",
            V6,
            true,
            "UnusableAddress: ff02::1 is multicast",
        ),
        (
            "",
            "fe80::1",
            V6,
            true,
            "UnusableAddress: fe80::1 is link-local without a zone",
        ),
        // Beside another address it is reported all the same.
        ("0.0.0.0", "::1", Both, false, "::1 0.0.0.0"),
        ("0.0.0.0", "::1", Both, true, "::1 0.0.0.0"),
        (
            "127.0.0.9",
            ":: ff02::1",
            Both,
            true,
            "127.0.0.9 :: ff02::1",
        ),
        ("", ":: ::1", V6, false, "::1 ::"),
        (
            "0.0.0.0",
            "::1",
            V4,
            false,
            "UnusableAddress: 0.0.0.0 is unspecified (0.0.0.0/8)",
        ),
        ("0.0.0.0 127.0.0.9", "", Both, false, "127.0.0.9 0.0.0.0"),
        ("0.0.0.0 127.0.0.9", "", Both, true, "127.0.0.9 0.0.0.0"),
        ("", "::ffff:127.0.0.9", Both, false, "127.0.0.9"),
        ("127.0.0.9", "::ffff:127.0.0.9", Both, true, "127.0.0.9"),
        (
            "",
            "::ffff:0.0.0.0",
            Both,
            true,
            "UnusableAddress: 0.0.0.0 is unspecified (0.0.0.0/8)",
        ),
        (
            "",
            "::ffff:127.0.0.9",
            V6,
            false,
            "UnusableAddress: 127.0.0.9 is an IPv4 address written as IPv6",
        ),
        ("", "::ffff:127.0.0.9 ::1", V6, true, "::1"),
    ] {
        let server = Scripted::start(move |query| {
            let (kind, list) = match query.kind {
                A => ("A", a),
                _ => ("AAAA", aaaa),
            };
            let records = list
                .split_whitespace()
                .map(|it| format!("q.test {kind} {it}"));
            Some(query.records(0, &records.collect::<Vec<_>>().join(",")))
        });
        let resolver = resolver(&[server.address], families, all);
        let outcome = resolver.resolve("q.test").await.found;
        assert_eq!(
            outcome_text(outcome),
            want,
            "{a} / {aaaa} {families:?} all={all}"
        );
    }
}

#[tokio::test]
async fn the_other_family_is_queried_only_when_needed() {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    let server = Scripted::start(move |query| {
        seen.fetch_add(1, Relaxed);
        Some(match query.kind {
            A => query.records(0, "q.test A 127.0.0.9"),
            _ => query.records(0, "q.test AAAA ::1, q.test AAAA ::ffff:127.0.0.9"),
        })
    });
    let one = resolver(&[server.address], Families::Both, false);
    let known = one.resolve("q.test").await.found.unwrap();
    assert_eq!(count.load(Relaxed), 1);
    assert!(one.may_know_more(&known));
    assert_eq!(outcome_text(one.resolve_ipv6("q.test").await.found), "::1");
    assert_eq!(count.load(Relaxed), 2);
    for (families, all) in [
        (Families::V4, false),
        (Families::V6, false),
        (Families::Both, true),
    ] {
        assert!(!resolver(&[server.address], families, all).may_know_more(&known));
    }
    assert!(!one.may_know_more(&["::1".parse().unwrap()]));
}
