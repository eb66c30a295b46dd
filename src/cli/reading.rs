//! Opens the sources of targets that the flags name.

use std::io::{BufReader, IsTerminal};
use std::path::Path;

use super::error::PlanError;
use super::flags::TargetFlags;
use crate::inventory::{Defaults, Source, fold_name, parse_ports};
use crate::sweep::Sources;

/// Opens the sources, in the order in which they are read.
pub(super) fn sources(flags: &TargetFlags) -> Result<Sources, PlanError> {
    let defaults = Defaults {
        ports: flags
            .ports
            .as_deref()
            .map(parse_ports)
            .transpose()
            .map_err(PlanError::Ports)?
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
    Ok(Sources::open(sources, defaults, !flags.no_dedupe)?)
}

fn stdin() -> Source {
    Source::Stdin(Box::new(BufReader::new(std::io::stdin())))
}
