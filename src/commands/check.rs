//! `check`: the judgement of a sweep on a chain in a file, on a folder of them, or on one server.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::chains::{self, Chain};
use super::offline::{host, observation};
use super::telling::told;
use super::{limbo, scan};
use crate::cli::{self, CheckFlags, Cli, Command, Exit, Lists, NameFlags, PlanError};
use crate::inventory::{self, Host, TargetSpec};
use crate::judge::{Judge, Policy};
use crate::observation::Observation;
use crate::output::{Clean, Layout, OutputPath, Outputs, Record, tell};
use crate::pace::Limits;
use crate::probe::Timeouts;
use crate::sweep::{self, Fetcher};
use crate::verdict::VerdictKind;

pub(super) fn run(flags: CheckFlags) -> anyhow::Result<Exit> {
    if let Some(suite) = &flags.limbo {
        return limbo::run(suite, flags.differing.as_deref(), flags.trust.at);
    }
    let what = flags.what.clone();
    let what = what.context("without --limbo there is something to check")?;
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
            let reason = "holds a private key and no certificate; give the file of the certificate";
            Err(chains::unusable(path, reason.to_owned()).into())
        }
    }
}

/// What a file holds.
enum Held {
    Chain,
    /// Private keys and nothing else.
    Keys,
}

/// A file that cannot be used is told, and costs the others nothing but the exit code.
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
                tell(format_args!("{}", Clean::new(&told(&error))));
            }
            held => {
                if let Held::Keys = held? {
                    let told = format!("{}: a private key is passed over", file.display());
                    tell(format_args!("{}", Clean::new(&told)));
                }
            }
        }
    }
    let exit = check.end()?;
    Ok(if unusable { Exit::Usage } else { exit })
}

/// A sweep of one target, whose one row decides.
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

/// Why a text is not one server. Without a port it could be a file that is not there, and no file's
/// name shall be looked up as a host's.
fn no_server(text: &str, name: Option<&Host>) -> Option<String> {
    let asked = match TargetSpec::parse(text) {
        Ok(asked) => asked,
        Err(error) => return Some(error.to_string()),
    };
    match (asked.place, asked.port, asked.service) {
        (inventory::HostSpec::Block(_), ..) => {
            Some("a block of addresses is for tlsweep scan".to_owned())
        }
        (inventory::HostSpec::Host { address, .. }, ..) if name.is_some() && address.is_some() => {
            Some("it says which name to ask for, so leave out --name".to_owned())
        }
        (_, None, None) => Some(format!("a server needs its port, as in {text}:443")),
        _ => match name {
            Some(Host::Address(_)) => {
                Some("servers are asked for names, so give --name one".to_owned())
            }
            Some(Host::Name(_)) | None => None,
        },
    }
}

/// What judges chains, and the output that their rows go to.
struct Check {
    policy: Arc<Policy>,
    judge: Judge,
    /// Who fetches what chains lack, if somebody shall: once for all, so that they wait for it.
    fetcher: Option<Fetcher>,
    waiting: Vec<Observation>,
    output: Outputs,
    exit: Exit,
}

impl Check {
    fn begin(flags: &CheckFlags) -> anyhow::Result<Self> {
        let mut notices = Vec::new();
        let policy = Arc::new(cli::policy(&flags.trust, Lists::Fetched, &mut notices)?);
        for notice in notices {
            tell(format_args!("{}", Clean::new(&notice)));
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
            tell(format_args!("{}", Clean::new(&note)));
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
            let policy = sweep::completed(&self.policy, fetcher, &self.waiting)?;
            self.judge = Judge::new(Arc::new(policy));
        }
        let waiting = std::mem::take(&mut self.waiting);
        waiting.iter().try_for_each(|each| self.judge(each))?;
        self.output.finish()?;
        Ok(self.exit)
    }
}
