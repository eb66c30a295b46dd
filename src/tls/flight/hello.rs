//! Parses the ServerHello and the HelloRetryRequest, which has the same format (RFC 8446, 4.1.3 and
//! 4.1.4).

use crate::tls::ProtocolVersion;
use crate::tls::reader::{Flaw, Reader};

/// A ServerHello: what the server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// Negotiated version: that of the supported_versions extension if it is present. It may be an
    /// unknown number.
    pub version: u16,
    /// Version in the fixed part of the message.
    pub legacy_version: u16,
    /// The server random.
    pub random: [u8; 32],
    /// Session id.
    pub session_id: Vec<u8>,
    /// IANA number of the cipher suite.
    pub cipher: u16,
    /// Compression method. 0 means none.
    pub compression: u8,
    /// Numbers of the extensions, in the order sent.
    pub extensions: Vec<u16>,
    /// ALPN protocol. TLS 1.3 servers send it encrypted instead.
    pub alpn: Option<Vec<u8>>,
    /// True if the server sent a HelloRetryRequest: either this message or one before it.
    pub hello_retry: bool,
    /// Group of the key share, or the group that a HelloRetryRequest asks for (TLS 1.3).
    pub selected_group: Option<u16>,
    /// Version that the server claims to support by the downgrade mark at the end of its random:
    /// TLS 1.3, or TLS 1.2 or newer if it chose TLS 1.1 or older.
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
    hello.read_version_dependent()?;
    Ok(hello)
}

impl ServerHello {
    /// Returns true if the server accepts the session ticket extension.
    pub fn takes_ticket(&self) -> bool {
        self.extensions.contains(&SESSION_TICKET)
    }

    /// Returns true if the server supports secure renegotiation.
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

    /// Reads what depends on the version.
    fn read_version_dependent(&mut self) -> Result<(), Flaw> {
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

/// The random that marks a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3).
pub(super) const RETRY: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// Maximum number of extensions: more than any ClientHello here could be answered with.
const MAX_EXTENSIONS: usize = 64;

/// session_ticket (RFC 5077).
const SESSION_TICKET: u16 = 35;
/// renegotiation_info (RFC 5746).
const RENEGOTIATION_INFO: u16 = 0xFF01;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;
const KEY_SHARE: u16 = 51;
