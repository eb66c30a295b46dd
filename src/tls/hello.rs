//! Writes a ClientHello as one record. The layout avoids known bugs of old servers. The caller or a
//! template decides what the ClientHello offers.

/// The content of a ClientHello. If a list is empty, its extension is omitted.
#[derive(Clone, Debug)]
pub struct Hello<'a> {
    /// Version of the record. Servers of every age accept 0x0301.
    pub record_version: u16,
    /// Newest version offered below TLS 1.3. The server may choose any older version.
    pub legacy_version: u16,
    /// The client random: fresh random bytes.
    pub random: [u8; 32],
    /// Session id, of which at most 32 bytes are sent. Current clients always send 32 random bytes
    /// (RFC 8446, D.4), and some old servers close the connection if it is empty.
    pub session_id: &'a [u8],
    /// Cipher suites in order of preference.
    pub suites: &'a [u16],
    /// Server name (SNI) in ASCII. An empty name or one longer than any DNS name is not sent.
    pub server_name: Option<&'a str>,
    /// Groups in order of preference. If there are any, the point formats are sent too.
    pub groups: &'a [u16],
    /// Signature schemes in order of preference.
    pub signatures: &'a [u16],
    /// True if the ClientHello asks for an OCSP staple.
    pub status_request: bool,
    /// True if the ClientHello offers the extended master secret (RFC 7627).
    pub extended_master_secret: bool,
    /// True if the ClientHello offers session tickets, by an empty ticket extension (RFC 5077).
    pub session_ticket: bool,
    /// True if the ClientHello offers DEFLATE (RFC 3749) before no compression.
    pub compression: bool,
    /// Versions in the supported_versions extension of a TLS 1.3 ClientHello. If there are any, a
    /// key_share extension is sent too.
    pub supported_versions: &'a [u16],
    /// Key share for X25519. If it is `None`, the key_share extension is empty (RFC 8446, 4.2.8), and
    /// the server answers with the group that it wants.
    pub x25519_share: Option<[u8; 32]>,
}

impl Hello<'_> {
    /// Returns the ClientHello as one complete record.
    pub fn record(&self) -> Vec<u8> {
        let mut record = Vec::with_capacity(1024);
        self.write(&mut record);
        record
    }

    /// Replaces the content of `out` by the ClientHello as one complete record.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        out.push(RECORD_HANDSHAKE);
        put_u16(out, self.record_version);
        vec16(out, |out| {
            out.extend_from_slice(&[CLIENT_HELLO, 0]);
            vec16(out, |out| self.body(out));
        });
    }

    fn body(&self, out: &mut Vec<u8>) {
        put_u16(out, self.legacy_version);
        out.extend_from_slice(&self.random);
        put_vec8(out, self.session_id.get(..32).unwrap_or(self.session_id));
        put_list(out, self.suites);
        put_vec8(out, if self.compression { &[1, 0] } else { &[0] });
        let before = out.len();
        vec16(out, |out| {
            self.extensions(out);
            if out.len() > before + 2 {
                let handshake_len = out.len() - RECORD_HEADER;
                pad(out, handshake_len);
            }
        });
        if out.len() == before + 2 {
            // SSL 3.0 servers do not know extensions, not even an empty list.
            out.truncate(before);
        }
    }

    /// Returns true if the ClientHello contains this extension. Padding does not count, because no
    /// server answers it.
    pub fn offers(&self, extension: u16) -> bool {
        let fits = |name: &str| (1..=MAX_NAME).contains(&name.len());
        match extension {
            SERVER_NAME => self.server_name.is_some_and(fits),
            EXTENDED_MASTER_SECRET => self.extended_master_secret,
            SESSION_TICKET => self.session_ticket,
            SUPPORTED_GROUPS | EC_POINT_FORMATS => !self.groups.is_empty(),
            STATUS_REQUEST => self.status_request,
            SIGNATURE_ALGORITHMS => !self.signatures.is_empty(),
            SUPPORTED_VERSIONS | PSK_MODES | KEY_SHARE => !self.supported_versions.is_empty(),
            _ => false,
        }
    }

    /// Writes the extensions in an order that browsers used too: the name first, a non-empty
    /// extension last. Some servers fail if the last extension is empty.
    fn extensions(&self, out: &mut Vec<u8>) {
        for kind in EXTENSIONS {
            if self.offers(kind) {
                extension(out, kind, |out| self.extension(kind, out));
            }
        }
    }

    fn extension(&self, kind: u16, out: &mut Vec<u8>) {
        match kind {
            SERVER_NAME => vec16(out, |out| {
                // One entry, of type host_name.
                out.push(0);
                let name = self.server_name.unwrap_or_default();
                vec16(out, |out| out.extend_from_slice(name.as_bytes()));
            }),
            SUPPORTED_GROUPS => put_list(out, self.groups),
            EC_POINT_FORMATS => put_vec8(out, &[0, 1, 2]),
            // Type ocsp, without responder ids and request extensions.
            STATUS_REQUEST => out.extend_from_slice(&[1, 0, 0, 0, 0]),
            SIGNATURE_ALGORITHMS => put_list(out, self.signatures),
            SUPPORTED_VERSIONS => vec8(out, |out| put_numbers(out, self.supported_versions)),
            // PSK with (EC)DHE, as all clients send it.
            PSK_MODES => put_vec8(out, &[1]),
            KEY_SHARE => vec16(out, |out| {
                if let Some(share) = self.x25519_share {
                    put_u16(out, X25519);
                    vec16(out, |out| out.extend_from_slice(&share));
                }
            }),
            // extended_master_secret and session_ticket are empty.
            _ => {}
        }
    }
}

const RECORD_HANDSHAKE: u8 = 22;
const RECORD_HEADER: usize = 5;
const CLIENT_HELLO: u8 = 1;
const HANDSHAKE_HEADER: usize = 4;
const EXTENSION_HEADER: usize = 4;

const SERVER_NAME: u16 = 0;
const STATUS_REQUEST: u16 = 5;
const SUPPORTED_GROUPS: u16 = 10;
const EC_POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const PADDING: u16 = 21;
const EXTENDED_MASTER_SECRET: u16 = 23;
const SESSION_TICKET: u16 = 35;
const SUPPORTED_VERSIONS: u16 = 43;
const PSK_MODES: u16 = 45;
const KEY_SHARE: u16 = 51;

/// All extensions that can be written, in their order.
const EXTENSIONS: [u16; 10] = [
    SERVER_NAME,
    EXTENDED_MASTER_SECRET,
    SESSION_TICKET,
    SUPPORTED_GROUPS,
    EC_POINT_FORMATS,
    STATUS_REQUEST,
    SIGNATURE_ALGORITHMS,
    SUPPORTED_VERSIONS,
    PSK_MODES,
    KEY_SHARE,
];

const X25519: u16 = 29;

/// Maximum length of a DNS name as text.
const MAX_NAME: usize = 253;

/// Maximum number of entries sent of a list. No registry has more, and a ClientHello with three such
/// lists still fits in one record.
const MAX_NUMBERS: usize = 1024;

/// Adds padding to avoid lengths at which old servers fail. Old F5 load balancers mistake a ClientHello
/// of 256 to 511 bytes for SSL 2 and hang (RFC 7685). Other servers fail if the low byte of the
/// record's or the message's length is a line feed (seen by testssl.sh, its pull request 1113).
fn pad(out: &mut Vec<u8>, handshake_len: usize) {
    let filler = match handshake_len {
        256..512 => (512 - handshake_len)
            .saturating_sub(EXTENSION_HEADER)
            .max(1),
        _ if line_feed(handshake_len) => 1,
        _ => return,
    };
    extension(out, PADDING, |out| out.resize(out.len() + filler, 0));
}

fn line_feed(handshake_len: usize) -> bool {
    let low = |len: usize| len.to_be_bytes().last() == Some(&b'\n');
    handshake_len >= 512 && (low(handshake_len) || low(handshake_len - HANDSHAKE_HEADER))
}

fn extension(out: &mut Vec<u8>, kind: u16, content: impl FnOnce(&mut Vec<u8>)) {
    put_u16(out, kind);
    vec16(out, content);
}

/// Writes a two-byte length and the numbers.
fn put_list(out: &mut Vec<u8>, list: &[u16]) {
    vec16(out, |out| put_numbers(out, list));
}

fn put_numbers(out: &mut Vec<u8>, list: &[u16]) {
    for number in list.iter().take(MAX_NUMBERS) {
        put_u16(out, *number);
    }
}

fn put_u16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_be_bytes());
}

fn put_vec8(out: &mut Vec<u8>, content: &[u8]) {
    vec8(out, |out| out.extend_from_slice(content));
}

/// Writes the content with a one-byte length before it. Content beyond the maximum length is
/// dropped.
fn vec8(out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.push(0);
    content(out);
    let len = u8::try_from(out.len() - start - 1).unwrap_or(u8::MAX);
    out.truncate(start + 1 + usize::from(len));
    out[start] = len;
}

/// Writes the content with a two-byte length before it. Content beyond the maximum length is
/// dropped.
fn vec16(out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    put_u16(out, 0);
    content(out);
    let len = u16::try_from(out.len() - start - 2).unwrap_or(u16::MAX);
    out.truncate(start + 2 + usize::from(len));
    out[start..start + 2].copy_from_slice(&len.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tls::ProtocolVersion;
    use crate::tls::hellos::{HELLOS, HelloTemplate, WIDE};
    use crate::tls::reader::{Flaw, Reader};
    use crate::tls::wide::{WIDE_GROUPS, WIDE_SIGNATURES, WIDE_SUITES};

    fn wide(server_name: Option<&str>, random: [u8; 32]) -> Vec<u8> {
        record(&WIDE, server_name, random)
    }

    fn record(template: &HelloTemplate, name: Option<&str>, random: [u8; 32]) -> Vec<u8> {
        let mut out = vec![1, 2, 3];
        template.hello(name, random, &[5; 32]).write(&mut out);
        out
    }

    /// A ClientHello as a server would parse it, for the round trip.
    #[derive(Debug, PartialEq)]
    struct Read {
        version: u16,
        random: Vec<u8>,
        session_id: Vec<u8>,
        suites: Vec<u16>,
        extensions: Vec<(u16, Vec<u8>)>,
    }

    fn read(record: &[u8]) -> Result<Read, Flaw> {
        let mut outer = Reader::new(record);
        assert_eq!((outer.u8()?, outer.u16()?), (22, 0x0301));
        let mut message = Reader::new(outer.vec16()?);
        outer.end()?;
        assert_eq!(message.u8()?, 1);
        let mut body = Reader::new(message.vec24()?);
        message.end()?;
        let read = Read {
            version: body.u16()?,
            random: body.take(32)?.to_vec(),
            session_id: body.vec8()?.to_vec(),
            suites: pairs(body.vec16()?),
            extensions: {
                assert_eq!(body.vec8()?, [0]);
                read_extensions(&mut body)?
            },
        };
        body.end()?;
        Ok(read)
    }

    fn read_extensions(body: &mut Reader<'_>) -> Result<Vec<(u16, Vec<u8>)>, Flaw> {
        let mut found = Vec::new();
        if !body.is_empty() {
            let mut list = Reader::new(body.vec16()?);
            while !list.is_empty() {
                found.push((list.u16()?, list.vec16()?.to_vec()));
            }
        }
        Ok(found)
    }

    fn pairs(bytes: &[u8]) -> Vec<u16> {
        let pair = |pair: &[u8]| u16::from_be_bytes([pair[0], pair[1]]);
        bytes.chunks_exact(2).map(pair).collect()
    }

    fn content(read: &Read, kind: u16) -> Option<&[u8]> {
        let found = read.extensions.iter().find(|extension| extension.0 == kind);
        found.map(|extension| extension.1.as_slice())
    }

    #[test]
    fn the_wide_hello_reads_back() {
        let record = wide(Some("www.example.com"), [7; 32]);
        let read = read(&record).unwrap();
        assert_eq!(read.version, 0x0303);
        assert_eq!(read.random, [7; 32]);
        assert_eq!(read.session_id, [5; 32]);
        assert_eq!(read.suites, WIDE_SUITES);
        let mut name = vec![0, 18, 0, 0, 15];
        name.extend_from_slice(b"www.example.com");
        assert_eq!(content(&read, SERVER_NAME), Some(name.as_slice()));
        let groups = content(&read, SUPPORTED_GROUPS).unwrap();
        assert_eq!(pairs(&groups[2..]), WIDE_GROUPS);
        let signatures = content(&read, SIGNATURE_ALGORITHMS).unwrap();
        assert_eq!(pairs(&signatures[2..]), WIDE_SIGNATURES);
        assert_eq!(
            content(&read, STATUS_REQUEST),
            Some([1, 0, 0, 0, 0].as_slice())
        );
        assert_eq!(content(&read, EXTENDED_MASTER_SECRET), Some([].as_slice()));
        for unwanted in [16, 35, 43, 45, 51] {
            assert_eq!(content(&read, unwanted), None);
        }
    }

    #[test]
    fn a_hello_offers_the_extensions_that_it_carries() {
        for template in HELLOS.iter().filter(|template| template.hand_made) {
            for name in [None, Some("a.test")] {
                let hello = template.hello(name, [1; 32], &[5; 32]);
                let record = hello.record();
                let extensions = match template.newest {
                    ProtocolVersion::Ssl3 => Vec::new(),
                    _ => read(&record).unwrap().extensions,
                };
                for kind in 0..=u16::MAX {
                    let carried = extensions.iter().any(|it| it.0 == kind && kind != PADDING);
                    assert_eq!(hello.offers(kind), carried, "{} {kind}", template.id);
                }
            }
        }
    }

    #[test]
    fn only_names_of_valid_length_are_sent() {
        let long = "a".repeat(254);
        for name in [None, Some(""), Some(long.as_str())] {
            assert_eq!(
                content(&read(&wide(name, [1; 32])).unwrap(), SERVER_NAME),
                None
            );
        }
        let longest = "a".repeat(253);
        let record = wide(Some(&longest), [1; 32]);
        assert!(content(&read(&record).unwrap(), SERVER_NAME).is_some());
    }

    #[test]
    fn no_name_length_leads_to_a_length_at_which_servers_hang() {
        for template in HELLOS.iter().filter(|template| template.hand_made) {
            for len in 0..=254 {
                let record = record(template, Some(&"a".repeat(len)), [1; 32]);
                let handshake = record.len() - 5;
                assert!(!(256..512).contains(&handshake), "{handshake} bytes");
                let line_feed = handshake > 256 && [10, 14].contains(&(handshake % 256));
                assert!(!line_feed, "{handshake} bytes");
                assert!(record.len() <= 1400, "{} bytes", record.len());
            }
        }
    }

    #[test]
    fn a_hello_without_extensions_ends_after_the_compressions() {
        let hello = Hello {
            record_version: 0x0301,
            legacy_version: 0x0300,
            random: [9; 32],
            session_id: &[],
            suites: &[0x0005, 0x000A],
            server_name: None,
            groups: &[],
            signatures: &[],
            status_request: false,
            extended_master_secret: false,
            session_ticket: false,
            compression: false,
            supported_versions: &[],
            x25519_share: None,
        };
        let record = hello.record();
        assert_eq!(record.len(), 5 + 4 + 2 + 32 + 1 + 2 + 4 + 2);
        let read = read(&record).unwrap();
        assert_eq!((read.version, read.extensions.len()), (0x0300, 0));
    }

    proptest! {
        #[test]
        fn any_hello_reads_back(
            name in proptest::option::of("[a-z.]{0,300}"),
            random: [u8; 32],
            session_id in proptest::collection::vec(any::<u8>(), 0..40),
            suites in proptest::collection::vec(any::<u16>(), 1..2000),
            groups in proptest::collection::vec(any::<u16>(), 0..80),
            signatures in proptest::collection::vec(any::<u16>(), 0..80),
            flags: (bool, bool),
        ) {
            let hello = Hello {
                record_version: 0x0301,
                legacy_version: 0x0303,
                random,
                session_id: &session_id,
                suites: &suites,
                server_name: name.as_deref(),
                groups: &groups,
                signatures: &signatures,
                status_request: flags.0,
                extended_master_secret: flags.1,
                session_ticket: false,
                compression: false,
                supported_versions: &[],
                x25519_share: None,
            };
            let read = read(&hello.record()).unwrap();
            prop_assert_eq!(read.random, random);
            prop_assert_eq!(&read.session_id, &session_id[..session_id.len().min(32)]);
            prop_assert_eq!(&read.suites, &suites[..suites.len().min(MAX_NUMBERS)]);
        }
    }
}
