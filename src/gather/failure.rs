//! Why nothing could be had from an address, in words that stand in a record.

use std::net::IpAddr;
use std::time::Duration;

/// Why nothing could be had from an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchFailure {
    /// Another scheme.
    #[error("only http:// addresses are fetched from")]
    Scheme,
    /// Too long for any honest address.
    #[error("the address is longer than {0} bytes")]
    TooLong(usize),
    /// No address at all.
    #[error("not an address: {0}")]
    Malformed(String),
    /// A name or password in it.
    #[error("the address holds a user name or password")]
    UserInfo,
    /// A port that is no web server's.
    #[error("only port 80 is fetched from, not {0} (--aia-allow-private lifts this)")]
    Port(u16),
    /// The user wants it left alone.
    #[error("--exclude names it")]
    Excluded,
    /// An address that is nobody's business outside of its network.
    #[error(
        "{address} is {kind}: never connected for a certificate (--aia-allow-private lifts this)"
    )]
    Forbidden {
        /// Where it leads.
        address: IpAddr,
        /// What kind of address that is.
        kind: &'static str,
    },
    /// The name has no address.
    #[error("the name does not resolve: {0}")]
    Name(String),
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// Not in time.
    #[error("no whole answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// Sent elsewhere.
    #[error("answered {0}: redirects are not followed")]
    Redirect(u16),
    /// Any other answer than 200.
    #[error("answered {0}")]
    Status(u16),
    /// More than was agreed to take.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Not HTTP, or broken off.
    #[error("broken answer: {0}")]
    Broken(String),
    /// Its server left too many fetches without a whole answer.
    #[error("not fetched: {0} gave no whole answer in time, several times")]
    GivenUp(IpAddr),
    /// The time for fetching was up.
    #[error("not fetched: the time for fetching was up")]
    Late,
    /// The sweep was interrupted before.
    #[error("not fetched: interrupted")]
    Interrupted,
}
