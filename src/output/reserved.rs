//! Files to write to, opened and not yet emptied: what an older run left stays as it is until
//! everything that is to be written could be opened.

use std::fs::File;
use std::io;
use std::path::Path;

use super::error::OutputError;

/// A file to write to, as it was before.
pub struct Reserved {
    name: String,
    file: File,
}

impl Reserved {
    /// Opens a file, and makes it where there is none. `flag` is the one that names it.
    pub fn open(flag: &str, path: &Path) -> Result<Self, OutputError> {
        let name = format!("{flag} {}", path.display());
        let mut options = File::options();
        let opened = options.write(true).create(true).truncate(false).open(path);
        match opened {
            Ok(file) => Ok(Self { name, file }),
            Err(source) => Err(OutputError::Open { name, source }),
        }
    }

    /// The flag and the file, for errors.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file without what it held, and its name. Only regular files have a length to cut; pipes
    /// and devices are written as they are.
    pub fn emptied(self) -> Result<(String, File), OutputError> {
        let Self { name, file } = self;
        match empty(&file) {
            Ok(()) => Ok((name, file)),
            Err(source) => Err(OutputError::Open { name, source }),
        }
    }
}

fn empty(file: &File) -> io::Result<()> {
    match file.metadata()?.is_file() {
        true => file.set_len(0),
        false => Ok(()),
    }
}
