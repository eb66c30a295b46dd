//! Recordings round-trip, and a truncated or damaged file is read up to its last complete frame.

use std::io::{Cursor, ErrorKind};
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::bounds::{MAX_CHAIN_BYTES, MAX_VISIT_BYTES};
use super::frame::{MAX_FRAME, Packer};
use super::*;
use crate::observation::{Certificate, Fact, MAX_EXCHANGES, Observation, PeerChain};
use crate::output::samples;

fn header() -> SavedHeader {
    SavedHeader::new(
        true,
        Some("lab".to_owned()),
        "hello".to_owned(),
        [Fact::Alpn].into_iter().collect(),
    )
}

fn observations() -> Vec<Observation> {
    let samples = [
        samples::healthy(),
        samples::expired(),
        samples::hostile(),
        samples::healthy(),
        samples::unresolved(),
        samples::unreadable(),
    ];
    let mut observations: Vec<_> = samples.map(|sample| sample.observation).into();
    let session = observations[0].exchanges[0].session.as_mut();
    session.unwrap().ocsp_staple = Some(vec![0x30, 0x00, 0xff]);
    observations
}

/// Returns a file with a frame for every two observations.
fn saved() -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = SavedWriter::new(&mut file, &header()).unwrap();
    for pair in observations().chunks(2) {
        pair.iter().for_each(|each| writer.add(each).unwrap());
        writer.flush().unwrap();
    }
    writer.finish().unwrap();
    file
}

type Read = (Vec<Value>, bool, Option<SavedError>);

/// Returns what can be read of a file, if it was complete, and the error.
fn read(file: &[u8]) -> Result<Read, SavedError> {
    let mut reader = SavedReader::open("f".to_owned(), file, Cursor::new(Vec::new()))?;
    let (mut read, mut error) = (Vec::new(), None);
    for observation in reader.by_ref() {
        match observation {
            Ok(observation) => read.push(value(&observation)),
            Err(stopped) => error = Some(stopped),
        }
    }
    assert!(reader.next().is_none(), "nothing follows an end");
    assert_eq!(reader.observations(), read.len() as u64);
    Ok((read, reader.is_complete(), error))
}

/// Returns everything of an observation, including certificates.
fn value(observation: &Observation) -> Value {
    serde_json::to_value(observation).unwrap()
}

/// Returns a file with these lines in one frame after the frame of the header.
fn file_of(lines: &[&str]) -> Vec<u8> {
    file_under(&header(), lines)
}

fn file_under(header: &SavedHeader, lines: &[&str]) -> Vec<u8> {
    let mut file = Vec::new();
    SavedWriter::new(&mut file, header).unwrap();
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    file.extend(Packer::new().unwrap().pack(text.as_bytes()).unwrap());
    file
}

fn answers() -> [SavedAnswer; 2] {
    let chain = samples::expired().observation.chain().cloned();
    let outcomes = [Ok(chain.expect("a chain")), Err("answered 404".to_owned())];
    outcomes.map(|outcome| SavedAnswer {
        address: format!("http://ca.test/{}", outcome.is_ok()),
        outcome,
    })
}

#[test]
fn what_was_fetched_comes_back_after_the_observations() {
    let mut file = Vec::new();
    let header = SavedHeader {
        aia: true,
        ..header()
    };
    let mut writer = SavedWriter::new(&mut file, &header).unwrap();
    let sample = samples::expired().observation;
    writer.add(&sample).unwrap();
    answers()
        .iter()
        .for_each(|each| writer.add_answer(each).unwrap());
    writer.finish().unwrap();
    let scratch = Cursor::new(Vec::new());
    let mut reader = SavedReader::open("f".to_owned(), &*file, scratch).unwrap();
    assert_eq!(reader.by_ref().count(), 1);
    assert!(reader.is_complete() && reader.header().aia);
    // The samples' certificates are invented. The reader parses them again from their bytes.
    let bytes = |answer: SavedAnswer| {
        let der = |chain: PeerChain| chain.certificates.iter().map(|it| it.der.clone()).collect();
        (answer.address, answer.outcome.map(der))
    };
    let read_again: Vec<(_, Result<Vec<_>, _>)> =
        reader.take_answers().into_iter().map(bytes).collect();
    let added: Vec<_> = answers().map(bytes).into();
    assert_eq!(read_again, added);
}

/// Returns a file with these lines of a sweep with `--aia`.
fn fetched(lines: &[&str]) -> Vec<u8> {
    let header = SavedHeader {
        aia: true,
        ..header()
    };
    file_under(&header, lines)
}

#[test]
fn answers_that_no_sweep_received_are_refused() {
    let answer = |failure: &str| {
        format!(
            r#"{{"kind":"answer","body":{{"address":"a","certificates":[],"failure":"{failure}"}}}}"#
        )
    };
    let unknown = r#"{"kind":"answer","body":{"address":"a","certificates":[7],"failure":null}}"#;
    let (few, long) = (answer("404"), answer(&"x".repeat(15 << 20)));
    let end = r#"{"kind":"end","body":{"observations":0}}"#;
    let mut bomb = fetched(&[]);
    let mut packer = Packer::new().unwrap();
    let frame = packer.pack(long.as_bytes()).unwrap();
    (0..13).for_each(|_| bomb.extend(&frame));
    for (file, record, words) in [
        (fetched(&[unknown]), 2, "certificate 7"),
        (file_of(&[&few]), 2, "aia is false"),
        (bomb, 14, "more bytes of answers"),
        (fetched(&vec![&*few; 25_001]), 25_002, "more answers"),
    ] {
        let (_, whole, error) = read(&file).unwrap();
        assert!(!whole);
        let error = error.unwrap_or_else(|| panic!("{words}")).to_string();
        let place = format!("f: record {record}: ");
        assert!(
            error.starts_with(&place) && error.contains(words),
            "{error}"
        );
    }
    let (_, whole, error) = read(&fetched(&[&few, end])).unwrap();
    assert!(whole && error.is_none(), "{error:?}");
    // The writer applies the same rules.
    let mut writer = SavedWriter::new(Vec::new(), &header()).unwrap();
    let refused = writer.add_answer(&answers()[0]).unwrap_err();
    assert!(matches!(refused, SaveError::TooMuch(_)), "{refused}");
}

#[test]
fn what_was_saved_comes_back_in_order() {
    let expected: Vec<_> = observations().iter().map(value).collect();
    let file = saved();
    let (read, whole, error) = read(&file).unwrap();
    assert_eq!(read, expected);
    assert!(whole && error.is_none());
    let reader = SavedReader::open("f".to_owned(), &file[..], Cursor::new(Vec::new())).unwrap();
    assert_eq!(*reader.header(), header());
}

#[test]
fn each_certificate_is_saved_once_and_before_who_sent_it() {
    let mut frames = frame::Frames::new(Cursor::new(saved()));
    let (mut certificates, mut visits) = (Vec::new(), 0);
    while let Some(line) = frames.next().unwrap() {
        let line: Value = serde_json::from_slice(line).unwrap();
        match line["kind"].as_str().unwrap() {
            "certificate" => certificates.push(line["body"].as_str().unwrap().to_owned()),
            "observation" => {
                visits += 1;
                let chains = line["body"]["chains"].as_array().unwrap();
                let numbers = chains.iter().flat_map(|chain| chain.as_array()).flatten();
                for number in numbers {
                    assert!(number.as_u64().unwrap() < certificates.len() as u64);
                }
            }
            _ => {}
        }
    }
    let all = certificates.len();
    certificates.sort();
    certificates.dedup();
    assert_eq!((certificates.len(), visits), (all, observations().len()));
    assert!(all >= 3, "{all}");
}

#[test]
fn a_file_cut_anywhere_gives_its_whole_frames_and_is_not_whole() {
    let file = saved();
    let (all, ..) = read(&file).unwrap();
    let mut seen = Vec::new();
    for length in 0..file.len() {
        match read(&file[..length]) {
            Ok((read, whole, error)) => {
                assert!(!whole && error.is_none(), "{length}");
                assert!(all.starts_with(&read), "{length}");
                seen.push(read.len());
            }
            Err(error) => assert!(matches!(error, SavedError::NotSaved { .. }), "{error}"),
        }
    }
    seen.dedup();
    assert_eq!(seen, [0, 2, 4, 6]);
}

#[test]
fn another_file_and_a_later_one_are_refused_by_name() {
    let json = br#"{"schema":1,"target":"shop.example"}"#;
    let mut packer = Packer::new().unwrap();
    let other = packer.pack(b"{\"kind\":\"rows\",\"body\":1}\n").unwrap();
    for file in [&b""[..], b"hello", json, &other, &[0; 64]] {
        let error = read(file).unwrap_err().to_string();
        assert!(error.contains("f is not a recording"), "{error}");
    }
    let later = br#"{"kind":"tlsweep facts","body":{"version":2,"tlsweep":"9.9.9","more":[]}}"#;
    let error = read(&packer.pack(later).unwrap()).unwrap_err().to_string();
    assert!(error.contains("9.9.9"), "{error}");
}

#[test]
fn damaged_records_are_reported_with_their_number() {
    let visit = value(&observations()[0]);
    let exchange = visit["exchanges"][0].clone();
    let with = |exchanges: Vec<Value>, chains: Value| {
        let mut observation = visit.clone();
        observation["exchanges"] = exchanges.into();
        serde_json::json!({"kind": "observation", "body": {"observation": observation, "chains": chains}})
            .to_string()
    };
    let beyond = crate::observation::MAX_EXCHANGES + 1;
    let many = with(
        vec![exchange.clone(); beyond],
        vec![Value::Null; beyond].into(),
    );
    let giant = format!(
        r#"{{"kind":"certificate","body":"{}"}}"#,
        "0".repeat(1 << 20)
    );
    let cases: &[(&[&str], u64, &str)] = &[
        (&["{"], 2, "EOF"),
        (&["[1]"], 2, "kind"),
        (&["\u{0}\u{ff}"], 2, "expected"),
        (&[r#"{"kind":"certificate","body":"0"}"#], 2, "hexadecimal"),
        (&[r#"{"kind":"certificate","body":7}"#], 2, "expected"),
        (&[r#"{"kind":"observation","body":{}}"#], 2, "missing field"),
        (
            &[r#"{"kind":"tlsweep facts","body":{}}"#],
            2,
            "not allowed here",
        ),
        (&[r#"{"kind":"new","body":{}}"#], 2, "\"new\""),
        (
            &[r#"{"kind":"end","body":{"observations":1}}"#],
            2,
            "counts 1",
        ),
        (
            &[
                r#"{"kind":"end","body":{"observations":0}}"#,
                r#"{"kind":"certificate","body":"00"}"#,
            ],
            3,
            "not allowed here",
        ),
        (
            &[&with(vec![exchange.clone()], serde_json::json!([[0]]))],
            2,
            "certificate 0",
        ),
        (
            &[&with(vec![exchange.clone()], serde_json::json!([]))],
            2,
            "1 exchanges and 0 chains",
        ),
        (&[&many], 2, "more exchanges"),
        (
            &[
                &giant,
                &with(vec![exchange], serde_json::json!([[0, 0, 0]])),
            ],
            3,
            "more certificates",
        ),
    ];
    for (lines, record, words) in cases {
        let (_, whole, error) = read(&file_of(lines)).unwrap();
        let error = error
            .unwrap_or_else(|| panic!("{words} is refused"))
            .to_string();
        assert!(
            error.starts_with(&format!("f: record {record}: ")),
            "{error}"
        );
        assert!(error.contains(words), "{error}");
        assert!(!whole || *record == 3, "{error}");
    }
}

#[test]
fn a_kind_that_may_be_passed_over_is() {
    let file = file_of(&[
        r#"{"kind":"gathered","skippable":true,"body":{"bytes":"00"},"more":1}"#,
        r#"{"kind":"end","body":{"observations":0,"more":null}}"#,
    ]);
    let (read, whole, error) = read(&file).unwrap();
    assert!(read.is_empty() && whole && error.is_none(), "{error:?}");
}

/// Returns a unique certificate of this size.
fn padded(number: u8, length: u64) -> Arc<Certificate> {
    let der = vec![number; usize::try_from(length).unwrap()];
    Arc::new(Certificate::read(der.into()))
}

/// Returns a visit with these chains, one for each exchange.
fn visit(chains: Vec<Vec<Arc<Certificate>>>) -> Observation {
    let mut observation = observations().remove(0);
    let one = observation.exchanges.remove(0);
    let exchanges = chains.into_iter().map(|certificates| {
        let mut exchange = one.clone();
        exchange.chain = Some(PeerChain { certificates });
        exchange
    });
    observation.exchanges = exchanges.collect();
    observation
}

#[test]
fn a_visit_that_is_too_large_costs_only_its_own_facts() {
    let longest = padded(1, MAX_CHAIN_BYTES);
    let mut wordy = visit(vec![vec![]]);
    let session = wordy.exchanges[0].session.as_mut();
    session.unwrap().ocsp_staple = Some(vec![0; usize::try_from(MAX_FRAME / 2).unwrap()]);
    let too_large = [
        wordy,
        visit(vec![vec![]; MAX_EXCHANGES + 1]),
        visit(vec![vec![padded(2, MAX_CHAIN_BYTES + 1)]]),
        visit(vec![vec![longest.clone(), padded(3, 1)]]),
        visit(vec![
            vec![longest.clone()];
            usize::try_from(MAX_VISIT_BYTES / MAX_CHAIN_BYTES)
                .unwrap()
                + 1
        ]),
    ];
    let mut file = Vec::new();
    let mut writer = SavedWriter::new(&mut file, &header()).unwrap();
    let sound = observations();
    for (each, neighbour) in too_large.iter().zip(&sound) {
        writer.add(neighbour).unwrap();
        let refused = writer.add(each).unwrap_err();
        assert!(matches!(refused, SaveError::TooMuch(_)), "{refused}");
    }
    writer.finish().unwrap();
    let (seen, whole, error) = read(&file).unwrap();
    let expected: Vec<_> = sound.iter().take(5).map(value).collect();
    assert_eq!(seen, expected);
    assert!(whole && error.is_none(), "{error:?}");
    let mut reader = SavedReader::open("f".to_owned(), &*file, Cursor::new(Vec::new())).unwrap();
    reader.by_ref().for_each(drop);
    assert_eq!(reader.unsaved(), 5);
}

#[test]
fn the_largest_visit_that_is_saved_can_be_read() {
    let chains = MAX_VISIT_BYTES / MAX_CHAIN_BYTES;
    let chain = |number| vec![padded(u8::try_from(number).unwrap(), MAX_CHAIN_BYTES)];
    // Twice the size of a frame, in hexadecimal.
    let largest = visit((0..chains).map(chain).collect());
    let many = visit(vec![vec![]; MAX_EXCHANGES]);
    let mut file = Vec::new();
    let mut writer = SavedWriter::new(&mut file, &header()).unwrap();
    for each in [&largest, &many] {
        writer.add(each).unwrap();
    }
    writer.finish().unwrap();
    let (seen, whole, error) = read(&file).unwrap();
    assert!(whole && error.is_none(), "{error:?}");
    assert!(seen == [value(&largest), value(&many)]);
}

#[test]
fn a_frame_without_a_checksum_is_refused() {
    let unchecked = |text: &str| zstd::bulk::compress(text.as_bytes(), 1).unwrap();
    let end = r#"{"kind":"end","body":{"observations":0}}"#;
    let mut file = file_of(&[]);
    file.extend(unchecked(end));
    let (_, whole, error) = read(&file).unwrap();
    let error = error.unwrap().to_string();
    assert!(
        !whole && error.starts_with("f: record 2: its frame has no checksum"),
        "{error}"
    );
    let header = unchecked(r#"{"kind":"tlsweep facts","body":{"version":1,"tlsweep":"0.1.0"}}"#);
    let error = read(&header).unwrap_err().to_string();
    assert!(
        error.starts_with("f: record 1: its frame has no checksum"),
        "{error}"
    );
}

#[test]
fn a_frame_that_unpacks_to_too_much_is_refused() {
    let much = vec![b' '; usize::try_from(MAX_FRAME).unwrap() + 1];
    let refused = Packer::new().unwrap().pack(&much).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidData);
    let mut file = file_of(&[]);
    let mut compressor = zstd::bulk::Compressor::new(1).unwrap();
    compressor.include_checksum(true).unwrap();
    file.extend(compressor.compress(&much).unwrap());
    let (_, _, error) = read(&file).unwrap();
    let error = error.unwrap().to_string();
    assert!(error.contains("record 2: its frame"), "{error}");
}

proptest! {
    #[test]
    fn a_changed_file_never_gives_what_was_not_saved(
        place in any::<prop::sample::Index>(),
        change in 1..=255u8,
    ) {
        let mut file = saved();
        let (all, ..) = read(&file).unwrap();
        let place = place.index(file.len());
        file[place] ^= change;
        if let Ok((read, ..)) = read(&file) {
            prop_assert!(all.starts_with(&read));
        }
    }

    #[test]
    fn any_lines_are_read_without_a_panic(lines in proptest::collection::vec(".{0,80}", 0..8)) {
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let (read, ..) = read(&file_of(&lines)).unwrap();
        prop_assert!(read.is_empty());
    }
}
