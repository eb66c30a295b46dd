//! A command line that begins with a host or a file instead of a command: the error names the
//! command.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::given_file::FileContents;
use crate::gather::has_certificate_extension;
use crate::inventory::{Host, HostSpec, TargetSpec};

/// Adds the command to the error if an unknown subcommand looks like a host or a file. A misspelled
/// subcommand keeps clap's suggestion.
pub(super) fn with_command(mut error: clap::Error) -> clap::Error {
    let asked = match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(asked))) => asked.clone(),
        _ => return error,
    };
    let Some(tips) = tips(&asked) else {
        return error;
    };
    error.remove(ContextKind::SuggestedSubcommand);
    let tips = tips.into_iter().map(StyledStr::from).collect();
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    error
}

fn tips(asked: &str) -> Option<Vec<String>> {
    let path = std::path::Path::new(asked);
    if let Some(contents) = FileContents::of(path) {
        return Some(vec![contents.tip(asked)]);
    }
    if has_certificate_extension(path) || path.exists() {
        return Some(vec![format!("to check this file: tlsweep check {asked}")]);
    }
    let scan = || format!("to scan many: tlsweep scan {asked} ...");
    let check = || format!("to check one server: tlsweep check {asked}");
    match TargetSpec::parse(asked).ok()? {
        TargetSpec {
            place: HostSpec::Block(_),
            ..
        } => Some(vec![scan()]),
        TargetSpec {
            place:
                HostSpec::Host {
                    host: Host::Name(name),
                    address: None,
                },
            port: None,
            service: None,
        } if !name.contains('.') && &*name != "localhost" => None,
        TargetSpec { .. } => Some(vec![check(), scan()]),
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use crate::cli::given_file::mistaken_for_targets;
    use crate::observation::{FactSet, SavedHeader, SavedWriter};

    fn error(asked: &str) -> String {
        let line = ["tlsweep", asked, "--versions", "all"];
        let line = line.map(str::to_owned).to_vec();
        Cli::of_arguments(line).unwrap_err().to_string()
    }

    #[test]
    fn a_host_in_place_of_a_command_names_the_commands() {
        for host in [
            "kunde.example",
            "kunde.example:443",
            "https://kunde.example/",
            "scan.example",
            "192.0.2.7",
            "[2001:db8::1]:443",
            "localhost",
            "mail:465",
        ] {
            let error = error(host);
            for tip in ["check one server: tlsweep check", "scan many: tlsweep scan"] {
                let tip = format!("{tip} {host}");
                assert!(error.contains(&tip), "{host}: {error}");
            }
            assert!(!error.contains("similar"), "{host}: {error}");
        }
        let block = error("192.0.2.0/28");
        assert!(block.contains("tlsweep scan 192.0.2.0/28") && !block.contains("tlsweep check"));
        assert!(error("fullchain.pem").contains("tlsweep check fullchain.pem"));
    }

    #[test]
    fn a_file_in_place_of_a_command_names_the_command_that_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let recording = {
            let answers = SavedHeader::new(false, None, "handshake".to_owned(), FactSet::default());
            let mut bytes = Vec::new();
            let mut writer = SavedWriter::new(&mut bytes, &answers).unwrap();
            writer.finish().unwrap();
            drop(writer);
            bytes
        };
        let pem = b"subject\n-----BEGIN CERTIFICATE-----\n".to_vec();
        for (name, contents, command) in [
            ("list.csv", b"host\na.example\n".to_vec(), "scan -i"),
            ("list.txt", b"a.example\n".to_vec(), "scan -i"),
            ("rows.jsonl", b"{}\n".to_vec(), "scan -i"),
            ("list", Vec::new(), "scan -i"),
            ("seen.tls", recording.clone(), "judge"),
            ("seen.pem", recording, "judge"),
            ("chain.pem", pem.clone(), "check"),
            ("chain.txt", pem, "check"),
            ("leaf", vec![0x30, 0x82, 4, 0], "check"),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, contents).unwrap();
            let path = path.to_str().unwrap();
            let tip = format!(": tlsweep {command} {path}");
            let error = error(path);
            assert!(
                error.contains(&tip) && error.matches("tip: ").count() == 1,
                "{error}"
            );
            // The same file in place of a target.
            let [notice] = &mistaken_for_targets(&["a.example".to_owned(), path.to_owned()])[..]
            else {
                panic!("one notice about {name}");
            };
            assert!(
                notice.starts_with(path) && notice.ends_with(&tip),
                "{notice}"
            );
        }
        // A folder is often named after a host.
        let folder = folder.path().to_str().unwrap().to_owned();
        assert!(error(&folder).contains("tlsweep check"));
        assert_eq!(mistaken_for_targets(&[folder]), Vec::<String>::new());
    }

    #[test]
    fn a_misspelled_command_keeps_its_suggestion() {
        let misspelled = error("scna");
        assert!(misspelled.contains("'scan'"), "{misspelled}");
        for word in ["scna", "nonsense"] {
            assert!(!error(word).contains("to scan many"), "{word}");
        }
    }
}
