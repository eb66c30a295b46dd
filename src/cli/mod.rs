//! The command line. Flags are grouped by stage, checked, and converted to one small settings
//! struct per stage. This room also defines the exit codes. It knows the settings of every stage
//! but none of their work.

mod checking;
mod error;
mod exit;
mod failing;
mod fetching;
mod files;
mod flags;
mod given_file;
mod judging;
mod naming;
mod opening;
mod plan;
mod provenance;
mod publication;
mod reading;
mod revocation;
mod similar;
mod trust;
mod unknown;
mod values;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser};

pub use checking::{Subject, only_files, subject, visits};
pub use error::{CannotStart, PlanError};
pub use exit::Exit;
pub use failing::versions_unasked;
pub use fetching::fetcher;
pub use files::{FILES, FileFlag, FileRole, refuse_twins};
pub use flags::{
    AnonymizeFlags, CheckFlags, Command, CompletionsFlags, DemoFlags, ExplainFlags, GateFlags,
    HellosFlags, ImportFlags, JudgeFlags, Language, ListFlags, NameFlags, OutputFlags, ScanFlags,
    StoresCommand, TrustFlags,
};
pub use judging::JudgePlan;
pub use plan::{Plan, for_stdout};
pub use provenance::{WrittenFile, arguments, files_read};
pub use publication::anonymized;
pub use revocation::Lists;
pub use similar::similar;
pub use trust::{policy, stores_at, warnings};
pub use values::{FailOn, Span, TrustChoice};

/// Scan an inventory of TLS endpoints, and report what is wrong with each, whose side the fault is
/// on and what to do about it.
#[derive(Debug, Parser)]
#[command(
    name = "tlsweep",
    version,
    long_version = env!("TLSWEEP_LONG_VERSION"),
    propagate_version = true,
    max_term_width = 100
)]
pub struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Parses the command line of this process. Invalid usage, `--help` and `--version` end the
    /// process.
    pub fn of_process() -> Self {
        Self::parsed(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// Parses the given arguments, which start with the program's name.
    ///
    /// # Errors
    ///
    /// Returns clap's error if the arguments are invalid.
    pub fn of_arguments(arguments: Vec<String>) -> Result<Self, clap::Error> {
        Self::parsed(arguments)
    }

    fn parsed(
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(arguments);
        let mut matches = matches.map_err(unknown::with_command)?;
        let for_servers = checking::for_servers(&matches);
        let mut cli = Self::from_arg_matches_mut(&mut matches)
            .map_err(|error| error.format(&mut Self::command()))?;
        if let Command::Check(flags) = &mut cli.command {
            flags.for_servers = for_servers;
        }
        Ok(cli)
    }
}

/// Returns the definition of the command line, for completions and the manual.
pub fn definition() -> clap::Command {
    Cli::command()
}
