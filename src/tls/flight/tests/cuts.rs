//! A flight is parsed the same however it is split, and within the limits even if it is damaged.

use proptest::prelude::*;

use super::super::certificates::MAX_CERTIFICATES;
use super::super::*;
use super::compose::*;

#[test]
fn every_cut_in_two_reads_the_same() {
    for (name, bytes) in canned() {
        let whole = seen(&read(&bytes).0);
        for cut in 0..bytes.len() {
            let (mut flight, _) = read(&bytes[..cut]);
            flight.push(&bytes[cut..]);
            assert_eq!(seen(&flight), whole, "{name} cut at {cut}");
        }
    }
}

#[test]
fn byte_by_byte_and_in_records_of_one_byte_reads_the_same() {
    for (name, bytes) in canned() {
        let mut flight = Flight::default();
        for byte in &bytes {
            flight.push(std::slice::from_ref(byte));
        }
        assert_eq!(seen(&flight), seen(&read(&bytes).0), "{name}");
    }
    let messages = [
        hello(0x0303, 0xC02F),
        certificate(&[b"leaf"]),
        ecdhe(0x17, 0x0403),
        done(),
    ];
    let tiny: Vec<u8> = messages
        .concat()
        .iter()
        .flat_map(|byte| record(22, &[*byte]))
        .collect();
    let (flight, progress) = read(&tiny);
    assert_eq!(progress, FlightProgress::Done);
    let (whole, _) = read(&records(&messages));
    assert_eq!(flight.server_hello, whole.server_hello);
    assert_eq!(flight.key_exchange, whole.key_exchange);
}

fn hold_bounds(flight: &Flight) {
    assert!(flight.warnings.len() <= MAX_WARNINGS);
    assert!(flight.opening.len() <= MAX_OPENING);
    assert!(flight.alert.len() < 2);
    assert!(flight.pending.len() <= MAX_MESSAGE + 4 + (1 << 14) + 2048);
    let certificates = flight.certificates.iter().flatten();
    assert!(certificates.clone().count() <= MAX_CERTIFICATES);
    assert!(certificates.map(Vec::len).sum::<usize>() <= MAX_MESSAGE);
}

/// Pushes the bytes in parts of the given lengths, repeated.
fn in_parts(bytes: &[u8], lengths: &[usize]) -> Flight {
    let mut flight = Flight::default();
    let mut rest = bytes;
    for len in lengths.iter().cycle() {
        let (part, next) = rest.split_at((*len).min(rest.len()));
        flight.push(part);
        hold_bounds(&flight);
        rest = next;
        if rest.is_empty() {
            break;
        }
    }
    flight
}

proptest! {
    #[test]
    fn any_bytes_are_read_within_bounds(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
        lengths in proptest::collection::vec(1_usize..200, 1..5),
    ) {
        let parts = in_parts(&bytes, &lengths);
        prop_assert_eq!(seen(&parts), seen(&read(&bytes).0));
    }

    #[test]
    fn any_messages_are_read_within_bounds(
        messages in proptest::collection::vec(
            (0_u8..26, proptest::collection::vec(any::<u8>(), 0..300)), 0..8),
        cipher: u16,
        lengths in proptest::collection::vec(1_usize..500, 1..5),
    ) {
        let tail = messages.iter().map(|(kind, content)| message(*kind, content));
        let all: Vec<_> = std::iter::once(hello(0x0303, cipher)).chain(tail).collect();
        let bytes = records(&all);
        let parts = in_parts(&bytes, &lengths);
        prop_assert_eq!(seen(&parts), seen(&read(&bytes).0));
    }

    #[test]
    fn damaged_flights_are_read_within_bounds(
        which in 0_usize..9,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        keep: prop::sample::Index,
        lengths in proptest::collection::vec(1_usize..3000, 1..5),
    ) {
        let (_, mut bytes) = canned().swap_remove(which);
        for (place, value) in damage {
            // Most of the structure is at the start of the flight.
            let near = place.index(bytes.len().min(200));
            bytes[near] = value;
        }
        bytes.truncate(keep.index(bytes.len()) + 1);
        let parts = in_parts(&bytes, &lengths);
        prop_assert_eq!(seen(&parts), seen(&read(&bytes).0));
    }
}
