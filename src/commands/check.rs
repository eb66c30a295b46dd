//! `check`: judges a chain in a file, a folder of such files, or a few servers, as a scan does.

use std::path::Path;
use std::sync::Arc;

use super::chains::{self, Chain, Named};
use super::message::message;
use super::offline::{host, observation};
use super::{limbo, scan};
use crate::cli::{self, CheckFlags, Exit, Lists, NameFlags, PlanError, Subject};
use crate::inventory::Host;
use crate::judge::{Judge, Policy};
use crate::observation::Observation;
use crate::output::{Clean, Layout, OutputPath, Outputs, Record, notice};
use crate::pace::Limits;
use crate::probe::Timeouts;
use crate::sweep::{self, Fetcher};
use crate::verdict::VerdictKind;

pub(super) fn run(flags: CheckFlags) -> anyhow::Result<Exit> {
    if let Some(suite) = &flags.limbo {
        cli::only_files(&flags, suite)?;
        return limbo::run(suite, flags.differing.as_deref(), flags.trust.at);
    }
    match cli::subject(&flags)? {
        Subject::File(path) => file(&flags, &path),
        Subject::Folder(path) => folder(&flags, &path),
        // A sweep of these targets, whose rows decide the exit code.
        Subject::Servers(servers) => scan::run(cli::visits(flags, servers)?),
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
    match check.chain(path, name, || host(name))? {
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
    let given = match &flags.name {
        Some(name) => Some((name, host(name)?)),
        None => None,
    };
    let mut check = Check::begin(flags)?;
    let mut unusable = false;
    for Named { path: file, name } in files {
        let held = match &given {
            Some((given, host)) => check.chain(&file, given, || Ok(host.clone())),
            None => check.chain(&file, &name, || file_host(&file, &name)),
        };
        match held {
            Err(error) if error.is::<PlanError>() => {
                unusable = true;
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

/// Parses the name of a file as the host to check it for.
fn file_host(file: &Path, name: &str) -> Result<Host, PlanError> {
    let reason = match host(name) {
        Ok(host) => return Ok(host),
        Err(PlanError::Name { error, .. }) => error.advice().reason,
        Err(_) => "it is more than a name".to_owned(),
    };
    Err(PlanError::FileName {
        file: file.display().to_string(),
        name: name.to_owned(),
        reason,
    })
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

    fn chain(
        &mut self,
        path: &Path,
        name: &str,
        host: impl FnOnce() -> Result<Host, PlanError>,
    ) -> anyhow::Result<Held> {
        let Some(Chain { chain, notes }) = chains::read(path)? else {
            return Ok(Held::Keys);
        };
        let observation = observation(chain, name, host()?)?;
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
