//! The request to stop, which every stage can observe.

use std::io;
use std::time::Duration;

use tokio::sync::watch;

use crate::output::notice;

/// How a stage ended: completely, or interrupted by a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    Complete,
    Interrupted,
}

/// Sends the request to stop.
#[derive(Clone)]
pub(super) struct Stop(watch::Sender<bool>);

/// Receives the request to stop.
pub(super) struct Listener(watch::Receiver<bool>);

impl Stop {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Requests a stop: what is under way is finished, nothing new is started.
    pub(super) fn request(&self) {
        self.0.send_replace(true);
    }

    /// Returns true if a stop was requested.
    pub(super) fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    pub(super) fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl Listener {
    /// Waits for a stop request. Never returns if nothing can request a stop any more.
    pub(super) async fn requested(&mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending().await
        }
    }
}

/// Handles interrupts: the first one stops new visits, the second ends the process immediately.
pub(super) async fn handle_signals(stop: Stop, patience: Duration) {
    if interrupted().await.is_err() {
        return;
    }
    notice(format_args!(
        "stopping: no new visits; those under way end within {} s (interrupt again to quit immediately)",
        patience.as_secs_f64().ceil()
    ));
    stop.request();
    if interrupted().await.is_ok() {
        #[allow(
            clippy::disallowed_methods,
            reason = "interrupted twice: nothing more is flushed"
        )]
        std::process::exit(130)
    }
}

#[cfg(unix)]
async fn interrupted() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
