//! A real nginx on loopback, with one server for each set of directives. It is one process, in a
//! folder of its own, and goes when the test does.

use std::fmt::Write;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The name that its certificate is for.
pub(crate) const NAME: &str = "localhost";

/// How long a server may take to listen: far more than any machine needs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Nginx {
    folder: tempfile::TempDir,
    process: Child,
    ports: Vec<u16>,
}

impl Nginx {
    /// Starts one server for each of these sets of directives.
    pub(crate) fn start(servers: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        certificate(&path("key.pem"), &path("cert.pem"));
        let mut config = format!(
            "daemon off; master_process off; pid {}; error_log {} info;\n\
             events {{ worker_connections 256; }}\nhttp {{ access_log off;\n\
             ssl_certificate {}; ssl_certificate_key {};\n",
            path("pid"),
            path("error.log"),
            path("cert.pem"),
            path("key.pem"),
        );
        let ports = free_ports(servers.len());
        for (port, directives) in ports.iter().zip(servers) {
            writeln!(
                config,
                "server {{ listen 127.0.0.1:{port} ssl; {directives} }}"
            )
            .expect("writing to a string");
        }
        config.push('}');
        fs::write(folder.path().join("nginx.conf"), config).expect("the configuration");
        let process = Command::new("nginx")
            .args(["-e", &path("error.log"), "-c", &path("nginx.conf")])
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts: scripts/install-peers installs it");
        let nginx = Self {
            folder,
            process,
            ports,
        };
        nginx.wait();
        nginx
    }

    /// Where the server at this place listens.
    #[allow(dead_code, reason = "not every test asks")]
    pub(crate) fn address(&self, place: usize) -> std::net::SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports[place]).into()
    }

    /// The target of the server at this place.
    #[allow(dead_code, reason = "not every test asks")]
    pub(crate) fn target(&self, place: usize) -> String {
        format!("{NAME}@127.0.0.1:{}", self.ports[place])
    }

    /// The certificate, which is its own root.
    #[allow(dead_code, reason = "not every test asks")]
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn wait(&self) {
        #[allow(clippy::disallowed_methods, reason = "waiting needs an end")]
        let clock = Instant::now;
        let end = clock() + PATIENCE;
        for port in &self.ports {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_err() {
                let log = self.folder.path().join("error.log");
                assert!(
                    clock() < end,
                    "{}",
                    fs::read_to_string(log).unwrap_or_default()
                );
                std::thread::yield_now();
            }
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself: the test has said what it had to say by now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn certificate(key: &str, certificate: &str) {
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "60",
        ])
        .args([
            "-keyout",
            key,
            "-out",
            certificate,
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .stderr(Stdio::null())
        .status()
        .expect("openssl runs: scripts/install-peers installs it");
    assert!(made.success());
}

/// Ports that were free a moment ago.
fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<_> = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port"))
        .collect();
    let port = |listener: &TcpListener| listener.local_addr().expect("it is bound").port();
    held.iter().map(port).collect()
}
