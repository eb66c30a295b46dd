//! Exit codes, which scripts rely on.

use std::process::ExitCode;

use super::{CannotStart, PlanError};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The sweep finished, or the checked certificate has no problem.
    Finished,
    /// `--fail-on` matched, or the checked certificate has a problem.
    Found,
    /// Invalid usage, or no usable input.
    Usage,
    /// The sweep could not finish.
    Unfinished,
    /// `--fail-on` did not match, but too little was seen to say that nothing matches.
    Unjudged,
    /// The sweep was interrupted.
    Interrupted,
}

impl Exit {
    /// Returns the exit for an error: `Usage` if an argument or input cannot be used, otherwise
    /// `Unfinished`.
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
            Exit::Unjudged => 4,
            Exit::Interrupted => 130,
        })
    }
}
