//! Measures the steps of a visit one by one, without a network. `cargo bench --bench micro`
//! measures them; under `cargo test` each runs once.

mod handshake;
mod material;
mod saved;

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tlsweep::inventory::{Defaults, Source, open};
use tlsweep::judge::{Judge, Policy};
use tlsweep::observation::{Certificate, Observation};
use tlsweep::output::{FORMATS, Layout, Record};
use tlsweep::pace::{Admission, Ceiling, Limits, Pacer, Rate};
use tlsweep::tls::{Flight, WIDE};

use material::{Authorities, Kind};

/// Composes our own ClientHello, and parses the unencrypted flight that answers it.
fn hello(c: &mut Criterion) {
    let mut group = c.benchmark_group("hello");
    group.bench_function("wide", |b| {
        b.iter(|| {
            WIDE.hello(black_box(Some("bench.test")), [7; 32], &[])
                .record()
        })
    });
    for (name, kind) in Kind::ALL {
        let flight = handshake::clear_flight(&Authorities::new(kind));
        group.throughput(Throughput::Bytes(flight.len() as u64));
        group.bench_function(format!("flight_{name}"), |b| {
            b.iter(|| {
                let mut read = Flight::default();
                black_box(read.push(black_box(&flight)));
                read
            });
        });
    }
}

fn certificates(c: &mut Criterion) {
    let mut group = c.benchmark_group("certificate");
    for (name, kind) in Kind::ALL {
        let chain = Authorities::new(kind).chain(0);
        for (place, der) in ["leaf", "intermediate"].into_iter().zip(chain) {
            group.bench_function(format!("read_{place}_{name}"), |b| {
                b.iter_batched(|| der.clone(), Certificate::read, BatchSize::SmallInput);
            });
        }
    }
}

/// Judges a chain that is new, a new leaf of a known issuer, and a chain that is known.
fn judging(c: &mut Criterion) {
    let mut group = c.benchmark_group("judge");
    for (name, kind) in Kind::ALL {
        let authorities = Authorities::new(kind);
        let policy = authorities.policy();
        let first = authorities.observation(0);
        group.bench_function(format!("cold_{name}"), |b| {
            let judge = || Judge::new(policy.clone());
            b.iter_batched(
                judge,
                |mut judge| judge.judge(&first),
                BatchSize::SmallInput,
            );
        });
        // More leaves than the judge caches, so that no cached leaf is used.
        let leaves: Vec<_> = (0..2_000).map(|n| authorities.observation(n)).collect();
        group.bench_function(format!("known_issuer_{name}"), |b| {
            let mut judge = Judge::new(policy.clone());
            let mut leaves = leaves.iter().cycle();
            b.iter(|| leaves.next().map(|leaf| judge.judge(leaf)));
        });
        group.bench_function(format!("known_chain_{name}"), |b| {
            let mut judge = Judge::new(policy.clone());
            b.iter(|| judge.judge(&first));
        });
        // The intermediate is not sent, and is found among many others.
        let alone: Vec<_> = (0..2_000).map(|n| authorities.leaf_alone(n)).collect();
        for others in [0, 10_000] {
            let policy = authorities.policy_knowing(others);
            group.bench_function(format!("missing_among_{}_{name}", others + 1), |b| {
                let mut judge = Judge::new(policy.clone());
                let mut leaves = alone.iter().cycle();
                b.iter(|| leaves.next().map(|leaf| judge.judge(leaf)));
            });
        }
        // The end of a sweep: unsettled rows, each with a different leaf.
        let waiting: Vec<_> = (0..10_000).map(|n| authorities.leaf_alone(n)).collect();
        let policy = authorities.policy_knowing(0);
        group.sample_size(10);
        group.bench_function(format!("settle_{}_{name}", waiting.len()), |b| {
            b.iter(|| {
                let mut judge = Judge::new(policy.clone());
                waiting.iter().for_each(|row| drop(judge.judge(row)));
            });
        });
    }
    let (policy, observation) = material::hostile();
    group.bench_function("hostile_namesakes", |b| {
        let judge = || Judge::new(policy.clone());
        b.iter_batched(
            judge,
            |mut judge| judge.judge(&observation),
            BatchSize::SmallInput,
        );
    });
}

fn rows(c: &mut Criterion) {
    let authorities = Authorities::new(Kind::Ecdsa);
    let (observation, policy) = (authorities.observation(0), authorities.policy());
    let mut group = c.benchmark_group("row");
    for format in FORMATS {
        row(&mut group, format, &observation, &policy);
    }
}

fn row(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    format: &tlsweep::output::Format,
    observation: &Observation,
    policy: &Arc<Policy>,
) {
    let verdict = Judge::new(policy.clone()).judge(observation);
    let at = policy.time_for(observation);
    let sink = (format.open)(Box::new(std::io::sink()), Layout::default());
    let mut sink = sink.expect("a sink takes everything");
    group.bench_function(format.name, |b| {
        b.iter(|| sink.write(&Record::new(observation, &verdict, at)));
    });
}

/// Visits that are parked, admitted and finished: all to one address, and each to its own.
fn pacing(c: &mut Criterion) {
    const VISITS: u32 = 10_000;
    let limits = Limits {
        rate: Rate::UNLIMITED,
        rate_per_ip: Rate::UNLIMITED,
        in_flight: Ceiling::at(2_000),
        in_flight_per_ip: Ceiling::UNLIMITED,
    };
    let mut group = c.benchmark_group("pacer");
    group.throughput(Throughput::Elements(u64::from(VISITS)));
    for (name, addresses) in [("one_address", 1), ("many_addresses", VISITS)] {
        group.bench_function(name, |b| b.iter(|| admit_all(limits, VISITS, addresses)));
    }
}

fn admit_all(limits: Limits, visits: u32, addresses: u32) -> u32 {
    let mut now = start();
    let mut pacer = Pacer::new(limits, now);
    for visit in 0..visits {
        let address = IpAddr::from(Ipv4Addr::from(0x7f00_0000 + visit % addresses));
        pacer.push(address, visit);
    }
    let mut admitted = 0;
    loop {
        match pacer.poll(now) {
            Admission::Go { key, .. } => {
                admitted += 1;
                pacer.finished(key, now);
            }
            Admission::Wait(at) => now = at,
            Admission::Blocked => return admitted,
        }
        now += Duration::from_nanos(10);
    }
}

fn reading(c: &mut Criterion) {
    const LINES: usize = 10_000;
    let text: String = (0..LINES)
        .map(|number| format!("{}:8443\n", material::name(number)))
        .collect();
    let mut group = c.benchmark_group("targets");
    group.throughput(Throughput::Elements(LINES as u64));
    group.bench_function("lines", |b| {
        b.iter(|| {
            let source = Source::Stdin(Box::new(std::io::Cursor::new(text.clone())));
            let reader = open(source, &Defaults::default()).expect("there are lines");
            let read = reader.filter(Result::is_ok).count();
            assert_eq!(read, LINES);
        });
    });
}

#[allow(clippy::disallowed_methods, reason = "simulated time starts somewhere")]
fn start() -> Instant {
    Instant::now()
}

criterion_group!(
    steps,
    handshake::bench,
    hello,
    certificates,
    judging,
    rows,
    saved::bench,
    pacing,
    reading
);
criterion_main!(steps);
