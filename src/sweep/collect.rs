//! Takes judged visits off the workers' hands: writes rows, counts them, and learns from the chains
//! of good hosts what bad ones left out. Rows that this could still change wait, and are judged a
//! second time when every host has been seen, so that the order of the inventory changes nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior};

use super::SweepError;
use super::aia;
use super::counters::{Counters, count};
use super::facts::FactsFile;
use super::fetch::Fetcher;
use super::job::Judged;
use super::lists::Wanted;
use super::spool::Spool;
use super::stop::{Finish, Stop};
use crate::gather::{Fetched, Learned, Neighbours, Search};
use crate::judge::{Judge, Policy};
use crate::observation::{Fact, Observation, SavedAnswer};
use crate::output::{CertificateFile, Outputs, Record};
use crate::summary::Summary;
use crate::verdict::{FindingId, Verdict};

/// How long a row may wait in a buffer for whoever reads along.
const FLUSH_EVERY: Duration = Duration::from_millis(250);

/// The most that a killed sweep loses of the facts it saves. Closing frames more often would make
/// the file of a slow sweep larger.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// Rows taken at once.
const BATCH: usize = 512;

/// For so long after writing some, the next rows gather: one by one, each would cost a wake-up and
/// a switch between threads. At 100,000 rows a second 200 gather, and there is room for more.
const GATHER: Duration = Duration::from_millis(2);

/// Where rows go.
pub struct Destinations {
    /// The outputs, opened before the sweep began.
    pub outputs: Outputs,
    /// Where each certificate is written once.
    pub certificates: Option<CertificateFile>,
    /// Where what was seen is kept, to be judged again.
    pub facts: Option<FactsFile>,
}

/// The thread that writes.
pub(super) struct Collector {
    pub(super) destinations: Destinations,
    pub(super) policy: Arc<Policy>,
    pub(super) fetcher: Option<Fetcher>,
    pub(super) rows: Receiver<Judged>,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: Stop,
}

/// What the thread leaves.
pub(super) struct Collected {
    pub(super) summary: Summary,
    pub(super) error: Option<SweepError>,
    /// How the fetching of issuers and lists ended.
    pub(super) fetching: Finish,
}

impl Collector {
    /// Runs until every worker has gone.
    pub(super) async fn run(self) -> Collected {
        let Self {
            destinations,
            policy,
            fetcher,
            mut rows,
            counters,
            stop,
        } = self;
        let mut writing = Writing::new(destinations, policy, counters);
        let mut taken = writing.take_all(&mut rows).await;
        let mut fetching = Finish::Whole;
        if let (Ok(()), Some(fetcher)) = (&taken, fetcher) {
            match writing.fetch(fetcher, &stop).await {
                Ok(finish) => fetching = finish,
                Err(error) => taken = Err(error),
            }
        }
        let mut collected = writing.conclude(taken, !stop.said());
        collected.fetching = fetching;
        if collected.error.is_some() {
            // Nobody would keep what further visits show: stop making them, and let those under
            // way hand in their rows to nobody.
            stop.now();
            while rows.recv().await.is_some() {}
        }
        collected
    }
}

/// What becomes of rows, wherever they come from.
pub(super) struct Writing {
    destinations: Destinations,
    policy: Arc<Policy>,
    counters: Arc<Counters>,
    summary: Summary,
    learned: Learned,
    neighbours: Neighbours,
    waiting: Spool,
    /// What was fetched for the rows that wait, if somebody should.
    search: Option<Search>,
}

impl Writing {
    pub(super) fn new(
        destinations: Destinations,
        policy: Arc<Policy>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            destinations,
            policy,
            counters,
            summary: Summary::default(),
            learned: Learned::default(),
            neighbours: Neighbours::default(),
            waiting: Spool::new(),
            search: None,
        }
    }

    /// Settles what waits, when everything could be taken, and ends the outputs. `complete` says that
    /// no visit was left out.
    pub(super) fn conclude(mut self, taken: Result<(), SweepError>, complete: bool) -> Collected {
        // Rows that wait are sound whatever came after them; only outputs that fail take no more.
        let settled = match taken {
            Err(error @ SweepError::Output(_)) => Err(error),
            taken => self.settle().and(taken),
        };
        let facts = self.destinations.facts.as_ref();
        self.summary.unsaved = facts.map_or(0, FactsFile::unsaved);
        let finished = self.destinations.finish(complete && settled.is_ok());
        let error = settled.and(finished).err();
        Collected {
            summary: self.summary,
            error,
            fetching: Finish::Whole,
        }
    }

    async fn take_all(&mut self, rows: &mut Receiver<Judged>) -> Result<(), SweepError> {
        let mut batch = Vec::with_capacity(BATCH);
        let mut flushes = tokio::time::interval(FLUSH_EVERY);
        flushes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut saves = tokio::time::interval(SAVE_EVERY);
        saves.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut gather_until = Instant::now();
        loop {
            let gathered = async {
                tokio::time::sleep_until(gather_until).await;
                rows.recv_many(&mut batch, BATCH).await
            };
            tokio::select! {
                taken = gathered => {
                    if taken == 0 {
                        return Ok(());
                    }
                    batch.drain(..).try_for_each(|judged| self.take(&judged))?;
                    gather_until = Instant::now() + GATHER;
                }
                _ = flushes.tick() => self.destinations.outputs.flush().map_err(SweepError::Output)?,
                _ = saves.tick() => self.destinations.save()?,
            }
        }
    }

    /// Writes a row, or keeps it back when certificates to come could change it. What was seen is
    /// saved either way, in the order in which it came.
    pub(super) fn take(&mut self, judged: &Judged) -> Result<(), SweepError> {
        let Judged {
            observation,
            verdict,
        } = judged;
        count(&self.counters.rows);
        if let Some(facts) = &mut self.destinations.facts {
            facts.add(observation)?;
        }
        verdict.seen.iter().for_each(|seen| self.learned.add(seen));
        let misnamed = verdict.finds(FindingId::NameMismatch);
        let whose = observation.facts_asked.contains(Fact::DefaultCertificate);
        if whose && !misnamed {
            self.neighbours.add(observation);
        }
        let known = verdict.revocation.as_ref();
        let listed = known.is_none_or(|known| known.wanted.is_empty());
        if verdict.settled && listed && !(whose && misnamed) {
            return self.write(observation, verdict);
        }
        count(&self.counters.unsettled);
        self.waiting.add(observation).map_err(SweepError::Spool)
    }

    fn write(&mut self, observation: &Observation, verdict: &Verdict) -> Result<(), SweepError> {
        let at = self.policy.time_for(observation);
        let record = Record::new(observation, verdict, at);
        self.destinations
            .outputs
            .write(&record)
            .map_err(SweepError::Output)?;
        if let (Some(file), Some(chain)) =
            (&mut self.destinations.certificates, observation.chain())
        {
            file.add(chain).map_err(SweepError::Output)?;
        }
        count(self.counters.verdict(verdict.kind));
        self.summary.add(&record);
        Ok(())
    }

    /// Fetches what the waiting rows lack.
    async fn fetch(&mut self, mut fetcher: Fetcher, stop: &Stop) -> Result<Finish, SweepError> {
        if fetcher.issuers && self.fetch_issuers(&mut fetcher, stop).await? == Finish::Stopped {
            return Ok(Finish::Stopped);
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
        let completing = aia::complete(&policy, &mut search, fetcher, &mut stop, &counters);
        let finish = completing.await;
        if let Some(facts) = &mut self.destinations.facts {
            let mut answers = search.fetched().answers();
            answers.try_for_each(|answer| facts.add_answer(&answer))?;
        }
        self.search = Some(search);
        Ok(finish)
    }

    /// Which lists are wanted is known when the chains are complete.
    async fn fetch_lists(
        &mut self,
        fetcher: &mut Fetcher,
        stop: &Stop,
    ) -> Result<Finish, SweepError> {
        let mut judge = Judge::new(Arc::new(self.completed()));
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

    /// The policy with all that the sweep learned and fetched to complete chains.
    fn completed(&self) -> Policy {
        match &self.search {
            Some(search) => self.policy.with_fetched(search).with_learned(&self.learned),
            None => self.policy.with_learned(&self.learned),
        }
    }

    /// Takes what another sweep fetched.
    pub(super) fn recall(&mut self, answers: Vec<SavedAnswer>) {
        let search = self.search.insert(Search::default());
        answers.into_iter().for_each(|answer| search.recall(answer));
    }

    /// Judges the waiting rows again, now that every certificate of the sweep is known, and those
    /// that were fetched.
    fn settle(&mut self) -> Result<(), SweepError> {
        let mut policy = self.completed();
        policy.neighbours = Some(Arc::new(std::mem::take(&mut self.neighbours)));
        let mut judge = Judge::new(Arc::new(policy));
        if let Some(search) = self.search.take() {
            self.keep(search.fetched())?;
        }
        let mut waiting = std::mem::replace(&mut self.waiting, Spool::new());
        for observation in waiting.read().map_err(SweepError::Spool)? {
            let observation = observation.map_err(SweepError::Spool)?;
            let verdict = judge.judge(&observation);
            self.counters.unsettled.fetch_sub(1, Relaxed);
            self.write(&observation, &verdict)?;
        }
        Ok(())
    }

    /// Keeps the certificates that were fetched with those that were seen: who is told to append
    /// one finds it there.
    fn keep(&mut self, fetched: &Fetched) -> Result<(), SweepError> {
        let Some(file) = &mut self.destinations.certificates else {
            return Ok(());
        };
        let mut chains = fetched.answers().filter_map(|answer| answer.outcome.ok());
        chains
            .try_for_each(|chain| file.add(&chain))
            .map_err(SweepError::Output)
    }

    /// The issuers that the waiting rows lack under this policy.
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

impl Destinations {
    fn save(&mut self) -> Result<(), SweepError> {
        self.facts.as_mut().map_or(Ok(()), FactsFile::flush)
    }

    /// Facts that are not `whole` get no end: whoever reads them is to know.
    fn finish(mut self, whole: bool) -> Result<(), SweepError> {
        let facts = match &mut self.facts {
            Some(facts) if whole => facts.finish(),
            _ => self.save(),
        };
        let certificates = self.certificates.map_or(Ok(()), |mut file| file.flush());
        let rows = self.outputs.finish().and(certificates);
        rows.map_err(SweepError::Output).and(facts)
    }
}
