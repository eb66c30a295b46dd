//! The commands, one file each. A command combines the rooms for one use and reports how it ended.

mod chains;
mod check;
mod completions;
mod demo;
mod dry_run;
mod ending;
mod explain;
mod hellos;
mod judge;
mod limbo;
mod man;
mod message;
mod offline;
mod scan;
mod schema_fields;
mod stores;
mod terms;

use std::process::ExitCode;

use crate::cli::{self, Cli, Command, Exit};
use crate::output::{Clean, notice};
use message::message;

/// Runs the command of this process and reports errors on standard error.
pub fn main() -> ExitCode {
    match run(Cli::of_process().command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            notice(format_args!("{}", Clean::new(&message(&error))));
            Exit::of(&error).into()
        }
    }
}

fn run(command: Command) -> anyhow::Result<Exit> {
    cli::refuse_twins(&command)?;
    match command {
        Command::Scan(flags) => scan::run(*flags),
        Command::Check(flags) => check::run(*flags),
        Command::Stores(command) => stores::run(command),
        Command::Judge(flags) => judge::run(&flags),
        Command::Explain(flags) => explain::run(&flags),
        Command::Hellos(flags) => hellos::run(&flags),
        Command::Demo(flags) => demo::run(flags),
        Command::Completions(flags) => completions::run(&flags),
        Command::Man => man::run(),
    }
}
