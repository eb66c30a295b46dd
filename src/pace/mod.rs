//! Decides when an endpoint may be visited. It limits the overall rate, and the rate and number of
//! visits per address. It shares turns fairly between addresses, and adapts to what this machine
//! can carry.
//!
//! Nothing here does I/O or sleeps. The sweep's single dispatcher owns the [`Pacer`], passes it the
//! current time and sleeps as long as it says. A ticker reports the lag of the event loop to the
//! [`Gate`]. This room knows addresses and opaque jobs, but not targets, sockets or TLS.

mod breaker;
mod files;
mod gate;
mod limits;
mod overall;
mod pacer;
mod queues;
mod rate;
mod spacing;

pub use breaker::{Action, Breaker, Dead, Decision, VisitOutcome};
pub use files::{Budget, OpenFiles, raise_open_files};
pub use gate::Gate;
pub use limits::Limits;
pub use pacer::{Admission, Pacer};
pub use rate::{Ceiling, LimitError, Rate};
