//! A DNS server that answers as a test specifies.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

/// A query as the server receives it.
pub(crate) struct Asked<'a> {
    bytes: &'a [u8],
    /// Name (lower case), type and class, in wire format.
    question: &'a [u8],
    pub(crate) name: String,
    pub(crate) kind: u8,
    pub(crate) opt: bool,
}

pub(crate) const A: u8 = 1;
const CNAME: u8 = 5;
const AAAA: u8 = 28;

impl<'a> Asked<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let mut labels = Vec::new();
        let mut at = 12;
        while bytes[at] != 0 {
            let end = at + 1 + usize::from(bytes[at]);
            labels.push(String::from_utf8_lossy(&bytes[at + 1..end]).into_owned());
            at = end;
        }
        Self {
            bytes,
            question: &bytes[12..at + 5],
            name: labels.join("."),
            kind: bytes[at + 2],
            opt: bytes[11] > 0,
        }
    }

    pub(crate) fn refusal(&self, code: u8, with_question: bool) -> Vec<u8> {
        let mut reply = self.bytes[..2].to_vec();
        reply.extend([
            0x81,
            0x80 | code,
            0,
            u8::from(with_question),
            0,
            0,
            0,
            0,
            0,
            0,
        ]);
        if with_question {
            reply.extend(self.question);
        }
        reply
    }

    /// Returns an answer with these records: `owner A address` or `owner CNAME target`, separated
    /// by commas.
    pub(crate) fn records(&self, code: u8, records: &str) -> Vec<u8> {
        let mut reply = self.refusal(code, true);
        for record in records
            .split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
        {
            reply[7] += 1;
            let [owner, kind, content] = record
                .split_whitespace()
                .collect::<Vec<_>>()
                .try_into()
                .expect("three words");
            reply.extend(wire(owner));
            let (kind, content) = match (kind, content.parse::<IpAddr>()) {
                ("A", Ok(IpAddr::V4(address))) => (A, address.octets().to_vec()),
                ("AAAA", Ok(IpAddr::V6(address))) => (AAAA, address.octets().to_vec()),
                _ => (CNAME, wire(content)),
            };
            reply.extend([
                0,
                kind,
                0,
                1,
                0,
                0,
                0,
                60,
                0,
                u8::try_from(content.len()).unwrap(),
            ]);
            reply.extend(content);
        }
        reply
    }
}

fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| {
        let length = u8::try_from(label.len()).unwrap();
        [&[length], label.as_bytes()].concat()
    });
    labels.chain([0]).collect()
}

/// A query that was received.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) name: String,
    pub(crate) kind: u8,
    pub(crate) at: SystemTime,
    opt: bool,
}

/// A server that answers by calling a function, and records the queries.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Heard>>>,
}

impl Scripted {
    pub(crate) fn start(answer: impl Fn(&Asked<'_>) -> Option<Vec<u8>> + Send + 'static) -> Self {
        Self::slow(Duration::ZERO, answer)
    }

    /// Starts a server that answers each query after this time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the time of a query is what the tests check"
    )]
    pub(crate) fn slow(
        delay: Duration,
        answer: impl Fn(&Asked<'_>) -> Option<Vec<u8>> + Send + 'static,
    ) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let address = socket.local_addr().expect("its address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        let sender = socket.try_clone().expect("a second handle");
        let (replies, due) = mpsc::channel::<(SystemTime, Vec<u8>, SocketAddr)>();
        thread::spawn(move || {
            while let Ok((at, reply, client)) = due.recv() {
                thread::sleep(
                    (at + delay)
                        .duration_since(SystemTime::now())
                        .unwrap_or_default(),
                );
                let _ = sender.send_to(&reply, client);
            }
        });
        thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, client)) = socket.recv_from(&mut buffer) {
                let at = SystemTime::now();
                let query = Asked::read(&buffer[..length]);
                heard.lock().unwrap().push(Heard {
                    name: query.name.clone(),
                    kind: query.kind,
                    at,
                    opt: query.opt,
                });
                if let Some(reply) = answer(&query) {
                    let _ = replies.send((at, reply, client));
                }
            }
        });
        Self { address, asked }
    }

    /// Returns the queries so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.asked.lock().unwrap().clone()
    }

    /// Returns the number of queries with OPT and without.
    pub(crate) fn forms(&self) -> (usize, usize) {
        let asked = self.asked.lock().unwrap();
        let with = asked.iter().filter(|query| query.opt).count();
        (with, asked.len() - with)
    }
}
