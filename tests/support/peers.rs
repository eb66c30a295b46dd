//! Third-party servers on loopback, each in its own folder, for the duration of a test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;

use tempfile::TempDir;

use super::{await_that, folder, path, write};

/// A process that is killed, with its children, when this is dropped.
pub(crate) struct Peer {
    child: Child,
}

impl Peer {
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let name = format!("{:?}", command.get_program());
        let child = command
            .stdin(Stdio::null())
            // Its own process group, so that it ends together with its children, and not before the
            // test.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{name} does not start ({error}): run scripts/install-peers")
            });
        Self { child }
    }

    /// Asks the process to end, for programs that would otherwise leave things behind. Check
    /// `ended` for the result.
    pub(crate) fn ask_to_end(&self) {
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .stderr(Stdio::null())
            .status();
    }

    pub(crate) fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Debian's sh cannot kill a group. It does not matter if the processes have ended already.
        let _ = Command::new("bash")
            .args(["-c", &format!("kill -KILL -- -{}", self.child.id())])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `openssl s_server` on a free port.
pub(crate) struct SServer {
    _peer: Peer,
    pub(crate) address: SocketAddr,
}

impl SServer {
    /// Starts the server with these options. Paths in options must be absolute.
    pub(crate) fn start(options: &[&str]) -> Self {
        let mut command = Command::new("openssl");
        command
            .args(["s_server", "-accept", "127.0.0.1:0"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut peer = Peer::spawn(&mut command);
        let mut lines = BufReader::new(peer.child.stdout.take().expect("a pipe")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let port = line.strip_prefix("ACCEPT 127.0.0.1:")?;
            port.parse::<u16>().ok()
        });
        // Continue to read, or the server would block when the pipe is full.
        thread::spawn(move || lines.count());
        let Some(port) = port else {
            let errors = BufReader::new(peer.child.stderr.take().expect("a pipe"));
            let errors: Vec<_> = errors.lines().map_while(Result::ok).collect();
            panic!("openssl s_server {options:?} does not listen: {errors:#?}");
        };
        if let Some(errors) = peer.child.stderr.take() {
            thread::spawn(move || BufReader::new(errors).lines().count());
        }
        Self {
            _peer: peer,
            address: ([127, 0, 0, 1], port).into(),
        }
    }
}

/// nginx with its own configuration.
pub(crate) struct Nginx {
    _peer: Peer,
    _folder: TempDir,
    ports: Vec<u16>,
}

impl Nginx {
    /// Starts nginx with these `http` blocks, in which `PORT0`, `PORT1`, ... are replaced by free
    /// ports.
    pub(crate) fn start(servers: &str) -> Self {
        let count = (0..)
            .take_while(|n| servers.contains(&format!("PORT{n}")))
            .count();
        // Another process may take a port between our check and nginx's bind.
        for _ in 0..5 {
            if let Some(nginx) = Self::try_start(servers, count) {
                return nginx;
            }
        }
        panic!("nginx failed five times because its ports were in use")
    }

    /// Returns the number of `PORTn`.
    pub(crate) fn port(&self, n: usize) -> u16 {
        self.ports[n]
    }

    fn try_start(servers: &str, count: usize) -> Option<Self> {
        let folder = folder();
        let ports: Vec<_> = (0..count).map(|_| free_port()).collect();
        let mut servers = servers.to_owned();
        // Start with the last, or PORT1 would also match PORT10.
        for (n, port) in ports.iter().enumerate().rev() {
            servers = servers.replace(&format!("PORT{n}"), &port.to_string());
        }
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {};\n", path(&folder, kind)))
            .collect();
        let log = path(&folder, "error.log");
        let config = format!(
            "daemon off;\nworker_processes 1;\npid {};\nerror_log {log} notice;\n\
             events {{ worker_connections 4096; }}\n\
             http {{\naccess_log off;\nserver_names_hash_bucket_size 128;\n{temporary}{servers}\n}}\n",
            path(&folder, "pid"),
        );
        let config = write(&folder, "nginx.conf", config);
        let mut command = Command::new("nginx");
        command
            .args(["-p", &path(&folder, ""), "-e", &log, "-c", &config])
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut peer = Peer::spawn(&mut command);
        let mut ended = false;
        await_that("nginx listens", || {
            ended = peer.ended();
            // IPv4 and IPv6 are bound before any worker starts. The notice is written after both.
            ended || fs::read_to_string(&log).is_ok_and(|log| log.contains("start worker process "))
        });
        if ended {
            let log = fs::read_to_string(&log).unwrap_or_default();
            assert!(log.contains("Address already in use"), "nginx: {log}");
            return None;
        }
        Some(Self {
            _peer: peer,
            _folder: folder,
            ports,
        })
    }
}

/// Returns a free port below the range that the system assigns to clients, so that connections of
/// another test do not take it before it is bound.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 20_000).expect("below 20000");
    for _ in 0..20_000 {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % 20_000;
        // 12000 to 31999.
        let port = 12_000 + (start.wrapping_mul(7) % 20_000 + step) % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port on 127.0.0.1")
}

/// Waits until a server listens on the port.
pub(crate) fn await_port(address: SocketAddr) {
    await_that("the port accepts", || TcpStream::connect(address).is_ok());
}
