//! Opens all output files together. All other arguments are checked before any file is opened, and
//! no file is emptied before all of them could be opened.

use std::fs::File;
use std::path::Path;

use super::provenance::regular_files;
use crate::observation::SavedHeader;
use crate::output::{
    CertificateFile, Format, Layout, OutputError, OutputPath, Reserved, ReservedOutputs,
};
use crate::summary::Manifest;
use crate::sweep::{RecordingFile, SweepOutputs};

/// Paths of the files to write, by flag.
pub(super) struct Written<'a> {
    /// `-o`.
    pub(super) places: &'a [(OutputPath, &'static Format)],
    /// `--certs`.
    pub(super) certs: Option<&'a Path>,
    /// `--save`.
    pub(super) save: Option<&'a Path>,
    /// `--rejects`.
    pub(super) rejects: Option<&'a Path>,
}

/// Settings of the opened files.
pub(super) struct Beginning<'a> {
    pub(super) layout: Layout,
    pub(super) header: &'a SavedHeader,
}

/// The opened files.
pub(super) struct Opened {
    pub(super) outputs: SweepOutputs,
    pub(super) rejects: Option<(String, File)>,
}

impl Written<'_> {
    /// Returns no files at all.
    pub(super) fn nothing() -> Self {
        Self {
            places: &[],
            certs: None,
            save: None,
            rejects: None,
        }
    }

    /// Removes the manifests of earlier runs beside all outputs of rows. They describe rows that
    /// will no longer be there, and this run writes only one manifest, or none if it is killed.
    fn remove_manifests(&self) -> Result<(), OutputError> {
        regular_files(self.places).try_for_each(remove_manifest)
    }

    /// Opens all files, then empties them.
    pub(super) fn open(&self, beginning: &Beginning<'_>) -> Result<Opened, OutputError> {
        let reserve = |flag, path: Option<&Path>| {
            let reserved = path.map(|path| Reserved::open(flag, path));
            reserved.transpose()
        };
        let rejects = reserve("--rejects", self.rejects)?;
        let outputs = ReservedOutputs::open(self.places)?;
        let certs = reserve("--certs", self.certs)?;
        let save = reserve("--save", self.save)?;
        let begin = |reserved| RecordingFile::begin(reserved, beginning.header);
        // The file whose header is written immediately comes first: if the disk is full, the others
        // keep their old contents.
        let recording = save.map(begin).transpose()?;
        self.remove_manifests()?;
        Ok(Opened {
            rejects: rejects.map(Reserved::emptied).transpose()?,
            outputs: SweepOutputs {
                rows: outputs.begin(beginning.layout)?,
                certificates: certs.map(CertificateFile::begin).transpose()?,
                recording,
            },
        })
    }
}

fn remove_manifest(output: &Path) -> Result<(), OutputError> {
    let path = Manifest::beside(output);
    // A link stays: its destination will be written again.
    let Ok(place) = path.canonicalize() else {
        return Ok(());
    };
    if !place.is_file() {
        return Ok(());
    }
    std::fs::remove_file(place).map_err(|error| OutputError::Open {
        name: format!("the manifest {}", path.display()),
        error,
    })
}

/// Opens and empties the file of rejected lines alone, if there is one.
pub(super) fn rejects(path: Option<&Path>) -> Result<Option<(String, File)>, OutputError> {
    let reserved = path.map(|path| Reserved::open("--rejects", path));
    reserved.transpose()?.map(Reserved::emptied).transpose()
}
