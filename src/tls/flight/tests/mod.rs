//! How each kind of flight, sound or broken, is parsed.

mod compose;
mod cuts;
mod salvage;

use compose::*;

use super::certificates::MAX_CERTIFICATES;
use super::*;
use crate::tls::{AlertDescription, ProtocolVersion};

#[test]
fn ssl3_without_extensions() {
    let (flight, progress) = read(&ssl3());
    assert_eq!(progress, FlightProgress::Done);
    let hello = flight.server_hello.unwrap();
    assert_eq!(
        (hello.version, hello.cipher, hello.session_id.len()),
        (0x0300, 5, 32)
    );
    assert!(hello.extensions.is_empty() && !hello.hello_retry);
    assert_eq!(flight.certificates, Some(vec![b"leaf".to_vec()]));
    assert_eq!(flight.key_exchange, None);
    assert!(!flight.client_cert_requested);
}

#[test]
fn tls10_with_a_prime_of_1024_bits() {
    let (flight, progress) = read(&tls10_dhe());
    assert_eq!(progress, FlightProgress::Done);
    let exchange = flight.key_exchange.unwrap();
    assert_eq!(exchange.dh_bits, Some(1024));
    assert_eq!((exchange.group, exchange.signature_scheme), (None, None));
    assert_eq!(flight.certificates.unwrap().len(), 2);
    assert!(flight.client_cert_requested);
}

#[test]
fn tls12_with_a_staple_over_several_records() {
    let (flight, progress) = read(&tls12_staple());
    assert_eq!(progress, FlightProgress::Done);
    let hello = flight.server_hello.unwrap();
    assert_eq!(hello.version, 0x0303);
    assert_eq!(hello.extensions, [0xFF01, 5, 16, 23]);
    assert_eq!(hello.alpn.as_deref(), Some(b"h2".as_slice()));
    assert_eq!(hello.downgrade, Some(ProtocolVersion::Tls13));
    assert_eq!(flight.certificates.unwrap()[0].len(), 2500);
    assert_eq!(flight.ocsp_staple.as_deref(), Some(b"staple".as_slice()));
    let exchange = flight.key_exchange.unwrap();
    assert_eq!(
        (exchange.group, exchange.signature_scheme),
        (Some(0x001D), Some(0x0804))
    );
}

#[test]
fn tls13_ends_with_the_hello() {
    let (flight, progress) = read(&tls13());
    assert_eq!(progress, FlightProgress::Done);
    let hello = flight.server_hello.unwrap();
    assert_eq!((hello.version, hello.legacy_version), (0x0304, 0x0303));
    assert_eq!((hello.cipher, hello.selected_group), (0x1302, Some(0x17)));
    assert_eq!((hello.hello_retry, flight.certificates), (false, None));
}

#[test]
fn a_retry_is_an_answer_and_may_go_on() {
    let (mut flight, progress) = read(&retry());
    assert_eq!(progress, FlightProgress::Done);
    let hello = flight.server_hello.clone().unwrap();
    assert!(hello.hello_retry);
    assert_eq!((hello.version, hello.selected_group), (0x0304, Some(0x17)));
    assert_eq!(flight.push(&tls13()), FlightProgress::Done);
    let hello = flight.server_hello.unwrap();
    assert!(hello.hello_retry);
    assert_eq!(hello.cipher, 0x1302);
    let twice = [retry(), retry()].concat();
    assert_eq!(
        failure(&twice),
        "handshake message server_hello asks for a second retry"
    );
}

#[test]
fn a_warning_goes_before_the_hello() {
    let (flight, progress) = read(&name_warning());
    assert_eq!(
        (progress, flight.warnings.as_slice()),
        (
            FlightProgress::Done,
            [AlertDescription::UNRECOGNIZED_NAME].as_slice()
        )
    );
    assert_eq!(flight.fatal_alert, None);
    assert!(flight.certificates.is_some());
}

fn alert(number: u8) -> Option<AlertDescription> {
    Some(AlertDescription(number))
}

#[test]
fn alerts_that_end_the_flight() {
    let (flight, progress) = read(&refusal());
    assert_eq!(
        (progress, flight.fatal_alert),
        (FlightProgress::Done, alert(40))
    );
    let (flight, progress) = read(&record(21, &[1, 0]));
    assert_eq!(
        (progress, flight.fatal_alert),
        (FlightProgress::Done, alert(0))
    );
    let in_halves = [record(21, &[2]), record(21, &[70])].concat();
    let (flight, progress) = read(&in_halves);
    assert_eq!(
        (progress, flight.fatal_alert),
        (FlightProgress::Done, alert(70))
    );
    let after_hello = [
        records(&[hello(0x0303, 0x002F)]),
        record(21, &[1, 90, 2, 80]),
    ]
    .concat();
    let (flight, progress) = read(&after_hello);
    assert_eq!(
        (progress, flight.fatal_alert),
        (FlightProgress::Done, alert(80))
    );
    assert_eq!(flight.warnings, [AlertDescription(90)]);
    assert!(flight.server_hello.is_some());
}

#[test]
fn the_version_of_a_record_says_nothing() {
    // RFC 8446, 5.1: "MUST be ignored for all purposes".
    for version in [[0, 0], [1, 1], [2, 0], [3, 9], [0xFE, 0xFD]] {
        let [major, minor] = version;
        let (flight, progress) = read(&[21, major, minor, 0, 2, 2, 40]);
        assert_eq!(progress, FlightProgress::Done, "{version:?}");
        assert_eq!(flight.fatal_alert, alert(40), "{version:?}");
        let mut bytes = ssl3();
        bytes[1..3].copy_from_slice(&version);
        let (flight, progress) = read(&bytes);
        assert_eq!(progress, FlightProgress::Done, "{version:?}");
        assert!(flight.certificates.is_some(), "{version:?}");
    }
}

#[test]
fn what_is_not_tls_is_known_by_its_first_bytes() {
    for bytes in [
        b"H".as_slice(),
        b"220 x",
        b"SSH-2.0",
        &[0x80, 0x2E],
        &[0x14, 0],
        &[0x17, 0],
        // An odd version, followed by something that is neither an alert nor a ServerHello.
        &[0x15, 0, 0, 1],
        &[0x15, 0, 0, 0, 3],
        &[0x15, 0, 0, 0, 2, 3],
        &[0x15, 0, 0, 0, 2, 2, 99],
        &[0x16, 0, 0, 0x40],
        &[0x16, 0, 0, 0, 0xFF, 0x0A],
        &[0x16, 1, 1, 0, 60, 2, 1],
        b"\x16\0\0\0\xff\x10\x04Too many connections",
        b"\x15NOTICE hello",
    ] {
        assert_eq!(
            read(bytes).1,
            FlightProgress::Failed(FlightError::NotTls),
            "{bytes:?}"
        );
    }
    for bytes in [
        b"".as_slice(),
        &[0x16],
        &[0x16, 3],
        &[0x15, 3, 0, 0],
        &[0x15, 0],
        &[0x15, 1, 1, 0, 2, 2],
        &[0x16, 0, 0, 0, 60, 2, 0],
    ] {
        assert_eq!(read(bytes).1, FlightProgress::More, "{bytes:?}");
    }
    let (mut flight, _) = read(b"HT");
    flight.push(b"TP/1.1 400");
    assert_eq!(flight.opening(), b"HTTP/1.1 400");
    flight.push(&[b'x'; 1000]);
    assert_eq!(flight.opening().len(), MAX_OPENING);
}

#[test]
fn other_key_exchanges() {
    let export = [vec16(&[0x80; 64]), vec16(&[1, 0, 1]), vec16(&[1; 128])].concat();
    let anonymous_dh = [vec16(&[0xFF; 256]), vec16(&[2]), vec16(&[7; 256])].concat();
    let anonymous_ec = [&[3, 0, 0x17], vec8(&[4; 65]).as_slice()].concat();
    let explicit = [1, 2, 3].to_vec();
    let none = KeyExchange::default();
    for (version, cipher, body, expected) in [
        (
            0x0301,
            0x0003,
            &export,
            Some(KeyExchange {
                rsa_bits: Some(512),
                ..none
            }),
        ),
        (
            0x0303,
            0x006C,
            &anonymous_dh,
            Some(KeyExchange {
                dh_bits: Some(2048),
                ..none
            }),
        ),
        (
            0x0303,
            0xC018,
            &anonymous_ec,
            Some(KeyExchange {
                group: Some(0x17),
                ..none
            }),
        ),
        (
            0x0301,
            0xC013,
            &explicit,
            Some(KeyExchange {
                group: Some(0xFF01),
                ..none
            }),
        ),
        (0x0303, 0x00B2, &export, None),
        (0x0303, 0x0A0A, &export, None),
    ] {
        let message = message(SERVER_KEY_EXCHANGE, body);
        let (flight, progress) = read(&records(&[hello(version, cipher), message, done()]));
        assert_eq!(
            (progress, flight.key_exchange),
            (FlightProgress::Done, expected),
            "{cipher:#06x}"
        );
    }
}

#[test]
fn numbers_that_give_no_key_are_malformed() {
    let (empty, no_key) = ("has an empty number", "that gives no key");
    let prime = [0x80; 128];
    // A number one below the prime, and the prime, both with leading zeros.
    let below = [&[0, 0], &[0x80; 127][..], &[0x7F]].concat();
    let same = [&[0], &prime[..]].concat();
    for (prime, generator, public, text) in [
        (&[][..], &[2][..], &[3][..], empty),
        (&prime, &[], &[3], empty),
        (&prime, &[2], &[], empty),
        (&[0], &[2], &[3], no_key),
        (&[1], &[2], &[3], no_key),
        (&[0; 128], &[2], &[3], no_key),
        (&prime, &[0], &[3], no_key),
        (&prime, &[0, 1], &[3], no_key),
        (&prime, &[2], &[0; 128], no_key),
        (&prime, &[2], &[1], no_key),
        (&prime, &same, &[3], no_key),
        (&prime, &[2], &prime, no_key),
        (&prime, &[2], &same, no_key),
        (&prime, &[2], &[0xFF; 128], no_key),
        (&prime, &[2], &below, "Done"),
        (&same, &[0, 2], &[0, 0, 3], "Done"),
        (&[0xFF; 256], &[2], &[2], "Done"),
    ] {
        let body = [prime, generator, public].map(vec16).concat();
        let anonymous = hello(0x0303, 0x006C);
        let message = message(SERVER_KEY_EXCHANGE, &body);
        let found = failure(&records(&[anonymous, message, done()]));
        assert!(found.contains(text), "{prime:?} {public:?} {found}");
    }
    let export = [vec16(&[]), vec16(&[1, 0, 1]), vec16(&[1; 128])].concat();
    let message = message(SERVER_KEY_EXCHANGE, &export);
    let found = failure(&records(&[hello(0x0301, 0x0003), message]));
    assert!(found.contains(empty), "{found}");
}

#[test]
fn failures_name_what_is_wrong() {
    let hello = hello(0x0303, 0xC02F);
    let cut = |message: &[u8], len: usize| message[4..message.len() - len].to_vec();
    let flight = |messages: &[Vec<u8>]| records(messages);
    let certificates = certificate(&[b"leaf", b"issuer"]);
    let share = cut(&ecdhe(0x17, 0x0403), 1);
    let twice = [extension(23, &[]), extension(23, &[])].concat();
    let many: Vec<u8> = (100..170).flat_map(|kind| extension(kind, &[])).collect();
    let versioned = |extensions: &[u8]| hello_with(0x0303, [5; 32], 0xC02F, Some(extensions));
    let too_many = vec![b"x".as_slice(); MAX_CERTIFICATES + 1];
    for (bytes, text) in [
        ([22, 3, 1, 0x9C, 0x40].to_vec(), "record length 40000"),
        (
            [flight(std::slice::from_ref(&hello)), vec![0; 5]].concat(),
            "record of type 0 with version 0x0000",
        ),
        (record(20, &[1]), "unexpected record change_cipher_spec"),
        (record(23, b"x"), "unexpected record application_data"),
        (record(21, &[3, 40]), "alert level 3"),
        (record(21, &[1, 112].repeat(17)), "too many warning alerts"),
        (record(22, &[]).repeat(33), "too many empty records"),
        (
            record(22, &[0; 0x4000]).repeat(40),
            "flight of more than 524288 bytes",
        ),
        (
            flight(&[message(SERVER_HELLO, &cut(&hello, 1))]),
            "server_hello truncated",
        ),
        (
            flight(&[versioned(&twice)]),
            "server_hello repeats an extension",
        ),
        (
            flight(&[versioned(&many)]),
            "server_hello has too many extensions",
        ),
        (
            flight(&[versioned(&extension(43, &[3]))]),
            "server_hello truncated",
        ),
        (
            flight(&[hello_with(0x0302, hello::RETRY, 5, None)]),
            "asks for a retry below TLS 1.3",
        ),
        (
            flight(std::slice::from_ref(&certificates)),
            "unexpected handshake message certificate",
        ),
        (
            flight(&[hello.clone(), hello.clone()]),
            "unexpected handshake message server_hello",
        ),
        (
            flight(&[hello.clone(), message(99, &[])]),
            "handshake message of type 99",
        ),
        (
            flight(&[hello.clone(), message(CERTIFICATE, &cut(&certificates, 1))]),
            "handshake message certificate truncated",
        ),
        (
            flight(&[hello.clone(), certificate(&[b""])]),
            "contains an empty certificate",
        ),
        (
            flight(&[hello.clone(), certificate(&too_many)]),
            "more than 100 certificates",
        ),
        (
            flight(&[hello.clone(), message(SERVER_KEY_EXCHANGE, &share)]),
            "handshake message server_key_exchange truncated",
        ),
        (
            flight(&[hello.clone(), message(SERVER_KEY_EXCHANGE, &[4])]),
            "server_key_exchange has an unknown type of curve",
        ),
        (
            flight(&[
                hello.clone(),
                message(SERVER_KEY_EXCHANGE, &[3, 0, 0x17, 0, 4, 3, 0, 0]),
            ]),
            "server_key_exchange has an empty point",
        ),
        (
            flight(&[hello.clone(), [11, 5, 0, 1].to_vec()]),
            "handshake message certificate of 327681 bytes",
        ),
    ] {
        let found = failure(&bytes);
        let incomplete = text == "record" && found == "More";
        assert!(
            incomplete || found.contains(text),
            "wanted {text}, got {found}"
        );
    }
}

#[test]
fn what_came_before_a_failure_stays() {
    let bytes = records(&[
        hello(0x0303, 0xC02F),
        certificate(&[b"leaf"]),
        message(99, &[]),
    ]);
    let (flight, progress) = read(&bytes);
    assert_eq!(
        progress,
        FlightProgress::Failed(FlightError::Unexpected(99))
    );
    assert!(flight.server_hello.is_some());
    assert_eq!(flight.certificates, Some(vec![b"leaf".to_vec()]));
}

#[test]
fn a_hello_request_is_passed_over() {
    let request = message(HELLO_REQUEST, &[]);
    let bytes = records(&[request.clone(), hello(0x0301, 0x002F), request, done()]);
    assert_eq!(read(&bytes).1, FlightProgress::Done);
}
