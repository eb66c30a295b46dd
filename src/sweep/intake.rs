//! Reads the inventory on its own thread. Skips duplicate and excluded targets and reports every
//! line that cannot be parsed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::mpsc::Sender;

use super::counters::{Counters, count};
use super::error::SweepError;
use super::select::{Chosen, Selection, Selector};
use crate::inventory::{Host, Input, InputError, Reject, Seen, Target, TargetReader};
use crate::output::{Clean, notice};
use crate::resolve::ExcludeList;

/// Maximum number of rejected lines shown on standard error; the rest are counted, and written to
/// `--rejects`.
const REJECTS_SHOWN: u64 = 10;

/// Number of characters shown of a rejected line.
const SHOWN: usize = 60;

/// The source of targets, and which of them to skip.
pub struct Intake {
    /// Opened inputs, read one after the other.
    pub readers: Vec<TargetReader>,
    /// True if duplicate targets are visited only once.
    pub dedupe: bool,
    /// Selection and order of the targets.
    pub choice: Selection,
    /// Targets and addresses that are never visited.
    pub excludes: Arc<ExcludeList>,
    /// File for rejected lines, opened before the sweep starts, with its name for error messages.
    pub rejects: Option<(String, File)>,
}

/// What was read.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) inputs: Vec<(Input, u64)>,
    /// The error of an input that could not be read to its end, or of the rejects file.
    pub(super) error: Option<SweepError>,
}

impl Intake {
    /// Reads until the end of the inputs, or until the dispatcher stops receiving.
    pub(super) fn run(self, targets: &Sender<Arc<Target>>, counters: &Counters) -> Taken {
        let mut rejects = Rejects::new(self.rejects);
        let mut seen = self.dedupe.then(Seen::default);
        let mut taken = Taken {
            inputs: Vec::new(),
            error: None,
        };
        let mut chooser = Selector::new(self.choice);
        let send = |targets: &Sender<Arc<Target>>, chosen: &[Arc<Target>]| {
            chosen.iter().all(|target| {
                count(&counters.targets);
                targets.blocking_send(target.clone()).is_ok()
            })
        };
        let mut listening = true;
        for mut reader in self.readers {
            let mut read = 0;
            listening = loop {
                // The dispatcher closes the channel when it stops. Checking here also ends a long
                // run of lines that contain no target.
                if targets.is_closed() {
                    break false;
                }
                match reader.next() {
                    None => break true,
                    Some(Err(InputError::Reject(reject))) => {
                        count(&counters.rejected);
                        rejects.add(&reject);
                    }
                    Some(Err(broken @ InputError::Unreadable { .. })) => {
                        taken.error = Some(SweepError::Input(broken));
                        break true;
                    }
                    Some(Ok(target)) => {
                        if !wanted(&target, seen.as_mut(), &self.excludes, counters) {
                            continue;
                        }
                        read += 1;
                        match chooser.take(target) {
                            Chosen::Now(chosen) if !send(targets, &chosen) => break false,
                            Chosen::LeftOut => count(&counters.left_out),
                            Chosen::Now(_) | Chosen::Held => {}
                        }
                    }
                }
            };
            taken.inputs.push((reader.into_input(), read));
            if !listening {
                break;
            }
        }
        if listening {
            // A stopped dispatcher is not an error here.
            let _ = send(targets, &chooser.rest());
        }
        counters.input_ended.store(1, Relaxed);
        taken.error = taken.error.or(rejects.finish().err());
        taken
    }
}

fn wanted(
    target: &Target,
    seen: Option<&mut Seen>,
    excludes: &ExcludeList,
    counters: &Counters,
) -> bool {
    let host = match &target.host {
        Host::Name(name) => Some(name),
        Host::Address(_) => None,
    };
    // The host is resolved, and the server name is sent.
    let mut names = host.into_iter().chain(target.server_name());
    let excluded = names.any(|name| excludes.excludes_name(name))
        || target
            .fixed_address()
            .is_some_and(|address| excludes.excludes_address(address));
    if excluded {
        count(&counters.excluded);
        return false;
    }
    let new = seen.is_none_or(|seen| seen.insert(target));
    if !new {
        count(&counters.duplicates);
    }
    new
}

fn described(reject: &Reject) -> String {
    let Reject {
        source,
        line,
        text,
        reason,
    } = reject;
    let shown: String = text.chars().take(SHOWN).collect();
    match &**source {
        "argument" => format!("argument {line} ({shown:?}): {reason}"),
        file => format!("{file}:{line}: {shown:?}: {reason}"),
    }
}

/// Receives rejected lines. The file contains each line below a comment with the error, so that it
/// can be corrected and read again.
struct Rejects {
    file: Option<(String, BufWriter<File>)>,
    rejected: u64,
    error: Option<std::io::Error>,
}

impl Rejects {
    fn new(file: Option<(String, File)>) -> Self {
        let file = file.map(|(name, file)| (name, BufWriter::new(file)));
        Self {
            file,
            rejected: 0,
            error: None,
        }
    }

    fn add(&mut self, reject: &Reject) {
        if self.rejected < REJECTS_SHOWN {
            notice(format_args!("{}", Clean::new(&described(reject))));
        }
        if self.rejected == REJECTS_SHOWN {
            notice(format_args!(
                "more lines cannot be read; they are counted, and --rejects FILE keeps them"
            ));
        }
        self.rejected += 1;
        if let Some((_, file)) = &mut self.file
            && let Err(error) = writeln!(file, "# {}\n{}", described(reject), reject.text)
        {
            self.error.get_or_insert(error);
        }
    }

    fn finish(mut self) -> Result<(), SweepError> {
        let Some((name, mut file)) = self.file.take() else {
            return Ok(());
        };
        let error = self.error.take().or(file.flush().err());
        error.map_or(Ok(()), |error| Err(SweepError::Rejects { name, error }))
    }
}
