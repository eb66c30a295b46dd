//! Revocation lists and filters from files and folders, bounded before they are read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::RevocationData;
use super::crl::{CrlError, MAX_SIZE};
use super::crlite::Filter;
use crate::gather::certificates::{FilePosition, Omitted, Why};
use crate::gather::form;
use crate::gather::pem::{self, Label, Section};

/// The largest filter that is read; Firefox's full ones have some 10 MiB.
const MAX_FILTER: usize = 128 << 20;

/// Files of a folder that are looked at.
const MAX_FILES: usize = 20_000;

/// Filters held at once: a full one and its deltas of some weeks.
const MAX_FILTERS: usize = 1_000;

/// Notes about files that are kept; nobody reads more.
const MAX_NOTES: usize = 100;

/// Files without a list or filter that are named; folders of CRLite have others by the dozen.
const MAX_NAMED: usize = 3;

/// Why bytes gave no list.
#[derive(Debug)]
pub(super) enum NoLists {
    Crl(CrlError),
    Broken(Omitted),
    NoList { line: usize },
}

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
    /// A part of it is damaged, and with it a list may be lost.
    #[error("{}: {part}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong with it.
        part: Omitted,
    },
    /// A section that is called a list is none.
    #[error("{}: line {line}: the section holds no sound revocation list; copy it again", path.display())]
    NoList {
        /// The file.
        path: PathBuf,
        /// Where it begins, from 1.
        line: usize,
    },
    /// A form that is known and not read.
    #[error("{}: {form}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What it is, and what to give instead.
        form: &'static str,
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
                })
                | Err(RevocationError::Form { .. }) => self.pass_over(&file),
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
        let source = path.display().to_string();
        let lists = self.add_crls(&source, &bytes).map_err(|error| {
            let path = path.to_owned();
            match error {
                NoLists::Crl(CrlError::NotACrl) => match form::unread(&bytes) {
                    Some(form) => RevocationError::Form { path, form },
                    None => failed(CrlError::NotACrl),
                },
                NoLists::Crl(error) => failed(error),
                NoLists::Broken(part) => RevocationError::Broken { path, part },
                NoLists::NoList { line } => RevocationError::NoList { path, line },
            }
        })?;
        for part in lists {
            self.note(format!("{source}: {part}"));
        }
        Ok(())
    }

    /// Adds a list in DER, or those in PEM: one at least. Returns what else the PEM holds.
    pub(super) fn add_crls(&mut self, source: &str, bytes: &[u8]) -> Result<Vec<Omitted>, NoLists> {
        // A SEQUENCE begins DER; in PEM a digit 0 can only be in what stands before the list.
        if bytes.first() == Some(&0x30) && self.add_crl(source, bytes).is_ok() {
            return Ok(Vec::new());
        }
        let (mut added, mut left_out) = (false, Vec::new());
        for section in pem::sections(bytes) {
            match self.add_section(source, &section)? {
                None => added = true,
                // More of them would only be more of the same.
                Some(part) if left_out.len() < MAX_NOTES => left_out.push(part),
                Some(_) => {}
            }
        }
        match added {
            true => Ok(left_out),
            false => Err(NoLists::Crl(CrlError::NotACrl)),
        }
    }

    /// Adds the list of a section; returns what it is instead.
    fn add_section(
        &mut self,
        source: &str,
        section: &Section<'_>,
    ) -> Result<Option<Omitted>, NoLists> {
        let why = match &section.label {
            Label::Crl => {
                let der = section.decode().map_err(|broken| {
                    NoLists::Broken(Omitted {
                        place: FilePosition::line(broken.line),
                        why: Why::Broken(broken.flaw),
                    })
                })?;
                return match self.add_crl(source, &der) {
                    Ok(()) => Ok(None),
                    Err(CrlError::NotACrl) => Err(NoLists::NoList { line: section.line }),
                    Err(error) => Err(NoLists::Crl(error)),
                };
            }
            Label::PrivateKey => Why::PrivateKey,
            Label::Certificate | Label::Trusted => Why::Certificate,
            Label::Pkcs7 => Why::Other("PKCS7".to_owned()),
            Label::Other(label) => Why::Other(label.clone()),
        };
        Ok(Some(Omitted {
            place: FilePosition::line(section.line),
            why,
        }))
    }

    fn pass_over(&mut self, file: &Path) {
        self.left_out += 1;
        if self.left_out <= MAX_NAMED {
            self.note(format!("{}: no list or filter in it", file.display()));
        }
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(note);
        }
    }

    /// Adds every CRLite filter of a folder. Files that are none are left out.
    pub fn add_filters(&mut self, folder: &Path) -> Result<(), RevocationError> {
        let before = self.filters.len();
        for file in files(folder)? {
            let filter = read(&file, MAX_FILTER)?
                .and_then(|bytes| Filter::read(&file.display().to_string(), &bytes));
            match filter {
                Some(filter) => self.filters.push(Arc::new(filter)),
                None => self.pass_over(&file),
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
