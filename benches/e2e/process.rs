//! Separate processes: servers, so that their CPU time is not counted as the scanner's, and the
//! resource use of a child.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tlsweep::lab::load::{Farm, Leaves, Load, Signing, Versions};

use super::{Failed, doing};

/// Number of addresses on which a server listens. The scanner keeps state for each address, and
/// only 28,000 ports can connect to one address.
const ADDRESSES: u8 = 64;

/// A server in its own process, which ends when this is dropped.
pub(crate) struct Server {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) root: PathBuf,
    child: Child,
    // The server runs until this pipe is closed.
    stdin: Option<ChildStdin>,
}

impl Server {
    pub(crate) fn start(kind: &str, count: usize, folder: &Path) -> Result<Self, Failed> {
        let root = folder.join(format!("{kind}.pem"));
        let myself = std::env::current_exe().map_err(doing("finding this program"))?;
        let mut child = on_cores(SERVER_CORE, &myself)
            .args(["serve", kind, &count.to_string()])
            .arg(&root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(doing("starting a server"))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut line);
            read.map_err(doing("hearing from a server"))?;
        }
        let addresses = line.split_whitespace().filter_map(|word| word.parse().ok());
        Ok(Self {
            addresses: addresses.collect(),
            root,
            stdin: child.stdin.take(),
            child,
        })
    }

    /// Returns the address of the target with this number.
    pub(crate) fn address(&self, number: usize) -> SocketAddr {
        self.addresses[number % self.addresses.len()]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stdin.take();
        // The process ends when its input is closed. It does not matter if it has ended already.
        let _ = self.child.wait();
    }
}

/// Runs the server process: prints its addresses, and serves until its input is closed.
pub(crate) fn serve(kind: &str, count: &str, root: &str) -> Result<(), Failed> {
    let now = now();
    let count = count.parse().unwrap_or(0);
    let listen: Vec<SocketAddr> = (1..=ADDRESSES)
        .map(|last| SocketAddr::from((Ipv4Addr::new(127, 0, 77, last), 0)))
        .collect();
    let farm = |farm| Load::farm(farm, &listen, now);
    let load = match kind {
        "distinct" => farm(Farm {
            leaves: Leaves::Distinct(count),
            ..Farm::default()
        }),
        "tls12" => farm(Farm {
            leaves: Leaves::Distinct(count),
            versions: Versions::Tls12,
            ..Farm::default()
        }),
        "clear" => Load::clear(count, Signing::Never, &listen, now),
        "signed" => Load::clear(count, Signing::Each, &listen, now),
        "stall" => Load::stall(&listen),
        "replay" => Load::replay(&listen, now),
        _ => return Err(Failed::Message(format!("no server is called {kind}"))),
    }?;
    fs::write(root, load.root_pem()).map_err(doing("writing the root"))?;
    let addresses = load.addresses().iter().map(ToString::to_string);
    println!("{}", addresses.collect::<Vec<_>>().join(" "));
    std::io::stdout().flush().map_err(doing("saying where"))?;
    let mut until_closed = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut until_closed);
    Ok(())
}

/// Resources that a child has used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    pub(crate) peak_kb: u64,
}

/// The cores of servers and clients; the same if there is only one core.
pub(crate) const SERVER_CORE: &str = "0";
pub(crate) const CLIENT_CORE: &str = "1";
pub(crate) const BOTH_CORES: &str = "0,1";

/// Returns a command that runs this program, limited to these cores if there is more than one.
pub(crate) fn on_cores(cores: &str, program: &Path) -> Command {
    if std::thread::available_parallelism().map_or(1, std::num::NonZero::get) < 2 {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", cores]);
    command.arg(program);
    command
}

/// The same, with a lower priority than other processes on these cores.
pub(crate) fn beside(cores: &str, program: &Path) -> Command {
    let mut command = on_cores(cores, Path::new("nice"));
    command.args(["-n", "5"]).arg(program);
    command
}

/// Runs a child until it ends.
pub(crate) fn run(mut command: Command) -> Result<Used, Failed> {
    let before = children_cpu()?;
    let started = clock();
    let mut child = command.spawn().map_err(doing("starting a child"))?;
    let mut peak_kb = 0;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(doing("waiting for a child"))? {
            break status;
        }
        peak_kb = peak(child.id()).unwrap_or(peak_kb);
        std::thread::sleep(Duration::from_millis(20));
    };
    if !status.success() {
        return Err(Failed::Message(format!("{command:?} ended with {status}")));
    }
    Ok(Used {
        cpu: children_cpu()?.saturating_sub(before),
        wall: started.elapsed(),
        peak_kb,
    })
}

/// Returns user and system time of all children waited for so far, to 10 ms.
fn children_cpu() -> Result<Duration, Failed> {
    let stat = fs::read_to_string("/proc/self/stat").map_err(doing("reading /proc/self/stat"))?;
    // The name in brackets may contain anything; after it, cutime and cstime are fields 14 and 15.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<u64> = after
        .split_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    Ok(Duration::from_millis(10 * fields.iter().sum::<u64>()))
}

/// Returns the peak memory use of a process so far, in KB.
fn peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
fn clock() -> Instant {
    Instant::now()
}

#[allow(
    clippy::disallowed_methods,
    reason = "certificates are dated from today"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
