//! A file in the place of a command or a target: which command reads it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::gather::has_certificate_extension;
use crate::sweep::Recording;

/// Contents of a file, as far as they decide which command reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileContents {
    /// A recording of `--save`.
    Recording,
    /// Certificates or keys.
    Certificates,
    /// Anything else, which is probably a list of targets.
    Targets,
}

impl FileContents {
    /// Returns the contents of a file, or `None` if there is no regular file of this name.
    pub(super) fn of(path: &Path) -> Option<Self> {
        if !path.is_file() {
            return None;
        }
        Some(if Recording::open(path).is_ok() {
            Self::Recording
        } else if has_certificate_extension(path) || starts_as_certificate(path) {
            Self::Certificates
        } else {
            Self::Targets
        })
    }

    /// Returns the command line that reads the file, with what it does.
    pub(super) fn tip(self, file: &str) -> String {
        match self {
            Self::Recording => format!("to judge this recording: tlsweep judge {file}"),
            Self::Certificates => format!("to check this file: tlsweep check {file}"),
            Self::Targets => format!("to scan the targets in this file: tlsweep scan -i {file}"),
        }
    }
}

/// Returns true if the file starts like a PEM section or a large DER sequence.
fn starts_as_certificate(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(1024).read_to_end(&mut start));
    let pem = b"-----BEGIN ";
    read.is_ok()
        && (start.starts_with(&[0x30, 0x82]) || start.windows(pem.len()).any(|it| it == pem))
}

/// Returns a notice for each argument of `scan` that names a file: it is read as a target, although
/// the targets in the file were probably meant.
pub(super) fn mistaken_for_targets(arguments: &[String]) -> Vec<String> {
    let named = arguments.iter().filter_map(|argument| {
        let contents = FileContents::of(Path::new(argument))?;
        let tip = contents.tip(argument);
        Some(format!(
            "{argument} is read as a target, but there is a file of this name; {tip}"
        ))
    });
    named.collect()
}
