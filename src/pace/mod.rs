//! When an endpoint may be visited: overall rate, rate and visits in flight per address, fairness
//! between addresses, and how much of it this machine can carry.
//!
//! Nothing here does I/O or sleeps. The sweep's one dispatcher owns the [`Pacer`], tells it the
//! time and sleeps as long as it says; a ticker feeds the [`Gate`] with the event loop's lag. It
//! knows addresses and opaque jobs, never targets, sockets or TLS.

mod breaker;
mod files;
mod gate;
mod limits;
mod overall;
mod pacer;
mod queues;
mod rate;
mod spacing;

pub use breaker::{Breaker, Dead, Door, Sign, Turn};
pub use files::{Budget, OpenFiles, raise_open_files};
pub use gate::Gate;
pub use limits::Limits;
pub use pacer::{Admission, Pacer};
pub use rate::{Ceiling, LimitError, Rate};
