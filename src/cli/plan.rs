//! Creates the plan of a scan from flags. Everything is opened and checked here, before the first
//! packet. Errors name the flag or the file, and say what to write instead.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::{CannotStart, PlanError};
use super::failing::{self, refuse_unasked};
use super::flags::{
    HelloFlags, LaneChoice, OutputFlags, PaceFlags, PatienceFlags, ScanFlags, TargetFlags,
    VersionsChoice,
};
use super::given_file::mistaken_for_targets;
use super::naming::{LookupLimits, resolver};
use super::opening::{self, Beginning, Opened, Written};
use super::provenance::{self, Applied, WrittenFile};
use super::publication::anonymizer;
use super::revocation::Lists;
use super::trust::policy;
use crate::inventory::fold_name;
use crate::judge::findings::AskedFor;
use crate::observation::SavedHeader;
use crate::output::{FORMATS, Format, Layout, OutputError, OutputPath};
use crate::pace::{Ceiling, Limits, OpenFiles, raise_open_files};
use crate::probe::{Approach, Lane, Timeouts};
use crate::resolve::ExcludeList;
use crate::starttls;
use crate::summary::{self, SweepStart};
use crate::sweep::{Display, Intake, Inventory, Selection, Sweep, report_rejects};

/// A sweep that can start.
pub struct Plan {
    /// The sweep to run.
    pub sweep: Sweep,
    /// Messages to show before it starts.
    pub notices: Vec<String>,
    /// What is known about the sweep, for its manifest.
    pub start: SweepStart,
    /// The row output next to which the manifest is written, if there is one.
    pub beside: Option<PathBuf>,
    /// All files that are written, for the manifest.
    pub written: Vec<WrittenFile>,
}

impl Plan {
    /// Opens and checks everything that these flags name.
    pub fn new(flags: &ScanFlags) -> Result<Self, CannotStart> {
        let excludes = Arc::new(match &flags.targets.exclude {
            Some(path) => ExcludeList::read(path).map_err(PlanError::Exclude)?,
            None => ExcludeList::default(),
        });
        let sources = super::reading::sources(&flags.targets)?;
        let mut notices = mistaken_for_targets(&flags.targets.targets);
        let policy = Arc::new(policy(&flags.trust, Lists::Fetched, &mut notices)?);
        let approach = approach(&flags.hellos);
        let asked = AskedFor {
            all_versions: approach.all_versions,
            facts: approach.facts,
            revocation: policy
                .revocation
                .as_ref()
                .map(|it| it.sources)
                .unwrap_or_default(),
        };
        refuse_unasked(&flags.results.gate.fail_on, &asked, failing::From::Visits)?;
        let files = raise_open_files();
        let mut lookups = LookupLimits::new(&flags.names, flags.pace.rate);
        let dns_concurrency = lookups.concurrency;
        let budget = files.budget(lookups.concurrency, OPEN_OTHERWISE);
        lookups.concurrency = budget.dns_in_flight;
        let resolver = resolver(&flags.names, lookups, excludes.clone())?;
        let timeouts = timeouts(&flags.patience);
        let limits = limits(&flags.pace, files, budget.in_flight, &mut notices);
        if let Some(wanted) = flags.names.dns_concurrency
            && wanted.get() > budget.dns_in_flight
        {
            notices.push(format!(
                "--dns-concurrency {wanted} needs more open files than this machine allows ({}): using {}",
                files.limit, budget.dns_in_flight
            ));
        }
        let fetcher = super::fetcher(
            flags.fetch,
            &policy,
            &flags.names,
            excludes.clone(),
            &timeouts,
            limits,
        )?;
        let ehlo = ehlo(&flags.targets)?;
        let places = places(&flags.output)?;
        let anonymizer = anonymizer(&flags.publication, flags.results.certs.as_deref())?;
        let display = display(&flags.output, &places);
        let choice = Selection {
            shard: flags.targets.shard,
            sample: flags.targets.sample,
            seed: flags.targets.seed,
        };
        // All flags are valid. Only the inventory and opening the outputs can still fail.
        let inventory = sources.survey(&excludes, &choice)?;
        if let Some(skipped) = inventory.nothing_to_visit() {
            return Err(no_target(flags, inventory, &skipped));
        }
        let applied = Applied {
            limits,
            timeouts,
            lookups,
            dns_concurrency,
            resolvers: resolver.describe(),
            approach,
        };
        let start = provenance::start(flags, &applied);
        let Opened {
            mut outputs,
            rejects,
        } = open(flags, &places, &start)?;
        outputs.rows = outputs.rows.anonymized(anonymizer);
        Ok(Self {
            notices,
            start,
            beside: provenance::first_regular_file(&places),
            written: written(flags),
            sweep: Sweep {
                intake: Intake {
                    inventory,
                    choice,
                    excludes,
                    rejects,
                },
                resolver,
                all_addresses: flags.names.all_ips,
                limits,
                timeouts,
                approach,
                ehlo,
                retries: flags.patience.retries,
                policy,
                fetcher,
                outputs,
                display,
            },
        })
    }
}

/// Reports the rejected lines of an inventory without a target to visit, and returns the error. Of
/// the outputs, only the file of rejected lines is written.
fn no_target(flags: &ScanFlags, inventory: Inventory, skipped: &summary::Intake) -> CannotStart {
    let reported = opening::rejects(flags.results.rejects.as_deref())
        .map_err(CannotStart::from)
        .and_then(|file| Ok(report_rejects(inventory, file)?));
    match reported {
        Ok(()) => match (
            skipped.skipped(),
            mistaken_for_targets(&flags.targets.targets).pop(),
        ) {
            (Some(skipped), _) => PlanError::NothingToVisit(skipped).into(),
            (None, Some(notice)) => PlanError::OnlyFiles(notice).into(),
            (None, None) => PlanError::NoTarget.into(),
        },
        Err(error) => error,
    }
}

fn timeouts(flags: &PatienceFlags) -> Timeouts {
    Timeouts {
        connect: flags.connect_timeout.0,
        starttls: flags.starttls_timeout.0,
        handshake: flags.handshake_timeout.0,
        total: flags.timeout.0,
    }
}

fn approach(flags: &HelloFlags) -> Approach {
    Approach {
        lane: match flags.probe {
            LaneChoice::Handshake => Lane::Handshake,
            LaneChoice::Hello => Lane::Hello,
        },
        all_versions: flags.versions == VersionsChoice::All,
        facts: flags.facts.iter().copied().collect(),
        prove_key: flags.prove_key,
    }
}

fn ehlo(flags: &TargetFlags) -> Result<Arc<str>, PlanError> {
    let Some(name) = &flags.ehlo else {
        return Ok(starttls::EHLO.into());
    };
    fold_name(name).map_err(|error| PlanError::Name {
        flag: "--ehlo",
        error,
    })
}

fn limits(
    flags: &PaceFlags,
    files: OpenFiles,
    possible: usize,
    notices: &mut Vec<String>,
) -> Limits {
    let wanted = flags.concurrency.get();
    if wanted != Ceiling::UNLIMITED.get() && wanted > possible {
        notices.push(format!(
            "--concurrency {wanted} needs more open files than this machine allows ({}): using {possible}",
            files.limit
        ));
    }
    Limits {
        rate: flags.rate,
        rate_per_ip: flags.rate_per_ip,
        in_flight: Ceiling::at(wanted.min(possible)),
        in_flight_per_ip: flags.concurrency_per_ip,
    }
}

/// Number of file descriptors reserved for inputs, outputs and event loops.
const OPEN_OTHERWISE: usize = 64;

pub(super) fn places(flags: &OutputFlags) -> Result<Vec<(OutputPath, &'static Format)>, PlanError> {
    let choose = |place: OutputPath| {
        let format = match (&place, flags.format) {
            (OutputPath::File(path), chosen) => match (Format::for_path(path), chosen) {
                (Ok(format), _) | (Err(_), Some(format)) => format,
                (Err(error), None) => return Err(PlanError::Format(error)),
            },
            (OutputPath::Stdout, Some(format)) => format,
            (OutputPath::Stdout, None) => for_stdout(),
        };
        Ok((place, format))
    };
    if flags.outputs.is_empty() {
        return Ok(vec![choose(OutputPath::Stdout)?]);
    }
    flags
        .outputs
        .iter()
        .map(|path| choose(OutputPath::from(path.as_path())))
        .collect()
}

/// Returns all files that a scan writes.
fn written(flags: &ScanFlags) -> Vec<WrittenFile> {
    let results = &flags.results;
    let others = [
        ("--certs", results.certs.as_deref()),
        ("--save", results.save.as_deref()),
        ("--rejects", results.rejects.as_deref()),
    ];
    provenance::files_written(&flags.output, others)
}

/// Returns the default format of standard output: text on a terminal, JSON Lines otherwise.
pub fn for_stdout() -> &'static Format {
    let name = if std::io::stdout().is_terminal() {
        "text"
    } else {
        "jsonl"
    };
    // Both names are in the list, so the first format is never used.
    Format::named(name).unwrap_or(&FORMATS[0])
}

/// Returns how to show progress. If rows are written to the terminal, they are the progress, and
/// nothing else is shown.
fn display(flags: &OutputFlags, places: &[(OutputPath, &'static Format)]) -> Display {
    let rows_on_screen = std::io::stdout().is_terminal()
        && places.iter().any(|(place, _)| *place == OutputPath::Stdout);
    let hidden = flags.quiet || flags.no_progress || rows_on_screen;
    match (hidden, std::io::stderr().is_terminal()) {
        (true, _) => Display::Nothing,
        (false, true) => Display::Bar,
        (false, false) => Display::Lines,
    }
}

fn open(
    flags: &ScanFlags,
    places: &[(OutputPath, &'static Format)],
    start: &SweepStart,
) -> Result<Opened, OutputError> {
    let (results, addresses) = (&flags.results, flags.names.all_ips);
    let approach = approach(&flags.hellos);
    let probe = approach.lane.name().to_owned();
    let header = SavedHeader {
        aia: flags.fetch.aia,
        all_versions: Some(approach.all_versions),
        // It consists of texts and numbers, so it can be written as JSON.
        sweep: serde_json::to_value(start).ok(),
        ..SavedHeader::new(addresses, results.vantage.clone(), probe, approach.facts)
    };
    // A dry run writes nothing, so the files keep their contents.
    let written = match flags.targets.dry_run {
        true => Written::nothing(),
        false => Written {
            places,
            certs: results.certs.as_deref(),
            save: results.save.as_deref(),
            rejects: results.rejects.as_deref(),
        },
    };
    written.open(&Beginning {
        layout: Layout {
            addresses,
            advice: flags.output.advice,
        },
        header: &header,
    })
}
