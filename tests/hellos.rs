//! Checks that every ClientHello, as sent, offers what its template says, and that a real server
//! answers the hello that has no key share.

mod nginx;

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use nginx::Nginx;
use tlsweep::inventory::{Endpoint, Host, Service, Target};
use tlsweep::observation::{Exchange, GroupVersion, KeyFamily, Observation, Offer, Question};
use tlsweep::probe::{Approach, HelloSample, Prober, Timeouts, now};
use tlsweep::tls::{self, ClientHello, ProtocolVersion};

fn exchange(offer: Offer, address: SocketAddr) -> Exchange {
    exchange_as("localhost", offer, address)
}

fn exchange_as(name: &str, offer: Offer, address: SocketAddr) -> Exchange {
    let target = Target {
        text: name.to_owned(),
        host: Host::Name(name.into()),
        address: Some(address.ip()),
        port: address.port(),
        service: Service::named("https").expect("a service"),
        sni: None,
        tags: Vec::new(),
        duplicate_of: None,
    };
    let mut observation = Observation::of(
        Endpoint {
            target: Arc::new(target),
            address: Some(address.ip()),
        },
        now(),
    );
    let prober = Prober::new(Timeouts::default(), Approach::default());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(prober.exchange(&mut observation, offer));
    observation.exchanges.remove(0)
}

/// Returns the first record that this offer sends.
fn sent(offer: Offer) -> Vec<u8> {
    sent_to("localhost", offer)
}

fn sent_to(name: &str, offer: Offer) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut record = vec![0; 5];
        stream.read_exact(&mut record).expect("a record");
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        record.resize(5 + length, 0);
        stream.read_exact(&mut record[5..]).expect("its content");
        record
    });
    let ended = exchange_as(name, offer, address);
    assert_eq!(ended.offer, offer);
    assert!(ended.failure.is_some());
    server.join().expect("a hello")
}

/// The contents of a ClientHello, parsed without the library's own parser.
struct Offered {
    record_version: u16,
    legacy_version: u16,
    session_id: u8,
    suites: Vec<u16>,
    compressions: Vec<u8>,
    extensions: Vec<(u16, Vec<u8>)>,
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    let pair = |pair: &[u8]| u16::from_be_bytes([pair[0], pair[1]]);
    bytes.chunks_exact(2).map(pair).collect()
}

fn read(record: &[u8]) -> Offered {
    let number = |at: usize| usize::from(u16::from_be_bytes([record[at], record[at + 1]]));
    assert_eq!((record[0], record[5]), (22, 1));
    let session = 43;
    let suites = session + 1 + usize::from(record[session]);
    let compressions = suites + 2 + number(suites);
    let mut at = compressions + 1 + usize::from(record[compressions]);
    let mut extensions = Vec::new();
    if at < record.len() {
        assert_eq!(at + 2 + number(at), record.len());
        at += 2;
    }
    while at < record.len() {
        let end = at + 4 + number(at + 2);
        extensions.push((
            u16::from_be_bytes([record[at], record[at + 1]]),
            record[at + 4..end].to_vec(),
        ));
        at = end;
    }
    Offered {
        record_version: u16::from_be_bytes([record[1], record[2]]),
        legacy_version: u16::from_be_bytes([record[9], record[10]]),
        session_id: record[session],
        suites: numbers(&record[suites + 2..compressions]),
        compressions: record[compressions + 1..][..usize::from(record[compressions])].to_vec(),
        extensions,
    }
}

impl Offered {
    fn has(&self, kind: u16) -> bool {
        self.extensions.iter().any(|extension| extension.0 == kind)
    }

    fn list(&self, kind: u16) -> Vec<u16> {
        let found = self.extensions.iter().find(|extension| extension.0 == kind);
        found.map_or_else(Vec::new, |(_, content)| numbers(&content[2..]))
    }

    fn versions(&self) -> (u16, u16) {
        let named = self.extensions.iter().find(|extension| extension.0 == 43);
        match named {
            Some((_, content)) => {
                let named = numbers(&content[1..]);
                let oldest = named.iter().min().expect("a version");
                (*oldest, *named.iter().max().expect("a version"))
            }
            None => (0x0300, self.legacy_version),
        }
    }
}

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV: signals secure renegotiation as a cipher suite.
const SIGNAL: u16 = 0x00FF;

#[test]
fn every_hello_offers_what_its_template_says() {
    for offer in Offer::all() {
        let template = offer.template();
        let record = sent(offer);
        let offered = read(&record);
        let id = offer.id();
        let (suites, groups, signatures) = wanted(offer);
        // rustls signals secure renegotiation with the extension instead of the suite.
        let seen = match template.hand_made {
            true => offered.suites.clone(),
            false => without_signal(&offered.suites),
        };
        assert_eq!(seen, suites, "{id}");
        assert_eq!(offered.list(10), groups, "{id}");
        assert_eq!(offered.list(13), signatures, "{id}");
        let versions = (template.oldest.wire(), template.newest.wire());
        assert_eq!(offered.versions(), versions, "{id}");
        let ssl3 = template.newest == ProtocolVersion::Ssl3;
        assert_eq!(offered.record_version == 0x0300, ssl3, "{id}");
        let named = !ssl3 && offer != Offer::Asked(Question::Nameless);
        assert_eq!(offered.has(0), named, "{id}");
        // TLS_FALLBACK_SCSV would make a server reject the offered version.
        assert!(!offered.suites.contains(&0x5600), "{id}");
        let features = offer == Offer::Asked(Question::Features);
        let methods: &[u8] = if features { &[1, 0] } else { &[0] };
        assert_eq!(offered.compressions, methods, "{id}");
        assert_eq!(offered.has(35), features, "{id}");
        // The target is a web server, so ALPN offers its protocols.
        let names_protocols =
            ![Offer::NoAlpn, Offer::MoreGroups, Offer::BrowserTls13].contains(&offer);
        assert_eq!(
            offered.has(16),
            !template.hand_made && names_protocols,
            "{id}"
        );
        assert_eq!(offered.session_id, 32, "{id}");
        let tls13 = template.newest == ProtocolVersion::Tls13;
        for kind in [43, 45, 51] {
            assert_eq!(offered.has(kind), tls13, "{id} {kind}");
        }
        assert_eq!(offered.has(11), !offered.list(10).is_empty(), "{id}");
        if offer == Offer::Short {
            assert!(record.len() < 5 + 256, "{} bytes", record.len());
        }
        // Some servers fail on a hello that ends with an empty extension.
        let last = offered.extensions.last();
        let full = last.is_none_or(|(_, content)| !content.is_empty());
        assert!(full || !template.hand_made, "{id}");
    }
}

fn without_signal(suites: &[u16]) -> Vec<u16> {
    let suites = suites.iter().filter(|suite| **suite != SIGNAL);
    suites.copied().collect()
}

/// Returns the suites, groups and signature schemes of the first hello of this kind at an endpoint:
/// those of its template, reduced if the question is about a part of them.
fn wanted(offer: Offer) -> (Vec<u16>, Vec<u16>, Vec<u16>) {
    let template = offer.template();
    let mut suites = template.suites.to_vec();
    let mut groups = template.groups.to_vec();
    let mut signatures = template.signatures.to_vec();
    if let Offer::Asked(question) = offer {
        match question {
            Question::Suites(ProtocolVersion::Tls13) | Question::Groups(GroupVersion::Tls13) => {
                suites.retain(|suite| suite >> 8 == 0x13);
            }
            Question::Groups(_) | Question::GroupsAgain(GroupVersion::Tls12) => {
                let kept = ["TLS_ECDHE_", "TLS_ECDH_anon_", "TLS_EMPTY_"];
                suites.retain(|suite| {
                    let name = tls::cipher_suite_text(*suite);
                    kept.iter().any(|start| name.starts_with(start))
                });
                groups.retain(|group| *group < 0x0100);
            }
            Question::GroupsAgain(_) => suites.retain(|suite| suite >> 8 == 0x13),
            // No suite has been accepted yet, so there is no order to test.
            Question::Order(ProtocolVersion::Tls13) => suites.clear(),
            Question::Order(_) => suites = vec![SIGNAL],
            // In schemes older than RSASSA-PSS, the low byte is the key type. The PSS schemes here
            // are for RSA keys.
            Question::Keys(KeyFamily::Rsa) => {
                signatures.retain(|it| it & 0xFF == 1 || (0x0804..=0x0806).contains(it));
            }
            Question::Keys(KeyFamily::Ecdsa) => signatures.retain(|it| it & 0xFF == 3),
            _ => {}
        }
        if let Question::GroupsAgain(_) = question {
            groups.clear();
        }
    }
    (suites, groups, signatures)
}

#[test]
fn tls13_is_confirmed_without_a_key_share() {
    let nginx = Nginx::start(&[
        "ssl_protocols TLSv1.3; ssl_ecdh_curve P-384:X25519;",
        "ssl_protocols TLSv1.2;",
    ]);
    let offer = Offer::Version(ProtocolVersion::Tls13);
    let answer = exchange(offer, nginx.address(0));
    let session = answer.session.expect("an answer");
    assert_eq!(session.version, ProtocolVersion::Tls13);
    assert_eq!(session.hello_retry, Some(true));
    // OpenSSL chooses the first of the client's groups that it supports.
    assert!([0x001D, 0x0018].contains(&session.group.expect("a group")));
    assert!(answer.failure.is_none() && answer.chain.is_none());
    let answer = exchange(offer, nginx.address(1));
    assert!(answer.session.is_none());
    assert_eq!(
        answer.failure.expect("a refusal").detail,
        "protocol_version"
    );
}

/// The digests that are published belong to the bytes that are sent.
#[test]
fn what_is_sent_has_the_published_digest() {
    for offer in Offer::all() {
        // The service of `Implicit` is another one, and without ALPN the rest is the same.
        let (Some(sample), true) = (HelloSample::of(offer), offer != Offer::Implicit) else {
            continue;
        };
        let hello = ClientHello::parse(&sent_to("example.com", offer)).expect("a ClientHello");
        let hello = hello.without_randomness();
        let hello = match offer.template().hand_made {
            true => hello,
            false => hello.with_sorted_extensions(),
        };
        assert_eq!(hello.record(), sample.record, "{}", offer.id());
    }
}
