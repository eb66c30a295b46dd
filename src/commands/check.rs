//! `check`: judges a chain in a file, a folder of such files, or one server, as a scan does.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::chains::{self, Chain};
use super::message::message;
use super::offline::{host, observation};
use super::{limbo, scan};
use crate::cli::{self, CheckFlags, Cli, Command, Exit, Lists, NameFlags, PlanError};
use crate::inventory::{self, Host, TargetSpec};
use crate::judge::{Judge, Policy};
use crate::observation::Observation;
use crate::output::{Clean, Layout, OutputPath, Outputs, Record, notice};
use crate::pace::Limits;
use crate::probe::Timeouts;
use crate::sweep::{self, Fetcher};
use crate::verdict::VerdictKind;

pub(super) fn run(flags: CheckFlags) -> anyhow::Result<Exit> {
    if let Some(suite) = &flags.limbo {
        return limbo::run(suite, flags.differing.as_deref(), flags.trust.at);
    }
    let what = flags.what.clone();
    let what = what.context("clap requires an argument unless --limbo is given")?;
    if what.is_dir() {
        folder(&flags, &what)
    } else if what == Path::new("-") || what.exists() {
        file(&flags, &what)
    } else {
        server(&what.display().to_string(), flags)
    }
}

fn file(flags: &CheckFlags, path: &Path) -> anyhow::Result<Exit> {
    let Some(name) = &flags.name else {
        return Err(PlanError::NoName {
            file: path.display().to_string(),
        }
        .into());
    };
    let mut check = Check::begin(flags)?;
    match check.chain(path, name)? {
        Held::Chain => check.end(),
        Held::Keys => {
            let reason = "contains a private key but no certificate; give the certificate's file";
            Err(chains::unusable(path, reason.to_owned()).into())
        }
    }
}

/// Contents of a file.
enum Held {
    Chain,
    /// Only private keys.
    Keys,
}

/// Checks every file of a folder. A file that cannot be used is reported and changes the exit code,
/// but the other files are still checked.
fn folder(flags: &CheckFlags, path: &Path) -> anyhow::Result<Exit> {
    let files = chains::files(path)?;
    let mut check = Check::begin(flags)?;
    let mut unusable = false;
    for file in files {
        let own = chains::named_after(&file);
        match check.chain(&file, flags.name.as_ref().unwrap_or(&own)) {
            Err(error) if error.is::<PlanError>() => {
                unusable = true;
                let error = error.context(file.display().to_string());
                notice(format_args!("{}", Clean::new(&message(&error))));
            }
            held => {
                if let Held::Keys = held? {
                    let message = format!("{}: private key skipped", file.display());
                    notice(format_args!("{}", Clean::new(&message)));
                }
            }
        }
    }
    let exit = check.end()?;
    Ok(if unusable { Exit::Usage } else { exit })
}

/// Runs a sweep of one target, whose only row decides the exit code.
fn server(text: &str, flags: CheckFlags) -> anyhow::Result<Exit> {
    let name = flags.name.as_deref().map(host).transpose()?;
    if let Some(reason) = no_server(text, name.as_ref()) {
        return Err(PlanError::NothingToCheck {
            what: text.to_owned(),
            reason,
        }
        .into());
    }
    let arguments = ["tlsweep", "scan", "--quiet", "--fail-on=any"];
    let Command::Scan(mut sweep) = Cli::of_arguments(arguments.map(str::to_owned).into())?.command
    else {
        anyhow::bail!("scan is a command");
    };
    sweep.targets.targets = vec![text.to_owned()];
    sweep.targets.sni = name.map(|name| name.to_string());
    sweep.trust = flags.trust;
    sweep.fetch = flags.fetch;
    sweep.output.format = flags.format;
    scan::run(*sweep)
}

/// Returns why a text does not name one server, or `None` if it does. A port is required: without
/// it the text could be a missing file, and a file name must never be looked up in DNS.
fn no_server(text: &str, name: Option<&Host>) -> Option<String> {
    let asked = match TargetSpec::parse(text) {
        Ok(asked) => asked,
        Err(error) => return Some(error.to_string()),
    };
    match (asked.place, asked.port, asked.service) {
        (inventory::HostSpec::Block(_), ..) => {
            Some("an address block can only be scanned with tlsweep scan".to_owned())
        }
        (inventory::HostSpec::Host { address, .. }, ..) if name.is_some() && address.is_some() => {
            Some("the target already contains the name, so leave out --name".to_owned())
        }
        (_, None, None) => Some(format!("a server needs its port, as in {text}:443")),
        _ => match name {
            Some(Host::Address(_)) => {
                Some("--name must be a host name here, as it is sent to the server".to_owned())
            }
            Some(Host::Name(_)) | None => None,
        },
    }
}

/// The judge of the chains, and the output of their rows.
struct Check {
    policy: Arc<Policy>,
    judge: Judge,
    /// Downloads what the chains lack, if allowed. Rows that could change wait until all chains are
    /// read.
    fetcher: Option<Fetcher>,
    waiting: Vec<Observation>,
    output: Outputs,
    exit: Exit,
}

impl Check {
    fn begin(flags: &CheckFlags) -> anyhow::Result<Self> {
        let mut notices = Vec::new();
        let policy = Arc::new(cli::policy(&flags.trust, Lists::Fetched, &mut notices)?);
        for text in notices {
            notice(format_args!("{}", Clean::new(&text)));
        }
        let format = flags.format.unwrap_or_else(cli::for_stdout);
        let (names, timeouts) = (NameFlags::default(), Timeouts::default());
        Ok(Self {
            judge: Judge::new(policy.clone()),
            fetcher: cli::fetcher(
                flags.fetch,
                &policy,
                &names,
                Arc::default(),
                &timeouts,
                Limits::default(),
            )?,
            policy,
            waiting: Vec::new(),
            output: Outputs::open(&[(OutputPath::Stdout, format)], Layout::default())?,
            exit: Exit::Finished,
        })
    }

    fn chain(&mut self, path: &Path, name: &str) -> anyhow::Result<Held> {
        let Some(Chain { chain, notes }) = chains::read(path)? else {
            return Ok(Held::Keys);
        };
        let observation = observation(chain, name, host(name)?)?;
        for note in notes {
            notice(format_args!("{}", Clean::new(&note)));
        }
        match self.fetcher {
            Some(_) => self.waiting.push(observation),
            None => self.judge(&observation)?,
        }
        Ok(Held::Chain)
    }

    fn judge(&mut self, observation: &Observation) -> anyhow::Result<()> {
        let verdict = self.judge.judge(observation);
        let at = self.policy.time_for(observation);
        self.output.write(&Record::new(observation, &verdict, at))?;
        if verdict.kind != VerdictKind::Ok {
            self.exit = Exit::Found;
        }
        Ok(())
    }

    fn end(mut self) -> anyhow::Result<Exit> {
        if let Some(fetcher) = &mut self.fetcher {
            let policy = sweep::fetch_for(&self.policy, fetcher, &self.waiting)?;
            self.judge = Judge::new(Arc::new(policy));
        }
        let waiting = std::mem::take(&mut self.waiting);
        waiting.iter().try_for_each(|each| self.judge(each))?;
        self.output.finish()?;
        Ok(self.exit)
    }
}
