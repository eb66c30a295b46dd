//! `man`: prints the manual, one page with a section for each command.

use super::message::print;
use crate::cli::{self, Exit};

pub(super) fn run() -> anyhow::Result<Exit> {
    let mut page = Vec::new();
    let definition = cli::definition();
    clap_mangen::Man::new(definition.clone()).render(&mut page)?;
    for command in definition.get_subcommands() {
        let name: &'static str =
            Box::leak(format!("tlsweep-{}", command.get_name()).into_boxed_str());
        let command = command.clone().name(name);
        clap_mangen::Man::new(command).render(&mut page)?;
    }
    print(&page)
}
