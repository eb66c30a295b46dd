//! `judge`: judges a recording again and writes its rows.

use super::ending::{self, Terms};
use crate::cli::{self, Exit, JudgeFlags, JudgePlan};
use crate::output::{Clean, notice};
use crate::probe;
use crate::summary::{
    Manifest, ManifestLimits, ManifestSelection, Program, Saved, Summary, counted,
};
use crate::sweep::Rejudged;

pub(super) fn run(flags: &JudgeFlags) -> anyhow::Result<Exit> {
    let plan = JudgePlan::new(flags)?;
    plan.notices
        .iter()
        .for_each(|text| notice(format_args!("{}", Clean::new(text))));
    let mut manifest = begun(&plan, flags);
    let recorded = plan.rejudge.recording.header().all_versions.is_some();
    let Rejudged {
        ended,
        complete,
        sweep,
    } = plan.rejudge.run();
    manifest.sweep = sweep.map(|mut sweep| {
        let arguments = std::mem::take(&mut sweep.start.arguments);
        sweep.start.arguments = ending::published(arguments, &flags.publication);
        sweep
    });
    ending::report(&ended, flags.output.quiet);
    let visits = ended.summary.visits();
    if !complete && ended.error.is_none() {
        notice(format_args!(
            "{} is incomplete: the scan that wrote it was interrupted, or the file was truncated; it has {}, and only {} judged",
            flags.recording.display(),
            counted(visits, "complete visit", "complete visits"),
            if visits == 1 { "this is" } else { "these are" }
        ));
    }
    let unsaved = ended.summary.unsaved;
    if unsaved > 0 {
        notice(format_args!(
            "{} lacks {} that sent too much data to be saved; only the output of the scan has the rows",
            flags.recording.display(),
            counted(unsaved, "endpoint", "endpoints")
        ));
    }
    manifest.complete = complete && unsaved == 0 && ended.error.is_none();
    manifest.all_versions = ended.summary.counts().versions.is_some();
    manifest
        .saved
        .iter_mut()
        .for_each(|saved| saved.whole = complete);
    // The header of an older recording does not say which versions were tested.
    let unasked = !recorded && !manifest.all_versions && visits > 0;
    let written = ending::write(manifest, plan.beside.as_deref(), &plan.written, &ended);
    let terms = Terms {
        gate: &flags.gate,
        // Which lines may be unread was a matter of the scan.
        max_unread: u64::MAX,
        missing: (!complete || unsaved > 0).then_some("the recording is incomplete"),
        explained: true,
        nothing: "the recording contains no endpoint",
    };
    let mut exit = ending::exit(ended, &terms)?;
    if unasked && let Some(error) = cli::versions_unasked(&flags.gate.fail_on) {
        notice(format_args!("{}", Clean::new(&error.to_string())));
        exit = Exit::Usage;
    }
    written.map(|()| exit)
}

/// Returns the manifest as known before judging.
fn begun(plan: &JudgePlan, flags: &JudgeFlags) -> Manifest {
    let header = plan.rejudge.recording.header();
    let started_at = probe::now();
    Manifest {
        schema: crate::output::SCHEMA,
        program: Program::this(),
        arguments: ending::published(cli::arguments(), &flags.publication),
        anonymized: cli::anonymized(&flags.publication),
        started_at,
        finished_at: started_at,
        judged_at: flags.trust.at,
        complete: false,
        inputs: Vec::new(),
        files: cli::files_read(None, &flags.trust),
        saved: Some(Saved {
            saved_by: header.tlsweep.clone(),
            whole: false,
        }),
        sweep: None,
        outputs: Vec::new(),
        trust: ending::stores(&plan.rejudge.policy),
        required_stores: ending::required(&plan.rejudge.policy),
        revocation: ending::revocation(&plan.rejudge.policy),
        resolvers: Vec::new(),
        vantage: header.vantage.clone(),
        probe: header.probe.clone(),
        all_versions: false,
        facts: header.facts,
        hellos: Vec::new(),
        choice: ManifestSelection::default(),
        limits: ManifestLimits::default(),
        counts: Summary::default().counts(),
    }
}
