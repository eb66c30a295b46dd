//! The flags that name files, as one list, and the check that no file is used in two roles. A file
//! that is read must not be written, and no file may be written twice. Otherwise an inventory given
//! as its own output would be destroyed.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::PlanError;
use super::flags::{
    CheckFlags, Command, ImportFlags, JudgeFlags, OutputFlags, ScanFlags, StoresCommand, TrustFlags,
};
use super::values::TrustChoice;
use crate::output::OutputPath;
use crate::summary::Manifest;

/// What a command does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// Reads it.
    Read,
    /// Writes rows to it.
    Rows,
    /// Writes something other than rows to it.
    Written,
}

/// A flag that names files or folders.
#[derive(Debug)]
pub struct FileFlag {
    /// The flag as error messages show it, or the value name of a positional argument.
    pub flag: &'static str,
    /// What is done with the files.
    pub role: FileRole,
    /// Returns the paths that a command line gives with this flag.
    pub paths: Paths,
}

/// Every flag that names files, for all commands. The checks below and the tests of output files
/// use this list; a test compares it with the definition of the command line.
pub const FILES: &[FileFlag] = &[
    read("-i", |command| {
        list(scan(command).map(|it| &it.targets.inputs))
    }),
    read("--exclude", |command| {
        list(scan(command).map(|it| &it.targets.exclude))
    }),
    read("--trust", |command| {
        stores(trust(command).map(|it| &*it.trust))
    }),
    read("--intermediates", |command| {
        list(trust(command).map(|it| &it.intermediates))
    }),
    read("--crls", |command| {
        list(trust(command).map(|it| &it.revocation.crls))
    }),
    read("--crlite", |command| {
        list(trust(command).map(|it| &it.revocation.crlite))
    }),
    read("SERVER|FILE", |command| {
        list(check(command).map(|it| &it.what))
    }),
    read("--limbo", |command| {
        list(check(command).map(|it| &it.limbo))
    }),
    read("--differing", |command| {
        list(check(command).map(|it| &it.differing))
    }),
    read("RECORDING", |command| {
        list(judge(command).map(|it| [&it.recording]))
    }),
    read("REPORT.csv", |command| {
        list(import(command).map(|it| [&it.report]))
    }),
    read("--certs", |command| {
        list(import(command).map(|it| &it.certs))
    }),
    read("STORE", |command| match command {
        Command::Stores(StoresCommand::List(flags)) => stores(Some(&flags.stores)),
        _ => Vec::new(),
    }),
    read("--anonymize-key", |command| match command {
        Command::Scan(flags) => list(Some(&flags.publication.anonymize_key)),
        Command::Judge(flags) => list(Some(&flags.publication.anonymize_key)),
        _ => Vec::new(),
    }),
    written("--certs", |command| match command {
        Command::Scan(flags) => list(Some(&flags.results.certs)),
        Command::Judge(flags) => list(Some(&flags.certs)),
        _ => Vec::new(),
    }),
    written("--rejects", |command| {
        list(scan(command).map(|it| &it.results.rejects))
    }),
    written("--save", |command| {
        list(scan(command).map(|it| &it.results.save))
    }),
    written("-o", |command| list(import(command).map(|it| [&it.output]))),
    FileFlag {
        flag: "-o",
        role: FileRole::Rows,
        paths: |command| list(output(command).map(|it| &it.outputs)),
    },
];

/// Returns the paths that a command line gives with a flag.
type Paths = for<'a> fn(&'a Command) -> Vec<&'a Path>;

const fn read(flag: &'static str, paths: Paths) -> FileFlag {
    FileFlag {
        flag,
        role: FileRole::Read,
        paths,
    }
}

const fn written(flag: &'static str, paths: Paths) -> FileFlag {
    FileFlag {
        flag,
        role: FileRole::Written,
        paths,
    }
}

fn list<'a>(paths: Option<impl IntoIterator<Item = &'a PathBuf>>) -> Vec<&'a Path> {
    let paths = paths.into_iter().flatten();
    paths.map(PathBuf::as_path).collect()
}

fn stores(choices: Option<&[TrustChoice]>) -> Vec<&Path> {
    let choices = choices.unwrap_or_default().iter();
    choices
        .filter_map(|choice| match choice {
            TrustChoice::File(path) => Some(path.as_path()),
            TrustChoice::Mozilla | TrustChoice::System => None,
        })
        .collect()
}

fn scan(command: &Command) -> Option<&ScanFlags> {
    match command {
        Command::Scan(flags) => Some(flags),
        _ => None,
    }
}

fn check(command: &Command) -> Option<&CheckFlags> {
    match command {
        Command::Check(flags) => Some(flags),
        _ => None,
    }
}

fn judge(command: &Command) -> Option<&JudgeFlags> {
    match command {
        Command::Judge(flags) => Some(flags),
        _ => None,
    }
}

fn import(command: &Command) -> Option<&ImportFlags> {
    match command {
        Command::Stores(StoresCommand::Import(flags)) => Some(flags),
        _ => None,
    }
}

fn trust(command: &Command) -> Option<&TrustFlags> {
    match command {
        Command::Scan(flags) => Some(&flags.trust),
        Command::Check(flags) => Some(&flags.trust),
        Command::Judge(flags) => Some(&flags.trust),
        _ => None,
    }
}

fn output(command: &Command) -> Option<&OutputFlags> {
    match command {
        Command::Scan(flags) => Some(&flags.output),
        Command::Judge(flags) => Some(&flags.output),
        Command::Demo(flags) => Some(&flags.output),
        _ => None,
    }
}

/// A file and the flag that names it.
struct Named<'a> {
    flag: &'static str,
    path: &'a Path,
    written: bool,
    /// The file to which a standard stream is redirected; `None` for other files.
    redirected: Option<Metadata>,
}

/// Checks the files of a command line before any of them is opened.
///
/// # Errors
///
/// Returns an error if a file that is written is also used in another role, or if something other
/// than rows would go to standard output where rows belong.
pub fn refuse_twins(command: &Command) -> Result<(), PlanError> {
    if let Some(output) = output(command) {
        for file in FILES.iter().filter(|file| file.role == FileRole::Written) {
            for path in (file.paths)(command) {
                refuse_stdout(file.flag, path, output)?;
            }
        }
    }
    let outputs = output(command).map_or(&[][..], |output| &output.outputs);
    let manifests: Vec<_> = outputs.iter().map(|path| Manifest::beside(path)).collect();
    let mut named = redirected(command);
    for file in FILES {
        let written = file.role != FileRole::Read;
        named.extend((file.paths)(command).into_iter().map(|path| Named {
            flag: file.flag,
            path,
            written,
            redirected: None,
        }));
    }
    named.extend(manifests.iter().map(|path| Named {
        flag: "the manifest beside -o",
        path,
        written: true,
        redirected: None,
    }));
    refuse_named(&named)
}

/// Returns the standard streams that this command reads as its input or writes rows to, if they are
/// redirected to regular files.
fn redirected(command: &Command) -> Vec<Named<'_>> {
    let path = Path::new("-");
    let stream = |flag, written, redirected| Named {
        flag,
        path,
        written,
        redirected: Some(redirected),
    };
    let input = reads_stdin(command).then(|| open_file(std::io::stdin()));
    let rows = output(command).is_some_and(rows_to_stdout);
    let rows = rows.then(|| open_file(std::io::stdout()));
    let input = input
        .flatten()
        .map(|it| stream("standard input", false, it));
    let rows = rows.flatten().map(|it| stream("standard output", true, it));
    input.into_iter().chain(rows).collect()
}

fn reads_stdin(command: &Command) -> bool {
    let is_stdin = |path: &PathBuf| path == Path::new("-");
    match command {
        Command::Scan(flags) => {
            let targets = &flags.targets;
            let nothing = targets.targets.is_empty() && targets.inputs.is_empty();
            nothing || targets.inputs.iter().any(is_stdin)
        }
        Command::Judge(flags) => is_stdin(&flags.recording),
        _ => false,
    }
}

fn rows_to_stdout(output: &OutputFlags) -> bool {
    let mut places = output.outputs.iter().map(|path| OutputPath::from(&**path));
    output.outputs.is_empty() || places.any(|place| place == OutputPath::Stdout)
}

/// Returns the regular file behind a stream of this process, or `None` if it is something else.
#[cfg(unix)]
fn open_file(stream: impl std::os::fd::AsFd) -> Option<Metadata> {
    let file = std::fs::File::from(stream.as_fd().try_clone_to_owned().ok()?);
    file.metadata().ok().filter(Metadata::is_file)
}

#[cfg(not(unix))]
fn open_file<T>(_: T) -> Option<Metadata> {
    None
}

/// Returns an error for standard output in place of a file for something other than rows. `-`
/// always means rows; /dev/stdout is allowed if all rows go elsewhere.
fn refuse_stdout(flag: &'static str, path: &Path, output: &OutputFlags) -> Result<(), PlanError> {
    let rows = rows_to_stdout(output);
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

fn refuse_named(named: &[Named<'_>]) -> Result<(), PlanError> {
    for (index, second) in named.iter().enumerate() {
        for first in &named[..index] {
            let twins = same(first, second) || holds(first, second);
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

/// Returns true if an existing file is in a folder that is read as a whole.
fn holds(folder: &Named<'_>, file: &Named<'_>) -> bool {
    let inside = || {
        let parent = file.path.canonicalize().ok()?.parent()?.to_owned();
        Some(parent == folder.path.canonicalize().ok()?)
    };
    !folder.written && folder.path.is_dir() && !is_special(file.path) && inside() == Some(true)
}

/// Returns true if both are the same regular file, also through links. Terminals, pipes and devices
/// do not count, since they have no contents to destroy.
fn same(one: &Named<'_>, other: &Named<'_>) -> bool {
    match (&one.redirected, &other.redirected) {
        (None, None) => same_path(one.path, other.path),
        (Some(one), Some(other)) => linked(one, other),
        (Some(stream), None) => is_stream(stream, other.path),
        (None, Some(stream)) => is_stream(stream, one.path),
    }
}

/// Returns true if the path is the file of this stream. The names of standard output are not: they
/// mean the stream itself.
fn is_stream(stream: &Metadata, path: &Path) -> bool {
    let named = || OutputPath::from(path) == OutputPath::Stdout;
    path.metadata().is_ok_and(|file| linked(stream, &file)) && !named()
}

fn same_path(one: &Path, other: &Path) -> bool {
    if [one, other]
        .iter()
        .any(|path| *path == Path::new("-") || is_special(path))
    {
        return false;
    }
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(first), Ok(second)) => first == second || linked_paths(&first, &second),
        (Err(_), Err(_)) => std::path::absolute(one).ok() == std::path::absolute(other).ok(),
        _ => false,
    }
}

fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| !file.is_file())
}

fn linked_paths(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => linked(&one, &other),
        _ => false,
    }
}

#[cfg(unix)]
fn linked(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn linked(_: &Metadata, _: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;
    use std::collections::BTreeSet;

    use clap::Arg;

    use super::*;
    use crate::cli::{Cli, definition};

    /// Arguments that some flags require beside them.
    const COMPANIONS: &[&[&str]] = &[
        &[],
        &["chain.pem"],
        &["--limbo=suite.json"],
        &["--anonymize=host"],
    ];

    /// Returns every command without subcommands, with the words that name it.
    fn commands(command: &clap::Command, words: &[String]) -> Vec<(Vec<String>, clap::Command)> {
        let words = [words, &[command.get_name().to_owned()]].concat();
        if !command.has_subcommands() {
            return vec![(words, command.clone())];
        }
        let below = command.get_subcommands();
        below.flat_map(|below| commands(below, &words)).collect()
    }

    fn names_a_file(argument: &Arg) -> bool {
        let kind = argument.get_value_parser().type_id();
        let typed = [TypeId::of::<PathBuf>(), TypeId::of::<TrustChoice>()];
        let values = argument.get_value_names().unwrap_or_default();
        let named = |value: &&str| values.iter().any(|name| name == value);
        typed.iter().any(|path| kind == *path) || ["FILE", "FOLDER", "RECORDING"].iter().any(named)
    }

    /// Returns the texts by which messages may name this argument.
    fn called(argument: &Arg) -> Vec<String> {
        if argument.is_positional() {
            let values = argument.get_value_names().unwrap_or_default();
            return values.iter().map(ToString::to_string).collect();
        }
        let short = argument.get_short().map(|short| format!("-{short}"));
        let long = argument.get_long().map(|long| format!("--{long}"));
        short.into_iter().chain(long).collect()
    }

    /// Parses a command line that gives the path `marker` to one argument, and others only where
    /// they are required.
    fn parsed(words: &[String], command: &clap::Command, marked: &Arg) -> Command {
        let mut line = words.to_vec();
        for argument in command.get_arguments() {
            let value = match argument.get_id() == marked.get_id() {
                true => "marker",
                false if argument.is_required_set() => "other",
                false => continue,
            };
            if !argument.is_positional() {
                line.extend(called(argument).pop());
            }
            line.push(value.to_owned());
        }
        let with = |more: &&[&str]| {
            let more = more.iter().map(|more| (*more).to_owned());
            Cli::of_arguments(line.iter().cloned().chain(more).collect())
        };
        let mut valid = COMPANIONS.iter().filter_map(|more| with(more).ok());
        valid.next().expect("a valid command line").command
    }

    #[test]
    fn every_flag_that_names_a_file_is_listed_with_its_paths() {
        let mut used = BTreeSet::new();
        for (words, command) in commands(&definition(), &[]) {
            for argument in command.get_arguments().filter(|it| names_a_file(it)) {
                let parsed = parsed(&words, &command, argument);
                let called = called(argument);
                let listed = FILES.iter().position(|file| {
                    called.iter().any(|name| name == file.flag)
                        && (file.paths)(&parsed) == [Path::new("marker")]
                });
                assert!(listed.is_some(), "{words:?} {called:?} is not in FILES");
                used.extend(listed);
            }
        }
        let unused = (0..FILES.len()).find(|index| !used.contains(index));
        assert_eq!(unused.map(|index| &FILES[index]).map(|it| it.flag), None);
    }
}
