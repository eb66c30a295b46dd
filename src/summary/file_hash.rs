//! Identifies files by their content: SHA-256 of a file, or of the list of a folder's files.

use std::fmt::Write;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::crypto::{Fingerprint, Hasher};

/// Bytes to read at once.
const BUFFER: usize = 128 * 1024;

/// A file or folder, the flag that names it, and what it contained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileHash {
    /// The flag.
    pub flag: String,
    /// The path as given; `-` is a standard stream.
    pub path: String,
    /// Number of bytes; null for standard streams, pipes and devices, and if it could not be read
    /// again. For a folder: of all its files together.
    pub bytes: Option<u64>,
    /// SHA-256 of the content; null if `bytes` is. For a folder: of the text with one line for each
    /// regular file directly in it, sorted by name. A line consists of the SHA-256 of the file in 64
    /// hexadecimal digits, two blanks, the name and a line feed, as `sha256sum *` prints it.
    pub sha256: Option<Fingerprint>,
}

impl FileHash {
    /// Reads the file or folder at this path.
    pub fn of(flag: &str, path: &Path) -> Self {
        let content = match fs::metadata(path) {
            Ok(found) if found.is_dir() => folder(path).ok(),
            Ok(found) if found.is_file() => file(path).ok(),
            // A pipe cannot be read a second time.
            _ => None,
        };
        Self {
            flag: flag.to_owned(),
            path: path.display().to_string(),
            bytes: content.map(|(bytes, _)| bytes),
            sha256: content.map(|(_, sha256)| sha256),
        }
    }
}

fn file(path: &Path) -> io::Result<(u64, Fingerprint)> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hasher.finish())),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn folder(path: &Path) -> io::Result<(u64, Fingerprint)> {
    let entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
    let mut files = entries.collect::<io::Result<Vec<PathBuf>>>()?;
    files.retain(|path| fs::metadata(path).is_ok_and(|file| file.is_file()));
    files.sort();
    let (mut bytes, mut list) = (0, String::new());
    for path in files {
        let (size, sha256) = file(&path)?;
        bytes += size;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Writing to a string cannot fail.
        let _ = writeln!(list, "{sha256}  {name}");
    }
    Ok((bytes, Fingerprint::of(list.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_identified_by_their_content() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path();
        fs::write(path.join("b"), "two").unwrap();
        fs::write(path.join("a"), "one").unwrap();
        fs::create_dir(path.join("below")).unwrap();
        let one = FileHash::of("--crls", &path.join("a"));
        let [first, second] = [b"one", b"two"].map(|it| Fingerprint::of(it));
        assert_eq!((one.bytes, one.sha256), (Some(3), Some(first)));
        let both = FileHash::of("--crls", path);
        let list = format!("{first}  a\n{second}  b\n");
        let list = Fingerprint::of(list.as_bytes());
        assert_eq!((both.bytes, both.sha256), (Some(6), Some(list)));
    }

    #[test]
    fn what_is_no_file_has_no_hash() {
        for path in ["-", "/dev/null", "/no/such/file"] {
            let none = FileHash::of("-o", Path::new(path));
            assert_eq!((none.bytes, none.sha256), (None, None), "{path}");
        }
    }
}
