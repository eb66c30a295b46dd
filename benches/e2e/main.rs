//! Measures the whole program against servers on loopback, and compares it with the minimum cost of
//! the work. `scripts/bench` runs it; `docs/PERFORMANCE.md` explains the table.
//!
//! The measure is CPU time, not wall-clock time: user and system time of the scanner alone. The
//! scanner and the servers are separate processes. Start-up cost is removed by using the difference
//! between a short and a long sweep. Drift of the machine is removed by several rounds over all
//! cases and by medians. Under `cargo test`, one short round shows that everything still works.

mod bare;
mod cases;
mod plan;
mod process;
mod table;
mod work;

use std::process::ExitCode;

use cases::Bench;

/// The amount of work.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    /// Number of targets of the short sweep.
    pub(crate) short: usize,
    /// Number of targets of the long sweep.
    pub(crate) long: usize,
    /// Numbers of connections kept open at servers that never answer: few, and many.
    pub(crate) stalled: (usize, usize),
    /// Number of rounds.
    pub(crate) rounds: usize,
    /// Number of targets of the sweep that shows constant memory use; 0 skips it.
    pub(crate) flat: usize,
}

const FULL: Extent = Extent {
    short: 2_000,
    long: 10_000,
    stalled: (1_000, 9_000),
    rounds: 3,
    flat: 0,
};

/// Returns the smallest amount that shows that every case works.
const SMOKE: Extent = Extent {
    short: 20,
    long: 60,
    stalled: (10, 40),
    rounds: 1,
    flat: 0,
};

/// Number of targets of the sweep with `--flat`.
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
    // `cargo bench` passes this flag; `cargo test` does not.
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
        wrong => Err(Failed::Message(format!(
            "{wrong} rows are wrong: see the last column of the table"
        ))),
    }
}

/// Why a benchmark failed, and during which step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("{0}: {1}")]
    Io(&'static str, std::io::Error),
    #[error("the lab: {0}")]
    Lab(#[from] tlsweep::lab::LabError),
    #[error("{0}")]
    Message(String),
}

/// Adds the current step to an I/O error.
pub(crate) fn doing(what: &'static str) -> impl Fn(std::io::Error) -> Failed {
    move |error| Failed::Io(what, error)
}
