//! Receives judged visits from the workers, writes and counts rows, and learns issuers from the
//! chains of other hosts. Unsettled rows wait and are judged a second time when every host has been
//! visited, so that the order of the inventory does not matter.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior};

use super::aia;
use super::counters::{Counters, count};
use super::error::SweepError;
use super::fetch::Fetcher;
use super::job::Judged;
use super::listings::Listings;
use super::lists::Wanted;
use super::recording::RecordingFile;
use super::spool::Spool;
use super::stop::{Finish, Stop};
use crate::gather::{Fetched, Learned, Neighbours, Search};
use crate::inventory::Target;
use crate::judge::{Judge, Policy};
use crate::observation::{Fact, Failure, Observation, SavedAnswer};
use crate::output::{CertificateFile, Outputs, Record};
use crate::probe;
use crate::summary::{Input, Share, Summary, SweepEnd};
use crate::verdict::{FindingId, Verdict};

/// Maximum time that a row stays in a buffer, for programs that read the output while it grows.
const FLUSH_EVERY: Duration = Duration::from_millis(250);

/// Maximum time span that a killed sweep loses from its recording. Ending frames more often would
/// make the file of a slow sweep larger.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// Maximum number of rows taken at once.
const BATCH: usize = 512;

/// How long rows may accumulate before the next batch is read. One at a time, each would cost a
/// wake-up and a context switch. At 100,000 rows per second 200 accumulate, and the queue has space
/// for more.
const BATCH_DELAY: Duration = Duration::from_millis(2);

/// The outputs of a sweep.
pub struct SweepOutputs {
    /// The row outputs, opened before the sweep starts.
    pub rows: Outputs,
    /// File to which each certificate is written once.
    pub certificates: Option<CertificateFile>,
    /// The recording, from which the rows can be judged again.
    pub recording: Option<RecordingFile>,
}

/// The thread that writes.
pub(super) struct Collector {
    pub(super) outputs: SweepOutputs,
    /// The listings of duplicates that get their own rows.
    pub(super) listings: Listings,
    pub(super) policy: Arc<Policy>,
    pub(super) fetcher: Option<Fetcher>,
    pub(super) rows: Receiver<Judged>,
    /// The inputs, set when they have been read.
    pub(super) inputs: Arc<OnceLock<Vec<Input>>>,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: Stop,
}

/// What the thread returns.
pub(super) struct Collected {
    pub(super) summary: Summary,
    pub(super) error: Option<SweepError>,
    /// How the downloads ended.
    pub(super) fetching: Finish,
}

impl Collector {
    /// Runs until all workers have ended.
    pub(super) async fn run(self) -> Collected {
        let Self {
            outputs,
            listings,
            policy,
            fetcher,
            mut rows,
            inputs,
            counters,
            stop,
        } = self;
        let mut writing = Writing::new(outputs, policy, counters);
        writing.listings = listings;
        let mut taken = writing.take_all(&mut rows).await;
        let mut fetching = Finish::Complete;
        if let (Ok(()), Some(fetcher)) = (&taken, fetcher) {
            match writing.fetch(fetcher, &stop).await {
                Ok(finish) => fetching = finish,
                Err(error) => taken = Err(error),
            }
        }
        let mut collected = writing.conclude(taken, !stop.is_requested(), inputs.get().cloned());
        collected.fetching = fetching;
        if collected.error.is_some() {
            // Nothing can record further visits, so stop them. The rows of visits under way are
            // discarded.
            stop.request();
            while rows.recv().await.is_some() {}
        }
        collected
    }
}

/// Handles rows from visits and from recordings.
pub(super) struct Writing {
    outputs: SweepOutputs,
    listings: Listings,
    policy: Arc<Policy>,
    counters: Arc<Counters>,
    summary: Summary,
    learned: Learned,
    neighbours: Neighbours,
    waiting: Spool,
    /// The lookups without an answer to the question.
    lookups: Share,
    /// Issuers downloaded for the waiting rows, if downloads are allowed.
    search: Option<Search>,
}

impl Writing {
    pub(super) fn new(outputs: SweepOutputs, policy: Arc<Policy>, counters: Arc<Counters>) -> Self {
        Self {
            outputs,
            listings: Listings::default(),
            policy,
            counters,
            summary: Summary::default(),
            learned: Learned::default(),
            neighbours: Neighbours::default(),
            waiting: Spool::new(),
            lookups: Share::default(),
            search: None,
        }
    }

    /// Finishes the outputs. Judges the waiting rows first if all rows could be taken. `complete`
    /// is true if no visit was left out; `inputs` describes the inputs for the recording.
    pub(super) fn conclude(
        mut self,
        taken: Result<(), SweepError>,
        complete: bool,
        inputs: Option<Vec<Input>>,
    ) -> Collected {
        // The waiting rows are valid whatever came after them, but a failed output accepts no more
        // rows.
        let settled = match taken {
            Err(error @ SweepError::Output(_)) => Err(error),
            taken => self.settle().and(taken),
        };
        let recording = self.outputs.recording.as_ref();
        self.summary.unsaved = recording.map_or(0, RecordingFile::unsaved);
        self.summary.absent_tags = self.outputs.rows.absent_tags();
        let end = SweepEnd {
            finished_at: Some(probe::now()),
            inputs,
            intake: Some(self.counters.intake()),
            sampled: Some(self.counters.is_sampled()),
        };
        let finished = self.outputs.finish(complete && settled.is_ok(), end);
        let error = settled.and(finished).err();
        Collected {
            summary: self.summary,
            error,
            fetching: Finish::Complete,
        }
    }

    async fn take_all(&mut self, rows: &mut Receiver<Judged>) -> Result<(), SweepError> {
        let mut batch = Vec::with_capacity(BATCH);
        let mut flushes = tokio::time::interval(FLUSH_EVERY);
        flushes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut saves = tokio::time::interval(SAVE_EVERY);
        saves.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch_until = Instant::now();
        loop {
            let next_batch = async {
                tokio::time::sleep_until(batch_until).await;
                rows.recv_many(&mut batch, BATCH).await
            };
            tokio::select! {
                taken = next_batch => {
                    if taken == 0 {
                        return Ok(());
                    }
                    batch.drain(..).try_for_each(|judged| self.take_visit(judged))?;
                    batch_until = Instant::now() + BATCH_DELAY;
                }
                _ = flushes.tick() => self.outputs.rows.flush().map_err(SweepError::Output)?,
                _ = saves.tick() => self.outputs.save()?,
            }
        }
    }

    /// Takes a visit, and then the same visit for each other listing of its target.
    fn take_visit(&mut self, mut judged: Judged) -> Result<(), SweepError> {
        self.take(&judged)?;
        let visited = judged.observation.endpoint.target.clone();
        let positions = self.listings.positions(&visited);
        if positions.is_empty() {
            return Ok(());
        }
        let duplicate_of: Arc<str> = visited.canonical().into();
        for position in positions {
            let listing = self.listings.read(position, &visited);
            if let Some(listing) = listing.map_err(SweepError::Listings)? {
                judged.observation.endpoint.target = Arc::new(Target {
                    duplicate_of: Some(duplicate_of.clone()),
                    ..listing
                });
                self.take(&judged)?;
            }
        }
        Ok(())
    }

    /// Writes a row, or spools it if it is unsettled. The observation is saved in the recording
    /// either way, in the order of arrival.
    pub(super) fn take(&mut self, judged: &Judged) -> Result<(), SweepError> {
        let Judged {
            observation,
            verdict,
        } = judged;
        if let Some(recording) = &mut self.outputs.recording {
            recording.add(observation)?;
        }
        let is_visit = is_visit(observation);
        if is_visit {
            count(&self.counters.visits);
            verdict.seen.iter().for_each(|seen| self.learned.add(seen));
            if observation.endpoint.target.fixed_address().is_none() {
                let failure = observation.failure();
                self.lookups
                    .add(failure.is_some_and(Failure::is_failed_lookup));
            }
        }
        let misnamed = verdict.finds(FindingId::NameMismatch);
        let compares_default = observation.facts_asked.contains(Fact::DefaultCertificate);
        if compares_default && !misnamed && is_visit {
            self.neighbours.add(observation);
        }
        let known = verdict.revocation.as_ref();
        let has_all_lists = known.is_none_or(|known| known.wanted.is_empty());
        if verdict.settled && has_all_lists && !(compares_default && misnamed) {
            return self.write(observation, verdict);
        }
        if is_visit {
            count(&self.counters.unsettled);
        }
        self.waiting.add(observation).map_err(SweepError::Spool)
    }

    fn write(&mut self, observation: &Observation, verdict: &Verdict) -> Result<(), SweepError> {
        let at = self.policy.time_for(observation);
        let record = Record::new(observation, verdict, at);
        self.outputs
            .rows
            .write(&record)
            .map_err(SweepError::Output)?;
        if let (Some(file), Some(chain)) = (&mut self.outputs.certificates, observation.chain()) {
            file.add(chain).map_err(SweepError::Output)?;
        }
        if is_visit(observation) {
            count(self.counters.verdict(verdict.kind));
        }
        self.summary.add(&record);
        Ok(())
    }

    /// Downloads what the waiting rows lack. Returns `Interrupted` if it was interrupted.
    async fn fetch(&mut self, mut fetcher: Fetcher, stop: &Stop) -> Result<Finish, SweepError> {
        if fetcher.issuers && self.fetch_issuers(&mut fetcher, stop).await? == Finish::Interrupted {
            return Ok(Finish::Interrupted);
        }
        self.fetch_lists(&mut fetcher, stop).await
    }

    async fn fetch_issuers(
        &mut self,
        fetcher: &mut Fetcher,
        stop: &Stop,
    ) -> Result<Finish, SweepError> {
        let policy = self.policy.with_learned(&self.learned);
        let mut search = self.lacking(&policy)?;
        let (counters, mut stop) = (self.counters.clone(), stop.listen());
        let completing = aia::fetch_issuers(&policy, &mut search, fetcher, &mut stop, &counters);
        let finish = completing.await;
        if let Some(recording) = &mut self.outputs.recording {
            let mut answers = search.fetched().answers();
            answers.try_for_each(|answer| recording.add_answer(&answer))?;
        }
        self.search = Some(search);
        Ok(finish)
    }

    /// The wanted CRLs are only known after the chains have been completed.
    async fn fetch_lists(
        &mut self,
        fetcher: &mut Fetcher,
        stop: &Stop,
    ) -> Result<Finish, SweepError> {
        let mut judge = Judge::new(Arc::new(self.completed_policy()));
        let mut wanted = Wanted::default();
        for observation in self.waiting.read().map_err(SweepError::Spool)? {
            let observation = observation.map_err(SweepError::Spool)?;
            wanted.note(&judge.judge(&observation));
        }
        let (counters, mut stop) = (self.counters.clone(), stop.listen());
        let fetching = wanted.fetch(&self.policy, fetcher, &mut stop, &counters);
        let (policy, finish) = fetching.await;
        self.policy = Arc::new(policy);
        Ok(finish)
    }

    /// Returns the policy extended by all issuers that the sweep learned and fetched.
    fn completed_policy(&self) -> Policy {
        match &self.search {
            Some(search) => self.policy.with_fetched(search).with_learned(&self.learned),
            None => self.policy.with_learned(&self.learned),
        }
    }

    /// Adds the issuers that another sweep downloaded.
    pub(super) fn recall(&mut self, answers: Vec<SavedAnswer>) {
        let search = self.search.insert(Search::default());
        answers.into_iter().for_each(|answer| search.recall(answer));
    }

    /// Judges the waiting rows again, now that all certificates of the sweep and the fetched ones
    /// are known.
    fn settle(&mut self) -> Result<(), SweepError> {
        let mut policy = self.completed_policy();
        policy.neighbours = Some(Arc::new(std::mem::take(&mut self.neighbours)));
        policy.resolver_suspect = self.lookups.most().is_some();
        let mut judge = Judge::new(Arc::new(policy));
        if let Some(search) = self.search.take() {
            self.keep(search.fetched())?;
        }
        let mut waiting = std::mem::replace(&mut self.waiting, Spool::new());
        for observation in waiting.read().map_err(SweepError::Spool)? {
            let observation = observation.map_err(SweepError::Spool)?;
            let verdict = judge.judge(&observation);
            if is_visit(&observation) {
                self.counters.unsettled.fetch_sub(1, Relaxed);
            }
            self.write(&observation, &verdict)?;
        }
        Ok(())
    }

    /// Adds the fetched certificates to the certificate file, so that a user who is advised to send
    /// one finds it there.
    fn keep(&mut self, fetched: &Fetched) -> Result<(), SweepError> {
        let Some(file) = &mut self.outputs.certificates else {
            return Ok(());
        };
        let mut chains = fetched.answers().filter_map(|answer| answer.outcome.ok());
        chains
            .try_for_each(|chain| file.add(&chain))
            .map_err(SweepError::Output)
    }

    /// Returns the issuers that the waiting rows lack under this policy.
    fn lacking(&mut self, policy: &Policy) -> Result<Search, SweepError> {
        let mut judge = Judge::new(Arc::new(policy.clone()));
        let mut search = Search::default();
        for observation in self.waiting.read().map_err(SweepError::Spool)? {
            let observation = observation.map_err(SweepError::Spool)?;
            let lacking = judge.lacking(&observation);
            lacking.iter().for_each(|below| search.want(below));
        }
        Ok(search)
    }
}

/// Returns true if this is the visit itself, not another listing of it.
fn is_visit(observation: &Observation) -> bool {
    observation.endpoint.target.duplicate_of.is_none()
}

impl SweepOutputs {
    fn save(&mut self) -> Result<(), SweepError> {
        self.recording.as_mut().map_or(Ok(()), RecordingFile::flush)
    }

    /// A recording of an incomplete sweep gets no end frame, so that readers notice it.
    fn finish(mut self, complete: bool, end: SweepEnd) -> Result<(), SweepError> {
        let recording = match &mut self.recording {
            Some(recording) if complete => recording.finish(end),
            _ => self.save(),
        };
        let certificates = self.certificates.map_or(Ok(()), |mut file| file.flush());
        let rows = self.rows.finish().and(certificates);
        rows.map_err(SweepError::Output).and(recording)
    }
}
