//! `scan --dry-run`: it sends and writes nothing, and what it foretells comes true.

mod nginx;
mod support;

use std::fs;
use std::io::ErrorKind;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use nginx::Nginx;
use support::{AT_HOME, folder, path, run, run_with, write};

/// Returns the numbers of a line of the report, from left to right.
#[track_caller]
fn numbers(report: &str, line: &str) -> Vec<u64> {
    let found = report.lines().find_map(|it| it.strip_prefix(line));
    let found = found.unwrap_or_else(|| panic!("no line {line:?} in\n{report}"));
    let number = |word: &str| word.replace(',', "").parse().expect("a number");
    found.split_whitespace().map(number).collect()
}

/// Passes each connection on to a server, and counts them.
fn counting(server: SocketAddr) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let count = Arc::new(AtomicU64::new(0));
    let counter = count.clone();
    // It ends with the process; clients may leave at any time.
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || pass_on(client, server));
        }
    });
    (address, count)
}

fn pass_on(mut client: TcpStream, server: SocketAddr) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    let (mut sent, mut received) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut sent, &mut received);
        let _ = received.shutdown(Shutdown::Write);
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Write)
}

/// Names at one address of an nginx with TLS 1.2 and 1.3. The forecast may be 5 percent off.
#[test]
fn the_forecast_of_a_usual_server_comes_true() {
    const NAMES: u64 = 5;
    let nginx = Nginx::start(&["ssl_protocols TLSv1.2 TLSv1.3;"]);
    for flags in [
        &[][..],
        &["--versions=all"],
        &["--probe=hello", "--versions=all"],
        &["--versions=all", "--facts=ciphers,groups"],
        &["--facts=tickets,renegotiation,compression,chains,alpn,default_certificate"],
    ] {
        let (address, count) = counting(nginx.address(0));
        let targets: Vec<_> = (0..NAMES)
            .map(|n| format!("n{n}.example@{address}"))
            .collect();
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        let scan = |more: &[&str]| run(&[&["scan"], &AT_HOME[..], flags, more, &targets].concat());
        let report = scan(&["--dry-run"]).expect(0).stdout;
        assert_eq!(count.load(Ordering::Relaxed), 0, "nothing was sent");
        let forecast = numbers(&report, "all ");
        let [least, usual, most] = forecast[..] else {
            panic!("{forecast:?}");
        };
        scan(&["--quiet"]).expect(0);
        let made = count.load(Ordering::Relaxed);
        assert!(
            made.abs_diff(usual) * 20 <= made,
            "{flags:?}: {usual}, not {made}"
        );
        assert!((least..=most).contains(&made), "{flags:?}");
        assert_eq!(least, NAMES);
    }
}

#[test]
fn a_dry_run_sends_and_writes_nothing() {
    let resolver = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    resolver.set_nonblocking(true).expect("a socket option");
    let resolvers = format!(
        "--resolvers={}",
        resolver.local_addr().expect("it is bound")
    );
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    server.set_nonblocking(true).expect("a socket option");
    let fixed = server.local_addr().expect("it is bound").to_string();
    let folder = folder();
    let kept = write(&folder, "rows.jsonl", "an earlier run\n");
    let [save, certs, rejects] = ["a.facts", "a.pem", "rejects"].map(|name| path(&folder, name));
    let arguments = [
        "scan",
        "--dry-run",
        "-o",
        &kept,
        "--save",
        &save,
        "--certs",
        &certs,
        "--rejects",
        &rejects,
        &resolvers,
        "a.example",
        "two words",
        &fixed,
    ];
    let report = run(&arguments).expect(0);
    assert!(report.stderr.contains("two words"), "{}", report.stderr);
    let first = report.stdout.lines().next();
    let counts = "2 targets · 2 hosts · 1 to look up · 1 line rejected";
    assert_eq!(first, Some(counts), "{}", report.stdout);
    assert_eq!(
        fs::read_to_string(&kept).expect("the file"),
        "an earlier run\n"
    );
    let files = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(files, 1, "no file was created");
    let nothing = |error: std::io::Error| error.kind() == ErrorKind::WouldBlock;
    assert!(resolver.recv(&mut [0; 512]).is_err_and(nothing));
    assert!(server.accept().is_err_and(nothing));
}

#[test]
fn the_targets_are_those_of_the_scan() {
    let folder = folder();
    let exclude = write(&folder, "exclude.txt", "b.example\n192.0.2.9\n");
    let list =
        "a.example\nb.example\na.example\n192.0.2.9\n192.0.2.1\n192.0.2.1:25\n255.255.255.254/31\n";
    let scan = |more: &[&str]| run_with(&[&["scan", "--dry-run"], more].concat(), list);
    let report = scan(&["--exclude", &exclude]).expect(0).stdout;
    let counts =
        "5 targets · 4 hosts · 1 to look up · 1 not connectable · 1 duplicate · 2 excluded";
    assert_eq!(report.lines().next(), Some(counts), "{report}");
    assert!(report.contains("4  tls on port 443\n"), "{report}");
    assert!(report.contains("1  smtp on port 25\n"), "{report}");
    // The one that cannot be connected to takes no connection.
    assert_eq!(numbers(&report, "all ")[..2], [4, 4], "{report}");
    assert!(
        report.contains("to 192.0.2.1, which 2 targets name"),
        "{report}"
    );
    assert!(report.contains("--exclude: "), "{report}");
    // Two shards are all, and a share of 100 percent too.
    let count = |more: &[&str]| -> u64 {
        let report = scan(more).expect(0).stdout;
        let first = report.split_whitespace().next();
        first.and_then(|word| word.parse().ok()).expect("a number")
    };
    assert_eq!(
        count(&["--shard=1/2"]) + count(&["--shard=2/2"]),
        count(&["--sample=100%"])
    );
    assert_eq!(count(&["--sample=2"]), 2);
}

#[test]
fn nothing_to_visit_exits_with_two() {
    for list in ["", "two words\n", "# only a comment\n"] {
        let ended = run_with(&["scan", "--dry-run"], list).expect(2);
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.contains("no valid target"), "{ended:?}");
    }
}
