//! `completions`: prints the completion script for a shell.

use super::message::print;
use crate::cli::{self, CompletionsFlags, Exit};

pub(super) fn run(flags: &CompletionsFlags) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut cli::definition(), "tlsweep", &mut script);
    print(&script)
}
