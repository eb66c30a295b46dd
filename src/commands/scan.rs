//! `scan`: the sweep, its summary, its manifest, its exit code.

use std::io::Write;

use anyhow::Context;

use crate::cli::{Exit, Plan, ScanFlags};
use crate::judge::Policy;
use crate::output::{OutputError, tell};
use crate::pace;
use crate::probe;
use crate::summary::{Choice, Input, Limits, Manifest, Store};
use crate::sweep::{Ended, SweepError};

pub(super) fn run(flags: ScanFlags) -> anyhow::Result<Exit> {
    let plan = Plan::new(&flags)?;
    let quiet = flags.output.quiet;
    if !quiet {
        plan.notices
            .iter()
            .for_each(|notice| tell(format_args!("{notice}")));
    }
    let manifest = Unfinished::new(&plan, &flags);
    let ended = plan.sweep.run()?;
    if !quiet {
        // As with everything said to people: nobody may be there to hear it.
        let _ = write!(std::io::stderr(), "\n{}", ended.summary);
    }
    // Why the sweep could not finish is the more telling of two errors.
    let written = manifest.finish(&ended);
    let exit = exit(ended, &flags)?;
    written.map(|()| exit)
}

fn exit(ended: Ended, flags: &ScanFlags) -> anyhow::Result<Exit> {
    match ended.error {
        // Whoever read along has seen enough.
        Some(SweepError::Output(OutputError::Closed)) => return Ok(Exit::Finished),
        Some(error) => return Err(error).context("the sweep could not finish"),
        None => {}
    }
    if ended.interrupted {
        return Ok(Exit::Interrupted);
    }
    let intake = &ended.summary.intake;
    if intake.targets + intake.excluded + intake.duplicates + intake.left_out == 0 {
        tell(format_args!("the input holds no target that could be read"));
        return Ok(Exit::Usage);
    }
    let found = |id: &&str| ended.summary.found(id);
    let failing = flags
        .results
        .fail_on
        .iter()
        .any(|findings| findings.iter().any(found));
    Ok(if failing { Exit::Found } else { Exit::Finished })
}

/// What the manifest says before the sweep has run.
struct Unfinished {
    manifest: Manifest,
    beside: Option<std::path::PathBuf>,
}

impl Unfinished {
    fn new(plan: &Plan, flags: &ScanFlags) -> Self {
        let sweep = &plan.sweep;
        let started_at = probe::now();
        Self {
            beside: plan.files.first().cloned(),
            manifest: Manifest {
                schema: crate::output::SCHEMA,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                arguments: arguments(),
                started_at,
                finished_at: started_at,
                judged_at: flags.trust.at,
                complete: false,
                inputs: Vec::new(),
                outputs: plan
                    .files
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect(),
                trust: stores(&sweep.policy),
                required_stores: required(&sweep.policy),
                resolvers: plan.resolvers.clone(),
                vantage: flags.results.vantage.clone(),
                probe: match sweep.approach.lane {
                    probe::Lane::Handshake => "handshake".to_owned(),
                    probe::Lane::Hello => "hello".to_owned(),
                },
                all_versions: sweep.approach.all_versions,
                choice: choice(&sweep.intake.choice),
                limits: limits(plan),
                counts: crate::summary::Summary::default().counts(),
            },
        }
    }

    fn finish(self, ended: &Ended) -> anyhow::Result<()> {
        let Self {
            mut manifest,
            beside,
        } = self;
        let Some(beside) = beside.as_deref().map(Manifest::beside) else {
            return Ok(());
        };
        manifest.finished_at = probe::now();
        manifest.complete = !ended.interrupted && ended.error.is_none();
        manifest.inputs = ended.inputs.iter().map(input).collect();
        manifest.counts = ended.summary.counts();
        let written = manifest.write(&beside);
        written.with_context(|| format!("cannot write the manifest {}", beside.display()))
    }
}

/// The command line; what is not UTF-8 is shown as far as it can be.
fn arguments() -> Vec<String> {
    let arguments = std::env::args_os();
    arguments
        .map(|it| it.to_string_lossy().into_owned())
        .collect()
}

fn input((read, targets): &(crate::target::Input, u64)) -> Input {
    Input {
        name: read.source.to_string(),
        sha256: read.complete.then_some(read.sha256),
        bytes: read.bytes,
        targets: Some(*targets),
    }
}

fn choice(choice: &crate::sweep::Choice) -> Choice {
    Choice {
        sample: choice.sample.map(|sample| sample.get() as u64),
        shard: choice.shard.map(|shard| shard.to_string()),
        seed: choice.seed,
    }
}

fn stores(policy: &Policy) -> Vec<Store> {
    let store = |store: &crate::judge::TrustStore| Store {
        name: store.name().to_string(),
        date: store.date().map(str::to_owned),
        anchors: store.len() as u64,
    };
    policy.stores.iter().map(store).collect()
}

fn required(policy: &Policy) -> Vec<String> {
    let named = policy.required.iter();
    let stores = named.filter_map(|store| policy.stores.get(*store));
    stores.map(|store| store.name().to_string()).collect()
}

fn limits(plan: &Plan) -> Limits {
    let (limits, timeouts) = (&plan.sweep.limits, &plan.sweep.timeouts);
    let milliseconds = |time: std::time::Duration| u64::try_from(time.as_millis()).ok();
    let ceiling = |ceiling: pace::Ceiling| {
        (ceiling != pace::Ceiling::UNLIMITED).then_some(ceiling.get() as u64)
    };
    let rate = |rate: pace::Rate| rate.interval().map(|interval| 1.0 / interval.as_secs_f64());
    Limits {
        rate: rate(limits.rate),
        rate_per_ip: rate(limits.rate_per_ip),
        concurrency: ceiling(limits.in_flight),
        concurrency_per_ip: ceiling(limits.in_flight_per_ip),
        connect_timeout_ms: milliseconds(timeouts.connect),
        handshake_timeout_ms: milliseconds(timeouts.handshake),
        timeout_ms: milliseconds(timeouts.total),
        retries: Some(plan.sweep.retries),
    }
}
