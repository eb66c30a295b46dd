//! Parses a ClientHello as far as an old server needs it: the offered versions and suites. The
//! input may be any bytes.

/// The parts of a ClientHello that decide the answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClientHello {
    pub(super) random: [u8; 32],
    /// `legacy_version`: the newest version, for clients without `supported_versions`.
    pub(super) legacy_version: u16,
    /// The `supported_versions` extension (RFC 8446 section 4.2.1).
    pub(super) supported_versions: Option<Vec<u16>>,
    pub(super) suites: Vec<u16>,
    /// The `supported_groups` extension (RFC 8446 section 4.2.7); empty without it.
    pub(super) groups: Vec<u16>,
    /// True if the client supports RFC 5746, shown by the extension or by the signalling suite.
    pub(super) secure_renegotiation: bool,
    /// The requested name (RFC 6066 section 3).
    pub(super) server_name: Option<String>,
}

/// The result of parsing the bytes received so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The ClientHello is not complete yet.
    More,
    /// A complete ClientHello.
    Hello(ClientHello),
    /// Not a ClientHello.
    Strange,
}

/// Maximum size of a ClientHello: one record. A scanner's widest offer, with a post-quantum key
/// share, has a tenth of it.
pub(super) const LARGEST_HELLO: usize = 16 * 1024;

const RECORD_HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const EXTENSION_SERVER_NAME: u16 = 0;
const EXTENSION_SUPPORTED_GROUPS: u16 = 10;
const EXTENSION_SUPPORTED_VERSIONS: u16 = 43;
const EXTENSION_RENEGOTIATION_INFO: u16 = 0xff01;
const SUITE_RENEGOTIATION_INFO: u16 = 0x00ff;

/// Parses the ClientHello from the bytes received so far.
pub(super) fn read(received: &[u8]) -> Reading {
    let mut message = Vec::new();
    let mut rest = Bytes(received);
    while let Some(&kind) = rest.0.first() {
        if kind != RECORD_HANDSHAKE {
            return Reading::Strange;
        }
        // Content type, record version, then the fragment with its length.
        let Some(fragment) = rest.take(3).and_then(|_| rest.vector16()) else {
            break;
        };
        message.extend_from_slice(fragment.0);
    }
    match message.first_chunk::<4>() {
        None => Reading::More,
        Some(&[CLIENT_HELLO, a, b, c]) => {
            let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            match message.get(4..4 + length) {
                Some(body) => parse(body).map_or(Reading::Strange, Reading::Hello),
                None if length > LARGEST_HELLO => Reading::Strange,
                None => Reading::More,
            }
        }
        Some(_) => Reading::Strange,
    }
}

fn parse(body: &[u8]) -> Option<ClientHello> {
    let mut body = Bytes(body);
    let legacy_version = body.u16()?;
    let random = *body.take(32)?.first_chunk::<32>()?;
    body.vector8()?; // session id
    let suites = body.vector16()?.all_u16();
    body.vector8()?; // compression methods
    // An SSL 3.0 ClientHello ends here.
    let mut extensions = body.vector16().unwrap_or(Bytes(&[]));
    let mut supported_versions = None;
    let mut server_name = None;
    let mut groups = Vec::new();
    let mut secure_renegotiation = suites.contains(&SUITE_RENEGOTIATION_INFO);
    while let Some(kind) = extensions.u16() {
        let mut content = extensions.vector16()?;
        match kind {
            EXTENSION_SUPPORTED_VERSIONS => {
                supported_versions = Some(content.vector8()?.all_u16());
            }
            EXTENSION_SUPPORTED_GROUPS => groups = content.vector16()?.all_u16(),
            EXTENSION_SERVER_NAME => {
                // A list whose only entry is of type host_name.
                let mut entry = content.vector16()?;
                entry.take(1)?;
                server_name = str::from_utf8(entry.vector16()?.0).ok().map(str::to_owned);
            }
            EXTENSION_RENEGOTIATION_INFO => secure_renegotiation = true,
            _ => {}
        }
    }
    Some(ClientHello {
        random,
        legacy_version,
        supported_versions,
        suites,
        groups,
        secure_renegotiation,
        server_name,
    })
}

impl ClientHello {
    /// Returns true if this version is offered. A server from before RFC 8446 (`new_rules` false)
    /// only looks at the old field.
    pub(super) fn offers_version(&self, version: u16, new_rules: bool) -> bool {
        match &self.supported_versions {
            Some(versions) if new_rules => versions.contains(&version),
            _ => self.legacy_version >= version,
        }
    }
}

/// Bytes that are consumed from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(*self.take(2)?.first_chunk()?))
    }

    fn vector8(&mut self) -> Option<Self> {
        let length = *self.take(1)?.first()?;
        self.take(length.into()).map(Self)
    }

    fn vector16(&mut self) -> Option<Self> {
        let length = self.u16()?;
        self.take(length.into()).map(Self)
    }

    fn all_u16(self) -> Vec<u16> {
        let pairs = self.0.chunks_exact(2);
        pairs
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn modern_hello() -> Vec<u8> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let name = "healthy.tlsweep.test".try_into().unwrap();
        let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        hello
    }

    #[test]
    fn a_modern_hello_is_read_when_it_is_complete_and_not_before() {
        let bytes = modern_hello();
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), Reading::More, "{length} bytes");
        }
        let Reading::Hello(hello) = read(&bytes) else {
            panic!("not read");
        };
        assert_eq!(hello.server_name.as_deref(), Some("healthy.tlsweep.test"));
        assert!(hello.suites.contains(&0xc02b));
        assert!(hello.groups.contains(&0x001d));
        assert!(hello.offers_version(0x0303, true));
        assert!(!hello.offers_version(0x0301, true));
        assert!(hello.secure_renegotiation);
        assert!(hello.offers_version(0x0301, false));
    }

    #[test]
    fn anything_else_is_strange_or_unfinished_but_never_fatal() {
        let hello = modern_hello();
        for place in 0..hello.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = hello.clone();
                broken[place] = value;
                read(&broken);
            }
        }
        assert_eq!(read(b"GET / HTTP/1.1\r\n\r\n"), Reading::Strange);
        assert_eq!(read(&[22, 3, 1, 0, 4, 2, 0, 0, 0]), Reading::Strange);
    }
}
