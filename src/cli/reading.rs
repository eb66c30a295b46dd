//! Opens a reader for each source of targets that the flags name.

use std::io::{BufReader, IsTerminal};
use std::path::Path;

use super::error::PlanError;
use super::flags::TargetFlags;
use crate::inventory::{self, Defaults, Source, TargetReader, fold_name, parse_ports};

/// Returns the readers, in the order of their sources.
pub(super) fn readers(flags: &TargetFlags) -> Result<Vec<TargetReader>, PlanError> {
    let defaults = Defaults {
        ports: flags
            .ports
            .as_deref()
            .map(parse_ports)
            .transpose()?
            .unwrap_or_default(),
        sni: match &flags.sni {
            Some(name) => Some(fold_name(name).map_err(|error| PlanError::Name {
                flag: "--sni",
                error,
            })?),
            None => None,
        },
        service: flags.starttls,
    };
    let mut sources = Vec::new();
    if !flags.targets.is_empty() {
        sources.push(Source::Arguments(flags.targets.clone()));
    }
    for path in &flags.inputs {
        sources.push(if path == Path::new("-") {
            stdin()
        } else {
            Source::File(path.clone())
        });
    }
    if sources.is_empty() {
        if std::io::stdin().is_terminal() {
            return Err(PlanError::NoInput);
        }
        sources.push(stdin());
    }
    let open = |source| inventory::open(source, &defaults).map_err(PlanError::from);
    sources.into_iter().map(open).collect()
}

fn stdin() -> Source {
    Source::Stdin(Box::new(BufReader::new(std::io::stdin())))
}
