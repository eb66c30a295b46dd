//! Raises the limit on open files as far as the system allows, and divides it between connections,
//! lookups and outputs, so that none of them reaches it. It opens no file itself.

use rlimit::{Resource, getrlimit, increase_nofile_limit};

/// The limit on open files of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// The limit in force.
    pub limit: usize,
}

/// What the limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Number of visits in flight; at least 1.
    pub in_flight: usize,
    /// Number of lookups in flight; at least 1, at most the number requested.
    pub dns_in_flight: usize,
}

/// Files reserved for everything else: inputs, the runtime, the terminal, libraries.
const RESERVE: usize = 64;
/// A query is sent up to twice, each time from a new socket.
const SOCKETS_PER_LOOKUP: usize = 2;
/// The limit assumed if the system does not report one.
const UNTOLD: usize = 1024;
/// Maximum that is used. More is not useful, and a larger reported value is not reliable.
const MOST: usize = 1 << 20;

/// Raises the limit on open files to the highest value that this process may set. If that is
/// refused, the limit is unchanged.
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
    /// Divides the limit. Lookups get the number requested, but at most a quarter: a sweep that
    /// resolves names and cannot connect is useless. Visits use one socket each and get the rest.
    /// The caller reports if that is less than requested.
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
            (20_000, 256, 2, 256, 20_000 - 64 - 2 - 512),
            (1024, 256, 0, 120, 960 - 240),
            (1024, 10, 0, 10, 960 - 20),
            (70, 256, 1, 1, 3),
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
