//! Output of commands: text on standard output, and errors as one line.

use crate::cli::Exit;

/// Returns an error and its causes in one line. A cause that is already quoted, as many of our
/// errors do, is not repeated.
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

/// Writes to standard output. It is not an error if the reader has closed it (`| head`).
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
    fn a_cause_that_an_error_quotes_is_not_repeated() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read corp.pem: {0}")]
        struct Unreadable(#[from] std::io::Error);
        let io = || std::io::Error::other("no such file");
        let quoting = anyhow::Error::from(Unreadable(io()));
        assert_eq!(message(&quoting), "cannot read corp.pem: no such file");
        let plain = anyhow::Error::from(io()).context("the scan could not finish");
        assert_eq!(message(&plain), "the scan could not finish: no such file");
    }
}
