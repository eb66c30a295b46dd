//! `--facts` against servers with known settings: each reported fact must match the setting.

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use rustls::crypto::aws_lc_rs::{ALL_KX_GROUPS, default_provider};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use support::peers::{Nginx, SServer};
use support::pki::{self, Leaf, Pki};
use tlsweep::inventory::{Defaults, Endpoint, TargetSpec};
use tlsweep::observation::{
    Certificate, Exchange, Failure, Observation, Offer, PeerChain, Reason, Stage,
};
use tlsweep::probe::{self, Approach, Prober, Timeouts};

const NAME: &str = "www.example.test";
const ALL: &str = "--facts=ciphers,groups,alpn,tickets,renegotiation,compression,chains";

/// A JSON pointer below `/tls/facts` and the expected value.
type Expected = (&'static str, fn() -> Value);

/// A server and the facts expected of it.
struct Case {
    name: &'static str,
    options: &'static [&'static str],
    facts: &'static [Expected],
    findings: &'static [&'static str],
}

#[rustfmt::skip] // A fact a line.
const CASES: &[Case] = &[
    Case { name: "two suites, server's order", options: &["-tls1_2", "-serverpref", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"], facts: &[
        ("/ciphers/tls1_2/accepted", || json!(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"])),
        ("/ciphers/tls1_2/order", || json!("server")),
        ("/ciphers/tls1_2/complete", || json!(true)),
        ("/ciphers/tls1_2/hello", || json!("suites_tls1_2")),
        // The modern offer was answered with TLS 1.2, so there is nothing more to test.
        ("/ciphers/tls1_3", || Value::Null),
        ("/ciphers/tls1_1/accepted", || json!([])),
        ("/ciphers/tls1_1/ended_by", || json!("protocol_version")),
        ("/tickets", || json!({"tls1_2": true, "tls1_3": null})),
        ("/secure_renegotiation", || json!(true)),
        ("/compression", || json!(false)),
        ("/alpn/accepted", || json!([])),
        ("/alpn/ended_by", || json!("none_chosen")),
        ("/chains/rsa/key", || json!("rsa2048")),
        ("/chains/ecdsa/refused", || json!("handshake_failure")),
    ], findings: &[] },
    Case { name: "two suites, client's order", options: &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"], facts: &[
        ("/ciphers/tls1_2/accepted", || json!(["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"])),
        ("/ciphers/tls1_2/order", || json!("client")),
    ], findings: &[] },
    Case { name: "ChaCha20 ranked by the client's wish", options: &["-tls1_2", "-serverpref", "-prioritize_chacha", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"], facts: &[
        ("/ciphers/tls1_2/order", || json!("server")),
        ("/ciphers/tls1_2/complete", || json!(true)),
    ], findings: &[] },
    Case { name: "weak beside sound", options: &["-no_tls1_3", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:NULL-SHA:AES128-SHA:@SECLEVEL=0"], facts: &[
        ("/ciphers/tls1_2/accepted", || json!(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_NULL_SHA"])),
        ("/ciphers/tls1_0/accepted", || json!(["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_NULL_SHA"])),
        ("/ciphers/ssl3/accepted", || json!([])),
    ], findings: &["no_forward_secrecy", "weak_cipher"] },
    Case { name: "anonymous beside sound", options: &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:AECDH-AES128-SHA:@SECLEVEL=0"], facts: &[
        ("/ciphers/tls1_2/accepted", || json!(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"])),
        ("/ciphers/tls1_2/complete", || json!(true)),
    ], findings: &["weak_cipher"] },
    Case { name: "TLS 1.3 alone", options: &["-tls1_3", "-groups", "P-256:X25519:ffdhe2048", "-ciphersuites", "TLS_AES_256_GCM_SHA384:TLS_AES_128_CCM_SHA256"], facts: &[
        ("/ciphers/tls1_3/accepted", || json!(["TLS_AES_256_GCM_SHA384", "TLS_AES_128_CCM_SHA256"])),
        ("/ciphers/tls1_3/complete", || json!(true)),
        ("/ciphers/tls1_2/accepted", || json!([])),
        ("/groups/tls1_3/complete", || json!(true)),
        ("/groups/tls1_3/accepted/2", || json!("ffdhe2048")),
        ("/groups/tls1_3/accepted/3", || Value::Null),
        ("/groups/tls1_2/accepted", || json!([])),
        ("/tickets", || json!({"tls1_2": null, "tls1_3": true})),
        ("/secure_renegotiation", || Value::Null),
        ("/compression", || Value::Null),
    ], findings: &[] },
    Case { name: "no tickets", options: &["-num_tickets", "0", "-no_ticket"], facts: &[
        ("/tickets", || json!({"tls1_2": false, "tls1_3": false})),
    ], findings: &[] },
    Case { name: "application protocols", options: &["-alpn", "http/1.1"], facts: &[
        ("/alpn", || json!({"offered": ["h2", "http/1.1"], "accepted": ["http/1.1"], "complete": true, "ended_by": "no_application_protocol"})),
    ], findings: &[] },
    Case { name: "groups of TLS 1.2", options: &["-tls1_2", "-groups", "P-384:P-521"], facts: &[
        ("/groups/tls1_2/accepted", || json!(["secp384r1", "secp521r1"])),
        ("/groups/tls1_2/complete", || json!(true)),
        ("/groups/tls1_2/order", || Value::Null),
    ], findings: &[] },
];

#[test]
fn facts_match_the_settings_of_openssl() {
    let pki = Pki::new();
    let issued = pki.leaf(
        "rsa",
        Leaf {
            key: pki::RSA,
            ..Leaf::GOOD
        },
    );
    let start = |case: &Case| {
        let mut options = vec![
            "-www",
            "-no-CAfile",
            "-cert",
            &issued.leaf,
            "-key",
            &issued.key,
        ];
        options.extend(["-cert_chain", &issued.issuer]);
        options.extend(case.options);
        SServer::start(&options)
    };
    let servers: Vec<_> = CASES.iter().map(start).collect();
    let target = |server: &SServer| format!("{NAME}@{}", server.address);
    let mut arguments = vec![ALL.to_owned(), format!("--trust={}", pki.root())];
    arguments.extend(servers.iter().map(target));
    let rows = support::sweep(&arguments);
    let mut wrong = Vec::new();
    for (case, server) in CASES.iter().zip(&servers) {
        let row = &rows[&target(server)];
        for (pointer, value) in case.facts {
            let facts = row.at("/tls/facts");
            let seen = facts.pointer(pointer).unwrap_or(&Value::Null);
            if *seen != value() {
                wrong.push(format!(
                    "{}: {pointer} is {seen}, not {}",
                    case.name,
                    value()
                ));
            }
        }
        let findings: Vec<_> = row.findings().into_iter().collect();
        if findings != case.findings {
            wrong.push(format!("{}: findings {findings:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn both_chains_of_a_server_are_shown() {
    let pki = Pki::new();
    let (rsa, ecdsa) = (
        pki.leaf(
            "rsa",
            Leaf {
                key: pki::RSA,
                ..Leaf::GOOD
            },
        ),
        pki.leaf("ecdsa", Leaf::GOOD),
    );
    let both = [
        "-www",
        "-cert",
        &rsa.leaf,
        "-key",
        &rsa.key,
        "-dcert",
        &ecdsa.leaf,
        "-dkey",
        &ecdsa.key,
    ];
    for more in [&[][..], &["-tls1_2"], &["-tls1_3"]] {
        let server = SServer::start(&[&both, more].concat());
        let target = format!("{NAME}@{}", server.address);
        let rows = support::sweep(&[
            format!("--trust={}", pki.root()),
            "--facts=chains".to_owned(),
            target.clone(),
        ]);
        let chains = rows[&target].at("/tls/facts/chains");
        assert_eq!(chains["rsa"]["sent"][0], pki::sha256(&rsa.leaf), "{more:?}");
        assert_eq!(
            chains["ecdsa"]["sent"][0],
            pki::sha256(&ecdsa.leaf),
            "{more:?}"
        );
        assert_eq!(chains["ecdsa"]["key"], "p256");
    }
}

#[test]
fn the_chain_for_other_clients_is_judged_too() {
    let pki = Pki::new();
    let good = pki.leaf("good", Leaf::GOOD);
    let rsa = Leaf {
        key: pki::RSA,
        ..Leaf::GOOD
    };
    let expired = Leaf {
        dates: Some(("20250101000000Z", "20250201000000Z")),
        ..rsa
    };
    let misnamed = Leaf {
        sans: "DNS:other.test",
        ..rsa
    };
    let cases = [
        ("sound", rsa, None),
        ("expired", expired, Some("expired")),
        ("misnamed", misnamed, Some("name_mismatch")),
    ];
    for (name, leaf, verdict) in cases {
        let other = pki.leaf(name, leaf);
        let server = SServer::start(&[
            "-www",
            "-cert",
            &good.leaf,
            "-key",
            &good.key,
            "-cert_chain",
            &good.issuer,
            "-dcert",
            &other.leaf,
            "-dkey",
            &other.key,
            "-dcert_chain",
            &other.issuer,
            "-tls1_2",
        ]);
        let target = format!("{NAME}@{}", server.address);
        let rows = support::sweep(&[
            format!("--trust={}", pki.root()),
            "--facts=chains".to_owned(),
            target.clone(),
        ]);
        let row = &rows[&target];
        let found = row.finding("second_chain");
        let said = found.map(|finding| finding["verdict"].as_str().expect("a word"));
        assert_eq!(said, verdict, "{name}: {}", row.0);
        assert_eq!(row.verdict(), "ok", "{name}");
    }
}

/// Starts a server with TLS 1.3 and 1.2 and every group that its library supports, including
/// X25519MLKEM768.
fn post_quantum(pki: &Pki) -> SocketAddr {
    let issued = pki.leaf("pq", Leaf::GOOD);
    let chain = [&issued.leaf, &issued.issuer]
        .map(|file| CertificateDer::from_pem_file(file).expect("a certificate"));
    let key = PrivateKeyDer::from_pem_file(&issued.key).expect("a key");
    let provider = rustls::crypto::CryptoProvider {
        kx_groups: ALL_KX_GROUPS.to_vec(),
        ..default_provider()
    };
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .expect("suites for both versions")
        .with_no_client_auth()
        .with_single_cert(chain.to_vec(), key)
        .expect("a usable certificate");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let config = Arc::new(config);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(config.clone()).expect("a connection");
            thread::spawn(move || {
                // Reading on writes the alert that answers a rejected hello.
                let _ = rustls::StreamOwned::new(connection, stream).read(&mut [0; 16]);
            });
        }
    });
    address
}

#[test]
fn a_post_quantum_group_is_found_without_making_a_key() {
    let pki = Pki::new();
    let target = format!("{NAME}@{}", post_quantum(&pki));
    let rows = support::sweep(&[
        format!("--trust={}", pki.root()),
        "--facts=groups".to_owned(),
        target.clone(),
    ]);
    let row = &rows[&target];
    assert_eq!(
        (row.verdict(), row.at("/tls/group")),
        ("ok", &json!("x25519"))
    );
    let groups = row.at("/tls/facts/groups/tls1_3/accepted");
    let groups: Vec<_> = groups
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for group in [
        "X25519MLKEM768",
        "SecP256r1MLKEM768",
        "x25519",
        "secp256r1",
        "secp384r1",
    ] {
        assert!(groups.contains(&group), "{group} is not in {groups:?}");
    }
    // Facts that were not requested are null.
    for fact in [
        "ciphers",
        "alpn",
        "tickets",
        "secure_renegotiation",
        "compression",
        "chains",
    ] {
        assert_eq!(
            *row.at(&format!("/tls/facts/{fact}")),
            Value::Null,
            "{fact}"
        );
    }
}

#[test]
fn facts_change_no_verdict_and_are_null_unless_requested() {
    let pki = Pki::new();
    let issued = pki.leaf("plain", Leaf::GOOD);
    let server = SServer::start(&[
        "-www",
        "-cert",
        &issued.leaf,
        "-key",
        &issued.key,
        "-cert_chain",
        &issued.issuer,
    ]);
    let target = format!("{NAME}@{}", server.address);
    let trust = format!("--trust={}", pki.root());
    for lane in ["--probe=handshake", "--probe=hello"] {
        let plain = support::sweep(&[&trust, lane, &target]);
        let asked = support::sweep(&[&trust, lane, ALL, &target]);
        let (plain, asked) = (&plain[&target], &asked[&target]);
        assert_eq!(*plain.at("/tls/facts"), Value::Null);
        assert_eq!(
            (plain.verdict(), plain.findings()),
            (asked.verdict(), asked.findings()),
            "{lane}"
        );
        for field in ["version", "cipher", "group", "offer", "alpn"] {
            let field = format!("/tls/{field}");
            assert_eq!(plain.at(&field), asked.at(&field), "{lane}");
        }
        assert_eq!(
            asked.at("/tls/facts/tickets"),
            &json!({"tls1_2": true, "tls1_3": true}),
            "{lane}"
        );
    }
}

/// How an old server reacts to compression.
#[derive(Clone, Copy, PartialEq)]
enum Deflate {
    Takes,
    /// It rejects a hello that offers compression.
    Refuses,
    /// It accepts compression, and closes the connection in the middle of its first flight.
    Breaks,
}

/// The behaviour of an old server.
#[derive(Clone, Copy)]
struct Manner {
    deflate: Deflate,
    /// Bytes that it sends instead of a flight before it closes the connection.
    no: &'static [u8],
    /// Number of connections that it serves; later ones get `no`.
    most: usize,
}

const PATIENT: Manner = Manner {
    deflate: Deflate::Takes,
    no: &[21, 3, 3, 0, 2, 2, 40],
    most: usize::MAX,
};

/// Starts an old server: it answers with TLS 1.2 and RSA key transport, rejects hellos without it,
/// and supports neither secure renegotiation nor tickets.
fn long_ago(leaf: Vec<u8>, manner: Manner) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for (visitor, mut stream) in listener.incoming().flatten().enumerate() {
            let mut record = [0; 5];
            if stream.read_exact(&mut record).is_err() {
                continue;
            }
            let mut hello = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
            if stream.read_exact(&mut hello).is_err() {
                continue;
            }
            // The client may have closed the connection, or may send an alert instead of the next
            // message.
            let flight = first_flight(&hello, &leaf, manner.deflate);
            let flight = flight.filter(|_| visitor < manner.most);
            let _ = stream.write_all(flight.as_deref().unwrap_or(manner.no));
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    address
}

fn first_flight(client_hello: &[u8], leaf: &[u8], manner: Deflate) -> Option<Vec<u8>> {
    // Message header, version and random, followed by three lists with their lengths.
    let session = 4 + 2 + 32;
    let suites = session + 1 + usize::from(client_hello[session]);
    let length = u16::from_be_bytes([client_hello[suites], client_hello[suites + 1]]);
    let methods = suites + 2 + usize::from(length);
    let mut offered = client_hello[suites + 2..methods].chunks_exact(2);
    if !offered.any(|suite| suite == [0x00, 0x2f]) {
        return None;
    }
    let deflate = client_hello[methods + 1..].starts_with(&[1, 0]);
    if deflate && manner == Deflate::Refuses {
        return None;
    }
    let hello = [&[3, 3][..], &[7; 32], &[0, 0x00, 0x2f, u8::from(deflate)]].concat();
    let certificate = [&u24(leaf.len() + 3)[..], &u24(leaf.len()), leaf].concat();
    let messages = [(2, hello), (11, certificate), (14, Vec::new())];
    let record = |(kind, body): (u8, Vec<u8>)| {
        let message = [&[kind][..], &u24(body.len()), &body].concat();
        let length = u16::try_from(message.len()).expect("a short message");
        [&[22, 3, 3][..], &length.to_be_bytes(), &message].concat()
    };
    let broken = deflate && manner == Deflate::Breaks;
    let messages = messages.into_iter().take(if broken { 1 } else { 3 });
    Some(messages.flat_map(record).collect())
}

fn u24(length: usize) -> [u8; 3] {
    let [.., high, middle, low] = length.to_be_bytes();
    [high, middle, low]
}

fn old_leaf(pki: &Pki) -> Vec<u8> {
    let issued = pki.leaf(
        "old",
        Leaf {
            key: pki::RSA,
            ..Leaf::GOOD
        },
    );
    let leaf = CertificateDer::from_pem_file(&issued.leaf).expect("a certificate");
    leaf.to_vec()
}

#[test]
fn compression_and_insecure_renegotiation_are_reported() {
    let pki = Pki::new();
    let leaf = old_leaf(&pki);
    for (deflate, compression, ticket) in [
        (Deflate::Takes, json!(true), json!(false)),
        // A hello without compression shows renegotiation. Nothing else is known.
        (Deflate::Refuses, Value::Null, Value::Null),
        (Deflate::Breaks, Value::Null, Value::Null),
    ] {
        let manner = Manner { deflate, ..PATIENT };
        let target = format!("{NAME}@{}", long_ago(leaf.clone(), manner));
        let asked = "--facts=compression,renegotiation,tickets";
        let rows = support::sweep(&[asked, &target]);
        let facts = rows[&target].at("/tls/facts");
        assert_eq!(facts["compression"], compression, "{:?}", rows[&target]);
        assert_eq!(facts["secure_renegotiation"], false);
        assert_eq!(facts["tickets"]["tls1_2"], ticket);
    }
}

#[test]
fn a_list_is_complete_if_the_refusal_was_deliberate() {
    let pki = Pki::new();
    let leaf = old_leaf(&pki);
    // `modern` is refused, `rest` answered in TLS 1.2, and then the suite accepted.
    let few = 3;
    for (no, most, complete, ended_by) in [
        (PATIENT.no, usize::MAX, true, "handshake_failure"),
        (PATIENT.no, few, false, "handshake_failure"),
        (&[], usize::MAX, true, "close"),
        (&[], few, false, "close"),
    ] {
        let manner = Manner {
            no,
            most,
            ..PATIENT
        };
        let target = format!("{NAME}@{}", long_ago(leaf.clone(), manner));
        let rows = support::sweep(&["--facts=ciphers", &target]);
        let found = rows[&target].at("/tls/facts/ciphers/tls1_2");
        let accepted = json!(["TLS_RSA_WITH_AES_128_CBC_SHA"]);
        assert_eq!(found["accepted"], accepted, "{most} {ended_by}");
        assert_eq!(found["complete"], complete, "{most} {ended_by}");
        assert_eq!(found["ended_by"], ended_by);
        // It chose TLS 1.2 of a hello of TLS 1.3: that version is not asked for.
        let tls13 = rows[&target].at("/tls/facts/ciphers/tls1_3");
        assert_eq!(*tls13, Value::Null);
    }
}

#[test]
fn secure_renegotiation_is_reported_with_any_other_facts() {
    let pki = Pki::new();
    let issued = pki.leaf("sound", Leaf::GOOD);
    let options = [
        "-www",
        "-tls1_2",
        "-cert",
        &issued.leaf,
        "-key",
        &issued.key,
    ];
    let server = SServer::start(&options);
    let target = format!("{NAME}@{}", server.address);
    // Independent of which other facts are requested.
    for facts in [
        "renegotiation",
        "groups,renegotiation",
        "ciphers,groups,renegotiation",
    ] {
        let rows = support::sweep(&[format!("--facts={facts}"), target.clone()]);
        let seen = rows[&target].at("/tls/facts/secure_renegotiation");
        assert_eq!(*seen, true, "{facts}");
    }
}

#[test]
fn a_server_that_requires_sni_is_not_reported_for_a_known_name() {
    let pki = Pki::new();
    let issued = pki.leaf("named", Leaf::GOOD);
    let nginx = Nginx::start(&format!(
        "server {{ listen 127.0.0.1:PORT0 ssl default_server; ssl_reject_handshake on; }}
         server {{ listen 127.0.0.1:PORT0 ssl; server_name {NAME};
             ssl_certificate {}; ssl_certificate_key {}; }}",
        issued.chain, issued.key
    ));
    let [named, other, numbered] = [
        format!("{NAME}@"),
        "other.example.test@".into(),
        String::new(),
    ]
    .map(|name| format!("{name}127.0.0.1:{}", nginx.port(0)));
    let trust = format!("--trust={}", pki.root());
    for lane in ["--probe=handshake", "--probe=hello"] {
        let asked = "--facts=default_certificate";
        let rows = support::sweep(&[lane, asked, &trust, &named, &other, &numbered]);
        let row = &rows[&named];
        let findings: Vec<_> = row.findings().into_iter().collect();
        assert_eq!((row.verdict(), findings), ("ok", vec![]), "{lane}");
        let reported = row.at("/tls/facts/default_certificate");
        let known = lane == "--probe=handshake";
        assert_eq!(reported.as_bool(), known.then_some(false), "{lane}");
        for (target, objects) in [(&other, true), (&numbered, false)] {
            let row = &rows[target];
            assert_eq!(row.verdict(), "handshake_failed", "{lane} {target}");
            let found = row.finding("sni_rejected").is_some();
            assert_eq!(found, objects, "{lane} {target}");
        }
    }
}

#[test]
fn the_certificate_for_clients_without_sni_is_reported() {
    let pki = Pki::new();
    let own = pki.leaf("own", Leaf::GOOD);
    let other = pki.leaf(
        "other",
        Leaf {
            sans: "DNS:other.example.test",
            ..Leaf::GOOD
        },
    );
    let default = |issued: &pki::Issued, more: &[&str]| {
        let shown = ["-www", "-cert", &issued.leaf, "-key", &issued.key];
        let chain = ["-cert_chain", &issued.issuer];
        SServer::start(&[&shown[..], &chain, more].concat())
    };
    let for_the_name = ["-servername", NAME, "-cert2", &own.leaf, "-key2", &own.key];
    let refusing = [
        "-servername",
        NAME,
        "-servername_fatal",
        "-cert2",
        &other.leaf,
        "-key2",
        &other.key,
    ];
    let warning = "default_certificate";
    let cases = [
        // The server has the same certificate for every name and for none. It may be the right one.
        (default(&other, &[]), json!(true), true),
        (default(&own, &[]), json!(true), false),
        // The server has a separate certificate for the name, right or wrong.
        (default(&other, &for_the_name), json!(false), false),
        (default(&own, &refusing), json!(false), true),
    ];
    let targets = cases
        .iter()
        .map(|case| format!("{NAME}@{}", case.0.address))
        .collect::<Vec<_>>();
    let trust = format!("--trust={}", pki.root());
    let flag = format!("--facts={warning}");
    let mut arguments = vec![trust.as_str(), &flag];
    arguments.extend(targets.iter().map(String::as_str));
    let rows = support::sweep(&arguments);
    arguments.push("--probe=hello");
    let by_hello = support::sweep(&arguments);
    for ((_, fact, mismatched), target) in cases.iter().zip(&targets) {
        let row = &rows[target];
        assert_eq!(row.at("/tls/facts/default_certificate"), fact, "{}", row.0);
        let found = row.finding("name_mismatch").is_some();
        assert_eq!(found, *mismatched, "{}", row.0);
        let found = row.finding(warning).is_some();
        assert_eq!(found, *mismatched && *fact == json!(true), "{}", row.0);
        // The hello without SNI differs from the offers of this lane, so only the same certificate
        // is evidence.
        let reported = by_hello[target].at("/tls/facts/default_certificate");
        let known = if *fact == json!(true) {
            fact
        } else {
            &Value::Null
        };
        assert_eq!(reported, known, "{}", by_hello[target].0);
    }
    // A target that is an IP address has no server name.
    let numbered = format!("{}", cases[0].0.address);
    let rows = support::sweep(&[&trust, &flag, &numbered]);
    let fact = rows[&numbered].at("/tls/facts/default_certificate");
    assert_eq!(*fact, Value::Null);
}

#[test]
fn the_owner_of_the_default_certificate_is_found_in_any_order() {
    let pki = Pki::new();
    let shop = pki.leaf(
        "shop",
        Leaf {
            sans: "DNS:shop.example.test",
            ..Leaf::GOOD
        },
    );
    let shown = ["-www", "-cert", &shop.leaf, "-key", &shop.key];
    let server = SServer::start(&[&shown[..], &["-cert_chain", &shop.issuer]].concat());
    let [right, wrong] =
        ["shop.example.test", NAME].map(|name| format!("{name}@{}", server.address));
    let trust = format!("--trust={}", pki.root());
    let asked = "--facts=default_certificate";
    for order in [[&right, &wrong], [&wrong, &right]] {
        for (flags, owner) in [(&[][..], None), (&[asked][..], Some("shop.example.test"))] {
            let mut arguments = vec![trust.as_str(), "--concurrency=1"];
            arguments.extend(flags);
            arguments.extend(order.iter().map(|target| target.as_str()));
            let rows = support::sweep(&arguments);
            assert_eq!(rows[&right].verdict(), "ok");
            let finding = rows[&wrong].finding("name_mismatch").expect("it is there");
            assert_eq!(finding["belongs_to"].as_str(), owner, "{finding}");
        }
    }
}

#[test]
fn a_visit_of_a_hundred_questions_is_judged_again_with_the_same_result() {
    let pki = Pki::new();
    let issued = pki.leaf(
        "many",
        Leaf {
            key: pki::RSA,
            ..Leaf::GOOD
        },
    );
    let shown = ["-www", "-cert", &issued.leaf, "-key", &issued.key];
    let many = ["-cert_chain", &issued.issuer, "-cipher", "ALL:@SECLEVEL=0"];
    let server =
        SServer::start(&[shown, [many[0], many[1], many[2], many[3], "-no_ticket"]].concat());
    let folder = support::folder();
    let [facts, live, again] =
        ["f", "live.jsonl", "again.jsonl"].map(|name| support::path(&folder, name));
    let (trust, target) = (
        format!("--trust={}", pki.root()),
        format!("{NAME}@{}", server.address),
    );
    let mut scan = vec![
        "scan",
        "--quiet",
        "--rate-per-ip=0",
        "--concurrency-per-ip=0",
        "--versions=all",
    ];
    scan.extend([
        ALL,
        "--timeout=60s",
        "--save",
        &facts,
        "-o",
        &live,
        &trust,
        &target,
    ]);
    support::run(&scan).expect(0);
    support::run(&["judge", "--quiet", &facts, "-o", &again, &trust]).expect(0);
    let read = |path: &str| std::fs::read_to_string(path).expect("rows");
    assert_eq!(read(&live), read(&again));
    let row: Value = serde_json::from_str(&read(&live)).expect("one row");
    let suites = row["tls"]["facts"]["ciphers"]["tls1_2"]["accepted"].as_array();
    assert!(suites.is_some_and(|suites| suites.len() > 40), "{row}");
}

#[test]
fn a_visit_that_reaches_its_size_limit_asks_no_more_questions() {
    let exchange = |bytes: usize| {
        let giant = Certificate::read(vec![0; bytes].into());
        Exchange {
            offer: Offer::Modern,
            transcript: None,
            session: None,
            chain: Some(PeerChain {
                certificates: vec![Arc::new(giant)],
            }),
            chain_cut: false,
            failure: Some(Failure::new(Stage::Handshake, Reason::Incompatible, "")),
        }
    };
    let target = TargetSpec::expand(NAME, &Defaults::default());
    let mut visit = Observation {
        exchanges: vec![exchange(1024)],
        ..Observation::of(
            Endpoint {
                target: Arc::new(target.expect("a target").next().expect("one")),
                address: None,
            },
            probe::now(),
        )
    };
    let prober = Prober::new(Timeouts::default(), Approach::default());
    assert_eq!(prober.next_offer(&visit), Some(Offer::Wide));
    visit.exchanges[0] = exchange(16 * 1024 * 1024);
    assert_eq!(prober.next_offer(&visit), None);
}
