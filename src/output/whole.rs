//! Files that are written at once, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file whole or not at all: to a file of a new name that then takes the place of the old one.
/// A link stays where it is. Devices and pipes, and links to nothing, have nothing to lose: they
/// are written as they are.
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
