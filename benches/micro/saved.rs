//! Measures the cost of a recording: bytes for each target, and the time to add one.

use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use tlsweep::inventory::Endpoint;
use tlsweep::observation::{Certificate, Observation, SavedHeader, SavedWriter, Timing};

use super::material::{self, Authorities, Kind};

/// Number of targets: enough for several frames.
const TARGETS: usize = 10_000;

/// Number of chains that repeat.
const SEEN: usize = 50;

pub(crate) fn bench(c: &mut Criterion) {
    println!("recording, bytes for each of {TARGETS} targets:");
    for (name, kind) in Kind::ALL {
        let authorities = Authorities::new(kind);
        let leaf = authorities.chain(0)[0].len();
        let distinct = visits(&authorities, TARGETS);
        let seen = visits(&authorities, SEEN);
        let (distinct, seen) = (size(&distinct), size(&seen));
        println!(
            "  {name}: {distinct} for leaves of {leaf} bytes not met before, {seen} for chains met before"
        );
        assert!(seen < distinct, "a certificate is saved once");
    }
    let authorities = Authorities::new(Kind::Ecdsa);
    let visits = visits(&authorities, TARGETS);
    let mut group = c.benchmark_group("saved");
    group.throughput(Throughput::Elements(TARGETS as u64));
    group.bench_function("add_distinct", |b| b.iter(|| size(&visits)));
}

/// Returns this number of visits with this number of different chains.
fn visits(authorities: &Authorities, chains: usize) -> Vec<Observation> {
    let first: Vec<_> = (0..chains).map(|n| own_key(authorities, n)).collect();
    let visit = |number: usize| {
        let mut visit = first[number % chains].clone();
        visit.endpoint = Endpoint {
            target: Arc::new(material::target(number)),
            // The addresses are as far apart as those of a sweep.
            address: Some(scattered(number).into()),
        };
        let took = |step| {
            Some(Duration::from_nanos(u64::from(
                u32::from_le_bytes(scattered(number + step)) >> 4,
            )))
        };
        visit.timing = Timing {
            dns: took(1),
            connect: took(2),
            handshake: took(3),
            total: took(4),
            ..Timing::default()
        };
        visit.started_at += Duration::from_micros(number as u64 * 997);
        visit
    };
    (0..TARGETS).map(visit).collect()
}

/// Returns a visit whose leaf has a unique key. All leaves of the material have the same key, which
/// would compress to nothing, so its bytes are overwritten.
fn own_key(authorities: &Authorities, number: usize) -> Observation {
    let mut visit = authorities.observation(number);
    let key = authorities.public_key();
    let chain = visit.exchanges[0].chain.as_mut().expect("it was sent");
    let mut der = chain.certificates[0].der.to_vec();
    let place = der.windows(key.len()).position(|window| window == key);
    let place = place.expect("the leaf has this key");
    // A point consists of the key, except for its first byte. A modulus is between its header and
    // the exponent.
    let own = match key.first() {
        Some(4) => place + 1..place + key.len(),
        _ => place + 9..place + key.len() - 5,
    };
    for (index, byte) in der[own].iter_mut().enumerate() {
        *byte = scattered(number << 12 | index)[0];
    }
    chain.certificates[0] = Arc::new(Certificate::read(der.into()));
    visit
}

/// Returns numbers that do not compress (the finish of SplitMix).
fn scattered(number: usize) -> [u8; 4] {
    let z = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let [a, b, c, d, ..] = z.to_le_bytes();
    [a, b, c, d]
}

fn size(visits: &[Observation]) -> usize {
    let mut file = Vec::new();
    let header = SavedHeader::new(false, None, "handshake".to_owned(), Default::default());
    let mut writer = SavedWriter::new(&mut file, &header).expect("memory takes everything");
    for visit in visits {
        writer.add(visit).expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything");
    file.len() / visits.len()
}
