//! Rejects files that are used in two roles. A file that is read must not be written, and no file
//! may be written twice. Otherwise an inventory given as its own output would be destroyed.

use std::path::{Path, PathBuf};

use super::PlanError;
use super::flags::{ImportFlags, JudgeFlags, OutputFlags, ScanFlags, TrustFlags};
use super::values::TrustChoice;
use crate::output::OutputPath;
use crate::summary::Manifest;

/// A file and the flag that names it.
struct Named<'a> {
    flag: &'static str,
    path: &'a Path,
    written: bool,
}

/// Returns an error if a file that `scan` writes is also used in another role.
pub(super) fn refuse_twins(flags: &ScanFlags) -> Result<(), PlanError> {
    let (targets, results) = (&flags.targets, &flags.results);
    for (flag, path) in [
        ("--certs", &results.certs),
        ("--rejects", &results.rejects),
        ("--save", &results.save),
    ] {
        refuse_stdout(flag, path.as_deref(), &flags.output)?;
    }
    let mut named = trusted(&flags.trust);
    named.extend(each(&targets.inputs, |path| reading("-i", path)));
    named.extend(each(&targets.exclude, |path| reading("--exclude", path)));
    named.extend(each(&results.certs, |path| writing("--certs", path)));
    named.extend(each(&results.rejects, |path| writing("--rejects", path)));
    named.extend(each(&results.save, |path| writing("--save", path)));
    refuse(named, &flags.output)
}

/// Does the same for `judge`.
pub(super) fn refuse_judged_twins(flags: &JudgeFlags) -> Result<(), PlanError> {
    refuse_stdout("--certs", flags.certs.as_deref(), &flags.output)?;
    let mut named = trusted(&flags.trust);
    named.push(reading("FACTS", &flags.facts));
    named.extend(each(&flags.certs, |path| writing("--certs", path)));
    refuse(named, &flags.output)
}

/// Returns an error if a store would be written over one of its input files.
pub fn refuse_import_twins(flags: &ImportFlags) -> Result<(), PlanError> {
    let certs = flags.certs.iter().map(|path| reading("--certs", path));
    let mut named = vec![reading("REPORT.csv", &flags.report)];
    named.extend(certs);
    named.push(writing("-o", &flags.output));
    refuse_named(&named)
}

/// Returns an error for standard output in place of a file for something other than rows. `-`
/// always means rows; /dev/stdout is allowed if all rows go elsewhere.
fn refuse_stdout(
    flag: &'static str,
    path: Option<&Path>,
    output: &OutputFlags,
) -> Result<(), PlanError> {
    let Some(path) = path else { return Ok(()) };
    let mut places = output.outputs.iter().map(|path| OutputPath::from(&**path));
    let rows = output.outputs.is_empty() || places.any(|place| place == OutputPath::Stdout);
    let reason = match path.to_str() {
        Some("-") => {
            "`-` is only for rows; give a file, or ./- for a file with that name (if -o gives \
             files only, /dev/stdout can be used)"
        }
        _ if rows && OutputPath::from(path) == OutputPath::Stdout => {
            "rows go to standard output; give a file here, or send the rows to one with -o FILE"
        }
        _ => return Ok(()),
    };
    Err(PlanError::Stdout {
        flag,
        path: path.display().to_string(),
        reason,
    })
}

fn refuse(named: Vec<Named<'_>>, output: &OutputFlags) -> Result<(), PlanError> {
    let manifest = output.outputs.first().map(|path| Manifest::beside(path));
    let mut named = named;
    named.extend(each(&output.outputs, |path| writing("-o", path)));
    named.extend(each(&manifest, |path| {
        writing("the manifest beside -o", path)
    }));
    refuse_named(&named)
}

fn refuse_named(named: &[Named<'_>]) -> Result<(), PlanError> {
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

/// Returns the files that trust is read from.
fn trusted(flags: &TrustFlags) -> Vec<Named<'_>> {
    let stores = flags.trust.iter().filter_map(|store| match store {
        TrustChoice::File(path) => Some(reading("--trust", path)),
        TrustChoice::Mozilla | TrustChoice::System => None,
    });
    let issuers = each(&flags.intermediates, |path| {
        reading("--intermediates", path)
    });
    let crls = each(&flags.revocation.crls, |path| reading("--crls", path));
    let filters = each(&flags.revocation.crlite, |path| reading("--crlite", path));
    stores.chain(issuers).chain(crls).chain(filters).collect()
}

fn each<'a>(
    paths: impl IntoIterator<Item = &'a PathBuf>,
    named: impl Fn(&'a Path) -> Named<'a>,
) -> impl Iterator<Item = Named<'a>> {
    paths.into_iter().map(move |path| named(path))
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

/// Returns true if an existing file is in a folder that is read as a whole.
fn holds(folder: &Named<'_>, file: &Named<'_>) -> bool {
    let inside = || {
        let parent = file.path.canonicalize().ok()?.parent()?.to_owned();
        Some(parent == folder.path.canonicalize().ok()?)
    };
    !folder.written && folder.path.is_dir() && !is_special(file.path) && inside() == Some(true)
}

/// Returns true if two paths are the same regular file, also through links. Standard streams, pipes
/// and devices do not count, since they have no contents to destroy.
fn same(one: &Path, other: &Path) -> bool {
    if [one, other]
        .iter()
        .any(|path| *path == Path::new("-") || is_special(path))
    {
        return false;
    }
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(first), Ok(second)) => first == second || linked(&first, &second),
        (Err(_), Err(_)) => std::path::absolute(one).ok() == std::path::absolute(other).ok(),
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
