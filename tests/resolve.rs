//! Resolves names with a real resolver: unbound on loopback, with zones that answer in every way
//! that a resolver can.

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tlsweep::observation::{Failure, Reason, Stage};
use tlsweep::resolve::{Families, Resolver, Settings};

/// Debian's unbound, which runs until this is dropped.
struct Unbound {
    child: Child,
    address: SocketAddr,
    _dir: TempDir,
}

impl Drop for Unbound {
    fn drop(&mut self) {
        // It does not matter if the child has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `test.` is removed from unbound's built-in zones, which would otherwise answer for broken.test.
const ZONES: &str = r#"
  local-zone: "test." nodefault
  local-zone: "lab.test." static
  local-data: "lab.test. SOA ns.lab.test. root.lab.test. 1 3600 600 86400 60"
  local-data: "one.lab.test. A 127.0.0.9"
  local-data: "several.lab.test. A 127.0.0.10"
  local-data: "several.lab.test. A 127.0.0.2"
  local-data: "several.lab.test. A 127.0.0.3"
  local-data: "dual.lab.test. A 127.0.0.5"
  local-data: "dual.lab.test. AAAA ::1"
  local-data: "six.lab.test. AAAA ::1"
  local-data: "text.lab.test. TXT nothing"
  local-data: "under_score.lab.test. A 127.0.0.7"
  local-data: "alias.lab.test. CNAME several.lab.test."
  local-data: "dangling.lab.test. CNAME gone.lab.test."
  local-data: "loop.lab.test. CNAME loop.lab.test."
  local-zone: "refused.test." always_refuse
  local-zone: "gone.test." always_nxdomain
  local-zone: "silent.test." deny
"#;

/// Returns an address that is free for UDP and TCP. Its port is below the range of outgoing
/// sockets: otherwise a query of another test could take the port before unbound binds it.
fn free_address() -> SocketAddr {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    (0..1000)
        .map(|_| {
            let step = std::process::id()
                .wrapping_mul(64)
                .wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
            let port = u16::try_from(10_000 + step % 20_000).expect("below 30,000");
            SocketAddr::from(([127, 0, 0, 1], port))
        })
        .find(|address| UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok())
        .expect("one of a thousand ports is free")
}

impl Unbound {
    fn start() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let address = free_address();
        let path = dir.path().display();
        let mut config = format!(
            "server:\n  interface: 127.0.0.1\n  port: {}\n  do-daemonize: no\n  chroot: \"\"\n  \
             username: \"\"\n  use-syslog: no\n  directory: \"{path}\"\n  \
             pidfile: \"{path}/pid\"\n  num-threads: 1\n  module-config: \"iterator\"\n  \
             rrset-roundrobin: yes\n{ZONES}",
            address.port()
        );
        for n in 0..100 {
            config += &format!("  local-data: \"many.lab.test. A 127.0.1.{n}\"\n");
        }
        // By default unbound sends no queries to loopback: SERVFAIL without a packet.
        config += "forward-zone:\n  name: \"broken.test.\"\n  forward-addr: 127.0.0.1@9\n";
        config += "remote-control:\n  control-enable: no\n";
        let file = dir.path().join("unbound.conf");
        fs::write(&file, config).expect("the configuration is written");
        let log = fs::File::create(dir.path().join("log")).expect("a log file");
        let child = Command::new("unbound")
            .arg("-d")
            .arg("-c")
            .arg(&file)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("unbound is installed (Debian: apt install unbound)");
        let mut unbound = Self {
            child,
            address,
            _dir: dir,
        };
        unbound.await_answer();
        unbound
    }

    /// Sends queries until unbound answers, at most 500 times, every 20 ms.
    fn await_answer(&mut self) {
        // one.lab.test A, recursion desired.
        let query = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x03one\x03lab\x04test\0\0\x01\0\x01";
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_millis(20)))
            .expect("a timeout");
        for _ in 0..500 {
            socket
                .send_to(query, self.address)
                .expect("loopback takes it");
            if socket.recv_from(&mut [0; 512]).is_ok() {
                return;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                let log = fs::read_to_string(self._dir.path().join("log"));
                panic!("unbound ended with {status}: {log:?}");
            }
        }
        panic!("unbound does not answer on {}", self.address);
    }

    fn resolver(&self, families: Families, all: bool) -> Resolver {
        resolver(self.address, families, all)
    }
}

fn resolver(server: SocketAddr, families: Families, all: bool) -> Resolver {
    Resolver::new(Settings {
        servers: Some(vec![server]),
        families,
        all,
        timeout: Duration::from_millis(700),
        in_flight: 64,
        ..Settings::default()
    })
    .expect("a resolver")
}

/// Returns `127.0.0.1 ::1`, or `nxdomain: detail`.
fn outcome_text(outcome: Result<Vec<IpAddr>, Failure>) -> String {
    match outcome {
        Ok(addresses) => {
            let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            texts.join(" ")
        }
        Err(failure) => {
            assert_eq!(failure.stage, Stage::Dns);
            let detail = match failure.detail.as_str() {
                "" => String::new(),
                detail => format!(": {detail}"),
            };
            format!("{:?}{detail}", failure.reason)
        }
    }
}

#[tokio::test]
async fn every_kind_of_answer_is_understood() {
    use Families::{Both, V4, V6};
    let unbound = Unbound::start();
    for (name, families, all, want) in [
        ("one.lab.test", Both, false, "127.0.0.9"),
        ("ONE.lab.test", Both, false, "127.0.0.9"),
        (
            "several.lab.test",
            Both,
            true,
            "127.0.0.2 127.0.0.3 127.0.0.10",
        ),
        // A visit to one address picks the first that is not excluded.
        (
            "several.lab.test",
            Both,
            false,
            "127.0.0.2 127.0.0.3 127.0.0.10",
        ),
        (
            "alias.lab.test",
            Both,
            true,
            "127.0.0.2 127.0.0.3 127.0.0.10",
        ),
        ("dual.lab.test", Both, true, "127.0.0.5 ::1"),
        ("dual.lab.test", Both, false, "127.0.0.5"),
        ("dual.lab.test", V4, true, "127.0.0.5"),
        ("dual.lab.test", V6, true, "::1"),
        ("six.lab.test", Both, false, "::1"),
        ("six.lab.test", Both, true, "::1"),
        ("six.lab.test", V4, true, "NoAddress"),
        ("one.lab.test", V6, false, "NoAddress"),
        ("text.lab.test", Both, false, "NoAddress"),
        ("text.lab.test", Both, true, "NoAddress"),
        (
            "loop.lab.test",
            Both,
            true,
            "NoAddress: its CNAME records form a loop",
        ),
        ("under_score.lab.test", Both, false, "127.0.0.7"),
        ("dangling.lab.test", Both, false, "Nxdomain"),
        ("missing.lab.test", Both, false, "Nxdomain"),
        ("missing.lab.test", Both, true, "Nxdomain"),
        ("any.gone.test", Both, false, "Nxdomain"),
        ("any.refused.test", Both, false, "ResolverError: REFUSED"),
        ("any.refused.test", Both, true, "ResolverError: REFUSED"),
        ("any.broken.test", Both, false, "Servfail: SERVFAIL"),
        ("any.broken.test", V6, true, "Servfail: SERVFAIL"),
        ("any.silent.test", Both, false, "Timeout"),
        ("any.silent.test", Both, true, "Timeout"),
        (
            "-bad.lab.test",
            Both,
            false,
            "InvalidName: a label that starts or ends with a hyphen",
        ),
    ] {
        let outcome = unbound.resolver(families, all).resolve(name).await.found;
        assert_eq!(outcome_text(outcome), want, "{name} {families:?} all={all}");
    }
}

#[tokio::test]
async fn an_answer_too_large_for_udp_is_read_over_tcp_and_limited() {
    let unbound = Unbound::start();
    let all = unbound.resolver(Families::V4, true);
    let first_64: Vec<IpAddr> = (0..64).map(|n| IpAddr::from([127, 0, 1, n])).collect();
    assert_eq!(
        all.resolve("many.lab.test").await.found,
        Ok(first_64.clone())
    );
    let one = unbound.resolver(Families::Both, false);
    assert_eq!(one.resolve("many.lab.test").await.found, Ok(first_64));
}

#[tokio::test]
async fn many_concurrent_lookups_all_return() {
    let unbound = Unbound::start();
    let resolver = std::sync::Arc::new(unbound.resolver(Families::Both, false));
    let mut lookups = tokio::task::JoinSet::new();
    for n in 0..1000 {
        let resolver = resolver.clone();
        let name = match n % 3 {
            0 => "one.lab.test".to_owned(),
            1 => format!("n{n}.lab.test"),
            _ => "text.lab.test".to_owned(),
        };
        lookups.spawn(async move { (n % 3, outcome_text(resolver.resolve(&name).await.found)) });
    }
    let mut count = 0;
    while let Some(outcome) = lookups.join_next().await {
        let (kind, outcome) = outcome.expect("no lookup panics");
        let want = ["127.0.0.9", "Nxdomain", "NoAddress"][kind];
        assert_eq!(outcome, want);
        count += 1;
    }
    assert_eq!(count, 1000);
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let server = silent.local_addr().expect("its address");
    for all in [false, true] {
        let resolver = resolver(server, Families::Both, all);
        assert_eq!(
            outcome_text(resolver.resolve("one.lab.test").await.found),
            "Timeout"
        );
        assert_eq!(resolver.describe(), [server.to_string()]);
    }
}

#[tokio::test]
async fn a_closed_port_is_a_timeout() {
    let closed = UdpSocket::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a free port");
    let resolver = resolver(closed, Families::V4, false);
    assert_eq!(
        outcome_text(resolver.resolve("one.lab.test").await.found),
        "Timeout"
    );
}

#[tokio::test]
async fn an_unreachable_server_is_not_a_local_limit() {
    // The operating system refuses to send to the broadcast address, so nothing leaves this
    // machine.
    let nowhere = SocketAddr::from(([255, 255, 255, 255], 53));
    let resolver = resolver(nowhere, Families::Both, true);
    let failure = resolver.resolve("one.lab.test").await.found.unwrap_err();
    assert_eq!(failure.reason, Reason::NoResolver);
    assert!(!failure.detail.is_empty());
}
