//! Output of commands: text on standard output, and errors as one line.

use crate::cli::Exit;

/// Returns an error and its causes in one line.
pub(super) fn message(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.join(": ")
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
    use crate::cli::PlanError;
    use crate::judge::TrustStore;

    #[test]
    fn every_cause_is_named_once() {
        let missing = std::path::Path::new("/missing/corp.pem");
        let unreadable = TrustStore::from_path("corp", missing).err().unwrap();
        let error =
            anyhow::Error::from(PlanError::Trust(unreadable)).context("the scan cannot start");
        let expected = "the scan cannot start: --trust: cannot read the trust store \
                        /missing/corp.pem: No such file or directory (os error 2)";
        assert_eq!(message(&error), expected);
    }
}
