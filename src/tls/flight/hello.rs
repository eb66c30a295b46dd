//! The ServerHello, and the HelloRetryRequest that shares its form (RFC 8446, 4.1.3 and 4.1.4).

use crate::tls::ProtocolVersion;
use crate::tls::reader::{Flaw, Reader};

/// What the server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// The version agreed on: that of supported_versions when it is there. May be a number that
    /// is no version we know.
    pub version: u16,
    /// The version in the fixed part.
    pub legacy_version: u16,
    /// The server's random bytes.
    pub random: [u8; 32],
    /// The session id.
    pub session_id: Vec<u8>,
    /// The cipher suite (IANA number).
    pub cipher: u16,
    /// The compression method; 0 is none.
    pub compression: u8,
    /// The ids of the extensions, in the order sent.
    pub extensions: Vec<u16>,
    /// The ALPN protocol, when it travels here (below TLS 1.3).
    pub alpn: Option<Vec<u8>>,
    /// Whether the server asked for a second hello: this is that request, or it came before.
    pub hello_retry: bool,
    /// The group of the key share, or the one that a retry asks for (TLS 1.3).
    pub selected_group: Option<u16>,
    /// The version that the server says it could have spoken, by the mark at the end of its
    /// random: TLS 1.3, or (having chosen TLS 1.1 or below) TLS 1.2 or better.
    pub downgrade: Option<ProtocolVersion>,
}

pub(super) fn parse(content: &[u8]) -> Result<ServerHello, Flaw> {
    let mut reader = Reader::new(content);
    let legacy_version = reader.u16()?;
    let random = reader.array()?;
    let session_id = reader.vec8()?;
    if session_id.len() > 32 {
        return Err(Flaw("has a session id of more than 32 bytes"));
    }
    let mut hello = ServerHello {
        version: legacy_version,
        legacy_version,
        random,
        session_id: session_id.to_vec(),
        cipher: reader.u16()?,
        compression: reader.u8()?,
        extensions: Vec::new(),
        alpn: None,
        hello_retry: random == RETRY,
        selected_group: None,
        downgrade: None,
    };
    // SSL 3.0 and many TLS 1.0 servers end here.
    if !reader.is_empty() {
        let mut list = Reader::new(reader.vec16()?);
        reader.end()?;
        hello.read_extensions(&mut list)?;
    }
    hello.settle()?;
    Ok(hello)
}

impl ServerHello {
    /// Whether it takes up the session ticket.
    pub fn takes_ticket(&self) -> bool {
        self.extensions.contains(&SESSION_TICKET)
    }

    /// Whether it answers to secure renegotiation.
    pub fn secures_renegotiation(&self) -> bool {
        self.extensions.contains(&RENEGOTIATION_INFO)
    }

    fn read_extensions(&mut self, list: &mut Reader<'_>) -> Result<(), Flaw> {
        while !list.is_empty() {
            let kind = list.u16()?;
            let content = Reader::new(list.vec16()?);
            if self.extensions.contains(&kind) {
                return Err(Flaw("repeats an extension"));
            }
            if self.extensions.len() == MAX_EXTENSIONS {
                return Err(Flaw("has too many extensions"));
            }
            self.extensions.push(kind);
            self.read_extension(kind, content)?;
        }
        Ok(())
    }

    fn read_extension(&mut self, kind: u16, mut content: Reader<'_>) -> Result<(), Flaw> {
        match kind {
            ALPN => {
                let mut list = Reader::new(content.vec16()?);
                self.alpn = Some(list.vec8()?.to_vec());
                list.end()?;
            }
            SUPPORTED_VERSIONS => self.version = content.u16()?,
            KEY_SHARE => {
                self.selected_group = Some(content.u16()?);
                if !self.hello_retry {
                    content.vec16()?;
                }
            }
            _ => return Ok(()),
        }
        content.end()
    }

    /// What only makes sense once the version is known.
    fn settle(&mut self) -> Result<(), Flaw> {
        if self.version >= 0x0304 {
            return Ok(());
        }
        if self.hello_retry {
            return Err(Flaw("asks for a retry below TLS 1.3"));
        }
        self.downgrade = match self.random.last_chunk() {
            Some(b"DOWNGRD\x01") => Some(ProtocolVersion::Tls13),
            Some(b"DOWNGRD\x00") => Some(ProtocolVersion::Tls12),
            _ => None,
        };
        Ok(())
    }
}

/// The random that marks a retry: SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3).
pub(super) const RETRY: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// More than anybody has extensions to answer to.
const MAX_EXTENSIONS: usize = 64;

/// session_ticket (RFC 5077).
const SESSION_TICKET: u16 = 35;
/// renegotiation_info (RFC 5746).
const RENEGOTIATION_INFO: u16 = 0xFF01;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;
const KEY_SHARE: u16 = 51;
