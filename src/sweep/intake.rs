//! Reads the inventory on its own thread. Skips duplicate and excluded targets and reports every
//! line that cannot be parsed. With deduplication, this is the second reading (see `survey`).

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::mpsc::Sender;

use super::counters::{Counters, count};
use super::error::SweepError;
use super::select::{Chosen, Selection, Selector};
use super::survey::{Inventory, is_excluded};
use crate::inventory::{Input, InputError, Reject, Seen, Target};
use crate::output::{Clean, RejectFile, notice};
use crate::resolve::ExcludeList;

/// Maximum number of rejected lines shown on standard error; the rest are counted, and written to
/// `--rejects`.
const REJECTS_SHOWN: u64 = 10;

/// Number of characters shown of a rejected line.
const SHOWN: usize = 60;

/// The source of targets, and which of them to skip.
pub struct Intake {
    /// The inventory. If it was read before, duplicate targets are visited only once.
    pub inventory: Inventory,
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
        // The dispatcher closes the channel when it stops. Checking that also ends a long run of
        // lines that contain no target.
        self.each(
            counters,
            || !targets.is_closed(),
            |target| targets.blocking_send(target).is_ok(),
        )
    }

    /// Reads the inputs and passes each chosen target to `visit`. Ends early if `visit` or
    /// `wanting` returns false.
    pub(super) fn each(
        self,
        counters: &Counters,
        wanting: impl Fn() -> bool,
        mut visit: impl FnMut(Arc<Target>) -> bool,
    ) -> Taken {
        let mut rejects = Rejects::new(self.rejects);
        let survey = self.inventory.survey;
        let mut seen = survey.as_ref().map(|it| Seen::with(it.key.clone()));
        let first = survey.map_or_else(Vec::new, |it| it.inputs);
        let mut taken = Taken {
            inputs: Vec::new(),
            error: None,
        };
        let mut chooser = Selector::new(self.choice);
        let mut send = |chosen: Vec<Arc<Target>>| {
            chosen.into_iter().all(|target| {
                count(&counters.targets);
                visit(target)
            })
        };
        let mut listening = true;
        for mut reader in self.inventory.readers {
            let mut read = 0;
            listening = loop {
                if !wanting() {
                    break false;
                }
                let next = reader.next();
                for text in reader.notices() {
                    notice(format_args!("{}", Clean::new(&text)));
                }
                match next {
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
                            Chosen::Now(chosen) => {
                                if !send(chosen) {
                                    break false;
                                }
                            }
                            Chosen::OtherShard => count(&counters.left_out),
                            Chosen::Undrawn => {
                                count(&counters.left_out);
                                count(&counters.undrawn);
                            }
                            Chosen::Held => {}
                        }
                    }
                }
            };
            let input = reader.into_input();
            let changed = changed(first.get(taken.inputs.len()), &input);
            taken.error = taken.error.or(changed);
            taken.inputs.push((input, read));
            if !listening {
                break;
            }
        }
        if listening {
            // A stopped dispatcher is not an error here.
            let _ = send(chooser.rest());
            counters
                .expected
                .store(counters.targets.load(Relaxed), Relaxed);
        }
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
    if is_excluded(target, excludes) {
        count(&counters.excluded);
        return false;
    }
    seen.is_none_or(|seen| seen.insert(target))
}

/// Returns an error if an input is not the same in both readings.
fn changed(first: Option<&Input>, second: &Input) -> Option<SweepError> {
    let is_changed = second.complete && first.is_some_and(|it| it.sha256 != second.sha256);
    is_changed.then(|| SweepError::Changed(second.source.clone()))
}

/// Reports every line that cannot be parsed, for an inventory of which nothing can be visited.
///
/// # Errors
///
/// Returns an error if an input cannot be read to its end or the file cannot be written.
pub fn report_rejects(
    inventory: Inventory,
    file: Option<(String, File)>,
) -> Result<(), SweepError> {
    let mut rejects = Rejects::new(file);
    for next in inventory.readers.into_iter().flatten() {
        match next {
            Ok(_) => {}
            Err(InputError::Reject(reject)) => rejects.add(&reject),
            Err(broken @ InputError::Unreadable { .. }) => return Err(SweepError::Input(broken)),
        }
    }
    rejects.finish()
}

fn described(reject: &Reject) -> String {
    let (shown, advice) = (reject.excerpt(SHOWN), reject.advice());
    match &*reject.source {
        "argument" => format!("argument {} ({shown:?}): {advice}", reject.line),
        file => format!("{file}:{}: {shown:?}: {advice}", reject.line),
    }
}

/// Receives rejected lines.
struct Rejects {
    file: Option<(String, RejectFile)>,
    rejected: u64,
}

impl Rejects {
    fn new(file: Option<(String, File)>) -> Self {
        Self {
            file: file.map(|(name, file)| (name, RejectFile::new(file))),
            rejected: 0,
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
        if let Some((_, file)) = &mut self.file {
            file.add(reject);
        }
    }

    fn finish(self) -> Result<(), SweepError> {
        let Some((name, file)) = self.file else {
            return Ok(());
        };
        let finished = file.finish();
        finished.map_err(|error| SweepError::Rejects { name, error })
    }
}
