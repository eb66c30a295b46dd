//! Exit codes: what a script can rely on.

use std::process::ExitCode;

use super::{CannotStart, PlanError};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The sweep finished, or the certificate is fine.
    Finished,
    /// `--fail-on` matched, or the certificate is not fine.
    Found,
    /// Bad usage, or no usable input.
    Usage,
    /// The sweep could not finish.
    Unfinished,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The exit that an error means: what the user asked for could not be used, or the work could
    /// not be finished.
    pub fn of(error: &anyhow::Error) -> Self {
        let usage = error.downcast_ref::<PlanError>().is_some()
            || matches!(
                error.downcast_ref::<CannotStart>(),
                Some(CannotStart::Plan(_))
            );
        if usage { Self::Usage } else { Self::Unfinished }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Finished => 0,
            Exit::Found => 1,
            Exit::Usage => 2,
            Exit::Unfinished => 3,
            Exit::Interrupted => 130,
        })
    }
}
