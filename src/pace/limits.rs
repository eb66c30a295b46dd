//! The limits of a sweep, and the polite ones it has by default.

use super::{Ceiling, Rate};

/// How fast and how much at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Connections started a second, all together.
    pub rate: Rate,
    /// Connections started a second, per address.
    pub rate_per_ip: Rate,
    /// Visits under way, all together.
    pub in_flight: Ceiling,
    /// Visits under way, per address.
    pub in_flight_per_ip: Ceiling,
}

/// Polite enough to point at strangers. 500 connections a second are about 1 Mbit/s of hellos,
/// below what anybody's upstream or intrusion detection takes for an attack. 10 a second to one
/// address, at most 4 at once, is what a browser opens for one page: a shared host with 10,000
/// names feels nothing and takes 17 minutes. 2000 at once lets a third of the targets be dead at
/// 5 s a piece and still keeps the rate.
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
