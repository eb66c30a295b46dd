//! Composes records, messages and whole flights by hand, and parses them.

use super::super::*;

pub(super) fn vec8(content: &[u8]) -> Vec<u8> {
    let mut out = vec![u8::try_from(content.len()).unwrap()];
    out.extend_from_slice(content);
    out
}

pub(super) fn vec16(content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap();
    [&len.to_be_bytes(), content].concat()
}

pub(super) fn vec24(content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(content.len()).unwrap();
    [&len.to_be_bytes()[1..], content].concat()
}

pub(super) fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1], vec16(content).as_slice()].concat()
}

pub(super) fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind], vec24(content).as_slice()].concat()
}

/// Concatenates the messages and splits them into records of 1000 bytes, regardless of the
/// boundaries of messages.
pub(super) fn records(messages: &[Vec<u8>]) -> Vec<u8> {
    let all = messages.concat();
    all.chunks(1000).flat_map(|part| record(22, part)).collect()
}

pub(super) fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes(), vec16(content).as_slice()].concat()
}

pub(super) fn hello_with(
    version: u16,
    random: [u8; 32],
    cipher: u16,
    extensions: Option<&[u8]>,
) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend_from_slice(&random);
    body.extend_from_slice(&vec8(&[9; 32]));
    body.extend_from_slice(&cipher.to_be_bytes());
    body.push(0);
    body.extend(extensions.map(vec16).unwrap_or_default());
    message(SERVER_HELLO, &body)
}

pub(super) fn hello(version: u16, cipher: u16) -> Vec<u8> {
    hello_with(version, [5; 32], cipher, None)
}

pub(super) fn certificate(list: &[&[u8]]) -> Vec<u8> {
    let entries: Vec<u8> = list.iter().flat_map(|entry| vec24(entry)).collect();
    message(CERTIFICATE, &vec24(&entries))
}

pub(super) fn done() -> Vec<u8> {
    message(SERVER_HELLO_DONE, &[])
}

pub(super) fn ecdhe(group: u16, scheme: u16) -> Vec<u8> {
    let signature = [scheme.to_be_bytes().to_vec(), vec16(&[3; 70])].concat();
    let point = vec8(&[4; 65]);
    let body = [&[3], group.to_be_bytes().as_slice(), &point, &signature].concat();
    message(SERVER_KEY_EXCHANGE, &body)
}

pub(super) fn ssl3() -> Vec<u8> {
    records(&[hello(0x0300, 0x0005), certificate(&[b"leaf"]), done()])
}

pub(super) fn tls10_dhe() -> Vec<u8> {
    let prime = [vec![0], vec![0x80; 128]].concat();
    let body = [
        vec16(&prime),
        vec16(&[2]),
        vec16(&[7; 128]),
        vec16(&[1; 256]),
    ]
    .concat();
    records(&[
        hello(0x0301, 0x0033),
        certificate(&[b"leaf", b"issuer"]),
        message(SERVER_KEY_EXCHANGE, &body),
        message(CERTIFICATE_REQUEST, &[1, 1, 0, 0]),
        done(),
    ])
}

pub(super) fn tls12_staple() -> Vec<u8> {
    let extensions = [
        extension(0xFF01, &[0]),
        extension(5, &[]),
        extension(16, &vec16(&vec8(b"h2"))),
        extension(23, &[]),
    ];
    let mut random = [5; 32];
    random[24..].copy_from_slice(b"DOWNGRD\x01");
    let hello = hello_with(0x0303, random, 0xC02F, Some(&extensions.concat()));
    let status = message(
        CERTIFICATE_STATUS,
        &[&[1], vec24(b"staple").as_slice()].concat(),
    );
    let leaf = [6; 2500];
    records(&[
        hello,
        certificate(&[&leaf, b"issuer"]),
        status,
        ecdhe(0x001D, 0x0804),
        done(),
    ])
}

pub(super) fn retry() -> Vec<u8> {
    let extensions = [extension(43, &[3, 4]), extension(51, &[0, 0x17])].concat();
    records(&[hello_with(0x0303, hello::RETRY, 0x1301, Some(&extensions))])
}

pub(super) fn tls13() -> Vec<u8> {
    let share = [&[0, 0x17], vec16(&[4; 65]).as_slice()].concat();
    let extensions = [extension(51, &share), extension(43, &[3, 4])].concat();
    let hello = records(&[hello_with(0x0303, [5; 32], 0x1302, Some(&extensions))]);
    // What follows is encrypted, so any bytes will do.
    [hello, record(20, &[1]), record(23, &[0xAA; 900])].concat()
}

pub(super) fn retried() -> Vec<u8> {
    [retry(), record(20, &[1]), tls13()].concat()
}

pub(super) fn name_warning() -> Vec<u8> {
    [record(21, &[1, 112]), tls12_staple()].concat()
}

pub(super) fn refusal() -> Vec<u8> {
    record(21, &[2, 40])
}

pub(super) fn canned() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("ssl3", ssl3()),
        ("tls10_dhe", tls10_dhe()),
        ("tls12_staple", tls12_staple()),
        ("retry", retry()),
        ("tls13", tls13()),
        ("retried", retried()),
        ("name_warning", name_warning()),
        ("refusal", refusal()),
        ("http", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
    ]
}

pub(super) fn read(bytes: &[u8]) -> (Flight, FlightProgress) {
    let mut flight = Flight::default();
    let progress = flight.push(bytes);
    (flight, progress)
}

/// Everything that can be seen of a flight.
pub(super) fn seen(flight: &Flight) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        flight.progress(),
        flight.warnings,
        flight.fatal_alert,
        flight.server_hello,
        flight.certificates,
        flight.ocsp_staple,
        flight.key_exchange,
        flight.client_cert_requested,
        flight.opening(),
    )
}

pub(super) fn failure(bytes: &[u8]) -> String {
    match read(bytes).1 {
        FlightProgress::Failed(error) => error.to_string(),
        other => format!("{other:?}"),
    }
}
