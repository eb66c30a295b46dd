//! How a server of the lab behaves on a connection, from a real TLS server to silence. Clients
//! may do as they like: whatever they send ends, at worst, their own connection.

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

/// The most that a flooding server sends: many times what any client should read.
const LARGEST_FLOOD: usize = 64 << 20;
/// Between two bytes of a dripping server: slow enough that a flight takes many minutes.
const DRIP: Duration = Duration::from_millis(500);
/// What a real TLS server says to anybody who speaks after the handshake.
const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\
    Connection: close\r\n\r\ntlsweep lab\n";

/// How a case's server behaves.
pub(super) enum Conduct {
    /// It is a real TLS server.
    Tls(Arc<ServerConfig>),
    /// It is an old stack, as far as ServerHelloDone.
    Old(Box<OldServer>),
    /// It answers in clear, by name, as far as ServerHelloDone.
    Clear(Box<ClearServer>),
    /// It speaks first.
    Banner(&'static [u8]),
    /// It talks in clear before TLS.
    Dialogue(Dialogue),
    /// It reads what the client says, answers, and ends.
    Answer { bytes: Vec<u8>, end: End },
    /// It waits for an empty line, as servers of lines do, and answers that.
    AnswerToLine(&'static [u8]),
    /// It answers, and goes on and on.
    Flood { head: Vec<u8>, more: Vec<u8> },
    /// It answers one byte at a time.
    Drip(Vec<u8>),
    /// It does not listen.
    Refused,
    /// It has no address.
    NoAddress(Answer),
}

/// What is said before TLS, line by line.
pub(super) struct Dialogue {
    /// The scheme of targets that expect it.
    pub(super) scheme: &'static str,
    /// The server's first words; when there are none, it begins with TLS.
    pub(super) greeting: &'static str,
    /// What the client asks for the offers by, and these.
    pub(super) offers: (&'static str, &'static str),
    /// What the client asks for TLS by.
    pub(super) ask: &'static str,
    /// What it is told.
    pub(super) answer: &'static str,
    /// The TLS server that comes after; without one, the talk goes on in clear.
    pub(super) after: Option<Arc<ServerConfig>>,
}

/// How a connection ends.
#[derive(Clone, Copy)]
pub(super) enum End {
    Close,
    Reset,
    /// When the client ends it.
    Wait,
}

/// A server from before TLS 1.3, one version wide.
pub(super) struct OldServer {
    pub(super) version: u16,
    /// In its order of preference.
    pub(super) suites: &'static [u16],
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) refusal: Refusal,
    pub(super) knows_supported_versions: bool,
    /// Signs the key exchange, where the suite has one.
    pub(super) key: Key,
    /// Its public half is the server's share in ECDHE.
    pub(super) share: Key,
    /// The length of the prime in DHE.
    pub(super) dh_bytes: usize,
    /// The scheme that it says it signs by, where that is not the one for its key.
    pub(super) scheme: Option<u16>,
    /// Whether it spells its curve out in ECDHE.
    pub(super) explicit_curve: bool,
}

/// How an old server says no.
#[derive(Clone, Copy)]
pub(super) enum Refusal {
    Alert,
    Close,
    /// To hellos that name TLS 1.3 there is no answer at all; others get an alert.
    Silence,
}

impl Conduct {
    /// Serves one connection to its end.
    pub(super) async fn serve(&self, stream: &mut TcpStream) -> io::Result<()> {
        match self {
            Self::Tls(config) => serve_tls(config, stream).await,
            Self::Old(server) => server.serve(stream).await,
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

/// Reads a whole ClientHello, or a first piece of whatever else is sent. Reading the hello to its
/// end matters: a socket that is closed with bytes unread resets instead of closing.
async fn read_first(stream: &mut TcpStream) -> io::Result<Option<ClientHello>> {
    let mut received = Vec::new();
    while received.len() <= LARGEST_HELLO {
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(None);
        }
        match read(&received) {
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
    // What is still under way must be read before the socket goes, or the client would get a
    // reset and might lose the answer.
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
            Some(config) => serve_tls(config, stream).await,
            None => finish(stream, End::Close).await,
        }
    }
}

/// One line, byte by byte so that nothing of what follows it is read; `None` at the end, or when
/// no line of any protocol is as long.
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
        let Some(hello) = read_first(stream).await? else {
            return finish(stream, End::Close).await;
        };
        let Some(suite) = self.choose(&hello) else {
            return match self.refusal {
                Refusal::Silence if hello.supported_versions.is_some() => {
                    finish(stream, End::Wait).await
                }
                Refusal::Close => finish(stream, End::Close).await,
                Refusal::Alert | Refusal::Silence => {
                    stream.write_all(&self.refuse(&hello)).await?;
                    finish(stream, End::Close).await
                }
            };
        };
        let flight = self.flight(&hello, suite).map_err(io::Error::other)?;
        stream.write_all(&flight).await?;
        // A client that goes on must be told that there is nothing behind the flight.
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

/// Drives a real TLS server: handshake, then one page for whoever asks.
async fn serve_tls(config: &Arc<ServerConfig>, stream: &mut TcpStream) -> io::Result<()> {
    let mut server = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
    let mut received = [0; 4096];
    let mut sending = Vec::new();
    loop {
        let length = stream.read(&mut received).await?;
        let goes_on = length > 0 && feed(&mut server, &received[..length]);
        while server.wants_write() {
            server.write_tls(&mut sending)?;
        }
        stream.write_all(&sending).await?;
        sending.clear();
        if !goes_on {
            return finish(stream, End::Close).await;
        }
    }
}

/// Hands bytes to the server; false when the connection has come to its end.
fn feed(server: &mut ServerConnection, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match server.read_tls(&mut bytes) {
            // Nothing is taken after close_notify.
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
        let Ok(state) = server.process_new_packets() else {
            return false;
        };
        if state.plaintext_bytes_to_read() > 0 {
            // Whatever was said, the answer is the same; a failure here is the client's loss.
            let _ = server.reader().read(&mut [0; 1024]);
            let _ = server.writer().write_all(PAGE);
            server.send_close_notify();
            return false;
        }
    }
    true
}
