//! Exchanges with hand-made ClientHellos, written from a template. Up to TLS 1.2 the answer is not
//! encrypted, including the chain, so no key exchange is needed to read it. The hello lane, the wide
//! offer and the version probes differ only in the template.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;

use super::broken::{closed, not_tls, timed_out};
use super::clock::within;
use super::read_on::{by_us, read_on};
use super::{agreed, connect, proof};
use crate::crypto::Randoms;
use crate::inventory::Target;
use crate::observation::{
    CertificateCache, Exchange, Failure, Offer, Offered, PeerChain, Reason, Session, Stage,
};
use crate::tls::{
    self, AlertDescription, Flight, FlightError, FlightProgress, Hello, MAX_FLIGHT, MODERN_GROUPS,
    MODERN_SUITES, MORE_MODERN_GROUPS, ProtocolVersion,
};

/// Number of leaves in the cache. One address often has the same certificate for many names, which a
/// sweep visits close together.
const LEAVES: usize = 256;

/// Buffer size in bytes, enough for every ClientHello.
const HELLO: usize = 1500;

/// Makes exchanges with hand-made ClientHellos. Its state is for speed: a ClientHello needs no
/// allocation and no system call for random bytes, and a certificate seen before is not parsed again.
pub(super) struct Clear {
    prove_key: bool,
    randoms: Randoms,
    // Borrowed only between two awaits, like the read buffer.
    hello: RefCell<Vec<u8>>,
    leaves: RefCell<CertificateCache>,
    issuers: RefCell<CertificateCache>,
}

impl Clear {
    pub(super) fn new(prove_key: bool) -> Self {
        Self {
            prove_key,
            randoms: Randoms::default(),
            hello: RefCell::new(Vec::with_capacity(HELLO)),
            leaves: RefCell::new(CertificateCache::with_limit(LEAVES)),
            issuers: RefCell::new(CertificateCache::default()),
        }
    }

    /// Sends the ClientHello of this offer, reads the first flight, and closes the connection.
    pub(super) async fn first_flight(
        &self,
        offered: &Offered,
        stream: &TcpStream,
        target: &Target,
        deadline: Duration,
        buffer: &RefCell<Box<[u8]>>,
    ) -> Exchange {
        let session_id = self.randoms.draw();
        let hello = self.hello(offered, &session_id, target);
        let mut flight = Flight::default();
        let conversation = async {
            self.say(&hello, stream).await?;
            listen(stream, &mut flight, buffer).await
        };
        let ended = match within(deadline, conversation).await {
            Some(ended) => ended,
            None => Err(timed_out(flight.opening())),
        };
        if ended.as_ref().is_err_and(by_us) {
            read_on(stream, &mut flight, deadline, buffer).await;
        }
        flight.finish();
        if let (Ok(()), Some(answer)) = (&ended, &flight.server_hello) {
            // Errors are ignored, because the peer may have closed the connection.
            let _ = stream.try_write(&close_notify(answer.legacy_version));
        }
        self.exchange(offered, &hello, flight, ended)
    }

    /// Returns the bytes of the ClientHello of this offer.
    pub(super) fn record(&self, offered: &Offered, target: &Target) -> Vec<u8> {
        let session_id = self.randoms.draw();
        self.hello(offered, &session_id, target).record()
    }

    fn hello<'a>(
        &self,
        offered: &'a Offered,
        session_id: &'a [u8; 32],
        target: &'a Target,
    ) -> Hello<'a> {
        let name = target.server_name().map(|name| name.as_ref());
        Hello {
            suites: &offered.suites,
            groups: &offered.groups,
            session_ticket: offered.features,
            compression: offered.features,
            // Any 32 bytes are a public key of X25519 (RFC 7748, 5). Its secret is not known.
            x25519_share: (offered.offer == Offer::Rest).then(|| self.randoms.draw()),
            ..offered
                .template
                .hello(name, self.randoms.draw(), session_id)
        }
    }

    async fn say(&self, whole: &Hello<'_>, stream: &TcpStream) -> Result<(), Failure> {
        let rest = {
            let mut hello = self.hello.borrow_mut();
            whole.write(&mut hello);
            match stream.try_write(&hello) {
                Ok(count) if count == hello.len() => return Ok(()),
                Ok(count) => hello[count..].to_vec(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => hello.clone(),
                Err(error) => return Err(ended(&error)),
            }
        };
        write(stream, &rest).await
    }

    fn exchange(
        &self,
        offered: &Offered,
        hello: &Hello<'_>,
        flight: Flight,
        ended: Result<(), Failure>,
    ) -> Exchange {
        let mut session = session(&flight, offered);
        let chain = flight
            .certificates
            .as_ref()
            .map(|certificates| self.read(certificates));
        let leaf = chain.as_ref().and_then(PeerChain::leaf_key);
        let flaw = agreed::flaw(offered, hello, &flight, leaf);
        // If clients refuse the answer, its signature proves nothing to them.
        if let (true, None, Some(session), Some(chain)) =
            (self.prove_key, &flaw, &mut session, &chain)
        {
            session.key_proof = proof::of(&flight, &hello.random, chain);
        }
        let failure = ended
            .err()
            .or(flaw)
            .or_else(|| without_certificate(offered, session.as_ref(), chain.as_ref()));
        Exchange {
            offer: offered.offer,
            transcript: None,
            session,
            chain,
            chain_cut: flight.certificates_cut,
            failure,
        }
    }

    fn read(&self, certificates: &[Vec<u8>]) -> PeerChain {
        let (mut leaves, mut issuers) = (self.leaves.borrow_mut(), self.issuers.borrow_mut());
        let read = |(place, der): (usize, &Vec<u8>)| match place {
            0 => leaves.intern(der),
            _ => issuers.intern(der),
        };
        PeerChain {
            certificates: certificates.iter().enumerate().map(read).collect(),
        }
    }
}

/// Returns an unencrypted close_notify with the negotiated version, which ends the connection in order
/// in the middle of a handshake.
fn close_notify(version: u16) -> [u8; 7] {
    let [major, minor] = version.to_be_bytes();
    [21, major, minor, 0, 2, 1, 0]
}

async fn listen(
    stream: &TcpStream,
    flight: &mut Flight,
    buffer: &RefCell<Box<[u8]>>,
) -> Result<(), Failure> {
    let mut bytes_read = 0;
    loop {
        stream.readable().await.map_err(|error| ended(&error))?;
        let mut buffer = buffer.borrow_mut();
        match stream.try_read(&mut buffer) {
            Ok(0) => return Err(closed(flight.opening())),
            Ok(count) => {
                bytes_read += count;
                if take(flight, &buffer[..count])? {
                    return Ok(());
                }
                if bytes_read > MAX_FLIGHT {
                    return Err(Failure::new(Stage::Handshake, Reason::TooLarge, ""));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(ended(&error)),
        }
    }
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> Result<(), Failure> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                stream.writable().await.map_err(|error| ended(&error))?;
            }
            Err(error) => return Err(ended(&error)),
        }
    }
    Ok(())
}

/// Parses the next bytes. Returns true if the flight is complete.
fn take(flight: &mut Flight, bytes: &[u8]) -> Result<bool, Failure> {
    match flight.push(bytes) {
        FlightProgress::More => Ok(false),
        FlightProgress::Done => match flight.fatal_alert {
            Some(alert) => Err(Failure::alert(alert)),
            None => Ok(true),
        },
        FlightProgress::Failed(FlightError::NotTls) => Err(not_tls(flight.opening())),
        FlightProgress::Failed(error) => {
            let reason = match error {
                FlightError::FlightLength
                | FlightError::MessageLength(..)
                | FlightError::TooMany(_) => Reason::TooLarge,
                _ => Reason::Malformed,
            };
            Err(Failure::new(Stage::Handshake, reason, error.to_string()))
        }
    }
}

/// Returns the failure for a complete flight without a certificate, in which the server did not
/// identify itself, or `None` if there is a certificate or none was needed.
fn without_certificate(
    offered: &Offered,
    session: Option<&Session>,
    chain: Option<&PeerChain>,
) -> Option<Failure> {
    if chain.is_some_and(|chain| !chain.certificates.is_empty()) {
        return None;
    }
    // TLS 1.3 servers send certificates only after a key exchange. For a version probe, the
    // ServerHello is a complete answer.
    let asked = offered.template.newest == ProtocolVersion::Tls13;
    if let (Offer::Rest, Some(session)) = (offered.offer, session)
        && session.version == ProtocolVersion::Tls13
    {
        return Some(insists(session));
    }
    if asked && session.is_some_and(|session| session.version == ProtocolVersion::Tls13) {
        return None;
    }
    let suite = session.map(|session| tls::cipher_suite_text(session.cipher).into_owned());
    let (reason, detail) = match suite {
        Some(suite) => (Reason::Anonymous, suite),
        None => (
            Reason::Malformed,
            "the flight contains no ServerHello".to_owned(),
        ),
    };
    Some(Failure::new(Stage::Handshake, reason, detail))
}

/// Returns the failure for an answer to `rest`: it names what the ClientHellos before it did not offer,
/// so that the server refused them. `more_groups` asks again if it offers that group.
fn insists(session: &Session) -> Failure {
    let group = session.group.filter(|it| !MODERN_GROUPS.contains(it));
    let suite = Some(session.cipher).filter(|it| !MODERN_SUITES.contains(it));
    let detail = match (suite, group) {
        (Some(suite), _) => format!("needs the suite {}", tls::cipher_suite_text(suite)),
        (None, Some(group)) => format!("needs the group {}", tls::group_text(group)),
        (None, None) => "needs something else than a suite or a group".to_owned(),
    };
    let computed = suite.is_none() && group.is_none_or(|it| MORE_MODERN_GROUPS.contains(&it));
    let end = if computed { "" } else { UNABLE };
    Failure::new(Stage::Handshake, Reason::Incompatible, detail + end)
}

const UNABLE: &str = ", which this scanner reads and cannot compute";

fn session(flight: &Flight, offered: &Offered) -> Option<Session> {
    let hello = flight.server_hello.as_ref()?;
    let tls13 = hello.version >= ProtocolVersion::Tls13.wire();
    let exchange = flight.key_exchange.as_ref();
    // If the flight broke off, what it does not contain might have come later.
    let ended = flight.progress() == FlightProgress::Done && flight.fatal_alert.is_none();
    let whole = ended && flight.certificates.is_some();
    Some(Session {
        version: ProtocolVersion::from_wire(hello.version)?,
        cipher: hello.cipher,
        group: exchange
            .and_then(|exchange| exchange.group)
            .or(hello.selected_group),
        signature: exchange.and_then(|exchange| exchange.signature_scheme),
        alpn: None,
        alpn_offered: false,
        hello_retry: tls13.then_some(hello.hello_retry),
        // SSL 3.0 has no extensions, so no staple could be requested.
        ocsp_staple: flight
            .ocsp_staple
            .clone()
            .or_else(|| whole.then(Vec::new))
            .filter(|_| hello.version != ProtocolVersion::Ssl3.wire()),
        client_cert_requested: flight
            .client_cert_requested
            .then_some(true)
            .or_else(|| whole.then_some(false)),
        name_warning: flight
            .warnings
            .contains(&AlertDescription::UNRECOGNIZED_NAME),
        key_proof: None,
        downgrade: hello.downgrade,
        secure_renegotiation: (!tls13 && offered.asks_renegotiation())
            .then(|| hello.secures_renegotiation()),
        ticket: (offered.features && !tls13).then(|| hello.takes_ticket()),
        compression: (offered.features && !tls13).then_some(hello.compression != 0),
        dh_bits: exchange.and_then(|exchange| exchange.dh_bits),
    })
}

fn ended(error: &std::io::Error) -> Failure {
    connect::failure(Stage::Handshake, error)
}
