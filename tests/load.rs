//! Sweeps a hundred thousand targets, a third of them dead. Every target gets exactly one row, none
//! fails because of our own slowness, and memory use stays bounded.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use support::{Kept, Refusing, TLSWEEP, folder, path, write};
use tlsweep::lab::load::{Farm, Load, Versions};
use tlsweep::{pace, probe};

const TARGETS: usize = 100_000;
/// Number of dead targets that accept connections and never answer; the other dead targets refuse.
const SILENT: usize = 1_000;
/// Maximum memory use of the client.
const MOST_MEMORY_KB: u64 = 256 * 1024;

/// The part of a row that is checked a hundred thousand times.
#[derive(Deserialize)]
struct Line {
    target: String,
    verdict: String,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    stage: String,
    kind: String,
}

/// The behaviour of a target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answers {
    Healthy,
    Refuses,
    Nothing,
}

impl Answers {
    /// Every third target is dead. A few of these, spread evenly, are silent.
    fn of(number: usize) -> Self {
        const EVERY: usize = TARGETS / SILENT;
        match number {
            number if number % EVERY == 1 => Self::Nothing,
            number if number % 3 == 0 => Self::Refuses,
            _ => Self::Healthy,
        }
    }

    /// Returns the expected result. The silent targets share an address, so after some of them the
    /// others are not visited.
    /// are not asked.
    fn expected(self) -> &'static [&'static str] {
        match self {
            Self::Healthy => &["ok"],
            Self::Refuses => &["unreachable at connect: refused"],
            Self::Nothing => &[
                "handshake_failed at handshake: timeout",
                "unreachable at connect: address_dead",
            ],
        }
    }
}

#[test]
fn every_one_of_a_hundred_thousand_targets_gets_its_row() {
    // The servers in this process need as many sockets as the client.
    pace::raise_open_files();
    let now = probe::now();
    let addresses: Vec<_> = (1..=16).map(on_loopback).collect();
    // One key exchange and one signature per connection. TLS 1.2 needs the fewest records.
    let farm = Farm {
        versions: Versions::Tls12,
        ..Farm::default()
    };
    let healthy = Load::farm(farm, &addresses, now).expect("the farm listens");
    let silent = Load::stall(&addresses[..1]).expect("the silent one listens");
    let refusing = Refusing::new();
    let folder = folder();
    let root = write(&folder, "root.pem", healthy.root_pem());
    let mut inventory = String::new();
    for number in 0..TARGETS {
        let address = match Answers::of(number) {
            Answers::Healthy => healthy.addresses()[number % healthy.addresses().len()],
            Answers::Nothing => silent.addresses()[0],
            Answers::Refuses => (addresses[number % addresses.len()].ip(), refusing.port).into(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(inventory, "{}@{address}", Load::name(number));
    }
    let inventory = write(&folder, "inventory", inventory);
    let output = path(&folder, "rows.jsonl");
    let log = File::create(folder.path().join("log")).expect("a log");
    let mut command = Command::new(TLSWEEP);
    command
        .args([
            "scan",
            "--rate=0",
            "--rate-per-ip=0",
            "--concurrency-per-ip=0",
            "--retries=0",
        ])
        // Long timeouts, so that a busy machine causes none: any timeout of a live target is wrong.
        .args([
            "--connect-timeout=20s",
            "--handshake-timeout=20s",
            "--timeout=60s",
        ])
        .args(["--trust", &root, "-i", &inventory, "-o", &output])
        .stdout(Stdio::null())
        .stderr(log);
    let mut sweeping = Kept::spawn(&mut command);
    let most_memory = watch(&mut sweeping.0);
    let code = sweeping.code();
    let log = fs::read_to_string(folder.path().join("log")).expect("the log");
    assert_eq!(code, Some(0), "{log}");

    let mut seen = vec![false; TARGETS];
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    for line in BufReader::new(File::open(&output).expect("rows")).lines() {
        let line: Line = serde_json::from_str(&line.expect("a line")).expect("a row is JSON");
        let number = number(&line.target);
        assert!(
            !std::mem::replace(&mut seen[number], true),
            "{} twice",
            line.target
        );
        let expected = Answers::of(number).expected();
        let said = line.said();
        if !expected.contains(&said.as_str()) {
            *wrong
                .entry(format!("{expected:?} expected, {said} seen"))
                .or_default() += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{log}");
    assert_eq!(seen.iter().filter(|seen| **seen).count(), TARGETS);
    assert!(
        log.contains("100,000 rows of 100,000 targets") || log.contains("100000 rows"),
        "{log}"
    );
    assert!(most_memory > 0, "the memory use was never read");
    assert!(most_memory < MOST_MEMORY_KB, "{most_memory} KB\n{log}");
}

impl Line {
    fn said(&self) -> String {
        match &self.error {
            None => self.verdict.clone(),
            Some(error) => format!("{} at {}: {}", self.verdict, error.stage, error.kind),
        }
    }
}

/// The operating system chooses the port.
fn on_loopback(last: u8) -> SocketAddr {
    (Ipv4Addr::new(127, 0, 0, last), 0).into()
}

/// Returns the number in `n17.farm.tlsweep.test@127.0.0.1:443`.
fn number(target: &str) -> usize {
    let digits = target
        .strip_prefix('n')
        .and_then(|rest| rest.split('.').next());
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_else(|| panic!("{target} is not a target of this test"))
}

/// Waits until the child has ended, for ten minutes at most. Returns its peak memory use in KB. The
/// kernel's high-water mark only rises, so it is enough to read it now and then.
fn watch(child: &mut Child) -> u64 {
    const EVERY: Duration = Duration::from_millis(50);
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    for _ in 0..12_000 {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return most;
        }
        most = most.max(high_water(&status).unwrap_or(0));
        thread::sleep(EVERY);
    }
    panic!("the sweep did not end within ten minutes")
}

fn high_water(status: &str) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
