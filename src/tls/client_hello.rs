//! Parses a ClientHello of our own and makes it comparable: two with the same content have the same
//! bytes, and so the same digest.

use super::reader::{Flaw, Reader};

/// A ClientHello that consists of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    record_version: u16,
    /// Version field of the message.
    pub version: u16,
    random: [u8; 32],
    session_id: Vec<u8>,
    /// Cipher suites in order of preference.
    pub suites: Vec<u16>,
    /// Compression methods in order of preference.
    pub compressions: Vec<u8>,
    /// Extensions in the order sent: number and content.
    pub extensions: Vec<(u16, Vec<u8>)>,
}

/// The bytes are not a ClientHello in one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ClientHello {0}")]
pub struct NotAClientHello(&'static str);

impl From<Flaw> for NotAClientHello {
    fn from(Flaw(flaw): Flaw) -> Self {
        Self(flaw)
    }
}

const RECORD_HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SUPPORTED_GROUPS: u16 = 10;
const SIGNATURE_ALGORITHMS: u16 = 13;
const KEY_SHARE: u16 = 51;

impl ClientHello {
    /// Parses the bytes of a record.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not one record with exactly one ClientHello.
    pub fn parse(record: &[u8]) -> Result<Self, NotAClientHello> {
        let mut record = Reader::new(record);
        let kind = record.u8()?;
        let record_version = record.u16()?;
        let mut message = Reader::new(record.vec16()?);
        record.end()?;
        if (kind, message.u8()?) != (RECORD_HANDSHAKE, CLIENT_HELLO) {
            return Err(NotAClientHello("has another type"));
        }
        let mut body = Reader::new(message.vec24()?);
        message.end()?;
        let version = body.u16()?;
        let random = body.array()?;
        let session_id = body.vec8()?.to_vec();
        let suites = numbers(body.vec16()?);
        let compressions = body.vec8()?.to_vec();
        let mut extensions = Vec::new();
        if !body.is_empty() {
            let mut list = Reader::new(body.vec16()?);
            while !list.is_empty() {
                extensions.push((list.u16()?, list.vec16()?.to_vec()));
            }
        }
        body.end()?;
        Ok(Self {
            record_version,
            version,
            random,
            session_id,
            suites,
            compressions,
            extensions,
        })
    }

    /// Sets everything random to zero: the random, the session id and the keys of the key shares.
    /// Lengths stay.
    #[must_use]
    pub fn without_randomness(mut self) -> Self {
        self.random = [0; 32];
        self.session_id.fill(0);
        for (kind, content) in &mut self.extensions {
            if *kind == KEY_SHARE {
                blank_shares(content);
            }
        }
        self
    }

    /// Sorts the extensions by number, for a writer that shuffles them.
    #[must_use]
    pub fn with_sorted_extensions(mut self) -> Self {
        self.extensions.sort();
        self
    }

    /// Returns the ClientHello as one record.
    pub fn record(&self) -> Vec<u8> {
        let mut list = Vec::new();
        for (kind, content) in &self.extensions {
            list.extend(kind.to_be_bytes());
            put(&mut list, 2, content);
        }
        let suites: Vec<u8> = self.suites.iter().flat_map(|it| it.to_be_bytes()).collect();
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend(self.random);
        put(&mut body, 1, &self.session_id);
        put(&mut body, 2, &suites);
        put(&mut body, 1, &self.compressions);
        if !self.extensions.is_empty() {
            put(&mut body, 2, &list);
        }
        let mut message = vec![CLIENT_HELLO];
        put(&mut message, 3, &body);
        let mut record = vec![RECORD_HANDSHAKE];
        record.extend(self.record_version.to_be_bytes());
        put(&mut record, 2, &message);
        record
    }

    /// Returns the groups in order of preference.
    pub fn groups(&self) -> Vec<u16> {
        self.list(SUPPORTED_GROUPS)
    }

    /// Returns the signature schemes in order of preference.
    pub fn signatures(&self) -> Vec<u16> {
        self.list(SIGNATURE_ALGORITHMS)
    }

    /// Returns the numbers of an extension that contains one list.
    fn list(&self, wanted: u16) -> Vec<u16> {
        let mut extensions = self.extensions.iter();
        let found = extensions.find(|(kind, _)| *kind == wanted);
        found.map_or_else(Vec::new, |(_, content)| {
            numbers(content.get(2..).unwrap_or_default())
        })
    }
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    let pairs = bytes.chunks_exact(2);
    pairs
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

/// Sets the keys of a key_share extension to zero: a list of group, length and key.
fn blank_shares(content: &mut [u8]) {
    let mut rest = content.get_mut(2..).unwrap_or_default();
    while rest.len() >= 4 {
        let len = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let (share, others) = rest.split_at_mut((4 + len).min(rest.len()));
        share[4..].fill(0);
        rest = others;
    }
}

/// Appends content after its length, which has `width` bytes.
fn put(out: &mut Vec<u8>, width: usize, content: &[u8]) {
    let len = content.len().to_be_bytes();
    out.extend(&len[len.len() - width..]);
    out.extend(content);
}

/// Returns the IANA name of an extension, or its number as `0x0015` if it has no name here.
pub fn extension_text(id: u16) -> String {
    let name = match id {
        0 => "server_name",
        5 => "status_request",
        10 => "supported_groups",
        11 => "ec_point_formats",
        13 => "signature_algorithms",
        16 => "application_layer_protocol_negotiation",
        21 => "padding",
        23 => "extended_master_secret",
        35 => "session_ticket",
        43 => "supported_versions",
        45 => "psk_key_exchange_modes",
        50 => "signature_algorithms_cert",
        51 => "key_share",
        0xFF01 => "renegotiation_info",
        _ => return format!("{id:#06x}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{HELLOS, Hello, REST};

    #[test]
    fn every_hand_made_hello_is_written_back_as_it_was() {
        for template in HELLOS.iter().filter(|template| template.hand_made) {
            for name in [None, Some("a.test")] {
                let record = template.hello(name, [7; 32], &[5; 32]).record();
                let read = ClientHello::parse(&record).unwrap();
                assert_eq!(read.record(), record, "{}", template.id);
                assert_eq!(read.suites, template.suites);
                assert_eq!(read.groups(), template.groups);
                assert_eq!(read.signatures(), template.signatures);
            }
        }
    }

    #[test]
    fn only_random_bytes_are_set_to_zero() {
        let with = |random: u8, id: &[u8; 32], share: u8| {
            let hello = Hello {
                x25519_share: Some([share; 32]),
                ..REST.hello(Some("a.test"), [random; 32], id)
            };
            ClientHello::parse(&hello.record())
                .unwrap()
                .without_randomness()
        };
        let (one, other) = (with(1, &[2; 32], 3), with(4, &[5; 32], 6));
        assert_eq!(one, other);
        assert_eq!(one.record(), with(0, &[0; 32], 0).record());
        assert!(one.extensions.iter().any(|(kind, _)| *kind == KEY_SHARE));
    }

    #[test]
    fn anything_else_is_refused() {
        let record = REST.hello(None, [1; 32], &[2; 32]).record();
        for end in 0..record.len() {
            assert!(ClientHello::parse(&record[..end]).is_err(), "{end} bytes");
        }
        let longer = [record.as_slice(), &[0]].concat();
        assert!(ClientHello::parse(&longer).is_err());
        for place in [0, 5] {
            let mut wrong = record.clone();
            wrong[place] = 2;
            assert!(ClientHello::parse(&wrong).is_err());
        }
    }
}
