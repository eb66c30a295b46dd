//! The end of `scan` and `judge`: the manifest and the exit code.

use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::cli::{AnonymizeFlags, Exit, FailOn, GateFlags, WrittenFile};
use crate::judge::findings::FINDINGS;
use crate::judge::{Policy, TrustStore};
use crate::output::{Clean, OutputError, notice};
use crate::probe;
use crate::summary::{FileHash, Input, Manifest, Output, Revocation, Store, Summary, counted};
use crate::sweep::{Ended, SweepError};

/// Prints the summary on standard error, or only its hints if `quiet` is true. An error makes the
/// hints unimportant.
pub(super) fn report(ended: &Ended, quiet: bool) {
    let summary = &ended.summary;
    match quiet {
        true if ended.error.is_some() => {}
        true => summary
            .hints()
            .iter()
            .for_each(|hint| notice(format_args!("{hint}"))),
        // A write error on standard error is ignored.
        false => drop(write!(std::io::stderr(), "\n{summary}")),
    }
    if !summary.absent_tags.is_empty() && ended.error.is_none() {
        let names = summary.absent_tags.join(", ");
        notice(format_args!(
            "--keep-tags: no row has a tag named {}",
            Clean::new(&names)
        ));
    }
}

/// What the exit code depends on besides the rows.
pub(super) struct Terms<'a> {
    /// The flags of the exit code.
    pub(super) gate: &'a GateFlags,
    /// Number of input lines that may be unread under `--fail-on`.
    pub(super) max_unread: u64,
    /// Why rows are missing; `None` if none is.
    pub(super) missing: Option<&'static str>,
    /// True if a match of `--fail-on` is reported.
    pub(super) explained: bool,
    /// Message if there is no row and no target was skipped.
    pub(super) nothing: &'static str,
}

/// Returns the exit code.
pub(super) fn exit(ended: Ended, terms: &Terms<'_>) -> anyhow::Result<Exit> {
    match ended.error {
        // The reader of standard output has stopped reading, which is not a failure.
        Some(SweepError::Output(OutputError::Closed)) => return Ok(Exit::Finished),
        Some(error) => return Err(error).context("the scan could not finish"),
        None => {}
    }
    if ended.interrupted {
        return Ok(Exit::Interrupted);
    }
    if ended.summary.rows() == 0 {
        match ended.summary.intake.skipped() {
            Some(skipped) => notice(format_args!("nothing was visited: {skipped}")),
            None => notice(format_args!("{}", terms.nothing)),
        }
        return Ok(Exit::Usage);
    }
    let fail_on = &terms.gate.fail_on;
    let matched = matched(&ended.summary, fail_on);
    if !matched.is_empty() {
        if terms.explained {
            notice(format_args!("exit code 1: --fail-on matches {matched}"));
        }
        return Ok(Exit::Found);
    }
    match unjudged(&ended.summary, terms) {
        Some(reason) if !fail_on.is_empty() => {
            notice(format_args!("exit code 4: {reason}"));
            Ok(Exit::Unjudged)
        }
        _ => Ok(Exit::Finished),
    }
}

/// Returns the findings that match, with their numbers of rows; empty if there are none.
fn matched(summary: &Summary, fail_on: &[FailOn]) -> String {
    let matched = FINDINGS.iter().filter(|finding| {
        let mut named = fail_on.iter().filter(|on| on.names(finding));
        summary.rows_with(finding) > 0 && named.next().is_some()
    });
    let matched = matched.map(|finding| {
        let rows = counted(summary.rows_with(finding), "endpoint", "endpoints");
        format!("{} ({rows})", finding.id)
    });
    matched.collect::<Vec<_>>().join(", ")
}

/// Returns why the rows cannot show that nothing matches `--fail-on`, or `None` if they can.
fn unjudged(summary: &Summary, terms: &Terms<'_>) -> Option<String> {
    if let Some(missing) = terms.missing {
        return Some(missing.to_owned());
    }
    let (unread, max_unread) = (summary.intake.rejected, terms.max_unread);
    if unread > max_unread {
        let lines = counted(unread, "input line", "input lines");
        return Some(format!(
            "{lines} could not be read (--max-unread {max_unread})"
        ));
    }
    let (reached, least) = (summary.reached(), terms.gate.min_reached);
    let of = summary.visits();
    let enough = u128::from(reached) * 100 >= u128::from(of) * u128::from(least);
    (!enough).then(|| {
        let endpoints = counted(of, "endpoint", "endpoints");
        format!("only {reached} of {endpoints} could be reached (--min-reached {least})")
    })
}

/// Adds the results to a manifest and writes it next to the first output.
pub(super) fn write(
    mut manifest: Manifest,
    beside: Option<&Path>,
    written: &[WrittenFile],
    ended: &Ended,
) -> anyhow::Result<()> {
    let Some(beside) = beside.map(Manifest::beside) else {
        return Ok(());
    };
    manifest.finished_at = probe::now();
    let inputs = ended.inputs.iter();
    manifest.inputs = inputs
        .map(|(read, targets)| Input::of(read, *targets))
        .collect();
    let rows = ended.summary.rows();
    manifest.outputs = written.iter().map(|file| output(file, rows)).collect();
    manifest.counts = ended.summary.counts();
    let written = manifest.write(&beside);
    written.with_context(|| format!("cannot write the manifest {}", beside.display()))
}

/// Returns the command line for the manifest. If rows are anonymized, it is left out: it may name the
/// targets.
pub(super) fn published(arguments: Vec<String>, flags: &AnonymizeFlags) -> Vec<String> {
    match flags.anonymize.is_empty() {
        true => arguments,
        false => Vec::new(),
    }
}

/// Returns the stores of a policy.
pub(super) fn stores(policy: &Policy) -> Vec<Store> {
    let store = |store: &TrustStore| Store {
        name: store.name().to_string(),
        date: store.date().map(str::to_owned),
        anchors: store.len() as u64,
        anchors_sha256: store.anchors_sha256(),
    };
    policy.stores.iter().map(store).collect()
}

/// Returns the revocation sources of a policy.
pub(super) fn revocation(policy: &Policy) -> Option<Revocation> {
    let data = policy.revocation.as_ref()?;
    let asked = [
        (data.sources.staple, "staple"),
        (data.sources.crl, "crl"),
        (data.sources.crlite, "crlite"),
    ];
    let sources = asked.iter().filter(|(asked, _)| *asked);
    Some(Revocation {
        sources: sources.map(|(_, word)| (*word).to_owned()).collect(),
        lists: data.crl_count() as u64,
        filters: data.filter_count() as u64,
    })
}

/// Returns the names of the required stores, if there are any.
pub(super) fn required(policy: &Policy) -> Vec<String> {
    let named = policy.required.iter();
    let stores = named.filter_map(|store| policy.stores.get(*store));
    stores.map(|store| store.name().to_string()).collect()
}

/// Describes a finished output. Only outputs of `-o` contain rows.
fn output(file: &WrittenFile, rows: u64) -> Output {
    Output {
        file: FileHash::of(file.flag, &file.path),
        rows: (file.flag == "-o").then_some(rows),
    }
}
