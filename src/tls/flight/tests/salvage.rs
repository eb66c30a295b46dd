//! What is read of a flight that is malformed, truncated or very large.

use super::super::*;
use super::compose::*;

/// Checks what is read after a flaw: the same certificates, whatever came before them and however the
/// bytes are split.
#[test]
fn certificates_behind_a_flaw_are_read() {
    let whole = hello(0x0303, 0xC02F);
    let chain = certificate(&[b"leaf", b"issuer"]);
    let long_list = [vec![1, 64], vec16(&[4, 3]), vec16(&[0; 6]), vec![0; 9]].concat();
    let twice = [extension(23, &[]), extension(23, &[])].concat();
    for (name, messages) in [
        (
            "hello with a flaw",
            vec![hello_with(0x0303, [5; 32], 0xC02F, Some(&twice))],
        ),
        ("hello cut short", vec![message(SERVER_HELLO, &[3, 3, 1])]),
        ("hello twice", vec![whole.clone(), whole.clone()]),
        ("unknown message", vec![whole.clone(), message(99, b"x")]),
        ("no hello", vec![message(99, b"x")]),
    ] {
        let all = [messages, vec![chain.clone(), done()]].concat();
        let bytes = records(&all);
        for step in [1, 7, bytes.len()] {
            let mut flight = Flight::default();
            let mut progress = FlightProgress::More;
            for part in bytes.chunks(step) {
                progress = flight.push(part);
            }
            assert!(matches!(progress, FlightProgress::Failed(_)), "{name}");
            let found = flight.certificates.clone().unwrap_or_default();
            assert_eq!(found, [b"leaf".to_vec(), b"issuer".to_vec()], "{name}");
            assert!(!flight.wants_more() && !flight.certificates_cut, "{name}");
        }
    }
    let behind = records(&[
        whole.clone(),
        chain.clone(),
        message(13, &long_list),
        done(),
    ]);
    let (flight, progress) = read(&behind);
    assert!(matches!(progress, FlightProgress::Failed(_)));
    assert!(flight.client_cert_requested && flight.certificates.is_some());
    let (flight, _) = read(&records(&[message(SERVER_HELLO, &[3, 3])]));
    assert!(flight.wants_more());
    let (flight, _) = read(&[records(&[message(SERVER_HELLO, &[3, 3])]), refusal()].concat());
    assert!(!flight.wants_more() && flight.fatal_alert.is_none());
}

#[test]
fn the_whole_certificates_of_a_list_that_is_cut_are_read() {
    let chain = certificate(&[b"leaf", b"issuer"]);
    let bytes = records(&[hello(0x0303, 0xC02F), chain.clone(), done()]);
    let start = records(&[hello(0x0303, 0xC02F)]).len() + 4 + 3;
    for (end, found) in [
        (start + 6, None),
        (start + 7, Some(vec![b"leaf".to_vec()])),
        (start + 15, Some(vec![b"leaf".to_vec()])),
    ] {
        let (mut flight, progress) = read(&records(&[bytes[5..end].to_vec()]));
        assert_eq!(
            (progress, &flight.certificates),
            (FlightProgress::More, &None)
        );
        flight.finish();
        assert_eq!(flight.certificates_cut, found.is_some());
        assert_eq!(flight.certificates, found, "{end}");
    }
    let mut huge = vec![11, 0xFF, 0, 3, 0xFF, 0, 0];
    huge.extend([vec24(b"leaf"), vec24(&[7; 5000])[..3000].to_vec()].concat());
    let (mut flight, progress) = read(&records(&[hello(0x0303, 0xC02F), huge]));
    assert!(matches!(
        progress,
        FlightProgress::Failed(FlightError::MessageLength(11, _))
    ));
    assert!(flight.wants_more());
    flight.finish();
    assert_eq!(flight.certificates, Some(vec![b"leaf".to_vec()]));
    assert!(flight.certificates_cut);
}

/// Checks that the certificates that have arrived are read wherever the stream ends, within a record
/// or between two, and however the messages are framed.
#[test]
fn a_stream_that_ends_within_a_record_gives_the_whole_certificates() {
    let hello = hello(0x0303, 0xC02F);
    let chain = certificate(&[b"leaf", b"issuer"]);
    let messages = [hello.clone(), chain.clone(), done()].concat();
    let leaf = hello.len() + 4 + 3 + 3 + 4;
    let issuer = leaf + 3 + 6;
    for size in [1, 2, 7, 1000] {
        let parts: Vec<_> = messages.chunks(size).map(|part| record(22, part)).collect();
        let bytes = parts.concat();
        for end in 0..=bytes.len() {
            let (whole, begun) = (end / (size + 5), end % (size + 5));
            let came = (whole * size + begun.saturating_sub(5)).min(messages.len());
            let (mut flight, _) = read(&bytes[..end]);
            flight.finish();
            let found = [(leaf, &b"leaf"[..]), (issuer, b"issuer")];
            let found = found.into_iter().filter(|(ends, _)| came >= *ends);
            let found: Vec<_> = found.map(|(_, content)| content.to_vec()).collect();
            let at = format!("records of {size} bytes end at {end}");
            assert_eq!(flight.certificates_cut, found.len() == 1, "{at}");
            assert_eq!(flight.certificates.unwrap_or_default(), found, "{at}");
            assert_eq!(flight.server_hello.is_some(), came >= hello.len(), "{at}");
        }
    }
}

#[test]
fn certificates_behind_a_flaw_in_a_record_that_is_cut_are_read() {
    let chain = certificate(&[b"leaf", b"issuer"]);
    let messages = [message(99, b"x"), chain].concat();
    let whole = record(22, &messages);
    let (mut flight, progress) = read(
        &[
            records(&[hello(0x0303, 0xC02F)]),
            whole[..whole.len() - 2].to_vec(),
        ]
        .concat(),
    );
    assert_eq!(progress, FlightProgress::More);
    flight.finish();
    assert_eq!(flight.certificates, Some(vec![b"leaf".to_vec()]));
    assert!(flight.certificates_cut);
}

#[test]
fn a_request_for_certificates_has_the_form_of_its_version() {
    let name = vec16(b"name");
    let old = [vec8(&[1]), vec16(&name)].concat();
    let new = [vec8(&[1]), vec16(&[4, 3]), vec16(&name)].concat();
    for (version, body, sound) in [
        (0x0300, &old, true),
        (0x0302, &old, true),
        (0x0303, &new, true),
        (0x0303, &old, false),
        (0x0301, &new, false),
        (0x0303, &[new.clone(), vec![0]].concat(), false),
        (0x0303, &vec![], false),
    ] {
        let request = message(CERTIFICATE_REQUEST, body);
        let (flight, progress) = read(&records(&[hello(version, 0x002F), request, done()]));
        assert_eq!(
            progress == FlightProgress::Done,
            sound,
            "{version:#06x} {body:?}"
        );
        assert!(flight.client_cert_requested);
    }
}

#[test]
fn a_chain_of_256_kib_is_read() {
    let leaf = vec![7; 256 * 1024];
    let bytes = records(&[
        hello(0x0303, 0xC02F),
        certificate(&[&leaf, b"issuer"]),
        done(),
    ]);
    let (flight, progress) = read(&bytes);
    assert_eq!(progress, FlightProgress::Done);
    assert_eq!(
        flight.certificates.map(|all| all[0].len()),
        Some(256 * 1024)
    );
}
