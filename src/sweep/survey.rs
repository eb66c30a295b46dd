//! The first of two readings of the inventory. Before any output is opened, it finds the duplicates
//! whose columns must not be lost, counts the targets, and shows if there is anything to visit.
//! Without deduplication there is only one reading, so that a pipe may still be growing.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::SpooledTempFile;

use super::error::SweepError;
use super::listings::{Listings, NewListings};
use super::sample::Sample;
use super::select::Selection;
use crate::inventory::{
    self, Defaults, Host, Input, InputError, Listed, Listing, OpenError, Source, Target,
    TargetReader, VisitKey,
};
use crate::resolve::ExcludeList;
use crate::summary::Intake;

/// Bytes of a pipe kept in memory before a file is created.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// The sources of the inventory, opened for the first reading.
pub struct Sources {
    readers: Vec<TargetReader>,
    /// How to open each source again; `None` if the inventory is read only once.
    again: Option<Vec<Again>>,
    defaults: Defaults,
}

/// The inventory, ready for the reading that visits its targets.
pub struct Inventory {
    /// Opened sources, read one after the other.
    pub readers: Vec<TargetReader>,
    /// What the first reading found; `None` if there was none (`--no-dedupe`).
    pub survey: Option<Survey>,
}

/// What the first reading found.
pub struct Survey {
    pub(super) key: VisitKey,
    pub(super) listings: Listings,
    pub(super) inputs: Vec<Input>,
    pub(super) counts: Counts,
}

/// Numbers of targets in the inventory.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    /// Targets to visit.
    pub(super) expected: u64,
    /// Targets on the exclude list.
    pub(super) excluded: u64,
    /// Targets outside the shard, or outside the sample if that is a percentage.
    pub(super) left_out: u64,
    /// Duplicates, without excluded ones.
    pub(super) duplicates: u64,
    /// Duplicates whose tags no earlier listing of the same visit has.
    pub(super) other_columns: u64,
}

impl Sources {
    /// Opens the sources. With `dedupe`, they are prepared to be read twice.
    ///
    /// # Errors
    ///
    /// Returns an error if a source cannot be read, or is in a format that is not supported.
    pub fn open(sources: Vec<Source>, defaults: Defaults, dedupe: bool) -> Result<Self, OpenError> {
        let mut readers = Vec::new();
        let mut again = dedupe.then(Vec::new);
        for source in sources {
            let source = match &mut again {
                Some(again) => {
                    let (source, second) = twice(source)?;
                    again.push(second);
                    source
                }
                None => source,
            };
            readers.push(inventory::open(source, &defaults)?);
        }
        Ok(Self {
            readers,
            again,
            defaults,
        })
    }

    /// Reads the inventory for the first time, if it is to be read twice.
    ///
    /// # Errors
    ///
    /// Returns an error if a source cannot be read to its end or opened again, or if the temporary
    /// folder cannot be used.
    pub fn survey(
        self,
        excludes: &ExcludeList,
        choice: &Selection,
    ) -> Result<Inventory, SweepError> {
        let Self {
            readers,
            again,
            defaults,
        } = self;
        let Some(again) = again else {
            return Ok(Inventory {
                readers,
                survey: None,
            });
        };
        let survey = Surveying::new(excludes, choice).run(readers)?;
        let open = |again: Again| {
            let source = again.source().map_err(SweepError::Listings)?;
            inventory::open(source, &defaults).map_err(SweepError::Reopen)
        };
        Ok(Inventory {
            readers: again.into_iter().map(open).collect::<Result<_, _>>()?,
            survey: Some(survey),
        })
    }
}

impl Inventory {
    /// Returns what the first reading counted; zeros if there was none.
    pub(super) fn counts(&self) -> Counts {
        let survey = self.survey.as_ref();
        survey.map(|it| it.counts).unwrap_or_default()
    }

    /// Returns the numbers of skipped targets if the first reading found no target to visit. Returns
    /// `None` if there is one, and if there was no first reading.
    pub fn nothing_to_visit(&self) -> Option<Intake> {
        let counts = self.survey.as_ref()?.counts;
        (counts.expected == 0).then(|| Intake {
            excluded: counts.excluded,
            left_out: counts.left_out,
            ..Intake::default()
        })
    }
}

/// Returns true if the target is never visited.
pub(super) fn is_excluded(target: &Target, excludes: &ExcludeList) -> bool {
    let host = match &target.host {
        Host::Name(name) => Some(name),
        Host::Address(_) => None,
    };
    // The host is resolved, and the server name is sent.
    let mut names = host.into_iter().chain(target.server_name());
    names.any(|name| excludes.excludes_name(name))
        || target
            .fixed_address()
            .is_some_and(|address| excludes.excludes_address(address))
}

/// The first reading under way.
struct Surveying<'a> {
    excludes: &'a ExcludeList,
    choice: &'a Selection,
    key: VisitKey,
    listed: Listed,
    listings: NewListings,
    counts: Counts,
}

impl<'a> Surveying<'a> {
    fn new(excludes: &'a ExcludeList, choice: &'a Selection) -> Self {
        let key = VisitKey::default();
        Self {
            excludes,
            choice,
            listed: Listed::with(key.clone()),
            key,
            listings: NewListings::new(),
            counts: Counts::default(),
        }
    }

    fn run(mut self, readers: Vec<TargetReader>) -> Result<Survey, SweepError> {
        let mut inputs = Vec::new();
        for mut reader in readers {
            for next in reader.by_ref() {
                match next {
                    Ok(target) => self.add(&target).map_err(SweepError::Listings)?,
                    // The second reading reports it.
                    Err(InputError::Reject(_)) => {}
                    Err(broken @ InputError::Unreadable { .. }) => {
                        return Err(SweepError::Input(broken));
                    }
                }
            }
            inputs.push(reader.into_input());
        }
        if let Some(Sample::Count(size)) = self.choice.sample {
            self.counts.expected = self.counts.expected.min(size.get() as u64);
        }
        let listings = self.listings.finish(self.key.clone());
        Ok(Survey {
            key: self.key,
            listings: listings.map_err(SweepError::Listings)?,
            inputs,
            counts: self.counts,
        })
    }

    fn add(&mut self, target: &Target) -> io::Result<()> {
        if is_excluded(target, self.excludes) {
            self.counts.excluded += 1;
            return Ok(());
        }
        let is_chosen = || self.choice.may_take(target);
        match self.listed.add(target) {
            (Listing::New, _) if is_chosen() => self.counts.expected += 1,
            (Listing::New, _) => self.counts.left_out += 1,
            (Listing::Same, _) => self.counts.duplicates += 1,
            (Listing::OtherTags, visit) => {
                self.counts.duplicates += 1;
                self.counts.other_columns += 1;
                if is_chosen() {
                    self.listings.add(visit, target)?;
                }
            }
        }
        Ok(())
    }
}

/// How to open a source for the second time.
enum Again {
    Arguments(Vec<String>),
    File(PathBuf),
    /// A pipe or device with a path.
    Pipe(PathBuf, Copied),
    Stdin(Copied),
}

/// Returns the source for the first reading, and how to open it again. Only regular files and
/// arguments can be read twice; anything else is copied while it is read.
fn twice(source: Source) -> Result<(Source, Again), OpenError> {
    Ok(match source {
        Source::Arguments(all) => (Source::Arguments(all.clone()), Again::Arguments(all)),
        Source::File(path) => match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
                let file = File::open(&path).map_err(|error| OpenError::Unreadable {
                    file: path.to_string_lossy().into(),
                    error,
                })?;
                pipe(path, file)
            }
            // Opening reports what is wrong with a folder or a missing file.
            _ => (Source::File(path.clone()), Again::File(path)),
        },
        Source::Opened(path, stream) => pipe(path, stream),
        Source::Stdin(stream) => {
            let copy = Copied::new();
            let first = BufReader::new(copy.tee(stream));
            (Source::Stdin(Box::new(first)), Again::Stdin(copy))
        }
    })
}

fn pipe(path: PathBuf, stream: impl Read + Send + 'static) -> (Source, Again) {
    let copy = Copied::new();
    let first = Box::new(copy.tee(stream));
    (Source::Opened(path.clone(), first), Again::Pipe(path, copy))
}

impl Again {
    fn source(self) -> io::Result<Source> {
        Ok(match self {
            Self::Arguments(all) => Source::Arguments(all),
            Self::File(path) => Source::File(path),
            Self::Pipe(path, copy) => Source::Opened(path, Box::new(copy.rewound()?)),
            Self::Stdin(copy) => Source::Stdin(Box::new(BufReader::new(copy.rewound()?))),
        })
    }
}

/// The bytes of a stream, in memory or in a temporary file. The first reading writes them and the
/// second reads them, so the lock is never contended.
#[derive(Clone)]
struct Copied(Arc<Mutex<SpooledTempFile>>);

impl Copied {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(SpooledTempFile::new(IN_MEMORY))))
    }

    fn tee<R: Read>(&self, stream: R) -> Tee<R> {
        Tee {
            stream,
            copy: self.clone(),
        }
    }

    fn rewound(self) -> io::Result<Self> {
        self.with(|file| file.rewind())?;
        Ok(self)
    }

    fn with<T>(&self, work: impl FnOnce(&mut SpooledTempFile) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Read for Copied {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|file| file.read(buffer))
    }
}

/// A stream of which every byte read is copied.
struct Tee<R> {
    stream: R,
    copy: Copied,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        let written = self.copy.with(|file| file.write_all(&buffer[..count]));
        written.map_err(|error| {
            let what = "it cannot be copied to the temporary folder (set TMPDIR to one with room, or add --no-dedupe)";
            io::Error::new(error.kind(), format!("{what}: {error}"))
        })?;
        Ok(count)
    }
}
