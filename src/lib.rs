//! tlsweep sweeps an inventory of TLS endpoints and says, for each, what is wrong, whose side it
//! is on, and what to do.
//!
//! The rooms stand one above the other, and a module imports only from those below its own.
//! `docs/ARCHITECTURE.md` draws the picture and `tests/layers.rs` holds the order.

pub mod cli;
pub mod commands;
pub mod crypto;
pub mod gather;
pub mod inventory;
pub mod judge;
pub mod lab;
pub mod observation;
pub mod output;
pub mod pace;
pub mod probe;
pub mod resolve;
pub mod starttls;
pub mod summary;
pub mod sweep;
pub mod tls;
pub mod verdict;
