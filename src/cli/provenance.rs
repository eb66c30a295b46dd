//! What identifies a run for its manifest: the files that it reads and writes, the choice of targets,
//! and the limits.

use std::path::{Path, PathBuf};

use super::flags::{OutputFlags, ScanFlags, TargetFlags, TrustFlags};
use super::naming::LookupLimits;
use super::values::TrustChoice;
use crate::observation::Offer;
use crate::output::{Format, OutputPath};
use crate::pace::{Ceiling, Limits, Rate};
use crate::probe::{self, Approach, HelloSample, Timeouts};
use crate::summary::{self, FileHash, HelloHash, ManifestSelection, Program, SweepStart};
use crate::sweep;

/// A file that a run writes, to be described when it is finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// The flag that names it.
    pub flag: &'static str,
    /// Its path.
    pub path: PathBuf,
}

/// The limits as they apply.
pub(super) struct Applied {
    pub(super) limits: Limits,
    pub(super) timeouts: Timeouts,
    pub(super) lookups: LookupLimits,
    /// Number of concurrent lookups before the limit on open files reduced it.
    pub(super) dns_concurrency: usize,
    pub(super) resolvers: Vec<String>,
    pub(super) approach: Approach,
}

/// Returns what is known at the start of a sweep.
pub(super) fn start(flags: &ScanFlags, applied: &Applied) -> SweepStart {
    // Files and ClientHellos are hashed only if a manifest or a recording says so.
    let written = !flags.output.outputs.is_empty() || flags.results.save.is_some();
    let described = written && !flags.targets.dry_run;
    SweepStart {
        program: Program::this(),
        arguments: arguments(),
        started_at: probe::now(),
        files: match described {
            true => files_read(flags.targets.exclude.as_deref(), &flags.trust),
            false => Vec::new(),
        },
        resolvers: applied.resolvers.clone(),
        hellos: match described {
            true => hellos(&applied.approach),
            false => Vec::new(),
        },
        choice: choice(&flags.targets),
        limits: limits(applied, flags),
    }
}

/// Returns the command line. Parts that are not UTF-8 are replaced.
pub fn arguments() -> Vec<String> {
    let arguments = std::env::args_os();
    arguments
        .map(|it| it.to_string_lossy().into_owned())
        .collect()
}

/// Returns the files and folders that are read besides the inputs.
pub fn files_read(exclude: Option<&Path>, trust: &TrustFlags) -> Vec<FileHash> {
    let stores = trust.trust.iter().filter_map(|choice| match choice {
        TrustChoice::File(path) => Some(path.as_path()),
        TrustChoice::Mozilla | TrustChoice::System => None,
    });
    let paths = |flag, paths: &[PathBuf]| {
        let hash = |path: &PathBuf| FileHash::of(flag, path);
        paths.iter().map(hash).collect::<Vec<_>>()
    };
    let exclude = exclude.map(|path| FileHash::of("--exclude", path));
    let stores = stores.map(|path| FileHash::of("--trust", path));
    exclude
        .into_iter()
        .chain(stores)
        .chain(paths("--intermediates", &trust.intermediates))
        .chain(paths("--crls", &trust.revocation.crls))
        .chain(paths("--crlite", &trust.revocation.crlite))
        .collect()
}

/// Returns the files to write: those of rows first, in the order given.
pub(super) fn files_written(
    output: &OutputFlags,
    others: [(&'static str, Option<&Path>); 3],
) -> Vec<WrittenFile> {
    let rows = output.outputs.iter().map(|path| ("-o", path.as_path()));
    let others = others.into_iter();
    rows.chain(others.filter_map(|(flag, path)| Some((flag, path?))))
        .map(|(flag, path)| WrittenFile {
            flag,
            path: path.to_owned(),
        })
        .collect()
}

/// Returns the outputs that are regular files. The manifest is written next to the first one, never
/// next to a pipe or device.
pub(super) fn regular_files<'a>(
    places: &'a [(OutputPath, &'static Format)],
) -> impl Iterator<Item = &'a Path> {
    let files = places.iter().filter_map(|(place, _)| match place {
        OutputPath::File(path) => Some(path.as_path()),
        OutputPath::Stdout => None,
    });
    files.filter(|path| std::fs::metadata(path).is_ok_and(|file| file.is_file()))
}

/// Returns the output next to which the manifest is written, if there is one.
pub(super) fn first_regular_file(places: &[(OutputPath, &'static Format)]) -> Option<PathBuf> {
    regular_files(places).next().map(Path::to_owned)
}

fn hellos(approach: &Approach) -> Vec<HelloHash> {
    let sent = Offer::all().filter(|offer| approach.may_send(*offer));
    sent.map(|offer| HelloHash {
        id: offer.id().to_owned(),
        sha256: HelloSample::of(offer).map(|sample| sample.sha256),
    })
    .collect()
}

fn choice(flags: &TargetFlags) -> ManifestSelection {
    ManifestSelection {
        sample: flags.sample.map(|sample| match sample {
            sweep::Sample::Count(count) => summary::Sample::Count(count.get() as u64),
            sweep::Sample::Share(share) => summary::Sample::Share(share.to_string()),
        }),
        shard: flags.shard.map(|shard| shard.to_string()),
        seed: flags.seed,
    }
}

fn limits(applied: &Applied, flags: &ScanFlags) -> summary::ManifestLimits {
    let (limits, timeouts) = (&applied.limits, &applied.timeouts);
    let milliseconds = |time: std::time::Duration| u64::try_from(time.as_millis()).ok();
    let ceiling =
        |ceiling: Ceiling| (ceiling != Ceiling::UNLIMITED).then_some(ceiling.get() as u64);
    let rate = |rate: Rate| (rate != Rate::UNLIMITED).then(|| rate.to_string());
    summary::ManifestLimits {
        rate: rate(limits.rate),
        rate_per_ip: rate(limits.rate_per_ip),
        concurrency: ceiling(flags.pace.concurrency),
        concurrency_effective: ceiling(limits.in_flight),
        concurrency_per_ip: ceiling(limits.in_flight_per_ip),
        connect_timeout_ms: milliseconds(timeouts.connect),
        starttls_timeout_ms: milliseconds(timeouts.starttls),
        handshake_timeout_ms: milliseconds(timeouts.handshake),
        timeout_ms: milliseconds(timeouts.total),
        retries: Some(flags.patience.retries),
        dns_rate: rate(applied.lookups.rate),
        dns_concurrency: Some(applied.dns_concurrency as u64),
        dns_concurrency_effective: Some(applied.lookups.concurrency as u64),
        dns_timeout_ms: milliseconds(applied.lookups.timeout),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::{Cli, Command, FILES, FileRole, definition};

    #[test]
    fn every_rate_limit_and_timeout_is_in_the_manifest() {
        let definition = definition();
        let scan = definition.find_subcommand("scan").unwrap();
        let limiting = scan.get_arguments().filter(|flag| {
            let heading = flag.get_help_heading().unwrap_or_default();
            let limits = ["Rate limits", "Timeouts"];
            limits.iter().any(|it| heading.starts_with(it))
                || flag.get_id().as_str().starts_with("dns_")
        });
        let flags: BTreeSet<&str> = limiting.map(|flag| flag.get_id().as_str()).collect();
        let limits = serde_json::to_value(summary::ManifestLimits::default()).unwrap();
        let fields = limits.as_object().unwrap().keys();
        let fields: BTreeSet<&str> = fields
            .map(|field| field.strip_suffix("_ms").unwrap_or(field))
            .map(|field| field.strip_suffix("_effective").unwrap_or(field))
            .collect();
        assert!(
            ["rate", "timeout", "dns_rate"]
                .iter()
                .all(|it| flags.contains(it))
        );
        assert_eq!(flags, fields);
    }

    #[test]
    fn every_file_of_a_scan_is_in_the_manifest() {
        let line = "tlsweep scan -i=i --exclude=a --trust=./b --intermediates=c --revocation=crl,crlite \
                    --crls=d --crlite=e -o=f --certs=g --save=h --rejects=j";
        let line = line.split_whitespace().map(str::to_owned).collect();
        let command = Cli::of_arguments(line).unwrap().command;
        let Command::Scan(flags) = &command else {
            panic!("a scan");
        };
        let read = files_read(flags.targets.exclude.as_deref(), &flags.trust);
        let results = &flags.results;
        let others = [
            ("--certs", results.certs.as_deref()),
            ("--save", results.save.as_deref()),
            ("--rejects", results.rejects.as_deref()),
        ];
        let written = files_written(&flags.output, others);
        let read = read
            .iter()
            .map(|file| (file.flag.as_str(), file.path.clone()));
        let written = written
            .iter()
            .map(|file| (file.flag, file.path.display().to_string()));
        let described: BTreeSet<_> = read.chain(written).collect();
        let named: BTreeSet<_> = FILES
            .iter()
            .filter(|file| (file.role, file.flag) != (FileRole::Read, "-i"))
            .flat_map(|file| {
                let paths = (file.paths)(&command).into_iter();
                paths.map(|path| (file.flag, path.display().to_string()))
            })
            .collect();
        assert_eq!(described, named);
        assert_eq!(described.len(), 9);
    }
}
