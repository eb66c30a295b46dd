//! Counters that the stages update and the progress display reads. They are atomics, so no stage
//! waits for another.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::survey::Counts;
use crate::summary::Intake;
use crate::verdict::VerdictKind;

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Number of targets read, without duplicates and excluded ones.
    pub(super) targets: AtomicU64,
    /// Number of lines that could not be parsed.
    pub(super) rejected: AtomicU64,
    /// Number of targets and addresses on the exclude list.
    pub(super) excluded: AtomicU64,
    /// Number of targets outside the sample or the shard.
    pub(super) left_out: AtomicU64,
    /// Number of these that are outside the sample.
    pub(super) undrawn: AtomicU64,
    /// Number of duplicates, and of those with other columns.
    pub(super) duplicates: AtomicU64,
    pub(super) other_columns: AtomicU64,
    /// Number of targets to visit; 0 until it is known.
    pub(super) expected: AtomicU64,
    /// Number of targets whose endpoints are known.
    pub(super) placed: AtomicU64,
    /// Number of endpoints known so far; a target may have several.
    pub(super) endpoints: AtomicU64,
    /// Number of visits under way.
    pub(super) in_flight: AtomicU64,
    /// Number of retries.
    pub(super) retries: AtomicU64,
    /// Number of judged visits, whose rows are written or wait for the end of the sweep.
    pub(super) visits: AtomicU64,
    /// Number of unsettled visits, whose rows wait for the end of the sweep.
    pub(super) unsettled: AtomicU64,
    /// Number of URLs to download, and of those finished.
    pub(super) to_fetch: AtomicU64,
    pub(super) fetched: AtomicU64,
    /// Number of visits by verdict, in the order of `VerdictKind::ALL`.
    pub(super) verdicts: [AtomicU64; VerdictKind::ALL.len()],
    /// Largest delay of the event loops in microseconds since it was last read.
    pub(super) lag_us: AtomicU64,
}

impl Counters {
    pub(super) fn verdict(&self, kind: VerdictKind) -> &AtomicU64 {
        &self.verdicts[kind as usize]
    }

    /// Sets what the first reading of the inventory found.
    pub(super) fn surveyed(&self, counts: Counts) {
        self.duplicates.store(counts.duplicates, Relaxed);
        self.other_columns.store(counts.other_columns, Relaxed);
        self.expected.store(counts.expected, Relaxed);
    }

    /// Returns true if a sample left targets out. A sample that leaves nothing out is a census.
    pub(super) fn is_sampled(&self) -> bool {
        read(&self.undrawn) > 0
    }

    /// Returns the counts of the inventory.
    pub(super) fn intake(&self) -> Intake {
        Intake {
            targets: read(&self.targets),
            rejected: read(&self.rejected),
            duplicates: read(&self.duplicates),
            duplicates_with_other_columns: read(&self.other_columns),
            excluded: read(&self.excluded),
            left_out: read(&self.left_out),
        }
    }
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// Returns the value.
pub(super) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Relaxed)
}
