//! Numbers that the stages leave behind and the progress display reads: plain atomics, so that
//! nobody waits for anybody.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::verdict::VerdictKind;

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Targets read, duplicates and exclusions left out.
    pub(super) targets: AtomicU64,
    /// Input lines that could not be read.
    pub(super) rejected: AtomicU64,
    /// Targets listed more than once.
    pub(super) duplicates: AtomicU64,
    /// Targets and addresses that the exclude list names.
    pub(super) excluded: AtomicU64,
    /// Targets outside the sample or the shard.
    pub(super) left_out: AtomicU64,
    /// Set to 1 when the input has ended.
    pub(super) input_ended: AtomicU64,
    /// Endpoints known so far: a target may have several.
    pub(super) endpoints: AtomicU64,
    /// Visits under way.
    pub(super) in_flight: AtomicU64,
    /// Visits made again.
    pub(super) retries: AtomicU64,
    /// Rows judged, whether written or waiting for the end of the sweep.
    pub(super) rows: AtomicU64,
    /// Rows that wait for the end of the sweep.
    pub(super) unsettled: AtomicU64,
    /// Addresses of issuers to be asked, and those asked.
    pub(super) to_fetch: AtomicU64,
    pub(super) fetched: AtomicU64,
    /// Rows by verdict, in the order of `VerdictKind::ALL`.
    pub(super) verdicts: [AtomicU64; VerdictKind::ALL.len()],
    /// The worst lateness of the event loops, in microseconds, since last read.
    pub(super) lag_us: AtomicU64,
}

impl Counters {
    pub(super) fn verdict(&self, kind: VerdictKind) -> &AtomicU64 {
        &self.verdicts[kind as usize]
    }
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// Reads.
pub(super) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Relaxed)
}
