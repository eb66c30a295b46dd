//! Revocation lists and filters from files and folders, bounded before they are read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;

use super::RevocationData;
use super::crl::{CrlError, MAX_SIZE};
use super::crlite::Filter;

/// The largest filter that is read; Firefox's full ones have some 10 MiB.
const MAX_FILTER: usize = 128 << 20;

/// Files of a folder that are looked at.
const MAX_FILES: usize = 20_000;

/// Filters held at once: a full one and its deltas of some weeks.
const MAX_FILTERS: usize = 1_000;

/// A file or folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// It holds no list.
    #[error("{}: {error}", path.display())]
    Crl {
        /// The file.
        path: PathBuf,
        /// Why.
        error: CrlError,
    },
    /// Nothing in the folder is a list or a filter.
    #[error("{}: no {wanted} in this folder", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// Too many files.
    #[error("{}: more than {limit} files; name a folder that holds nothing else", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// How many are looked at.
        limit: usize,
    },
}

impl RevocationData {
    /// Adds the lists of a file (DER or PEM), or of every file of a folder. Files of a folder that
    /// are no lists are left out.
    pub fn add_crl_files(&mut self, path: &Path) -> Result<(), RevocationError> {
        if !path.is_dir() {
            return self.add_crl_file(path);
        }
        let mut found = false;
        for file in files(path)? {
            match self.add_crl_file(&file) {
                Ok(()) => found = true,
                Err(RevocationError::Crl {
                    error: CrlError::NotACrl,
                    ..
                }) => self.left_out += 1,
                Err(error) => return Err(error),
            }
        }
        match found {
            true => Ok(()),
            false => Err(RevocationError::Empty {
                path: path.to_owned(),
                wanted: "revocation list (CRL)",
            }),
        }
    }

    fn add_crl_file(&mut self, path: &Path) -> Result<(), RevocationError> {
        let failed = |error| RevocationError::Crl {
            path: path.to_owned(),
            error,
        };
        let bytes = read(path, MAX_SIZE)?.ok_or(failed(CrlError::TooLarge))?;
        self.add_crls(&path.display().to_string(), &bytes)
            .map_err(failed)
    }

    /// Adds a list in DER, or those in PEM: one at least.
    pub(super) fn add_crls(&mut self, source: &str, bytes: &[u8]) -> Result<(), CrlError> {
        // A SEQUENCE begins DER; in PEM a digit 0 can only be in what stands before the list.
        if bytes.first() == Some(&0x30) && self.add_crl(source, bytes).is_ok() {
            return Ok(());
        }
        let mut added = Err(CrlError::NotACrl);
        for der in CertificateRevocationListDer::pem_slice_iter(bytes) {
            let der = der.map_err(|_| CrlError::NotACrl)?;
            self.add_crl(source, &der)?;
            added = Ok(());
        }
        added
    }

    /// Adds every CRLite filter of a folder. Files that are none are left out.
    pub fn add_filters(&mut self, folder: &Path) -> Result<(), RevocationError> {
        let before = self.filters.len();
        for file in files(folder)? {
            let filter = read(&file, MAX_FILTER)?
                .and_then(|bytes| Filter::read(&file.display().to_string(), &bytes));
            match filter {
                Some(filter) => self.filters.push(Arc::new(filter)),
                None => self.left_out += 1,
            }
            if self.filters.len() > MAX_FILTERS {
                return Err(RevocationError::TooMany {
                    path: folder.to_owned(),
                    limit: MAX_FILTERS,
                });
            }
        }
        match self.filters.len() == before {
            true => Err(RevocationError::Empty {
                path: folder.to_owned(),
                wanted: "CRLite filter",
            }),
            false => Ok(()),
        }
    }
}

/// The regular files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, RevocationError> {
    let unreadable = |source| RevocationError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            return Err(RevocationError::TooMany {
                path: folder.to_owned(),
                limit: MAX_FILES,
            });
        }
    }
    files.sort();
    Ok(files)
}

/// The bytes of a file; `None` when it has more than `limit`.
fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, RevocationError> {
    let unreadable = |source| RevocationError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}
