//! The limits of a sweep and their polite defaults.

use super::{Ceiling, Rate};

/// Limits on rates and concurrency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Connections per second, overall.
    pub rate: Rate,
    /// Connections per second to one address.
    pub rate_per_ip: Rate,
    /// Visits in flight, overall.
    pub in_flight: Ceiling,
    /// Visits in flight to one address.
    pub in_flight_per_ip: Ceiling,
}

/// Polite enough for servers of others. 500 connections per second are about 1 Mbit/s of
/// ClientHellos, less than what an upstream or an intrusion detection system takes for an attack.
/// 10 per second to one address, with at most 4 at once, is what a browser opens for one page: a
/// shared host with 10,000 names is not affected, and its scan takes 17 minutes. 2000 visits in
/// flight keep the rate even if a third of the targets are dead and take 5 s each.
impl Default for Limits {
    fn default() -> Self {
        let rate = |per_second| {
            Rate::per_second(per_second).expect("500 and 10 are within the range of rates")
        };
        Self {
            rate: rate(500.0),
            rate_per_ip: rate(10.0),
            in_flight: Ceiling::at(2000),
            in_flight_per_ip: Ceiling::at(4),
        }
    }
}
