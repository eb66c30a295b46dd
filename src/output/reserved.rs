//! Output files that are open but not yet emptied. The contents of an earlier run stay intact until
//! every output of this run could be opened.

use std::fs::File;
use std::io;
use std::path::Path;

use super::error::OutputError;

/// An open output file that still has its old contents.
pub struct Reserved {
    name: String,
    file: File,
}

impl Reserved {
    /// Opens a file, or creates it if it does not exist. `flag` is the command-line flag that named
    /// it.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened for writing.
    pub fn open(flag: &str, path: &Path) -> Result<Self, OutputError> {
        let name = format!("{flag} {}", path.display());
        let mut options = File::options();
        let opened = options.write(true).create(true).truncate(false).open(path);
        match opened {
            Ok(file) => Ok(Self { name, file }),
            Err(error) => Err(OutputError::Open { name, error }),
        }
    }

    /// Returns the flag and the path, for error messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Empties the file and returns its name and handle. Only regular files are truncated; pipes
    /// and devices have no contents to remove.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be truncated.
    pub fn emptied(self) -> Result<(String, File), OutputError> {
        let Self { name, file } = self;
        match empty(&file) {
            Ok(()) => Ok((name, file)),
            Err(error) => Err(OutputError::Open { name, error }),
        }
    }
}

fn empty(file: &File) -> io::Result<()> {
    match file.metadata()?.is_file() {
        true => file.set_len(0),
        false => Ok(()),
    }
}
