//! Prints the table: medians over the rounds, and ratios to both references of the same round.

use std::time::Duration;

use super::cases::{Pair, Results};
use super::plan::{FLAT, FLOOR};

pub(crate) fn print(results: &Results) {
    let floors: Vec<f64> = pairs(results, FLOOR).iter().map(micros).collect();
    let Some(floor) = median(floors.clone()) else {
        return;
    };
    let work = |part: fn(&super::work::Work) -> Duration| {
        let parts = results.work.iter().map(part);
        median(parts.map(|part| part.as_secs_f64() * 1e6).collect()).unwrap_or_default()
    };
    println!(
        "floor {floor:.1} µs; X25519 {:.1}, CertificateVerify {:.1}, chain signature {:.1} µs\n",
        work(|work| work.exchange),
        work(|work| work.proof),
        work(|work| work.signature),
    );
    println!(
        "{:<15}{:>12}{:>9}{:>13}{:>11}{:>9}{:>12}{:>8}",
        "case",
        "CPU µs each",
        "x floor",
        "x necessary",
        "targets/s",
        "CPU busy",
        "peak MB",
        "wrong"
    );
    for case in results.cases.iter().filter(|case| case.name != FLAT) {
        let (name, pairs) = (case.name, &case.pairs);
        let necessary =
            |round: usize| floors[round] + results.work[round].of(case.needs).as_secs_f64() * 1e6;
        let over = |yardstick: &dyn Fn(usize) -> f64| {
            let ratios = pairs.iter().enumerate();
            median(
                ratios
                    .map(|(round, pair)| micros(pair) / yardstick(round))
                    .collect(),
            )
            .unwrap_or_default()
        };
        let middle =
            |of: &dyn Fn(&Pair) -> f64| median(pairs.iter().map(of).collect()).unwrap_or_default();
        println!(
            "{name:<15}{:>12.1}{:>9.2}{:>13.2}{:>11.0}{:>9.2}{:>12.1}{:>8}",
            middle(&micros),
            over(&|round| floors[round]),
            over(&necessary),
            middle(&|pair| 1e6 / wall_micros(pair)),
            middle(&|pair| micros(pair) / wall_micros(pair)),
            middle(&|pair| pair.long.peak_kb as f64 / 1024.0),
            pairs.iter().map(|pair| pair.wrong).sum::<usize>(),
        );
    }
    println!();
    conclude(results);
}

/// Prints the comparisons between two cases.
fn conclude(results: &Results) {
    let middle = |name: &str, of: &dyn Fn(&Pair) -> f64| {
        median(pairs(results, name).iter().map(of).collect())
    };
    for name in ["distinct", "seen"] {
        let (clear, full) = (
            pairs(results, &format!("hello {name}")),
            pairs(results, name),
        );
        let ratios = clear.iter().zip(full);
        if let Some(ratio) = median(
            ratios
                .map(|(clear, full)| micros(clear) / micros(full))
                .collect(),
        ) {
            println!("hello lane: {name} at {ratio:.2} x the handshake lane");
        }
    }
    if let (Some(one), Some(two)) = (middle("distinct", &micros), middle("two cores", &micros)) {
        // The server needs a core as well, so wall-clock time shows nothing.
        println!(
            "two cores: {:.2} x the work of one for the same CPU time each",
            2.0 * one / two
        );
    }
    // Both with 10,000 concurrent connections, on the server's core.
    let live_rate = |pair: &Pair| 1.0 / wall_micros(pair);
    if let (Some(live), Some(mixed)) = (
        middle("crowded", &live_rate),
        middle("30% dead", &live_rate),
    ) {
        println!(
            "30% dead: live targets at {:.0} % of the rate without",
            70.0 * mixed / live
        );
    }
    if let Some(bytes) = middle("stalled", &bytes_each) {
        println!("stalled: {:.1} KB of memory each in flight", bytes / 1024.0);
    }
    for pair in pairs(results, FLAT) {
        println!(
            "flat: {:.1} MB for {} targets, {:.1} MB for {}",
            pair.short.peak_kb as f64 / 1024.0,
            pair.targets.0,
            pair.long.peak_kb as f64 / 1024.0,
            pair.targets.1
        );
    }
}

fn pairs<'a>(results: &'a Results, name: &str) -> &'a [Pair] {
    let mut all = results.cases.iter();
    all.find(|case| case.name == name)
        .map_or(&[], |case| &case.pairs)
}

/// Returns the CPU time of one more target.
fn micros(pair: &Pair) -> f64 {
    slope(pair, |used| used.cpu.as_secs_f64() * 1e6)
}

fn wall_micros(pair: &Pair) -> f64 {
    slope(pair, |used| used.wall.as_secs_f64() * 1e6)
}

/// Returns the memory of one more target.
fn bytes_each(pair: &Pair) -> f64 {
    slope(pair, |used| used.peak_kb as f64 * 1024.0)
}

fn slope(pair: &Pair, of: impl Fn(&super::process::Used) -> f64) -> f64 {
    let (short, long) = pair.targets;
    (of(&pair.long) - of(&pair.short)) / (long - short) as f64
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
