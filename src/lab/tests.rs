//! Tests of the lab's servers with a strict client (rustls with webpki), an old client (a handmade
//! ClientHello) and a misbehaving one.

use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::load::{Farm, LeafKey, Leaves, Load, Signing, Versions};
use super::*;
use crate::verdict::VerdictKind;

/// The day of all tests.
fn today() -> Timestamp {
    Timestamp::from_second(1_900_000_000).unwrap()
}

#[derive(Debug)]
struct Today;

impl TimeProvider for Today {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = today().as_second().try_into().unwrap();
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

fn client(root_pem: &str) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(root_pem.as_bytes()).unwrap())
        .unwrap();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let config = ClientConfig::builder_with_details(provider, Arc::new(Today))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_webpki_verifier(verifier.build().unwrap())
        .with_no_client_auth();
    Arc::new(config)
}

/// Performs a handshake. Returns the leaf or the error.
fn connect(
    config: &Arc<ClientConfig>,
    host: &str,
    address: SocketAddr,
    patience: Duration,
) -> Result<Vec<u8>, String> {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut client = ClientConnection::new(config.clone(), name).unwrap();
    let mut stream = TcpStream::connect(address).map_err(|error| format!("{:?}", error.kind()))?;
    stream.set_read_timeout(Some(patience)).unwrap();
    while client.is_handshaking() {
        client.complete_io(&mut stream).map_err(|error| {
            let tls = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>());
            tls.map_or(format!("{:?}", error.kind()), |tls| format!("{tls:?}"))
        })?;
    }
    Ok(client.peer_certificates().unwrap()[0].to_vec())
}

fn address_of(running: &Running) -> Option<SocketAddr> {
    let pinned = running.pinned.as_ref()?;
    pinned.rsplit('@').next()?.parse().ok()
}

/// The error of a strict client for every case that it rejects: the start of its text.
const REFUSALS: &[(&str, &str)] = &[
    ("expired", "InvalidCertificate(Expired"),
    ("expired-long-ago", "InvalidCertificate(Expired"),
    ("not-yet-valid", "InvalidCertificate(NotValidYet"),
    ("wrong-name", "InvalidCertificate(NotValidForName"),
    ("www-missing", "InvalidCertificate(NotValidForName"),
    ("apex-missing", "InvalidCertificate(NotValidForName"),
    ("wildcard-too-deep", "InvalidCertificate(NotValidForName"),
    ("name-for-address", "InvalidCertificate(NotValidForName"),
    ("no-san", "InvalidCertificate(NotValidForName"),
    ("default-host", "InvalidCertificate(NotValidForName"),
    ("self-signed", "InvalidCertificate(UnknownIssuer"),
    (
        "self-signed-ca",
        "InvalidCertificate(Other(OtherError(CaUsedAsEndEntity",
    ),
    ("self-signed-and-worse", "InvalidCertificate(Expired"),
    ("expired-wrong-name", "InvalidCertificate(Expired"),
    ("bad-signature", "InvalidCertificate(BadSignature"),
    (
        "leaf-is-ca",
        "InvalidCertificate(Other(OtherError(CaUsedAsEndEntity",
    ),
    ("client-certificate", "InvalidCertificate(InvalidPurpose"),
    (
        "unknown-critical",
        "InvalidCertificate(Other(OtherError(UnsupportedCriticalExtension",
    ),
    ("unparseable-modern", "InvalidCertificate(BadEncoding"),
    ("missing-intermediate", "InvalidCertificate(UnknownIssuer"),
    ("missing-both", "InvalidCertificate(UnknownIssuer"),
    ("missing-upper", "InvalidCertificate(UnknownIssuer"),
    ("missing-with-aia", "InvalidCertificate(UnknownIssuer"),
    ("missing-unknown", "InvalidCertificate(UnknownIssuer"),
    ("unknown-issuer", "InvalidCertificate(UnknownIssuer"),
    ("private-ca", "InvalidCertificate(UnknownIssuer"),
    ("expired-intermediate", "InvalidCertificate(Expired"),
    (
        "intermediate-not-ca",
        "InvalidCertificate(Other(OtherError(EndEntityUsedAsCa",
    ),
    (
        "path-too-long",
        "InvalidCertificate(Other(OtherError(PathLenConstraintViolated",
    ),
    (
        "name-constraints",
        "InvalidCertificate(Other(OtherError(NameConstraintViolation",
    ),
    (
        "intermediate-bad-signature",
        "InvalidCertificate(BadSignature",
    ),
    ("wrong-key", "InvalidCertificate(BadSignature"),
    ("wrong-key-tls1-2", "InvalidCertificate(BadSignature"),
    (
        "client-certificate-required-tls1-2",
        "AlertReceived(CertificateRequired",
    ),
    ("only-tls1-0", "AlertReceived(ProtocolVersion"),
    ("only-tls1-1", "AlertReceived(ProtocolVersion"),
    ("only-ssl3", "AlertReceived(HandshakeFailure"),
    ("only-tls1-0-ancient", "AlertReceived(HandshakeFailure"),
    ("only-tls1-0-closing", "UnexpectedEof"),
    ("only-tls1-0-hanging", "WouldBlock"),
    ("rsa-key-exchange", "AlertReceived(HandshakeFailure"),
    ("only-rc4", "AlertReceived(HandshakeFailure"),
    ("only-3des", "AlertReceived(HandshakeFailure"),
    ("only-null", "AlertReceived(HandshakeFailure"),
    ("only-ecdhe-cbc", "AlertReceived(HandshakeFailure"),
    ("anonymous", "AlertReceived(HandshakeFailure"),
    ("weak-key", "AlertReceived(HandshakeFailure"),
    ("old-and-expired", "AlertReceived(ProtocolVersion"),
    ("old-appliance", "AlertReceived(ProtocolVersion"),
    ("unparseable", "AlertReceived(HandshakeFailure"),
    ("only-dhe", "AlertReceived(HandshakeFailure"),
    ("prefers-dhe", "AlertReceived(HandshakeFailure"),
    ("only-ecdhe-cbc-sha256", "AlertReceived(HandshakeFailure"),
    ("dh-1024", "AlertReceived(HandshakeFailure"),
    ("dh-512", "AlertReceived(HandshakeFailure"),
    ("tiny-key", "AlertReceived(HandshakeFailure"),
    ("handshake-failure", "AlertReceived(HandshakeFailure"),
    ("alert-of-no-version", "InvalidMessage"),
    ("internal-error", "AlertReceived(InternalError"),
    ("sni-rejected", "AlertReceived(UnrecognisedName"),
    ("closes", "UnexpectedEof"),
    ("resets", "ConnectionReset"),
    ("silent", "WouldBlock"),
    ("drip", "WouldBlock"),
    ("half-a-flight", "UnexpectedEof"),
    ("malformed-hello", "InvalidMessage"),
    ("endless", "InvalidMessage"),
    ("http", "InvalidMessage"),
    ("http-patient", "WouldBlock"),
    ("smtp", "InvalidMessage"),
    ("ssh", "InvalidMessage"),
    ("noise", "InvalidMessage"),
    ("refused", "ConnectionRefused"),
    ("smtp-starttls", "InvalidMessage"),
    ("imap-starttls", "InvalidMessage"),
    ("smtp-starttls-missing", "InvalidMessage"),
    ("smtp-busy", "InvalidMessage"),
    ("smtp-starttls-refused", "InvalidMessage"),
    ("smtp-starttls-broken", "InvalidMessage"),
    ("smtp-starttls-injection", "InvalidMessage"),
    (
        "unoffered-scheme",
        "PeerMisbehaved(SignedKxWithWrongAlgorithm",
    ),
    ("old-scheme", "PeerMisbehaved(SignedKxWithWrongAlgorithm"),
    (
        "unknown-scheme",
        "PeerMisbehaved(SignedKxWithWrongAlgorithm",
    ),
    (
        "rsa-suite-ec-key",
        "PeerMisbehaved(SignedKxWithWrongAlgorithm",
    ),
    (
        "ecdsa-suite-rsa-key",
        "PeerMisbehaved(SignedKxWithWrongAlgorithm",
    ),
    (
        "ecdsa-suite-rsa-scheme",
        "PeerMisbehaved(SignedKxWithWrongAlgorithm",
    ),
    ("key-transport-ec-key", "AlertReceived(HandshakeFailure"),
    ("dh-empty", "AlertReceived(HandshakeFailure"),
    ("explicit-curve", "InvalidMessage(MissingKeyExchange"),
    ("no-certificate", "NoCertificatesPresented"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_client_accepts_the_healthy_and_rejects_the_rest_for_the_right_reason() {
    let lab = Lab::start(today()).await.unwrap();
    let config = client(lab.root_pem());
    let mut wrong = Vec::new();
    for running in lab.cases() {
        let Some(address) = address_of(running) else {
            continue;
        };
        let name = running.case.name;
        let expected = REFUSALS.iter().find(|(case, _)| *case == name);
        let expected = expected.map_or("accepted", |(_, error)| error);
        let patience = match expected {
            "WouldBlock" => Duration::from_millis(100),
            _ => Duration::from_secs(20),
        };
        let seen = match connect(&config, running.case.host, address, patience) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error,
        };
        if !seen.starts_with(expected) {
            wrong.push(format!("{name}: expected {expected}, got {seen}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn cases_have_distinct_names_and_cover_the_verdicts() {
    let mut names = HashSet::new();
    let mut verdicts = HashSet::new();
    for case in LabCase::all() {
        assert!(names.insert(case.name), "{} exists twice", case.name);
        assert!(std::ptr::eq(LabCase::named(case.name).unwrap(), case));
        assert!(
            case.host == "127.0.0.1" || case.host.ends_with(ZONE),
            "{}",
            case.host
        );
        assert!(
            !case.about.is_empty() && case.about.len() < 100,
            "{}",
            case.name
        );
        verdicts.insert(case.expect);
    }
    for (name, _) in REFUSALS {
        assert!(names.contains(name), "{name} is not a case");
    }
    let missing = VerdictKind::ALL
        .into_iter()
        .filter(|kind| !verdicts.contains(kind));
    let missing: Vec<_> = missing.collect();
    assert_eq!(missing, [VerdictKind::Revoked]);
}

/// Returns a ClientHello without extensions, as before TLS 1.3.
fn old_hello(version: u16, suites: &[u16]) -> Vec<u8> {
    let suites: Vec<u8> = suites
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();
    let mut body = version.to_be_bytes().to_vec();
    body.extend([0x11; 32]);
    body.extend([0, 0, suites.len().try_into().unwrap()]);
    body.extend(&suites);
    body.extend([1, 0]);
    let mut message = vec![1, 0, 0, body.len().try_into().unwrap()];
    message.extend(&body);
    let mut record = vec![22, 3, 0, 0, message.len().try_into().unwrap()];
    record.extend(&message);
    record
}

const OLD_SUITES: &[u16] = &[0x002f, 0x0035, 0x000a, 0x0005, 0x0002, 0xc013, 0x0034];

#[tokio::test(flavor = "multi_thread")]
async fn old_stacks_answer_an_old_hello_with_their_version_and_suite() {
    let expected = [
        ("only-ssl3", 0x0300, 0x002f),
        ("only-tls1-0", 0x0301, 0x002f),
        ("only-tls1-0-ancient", 0x0301, 0x002f),
        ("only-tls1-0-closing", 0x0301, 0x002f),
        ("only-tls1-0-hanging", 0x0301, 0x002f),
        ("only-tls1-1", 0x0302, 0x002f),
        ("rsa-key-exchange", 0x0303, 0x002f),
        ("only-rc4", 0x0303, 0x0005),
        ("only-3des", 0x0303, 0x000a),
        ("only-null", 0x0303, 0x0002),
        ("only-ecdhe-cbc", 0x0303, 0xc013),
        ("anonymous", 0x0303, 0x0034),
        ("weak-key", 0x0303, 0x002f),
        ("unparseable", 0x0303, 0x002f),
    ];
    let wanted = |case: &LabCase| expected.iter().any(|(name, ..)| *name == case.name);
    let lab = Lab::start_some(today(), wanted).await.unwrap();
    assert_eq!(lab.cases().len(), expected.len());
    for (name, version, suite) in expected {
        let running = lab
            .cases()
            .iter()
            .find(|running| running.case.name == name)
            .unwrap();
        let mut stream = TcpStream::connect(address_of(running).unwrap()).unwrap();
        stream.write_all(&old_hello(0x0303, OLD_SUITES)).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut flight = Vec::new();
        stream.read_to_end(&mut flight).unwrap();
        // Record header, handshake header, version, random, empty session id, suite.
        assert_eq!((flight[0], flight[5]), (22, 2), "{name}");
        assert_eq!(flight[9..11], u16::to_be_bytes(version), "{name}");
        assert_eq!(flight[44..46], u16::to_be_bytes(suite), "{name}");
        assert!(flight.ends_with(&[14, 0, 0, 0]), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_clients_end_their_own_connection_and_nothing_else() {
    let lab = Lab::start_some(today(), |case| case.name != "refused")
        .await
        .unwrap();
    let hello = old_hello(0x0303, OLD_SUITES);
    let bad: [&[u8]; 5] = [
        b"",
        b"\x16",
        b"GET / HTTP/1.1\r\n\r\n",
        &hello[..20],
        &[0x16; 9000],
    ];
    for running in lab.cases() {
        for bytes in bad {
            let Some(address) = address_of(running) else {
                continue;
            };
            let mut stream = TcpStream::connect(address).unwrap();
            // The server may already have closed the connection.
            let _ = stream.write_all(bytes);
        }
    }
    let config = client(lab.root_pem());
    let healthy = &lab.cases()[0];
    let patience = Duration::from_secs(20);
    connect(
        &config,
        healthy.case.host,
        address_of(healthy).unwrap(),
        patience,
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_lab_listens_no_more() {
    let lab = Lab::start_some(today(), |case| case.name == "healthy")
        .await
        .unwrap();
    let running = &lab.cases()[0];
    let address = address_of(running).unwrap();
    assert_eq!(
        running.target,
        format!("healthy.tlsweep.test:{}", address.port())
    );
    TcpStream::connect(address).unwrap();
    lab.stop().await;
    let refused = TcpStream::connect(address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_resolver_answers_on_its_socket() {
    let lab = Lab::start_some(today(), |case| case.name == "gone")
        .await
        .unwrap();
    let socket = UdpSocket::bind(ANY_PORT).await.unwrap();
    let asked = |host: &str| {
        let mut query = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        query.push(host.len().try_into().unwrap());
        query.extend(host.bytes());
        query.extend(b"\x07tlsweep\x04test\0\0\x01\0\x01");
        query
    };
    for (host, code) in [("gone", 3), ("other", 0)] {
        socket
            .send_to(&asked(host), lab.resolver_address())
            .await
            .unwrap();
        let mut reply = [0; 512];
        let (length, _) = socket.recv_from(&mut reply).await.unwrap();
        assert_eq!(reply[3] & 0x0f, code, "{host}");
        assert_eq!(
            reply[..length].ends_with(&[127, 0, 0, 1]),
            code == 0,
            "{host}"
        );
    }
}

#[test]
fn a_farm_gives_each_name_its_leaf() {
    let patience = Duration::from_secs(20);
    for (versions, key) in [
        (Versions::Both, LeafKey::P256),
        (Versions::Tls12, LeafKey::P256),
        (Versions::Tls13, LeafKey::Rsa2048),
    ] {
        let farm = Farm {
            leaves: Leaves::Distinct(3),
            versions,
            key,
        };
        let load = Load::farm(farm, &[ANY_PORT, ANY_PORT], today()).unwrap();
        let config = client(load.root_pem());
        let mut leaves = HashSet::new();
        for address in load.addresses() {
            for number in 0..3 {
                let host = Load::name(number);
                leaves.insert(connect(&config, &host, *address, patience).unwrap());
            }
            connect(&config, &Load::name(3), *address, patience).unwrap_err();
        }
        assert_eq!(leaves.len(), 3);
    }
}

#[test]
fn a_shared_farm_accepts_any_name_and_ends_when_dropped() {
    let load = Load::farm(Farm::default(), &[], today()).unwrap();
    let config = client(load.root_pem());
    let address = load.addresses()[0];
    let patience = Duration::from_secs(20);
    connect(&config, &Load::name(123_456), address, patience).unwrap();
    drop(load);
    TcpStream::connect(address).unwrap_err();
}

#[test]
fn a_replay_always_sends_the_same_flight_and_a_stall_nothing() {
    let load = Load::replay(&[], today()).unwrap();
    let flight = |hello: &[u8]| {
        let mut stream = TcpStream::connect(load.addresses()[0]).unwrap();
        stream.write_all(hello).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut flight = Vec::new();
        stream.read_to_end(&mut flight).unwrap();
        flight
    };
    let first = flight(&old_hello(0x0303, &[0xc02b]));
    assert_eq!(first, flight(&old_hello(0x0301, OLD_SUITES)));
    assert!(first.starts_with(&[22, 3, 3]) && first.ends_with(&[14, 0, 0, 0]));

    let load = Load::stall(&[]).unwrap();
    let mut stream = TcpStream::connect(load.addresses()[0]).unwrap();
    stream.write_all(&old_hello(0x0303, OLD_SUITES)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let silence = stream.read(&mut [0; 16]).unwrap_err();
    assert_eq!(silence.kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_clear_farm_gives_each_name_its_leaf_and_signs_as_configured() {
    for (signing, proven) in [(Signing::Each, true), (Signing::Never, false)] {
        let load = Load::clear(2, signing, &[], today()).unwrap();
        let config = client(load.root_pem());
        let flights: Vec<_> = (0..3)
            .map(|number| first_flight(&config, &Load::name(number), load.addresses()[0]))
            .collect();
        let [Some((first, took)), Some((second, took_too)), None] = &flights[..] else {
            panic!("{flights:?}");
        };
        assert_ne!(first, second);
        assert_eq!((*took, *took_too), (proven, proven));
    }
}

/// Returns the flight that answers a rustls client of this name, and true if the client accepts it.
fn first_flight(
    config: &Arc<ClientConfig>,
    host: &str,
    address: SocketAddr,
) -> Option<(Vec<u8>, bool)> {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut client = ClientConnection::new(config.clone(), name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    client.write_tls(&mut stream).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut flight = Vec::new();
    stream.read_to_end(&mut flight).unwrap();
    client.read_tls(&mut &flight[..]).unwrap();
    (!flight.is_empty()).then(|| (flight, client.process_new_packets().is_ok()))
}
