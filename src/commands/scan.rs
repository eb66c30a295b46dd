//! `scan`: the sweep with its summary, manifest and exit code.

use super::ending::{self, Terms};
use crate::cli::{self, Exit, Plan, ScanFlags, WrittenFile};
use crate::output::{Clean, notice};
use crate::summary::{Manifest, SweepStart};
use crate::sweep::Ended;

pub(super) fn run(flags: ScanFlags) -> anyhow::Result<Exit> {
    let plan = Plan::new(&flags)?;
    plan.notices
        .iter()
        .for_each(|text| notice(format_args!("{}", Clean::new(text))));
    if flags.targets.dry_run {
        return super::dry_run::run(plan, &flags);
    }
    let manifest = Unfinished::new(&plan, &flags);
    let ended = plan.sweep.run()?;
    ending::report(&ended, flags.output.quiet);
    // If both fail, the error of the sweep is more important than that of the manifest.
    let written = manifest.finish(&ended);
    let terms = Terms {
        gate: &flags.results.gate,
        max_unread: flags.results.max_unread,
        missing: None,
        // `check` shows the findings instead.
        explained: !flags.output.advice,
        nothing: "the input contains no valid target",
    };
    let exit = ending::exit(ended, &terms)?;
    written.map(|()| exit)
}

/// The manifest as known before the sweep.
struct Unfinished {
    manifest: Manifest,
    beside: Option<std::path::PathBuf>,
    written: Vec<WrittenFile>,
}

impl Unfinished {
    fn new(plan: &Plan, flags: &ScanFlags) -> Self {
        let sweep = &plan.sweep;
        let SweepStart {
            program,
            arguments,
            started_at,
            files,
            resolvers,
            hellos,
            choice,
            limits,
        } = plan.start.clone();
        Self {
            beside: plan.beside.clone(),
            written: plan.written.clone(),
            manifest: Manifest {
                schema: crate::output::SCHEMA,
                program,
                arguments: ending::published(arguments, &flags.publication),
                anonymized: cli::anonymized(&flags.publication),
                started_at,
                finished_at: started_at,
                judged_at: flags.trust.at,
                complete: false,
                inputs: Vec::new(),
                files,
                saved: None,
                sweep: None,
                outputs: Vec::new(),
                trust: ending::stores(&sweep.policy),
                required_stores: ending::required(&sweep.policy),
                revocation: ending::revocation(&sweep.policy),
                resolvers,
                vantage: flags.results.vantage.clone(),
                probe: sweep.approach.lane.name().to_owned(),
                all_versions: sweep.approach.all_versions,
                facts: sweep.approach.facts,
                hellos,
                choice,
                limits,
                counts: crate::summary::Summary::default().counts(),
            },
        }
    }

    fn finish(self, ended: &Ended) -> anyhow::Result<()> {
        let Self {
            mut manifest,
            beside,
            written,
        } = self;
        manifest.complete = !ended.interrupted && ended.error.is_none();
        ending::write(manifest, beside.as_deref(), &written, ended)
    }
}
