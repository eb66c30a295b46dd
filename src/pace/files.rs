//! Open files: the limit is raised as far as the system lets us, and what it allows is shared out
//! between connections, lookups and outputs, so that none of them runs into it.

use rlimit::{Resource, getrlimit, increase_nofile_limit};

/// How many files this process may have open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// The limit in force.
    pub limit: usize,
}

/// What the limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Visits under way; at least 1.
    pub in_flight: usize,
    /// Lookups under way; at least 1, at most what was wished for.
    pub dns_in_flight: usize,
}

/// Kept for what is open besides: inputs, the runtime, the terminal, a library's own.
const RESERVE: usize = 64;
/// A lookup is sent up to three times, each from a socket of its own.
const SOCKETS_PER_LOOKUP: usize = 3;
/// What systems that do not tell have at least.
const UNTOLD: usize = 1024;
/// More is no use to anybody, and where the limit is not told it is not to be believed.
const MOST: usize = 1 << 20;

/// Raises the limit on open files to the highest this process may set. Where that is refused the
/// limit stays as it was.
pub fn raise_open_files() -> OpenFiles {
    let limit = increase_nofile_limit(u64::MAX)
        .or_else(|_| getrlimit(Resource::NOFILE).map(|(soft, _)| soft));
    let limit = match limit {
        Ok(limit) => usize::try_from(limit).unwrap_or(MOST).min(MOST),
        Err(_) => UNTOLD,
    };
    OpenFiles { limit }
}

impl OpenFiles {
    /// Shares the limit out. Lookups get what they wish for, but no more than a quarter: a sweep
    /// that resolves and cannot connect helps nobody. Visits have one socket each and get the
    /// rest; the caller says so when that is less than was asked for.
    pub fn budget(self, dns_in_flight: usize, outputs: usize) -> Budget {
        let usable = self.limit.saturating_sub(RESERVE.saturating_add(outputs));
        let dns_in_flight = dns_in_flight.min(usable / 4 / SOCKETS_PER_LOOKUP).max(1);
        Budget {
            in_flight: usable
                .saturating_sub(dns_in_flight * SOCKETS_PER_LOOKUP)
                .max(1),
            dns_in_flight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_shared_out() {
        for (limit, dns, outputs, want_dns, want_in_flight) in [
            (20_000, 256, 2, 256, 20_000 - 64 - 2 - 768),
            (1024, 256, 0, 80, 960 - 240),
            (1024, 10, 0, 10, 960 - 30),
            (70, 256, 1, 1, 2),
            (0, 0, 0, 1, 1),
        ] {
            let budget = OpenFiles { limit }.budget(dns, outputs);
            let want = Budget {
                in_flight: want_in_flight,
                dns_in_flight: want_dns,
            };
            assert_eq!(budget, want, "{limit} {dns} {outputs}");
        }
    }

    #[test]
    fn raising_leaves_something_to_work_with() {
        let raised = raise_open_files();
        assert!(raised.limit >= 64);
        assert_eq!(raise_open_files(), raised);
    }
}
