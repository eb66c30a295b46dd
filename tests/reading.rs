//! What a server sent is read, whoever ended the handshake: the certificates of a broken flight are
//! in the row and judged, in both lanes, and the verdict stays that of the handshake.

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256,
    date_time_ymd,
};
use support::Row;
use support::peers::SServer;

const NAME: &str = "www.example.test";

/// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, and TLS_RSA_WITH_AES_128_CBC_SHA, which signs nothing.
const ECDHE: [u8; 2] = [0xC0, 0x2B];
const RSA: [u8; 2] = [0x00, 0x2F];

/// A root, and what servers under it send.
struct Authority {
    folder: tempfile::TempDir,
    params: CertificateParams,
    key: KeyPair,
    leaf: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).expect("a root");
        let folder = support::folder();
        support::write(&folder, "root.pem", root.pem());
        // The suites that are served here use an RSA key.
        let leaf = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
        Self {
            folder,
            params,
            key,
            leaf,
        }
    }

    /// A leaf for these names, served by these two lanes; the rows.
    fn rows_of(&self, sans: &[&str], asked: &str, answer: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<Row> {
        let names: Vec<String> = sans.iter().map(ToString::to_string).collect();
        let params = CertificateParams::new(names).expect("names");
        let issuer = Issuer::from_params(&self.params, &self.key);
        let leaf = params.signed_by(&self.leaf, &issuer).expect("a leaf");
        let port = serve(answer(leaf.der().to_vec()), End::Wait);
        let trust = format!("--trust={}", support::path(&self.folder, "root.pem"));
        let target = format!("tls://{asked}@127.0.0.1:{port}");
        let lanes = ["--probe=handshake", "--probe=hello"];
        let rows = lanes.map(|lane| support::sweep_one(&[&trust, lane, target.as_str()]));
        rows.into()
    }

    /// A leaf with so many bytes beside what it needs.
    fn leaf(&self, expired: bool, padding: usize) -> Vec<u8> {
        let mut params = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(if expired { 2021 } else { 4000 }, 1, 1);
        let oid = [1, 3, 6, 1, 4, 1, 32473, 1];
        if padding > 0 {
            let content = CustomExtension::from_oid_content(&oid, vec![0; padding]);
            params.custom_extensions.push(content);
        }
        let issuer = Issuer::from_params(&self.params, &self.key);
        let leaf = params.signed_by(&self.leaf, &issuer).expect("a leaf");
        leaf.der().to_vec()
    }

    /// The row of a server that answers every hello in this way.
    fn row(&self, lane: &str, answer: &[u8], end: End) -> Row {
        let port = serve(answer.to_vec(), end);
        let trust = format!("--trust={}", support::path(&self.folder, "root.pem"));
        let lane = format!("--probe={lane}");
        let target = format!("{NAME}@127.0.0.1:{port}");
        support::sweep_one(&[&trust, &lane, &target])
    }
}

/// What follows the answer.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    Reset,
    Wait,
}

/// Answers every connection the same; the port.
fn serve(answer: Vec<u8>, end: End) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            thread::spawn(move || say(stream, &answer, end));
        }
    });
    port
}

fn say(mut stream: TcpStream, answer: &[u8], end: End) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let mut header = [0; 5];
    let _ = stream.read_exact(&mut header);
    if matches!(end, End::Reset) {
        // What is left unread makes the end a reset.
        let _ = stream.write_all(answer);
        return;
    }
    let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
    let _ = stream.read_exact(&mut hello);
    let _ = stream.write_all(answer);
    if matches!(end, End::Close) {
        let _ = stream.shutdown(std::net::Shutdown::Write);
    }
    // Until the client goes: what is left unread would turn the end into a reset.
    let _ = stream.read_to_end(&mut Vec::new());
}

fn vector(size: usize, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    [&length[length.len() - size..], content].concat()
}

fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind], vector(3, content).as_slice()].concat()
}

fn records(messages: &[u8]) -> Vec<u8> {
    let record = |part: &[u8]| [&[22, 3, 3], vector(2, part).as_slice()].concat();
    messages.chunks(1 << 14).flat_map(record).collect()
}

fn server_hello(random_end: &[u8; 8], session: &[u8], suite: [u8; 2], more: &[u8]) -> Vec<u8> {
    let random = [&[7; 24][..], random_end].concat();
    let renegotiation = [0xff, 1, 0, 1, 0];
    let extensions = vector(2, &[&renegotiation[..], more].concat());
    let session = vector(1, session);
    let parts = [&[3, 3][..], &random, &session, &suite, &[0], &extensions];
    message(2, &parts.concat())
}

fn certificate(chain: &[Vec<u8>]) -> Vec<u8> {
    let list: Vec<u8> = chain.iter().flat_map(|der| vector(3, der)).collect();
    message(11, &vector(3, &list))
}

const PLAIN: &[u8; 8] = &[7; 8];

/// A request for client certificates whose list of authorities is longer than its length can say.
fn endless_request() -> Vec<u8> {
    let list = vector(2, &[0x30; 200]).repeat(400);
    let said = u16::try_from(list.len() & 0xffff)
        .expect("two bytes")
        .to_be_bytes();
    message(13, &[&[1, 64, 0, 2, 4, 3], &said[..], &list].concat())
}

#[test]
fn the_certificate_of_a_broken_handshake_is_read_and_judged() {
    let authority = Authority::new();
    let chain = certificate(&[authority.leaf(true, 0)]);
    let done = message(14, &[]);
    let plain = || server_hello(PLAIN, &[], RSA, &[]);
    let flight = |messages: &[&[u8]]| records(&messages.concat());
    let alert = |description| vec![21, 3, 3, 0, 2, 2, description];
    let cases: &[(&str, Vec<u8>, End, &[&str])] = &[
        (
            "malformed hello before it",
            flight(&[&message(2, &[3, 3, 1]), &chain, &done]),
            End::Wait,
            &["handshake", "hello"],
        ),
        (
            "unknown message before it",
            flight(&[&plain(), &message(99, b"x"), &chain, &done]),
            End::Wait,
            &["handshake", "hello"],
        ),
        (
            "an alert after it",
            [flight(&[&plain(), &chain]), alert(80)].concat(),
            End::Close,
            &["handshake", "hello"],
        ),
        (
            "a close after it",
            flight(&[&plain(), &chain]),
            End::Close,
            &["handshake", "hello"],
        ),
        (
            "silence after it",
            flight(&[&plain(), &chain]),
            End::Wait,
            &["handshake", "hello"],
        ),
        (
            "a request that no length can say",
            flight(&[&plain(), &chain, &endless_request(), &done]),
            End::Wait,
            &["handshake", "hello"],
        ),
        (
            "a suite that was not on offer",
            flight(&[&server_hello(PLAIN, &[], [0x13, 0x37], &[]), &chain, &done]),
            End::Wait,
            &["handshake", "hello"],
        ),
        // Refused by clients that offer TLS 1.3 alone.
        (
            "a mark of a downgrade",
            flight(&[
                &server_hello(b"DOWNGRD\x01", &[], ECDHE, &[]),
                &chain,
                &done,
            ]),
            End::Wait,
            &["handshake"],
        ),
        (
            "an extension that was not on offer",
            flight(&[
                &server_hello(PLAIN, &[], ECDHE, &[0xAB, 0xCD, 0, 0]),
                &chain,
                &done,
            ]),
            End::Wait,
            &["handshake", "hello"],
        ),
    ];
    for (name, answer, end, lanes) in cases {
        for lane in *lanes {
            let row = authority.row(lane, answer, *end);
            let findings = row.findings();
            assert_eq!(row.verdict(), "handshake_failed", "{name} {lane} {}", row.0);
            assert!(findings.contains("expired"), "{name} {lane}: {findings:?}");
            assert!(!findings.contains("missing_intermediate"), "{name} {lane}");
            assert_eq!(row.at("/leaf/sans/0"), NAME, "{name} {lane}");
            assert_eq!(row.at("/chain/cut"), false, "{name} {lane}");
            assert_eq!(row.at("/trust/root/reason"), "expired", "{name} {lane}");
        }
    }
}

/// What came of a list of certificates that stops: the leaf is there, and nothing is said of those
/// that did not come.
#[test]
fn a_chain_that_stops_is_judged_as_far_as_it_goes() {
    let authority = Authority::new();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "below");
    let key = KeyPair::generate().expect("a key");
    let issuer = Issuer::from_params(&authority.params, &authority.key);
    let below = params.signed_by(&key, &issuer).expect("an intermediate");
    let mut leaf = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
    leaf.not_after = date_time_ymd(2021, 1, 1);
    let leaf = leaf.signed_by(&authority.leaf, &Issuer::from_params(&params, &key));
    let leaf = leaf.expect("a leaf").der().to_vec();
    let chain = [leaf.clone(), below.der().to_vec()];
    let hello = server_hello(PLAIN, &[], ECDHE, &[]);
    let whole = [hello.clone(), certificate(&chain)].concat();
    let half = whole.len() - 20;
    let framed = records(&whole);
    let tiny: Vec<u8> = whole
        .iter()
        .flat_map(|byte| [22, 3, 3, 0, 1, *byte])
        .collect();
    let between = records(&whole[..half]);
    let within = framed[..framed.len() - 20].to_vec();
    let bytes = tiny[..tiny.len() - 20 * 6 - 1].to_vec();
    for (name, answer, end, error) in [
        ("between records", &between, End::Close, "eof"),
        ("within a record", &within, End::Close, "eof"),
        ("within a record", &within, End::Reset, "reset"),
        ("within a record", &within, End::Wait, "timeout"),
        ("within a record of one byte", &bytes, End::Close, "eof"),
    ] {
        for lane in ["handshake", "hello"] {
            let row = authority.row(lane, answer, end);
            let what = format!("{name} {end:?} {lane}: {}", row.0);
            assert_eq!(row.verdict(), "handshake_failed", "{what}");
            assert_eq!(row.at("/error/kind"), error, "{what}");
            assert_eq!(
                row.at("/chain/sent").as_array().map(Vec::len),
                Some(1),
                "{what}"
            );
            assert_eq!(row.at("/chain/cut"), true, "{what}");
            for unknown in ["/trust", "/tls/client_cert_requested", "/tls/ocsp_stapled"] {
                assert_eq!(
                    row.at(unknown),
                    &serde_json::Value::Null,
                    "{unknown} {what}"
                );
            }
            let expected = ["expired", "handshake_failed"];
            assert!(row.findings().into_iter().eq(expected), "{what}");
        }
    }
    // A leaf that is itself cut is no certificate.
    let early = hello.len() + 40;
    let row = authority.row("handshake", &records(&whole[..early]), End::Close);
    assert_eq!(row.at("/leaf"), &serde_json::Value::Null);
}

#[test]
fn large_certificates_are_sound() {
    let authority = Authority::new();
    for size in [68 << 10, 100 << 10, 256 << 10] {
        let chain = certificate(&[authority.leaf(false, size)]);
        let hello = server_hello(PLAIN, &[], RSA, &[]);
        let answer = records(&[hello, chain, message(14, &[])].concat());
        for lane in ["handshake", "hello"] {
            let row = authority.row(lane, &answer, End::Wait);
            assert_eq!(row.verdict(), "ok", "{size} {lane} {:?}", row.at("/error"));
            assert_eq!(row.at("/leaf/sans/0"), NAME);
            let refused = row
                .finding("refused_by_today")
                .map(|it| it["refused"].clone());
            let beyond = (size >= 100 << 10).then(|| serde_json::json!(["chain_size"]));
            assert_eq!(refused, beyond, "{size} {lane}");
        }
    }
    let chain = certificate(&[authority.leaf(true, 0), vec![0; 400 << 10]]);
    let answer = records(&[server_hello(PLAIN, &[], RSA, &[]), chain].concat());
    for lane in ["handshake", "hello"] {
        let row = authority.row(lane, &answer, End::Wait);
        assert_eq!(row.verdict(), "handshake_failed");
        assert_eq!(row.at("/error/kind"), "too_large");
        assert!(
            row.text("/error/detail").contains("certificate of 410"),
            "{}",
            row.0
        );
        assert_eq!(row.at("/leaf/sans/0"), NAME, "{lane}");
    }
}

/// Names that break the rules of host names and that hosts have all the same.
#[test]
fn names_with_hyphens_at_the_end_and_long_labels_are_asked_for() {
    let authority = Authority::new();
    let long = format!("{}.review.test", "a".repeat(64));
    let flight = |leaf: Vec<u8>| {
        let hello = server_hello(PLAIN, &[], RSA, &[]);
        records(&[hello, certificate(&[leaf]), message(14, &[])].concat())
    };
    for (asked, sans, verdict) in [
        ("shop-.review.test", "*.review.test", "ok"),
        ("-shop.review.test", "*.review.test", "ok"),
        ("shop-.review.test", "shop-.review.test", "ok"),
        ("www.-.review.test", "*.-.review.test", "ok"),
        (long.as_str(), "*.review.test", "ok"),
        (long.as_str(), long.as_str(), "ok"),
        ("shop-.review.test", "*.other.test", "name_mismatch"),
        ("shop-.www.review.test", "*.review.test", "name_mismatch"),
    ] {
        for row in authority.rows_of(&[sans], asked, flight) {
            assert_eq!(row.verdict(), verdict, "{asked} {sans} {}", row.0);
            assert_eq!(row.text("/sni"), asked);
            let hint = row.finding("name_mismatch").map(|it| it["hint"].clone());
            let deep = hint.is_some_and(|hint| hint == "wildcard_depth");
            assert_eq!(deep, asked.contains(".www."), "{asked} {sans}");
        }
    }
    // Whoever speaks nothing up to TLS 1.2 cannot be asked for such a name: not the server's fault.
    let refusal = |_: Vec<u8>| vec![21, 3, 3, 0, 2, 2, 70];
    for row in authority.rows_of(&["*.review.test"], "shop-.review.test", refusal) {
        assert_eq!(row.verdict(), "handshake_failed");
        assert_eq!(row.at("/error/kind"), "scanner_limit", "{}", row.0);
        assert_eq!(row.at("/side"), "client");
    }
    let http = |_: Vec<u8>| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    for row in authority.rows_of(&["*.review.test"], "shop-.review.test", http) {
        assert_eq!(row.verdict(), "not_tls", "{}", row.0);
    }
}

/// What rustls cannot read of a sound server is not the server's fault, and with TLS 1.2 beside it the
/// certificates are read.
#[test]
fn a_large_chain_in_tls_1_3_is_a_limit_of_this_scanner() {
    let authority = Authority::new();
    let leaf = authority.leaf(false, 70 << 10);
    let pem = |label: &str, der: &[u8]| {
        let body = data_encoding(der);
        format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
    };
    let folder = &authority.folder;
    let certificate = support::write(folder, "leaf.pem", pem("CERTIFICATE", &leaf));
    let key = support::write(folder, "leaf.key", authority.leaf.serialize_pem());
    let trust = format!("--trust={}", support::path(folder, "root.pem"));
    for (versions, verdict, kind) in [
        (
            &["-tls1_3"][..],
            "handshake_failed",
            serde_json::json!("scanner_limit"),
        ),
        (&[], "ok", serde_json::Value::Null),
    ] {
        let options = [&["-www", "-cert", &certificate, "-key", &key][..], versions].concat();
        let server = SServer::start(&options);
        for lane in ["--probe=handshake", "--probe=hello"] {
            let target = format!("{NAME}@{}", server.address);
            let row = support::sweep_one(&[&trust, lane, target.as_str()]);
            assert_eq!(row.verdict(), verdict, "{lane} {}", row.0);
            assert_eq!(
                row.at("/error")
                    .get("kind")
                    .unwrap_or(&serde_json::Value::Null),
                &kind
            );
            let ours = verdict == "handshake_failed";
            assert_eq!(row.at("/side") == "client", ours, "{}", row.0);
            assert_eq!(row.at("/leaf").is_null(), ours);
        }
    }
}

/// Base64 in lines of 64 letters.
fn data_encoding(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for (place, part) in bytes.chunks(3).enumerate() {
        let number =
            part.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)) << (8 * (3 - part.len()));
        for letter in 0..4 {
            text.push(match letter <= part.len() {
                true => char::from(LETTERS[number >> (18 - 6 * letter) & 63]),
                false => '=',
            });
        }
        if place % 16 == 15 {
            text.push('\n');
        }
    }
    text + "\n"
}
