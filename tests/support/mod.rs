//! Shared parts of the test suites: running the built program like a user, reading its rows like
//! another program would, and starting third-party servers for a test.

#![allow(
    dead_code,
    reason = "every suite is a crate of its own and uses a part of this"
)]

pub(crate) mod cases;
pub(crate) mod circles;
pub(crate) mod daemons;
pub(crate) mod dns;
pub(crate) mod peers;
pub(crate) mod pki;
pub(crate) mod revocation;
pub(crate) mod rooms;
pub(crate) mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// Path of the program under test.
pub(crate) const TLSWEEP: &str = env!("CARGO_BIN_EXE_tlsweep");

/// Flags for a sweep of our own machine: no rate limits, no retries, and timeouts long enough for a
/// machine with two busy cores.
pub(crate) const AT_HOME: [&str; 5] = [
    "--rate=0",
    "--rate-per-ip=0",
    "--concurrency-per-ip=0",
    "--retries=0",
    "--handshake-timeout=6s",
];

/// Returns a temporary folder, which is deleted with the test.
pub(crate) fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

/// Writes a file in a folder and returns its path as an argument.
pub(crate) fn write(folder: &TempDir, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file in the temporary folder");
    text_of(&path)
}

/// Returns the path of a file in a folder as an argument.
pub(crate) fn path(folder: &TempDir, name: &str) -> String {
    text_of(&folder.path().join(name))
}

fn text_of(path: &Path) -> String {
    path.to_str()
        .expect("temporary folders are UTF-8")
        .to_owned()
}

/// Exit code and output of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }
}

impl Run {
    /// Panics with the program's output unless it exited with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Returns the rows on standard output.
    pub(crate) fn rows(&self) -> Vec<Row> {
        rows(&self.stdout)
    }
}

/// Runs the program with empty standard input.
pub(crate) fn run<S: AsRef<str>>(arguments: &[S]) -> Run {
    run_with(arguments, "")
}

/// Runs the program with this text on standard input.
pub(crate) fn run_with<S: AsRef<str>>(arguments: &[S], stdin: &str) -> Run {
    let mut child = Command::new(TLSWEEP)
        .args(arguments.iter().map(AsRef::as_ref))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("standard input is a pipe");
    let text = stdin.to_owned();
    let feeding = thread::spawn(move || {
        // It is not an error if the program ends without reading all of its input.
        let _ = input.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().expect("the program ends");
    feeding.join().expect("the feeder ends");
    output.into()
}

/// Runs `scan` on our own machine with these additional arguments. Returns the rows by target. The
/// sweep must succeed.
pub(crate) fn sweep<S: AsRef<str>>(arguments: &[S]) -> BTreeMap<String, Row> {
    let folder = folder();
    let output = path(&folder, "rows.jsonl");
    let mut all = vec!["scan", "-o", &output];
    all.extend(AT_HOME);
    all.extend(arguments.iter().map(AsRef::as_ref));
    run(&all).expect(0);
    let rows = read_rows(&output);
    let count = rows.len();
    let by_target: BTreeMap<_, _> = rows
        .into_iter()
        .map(|row| (row.text("/target").to_owned(), row))
        .collect();
    assert_eq!(by_target.len(), count, "one row for each target");
    by_target
}

/// Does the same with the handshake lane, after checking that the hello lane has the same verdicts
/// and findings.
pub(crate) fn sweep_by_both_lanes<S: AsRef<str>>(arguments: &[S]) -> BTreeMap<String, Row> {
    let mut arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
    let rows = sweep(&arguments);
    arguments.extend(["--probe=hello", "--prove-key"]);
    let by_hello = sweep(&arguments);
    for (target, row) in &rows {
        let other = &by_hello[target];
        assert_eq!(
            (row.verdict(), row.findings()),
            (other.verdict(), other.findings()),
            "{target}: {} {}",
            row.0,
            other.0
        );
    }
    rows
}

/// Returns the only row of one target.
pub(crate) fn sweep_one<S: AsRef<str>>(arguments: &[S]) -> Row {
    let rows = sweep(arguments);
    assert_eq!(rows.len(), 1, "{:?}", rows.keys());
    rows.into_values().next().expect("there is one")
}

/// Returns the rows of a file.
pub(crate) fn read_rows(path: &str) -> Vec<Row> {
    rows(&fs::read_to_string(path).expect("the output is there"))
}

fn rows(text: &str) -> Vec<Row> {
    text.lines()
        .map(|line| Row(serde_json::from_str(line).expect("a row is JSON")))
        .collect()
}

/// A row, parsed without any of the program's own types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row(pub(crate) Value);

impl Row {
    pub(crate) fn verdict(&self) -> &str {
        self.text("/verdict")
    }

    /// Returns the ids of all findings.
    pub(crate) fn findings(&self) -> BTreeSet<&str> {
        let findings = self.0["findings"].as_array().expect("findings is a list");
        let id = |finding: &'_ Value| finding["id"].as_str().map(str::len);
        assert!(findings.iter().all(|finding| id(finding).is_some()));
        findings
            .iter()
            .filter_map(|finding| finding["id"].as_str())
            .collect()
    }

    /// Returns the finding with this id.
    pub(crate) fn finding(&self, id: &str) -> Option<&Value> {
        let findings = self.0["findings"].as_array()?;
        findings.iter().find(|finding| finding["id"] == id)
    }

    /// Returns the value at this JSON pointer, which may be `null`. Panics if the field is missing.
    #[track_caller]
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        match self.0.pointer(pointer) {
            Some(value) => value,
            // A pointer such as `/tls/version` in a row without TLS.
            None if self.0.pointer(parent(pointer)) == Some(&Value::Null) => &Value::Null,
            None => panic!("no {pointer} in {}", self.0),
        }
    }

    /// Returns the text at this JSON pointer.
    #[track_caller]
    pub(crate) fn text(&self, pointer: &str) -> &str {
        let value = self.at(pointer);
        value
            .as_str()
            .unwrap_or_else(|| panic!("{pointer} is {value} in {}", self.0))
    }

    /// Returns the row without the fields that differ between two visits to the same server.
    pub(crate) fn without_times(mut self) -> Self {
        for key in ["timing_ms", "started_at"] {
            self.0[key] = Value::Null;
        }
        self
    }
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// A running process of the program, which is killed at the end of the test.
pub(crate) struct Kept(pub(crate) Child);

impl Kept {
    /// Starts the process.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).spawn();
        Self(child.expect("the program starts"))
    }

    /// Sends the process a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.0.id());
        tool("bash", &["-c", &script], Path::new("/"));
    }

    /// Returns true if the process handles interrupts.
    pub(crate) fn heeds_interrupts(&self) -> bool {
        const INTERRUPT: u64 = 1 << (2 - 1);
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        let status = status.expect("a process has its status");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        caught.is_some_and(|mask| mask & INTERRUPT != 0)
    }

    /// Waits for the process to end. Returns its exit code.
    pub(crate) fn code(&mut self) -> Option<i32> {
        self.0.wait().expect("it is a child of ours").code()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The process has already ended if the test succeeded.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Repeats a check until it succeeds, for at most 30 seconds.
#[track_caller]
pub(crate) fn await_that(what: &str, mut yes: impl FnMut() -> bool) {
    const EVERY: Duration = Duration::from_millis(20);
    for _ in 0..1500 {
        if yes() {
            return;
        }
        thread::sleep(EVERY);
    }
    panic!("not true after 30 seconds: {what}");
}

/// Numbers from a seed (SplitMix64), for orders that look random and can be repeated.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Fisher-Yates shuffle.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.next() % (last as u64 + 1);
            // The number is at most `last`, which is a usize.
            items.swap(last, usize::try_from(other).expect("an index"));
        }
    }
}

/// Runs a tool that must be installed.
pub(crate) fn tool(name: &str, arguments: &[&str], folder: &Path) -> Vec<u8> {
    let output = Command::new(name)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| {
            panic!("{name} does not start ({error}): run scripts/install-peers")
        });
    assert!(
        output.status.success(),
        "{name} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// A port that refuses connections on every address of this machine. It is bound but does not
/// listen, so that no other socket gets it.
pub(crate) struct Refusing {
    _socket: TcpSocket,
    pub(crate) port: u16,
}

impl Refusing {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(([0, 0, 0, 0], 0).into())
            .expect("a port of the system's choice");
        let port = socket.local_addr().expect("it is bound").port();
        Self {
            _socket: socket,
            port,
        }
    }
}
