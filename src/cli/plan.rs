//! From flags to a plan: everything is opened and checked here, before the first packet, and an
//! error names the flag or the file and what to write instead.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use super::failing::{self, refuse_unasked};
use super::flags::{
    HelloFlags, LaneChoice, NameFlags, OutputFlags, PaceFlags, PatienceFlags, ScanFlags,
    TargetFlags, VersionsChoice,
};
use super::opening::{Beginning, Opened, Written};
use super::revocation::Lists;
use super::trust::policy;
use crate::gather::{BundleError, RevocationError};
use crate::inventory::{OpenError, PortsError, TargetError, TargetReader, fold_name};
use crate::judge::StoreError;
use crate::judge::findings::{AskedFor, Needs};
use crate::observation::SavedHeader;
use crate::output::{FORMATS, Format, Layout, OutputError, Place, UnknownFormat};
use crate::pace::{Ceiling, Limits, OpenFiles, raise_open_files};
use crate::probe::{Approach, Lane, Timeouts};
use crate::resolve::{self, ExcludeError, ExcludeList, Families, Resolver, ResolverError};
use crate::starttls;
use crate::sweep::{Choice, Display, FactsError, Intake, Sweep};
use crate::verdict::FindingId;

/// Lookups under way at once. Each may hold three sockets and some 22 KB; more makes resolvers
/// drop queries.
const LOOKUPS: usize = 256;

/// What the user asked for cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// No input.
    #[error("nothing to scan: give targets, -i FILE, or pipe them in (see tlsweep scan --help)")]
    NoInput,
    /// An input cannot be opened.
    #[error(transparent)]
    Input(#[from] OpenError),
    /// A port list cannot be read.
    #[error("--ports: {0}")]
    Ports(#[from] PortsError),
    /// A name cannot be read.
    #[error("{flag}: {error}")]
    Name {
        /// The flag.
        flag: &'static str,
        /// Why.
        error: TargetError,
    },
    /// An exclude list cannot be read.
    #[error("--exclude: {0}")]
    Exclude(#[from] ExcludeError),
    /// The resolver cannot be set up.
    #[error("--resolvers: {0}")]
    Resolver(#[from] ResolverError),
    /// A trust store cannot be read.
    #[error("--trust: {0}")]
    Trust(#[from] StoreError),
    /// A store to be listed cannot be read; no flag names it.
    #[error(transparent)]
    Listed(StoreError),
    /// Two stores under one name, which rows could not tell apart.
    #[error(
        "--trust: two of the chosen stores are named {name}: {first} and {second}; leave one of the two out"
    )]
    SameStore {
        /// The name.
        name: String,
        /// Where the first is from.
        first: String,
        /// Where the second is from.
        second: String,
    },
    /// No chosen store goes by that name.
    #[error(
        "--require-store {asked:?}: no chosen store is named so; there are {chosen} (see --trust)"
    )]
    NoStore {
        /// What was asked for.
        asked: String,
        /// The stores there are.
        chosen: String,
    },
    /// A file of intermediates cannot be read.
    #[error("--intermediates: {0}")]
    Intermediates(#[from] BundleError),
    /// Private addresses were allowed to nobody.
    #[error(
        "--aia-allow-private: nothing is fetched; add --aia or --revocation crl, or leave it out"
    )]
    NothingFetched,
    /// The revocation flags do not fit together.
    #[error("{0}")]
    Revocation(&'static str),
    /// A revocation list cannot be used.
    #[error("--crls: {0}")]
    Crls(RevocationError),
    /// A CRLite filter cannot be used.
    #[error("--crlite: {0}")]
    Crlite(RevocationError),
    /// A report cannot be made into stores.
    #[error("{file}: {reason}")]
    Import {
        /// The file.
        file: String,
        /// What is wrong and what to give instead.
        reason: String,
    },
    /// Saved facts cannot be used.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// A format is not known.
    #[error("--output: {0}")]
    Format(#[from] UnknownFormat),
    /// A file to check cannot be used.
    #[error("{file}: {reason}")]
    Chain {
        /// The file.
        file: String,
        /// What is wrong and what to give instead.
        reason: String,
    },
    /// A chain without the name it is for.
    #[error("{file}: say which name it is for, as in --name example.com")]
    NoName {
        /// The file.
        file: String,
    },
    /// Neither a file nor a server.
    #[error(
        "{what}: there is no such file or folder, and as a server it cannot be visited: {reason}"
    )]
    NothingToCheck {
        /// What was given.
        what: String,
        /// Why it is no server.
        reason: String,
    },
    /// More than a name.
    #[error("--name {asked:?}: give the name or the address alone, as in --name example.com")]
    NotOneName {
        /// What was given.
        asked: String,
    },
    /// One file in two roles.
    #[error("{path} is named by {first} and by {second}; one would destroy the other")]
    Twins {
        /// The file.
        path: String,
        /// Where it is named first.
        first: &'static str,
        /// Where it is named again.
        second: &'static str,
    },
    /// Rows go to standard output, or nobody can tell whether this should.
    #[error("{flag} {path}: {reason}")]
    Stdout {
        /// The flag.
        flag: &'static str,
        /// What was given.
        path: String,
        /// What to write instead.
        reason: &'static str,
    },
    /// A finding to fail on that cannot be made.
    #[error("--fail-on {id}: {what} {needs}, or leave {id} out")]
    FailOn {
        /// The finding.
        id: FindingId,
        /// What to do.
        what: &'static str,
        /// With which option.
        needs: Needs,
    },
    /// No finding goes by that name.
    #[error("no finding is named {asked:?}; there are {known}")]
    NoFinding {
        /// What was asked for.
        asked: String,
        /// The ids there are.
        known: String,
    },
}

/// Why a plan could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// What the user asked for cannot be used.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// A sweep that can start.
pub struct Plan {
    /// The sweep itself.
    pub sweep: Sweep,
    /// What to tell people before it starts.
    pub notices: Vec<String>,
    /// Which resolvers are asked, for the manifest.
    pub resolvers: Vec<String>,
    /// The outputs that are files, for the manifest that lies beside the first.
    pub files: Vec<PathBuf>,
}

impl Plan {
    /// Opens and checks everything that these flags name.
    pub fn new(flags: &ScanFlags) -> Result<Self, CannotStart> {
        super::files::refuse_twins(flags)?;
        let excludes = Arc::new(match &flags.targets.exclude {
            Some(path) => ExcludeList::read(path).map_err(PlanError::from)?,
            None => ExcludeList::default(),
        });
        let readers = super::reading::readers(&flags.targets)?;
        let mut notices: Vec<_> = readers.iter().flat_map(TargetReader::notices).collect();
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
        refuse_unasked(&flags.results.fail_on, &asked, failing::From::Visits)?;
        let files = raise_open_files();
        let budget = files.budget(LOOKUPS, OPEN_OTHERWISE);
        let resolver = resolver(&flags.names, budget.dns_in_flight)?;
        let timeouts = timeouts(&flags.patience);
        let limits = limits(&flags.pace, files, budget.in_flight, &mut notices);
        let fetcher = super::fetcher(
            flags.fetch,
            &policy,
            &flags.names,
            excludes.clone(),
            &timeouts,
            limits,
        )?;
        let ehlo = ehlo(&flags.targets)?;
        let quiet = flags.output.quiet;
        let places = places(&flags.output)?;
        let display = display(quiet, &places);
        // From here on nothing is wrong with what was asked for.
        let Opened {
            destinations,
            rejects,
        } = open(flags, &places)?;
        let files = regular_files(&places);
        Ok(Self {
            notices,
            resolvers: resolver.describe(),
            files,
            sweep: Sweep {
                intake: Intake {
                    readers,
                    dedupe: !flags.targets.no_dedupe,
                    choice: Choice {
                        shard: flags.targets.shard,
                        sample: flags.targets.sample,
                        seed: flags.targets.seed,
                    },
                    excludes,
                    rejects,
                    quiet,
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
                destinations,
                display,
            },
        })
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

pub(super) fn resolver(flags: &NameFlags, lookups: usize) -> Result<Resolver, PlanError> {
    let families = match (flags.ipv4, flags.ipv6) {
        (true, _) => Families::V4,
        (_, true) => Families::V6,
        _ => Families::Both,
    };
    Ok(Resolver::new(resolve::Settings {
        servers: flags.resolvers.as_deref().map(<[_]>::to_vec),
        families,
        all: flags.all_ips,
        in_flight: lookups,
        ..resolve::Settings::default()
    })?)
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

/// Inputs, outputs, event loops.
const OPEN_OTHERWISE: usize = 64;

pub(super) fn places(flags: &OutputFlags) -> Result<Vec<(Place, &'static Format)>, PlanError> {
    let choose = |place: Place| {
        let format = match (&place, flags.format) {
            (Place::File(path), chosen) => match (Format::for_path(path), chosen) {
                (Ok(format), _) | (Err(_), Some(format)) => format,
                (Err(error), None) => return Err(PlanError::from(error)),
            },
            (Place::Stdout, Some(format)) => format,
            (Place::Stdout, None) => for_stdout(),
        };
        Ok((place, format))
    };
    if flags.outputs.is_empty() {
        return Ok(vec![choose(Place::Stdout)?]);
    }
    flags
        .outputs
        .iter()
        .map(|path| choose(Place::from(path.as_path())))
        .collect()
}

/// The outputs that a manifest can lie beside: no pipes and no devices.
pub(super) fn regular_files(places: &[(Place, &'static Format)]) -> Vec<PathBuf> {
    let files = places.iter().filter_map(|(place, _)| match place {
        Place::File(path) => Some(path.clone()),
        Place::Stdout => None,
    });
    let regular = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|file| file.is_file());
    files.filter(regular).collect()
}

/// Text for people, JSON lines for programs.
pub fn for_stdout() -> &'static Format {
    let name = if std::io::stdout().is_terminal() {
        "text"
    } else {
        "jsonl"
    };
    // Both are in the list; a list without them would have a first format all the same.
    Format::named(name).unwrap_or(&FORMATS[0])
}

/// A bar needs a terminal to itself: where rows go to the same one, they are the progress.
fn display(quiet: bool, places: &[(Place, &'static Format)]) -> Display {
    let rows_on_screen =
        std::io::stdout().is_terminal() && places.iter().any(|(place, _)| *place == Place::Stdout);
    match (quiet || rows_on_screen, std::io::stderr().is_terminal()) {
        (true, _) => Display::Nothing,
        (false, true) => Display::Bar,
        (false, false) => Display::Lines,
    }
}

fn open(flags: &ScanFlags, places: &[(Place, &'static Format)]) -> Result<Opened, OutputError> {
    let (results, addresses) = (&flags.results, flags.names.all_ips);
    let approach = approach(&flags.hellos);
    let probe = approach.lane.name().to_owned();
    let header = SavedHeader {
        aia: flags.fetch.aia,
        all_versions: Some(approach.all_versions),
        ..SavedHeader::new(addresses, results.vantage.clone(), probe, approach.facts)
    };
    let written = Written {
        places,
        certs: results.certs.as_deref(),
        save: results.save.as_deref(),
        rejects: results.rejects.as_deref(),
    };
    written.open(&Beginning {
        layout: Layout { addresses },
        header: &header,
        quiet: flags.output.quiet,
    })
}
