//! What commands say: text on standard output, and errors in one line.

use crate::cli::Exit;

/// An error with its causes, each told once: many of ours quote the system's words already.
pub(super) fn message(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// Prints to standard output; a reader that has gone away (`| head`) is not an error.
pub(super) fn print(bytes: &[u8]) -> anyhow::Result<Exit> {
    use std::io::{ErrorKind, Write};
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Finished),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_an_error_quotes_is_not_told_again() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read corp.pem: {0}")]
        struct Unreadable(#[from] std::io::Error);
        let io = || std::io::Error::other("no such file");
        let quoting = anyhow::Error::from(Unreadable(io()));
        assert_eq!(message(&quoting), "cannot read corp.pem: no such file");
        let plain = anyhow::Error::from(io()).context("the sweep could not finish");
        assert_eq!(message(&plain), "the sweep could not finish: no such file");
    }
}
