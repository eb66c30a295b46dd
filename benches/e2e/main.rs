//! The whole program against servers on loopback, held against what the work costs at least.
//! `scripts/bench` runs it; `docs/PERFORMANCE.md` says how to read the table.
//!
//! CPU is what counts, not the clock on the wall: user and system time of the scanner alone, which
//! is a process of its own, as are the servers. Start-up is taken out by the slope between a short
//! and a long sweep, drift of the machine by going round all cases several times and taking
//! medians. Under `cargo test` one short round shows that everything still works.

mod bare;
mod cases;
mod plan;
mod process;
mod table;
mod work;

use std::process::ExitCode;

use cases::Bench;

/// How much to do.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    /// Targets of the short sweep.
    pub(crate) short: usize,
    /// Targets of the long sweep.
    pub(crate) long: usize,
    /// Connections held at servers that never answer: few, and many.
    pub(crate) stalled: (usize, usize),
    /// Rounds.
    pub(crate) rounds: usize,
    /// Targets of the sweep that shows flat memory; 0 leaves it out.
    pub(crate) flat: usize,
}

const FULL: Extent = Extent {
    short: 2_000,
    long: 10_000,
    stalled: (1_000, 9_000),
    rounds: 3,
    flat: 0,
};

/// Enough to see that every case works.
const SMOKE: Extent = Extent {
    short: 20,
    long: 60,
    stalled: (10, 40),
    rounds: 1,
    flat: 0,
};

/// Targets of the sweep with `--flat`.
const MILLION: usize = 1_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match words.as_slice() {
        ["serve", kind, count, root] => process::serve(kind, count, root),
        ["bare", targets, hello] => bare::run(targets, hello),
        words => measure(words),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tlsweep::output::notice(format_args!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(words: &[&str]) -> Result<(), Failed> {
    // cargo bench says so; cargo test does not.
    let mut extent = if words.contains(&"--bench") {
        FULL
    } else {
        SMOKE
    };
    if words.contains(&"--flat") {
        extent.flat = MILLION;
    }
    if words.contains(&"--quick") {
        extent.rounds = 1;
    }
    let only: Vec<&str> = words
        .iter()
        .filter(|word| !word.starts_with("--"))
        .copied()
        .collect();
    let bench = Bench::start(extent)?;
    let results = bench.rounds(&only)?;
    table::print(&results);
    match results.wrong() {
        0 => Ok(()),
        wrong => Err(Failed::Said(format!(
            "{wrong} rows say what is not so: see the last column of the table"
        ))),
    }
}

/// Something did not work, with what was being done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("{0}: {1}")]
    Io(&'static str, std::io::Error),
    #[error("the lab: {0}")]
    Lab(#[from] tlsweep::lab::LabError),
    #[error("{0}")]
    Said(String),
}

/// Names what was being done when an I/O error came.
pub(crate) fn doing(what: &'static str) -> impl Fn(std::io::Error) -> Failed {
    move |error| Failed::Io(what, error)
}
