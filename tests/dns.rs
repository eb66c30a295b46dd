//! How names are looked up in a sweep: at which rate, how often, what waits for them, and what the
//! rows say. The queries are counted at the server.

mod support;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;
use support::dns::{A, Asked, Heard, Scripted};
use support::{Refusing, Row, Run, folder, run, write};
use tlsweep::lab::load::Load;
use tlsweep::resolve::{Resolver, Settings};

/// No politeness towards one address, and only one query for each name.
const HOME: [&str; 2] = ["-4", "--rate-per-ip=0"];

/// No second visits.
const ONCE: &str = "--retries=0";

/// Returns 127.0.7.7 for every name, except that names below `silent.test` get no answer.
fn answer(query: &Asked<'_>) -> Option<Vec<u8>> {
    let address = format!("{} A 127.0.7.7", query.name);
    (!query.name.ends_with("silent.test")).then(|| query.records(0, &address))
}

/// Sweeps these targets.
fn run_sweep(server: &Scripted, targets: &str, more: &[&str]) -> Run {
    let folder = folder();
    let inventory = write(&folder, "inventory.csv", targets);
    let resolvers = format!("--resolvers={}", server.address);
    let arguments = ["scan", "-i", &inventory, "--quiet", &resolvers];
    run(&[&arguments[..], &HOME, more].concat())
}

/// Sweeps these targets, and returns the rows as written.
fn sweep(server: &Scripted, targets: &str, more: &[&str]) -> Vec<Row> {
    run_sweep(server, targets, more).expect(0).rows()
}

/// Returns a list with one target per line, below the header that the reader expects.
fn list(targets: impl IntoIterator<Item = String>) -> String {
    let lines: Vec<String> = targets.into_iter().collect();
    format!("target\n{}\n", lines.join("\n"))
}

/// Returns the time between the first and the last query.
fn span(heard: &[Heard]) -> Duration {
    let times = || heard.iter().map(|query| query.at);
    let (first, last) = (times().min(), times().max());
    let both = first.zip(last).expect("queries");
    both.1.duration_since(both.0).expect("in order")
}

#[test]
fn names_without_an_answer_delay_nothing_else() {
    let server = Scripted::start(answer);
    let port = Refusing::new();
    let port = port.port;
    let silent = (0..700).map(|n| format!("n{n}.silent.test:{port}"));
    let addresses = (0..30).map(|n| format!("127.0.8.{n}:{port}"));
    let answered = (0..30).map(|n| format!("n{n}.test:{port}"));
    let targets = list(silent.chain(addresses).chain(answered));
    let rows = sweep(&server, &targets, &[ONCE]);
    assert_eq!(rows.len(), 760);
    let verdicts: Vec<&str> = rows.iter().map(Row::verdict).collect();
    // The rows of the last targets come before those of the first ones.
    assert!(verdicts[..60].iter().all(|it| *it == "unreachable"));
    assert!(verdicts[60..].iter().all(|it| *it == "dns_failure"));
}

#[test]
fn queries_are_sent_at_the_rate_of_the_visits_or_their_own() {
    let port = Refusing::new();
    for (flags, names) in [
        (&["--dns-rate=100"][..], 100),
        // Twice the rate of the visits.
        (&["--rate=50"], 100),
    ] {
        let server = Scripted::start(answer);
        let targets = list((0..names).map(|n| format!("n{n}.test:{}", port.port)));
        sweep(&server, &targets, flags);
        let heard = server.heard();
        assert_eq!(heard.len(), names, "{flags:?}");
        assert!(span(&heard) > Duration::from_millis(800), "{flags:?}");
    }
}

#[tokio::test]
async fn a_query_is_repeated_once_and_late() {
    let millis = Duration::from_millis;
    for (delay, timeout, queries) in [
        (Some(0), 3_000, 1),
        (Some(800), 3_000, 1),
        // The answer comes after the repetition.
        (Some(1_400), 2_000, 2),
        (None, 2_000, 2),
        (None, 900, 1),
    ] {
        let server = Scripted::slow(millis(delay.unwrap_or_default()), move |query| {
            let known = query.name == "first.test" || delay.is_some();
            known.then(|| query.records(0, &format!("{} A 127.0.7.7", query.name)))
        });
        let resolver = Resolver::new(Settings {
            servers: Some(vec![server.address]),
            timeout: millis(timeout),
            ..Settings::default()
        });
        let resolver = resolver.expect("a resolver");
        // From then on the resolver knows that the server supports EDNS.
        assert!(resolver.resolve("first.test").await.found.is_ok());
        let lookup = resolver.resolve("second.test").await;
        assert_eq!(lookup.found.is_ok(), delay.is_some(), "{delay:?}");
        let took = millis(delay.unwrap_or(timeout));
        assert!(
            lookup.took >= took && lookup.took < took + millis(500),
            "{lookup:?}"
        );
        let mut heard = server.heard();
        heard.retain(|query| query.name == "second.test");
        assert_eq!(heard.len(), queries, "{delay:?} {timeout}");
        if queries == 2 {
            assert!(span(&heard) >= millis(990), "{:?}", span(&heard));
        }
    }
}

#[test]
fn excluded_names_are_neither_queried_nor_sent() {
    let port = Refusing::new().port;
    let folder = folder();
    let exclude = write(&folder, "exclude", "cdn.out.test\nno.test\n");
    let exclude = ["--exclude", &exclude];
    for (targets, flags, asked) in [
        // The answer contains the address of the alias.
        ("target\nfull.test\n", &[][..], 1),
        ("target\nfull.test\n", &["--all-ips"], 1),
        // The answer ends at the alias.
        ("target\nalias.test\n", &[], 1),
        ("target\nno.test\n", &[], 0),
        ("target,sni\n127.0.7.7,no.test\n", &[], 0),
        ("target,sni\nyes.test,no.test\n", &[], 0),
        ("target\n127.0.7.7\n", &["--sni=no.test"], 0),
        ("target\nno.test@127.0.7.7\n", &[], 0),
    ] {
        let server = Scripted::start(|query| {
            let name = &query.name;
            Some(match name.as_str() {
                "full.test" => query.records(
                    0,
                    &format!("{name} CNAME cdn.out.test, cdn.out.test A 127.0.7.7"),
                ),
                "alias.test" => query.records(0, &format!("{name} CNAME cdn.out.test")),
                _ => query.records(0, &format!("{name} A 127.0.7.7")),
            })
        });
        let port = port.to_string();
        let flags = [&exclude[..], &["--ports", &port, ONCE], flags].concat();
        let ended = run_sweep(&server, targets, &flags).expect(2);
        let says = match asked {
            0 => "nothing to visit: 1 excluded",
            _ => "nothing was visited: 1 excluded",
        };
        assert!(ended.stderr.contains(says), "{targets}: {ended:#?}");
        assert_eq!(ended.stdout, "", "{targets}");
        let heard = server.heard();
        assert_eq!(heard.len(), asked, "{targets}: {heard:?}");
        assert!(heard.iter().all(|query| query.kind == A), "{heard:?}");
    }
}

/// Returns the time at which the attempt of a row started, and its duration in milliseconds.
fn times(row: &Row) -> (SystemTime, f64) {
    let started: Timestamp = row.text("/started_at").parse().expect("a time");
    let total = row.at("/timing_ms/total").as_f64().expect("a duration");
    (started.into(), total)
}

#[test]
fn a_row_says_how_long_its_own_lookup_took_and_when_it_began() {
    let server = Scripted::slow(Duration::from_millis(300), answer);
    let port = Refusing::new().port;
    let names = ["a.test", "b.test", "c.test", "d.test", "e.silent.test"];
    let targets = list(names.map(|name| format!("{name}:{port}")));
    // Each lookup waits for the one before.
    let flags = ["--dns-concurrency=1", "--dns-timeout=1s", ONCE];
    let rows = sweep(&server, &targets, &flags);
    let mut asked = BTreeMap::new();
    for query in server.heard() {
        asked.entry(query.name).or_insert(query.at);
    }
    assert_eq!(rows.len(), names.len());
    for row in &rows {
        let host = row.text("/host");
        let dns = row.at("/timing_ms/dns").as_f64().expect("a duration");
        let took = match host.contains("silent") {
            true => 1_000.0,
            false => 300.0,
        };
        assert!((took..took + 250.0).contains(&dns), "{host}: {dns}");
        let (started, total) = times(row);
        assert!((dns..dns + 250.0).contains(&total), "{host}: {total}");
        let off = match started.duration_since(asked[host]) {
            Ok(later) => later,
            Err(earlier) => earlier.duration(),
        };
        assert!(off < Duration::from_millis(250), "{host}: {off:?}");
    }
}

#[test]
fn a_retry_does_not_count_the_lookup_of_the_first_attempt() {
    let server = Scripted::slow(Duration::from_millis(900), |query| {
        Some(query.records(0, &format!("{} A 127.0.0.1", query.name)))
    });
    let stalls = Load::stall(&[([127, 0, 0, 1], 0).into()]).expect("it listens");
    let targets = list([format!("a.test:{}", stalls.addresses()[0].port())]);
    let rows = sweep(
        &server,
        &targets,
        &["--retries=1", "--handshake-timeout=100ms"],
    );
    let [row] = &rows[..] else {
        panic!("{} rows", rows.len());
    };
    assert_eq!(*row.at("/attempt"), 2);
    assert_eq!(*row.at("/timing_ms/dns"), Value::Null);
    let (_, total) = times(row);
    // Two ClientHellos, each with a second in which a silent port may still answer.
    assert!(total < 2_900.0, "{total}");
    assert_eq!(server.heard().len(), 1);
}

#[test]
fn an_error_of_the_resolver_is_no_fault_of_the_servers() {
    for (code, word, kind, side) in [
        // Alone it would be the server's side, but all names fail.
        (2, "SERVFAIL", "servfail", "network"),
        (5, "REFUSED", "resolver_error", "network"),
        (4, "NOTIMP", "resolver_error", "network"),
    ] {
        let server = Scripted::start(move |query| Some(query.refusal(code, false)));
        let targets = (0..30).map(|number| format!("n{number}.test"));
        let rows = sweep(&server, &list(targets), &[ONCE]);
        assert_eq!(rows.len(), 30, "{word}");
        for row in &rows {
            let error = row.at("/error");
            assert_eq!(
                (&error["kind"], &error["detail"]),
                (&kind.into(), &word.into())
            );
            assert_eq!(*row.at("/side"), side, "{word}");
        }
    }
    // Few lookups: SERVFAIL says something about the zone, and REFUSED does not.
    let server = Scripted::start(|query| {
        let broken = query.name.starts_with("broken");
        Some(query.refusal(if broken { 2 } else { 5 }, true))
    });
    let targets = ["broken.test", "refused.test"].map(str::to_owned);
    let rows = sweep(&server, &list(targets), &[ONCE]);
    let mut sides: Vec<_> = rows
        .iter()
        .map(|row| (row.at("/error/kind"), row.at("/side")))
        .map(|(kind, side)| format!("{kind} {side}"))
        .collect();
    sides.sort();
    assert_eq!(
        sides,
        [r#""resolver_error" "network""#, r#""servfail" "server""#]
    );
}
