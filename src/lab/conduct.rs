//! How a server of the lab behaves on a connection, from a real TLS server to silence. Whatever a
//! client sends, it can end only its own connection.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::clear::ClearServer;
use super::error::LabError;
use super::flight::{
    Flight, HANDSHAKE_FAILURE, INTERNAL_ERROR, PROTOCOL_VERSION, Signer, fatal_alert, signed_curve,
    signed_group, signed_share,
};
use super::hello::{ClientHello, LARGEST_HELLO, Reading, read};
use super::issue::Key;
use super::resolver::Answer;

/// Maximum number of bytes that a flooding server sends: many times what a client should read.
const LARGEST_FLOOD: usize = 64 << 20;
/// Delay between two bytes of a dripping server: slow enough that a flight takes many minutes.
const DRIP: Duration = Duration::from_millis(500);
/// Response of a real TLS server to any request after the handshake.
const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\
    Connection: close\r\n\r\ntlsweep lab\n";

/// How a case's server behaves.
pub(super) enum Conduct {
    /// A real TLS server.
    Tls(Arc<ServerConfig>),
    /// An old stack, up to ServerHelloDone.
    Old(Box<OldServer>),
    /// A server that speaks TLS 1.3 with one group, and one older version.
    Split(Box<Split>),
    /// A server that answers unencrypted with the leaf of the requested name, up to
    /// ServerHelloDone.
    Clear(Box<ClearServer>),
    /// A server that sends this text first.
    Banner(&'static [u8]),
    /// A server with an unencrypted dialogue before TLS.
    Dialogue(Dialogue),
    /// A server that reads what the client sends, answers, and ends.
    Answer { bytes: Vec<u8>, end: End },
    /// A server that waits for an empty line, as line-based servers do, and answers that.
    AnswerToLine(&'static [u8]),
    /// A server that answers without end.
    Flood { head: Vec<u8>, more: Vec<u8> },
    /// A server that answers one byte at a time.
    Drip(Vec<u8>),
    /// A port that does not listen.
    Refused,
    /// A name without an address.
    NoAddress(Answer),
}

/// The dialogue before TLS, line by line.
pub(super) struct Dialogue {
    /// Scheme of the targets that expect it.
    pub(super) scheme: &'static str,
    /// Greeting of the server; if empty, it starts with TLS.
    pub(super) greeting: &'static str,
    /// The client's request for the capabilities, and the server's answer.
    pub(super) offers: (&'static str, &'static str),
    /// The client's request to start TLS.
    pub(super) ask: &'static str,
    /// The server's answer to that request.
    pub(super) answer: &'static str,
    /// The TLS server that follows; if `None`, the dialogue continues unencrypted.
    pub(super) after: Option<Arc<ServerConfig>>,
}

/// How a connection ends.
#[derive(Clone, Copy)]
pub(super) enum End {
    Close,
    Reset,
    /// The server waits until the client closes it.
    Wait,
}

/// A server of TLS 1.3 with a single group, and of one older version.
pub(super) struct Split {
    pub(super) newer: Arc<ServerConfig>,
    pub(super) group: u16,
    /// True if the server closes at a ClientHello without the group; otherwise it sends an alert.
    pub(super) closes: bool,
    pub(super) older: OldServer,
}

/// A server from before TLS 1.3 that supports a single version.
pub(super) struct OldServer {
    pub(super) version: u16,
    /// Cipher suites in the server's order of preference.
    pub(super) suites: &'static [u16],
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) refusal: Refusal,
    pub(super) knows_supported_versions: bool,
    /// Key that signs the key exchange, if the suite has one.
    pub(super) key: Key,
    /// Key whose public half is the server's ECDHE share.
    pub(super) share: Key,
    /// Length of the DHE prime in bytes.
    pub(super) dh_bytes: usize,
    /// The scheme that it says it signs by, where that is not the one for its key.
    pub(super) scheme: Option<u16>,
    /// True if it sends an explicit curve in ECDHE.
    pub(super) explicit_curve: bool,
}

/// How an old server refuses a ClientHello.
#[derive(Clone, Copy)]
pub(super) enum Refusal {
    Alert,
    Close,
    /// A ClientHello with TLS 1.3 gets no answer at all; others get an alert.
    Silence,
}

impl Conduct {
    /// Serves one connection until it ends.
    pub(super) async fn serve(&self, stream: &mut TcpStream) -> io::Result<()> {
        match self {
            Self::Tls(config) => serve_tls(config, stream, &[]).await,
            Self::Old(server) => server.serve(stream).await,
            Self::Split(server) => server.serve(stream).await,
            Self::Clear(server) => {
                let hello = read_first(stream).await?;
                let flight = hello.and_then(|hello| server.flight(&hello));
                let Some(flight) = flight else {
                    return finish(stream, End::Close).await;
                };
                stream.write_all(&flight).await?;
                finish(stream, End::Wait).await
            }
            Self::Banner(banner) => {
                stream.write_all(banner).await?;
                finish(stream, End::Wait).await
            }
            Self::Dialogue(dialogue) => dialogue.serve(stream).await,
            Self::Answer { bytes, end } => {
                read_first(stream).await?;
                stream.write_all(bytes).await?;
                finish(stream, *end).await
            }
            Self::AnswerToLine(bytes) => {
                while let Some(line) = read_line(stream).await? {
                    if line == b"\r\n" {
                        stream.write_all(bytes).await?;
                        break;
                    }
                }
                finish(stream, End::Close).await
            }
            Self::Flood { head, more } => {
                read_first(stream).await?;
                stream.write_all(head).await?;
                for _ in 0..LARGEST_FLOOD / more.len().max(1) {
                    stream.write_all(more).await?;
                }
                finish(stream, End::Close).await
            }
            Self::Drip(bytes) => {
                read_first(stream).await?;
                for byte in bytes {
                    stream.write_all(&[*byte]).await?;
                    tokio::time::sleep(DRIP).await;
                }
                finish(stream, End::Close).await
            }
            Self::Refused | Self::NoAddress(_) => Ok(()),
        }
    }
}

/// Reads a complete ClientHello, or the first bytes of anything else. Reading the whole ClientHello
/// matters: closing a socket with unread bytes sends a reset instead of a normal close.
async fn read_first(stream: &mut TcpStream) -> io::Result<Option<ClientHello>> {
    read_into(stream, &mut Vec::new()).await
}

/// The same, keeping what was read.
async fn read_into(
    stream: &mut TcpStream,
    received: &mut Vec<u8>,
) -> io::Result<Option<ClientHello>> {
    while received.len() <= LARGEST_HELLO {
        if stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
        match read(received) {
            Reading::More => {}
            Reading::Hello(hello) => return Ok(Some(hello)),
            Reading::Strange => return Ok(None),
        }
    }
    Ok(None)
}

async fn finish(stream: &mut TcpStream, end: End) -> io::Result<()> {
    match end {
        End::Reset => return stream.set_zero_linger(),
        End::Close => stream.shutdown().await?,
        End::Wait => {}
    }
    // Bytes that are still arriving must be read before the socket is closed. Otherwise the client
    // gets a reset and may lose the answer.
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

impl Dialogue {
    async fn serve(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.write_all(self.greeting.as_bytes()).await?;
        let mut upgraded = self.greeting.is_empty();
        while !upgraded {
            let Some(line) = read_line(stream).await? else {
                return finish(stream, End::Close).await;
            };
            let answer = match &line {
                line if line.starts_with(self.offers.0.as_bytes()) => self.offers.1,
                line if line.starts_with(self.ask.as_bytes()) => {
                    upgraded = self.after.is_some();
                    self.answer
                }
                _ => "500 5.5.1 Unknown\r\n",
            };
            stream.write_all(answer.as_bytes()).await?;
        }
        match &self.after {
            Some(config) => serve_tls(config, stream, &[]).await,
            None => finish(stream, End::Close).await,
        }
    }
}

/// Reads one line byte by byte, so that nothing after it is consumed. Returns `None` at the end of
/// the stream, or if the line is longer than any protocol allows.
async fn read_line(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    while line.len() < 4096 {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        line.extend(byte);
        if byte == *b"\n" {
            return Ok(Some(line));
        }
    }
    Ok(None)
}

impl OldServer {
    async fn serve(&self, stream: &mut TcpStream) -> io::Result<()> {
        match read_first(stream).await? {
            Some(hello) => self.answer(&hello, stream).await,
            None => finish(stream, End::Close).await,
        }
    }

    async fn answer(&self, hello: &ClientHello, stream: &mut TcpStream) -> io::Result<()> {
        let Some(suite) = self.choose(hello) else {
            return match self.refusal {
                Refusal::Silence if hello.supported_versions.is_some() => {
                    finish(stream, End::Wait).await
                }
                Refusal::Close => finish(stream, End::Close).await,
                Refusal::Alert | Refusal::Silence => {
                    stream.write_all(&self.refuse(hello)).await?;
                    finish(stream, End::Close).await
                }
            };
        };
        let flight = self.flight(hello, suite).map_err(io::Error::other)?;
        stream.write_all(&flight).await?;
        // A client that continues after the flight must learn that nothing follows.
        if stream.read(&mut [0; 1024]).await? > 0 {
            let alert = fatal_alert(self.version, INTERNAL_ERROR);
            stream.write_all(&alert).await?;
        }
        finish(stream, End::Close).await
    }

    fn offered(&self, hello: &ClientHello) -> bool {
        hello.offers_version(self.version, self.knows_supported_versions)
    }

    fn choose(&self, hello: &ClientHello) -> Option<u16> {
        let mut suites = self.suites.iter().copied();
        suites.find(|suite| self.offered(hello) && hello.suites.contains(suite))
    }

    fn refuse(&self, hello: &ClientHello) -> Vec<u8> {
        // SSL 3.0 has no alert for versions (RFC 6101 section 5.4.2).
        let description = match self.offered(hello) || self.version == 0x0300 {
            true => HANDSHAKE_FAILURE,
            false => PROTOCOL_VERSION,
        };
        fatal_alert(self.version, description)
    }

    fn flight(&self, hello: &ClientHello, suite: u16) -> Result<Vec<u8>, LabError> {
        let flight = match hello.secure_renegotiation {
            true => Flight::with_secure_renegotiation(self.version, suite),
            false => Flight::new(self.version, suite),
        };
        let signer = Signer::of(&self.key, self.scheme);
        let flight = match suite {
            // The DH_anon suites of RFC 5246 A.5 and the older ones of RC4 and 3DES.
            0x0018 | 0x001b | 0x0034 | 0x003a => flight.anonymous(),
            // DHE_RSA with AES, as RFC 5288 and RFC 5246 number it.
            0x0033 | 0x0039 | 0x0067 | 0x006b | 0x009e | 0x009f => {
                let group = signed_group(&hello.random, self.dh_bytes, &signer)?;
                flight.certificates(&self.chain).ecdhe(&group)
            }
            0xc000.. if self.explicit_curve => {
                let curve = signed_curve(&hello.random, &signer)?;
                flight.certificates(&self.chain).ecdhe(&curve)
            }
            0xc000.. => {
                let share = signed_share(&hello.random, &self.share, &signer)?;
                flight.certificates(&self.chain).ecdhe(&share)
            }
            _ => flight.certificates(&self.chain),
        };
        Ok(flight.done())
    }
}

impl Split {
    async fn serve(&self, stream: &mut TcpStream) -> io::Result<()> {
        const TLS13: u16 = 0x0304;
        let mut received = Vec::new();
        let Some(hello) = read_into(stream, &mut received).await? else {
            return finish(stream, End::Close).await;
        };
        if !hello.offers_version(TLS13, true) {
            self.older.answer(&hello, stream).await
        } else if self.closes && !hello.groups.contains(&self.group) {
            finish(stream, End::Close).await
        } else {
            serve_tls(&self.newer, stream, &received).await
        }
    }
}

/// Runs a real TLS server: the handshake, then one page for any request. `first` are bytes that were
/// received already.
async fn serve_tls(
    config: &Arc<ServerConfig>,
    stream: &mut TcpStream,
    first: &[u8],
) -> io::Result<()> {
    let mut server = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
    let mut received = [0; 4096];
    let mut sending = Vec::new();
    let mut goes_on = feed(&mut server, first);
    loop {
        while server.wants_write() {
            server.write_tls(&mut sending)?;
        }
        stream.write_all(&sending).await?;
        sending.clear();
        if !goes_on {
            return finish(stream, End::Close).await;
        }
        let length = stream.read(&mut received).await?;
        goes_on = length > 0 && feed(&mut server, &received[..length]);
    }
}

/// Passes bytes to the server. Returns false if the connection has ended.
fn feed(server: &mut ServerConnection, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match server.read_tls(&mut bytes) {
            // rustls accepts nothing after close_notify.
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
        let Ok(state) = server.process_new_packets() else {
            return false;
        };
        if state.plaintext_bytes_to_read() > 0 {
            // The answer does not depend on the request; a failure here only affects the client.
            let _ = server.reader().read(&mut [0; 1024]);
            let _ = server.writer().write_all(PAGE);
            server.send_close_notify();
            return false;
        }
    }
    true
}
