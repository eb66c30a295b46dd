//! What `check` is given: a file, a folder or servers. Servers become the flags of a scan.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::error::PlanError;
use super::flags::{
    AnonymizeFlags, CheckFlags, GateFlags, OutputFlags, PaceFlags, ResultFlags, ScanFlags,
    ServerFlags, TargetFlags,
};
use super::values::FailOn;
use crate::gather::has_certificate_extension;
use crate::inventory::{Host, HostSpec, TargetSpec, fold_name};
use crate::pace::Limits;

/// What `check` judges.
#[derive(Debug, PartialEq, Eq)]
pub enum Subject {
    /// A file with one chain; `-` is standard input.
    File(PathBuf),
    /// A folder of such files.
    Folder(PathBuf),
    /// Servers to visit, as targets.
    Servers(Vec<String>),
}

/// Returns what the arguments of `check` name. An existing file or folder has precedence over a
/// server of the same name.
///
/// # Errors
///
/// Returns an error if an argument is neither, if files and servers are mixed, or if an option is
/// given that only servers can use.
pub fn subject(flags: &CheckFlags) -> Result<Subject, PlanError> {
    let mut servers = Vec::new();
    for path in &flags.what {
        let subject = on_disk(path)?;
        let Some(subject) = subject else {
            servers.push(server(path, flags)?);
            continue;
        };
        if flags.what.len() > 1 {
            return Err(PlanError::SeveralFiles {
                file: path.display().to_string(),
            });
        }
        return only_files(flags, path).map(|()| subject);
    }
    Ok(Subject::Servers(servers))
}

/// Checks the options for this file or folder.
///
/// # Errors
///
/// Returns an error if an option is given that only servers can use.
pub fn only_files(flags: &CheckFlags, file: &Path) -> Result<(), PlanError> {
    match flags.for_servers.first() {
        Some(flag) => Err(PlanError::OnlyForServers {
            flag: flag.clone(),
            file: file.display().to_string(),
        }),
        None => Ok(()),
    }
}

/// Returns the file or folder, or `None` if there is none.
fn on_disk(path: &Path) -> Result<Option<Subject>, PlanError> {
    if path == Path::new("-") {
        return Ok(Some(Subject::File(path.to_owned())));
    }
    match path.metadata() {
        Ok(found) if found.is_dir() => Ok(Some(Subject::Folder(path.to_owned()))),
        Ok(_) => Ok(Some(Subject::File(path.to_owned()))),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(PlanError::Chain {
            file: path.display().to_string(),
            reason: error.to_string(),
        }),
        Err(_) => Ok(None),
    }
}

/// Returns the text of a server.
fn server(path: &Path, flags: &CheckFlags) -> Result<String, PlanError> {
    let what = path.display().to_string();
    let nothing = |reason: String| PlanError::NothingToCheck {
        what: what.clone(),
        reason,
    };
    let asked = match TargetSpec::parse(&what) {
        Err(_) if is_path(&what) => return Err(PlanError::NoSuchFile { file: what }),
        asked => asked.map_err(|error| nothing(error.to_string()))?,
    };
    let portless = asked.port.is_none() && asked.service.is_none();
    match asked.place {
        HostSpec::Block(_) => Err(nothing(
            "an address block can only be scanned with tlsweep scan".to_owned(),
        )),
        HostSpec::Host {
            address: Some(_), ..
        } if flags.name.is_some() => Err(nothing(
            "the server already contains the name, so leave out --name".to_owned(),
        )),
        // The name of a missing file must never be looked up in DNS.
        HostSpec::Host {
            host: Host::Name(_),
            address: None,
        } if portless && has_certificate_extension(path) => {
            Err(PlanError::NoSuchFile { file: what })
        }
        HostSpec::Host {
            host: Host::Name(name),
            address: None,
        } if portless && is_bare(&name) && !has_port(flags) => Err(PlanError::BareWord { what }),
        HostSpec::Host { .. } => Ok(what),
    }
}

/// Returns true if a text that is no target looks like the path of a file.
fn is_path(text: &str) -> bool {
    let separated = text.contains(['/', std::path::MAIN_SEPARATOR]);
    (separated && !text.contains("://")) || has_certificate_extension(Path::new(text))
}

/// Returns true for a name without a dot, which is more likely a missing file. `localhost` always
/// means this machine (RFC 6761).
fn is_bare(name: &str) -> bool {
    !name.contains('.') && name != "localhost"
}

fn has_port(flags: &CheckFlags) -> bool {
    flags.server.ports.is_some() || flags.server.starttls.is_some()
}

/// Returns the scan that visits these servers with the options of `check`. Its exit code says if
/// every verdict is ok.
///
/// # Errors
///
/// Returns an error if `--name` is not a host name.
pub fn visits(flags: CheckFlags, servers: Vec<String>) -> Result<ScanFlags, PlanError> {
    if let Some(Err(error)) = flags.name.as_deref().map(fold_name) {
        let flag = "--name";
        return Err(PlanError::Name { flag, error });
    }
    Ok(ScanFlags {
        targets: TargetFlags {
            targets: servers,
            ports: flags.server.ports,
            sni: flags.name,
            starttls: flags.server.starttls,
            ehlo: flags.server.ehlo,
            ..TargetFlags::default()
        },
        names: flags.server.names,
        pace: PaceFlags::default(),
        patience: flags.server.patience,
        hellos: flags.server.hellos,
        trust: flags.trust,
        fetch: flags.fetch,
        publication: AnonymizeFlags::default(),
        output: OutputFlags {
            outputs: Vec::new(),
            format: flags.format,
            quiet: true,
            no_progress: true,
            advice: true,
        },
        results: ResultFlags {
            gate: GateFlags {
                fail_on: vec![FailOn::Any],
                min_reached: 0,
            },
            ..ResultFlags::default()
        },
    })
}

impl Default for PaceFlags {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            rate: limits.rate,
            concurrency: limits.in_flight,
            rate_per_ip: limits.rate_per_ip,
            concurrency_per_ip: limits.in_flight_per_ip,
        }
    }
}

/// Returns the options of the command line that only the servers of `check` can use, such as
/// `--ports`.
pub(super) fn for_servers(matches: &ArgMatches) -> Vec<String> {
    let Some(("check", check)) = matches.subcommand() else {
        return Vec::new();
    };
    let defined = ServerFlags::augment_args(clap::Command::new("check"));
    let given = defined.get_arguments().filter(|flag| {
        let source = check.value_source(flag.get_id().as_str());
        source == Some(ValueSource::CommandLine)
    });
    given
        .filter_map(|flag| Some(format!("--{}", flag.get_long()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};

    fn asked(arguments: &[&str]) -> Result<Subject, String> {
        let line = ["tlsweep", "check"].iter().chain(arguments);
        let line = line.map(|it| (*it).to_owned()).collect();
        let Command::Check(flags) = Cli::of_arguments(line).unwrap().command else {
            panic!("it is check");
        };
        subject(&flags).map_err(|error| error.to_string())
    }

    #[test]
    fn servers_are_told_from_missing_files() {
        for text in [
            "kunde.example",
            "kunde.example:8443",
            "https://kunde.example/",
            "https://kunde.example/a.pem",
            "kunde.example.",
            "localhost",
            "intranet:443",
            "https://intranet",
            "kunde.pem:443",
            "192.0.2.7",
            "[2001:db8::1]:443",
            "2001:db8::1",
            "www.kunde.example@192.0.2.7",
            "büro.example",
        ] {
            let expected = Subject::Servers(vec![text.to_owned()]);
            assert_eq!(asked(&[text]), Ok(expected), "{text}");
        }
        for (text, reason) in [
            ("fullchain.pem", "no such file"),
            ("kunde.CRT", "no such file"),
            ("live/kunde.example", "no such file"),
            ("./kunde.example", "no such file"),
            ("/nowhere/kunde.example", "no such file"),
            ("a b.pem", "no such file"),
            ("fullchain", "write fullchain:443"),
            ("192.0.2.0/28", "tlsweep scan"),
            ("kunde.example:99999", "not a server"),
            ("htps://kunde.example", "not a server"),
        ] {
            let error = asked(&[text]).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        for flag in ["--ports=8443", "--starttls=smtp"] {
            assert!(asked(&["intranet", flag]).is_ok(), "{flag}");
        }
        let several = [
            "kunde.example",
            "www.kunde.example",
            "mail.kunde.example:465",
        ];
        let servers = several.map(str::to_owned).to_vec();
        assert_eq!(asked(&several), Ok(Subject::Servers(servers)));
    }

    #[test]
    fn files_come_alone_and_without_the_options_of_servers() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kunde.example");
        std::fs::write(&file, "").unwrap();
        let (file, folder) = (file.to_str().unwrap(), folder.path().to_str().unwrap());
        assert_eq!(asked(&[file]), Ok(Subject::File(file.into())));
        assert_eq!(asked(&["-"]), Ok(Subject::File("-".into())));
        assert_eq!(asked(&[folder]), Ok(Subject::Folder(folder.into())));
        for both in [
            ["kunde.example", file],
            [file, "kunde.example"],
            [file, folder],
        ] {
            let error = asked(&both).unwrap_err();
            assert!(
                error.contains(file) && error.contains("one file or folder"),
                "{error}"
            );
        }
        for flag in [
            "--ports=443",
            "--starttls=smtp",
            "--ehlo=a.example",
            "--resolvers=192.0.2.53",
            "--all-ips",
            "--ipv4",
            "--ipv6",
            "--timeout=20s",
            "--connect-timeout=5s",
            "--handshake-timeout=5s",
            "--starttls-timeout=5s",
            "--retries=1",
            "--probe=handshake",
            "--versions=negotiated",
            "--facts=alpn",
            "--prove-key",
        ] {
            let error = asked(&[file, "--name=a.example", flag]).unwrap_err();
            let (flag, _) = flag.split_once('=').unwrap_or((flag, ""));
            assert!(error.contains(flag) && error.contains(file), "{error}");
        }
        assert!(asked(&[file, "--trust=mozilla", "--sni=a.example"]).is_ok());
    }
}
