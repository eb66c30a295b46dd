//! How a visit ends, and what happens to it while this process is stopped, seen from the server.

mod support;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

use support::{AT_HOME, Kept, TLSWEEP, await_that, folder, path, read_rows, run};

/// Returns the configuration of a TLS 1.3 server that sends session tickets.
fn server() -> Arc<ServerConfig> {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has suites for TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key);
    Arc::new(config.expect("the key belongs to the certificate"))
}

/// Answers the ClientHello and reads until the client has ended its direction. The tickets are not
/// sent yet.
fn read_to_end(connection: &mut ServerConnection, stream: &mut TcpStream) -> io::Result<()> {
    loop {
        while connection.is_handshaking() && connection.wants_write() {
            connection.write_tls(stream)?;
        }
        if connection.read_tls(stream)? == 0 {
            return Ok(());
        }
        connection.process_new_packets().map_err(io::Error::other)?;
    }
}

/// A server that needs a moment for its tickets sends them when the client has said that it closes.
/// The connection still ends without a reset.
#[test]
fn tickets_on_the_way_do_not_turn_the_close_into_a_reset() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = listener.local_addr().expect("it is bound").to_string();
    let config = server();
    let served = thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
        read_to_end(&mut connection, &mut stream)?;
        assert!(connection.wants_write(), "there are tickets to send");
        connection.send_close_notify();
        while connection.wants_write() {
            connection.write_tls(&mut stream)?;
        }
        stream.flush()?;
        // A reset that was sent in answer is here already: on loopback, it comes during the write.
        stream.shutdown(Shutdown::Write)?;
        stream.read(&mut [0]).map(|_| ())
    });
    let rows = run(&[&["scan", &target], &AT_HOME[..]].concat())
        .expect(0)
        .rows();
    assert_eq!(rows[0].text("/tls/version"), "TLSv1.3");
    served.join().expect("the server").expect("no reset");
}

/// The server answers while the process is stopped, and the process goes on long after its own
/// deadline.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the deadline of the program is in real time"
)]
fn time_in_which_the_process_was_stopped_is_no_timeout() {
    const TIMEOUT: Duration = Duration::from_millis(800);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = listener.local_addr().expect("it is bound").to_string();
    let folder = folder();
    let rows = path(&folder, "rows.jsonl");
    let timeout = format!("--handshake-timeout={}ms", TIMEOUT.as_millis());
    let mut command = Command::new(TLSWEEP);
    command
        .args(["scan", &target, "--retries=0", &timeout, "-o", &rows])
        .stderr(Stdio::null());
    let mut scan = Kept::spawn(&mut command);
    let (mut stream, _) = listener.accept().expect("a visit");
    let mut connection = ServerConnection::new(server()).expect("a connection");
    connection.read_tls(&mut stream).expect("a ClientHello");
    scan.signal("STOP");
    let stopped = Instant::now();
    await_that("its deadline has passed", || {
        stopped.elapsed() > 2 * TIMEOUT
    });
    scan.signal("CONT");
    connection
        .process_new_packets()
        .expect("a whole ClientHello");
    read_to_end(&mut connection, &mut stream).expect("a handshake");
    drop(stream);
    assert_eq!(scan.code(), Some(0));
    let row = &read_rows(&rows)[0];
    assert_eq!(row.at("/error"), &serde_json::Value::Null, "{row:?}");
    assert_eq!(row.verdict(), "self_signed");
    let total = row.at("/timing_ms/total").as_f64().expect("a time");
    assert!(total < 1000.0 * TIMEOUT.as_secs_f64(), "{total}");
}
