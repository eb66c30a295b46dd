//! Complete handshakes in TLS 1.3 and 1.2 by rustls over a non-blocking socket. A copy of the server's
//! first flight provides what rustls does not report.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES;
use rustls::crypto::{CryptoProvider, aws_lc_rs as library};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind};
use tokio::net::TcpStream;

use super::broken::{self, closed, not_tls, refused, timed_out};
use super::capture::{Capture, Captured};
use super::clock::within;
use super::groups::group;
use super::read_on::{by_us, read_on};
use super::{connect, key_exchange};
use crate::inventory::{Host, Target};
use crate::observation::{
    ALPN_PROTOCOLS, CertificateCache, Exchange, Failure, Offer, Offered, PeerChain, Reason,
    Session, Stage,
};
use crate::tls::{
    self, AlertDescription, Flight, MAX_FLIGHT, MODERN_GROUPS, MODERN_SIGNATURES, MODERN_SUITES,
    MORE_MODERN_GROUPS, ProtocolVersion,
};

/// Number of bytes of an encrypted first flight that are kept for parsing: enough for a ServerHello, an
/// alert, or the greeting of another protocol. An unencrypted flight is kept completely, because rustls
/// reports certificates only if the whole flight is valid.
const TAP: usize = 4 * 1024;

/// Makes complete handshakes.
pub(super) struct Modern {
    plain: ClientConfig,
    http: ClientConfig,
    more_groups: ClientConfig,
    certificates: Arc<Mutex<CertificateCache>>,
}

impl Modern {
    pub(super) fn new() -> Self {
        let certificates = Arc::new(Mutex::new(CertificateCache::default()));
        let capture = || Arc::new(Capture::new(certificates.clone(), &MODERN_SIGNATURES, None));
        let plain = configuration(&MODERN_GROUPS, capture());
        let more_groups = configuration(&MORE_MODERN_GROUPS, capture());
        let mut http = plain.clone();
        http.alpn_protocols = wire_names(&ALPN_PROTOCOLS);
        Self {
            plain,
            http,
            more_groups,
            certificates,
        }
    }

    /// Makes the handshake, ends the connection in order with the service's farewell, and returns what
    /// was seen.
    pub(super) async fn handshake(
        &self,
        stream: &TcpStream,
        target: &Target,
        offered: &Offered,
        farewell: &'static [u8],
        deadline: Duration,
        buffer: &RefCell<Box<[u8]>>,
    ) -> Exchange {
        let mut handshake = match self.prepare(target, offered, farewell) {
            Ok(handshake) => handshake,
            Err(failure) => {
                return Exchange {
                    offer: offered.offer,
                    transcript: None,
                    session: None,
                    chain: None,
                    chain_cut: false,
                    failure: Some(failure),
                };
            }
        };
        let ended = match within(deadline, handshake.run(stream, buffer)).await {
            Some(ended) => ended,
            None => Err(timed_out(&handshake.tap)),
        };
        let flight = handshake.second_reading(&ended);
        let mut flight = flight.unwrap_or_default();
        if let Err(failure) = &ended {
            if by_us(failure) {
                read_on(stream, &mut flight, deadline, buffer).await;
            }
            // Sends the alert of rustls. Errors are ignored, because the peer may be gone.
            let _ = handshake.connection.write_tls(&mut Socket(stream));
        }
        flight.finish();
        handshake.into_exchange(ended, &flight)
    }

    /// Returns the bytes of the ClientHello of this offer, or `None` if rustls cannot write it.
    pub(super) fn record(&self, target: &Target, offered: &Offered) -> Option<Vec<u8>> {
        let mut handshake = self.prepare(target, offered, b"").ok()?;
        let mut record = Vec::new();
        handshake.connection.write_tls(&mut record).ok()?;
        Some(record)
    }

    fn prepare(
        &self,
        target: &Target,
        offered: &Offered,
        farewell: &'static [u8],
    ) -> Result<Handshake, Failure> {
        let capture = Arc::new(Capture::new(
            self.certificates.clone(),
            offered.template.signatures,
            offered.keys,
        ));
        let mut config = match offered.offer {
            Offer::MoreGroups => self.more_groups.clone(),
            Offer::NoAlpn | Offer::BrowserTls13 => self.plain.clone(),
            _ if target.is_http() => self.http.clone(),
            _ => self.plain.clone(),
        };
        if let Some(protocols) = &offered.alpn {
            config.alpn_protocols = wire_names(protocols);
        }
        config.enable_sni = offered.named;
        let alpn_offered = !config.alpn_protocols.is_empty();
        config.dangerous().set_certificate_verifier(capture.clone());
        config.client_auth_cert_resolver = capture.clone();
        let connection = server_name(target)
            .and_then(|name| ClientConnection::new(Arc::new(config), name).ok())
            .ok_or_else(|| Failure::new(Stage::Handshake, Reason::ScannerLimit, UNSENDABLE))?;
        Ok(Handshake {
            offer: offered.offer,
            alpn_offered,
            ticket: TicketWatch {
                wanted: offered.tickets,
                came: None,
            },
            connection,
            capture,
            farewell,
            tap: Vec::new(),
            bytes_read: 0,
        })
    }
}

fn wire_names(protocols: &[&str]) -> Vec<Vec<u8>> {
    let names = protocols.iter().map(|name| name.as_bytes().to_vec());
    names.collect()
}

/// rustls does not send names that break the rules of host names (RFC 1123 section 2.1). Hand-made
/// ClientHellos do, but only up to TLS 1.2.
const UNSENDABLE: &str = "a label of the name begins or ends with a hyphen or is longer than 63 \
    letters: this scanner sends such names up to TLS 1.2 only";

/// Returns the server name for rustls, or `None` if rustls rejects it. rustls does not send addresses
/// (RFC 6066 section 3).
fn server_name(target: &Target) -> Option<ServerName<'static>> {
    match target.reference() {
        Host::Name(name) => ServerName::try_from(name.to_string()).ok(),
        Host::Address(address) => Some(ServerName::from(address)),
    }
}

/// Returns the rustls provider with `tls::MODERN_SUITES` and these groups.
fn provider(groups: &[u16]) -> CryptoProvider {
    let library = library::default_provider();
    let suites = MODERN_SUITES.iter().filter_map(|id| {
        let mut known = ALL_CIPHER_SUITES.iter();
        known.find(|suite| u16::from(suite.suite()) == *id).copied()
    });
    CryptoProvider {
        cipher_suites: suites.collect(),
        kx_groups: groups.iter().filter_map(|id| group(*id)).collect(),
        ..library
    }
}

/// Returns the rustls configuration of handshakes, for benchmarks without a network.
pub fn client_configuration() -> ClientConfig {
    configuration(
        &MODERN_GROUPS,
        Arc::new(Capture::new(Arc::default(), &MODERN_SIGNATURES, None)),
    )
}

fn configuration(groups: &[u16], capture: Arc<Capture>) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider(groups)))
        .with_safe_default_protocol_versions()
        // The only condition is that the suites cover both versions, which they do.
        .expect("the provider has suites for TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(capture)
        .with_no_client_auth();
    // A resumed session would have the chain of another server with the same name.
    config.resumption = Resumption::disabled();
    config
}

/// One handshake in progress.
struct Handshake {
    offer: Offer,
    alpn_offered: bool,
    ticket: TicketWatch,
    connection: ClientConnection,
    capture: Arc<Capture>,
    farewell: &'static [u8],
    tap: Vec<u8>,
    bytes_read: usize,
}

/// Records if a session ticket is wanted and if one came.
struct TicketWatch {
    wanted: bool,
    came: Option<bool>,
}

/// Maximum time to wait for a ticket. Servers send tickets with the end of the handshake or right after.
const TICKET_PATIENCE: Duration = Duration::from_secs(1);

impl Handshake {
    async fn run(
        &mut self,
        stream: &TcpStream,
        buffer: &RefCell<Box<[u8]>>,
    ) -> Result<(), Failure> {
        self.write(stream).await?;
        while self.connection.is_handshaking() {
            self.read(stream, buffer).await?;
            if self.connection.is_handshaking() {
                self.write(stream).await?;
            }
        }
        if self.ticket.wanted {
            self.watch_for_ticket(stream, buffer).await?;
        }
        // After the handshake, rustls buffers a few bytes without using the socket.
        let _ = self.connection.writer().write_all(self.farewell);
        // Our Finished, which comes last in TLS 1.3, and the farewell are sent together: separate
        // packets would cost both sides a tenth of the visit. The handshake is complete, so an error
        // here changes nothing.
        self.connection.send_close_notify();
        let _ = self.write(stream).await;
        Ok(())
    }

    /// Waits for a session ticket. If the server ends the connection meanwhile, for example because it
    /// requires a client certificate, nothing is known about tickets.
    async fn watch_for_ticket(
        &mut self,
        stream: &TcpStream,
        buffer: &RefCell<Box<[u8]>>,
    ) -> Result<(), Failure> {
        self.write(stream).await?;
        let received = async {
            while self.connection.tls13_tickets_received() == 0 {
                self.read(stream, buffer).await?;
            }
            Ok::<(), Failure>(())
        };
        self.ticket.came = match within(TICKET_PATIENCE, received).await {
            Some(Ok(())) => Some(true),
            Some(Err(_)) => None,
            None => Some(false),
        };
        Ok(())
    }

    async fn write(&mut self, stream: &TcpStream) -> Result<(), Failure> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Socket(stream)) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    stream.writable().await.map_err(|error| ended(&error))?;
                }
                Err(error) => return Err(ended(&error)),
            }
        }
        Ok(())
    }

    async fn read(
        &mut self,
        stream: &TcpStream,
        buffer: &RefCell<Box<[u8]>>,
    ) -> Result<(), Failure> {
        loop {
            stream.readable().await.map_err(|error| ended(&error))?;
            let mut buffer = buffer.borrow_mut();
            match stream.try_read(&mut buffer) {
                Ok(0) => return Err(closed(&self.tap)),
                Ok(count) => return self.take(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(ended(&error)),
            }
        }
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        let encrypted =
            self.connection.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3);
        let most = if encrypted { TAP } else { MAX_FLIGHT };
        let room = most.saturating_sub(self.tap.len());
        self.tap.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.bytes_read += bytes.len();
        if self.bytes_read > MAX_FLIGHT {
            return Err(Failure::new(Stage::Handshake, Reason::TooLarge, ""));
        }
        if !tls::may_be_tls(&self.tap) {
            return Err(not_tls(&self.tap));
        }
        if tls::has_odd_version(&self.tap) {
            return broken::odd_version(&read_flight(&self.tap));
        }
        while !bytes.is_empty() && (self.connection.is_handshaking() || self.ticket.wanted) {
            self.connection
                .read_tls(&mut bytes)
                .map_err(|error| ended(&error))?;
            self.connection.process_new_packets().map_err(refused)?;
        }
        Ok(())
    }

    /// Parses the unencrypted flight if rustls does not report its content: after a warning before the
    /// ServerHello, or a handshake that broke off. Otherwise returns `None`.
    fn second_reading(&self, ended: &Result<(), Failure>) -> Option<Flight> {
        let warned = self.tap.first() == Some(&ALERT_RECORD);
        (warned || ended.is_err()).then(|| read_flight(&self.tap))
    }

    fn into_exchange(self, ended: Result<(), Failure>, flight: &Flight) -> Exchange {
        let mut captured = self.capture.take();
        if captured.chain.is_none() {
            self.capture.add_flight(&mut captured, flight);
        }
        let failure = ended
            .err()
            .filter(|failure| !wants_client_certificate(failure, &captured))
            .map(|failure| self.explained(failure, &captured, flight));
        let session = self.session(&captured, flight);
        Exchange {
            offer: self.offer,
            transcript: None,
            session,
            chain: captured.chain,
            chain_cut: captured.chain_cut,
            failure,
        }
    }

    /// Returns what is wrong with the server's key exchange below TLS 1.3, with the text that exchanges
    /// with hand-made ClientHellos have for it. If nothing is wrong, returns the failure unchanged.
    fn explained(&self, failure: Failure, captured: &Captured, flight: &Flight) -> Failure {
        let hello = flight.server_hello.as_ref();
        let old = hello.is_some_and(|hello| hello.version < ProtocolVersion::Tls13.wire());
        if !old || !(by_us(&failure) || key_exchange::is_whole(flight)) {
            return failure;
        }
        let template = self.offer.template();
        let lists = (template.groups, template.signatures);
        let leaf = captured.chain.as_ref().and_then(PeerChain::leaf_key);
        key_exchange::flaw(lists, flight, leaf).unwrap_or(failure)
    }

    fn session(&self, captured: &Captured, flight: &Flight) -> Option<Session> {
        let hello = flight.server_hello.as_ref();
        let exchange = flight.key_exchange.as_ref();
        let agreed = self
            .connection
            .protocol_version()
            .map(u16::from)
            .and_then(ProtocolVersion::from_wire);
        let version = agreed.or_else(|| ProtocolVersion::from_wire(hello?.version))?;
        let cipher = self
            .connection
            .negotiated_cipher_suite()
            .map(|suite| u16::from(suite.suite()));
        Some(Session {
            version,
            cipher: cipher.or_else(|| Some(hello?.cipher))?,
            group: self
                .connection
                .negotiated_key_exchange_group()
                .map(|group| u16::from(group.name()))
                .or_else(|| exchange?.group),
            signature: captured.scheme.or_else(|| exchange?.signature_scheme),
            alpn: self
                .connection
                .alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            hello_retry: self
                .connection
                .handshake_kind()
                .map(|kind| kind == HandshakeKind::FullWithHelloRetryRequest),
            ocsp_staple: captured.ocsp_staple.clone(),
            client_cert_requested: captured.client_cert_requested,
            name_warning: flight
                .warnings
                .contains(&AlertDescription::UNRECOGNIZED_NAME),
            key_proof: captured.key_proof,
            // rustls refuses an answer with the mark.
            downgrade: None,
            alpn_offered: self.alpn_offered,
            secure_renegotiation: None,
            ticket: self
                .ticket
                .came
                .filter(|_| version == ProtocolVersion::Tls13),
            compression: None,
            // rustls has no suite with DHE, but a server may choose one anyway.
            dh_bits: exchange.and_then(|exchange| exchange.dh_bits),
        })
    }
}

/// The content type of an alert record.
const ALERT_RECORD: u8 = 21;

fn read_flight(bytes: &[u8]) -> Flight {
    let mut flight = Flight::default();
    flight.push(bytes);
    flight
}

/// Returns true if the server has proven its key, asked for a client certificate, and then broke off.
/// Everything is then known, so the handshake counts as complete.
fn wants_client_certificate(failure: &Failure, captured: &Captured) -> bool {
    captured.client_cert_requested == Some(true)
        && captured.key_proof.is_some()
        && matches!(failure.reason, Reason::Alert | Reason::Eof | Reason::Reset)
}

fn ended(error: &io::Error) -> Failure {
    connect::failure(Stage::Handshake, error)
}

/// The socket as a writer for rustls that never blocks.
struct Socket<'a>(&'a TcpStream);

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_the_modern_offers_name_is_offered() {
        for groups in [MODERN_GROUPS, MORE_MODERN_GROUPS] {
            let provider = provider(&groups);
            let suites: Vec<u16> = provider
                .cipher_suites
                .iter()
                .map(|suite| u16::from(suite.suite()))
                .collect();
            let offered: Vec<u16> = provider
                .kx_groups
                .iter()
                .map(|group| u16::from(group.name()))
                .collect();
            assert_eq!(suites, MODERN_SUITES);
            assert_eq!(offered, groups);
        }
    }
}
