//! A lack of file descriptors during resolution is our own problem, and temporary. This is the only
//! test of its file, because the limit applies to the whole process.

use std::fs::File;
use std::net::{IpAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use rlimit::{Resource, getrlimit, setrlimit};
use tlsweep::observation::{Reason, Stage};
use tlsweep::resolve::{Families, Resolver, Settings};

/// Answers every query with 127.0.0.9.
fn answer_all(socket: &UdpSocket) {
    let mut buffer = [0; 512];
    while let Ok((length, client)) = socket.recv_from(&mut buffer) {
        let query = &buffer[..length];
        let name_length = query[12..].iter().position(|b| *b == 0).expect("a name");
        let question = &query[12..12 + name_length + 5];
        let mut answer = query[..2].to_vec();
        answer.extend(b"\x81\x80\0\x01\0\x01\0\0\0\0");
        answer.extend(question);
        answer.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x09");
        let _ = socket.send_to(&answer, client);
    }
}

#[tokio::test]
async fn a_lack_of_descriptors_is_a_local_limit() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = server.local_addr().expect("its address");
    thread::spawn(move || answer_all(&server));
    let resolver = Resolver::new(Settings {
        servers: Some(vec![address]),
        families: Families::V4,
        timeout: Duration::from_secs(3),
        ..Settings::default()
    })
    .expect("a resolver");
    let (_, hard) = getrlimit(Resource::NOFILE).expect("the limit can be read");
    setrlimit(Resource::NOFILE, 64, hard).expect("a limit may be lowered");
    let mut open = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        open.push(file);
    }
    for name in ["a.lab.test", "b.lab.test"] {
        let failure = resolver.resolve(name).await.found.unwrap_err();
        assert_eq!(
            (failure.stage, failure.reason),
            (Stage::Dns, Reason::LocalLimit)
        );
        assert!(failure.detail.contains("open files"), "{}", failure.detail);
    }
    drop(open);
    let found = resolver.resolve("a.lab.test").await.found;
    assert_eq!(found, Ok(vec![IpAddr::from([127, 0, 0, 9])]));
}
