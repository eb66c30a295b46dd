//! The commands, one file each. A command combines the rooms for one use and reports how it ended.

mod chains;
mod check;
mod completions;
mod demo;
mod ending;
mod explain;
mod judge;
mod limbo;
mod man;
mod scan;
mod stores;

use std::process::ExitCode;

use crate::cli::{Cli, Command, Exit};
use crate::output::{Clean, tell};

/// Runs the command of this process and reports errors on standard error.
pub fn main() -> ExitCode {
    match run(Cli::of_process().command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            tell(format_args!("{}", Clean::new(&message(&error))));
            Exit::of(&error).into()
        }
    }
}

/// Formats an error with its causes. A cause that the error already quotes is not repeated.
fn message(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Scan(flags) => scan::run(*flags),
        Command::Check(flags) => check::run(flags),
        Command::Stores(command) => stores::run(command),
        Command::Judge(flags) => judge::run(&flags),
        Command::Explain(flags) => explain::run(&flags),
        Command::Demo(flags) => demo::run(flags),
        Command::Completions(flags) => completions::run(&flags),
        Command::Man => man::run(),
    }
}

/// Prints to standard output. A closed pipe (`| head`) is not an error.
fn print(bytes: &[u8]) -> anyhow::Result<Exit> {
    use std::io::{ErrorKind, Write};
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Finished),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_cause_is_not_repeated() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read corp.pem: {0}")]
        struct Unreadable(#[from] std::io::Error);
        let io = || std::io::Error::other("no such file");
        let quoting = anyhow::Error::from(Unreadable(io()));
        assert_eq!(message(&quoting), "cannot read corp.pem: no such file");
        let plain = anyhow::Error::from(io()).context("the sweep could not finish");
        assert_eq!(message(&plain), "the sweep could not finish: no such file");
    }
}
