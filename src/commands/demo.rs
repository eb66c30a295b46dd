//! `demo`: starts a lab of good and broken servers on this machine and scans it like any inventory.

use std::io::Write;

use anyhow::Context;

use super::message::print;
use crate::cli::{Cli, Command, DemoFlags, Exit};
use crate::lab::{Lab, Running};
use crate::output::notice;
use crate::probe;

pub(super) fn run(flags: DemoFlags) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start the lab")?;
    let lab = runtime
        .block_on(Lab::start(probe::now()))
        .context("cannot start the lab")?;
    let root = tempfile::Builder::new()
        .prefix("tlsweep-demo-")
        .tempdir()
        .context("cannot write the lab's root to the temporary folder")?;
    let root_file = root.path().join("lab.pem");
    std::fs::write(&root_file, lab.root_pem()).context("cannot write the lab's root")?;
    let exit = if flags.serve {
        serve(&runtime, &lab, &root_file)
    } else {
        super::scan::run(sweep_of(&lab, &root_file, flags)?)
    };
    runtime.block_on(lab.stop());
    exit
}

/// Returns the command line that a user would give for this inventory.
fn sweep_of(
    lab: &Lab,
    root: &std::path::Path,
    flags: DemoFlags,
) -> anyhow::Result<crate::cli::ScanFlags> {
    let mut arguments = vec![
        "tlsweep".to_owned(),
        "scan".to_owned(),
        // The servers run on this machine, so rate limits are unnecessary, and silent servers need
        // only short timeouts.
        "--rate=0".to_owned(),
        "--rate-per-ip=0".to_owned(),
        "--concurrency-per-ip=0".to_owned(),
        "--retries=0".to_owned(),
        "--handshake-timeout=1500ms".to_owned(),
        "--starttls-timeout=1500ms".to_owned(),
        format!("--resolvers={}", lab.resolver_address()),
        format!("--trust={}", root.display()),
    ];
    arguments.extend(lab.cases().iter().map(|running| running.target.clone()));
    let Command::Scan(mut scan) = Cli::of_arguments(arguments)?.command else {
        anyhow::bail!("scan is a command");
    };
    scan.output = flags.output;
    Ok(*scan)
}

fn serve(
    runtime: &tokio::runtime::Runtime,
    lab: &Lab,
    root: &std::path::Path,
) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    writeln!(text, "# root to trust: {}", root.display())?;
    writeln!(
        text,
        "# resolver: {} (all names under {})",
        lab.resolver_address(),
        crate::lab::ZONE
    )?;
    for Running {
        case,
        target,
        pinned,
    } in lab.cases()
    {
        let target = pinned.as_deref().unwrap_or(target);
        writeln!(text, "{target}  # {}: {}", case.expect, case.about)?;
    }
    print(&text)?;
    notice(format_args!(
        "serving until interrupted; try: tlsweep scan --trust {} TARGET",
        root.display()
    ));
    runtime
        .block_on(tokio::signal::ctrl_c())
        .context("cannot wait for the interrupt")?;
    Ok(Exit::Finished)
}
