//! Which address of a name is visited, what a row says of the others, and what becomes of names whose
//! address stays silent.

mod support;

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use support::dns::{A, Scripted};
use support::{Row, folder, path, read_rows, run, write};
use tlsweep::lab::load::{Farm, Load};
use tlsweep::probe;

/// No politeness towards our own machine, and no second visits.
const HOME: [&str; 3] = ["--rate=0", "--rate-per-ip=0", "--retries=0"];

/// A port where connections are neither accepted nor refused.
struct Blackhole {
    _listener: tokio::net::TcpListener,
    _queued: Vec<TcpStream>,
}

impl Blackhole {
    /// The queue is filled: the kernel drops what comes then.
    fn at(address: SocketAddr) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let _guard = runtime.enter();
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(address).expect("a free address");
        let listener = socket.listen(1).expect("it listens");
        let wait = Duration::from_millis(100);
        let connect = || TcpStream::connect_timeout(&address, wait).ok();
        let queued = std::iter::from_fn(connect).take(100).collect();
        Self {
            _listener: listener,
            _queued: queued,
        }
    }
}

/// Healthy servers at 127.0.5.2 and at ::1, on one port.
fn servers() -> (Load, Load, u16) {
    let now = probe::now();
    let first = Load::farm(Farm::default(), &[([127, 0, 5, 2], 0).into()], now);
    let first = first.expect("the farm listens");
    let port = first.addresses()[0].port();
    let second = Load::farm(
        Farm::default(),
        &[format!("[::1]:{port}").parse().unwrap()],
        now,
    );
    (first, second.expect("the farm listens"), port)
}

/// A resolver that has these addresses for every name.
fn resolver(addresses: &str) -> Scripted {
    let addresses: Vec<IpAddr> = addresses
        .split_whitespace()
        .map(|it| it.parse().unwrap())
        .collect();
    Scripted::start(move |query| {
        let kind = if query.kind == A { "A" } else { "AAAA" };
        let family = addresses.iter().filter(|it| it.is_ipv4() == (kind == "A"));
        let records = family.map(|it| format!("{} {kind} {it}", query.name));
        Some(query.records(0, &records.collect::<Vec<_>>().join(",")))
    })
}

/// The rows for these targets, in the order of their addresses.
fn rows(targets: &str, more: &[&str]) -> Vec<Row> {
    let folder = folder();
    let inventory = write(&folder, "inventory", targets);
    let output = path(&folder, "rows.jsonl");
    let arguments = ["scan", "-i", &inventory, "-o", &output, "--quiet"];
    let ended = run(&[&arguments[..], &HOME, more].concat());
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let mut rows = read_rows(&output);
    rows.sort_by_key(|row| (row.0["ip"].to_string(), row.0["host"].to_string()));
    rows
}

/// `verdict kind ip tried/of failed`, the verdict by whether TLS was spoken.
fn summary(row: &Row) -> String {
    let row = &row.0;
    let verdict = match row["verdict"].as_str() {
        Some("unreachable" | "dns_failure") => row["verdict"].as_str().unwrap(),
        _ => "reached",
    };
    let kind = row["error"]["kind"].as_str().unwrap_or("-");
    let ip = row["ip"].as_str().unwrap_or("-");
    let addresses = match &row["addresses"] {
        Value::Null => "-".to_owned(),
        it => {
            let failed: Vec<String> = it["failed"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| {
                    format!(
                        " {}={}",
                        it["ip"].as_str().unwrap(),
                        it["kind"].as_str().unwrap()
                    )
                })
                .collect();
            let complete = if it["complete"] == json!(true) {
                ""
            } else {
                "+"
            };
            format!("{}/{}{complete}{}", it["tried"], it["of"], failed.concat())
        }
    };
    format!("{verdict} {kind} {ip} {addresses}")
}

#[test]
fn the_next_address_is_tried_and_the_row_says_so() {
    let (_first, _second, port) = servers();
    let _silent = Blackhole::at(([127, 0, 5, 1], port).into());
    let quick = "--connect-timeout=700ms";
    for (addresses, flags, want) in [
        ("127.0.5.2", &[][..], "reached - 127.0.5.2 1/1+"),
        ("127.0.5.2 127.0.5.9", &[], "reached - 127.0.5.2 1/2+"),
        (
            "127.0.4.9 127.0.5.2",
            &[],
            "reached - 127.0.5.2 2/2 127.0.4.9=refused",
        ),
        (
            "127.0.5.1 127.0.5.2",
            &[quick],
            "reached - 127.0.5.2 2/2 127.0.5.1=timeout",
        ),
        ("127.0.4.9 ::1", &[], "reached - ::1 2/2 127.0.4.9=refused"),
        // The families take turns.
        (
            "127.0.4.8 127.0.4.9 ::1",
            &[],
            "reached - ::1 2/3 127.0.4.8=refused",
        ),
        (
            "::1 127.0.4.9",
            &["-4"],
            "unreachable refused 127.0.4.9 1/1",
        ),
        ("::1 127.0.4.9", &["-6"], "reached - ::1 1/1"),
        (
            "127.0.4.8 127.0.4.9",
            &[],
            "unreachable refused 127.0.4.8 2/2 127.0.4.9=refused",
        ),
        (
            "127.0.4.8 127.0.5.1",
            &[quick],
            "unreachable refused 127.0.4.8 2/2 127.0.5.1=timeout",
        ),
        // No address more than eight.
        (
            "127.0.4.1 127.0.4.2 127.0.4.3 127.0.4.4 127.0.4.5 127.0.4.6 127.0.4.7 127.0.4.8 127.0.5.2",
            &["-4"],
            "unreachable refused 127.0.4.1 8/9 127.0.4.2=refused 127.0.4.3=refused \
             127.0.4.4=refused 127.0.4.5=refused 127.0.4.6=refused 127.0.4.7=refused \
             127.0.4.8=refused",
        ),
        ("0.0.0.0", &[], "dns_failure unusable_address - -"),
        ("0.0.0.0 ::", &[], "dns_failure unusable_address - -"),
        (
            "0.0.0.0 127.0.5.2 255.255.255.255 224.0.0.1",
            &[],
            "reached - 127.0.5.2 1/4+ 0.0.0.0=unusable_address 224.0.0.1=unusable_address \
             255.255.255.255=unusable_address",
        ),
        (
            "0.0.0.0 ::1",
            &[],
            "reached - ::1 1/2 0.0.0.0=unusable_address",
        ),
        // Found when IPv6 is looked up.
        (
            "127.0.4.9 :: ff02::1 ::1",
            &[],
            "reached - ::1 2/4 ::=unusable_address ff02::1=unusable_address 127.0.4.9=refused",
        ),
        (
            "0.0.0.0 127.0.4.8 127.0.4.9 ::",
            &[],
            "unreachable refused 127.0.4.8 2/4 0.0.0.0=unusable_address ::=unusable_address \
             127.0.4.9=refused",
        ),
        (
            ":: ::1 127.0.5.2",
            &["-6"],
            "reached - ::1 1/2 ::=unusable_address",
        ),
        (
            "127.0.4.9 ::ffff:127.0.5.2",
            &[],
            "unreachable refused 127.0.4.9 1/1",
        ),
    ] {
        let resolver = resolver(addresses);
        let server = resolver.address.to_string();
        let flags = [flags, &["--resolvers", &server]].concat();
        let rows = rows(&format!("a.test:{port}\n"), &flags);
        let lines: Vec<_> = rows.iter().map(summary).collect();
        assert_eq!(lines, [want], "{addresses} {flags:?}");
    }
}

#[test]
fn every_address_has_its_row_where_all_are_asked_for() {
    let (_first, _second, port) = servers();
    for (addresses, want) in [
        (
            "127.0.4.9 127.0.5.2 0.0.0.0 ::1",
            &[
                "unreachable unusable_address 0.0.0.0 -",
                "unreachable refused 127.0.4.9 -",
                "reached - 127.0.5.2 -",
                "reached - ::1 -",
            ][..],
        ),
        // One family is no destination at all.
        (
            "0.0.0.0 ::1",
            &["unreachable unusable_address 0.0.0.0 -", "reached - ::1 -"],
        ),
    ] {
        let resolver = resolver(addresses);
        let server = resolver.address.to_string();
        let flags = ["--all-ips", "--resolvers", &server];
        let rows = rows(&format!("a.test:{port}\n"), &flags);
        let lines: Vec<_> = rows.iter().map(summary).collect();
        assert_eq!(lines, want);
    }
}

#[test]
fn what_is_excluded_is_not_the_next_address() {
    let (_first, _second, port) = servers();
    let folder = folder();
    let exclude = write(&folder, "exclude", "127.0.5.2\n::1\n");
    let resolver = resolver("127.0.4.9 127.0.5.2 ::1");
    let server = resolver.address.to_string();
    let flags = ["--exclude", &exclude, "--resolvers", &server];
    let rows = rows(&format!("a.test:{port}\n"), &flags);
    let lines: Vec<_> = rows.iter().map(summary).collect();
    assert_eq!(lines, ["unreachable refused 127.0.4.9 1/1"]);
}

#[test]
fn an_address_of_a_block_that_is_no_destination_has_a_row_and_no_visit() {
    // Nobody listens there; the last one is never asked.
    let rows = rows("255.255.255.254/31:1\n", &["--connect-timeout=500ms"]);
    let lines: Vec<_> = rows.iter().map(summary).collect();
    assert_eq!(lines[1], "unreachable unusable_address 255.255.255.255 -");
    assert_eq!(rows[1].0["timing_ms"]["connect"], Value::Null);
}

#[test]
fn names_at_a_silent_address_are_skipped_and_those_at_a_live_one_are_visited() {
    const NAMES: usize = 400;
    let (first, _second, port) = servers();
    // It accepts, and never says a word.
    let tarpit = TcpListener::bind(("127.0.5.3", port)).expect("a free address");
    let tarpit_port = tarpit.local_addr().unwrap().port();
    let mut targets = String::new();
    for number in 0..NAMES {
        targets += &format!("n{number}.test@127.0.5.3:{tarpit_port}\n");
        targets += &format!("{}@{}\n", Load::name(number), first.addresses()[0]);
    }
    // Another port of the silent address that answers.
    let other = TcpListener::bind(("127.0.5.3", 0)).expect("a free port");
    let other_port = other.local_addr().unwrap().port();
    drop(other);
    targets += &format!("other.test@127.0.5.3:{other_port}\n");
    let flags = ["--handshake-timeout=300ms", "--connect-timeout=5s"];
    let rows = rows(&targets, &flags);
    assert_eq!(rows.len(), 2 * NAMES + 1);
    let mut silent = 0;
    for row in &rows {
        let kind = row.0["error"]["kind"].as_str().unwrap_or("-");
        match row.0["host"].as_str().unwrap() {
            "other.test" => assert_eq!(kind, "refused"),
            // A busy machine may miss an answer within so short a time.
            name if name.ends_with(".farm.tlsweep.test") => {
                assert!(matches!(kind, "-" | "timeout"), "{}", row.0);
            }
            _ if kind == "timeout" => silent += 1,
            _ => {
                assert_eq!(kind, "address_dead", "{}", row.0);
                assert_eq!(row.0["verdict"], "unreachable");
                assert_eq!(row.0["timing_ms"]["connect"], Value::Null);
                let detail = row.0["error"]["detail"].as_str().unwrap();
                assert!(detail.starts_with("not visited: "), "{detail}");
            }
        }
    }
    // The run, those under way with it, and the probes.
    assert!((16..=30).contains(&silent), "{silent}");
}
