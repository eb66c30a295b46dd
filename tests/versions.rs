//! What `--versions all` says of servers whose versions are known: nginx as configured, and those of
//! the laboratory that misbehave.

mod nginx;

use std::fs;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use nginx::Nginx;
use serde_json::Value;
use tlsweep::lab::Lab;

/// Outcomes of SSL 3.0, TLS 1.0, 1.1, 1.2, 1.3, by their first letters (`n` is not probed, `-` no
/// answer), with the finding and the verdict.
const NGINX: &[(&str, &str, &str)] = &[
    ("TLSv1.2 TLSv1.3", "rrrss", "ok"),
    ("TLSv1.3", "rrrrs", "ok"),
    ("TLSv1.2", "rrrsr", "ok"),
    ("TLSv1.1", "rrsrr", "legacy_tls_only legacy_tls_only"),
    ("TLSv1", "rsrrr", "legacy_tls_only legacy_tls_only"),
    ("TLSv1 TLSv1.1", "rssrr", "legacy_tls_only legacy_tls_only"),
    (
        "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3",
        "rssss",
        "ok legacy_tls_enabled",
    ),
    ("TLSv1 TLSv1.3", "rsrrs", "ok legacy_tls_enabled"),
];

const LAB: &[(&str, &str)] = &[
    ("healthy", "rrrss"),
    ("only-tls1-3", "rrrrs"),
    ("only-ssl3", "srrrr"),
    ("only-tls1-0-closing", "isrri"),
    ("only-tls1-0-hanging", "rsrr-"),
    ("only-post-quantum", "rrrrs"),
    ("closes", "-----"),
    ("resets", "-----"),
    ("handshake-failure", "rrrrr"),
    // Two hellos without an answer are enough, that of the lane and a short one.
    ("silent", "nnnnn"),
];

struct Swept {
    rows: Vec<Value>,
    manifest: Value,
}

fn sweep(arguments: &[String], targets: &[String]) -> Swept {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows = folder.path().join("rows.jsonl");
    let ended = Command::new(env!("CARGO_BIN_EXE_tlsweep"))
        .args([
            "scan",
            "--quiet",
            "--rate=0",
            "--rate-per-ip=0",
            "--concurrency-per-ip=0",
        ])
        .args([
            "--versions=all",
            "--retries=0",
            "--handshake-timeout=2s",
            "--vantage=here",
        ])
        .arg("--output")
        .arg(&rows)
        .args(arguments)
        .args(targets)
        .output()
        .expect("the program runs");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    let text = fs::read_to_string(&rows).expect("rows");
    let manifest = fs::read_to_string(rows.with_extension("jsonl.manifest.json"));
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let mut rows: Vec<_> = text.lines().map(json).collect();
    let place = |row: &Value| targets.iter().position(|target| row["target"] == **target);
    rows.sort_by_key(place);
    Swept {
        rows,
        manifest: json(&manifest.expect("a manifest")),
    }
}

fn letters(row: &Value) -> String {
    ["ssl3", "tls1_0", "tls1_1", "tls1_2", "tls1_3"]
        .map(
            |version| match row["tls"]["versions"][version]["outcome"].as_str() {
                Some("supported") => 's',
                Some("rejected") => 'r',
                Some("intolerant") => 'i',
                Some("no_answer") => '-',
                Some("not_probed") => 'n',
                other => panic!("{other:?} of {row}"),
            },
        )
        .iter()
        .collect()
}

#[test]
fn nginx_accepts_what_it_is_configured_for() {
    let directives: Vec<_> = NGINX
        .iter()
        .map(|(versions, ..)| format!("ssl_protocols {versions}; ssl_ciphers ALL:@SECLEVEL=0;"))
        .collect();
    let directives: Vec<_> = directives.iter().map(String::as_str).collect();
    let nginx = Nginx::start(&directives);
    let targets: Vec<_> = (0..NGINX.len()).map(|place| nginx.target(place)).collect();
    let trust = format!("--trust={}", nginx.root().display());
    for lane in ["--probe=handshake", "--probe=hello"] {
        let swept = sweep(&[trust.clone(), lane.to_owned()], &targets);
        for ((versions, outcomes, judged), row) in NGINX.iter().zip(&swept.rows) {
            assert_eq!(
                letters(row),
                *outcomes,
                "{lane}: {versions}: {}",
                row["tls"]["versions"]
            );
            let findings = row["findings"].as_array().expect("a list").iter();
            let mut words = vec![row["verdict"].as_str().expect("a verdict")];
            words.extend(findings.filter_map(|finding| finding["id"].as_str()));
            assert_eq!(words.join(" "), *judged, "{lane}: {versions}");
        }
        let counts = &swept.manifest["counts"]["versions"];
        assert_eq!((&counts["rows"], &counts["tls"]), (&8.into(), &8.into()));
        assert_eq!(
            (&counts["legacy_only"], &counts["legacy_also"]),
            (&3.into(), &2.into())
        );
        assert_eq!(counts["outcomes"]["tls1_0"]["supported"], 5 - 1);
        assert_eq!(swept.manifest["vantage"], "here");
    }
}

#[test]
fn the_shares_of_a_sample_have_intervals() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1.2 TLSv1.3;"]);
    let address = nginx.address(0);
    let targets: Vec<_> = (0..40).map(|n| format!("n{n}.example@{address}")).collect();
    let sweep = |sample: &[&str]| {
        let arguments: Vec<_> = sample.iter().map(|it| (*it).to_owned()).collect();
        sweep(&arguments, &targets).manifest
    };
    let newest = |manifest: &Value| manifest["counts"]["versions"]["supported"]["tls1_3"].clone();
    let sampled = sweep(&["--sample=50%", "--seed=1"]);
    assert_eq!(sampled["choice"]["sample"], "50%");
    let rows = sampled["counts"]["versions"]["accept_any"].as_u64();
    let rows = rows.expect("a number");
    assert!((8..=32).contains(&rows), "{rows}");
    let supported = newest(&sampled);
    assert_eq!(
        (&supported["rows"], &supported["high"]),
        (&rows.into(), &1.0.into())
    );
    assert!(
        supported["low"]
            .as_f64()
            .is_some_and(|low| (0.5..1.0).contains(&low))
    );
    // A sample of as many targets as there are leaves nothing out, in a shard too.
    for all in [&["--sample=40"][..], &["--sample=40", "--shard=1/2"], &[]] {
        let census = sweep(all);
        let supported = newest(&census);
        assert_eq!(supported["share"], 1.0, "{all:?}");
        assert!(supported["low"].is_null() && supported["high"].is_null());
    }
}

/// Hands its visitors on to a server, except one, which it turns away at once.
fn turning_away(nth: usize, server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    // It ends with the process; visitors may go at any time.
    thread::spawn(move || {
        for (number, visitor) in listener.incoming().flatten().enumerate() {
            if number != nth {
                thread::spawn(move || hand_on(visitor, server));
            }
        }
    });
    address
}

fn hand_on(mut visitor: TcpStream, server: SocketAddr) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    let (mut said, mut heard) = (visitor.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut said, &mut heard);
        let _ = heard.shutdown(Shutdown::Write);
    });
    std::io::copy(&mut server, &mut visitor)?;
    visitor.shutdown(Shutdown::Write)
}

#[test]
fn a_close_in_passing_makes_no_version_intolerant() {
    let nginx = Nginx::start(&["ssl_protocols TLSv1.2 TLSv1.3;"]);
    let trust = format!("--trust={}", nginx.root().display());
    // The first hello is the visit's own; then the versions are asked for, newest first.
    let target = |nth| {
        let address = turning_away(nth, nginx.address(0));
        format!("{}@{address}", nginx::NAME)
    };
    let targets: Vec<_> = (1..5).map(target).collect();
    let swept = sweep(&[trust], &targets);
    for row in &swept.rows {
        assert_eq!(letters(row), "rrrss", "{}", row["tls"]["versions"]);
    }
}

#[test]
fn a_server_that_misbehaves_is_called_by_what_it_does() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let wanted = |name: &str| {
        LAB.iter().any(|(case, _)| *case == name) || name == "http" || name == "refused"
    };
    let lab = runtime
        .block_on(Lab::start_some(tlsweep::probe::now(), |case| {
            wanted(case.name)
        }))
        .expect("the laboratory starts");
    let targets: Vec<_> = lab.cases().iter().map(|case| case.target.clone()).collect();
    let resolvers = format!("--resolvers={}", lab.resolver_address());
    let swept = sweep(&[resolvers], &targets);
    for (row, running) in swept.rows.iter().zip(lab.cases()) {
        match LAB.iter().find(|(name, _)| *name == running.case.name) {
            Some((name, outcomes)) => assert_eq!(letters(row), *outcomes, "{name}"),
            None => assert!(row["tls"].is_null(), "{}", running.case.name),
        }
    }
    let counts = &swept.manifest["counts"]["versions"];
    for (denominator, rows) in [
        ("refused", 1),
        ("not_tls", 1),
        ("no_tls_answer", 3),
        ("tls", 6),
        // It answers each hello with an alert, so it has not retired any version.
        ("tls_no_version", 1),
    ] {
        assert_eq!(counts[denominator], rows, "{denominator}");
        let class = &swept.manifest["counts"]["population"][denominator];
        assert_eq!(*class, rows, "{denominator}");
        let of_class = |row: &&Value| row["population"] == denominator;
        let in_rows = swept.rows.iter().filter(of_class).count();
        assert_eq!(in_rows, rows, "{denominator}");
    }
    assert_eq!(counts["accept_any"], 6);
    for (version, outcomes) in counts["outcomes"].as_object().expect("an object") {
        let rows = outcomes.as_object().expect("an object").values();
        let rows: Option<u64> = rows.map(Value::as_u64).sum();
        assert_eq!(rows, Some(6), "{version}");
    }
    runtime.block_on(lab.stop());
}
