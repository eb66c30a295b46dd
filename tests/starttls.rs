//! Dialogues that fail: scripted servers on loopback, swept by the built program, and what is
//! recorded of a dialogue.

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use serde_json::Value;
use support::sweep;
use tlsweep::inventory::{Defaults, Endpoint, TargetSpec};
use tlsweep::observation::{Observation, Offer, Reason, Said};
use tlsweep::probe::{self, Approach, Prober, Timeouts};

/// How a scripted server sends its lines.
#[derive(Clone, Copy)]
enum Manner {
    /// It sends them at once and waits until the client closes the connection.
    Wait,
    /// It sends them byte by byte.
    Drip,
    /// It sends them and closes the connection.
    Close,
    /// It sends them repeatedly.
    Repeat,
}

/// Starts a mail server that sends this text to every client, independent of what the client sends.
fn server(words: &'static [&'static str], manner: Manner) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    // The thread ends with the process, so it is not joined.
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(stream, words, manner));
        }
    });
    address
}

/// The client may close the connection at any time, so write errors are ignored.
fn serve(mut stream: TcpStream, words: &[&str], manner: Manner) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    for (turn, words) in words.iter().enumerate() {
        if turn > 0 && stream.read(&mut [0; 1024]).ok()? == 0 {
            return None;
        }
        match manner {
            Manner::Drip => {
                for byte in words.bytes() {
                    stream.write_all(&[byte]).ok()?;
                }
            }
            Manner::Repeat => while stream.write_all(words.as_bytes()).is_ok() {},
            Manner::Wait | Manner::Close => stream.write_all(words.as_bytes()).ok()?,
        }
    }
    if let Manner::Close = manner {
        stream.shutdown(std::net::Shutdown::Write).ok()?;
    }
    while stream.read(&mut [0; 1024]).ok()? > 0 {}
    Some(())
}

/// The text and how it is sent; then, of the finding, the kind, a part of the reply, and
/// `implicit_tls`.
type Case = (
    &'static [&'static str],
    Manner,
    (&'static str, &'static str, Option<bool>),
);

const OFFERS: &str = "250-mx\r\n250-STARTTLS\r\n250 HELP\r\n";

const CASES: &[Case] = &[
    (
        &["220 mx\r\n", OFFERS, "454 not now\r\n"],
        Manner::Drip,
        ("temporary", "454 not now", Some(false)),
    ),
    (
        &["220 mx\r\n", OFFERS, "554 never\r\n"],
        Manner::Drip,
        ("upgrade_refused", "554 never", Some(false)),
    ),
    (
        &["421 too many\r\n"],
        Manner::Close,
        ("temporary", "421 too many", Some(false)),
    ),
    (
        &["220 mx\r\n", "250-mx\r\n250 HELP\r\n"],
        Manner::Drip,
        ("upgrade_not_offered", "HELP", Some(false)),
    ),
    (
        &["220 mx\r\n", OFFERS],
        Manner::Close,
        ("eof", "", Some(false)),
    ),
    (&["220 m"], Manner::Close, ("eof", "220 m", Some(false))),
    (&["220 m"], Manner::Wait, ("timeout", "220 m", Some(false))),
    (
        &["220-mx\r\n"],
        Manner::Repeat,
        ("too_large", "220-mx", Some(false)),
    ),
    (&[], Manner::Close, ("eof", "", None)),
    (&[""], Manner::Wait, ("timeout", "", Some(false))),
    (
        &["HTTP/1.1 400 Bad Request\r\n\r\n"],
        Manner::Close,
        ("other_protocol", "http", Some(false)),
    ),
    (
        &["554 go away\x1b[2J\r\n"],
        Manner::Close,
        ("turned_away", "554 go away.[2J", Some(false)),
    ),
    (
        &["220 mx\r\n", OFFERS, "220 go\r\n", "250 still in clear\r\n"],
        Manner::Wait,
        ("not_tls", "still in clear", Some(false)),
    ),
    (
        &["\x15\u{3}\u{1}\0\u{2}\u{2}\u{46}"],
        Manner::Close,
        ("implicit_tls", "", Some(true)),
    ),
];

#[test]
fn every_failed_dialogue_has_its_expected_finding() {
    let targets: Vec<_> = CASES
        .iter()
        .map(|(words, manner, _)| format!("smtp://{}", server(words, *manner)))
        .collect();
    let mut arguments = vec!["--starttls-timeout=2s"];
    arguments.extend(targets.iter().map(String::as_str));
    let rows = sweep(&arguments);
    for (target, (words, _, (kind, reply, implicit))) in targets.iter().zip(CASES) {
        let row = &rows[target];
        assert_eq!(
            row.verdict(),
            "starttls_unavailable",
            "{words:?}: {}",
            row.0
        );
        let finding = row.finding("starttls_unavailable").expect("it is there");
        assert_eq!(finding["service"], "smtp");
        assert_eq!(finding["kind"], *kind, "{words:?}: {finding}");
        let said = finding["reply"].as_str().unwrap_or_default();
        assert!(said.contains(reply), "{words:?}: {finding}");
        let seen = finding.get("implicit_tls").and_then(Value::as_bool);
        assert_eq!(seen, *implicit, "{words:?}: {finding}");
    }
}

/// Returns what a client sends to a server that sends these texts in turn and closes the
/// connection.
fn overheard(words: &'static [&'static str]) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let (sender, heard) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a visitor");
        let mut said = Vec::new();
        for (turn, words) in words.iter().enumerate() {
            let mut buffer = [0; 1024];
            let count = match turn {
                0 => 0,
                _ => stream.read(&mut buffer).expect("the visitor's words"),
            };
            said.extend_from_slice(&buffer[..count]);
            stream
                .write_all(words.as_bytes())
                .expect("the visitor is there");
        }
        stream.read_to_end(&mut said).expect("the rest");
        sender.send(said.escape_ascii().to_string())
    });
    (address, heard)
}

/// Makes one exchange with the library, like a sweep does.
fn visit(address: SocketAddr) -> Observation {
    let target = format!("smtp://mx.example.test@{address}");
    let mut targets = TargetSpec::expand(&target, &Defaults::default()).expect("a target");
    let endpoint = Endpoint {
        target: Arc::new(targets.next().expect("one")),
        address: Some(address.ip()),
    };
    let mut observation = Observation::of(endpoint, probe::now());
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    let prober = Prober::new(Timeouts::default(), Approach::default());
    runtime.block_on(prober.exchange(&mut observation, Offer::Modern));
    observation
}

#[test]
fn the_dialogue_is_recorded_and_ends_with_quit() {
    let (address, heard) = overheard(&["220 mx\r\n", "250-mx\r\n250 HELP\r\n"]);
    let observation = visit(address);
    let exchange = &observation.exchanges[0];
    let failure = exchange.failure.as_ref().expect("no upgrade");
    assert_eq!(failure.reason, Reason::UpgradeNotOffered);
    assert!(observation.timing.starttls.is_some() && observation.timing.handshake.is_none());
    let transcript = exchange.transcript.as_ref().expect("a transcript");
    let turns: Vec<_> = transcript
        .turns
        .iter()
        .map(|(said, text)| (*said, text.as_str()))
        .collect();
    assert_eq!(
        turns,
        [
            (Said::Server, r"220 mx\r\n"),
            (Said::Client, r"EHLO tlsweep.invalid\r\n"),
            (Said::Server, r"250-mx\r\n250 HELP\r\n"),
        ]
    );
    assert_eq!(transcript.injected, None);
    let heard = heard.recv().expect("the server has heard");
    assert_eq!(heard, r"EHLO tlsweep.invalid\r\nQUIT\r\n");
    let saved = serde_json::to_string(&observation).expect("it can be saved");
    let read: Observation = serde_json::from_str(&saved).expect("and read");
    assert_eq!(read.exchanges[0].transcript, exchange.transcript);
}

#[test]
fn text_between_the_go_ahead_and_tls_is_recorded_and_not_taken_for_tls() {
    let (address, _heard) = overheard(&["220 mx\r\n", OFFERS, "220 go\r\n250 injected\r\n"]);
    let observation = visit(address);
    let transcript = observation.exchanges[0].transcript.as_ref();
    let injected = transcript.expect("a transcript").injected.as_deref();
    assert_eq!(injected, Some(r"250 injected\r\n"));
}
