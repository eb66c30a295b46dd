//! Reads revocation lists and filters from files and folders. It limits sizes and numbers before it
//! reads.

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

/// Maximum size of a filter in bytes. Firefox's full filters have some 10 MiB.
const MAX_FILTER: usize = 128 << 20;

/// Maximum number of files in a folder.
const MAX_FILES: usize = 20_000;

/// Maximum number of filters: a full one and its deltas of several weeks.
const MAX_FILTERS: usize = 1_000;

/// Maximum number of notes about files. Nobody reads more.
const MAX_NOTES: usize = 100;

/// Maximum number of ignored files to name. Folders of CRLite contain dozens of other files.
const MAX_NAMED: usize = 3;

/// Why no list could be read from bytes.
#[derive(Debug)]
pub(super) enum NoLists {
    Crl(CrlError),
    Broken(Omitted),
    NoList { line: usize },
}

/// Why a file or folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the operating system.
        error: io::Error,
    },
    /// The file contains no list.
    #[error("{}: {error}", path.display())]
    Crl {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        error: CrlError,
    },
    /// A part of the file is damaged, so a list may be lost.
    #[error("{}: {part}", path.display())]
    Broken {
        /// Path of the file.
        path: PathBuf,
        /// The damaged part, and what is wrong with it.
        part: Omitted,
    },
    /// A section labelled as a list is not one.
    #[error("{}: line {line}: the section is not a valid revocation list; copy it again", path.display())]
    NoList {
        /// Path of the file.
        path: PathBuf,
        /// Line on which the section begins, from 1.
        line: usize,
    },
    /// A format that is recognised but not supported.
    #[error("{}: {form}", path.display())]
    Form {
        /// Path of the file.
        path: PathBuf,
        /// The format, and what to use instead.
        form: &'static str,
    },
    /// The folder contains no list or filter.
    #[error("{}: no {wanted} in this folder", path.display())]
    Empty {
        /// Path of the folder.
        path: PathBuf,
        /// Kind of file that was expected.
        wanted: &'static str,
    },
    /// There are too many files.
    #[error("{}: more than {limit} files; use a folder that contains nothing else", path.display())]
    TooMany {
        /// Path of the folder.
        path: PathBuf,
        /// Maximum number of files.
        limit: usize,
    },
}

impl RevocationData {
    /// Adds the lists of a file (DER or PEM), or of every file in a folder. Files in a folder that
    /// are not lists are ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if a file or folder cannot be read, is damaged, or contains no list.
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
                NoLists::Crl(CrlError::NotACrl) => match form::unsupported(&bytes) {
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

    /// Adds a list in DER or all lists in PEM, at least one. Returns what else the PEM contains.
    pub(super) fn add_crls(&mut self, source: &str, bytes: &[u8]) -> Result<Vec<Omitted>, NoLists> {
        // DER begins with a SEQUENCE tag, which is the digit 0 in ASCII. In PEM, a digit can come
        // first only in text before the list.
        if bytes.first() == Some(&0x30) && self.add_crl(source, bytes).is_ok() {
            return Ok(Vec::new());
        }
        let (mut added, mut left_out) = (false, Vec::new());
        for section in pem::sections(bytes) {
            match self.add_section(source, &section)? {
                None => added = true,
                // Further notes would add nothing.
                Some(part) if left_out.len() < MAX_NOTES => left_out.push(part),
                Some(_) => {}
            }
        }
        match added {
            true => Ok(left_out),
            false => Err(NoLists::Crl(CrlError::NotACrl)),
        }
    }

    /// Adds the list of a section. If the section is something else, returns that.
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
            self.note(format!("{}: ignored; not a list or filter", file.display()));
        }
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(note);
        }
    }

    /// Adds every CRLite filter in a folder. Other files are ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder cannot be read, contains no filter, or contains too many
    /// files.
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

/// Returns the regular files in a folder, sorted by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, RevocationError> {
    let unreadable = |error| RevocationError::Unreadable {
        path: folder.to_owned(),
        error,
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

/// Returns the bytes of a file, or `None` if it has more than `limit`.
fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, RevocationError> {
    let unreadable = |error| RevocationError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}
