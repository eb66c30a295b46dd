//! Which file has which role. A file that is read must not be written, and none is written twice: an
//! inventory that is named as its own output would be gone.

use std::path::{Path, PathBuf};

use super::PlanError;
use super::flags::{ImportFlags, ScanFlags};
use super::values::TrustChoice;
use crate::summary::Manifest;

/// A file and the flag that names it.
struct Named<'a> {
    flag: &'static str,
    path: &'a Path,
    written: bool,
}

/// Refuses a file that is written in one role and has another.
pub(super) fn refuse_twins(flags: &ScanFlags) -> Result<(), PlanError> {
    let manifests: Vec<PathBuf> = flags
        .output
        .outputs
        .iter()
        .map(|path| Manifest::beside(path))
        .collect();
    let mut named = read(flags);
    named.extend(written(flags));
    named.extend(
        manifests
            .first()
            .map(|path| writing("the manifest beside -o", path)),
    );
    refuse(&named)
}

/// Refuses to write stores over what they are made from.
pub fn refuse_import_twins(flags: &ImportFlags) -> Result<(), PlanError> {
    let certs = flags.certs.iter().map(|path| reading("--certs", path));
    let mut named = vec![reading("REPORT.csv", &flags.report)];
    named.extend(certs);
    named.push(writing("-o", &flags.output));
    refuse(&named)
}

fn refuse(named: &[Named<'_>]) -> Result<(), PlanError> {
    for (index, second) in named.iter().enumerate() {
        for first in &named[..index] {
            let twins = same(first.path, second.path) || holds(first, second);
            if (first.written || second.written) && twins {
                return Err(PlanError::Twins {
                    path: second.path.display().to_string(),
                    first: first.flag,
                    second: second.flag,
                });
            }
        }
    }
    Ok(())
}

fn read(flags: &ScanFlags) -> Vec<Named<'_>> {
    let stores = flags.trust.trust.iter().filter_map(|store| match store {
        TrustChoice::File(path) => Some(path.as_path()),
        TrustChoice::Mozilla | TrustChoice::System => None,
    });
    let inputs = flags.targets.inputs.iter().map(PathBuf::as_path);
    let issuers = flags.trust.intermediates.iter().map(PathBuf::as_path);
    let excludes = flags.targets.exclude.as_deref().into_iter();
    inputs
        .map(|path| reading("-i", path))
        .chain(stores.map(|path| reading("--trust", path)))
        .chain(issuers.map(|path| reading("--intermediates", path)))
        .chain(excludes.map(|path| reading("--exclude", path)))
        .collect()
}

fn written(flags: &ScanFlags) -> impl Iterator<Item = Named<'_>> {
    let outputs = flags.output.outputs.iter().map(|path| writing("-o", path));
    let certs = flags
        .results
        .certs
        .as_deref()
        .map(|path| writing("--certs", path));
    let rejects = flags
        .results
        .rejects
        .as_deref()
        .map(|path| writing("--rejects", path));
    outputs.chain(certs).chain(rejects)
}

fn reading<'a>(flag: &'static str, path: &'a Path) -> Named<'a> {
    Named {
        flag,
        path,
        written: false,
    }
}

fn writing<'a>(flag: &'static str, path: &'a Path) -> Named<'a> {
    Named {
        flag,
        path,
        written: true,
    }
}

/// Whether a file that is there lies in a folder that is read, all of it.
fn holds(folder: &Named<'_>, file: &Named<'_>) -> bool {
    let inside = || {
        let parent = file.path.canonicalize().ok()?.parent()?.to_owned();
        Some(parent == folder.path.canonicalize().ok()?)
    };
    !folder.written && folder.path.is_dir() && !is_special(file.path) && inside() == Some(true)
}

/// Whether two paths are one regular file, be it by links. Standard input and output, pipes and
/// devices are not files that could be destroyed.
fn same(one: &Path, other: &Path) -> bool {
    if [one, other]
        .iter()
        .any(|path| *path == Path::new("-") || is_special(path))
    {
        return false;
    }
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(first), Ok(second)) => first == second || linked(&first, &second),
        (Err(_), Err(_)) => one == other,
        _ => false,
    }
}

fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| !file.is_file())
}

#[cfg(unix)]
fn linked(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn linked(_: &Path, _: &Path) -> bool {
    false
}
