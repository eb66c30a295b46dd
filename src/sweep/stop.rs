//! The wish to stop: said once, heard by every stage.

use std::io;
use std::time::Duration;

use tokio::sync::watch;

use crate::output::tell;

/// How a piece of work came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// All of it was done.
    Whole,
    /// It was told to stop, and the rest was left.
    Stopped,
}

/// Says the wish to stop.
#[derive(Clone)]
pub(super) struct Stop(watch::Sender<bool>);

/// Hears it.
pub(super) struct Listener(watch::Receiver<bool>);

impl Stop {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Stop as soon as what is under way has ended.
    pub(super) fn now(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was said.
    pub(super) fn said(&self) -> bool {
        *self.0.borrow()
    }

    pub(super) fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl Listener {
    /// Waits for the wish; for ever when nobody is left who could have it.
    pub(super) async fn wanted(&mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending().await
        }
    }
}

/// The first interrupt stops new visits; the second ends the process at once.
pub(super) async fn heed_signals(stop: Stop, patience: Duration) {
    if interrupted().await.is_err() {
        return;
    }
    tell(format_args!(
        "stopping: no new visits; those under way end within {} s (interrupt again to quit at once)",
        patience.as_secs_f64().ceil()
    ));
    stop.now();
    if interrupted().await.is_ok() {
        #[allow(
            clippy::disallowed_methods,
            reason = "asked twice: nothing is flushed any more"
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
