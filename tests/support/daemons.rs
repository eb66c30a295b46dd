//! Servers of other protocols on loopback, each with a configuration in its own folder.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::peers::{Peer, free_port};
use super::{await_that, folder, path, tool};

/// A server that runs until this is dropped.
pub(crate) struct Daemon {
    peer: Peer,
    _folder: TempDir,
    ports: Vec<u16>,
}

impl Daemon {
    /// Starts a server that listens on this number of ports of 127.0.0.1. `prepare` writes the
    /// files that the server needs into its folder, and returns the command that runs it in the
    /// foreground.
    pub(crate) fn start(count: usize, prepare: impl Fn(&TempDir, &[u16]) -> Command) -> Self {
        let mut said = String::new();
        // Another process may take a port between our check and the server's bind.
        for _ in 0..3 {
            let folder = folder();
            // Servers change their user and must still be able to read the folder.
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
                .expect("our own folder");
            let ports: Vec<_> = (0..count).map(|_| free_port()).collect();
            let mut command = prepare(&folder, &ports);
            let output = fs::File::create(folder.path().join("said")).expect("a file");
            let errors = output.try_clone().expect("a second handle");
            command
                .stdout(Stdio::from(output))
                .stderr(Stdio::from(errors));
            let mut peer = Peer::spawn(&mut command);
            let mut ended = false;
            await_that("a server listens", || {
                ended = peer.ended();
                let listens = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
                ended || ports.iter().all(listens)
            });
            if !ended {
                return Self {
                    peer,
                    _folder: folder,
                    ports,
                };
            }
            for log in ["said", "log"] {
                said += &fs::read_to_string(path(&folder, log)).unwrap_or_default();
            }
        }
        panic!("a server ended three times: {said}")
    }

    /// Returns the number of a port.
    pub(crate) fn port(&self, n: usize) -> u16 {
        self.ports[n]
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // A server that is killed leaves things behind, such as the shared memory of PostgreSQL. So
        // it is asked to end first, and killed only if it does not.
        self.peer.ask_to_end();
        for _ in 0..250 {
            if self.peer.ended() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Replaces `FOLDER`, and `PORT0`, `PORT1`, ... in a configuration.
pub(crate) fn filled(text: &str, folder: &TempDir, ports: &[u16]) -> String {
    let mut text = text.replace("FOLDER", &path(folder, "."));
    for (n, port) in ports.iter().enumerate().rev() {
        text = text.replace(&format!("PORT{n}"), &port.to_string());
    }
    text
}

/// Returns a command whose program is also searched in the folders where Debian installs servers.
pub(crate) fn server(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

/// Returns true if the tests run as root, which some servers require and others refuse.
pub(crate) fn is_root() -> bool {
    tool("id", &["-u"], std::path::Path::new("/")) == b"0\n"
}
