//! Why a URL could not be fetched, in texts that are written to records.

use std::net::IpAddr;
use std::time::Duration;

/// Why a URL could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchFailure {
    /// The scheme is not http.
    #[error("only http:// URLs are fetched")]
    Scheme,
    /// The URL is too long to be legitimate.
    #[error("the URL is longer than {0} bytes")]
    TooLong(usize),
    /// The text is not a URL.
    #[error("not a valid URL: {0}")]
    Malformed(String),
    /// The URL contains a user name or password.
    #[error("the URL contains a user name or password")]
    UserInfo,
    /// The port is not 80.
    #[error("port {0} is not allowed, only port 80 (--aia-allow-private allows it)")]
    Port(u16),
    /// The user excluded the address or name.
    #[error("excluded by --exclude")]
    Excluded,
    /// The address is not public.
    #[error("{address} is {kind}: no request is sent there (--aia-allow-private allows it)")]
    Forbidden {
        /// Address that the URL leads to.
        address: IpAddr,
        /// Kind of address.
        kind: &'static str,
    },
    /// The name has no address.
    #[error("the name does not resolve: {0}")]
    Name(String),
    /// The connection failed.
    #[error("no connection: {0}")]
    Connect(String),
    /// The response was not complete in time.
    #[error("no complete response within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The server redirects to another URL.
    #[error("HTTP status {0}: redirects are not followed")]
    Redirect(u16),
    /// Any other status than 200.
    #[error("HTTP status {0}")]
    Status(u16),
    /// The response is too large.
    #[error("the response is larger than {0} bytes")]
    TooLarge(usize),
    /// The response is not HTTP, or was cut off.
    #[error("malformed or incomplete response: {0}")]
    Broken(String),
    /// The server failed to respond completely to too many requests.
    #[error("not fetched: {0} repeatedly failed to respond completely in time")]
    GivenUp(IpAddr),
    /// The time limit for fetching was reached.
    #[error("not fetched: the time limit for fetching was reached")]
    Late,
    /// The sweep was interrupted first.
    #[error("not fetched: interrupted")]
    Interrupted,
}
