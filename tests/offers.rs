//! What one bad answer makes of a server: nothing, where a later one is sound. Servers behind a front that
//! meddles with some connections, and servers that accept little; what is concluded of them, and
//! how many connections it takes.

mod nginx;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use nginx::Nginx;
use serde_json::Value;

/// What the front does with a connection, once the hello is there.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// Hands it on to the server.
    Serves,
    Closes,
    /// Ends the connection without a word of TCP's.
    Resets,
    /// Asks for another hello, with a group that is in none of TLS 1.3.
    Retries,
    /// Hands it on to another server.
    ServesAt(SocketAddr),
    /// Sends these bytes and waits until the client goes.
    Stalls(&'static [u8]),
    /// Sends these bytes and closes.
    Says(&'static [u8]),
    /// Waits until the client goes.
    Waits,
}
use Does::{Closes, Resets, Retries, Says, Serves, ServesAt, Stalls, Waits};

const INTERNAL_ERROR: Does = Says(&[21, 3, 3, 0, 2, 2, 80]);
const PROTOCOL_VERSION: Does = Says(&[21, 3, 3, 0, 2, 2, 70]);

/// A server in front of another one, which chooses by the number of the connection and the hello.
struct Front {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Front {
    fn start(behind: SocketAddr, choose: impl Fn(usize, &Hello) -> Does + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        // It ends with the process.
        thread::spawn(move || {
            for mut visitor in listener.incoming().flatten() {
                let number = counter.fetch_add(1, SeqCst);
                let Some(hello) = Hello::read(&mut visitor) else {
                    continue;
                };
                let does = choose(number, &hello);
                thread::spawn(move || serve(visitor, &hello.0, does, behind));
            }
        });
        Self {
            address,
            connections,
        }
    }

    fn target(&self) -> String {
        format!("https://{}@{}", nginx::NAME, self.address)
    }
}

fn serve(
    mut visitor: TcpStream,
    hello: &[u8],
    does: Does,
    behind: SocketAddr,
) -> std::io::Result<()> {
    match does {
        Serves | ServesAt(_) => {
            let behind = if let ServesAt(other) = does {
                other
            } else {
                behind
            };
            let mut server = TcpStream::connect(behind)?;
            server.write_all(hello)?;
            let (mut said, mut heard) = (visitor.try_clone()?, server.try_clone()?);
            thread::spawn(move || {
                let _ = std::io::copy(&mut said, &mut heard);
                let _ = heard.shutdown(Shutdown::Write);
            });
            std::io::copy(&mut server, &mut visitor)?;
            return visitor.shutdown(Shutdown::Write);
        }
        Says(bytes) => visitor.write_all(bytes)?,
        Closes => {}
        Resets => return reset(visitor),
        Retries => visitor.write_all(&retry(SECP192K1, &hello[44..76], &[]))?,
        Waits | Stalls(_) => {
            if let Stalls(bytes) = does {
                visitor.write_all(bytes)?;
            }
            let _ = std::io::copy(&mut visitor, &mut std::io::sink());
        }
    }
    visitor.shutdown(Shutdown::Write)?;
    std::io::copy(&mut visitor, &mut std::io::sink()).map(|_| ())
}

/// The standard library cannot ask for it.
fn reset(visitor: TcpStream) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_io().build()?;
    let _inside = runtime.enter();
    visitor.set_nonblocking(true)?;
    tokio::net::TcpStream::from_std(visitor)?.set_zero_linger()
}

/// The first record of a client.
struct Hello(Vec<u8>);

impl Hello {
    fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut record = vec![0; 5];
        stream.read_exact(&mut record).ok()?;
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        record.resize(5 + length, 0);
        stream.read_exact(&mut record[5..]).ok()?;
        Some(Self(record))
    }

    fn legacy_version(&self) -> u8 {
        self.0[10]
    }

    /// Returns true if the extension is present.
    fn has(&self, kind: u16) -> bool {
        self.extension(kind).is_some()
    }

    /// Returns true if the group is offered.
    fn offers_group(&self, group: u16) -> bool {
        let groups = self.extension(10).unwrap_or_default();
        groups.chunks(2).skip(1).any(|it| it == group.to_be_bytes())
    }

    /// Returns true if TLS_AES_128_CCM_SHA256 is offered.
    fn offers_ccm(&self) -> bool {
        let suites = 44 + usize::from(self.0[43]);
        let length = usize::from(u16::from_be_bytes([self.0[suites], self.0[suites + 1]]));
        let mut each = self.0[suites + 2..suites + 2 + length].chunks(2);
        each.any(|it| it == [0x13, 0x04])
    }

    /// What the extension holds.
    fn extension(&self, kind: u16) -> Option<&[u8]> {
        let number = |at: usize| usize::from(u16::from_be_bytes([self.0[at], self.0[at + 1]]));
        let suites = 44 + usize::from(self.0[43]);
        let methods = suites + 2 + number(suites);
        let mut at = methods + 1 + usize::from(self.0[methods]) + 2;
        while at + 4 <= self.0.len() {
            let end = at + 4 + number(at + 2);
            if number(at) == usize::from(kind) {
                return self.0.get(at + 4..end);
            }
            at = end;
        }
        None
    }

    fn is_tls13(&self) -> bool {
        self.has(43)
    }
}

fn sweep(arguments: &[&str], targets: &[String]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows = folder.path().join("rows.jsonl");
    let ended = Command::new(env!("CARGO_BIN_EXE_tlsweep"))
        .args(["scan", "--quiet", "--rate=0", "--rate-per-ip=0"])
        .args(["--concurrency-per-ip=0", "--handshake-timeout=1s"])
        .arg("--output")
        .arg(&rows)
        .args(arguments)
        .args(targets)
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let text = fs::read_to_string(&rows).expect("rows");
    let json = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    let mut rows: Vec<_> = text.lines().map(json).collect();
    rows.sort_by_key(|row| targets.iter().position(|target| row["target"] == **target));
    rows
}

/// The place of the server behind, and what the front does with the first connections. The rest are
/// served.
type Passing = (usize, &'static [Does], &'static str, u64);

const BEHIND: &[&str] = &[
    "ssl_protocols TLSv1.3;",
    "ssl_protocols TLSv1.2;",
    "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-SHA;",
    "ssl_protocols TLSv1 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;",
    "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;",
];

/// With the verdict and the attempt that saw it.
const PASSING: &[Passing] = &[
    // The second hello, which offers no TLS 1.3, is refused: that refusal explains nothing.
    (0, &[Closes], "ok", 2),
    (0, &[INTERNAL_ERROR], "ok", 2),
    // A limit on connections, which meets several hellos in a row.
    (0, &[Closes, Closes, Closes], "ok", 2),
    (1, &[Closes, Closes, Closes], "ok", 2),
    (1, &[INTERNAL_ERROR, Closes, Closes], "ok", 2),
    // The second hello is answered, but not as a current client is.
    (1, &[Closes], "ok", 2),
    (2, &[Closes], "ok", 2),
    (3, &[INTERNAL_ERROR], "ok", 2),
    // The drop comes second.
    (4, &[Serves, Closes], "legacy_tls_only", 2),
    (4, &[Serves, INTERNAL_ERROR], "legacy_tls_only", 2),
    // Silence, then an answer to a short hello.
    (3, &[Waits], "ok", 2),
];

#[test]
fn a_failure_that_passes_defines_no_server() {
    let nginx = Nginx::start(BEHIND);
    let trust = format!("--trust={}", nginx.root().display());
    let fronts: Vec<_> = PASSING
        .iter()
        .map(|(place, does, ..)| {
            let choose = move |number: usize, _: &Hello| does.get(number).copied();
            Front::start(nginx.address(*place), move |number, hello| {
                choose(number, hello).unwrap_or(Serves)
            })
        })
        .collect();
    let targets: Vec<_> = fronts.iter().map(Front::target).collect();
    let rows = sweep(&[&trust, "--retries=2"], &targets);
    for ((place, does, verdict, attempt), row) in PASSING.iter().zip(&rows) {
        let seen = (row["verdict"].as_str(), row["attempt"].as_u64());
        assert_eq!(
            seen,
            (Some(*verdict), Some(*attempt)),
            "{} {does:?}: {}",
            BEHIND[*place],
            row["error"]
        );
    }
}

#[test]
fn a_failure_that_stays_is_reported_as_it_is() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1.3;"]);
    for (does, kind, attempt, connections) in [
        // In the retry, `modern` and `wide` are sent twice.
        (Closes, "eof", 2, 10),
        (INTERNAL_ERROR, "alert", 2, 10),
        (Waits, "timeout", 2, 4),
        // The server's own word, which is not asked for twice.
        (PROTOCOL_VERSION, "alert", 1, 2),
        (Says(&[21, 3, 3, 0, 2, 2, 40]), "alert", 1, 4),
        (Says(&[21, 0, 0, 0, 2, 2, 40]), "alert", 1, 4),
        (Says(&[21, 3, 3, 0, 2, 2, 112]), "alert", 1, 1),
    ] {
        let front = Front::start(nginx.address(0), move |_, _| does);
        let row = &sweep(&["--retries=1"], &[front.target()])[0];
        assert_eq!(row["verdict"], "handshake_failed", "{does:?}");
        assert_eq!(row["error"]["kind"], kind, "{does:?}");
        assert_eq!(row["attempt"], attempt, "{does:?}");
        let made = front.connections.load(SeqCst);
        assert_eq!(made, connections, "{does:?}");
    }
}

/// Connections that are dropped, by their number from 0 on.
type Drops = fn(usize) -> bool;

const PATTERNS: &[(&str, Drops)] = &[
    ("the first of two", |number| number % 2 == 0),
    ("the second of two", |number| number % 2 == 1),
    ("the first of three", |number| number % 3 == 0),
    ("the second of three", |number| number % 3 == 1),
    ("the third of three", |number| number % 3 == 2),
    ("the first two", |number| number < 2),
];

/// Servers behind a front that drops, the verdict of each, and the outcomes of TLS 1.0 to 1.3.
const DROPPED: &[(usize, &str, [&str; 4])] = &[
    (0, "ok", ["rejected", "rejected", "rejected", "supported"]),
    (1, "ok", ["rejected", "rejected", "supported", "rejected"]),
    (3, "ok", ["supported", "rejected", "rejected", "supported"]),
    (
        4,
        "legacy_tls_only",
        ["supported", "rejected", "rejected", "rejected"],
    ),
];

#[test]
fn a_server_that_drops_connections_in_turns_is_seen_as_it_is() {
    let nginx = Nginx::start(BEHIND);
    let trust = format!("--trust={}", nginx.root().display());
    for lane in ["--probe=handshake", "--probe=hello"] {
        for how in [Closes, INTERNAL_ERROR] {
            let mut fronts = Vec::new();
            for (pattern, drops) in PATTERNS {
                for (place, verdict, outcomes) in DROPPED {
                    let front = Front::start(nginx.address(*place), move |number, _| {
                        if drops(number) { how } else { Serves }
                    });
                    fronts.push((front, pattern, BEHIND[*place], verdict, outcomes));
                }
            }
            let targets: Vec<_> = fronts.iter().map(|(front, ..)| front.target()).collect();
            let rows = sweep(&[&trust, lane, "--versions=all", "--retries=1"], &targets);
            for ((_, pattern, behind, verdict, outcomes), row) in fronts.iter().zip(&rows) {
                let what = format!("{lane} {how:?} {pattern} {behind}: {}", row["error"]);
                assert_eq!(row["verdict"], **verdict, "{what}");
                let versions = &row["tls"]["versions"];
                for (version, outcome) in VERSIONS.iter().zip(*outcomes) {
                    let what = format!("{what} {version} {}", versions[version]);
                    assert_eq!(versions[version]["outcome"], *outcome, "{what}");
                }
            }
        }
    }
}

const VERSIONS: [&str; 4] = ["tls1_0", "tls1_1", "tls1_2", "tls1_3"];

#[test]
fn a_server_that_closes_on_new_hellos_costs_few_connections_more() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;"]);
    let trust = format!("--trust={}", nginx.root().display());
    // `modern`, `rest`, `more_groups` and `wide`; in each retry `modern` twice.
    for (retries, connections) in [(0, 4), (1, 9), (3, 19)] {
        let front = Front::start(nginx.address(0), |_, hello| {
            if hello.is_tls13() { Closes } else { Serves }
        });
        let retries = format!("--retries={retries}");
        let row = &sweep(&[&trust, &retries], &[front.target()])[0];
        assert_eq!(row["verdict"], "legacy_tls_only", "{retries}");
        assert_eq!(front.connections.load(SeqCst), connections, "{retries}");
    }
}

#[test]
fn old_versions_are_found_behind_a_box_that_bears_no_long_hello() {
    let all = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;";
    let nginx = Nginx::start(&[all, BEHIND[4]]);
    let trust = format!("--trust={}", nginx.root().display());
    for (place, outcomes) in [
        (0, ["supported", "supported", "supported"]),
        (1, ["supported", "rejected", "rejected"]),
    ] {
        for how in [Waits, Closes] {
            for lane in ["--probe=handshake", "--probe=hello"] {
                let front = Front::start(nginx.address(place), move |_, hello| {
                    // The hello of a current client passes, or nothing would be asked further.
                    let long = hello.0.len() > 255 && !hello.is_tls13();
                    if long { how } else { Serves }
                });
                let arguments = [
                    &*trust,
                    lane,
                    "--versions=all",
                    "--retries=0",
                    "--timeout=60s",
                ];
                let row = &sweep(&arguments, &[front.target()])[0];
                let versions = &row["tls"]["versions"];
                for (version, outcome) in VERSIONS.iter().zip(outcomes) {
                    let what = format!("{place} {how:?} {lane} {version}: {versions}");
                    assert_eq!(versions[version]["outcome"], outcome, "{what}");
                }
            }
        }
    }
}

#[test]
fn a_server_that_hangs_at_new_hellos_is_found_in_both_lanes() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;"]);
    let trust = format!("--trust={}", nginx.root().display());
    type Hangs = fn(&Hello) -> bool;
    let hangs: [Hangs; 2] = [Hello::is_tls13, |hello| hello.0.len() > 5 + 255];
    let chosen: &[u8] = server_hello(3, 0xC02F, 0, &[], [7; 32]).leak();
    for (place, hangs) in hangs.into_iter().enumerate() {
        for (how, silence) in [(Waits, "no_answer"), (Stalls(chosen), "rejected")] {
            for lane in ["--probe=handshake", "--probe=hello"] {
                for versions in ["--versions=negotiated", "--versions=all"] {
                    let hangs = move |_, hello: &Hello| if hangs(hello) { how } else { Serves };
                    let front = Front::start(nginx.address(0), hangs);
                    let arguments = [&*trust, lane, versions, "--retries=0"];
                    let row = &sweep(&arguments, &[front.target()])[0];
                    let what = format!("{place} {how:?} {lane} {versions}: {}", row["error"]);
                    assert_eq!(row["verdict"], "legacy_tls_only", "{what}");
                    assert_eq!(row["tls"]["version"], "TLSv1.0", "{what}");
                    if versions == "--versions=all" {
                        let outcomes = &row["tls"]["versions"];
                        assert_eq!(outcomes["tls1_0"]["outcome"], "supported", "{what}");
                        assert_eq!(outcomes["tls1_2"]["outcome"], "rejected", "{what}");
                        assert_eq!(outcomes["tls1_3"]["outcome"], silence, "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_server_that_has_shown_its_certificate_and_stalls_is_not_asked_again() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1.2;"]);
    let begun = [
        server_hello(3, 0xC02F, 0, &[], [7; 32]),
        message(3, 11, &[0, 0, 5, 0, 0, 2, 0x30, 0]),
    ];
    let begun: &[u8] = begun.concat().leak();
    for (how, connections) in [(Stalls(begun), 1), (Stalls(&begun[..60]), 2)] {
        for lane in ["--probe=handshake", "--probe=hello"] {
            let front = Front::start(nginx.address(0), move |_, _| how);
            let row = &sweep(&[lane, "--retries=0"], &[front.target()])[0];
            assert_eq!(row["verdict"], "handshake_failed", "{lane}");
            assert_eq!(row["error"]["kind"], "timeout", "{lane}");
            assert_eq!(front.connections.load(SeqCst), connections, "{lane}");
        }
    }
}

/// Servers that accept little, what is said of them, the hello that was answered, and the connections
/// in both lanes.
#[rustfmt::skip]
const NARROW: &[(&str, &str, &str, [usize; 2])] = &[
    ("ssl_protocols TLSv1.3;", "", "modern", [1, 2]),
    ("ssl_protocols TLSv1.3; ssl_ecdh_curve secp521r1;", "", "more_groups", [3, 4]),
    ("ssl_protocols TLSv1.3; ssl_ecdh_curve X448;", "needs the group x448", "rest", [3, 4]),
    ("ssl_protocols TLSv1.3; ssl_ecdh_curve ffdhe2048;", "needs the group ffdhe2048", "rest", [3, 4]),
    ("ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256;",
        "needs the suite TLS_AES_128_CCM_SHA256", "rest", [3, 4]),
];

#[test]
fn what_browsers_offer_is_offered_before_a_failure_is_reported() {
    let directives: Vec<_> = NARROW.iter().map(|(directives, ..)| *directives).collect();
    let nginx = Nginx::start(&directives);
    let trust = format!("--trust={}", nginx.root().display());
    for (place, (directives, needs, offer, connections)) in NARROW.iter().enumerate() {
        for (lane, connections) in ["--probe=handshake", "--probe=hello"]
            .iter()
            .zip(connections)
        {
            let front = Front::start(nginx.address(place), |_, _| Serves);
            let row = &sweep(&[&trust, lane, "--retries=0"], &[front.target()])[0];
            let what = format!("{directives} {lane}: {}", row["error"]);
            assert_eq!(row["tls"]["offer"], *offer, "{what}");
            assert_eq!(row["tls"]["supports_tls1_3"], true, "{what}");
            let verdict = if needs.is_empty() {
                "ok"
            } else {
                "handshake_failed"
            };
            assert_eq!(row["verdict"], verdict, "{what}");
            if !needs.is_empty() {
                assert_eq!(row["error"]["kind"], "incompatible", "{what}");
                let needs = format!("{needs}, which this scanner reads and cannot compute");
                assert_eq!(row["error"]["detail"], needs, "{what}");
                assert_eq!(row["side"], "client", "{what}");
                assert_eq!(row["leaf"], Value::Null, "{what}");
                refused_by_today(row).expect(&what);
            }
            assert_eq!(front.connections.load(SeqCst), *connections, "{what}");
        }
    }
}

/// The finding's clients: those that cannot connect, and those that can.
fn refused_by_today(row: &Value) -> Option<(Vec<&str>, Vec<&str>)> {
    let mut findings = row["findings"].as_array()?.iter();
    let found = findings.find(|it| it["id"] == "refused_by_today")?;
    let list = |key: &str| {
        let words = found[key].as_array().into_iter().flatten();
        words.filter_map(Value::as_str).collect()
    };
    Some((list("fails"), list("connects")))
}

/// What servers of TLS 1.3 insist on, whether a hello offers it, and the clients that have it.
type Insists = (&'static str, fn(&Hello) -> bool, &'static [&'static str]);

const INSISTING: &[Insists] = &[
    (
        "ssl_ecdh_curve secp521r1;",
        |hello| hello.offers_group(0x19),
        &["Firefox", "curl/OpenSSL"],
    ),
    (
        "ssl_ecdh_curve X448;",
        |hello| hello.offers_group(0x1E),
        &["curl/OpenSSL"],
    ),
    (
        "ssl_ecdh_curve ffdhe3072;",
        |hello| hello.offers_group(0x101),
        &["Firefox", "curl/OpenSSL"],
    ),
    (
        "ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256;",
        Hello::offers_ccm,
        &[],
    ),
];

/// What such servers take beside TLS 1.3, and the place of the first that the hello lane asks further.
const OLDER: &[&str] = &[
    "ssl_protocols TLSv1.2;",
    "ssl_protocols TLSv1.2; ssl_ciphers kRSA;",
    "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-SHA256;",
    "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;",
    "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;",
];
const ASKED_FURTHER: usize = 2;

/// How such a server refuses a hello of TLS 1.3 without what it insists on.
const REFUSALS: [Does; 4] = [Serves, Closes, Resets, Retries];

#[test]
fn what_tls13_insists_on_is_asked_before_an_older_version_is_judged() {
    let narrow: Vec<_> = INSISTING
        .iter()
        .map(|(directives, ..)| format!("ssl_protocols TLSv1.3; {directives}"))
        .collect();
    let narrow: Vec<_> = narrow.iter().map(String::as_str).collect();
    let nginx = Nginx::start(&[&narrow[..], OLDER].concat());
    let trust = format!("--trust={}", nginx.root().display());
    let mut fronts = Vec::new();
    for (place, (_, offers, _)) in INSISTING.iter().enumerate() {
        for older in 0..OLDER.len() {
            for how in REFUSALS {
                let other = nginx.address(INSISTING.len() + older);
                let choose = move |_, hello: &Hello| match hello.is_tls13() {
                    false => ServesAt(other),
                    true if offers(hello) => Serves,
                    true => how,
                };
                fronts.push((
                    place,
                    older,
                    how,
                    Front::start(nginx.address(place), choose),
                ));
            }
        }
    }
    for (lane, more) in [
        ("--probe=handshake", "--versions=negotiated"),
        ("--probe=handshake", "--versions=all"),
        ("--probe=handshake", "--facts=groups"),
        ("--probe=hello", "--versions=negotiated"),
        ("--probe=hello", "--versions=all"),
    ] {
        let from = if lane == "--probe=hello" {
            ASKED_FURTHER
        } else {
            0
        };
        let asked = || fronts.iter().filter(|(_, older, ..)| *older >= from);
        let targets: Vec<_> = asked().map(|(.., front)| front.target()).collect();
        let rows = sweep(&[&trust, lane, more, "--retries=0"], &targets);
        for ((place, older, how, _), row) in asked().zip(&rows) {
            let (directives, _, clients) = INSISTING[*place];
            let what = format!("{directives} {} {how:?} {lane} {more}", OLDER[*older]);
            assert_eq!(row["verdict"], "ok", "{what}: {}", row["error"]);
            assert_eq!(row["tls"]["supports_tls1_3"], true, "{what}");
            let (fails, connects) = refused_by_today(row).expect(&what);
            assert_eq!(connects, clients, "{what}");
            let browsers = ["Chrome", "Edge", "Firefox"].iter();
            let expected: Vec<_> = browsers.filter(|it| !clients.contains(it)).collect();
            assert!(fails.iter().eq(expected), "{what}: {fails:?}");
            // The hello lane reports what a client of TLS 1.2 gets, where there is such a thing.
            let computed = *place == 0 && !(from > 0 && *older == from);
            assert_eq!(row["tls"]["version"] == "TLSv1.3", computed, "{what}");
            if computed {
                assert_eq!(row["tls"]["offer"], "more_groups", "{what}");
                let mut findings = row["findings"].as_array().into_iter().flatten();
                let other = findings
                    .find(|it| it["id"] == "no_forward_secrecy" || it["id"] == "weak_cipher");
                assert_eq!(other, None, "{what}");
            }
        }
    }
}

#[test]
fn a_server_that_does_not_bear_the_widest_hello_is_asked_with_fewer_groups() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1.3; ssl_ecdh_curve secp521r1;"]);
    let trust = format!("--trust={}", nginx.root().display());
    let nonsense: &[u8] = message(3, 2, &[3, 3, 7]).leak();
    for how in [
        Closes,
        Resets,
        INTERNAL_ERROR,
        Says(&[21, 3, 3, 0, 2, 2, 40]),
        Says(nonsense),
        Says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Says(&[21, 3, 3, 0, 2, 2, 112]),
    ] {
        for (lane, connections) in [("--probe=handshake", 3), ("--probe=hello", 4)] {
            let front = Front::start(nginx.address(0), move |_, hello| {
                let widest = hello.is_tls13() && hello.offers_group(0x100);
                if widest { how } else { Serves }
            });
            let row = &sweep(&[&trust, lane, "--retries=0"], &[front.target()])[0];
            let what = format!("{how:?} {lane}: {}", row["error"]);
            assert_eq!(row["verdict"], "ok", "{what}");
            assert_eq!(row["tls"]["offer"], "more_groups", "{what}");
            assert_eq!(front.connections.load(SeqCst), connections, "{what}");
            let row = &sweep(
                &[&trust, lane, "--versions=all", "--retries=0"],
                &[front.target()],
            )[0];
            let versions = &row["tls"]["versions"];
            assert_eq!(versions["tls1_3"]["outcome"], "supported", "{what}");
            assert_eq!(versions["tls1_2"]["outcome"], "rejected", "{what}");
        }
    }
}

/// Servers without TLS 1.3, and the connections that they take in the handshake lane. One that names the
/// version in its refusal, or chooses an older one, is not asked for TLS 1.3 again.
#[test]
fn an_old_server_takes_few_connections() {
    const SERVERS: &[(&str, usize)] = &[
        ("ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;", 2),
        ("ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;", 2),
        ("ssl_protocols TLSv1.2; ssl_ciphers kRSA;", 3),
    ];
    let directives: Vec<_> = SERVERS.iter().map(|(directives, _)| *directives).collect();
    let nginx = Nginx::start(&directives);
    let trust = format!("--trust={}", nginx.root().display());
    for (place, (directives, connections)) in SERVERS.iter().enumerate() {
        let front = Front::start(nginx.address(place), |_, _| Serves);
        sweep(&[&trust, "--retries=0"], &[front.target()]);
        let made = front.connections.load(SeqCst);
        assert_eq!(made, *connections, "{directives}");
    }
    let chosen: &[u8] = flight(server_hello(1, 0x2F, 0, &[], [7; 32]), 1).leak();
    let front = Front::start(nginx.address(0), move |_, _| Says(chosen));
    let row = &sweep(&["--retries=0"], &[front.target()])[0];
    assert_eq!(row["tls"]["version"], "TLSv1.0");
    assert_eq!(front.connections.load(SeqCst), 2);
}

#[test]
fn a_server_that_refuses_the_protocols_of_http_is_read_without_them() {
    const NO_APPLICATION_PROTOCOL: Does = Says(&[21, 3, 3, 0, 2, 2, 120]);
    let nginx = Nginx::start(&["ssl_protocols TLSv1.2 TLSv1.3;", "ssl_protocols TLSv1.2;"]);
    let trust = format!("--trust={}", nginx.root().display());
    for place in 0..2 {
        for lane in ["--probe=handshake", "--probe=hello"] {
            let front = Front::start(nginx.address(place), |_, hello| {
                if hello.has(16) {
                    NO_APPLICATION_PROTOCOL
                } else {
                    Serves
                }
            });
            let row = &sweep(&[&trust, lane, "--retries=0"], &[front.target()])[0];
            assert_eq!(row["verdict"], "ok", "{place} {lane}: {}", row["error"]);
            let modern = lane == "--probe=handshake";
            let (offer, refused) = match modern {
                true => ("without_alpn", Value::Bool(true)),
                false => ("hello", Value::Null),
            };
            assert_eq!(row["tls"]["offer"], offer);
            assert_eq!(row["tls"]["alpn_refused"], refused);
            let connections = if modern { 2 } else { 1 };
            assert_eq!(
                front.connections.load(SeqCst),
                connections,
                "{place} {lane}"
            );
        }
        // One that says so to everything has refused something else.
        let front = Front::start(nginx.address(place), |_, _| NO_APPLICATION_PROTOCOL);
        let row = &sweep(&["--retries=0"], &[front.target()])[0];
        assert_eq!(row["error"]["detail"], "no_application_protocol");
        assert_eq!(front.connections.load(SeqCst), 2);
    }
}

/// A ServerHello of TLS 1.2 or older in its record, with this session id.
fn server_hello(
    version: u8,
    suite: u16,
    compression: u8,
    session: &[u8],
    random: [u8; 32],
) -> Vec<u8> {
    extended_hello(version, suite, compression, session, random, &[])
}

/// The same with these extensions, the length of their list before them.
fn extended_hello(
    version: u8,
    suite: u16,
    compression: u8,
    session: &[u8],
    random: [u8; 32],
    extensions: &[u8],
) -> Vec<u8> {
    let mut body = vec![3, version];
    body.extend(random);
    body.push(u8::try_from(session.len()).expect("a session id"));
    body.extend(session);
    body.extend(suite.to_be_bytes());
    body.push(compression);
    body.extend(extensions);
    message(version, 2, &body)
}

fn message(version: u8, kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, _, high, low] = u32::try_from(body.len()).expect("short").to_be_bytes();
    let [upper, lower] = u16::try_from(body.len() + 4).expect("short").to_be_bytes();
    let mut record = vec![22, 3, version, upper, lower, kind, 0, high, low];
    record.extend(body);
    record
}

/// A whole flight, but for a certificate that means anything.
fn flight(hello: Vec<u8>, version: u8) -> Vec<u8> {
    let certificate = message(version, 11, &[0, 0, 5, 0, 0, 2, 0x30, 0]);
    [hello, certificate, message(version, 14, &[])].concat()
}

/// Ways to choose an old version and not to mean it, and whether the connection is held open after.
type Misbehaves = fn(u8, &Hello) -> Vec<u8>;

#[rustfmt::skip]
const MISBEHAVING: &[(&str, &str, Misbehaves)] = &[
    ("fatal alert", "handshake_failure", |version, _| {
        [server_hello(version, 0x2F, 0, &[], [7; 32]), vec![21, 3, version, 0, 2, 2, 40]].concat()
    }),
    ("close", "close", |version, _| server_hello(version, 0x2F, 0, &[], [7; 32])),
    ("truncated", "close", |version, _| {
        let mut flight = flight(server_hello(version, 0x2F, 0, &[], [7; 32]), version);
        flight.truncate(flight.len() - 9 - 4);
        flight
    }),
    ("suite", "chose the suite TLS_AES_128_GCM_SHA256, which was not on offer", |version, _| {
        flight(server_hello(version, 0x1301, 0, &[], [7; 32]), version)
    }),
    ("signal", "chose the suite TLS_EMPTY_RENEGOTIATION_INFO_SCSV, which was not on offer", |version, _| {
        flight(server_hello(version, 0x00FF, 0, &[], [7; 32]), version)
    }),
    ("compression", "chose compression 1, which was not on offer", |version, _| {
        flight(server_hello(version, 0x2F, 1, &[], [7; 32]), version)
    }),
    ("session id", "resumes a session that never was", |version, hello| {
        flight(server_hello(version, 0x2F, 0, &hello.0[44..76], [7; 32]), version)
    }),
    ("extension", "sent the extension 43981, which was not on offer", |version, _| {
        flight(extended_hello(version, 0x2F, 0, &[], [7; 32], &[0, 4, 0xAB, 0xCD, 0, 0]), version)
    }),
];

/// Serves these bytes to hellos of TLS 1.1 and older.
fn old_answers(behind: SocketAddr, answer: Misbehaves) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for mut visitor in listener.incoming().flatten() {
            let Some(hello) = Hello::read(&mut visitor) else {
                continue;
            };
            thread::spawn(move || {
                let version = hello.legacy_version();
                if version >= 3 {
                    return serve(visitor, &hello.0, Serves, behind);
                }
                visitor.write_all(&answer(version, &hello))?;
                serve(visitor, &[], Closes, behind)
            });
        }
    });
    address
}

#[test]
fn a_version_that_is_chosen_and_not_seen_through_is_not_supported() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1.2;"]);
    let trust = format!("--trust={}", nginx.root().display());
    let address = |(_, _, answer): &(_, _, Misbehaves)| old_answers(nginx.address(0), *answer);
    let target = |address: SocketAddr| format!("{}@{address}", nginx::NAME);
    let targets: Vec<_> = MISBEHAVING.iter().map(address).map(target).collect();
    for lane in ["--probe=handshake", "--probe=hello"] {
        let rows = sweep(&[&trust, lane, "--versions=all", "--retries=0"], &targets);
        for ((name, reason, _), row) in MISBEHAVING.iter().zip(&rows) {
            assert_eq!(row["verdict"], "ok", "{name}");
            assert_eq!(row["findings"], Value::Array(Vec::new()), "{name}");
            let versions = &row["tls"]["versions"];
            for version in ["ssl3", "tls1_0", "tls1_1"] {
                let found = &versions[version];
                assert_eq!(found["outcome"], "broke_off", "{name} {version} {found}");
                assert_eq!(found["reason"], *reason, "{name} {version}");
            }
            assert_eq!(versions["tls1_2"]["outcome"], "supported", "{name}");
            assert_eq!(versions["tls1_3"]["outcome"], "rejected", "{name}");
        }
    }
}

const SECP192K1: u8 = 0x12;
const SECP384R1: u8 = 0x18;

/// Returns a HelloRetryRequest (RFC 8446, 4.1.4) for this group, with this session id and with
/// these extensions in addition to the required ones.
fn retry(group: u8, session: &[u8], more: &[u8]) -> Vec<u8> {
    // SHA-256 of "HelloRetryRequest".
    const RETRY: [u8; 32] = [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8,
        0x91, 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8,
        0x33, 0x9C,
    ];
    let needed = [0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, group];
    let length = u8::try_from(needed.len() + more.len()).expect("short");
    let extensions = [&[0, length], &needed[..], more].concat();
    extended_hello(3, 0x1301, 0, session, RETRY, &extensions)
}

#[test]
fn an_answer_of_tls_1_3_echoes_the_session_id_and_has_no_foreign_extension() {
    type Answers = fn(&Hello) -> Vec<u8>;
    let answers: [(&str, &str, Answers); 6] = [
        ("supported", "chosen", |it| {
            retry(SECP384R1, &it.0[44..76], &[])
        }),
        ("supported", "chosen", |it| {
            retry(SECP384R1, &it.0[44..76], &[0, 44, 0, 3, 0, 1, 7])
        }),
        ("broke_off", "does not echo the session id", |_| {
            retry(SECP384R1, &[], &[])
        }),
        ("broke_off", "does not echo the session id", |_| {
            retry(SECP384R1, &[9; 32], &[])
        }),
        (
            "broke_off",
            "sent the extension 43981, which was not on offer",
            |it| retry(SECP384R1, &it.0[44..76], &[0xAB, 0xCD, 0, 0]),
        ),
        (
            "broke_off",
            "sent the extension 10, which TLS 1.3 encrypts",
            |it| retry(SECP384R1, &it.0[44..76], &[0, 10, 0, 4, 0, 2, 0, 24]),
        ),
    ];
    let nginx = Nginx::start(&["ssl_protocols TLSv1.2;"]);
    let trust = format!("--trust={}", nginx.root().display());
    for (outcome, reason, answer) in answers {
        let front = Front::start(nginx.address(0), move |_, hello| match hello.is_tls13() {
            true => Says(answer(hello).leak()),
            false => Serves,
        });
        let arguments = [&trust, "--probe=hello", "--versions=all", "--retries=0"];
        let row = &sweep(&arguments, &[front.target()])[0];
        let found = &row["tls"]["versions"]["tls1_3"];
        assert_eq!(found["outcome"], outcome, "{reason}: {found}");
        assert_eq!(found["reason"], reason);
        assert_eq!(row["verdict"], "ok", "{reason}");
    }
}

/// A random that ends in the mark of a server that could have spoken TLS 1.3 (RFC 8446, 4.1.3).
const MARKED: [u8; 32] = *b"this is no random at all.DOWNGRD\x01"
    .last_chunk()
    .expect("32 bytes");

#[test]
fn a_copied_mark_is_a_claim_and_a_refusal_outweighs_it() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1.2;"]);
    let answer = [
        server_hello(3, 0x2F, 0, &[], MARKED),
        message(3, 11, &[0, 0, 5, 0, 0, 2, 0x30, 0]),
        message(3, 14, &[]),
    ];
    let answer: &'static [u8] = answer.concat().leak();
    let marking = Front::start(nginx.address(0), move |_, hello| {
        if hello.is_tls13() {
            PROTOCOL_VERSION
        } else {
            Says(answer)
        }
    });
    for lane in ["--probe=handshake", "--probe=hello"] {
        let row = &sweep(&[lane, "--retries=0"], &[marking.target()])[0];
        assert_eq!(row["tls"]["version"], "TLSv1.2", "{lane}");
        assert_eq!(row["tls"]["supports_tls1_3"], Value::Null, "{lane}");
        assert_eq!(row["tls"]["claims_tls1_3"], true, "{lane}");
        let arguments = [lane, "--versions=all", "--retries=0"];
        let row = &sweep(&arguments, &[marking.target()])[0];
        let found = &row["tls"]["versions"]["tls1_3"];
        assert_eq!(found["outcome"], "rejected", "{lane}");
        assert_eq!(row["tls"]["supports_tls1_3"], Value::Null, "{lane}");
        assert_eq!(row["tls"]["claims_tls1_3"], Value::Null, "{lane}");
    }
}

/// An SMTP server that says these words to its first visitors, and after them is nobody.
fn busy(words: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for (number, mut visitor) in listener.incoming().flatten().enumerate() {
            let word = words.get(number).unwrap_or(&"554 never\r\n");
            thread::spawn(move || {
                visitor.write_all(word.as_bytes())?;
                serve(visitor, &[], Closes, address)
            });
        }
    });
    format!("smtp://{address}")
}

#[test]
fn a_mail_server_that_says_later_is_asked_again() {
    const BUSY: &str = "421 4.7.0 too many connections\r\n";
    let targets = [busy(&[BUSY]), busy(&[BUSY; 9]), busy(&["554 no\r\n"])];
    let rows = sweep(&["--retries=1"], &targets);
    for (row, (kind, attempt)) in
        rows.iter()
            .zip([("turned_away", 2), ("temporary", 2), ("turned_away", 1)])
    {
        assert_eq!(row["verdict"], "starttls_unavailable");
        let seen = (row["error"]["kind"].as_str(), row["attempt"].as_u64());
        assert_eq!(seen, (Some(kind), Some(attempt)));
    }
}

#[test]
fn a_port_that_never_answers_is_visited_as_often_as_the_readme_says() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    // It ends with the process.
    thread::spawn(move || {
        let mut kept = Vec::new();
        for visitor in listener.incoming().flatten() {
            counter.fetch_add(1, SeqCst);
            kept.push(visitor);
        }
    });
    let targets = (0..100).map(|number| format!("n{number}.test@{address}"));
    let ended = Command::new(env!("CARGO_BIN_EXE_tlsweep"))
        .args(["scan", "--quiet", "--format=jsonl", "--rate-per-ip=0"])
        .args(["--handshake-timeout=200ms", "--retries=0"])
        .args(targets)
        .output()
        .expect("the program runs");
    let rows = String::from_utf8_lossy(&ended.stdout);
    let made = |row: &&str| !row.contains("address_dead");
    let visited = rows.lines().filter(made).count();
    // 16, up to three that are under way at four at once, and three one by one.
    assert!((19..=22).contains(&visited), "{visited} visits");
    assert_eq!(connections.load(SeqCst), 2 * visited);
}

#[test]
fn a_short_hello_follows_where_the_long_one_meets_an_old_box() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;"]);
    let trust = format!("--trust={}", nginx.root().display());
    for how in [Closes, Resets, Says(&[21, 3, 1, 0, 2, 2, 40])] {
        for lane in ["--probe=handshake", "--probe=hello"] {
            let front = Front::start(nginx.address(0), move |_, hello| {
                let long = hello.0.len() > 255 && !hello.is_tls13();
                if long { how } else { Serves }
            });
            let row = &sweep(&[&trust, lane, "--retries=0"], &[front.target()])[0];
            assert_eq!(row["verdict"], "legacy_tls_only", "{how:?} {lane}: {row}");
            assert!(row["leaf"].is_object(), "{how:?} {lane}");
        }
    }
}
