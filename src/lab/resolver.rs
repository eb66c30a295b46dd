//! A DNS server for the lab's zone on a UDP socket. Every name in the zone is 127.0.0.1, except
//! names that a case needs without an address. It answers one question per datagram and never
//! recurses.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use tokio::net::UdpSocket;

/// The answer for a name without an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The name does not exist.
    Nxdomain,
    /// The server failed.
    Servfail,
    /// The name exists without an address.
    NoData,
}

/// The names that do not resolve to 127.0.0.1.
#[derive(Debug, Default)]
pub(super) struct Zone(pub(super) HashMap<&'static str, Answer>);

/// Address of every other name in the zone.
const ADDRESS: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Name of the zone.
const ORIGIN: &str = "tlsweep.test";
/// A question has at most a header, a name of 255 bytes, and an OPT record with its options. A
/// datagram larger than EDNS's usual limit is truncated and then fails to parse.
const LARGEST_QUERY: usize = 1232;

const TYPE_A: u16 = 1;
const TYPE_SOA: u16 = 6;
const CLASS_IN: u16 = 1;
const NOERROR: u8 = 0;
const FORMERR: u8 = 1;
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;
const REFUSED: u8 = 5;
/// Seconds for which an answer may be cached.
const TTL: u32 = 60;

/// Answers questions until the task is aborted.
pub(super) async fn answer_all(socket: UdpSocket, zone: Zone) {
    let mut query = [0; LARGEST_QUERY];
    loop {
        // An error here is caused by a client whose port was closed before the answer arrived.
        let Ok((length, from)) = socket.recv_from(&mut query).await else {
            continue;
        };
        if let Some(reply) = zone.reply(&query[..length]) {
            let _ = socket.send_to(&reply, from).await;
        }
    }
}

impl Zone {
    /// Returns the reply to a query, or `None` if it has no complete header or is itself a reply.
    fn reply(&self, query: &[u8]) -> Option<Vec<u8>> {
        let header = query.first_chunk::<12>()?;
        let is_reply = header[2] & 0x80 != 0;
        if is_reply {
            return None;
        }
        let question = Question::read(&query[12..]).filter(|_| header[4..6] == [0, 1]);
        let Some(question) = question else {
            return Some(Reply::new(header, FORMERR).bytes);
        };
        let mut reply = Reply::new(header, NOERROR);
        reply.repeat(&question);
        match self.outcome(&question) {
            Ok(()) if question.kind == TYPE_A => reply.address(),
            Ok(()) => reply.start_of_authority(),
            Err(code @ (NXDOMAIN | NOERROR)) => {
                reply.code(code);
                reply.start_of_authority();
            }
            Err(code) => reply.code(code),
        }
        Some(reply.bytes)
    }

    /// Returns `Ok` for a name with an address, otherwise the response code.
    fn outcome(&self, question: &Question<'_>) -> Result<(), u8> {
        let in_zone = question.name == ORIGIN
            || question
                .name
                .strip_suffix(ORIGIN)
                .is_some_and(|host| host.ends_with('.'));
        if !in_zone || question.class != CLASS_IN {
            return Err(REFUSED);
        }
        match self.0.get(question.name.as_str()) {
            None => Ok(()),
            Some(Answer::Nxdomain) => Err(NXDOMAIN),
            Some(Answer::Servfail) => Err(SERVFAIL),
            Some(Answer::NoData) => Err(NOERROR),
        }
    }
}

struct Question<'a> {
    /// The name in lower case, without the trailing dot.
    name: String,
    kind: u16,
    class: u16,
    /// The question's bytes, to be repeated in the reply.
    bytes: &'a [u8],
}

impl<'a> Question<'a> {
    fn read(message: &'a [u8]) -> Option<Self> {
        let mut labels = Vec::new();
        let mut at = 0;
        loop {
            let length = usize::from(*message.get(at)?);
            at += 1;
            match length {
                0 => break,
                // A pointer: nothing before a question could be its destination. A name has at most
                // 255 bytes (RFC 1035 section 2.3.4).
                64.. => return None,
                _ if at + length > 255 => return None,
                _ => labels.push(message.get(at..at + length)?),
            }
            at += length;
        }
        let &[k0, k1, c0, c1] = message.get(at..)?.first_chunk()?;
        Some(Self {
            name: String::from_utf8_lossy(&labels.join(&b'.')).to_ascii_lowercase(),
            kind: u16::from_be_bytes([k0, k1]),
            class: u16::from_be_bytes([c0, c1]),
            bytes: &message[..at + 4],
        })
    }
}

struct Reply {
    bytes: Vec<u8>,
}

/// Offsets of the counts in the header.
const ANSWERS: usize = 7;
const AUTHORITIES: usize = 9;
/// The question's own name: a pointer to the position after the header.
const ASKED_NAME: [u8; 2] = [0xc0, 12];

impl Reply {
    fn new(query: &[u8; 12], code: u8) -> Self {
        // The id; a reply, of the same opcode, authoritative, RD repeated; RA; no counts.
        let flags = 0x84 | query[2] & 0x79;
        let mut bytes = vec![query[0], query[1], flags, 0x80 | code];
        bytes.extend([0; 8]);
        Self { bytes }
    }

    fn code(&mut self, code: u8) {
        self.bytes[3] = 0x80 | code;
    }

    fn repeat(&mut self, question: &Question<'_>) {
        self.bytes[5] = 1;
        self.bytes.extend_from_slice(question.bytes);
    }

    fn address(&mut self) {
        self.bytes[ANSWERS] = 1;
        self.bytes.extend(ASKED_NAME);
        self.record(TYPE_A, &ADDRESS.octets());
    }

    /// Adds the zone's SOA record, which a complete negative answer requires (RFC 2308).
    fn start_of_authority(&mut self) {
        self.bytes[AUTHORITIES] = 1;
        let origin: Vec<u8> = ORIGIN.split('.').fold(Vec::new(), |mut name, label| {
            // Both labels of the origin are short.
            name.push(u8::try_from(label.len()).unwrap_or(0));
            name.extend(label.bytes());
            name
        });
        let origin = [&origin[..], &[0]].concat();
        // Server and mailbox, then serial, refresh, retry, expire and minimum.
        let numbers = [1, 3600, 600, 86_400, TTL].map(u32::to_be_bytes).concat();
        let content = [&origin[..], &origin, &numbers].concat();
        self.bytes.extend(&origin);
        self.record(TYPE_SOA, &content);
    }

    fn record(&mut self, kind: u16, content: &[u8]) {
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend(CLASS_IN.to_be_bytes());
        self.bytes.extend(TTL.to_be_bytes());
        // Contents are an address or the SOA record: far below 64 KiB.
        let length = u16::try_from(content.len()).unwrap_or(0);
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE_AAAA: u16 = 28;

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut bytes = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            bytes.push(label.len().try_into().unwrap());
            bytes.extend(label.bytes());
        }
        bytes.push(0);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1]);
        bytes
    }

    fn zone() -> Zone {
        Zone(HashMap::from([
            ("gone.tlsweep.test", Answer::Nxdomain),
            ("broken.tlsweep.test", Answer::Servfail),
            ("empty.tlsweep.test", Answer::NoData),
        ]))
    }

    #[test]
    fn every_kind_of_question_has_its_answer() {
        // Name, type, response code, answers, authorities.
        let table = [
            ("healthy.tlsweep.test", TYPE_A, NOERROR, 1, 0),
            ("HeaLthy.TLSweep.test", TYPE_A, NOERROR, 1, 0),
            ("healthy.tlsweep.test", TYPE_AAAA, NOERROR, 0, 1),
            ("gone.tlsweep.test", TYPE_A, NXDOMAIN, 0, 1),
            ("empty.tlsweep.test", TYPE_A, NOERROR, 0, 1),
            ("broken.tlsweep.test", TYPE_A, SERVFAIL, 0, 0),
            ("nottlsweep.test", TYPE_A, REFUSED, 0, 0),
            ("example.com", TYPE_A, REFUSED, 0, 0),
        ];
        for (name, kind, code, answers, authorities) in table {
            let reply = zone().reply(&query(name, kind)).unwrap();
            assert_eq!(&reply[..2], [0xab, 0xcd], "{name}");
            assert_eq!(reply[3] & 0x0f, code, "{name}");
            assert_eq!(reply[ANSWERS], answers, "{name}");
            assert_eq!(reply[AUTHORITIES], authorities, "{name}");
            assert_eq!(reply.ends_with(&[127, 0, 0, 1]), answers == 1, "{name}");
        }
    }

    #[test]
    fn broken_questions_get_format_error_or_nothing() {
        let whole = query("healthy.tlsweep.test", TYPE_A);
        for length in 0..whole.len() {
            let reply = zone().reply(&whole[..length]);
            assert_eq!(
                reply.map(|reply| reply[3] & 0x0f),
                (length >= 12).then_some(FORMERR)
            );
        }
        let mut pointer = whole.clone();
        pointer[12] = 0xc0;
        assert_eq!(zone().reply(&pointer).unwrap()[3] & 0x0f, FORMERR);
        let mut reply = whole;
        reply[2] |= 0x80;
        assert_eq!(zone().reply(&reply), None);
    }
}
