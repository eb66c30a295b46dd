//! Writes small files atomically.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file atomically: writes a temporary file in the same folder and renames it over the
/// old one, so that a reader finds either the old or the new contents. If `path` is a symbolic
/// link, its destination is replaced. Devices, pipes and dangling links are written directly, since
/// they have no old contents to protect.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(old) if old.is_file() => Some(old),
        Ok(_) => return fs::write(path, bytes),
        Err(_) if path.is_symlink() => return fs::write(path, bytes),
        Err(_) => None,
    };
    let place = match old {
        Some(_) => path.canonicalize()?,
        None => std::path::absolute(path)?,
    };
    let folder = place.parent().unwrap_or(Path::new("/"));
    let mut unfinished = tempfile::Builder::new()
        .prefix(".tlsweep-")
        .make_in(folder, |path| File::create_new(path))?;
    if let Some(old) = old {
        fs::set_permissions(&unfinished, old.permissions())?;
    }
    unfinished.write_all(bytes)?;
    unfinished.as_file().sync_all()?;
    unfinished.persist(&place)?;
    Ok(())
}
