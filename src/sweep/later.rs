//! Work scheduled for a later time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::inventory::Target;
use crate::observation::Observation;

/// Work scheduled for a later time.
pub(super) enum Later {
    Visit(Box<Observation>),
    Lookup(Arc<Target>, u32),
    Trial(SocketAddr),
}

/// An item and its time; only the time is compared.
pub(super) struct Timed {
    pub(super) at: Instant,
    pub(super) later: Later,
}

impl PartialEq for Timed {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Timed {}

impl PartialOrd for Timed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}
