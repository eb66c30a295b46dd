//! The commands, one file each. They put the rooms together for one use and say how it ended.

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

/// Runs the command of this process; what goes wrong is told on standard error.
pub fn main() -> ExitCode {
    match run(Cli::of_process().command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            tell(format_args!("{}", Clean::new(&told(&error))));
            Exit::of(&error).into()
        }
    }
}

/// An error with its causes, each told once: many of ours quote the system's words already.
fn told(error: &anyhow::Error) -> String {
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

/// Prints to standard output; a reader that has gone away (`| head`) is not an error.
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
    fn a_cause_that_an_error_quotes_is_not_told_again() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read corp.pem: {0}")]
        struct Unreadable(#[from] std::io::Error);
        let io = || std::io::Error::other("no such file");
        let quoting = anyhow::Error::from(Unreadable(io()));
        assert_eq!(told(&quoting), "cannot read corp.pem: no such file");
        let plain = anyhow::Error::from(io()).context("the sweep could not finish");
        assert_eq!(told(&plain), "the sweep could not finish: no such file");
    }
}
