//! Every file that is written, opened together: none loses what it held before all of them could be
//! opened, and none is opened before everything else that was asked for has been checked.

use std::fs::File;
use std::path::Path;

use crate::observation::SavedHeader;
use crate::output::{
    CertificateFile, Format, Layout, OutputError, OutputPath, Reserved, ReservedOutputs,
};
use crate::sweep::{RecordingFile, SweepOutputs};

/// What is written, by flag.
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

/// How the files begin.
pub(super) struct Beginning<'a> {
    pub(super) layout: Layout,
    pub(super) header: &'a SavedHeader,
    pub(super) quiet: bool,
}

/// The files, ready to be written.
pub(super) struct Opened {
    pub(super) destinations: SweepOutputs,
    pub(super) rejects: Option<(String, File)>,
}

impl Written<'_> {
    /// Opens all of them, then empties them.
    pub(super) fn open(&self, beginning: &Beginning<'_>) -> Result<Opened, OutputError> {
        let reserve = |flag, path: Option<&Path>| {
            let reserved = path.map(|path| Reserved::open(flag, path));
            reserved.transpose()
        };
        let rejects = reserve("--rejects", self.rejects)?;
        let outputs = ReservedOutputs::open(self.places)?;
        let certs = reserve("--certs", self.certs)?;
        let save = reserve("--save", self.save)?;
        let begin = |reserved| RecordingFile::begin(reserved, beginning.header, beginning.quiet);
        // First what is written at once: a full disk shall not cost the others what they held.
        let facts = save.map(begin).transpose()?;
        Ok(Opened {
            rejects: rejects.map(Reserved::emptied).transpose()?,
            destinations: SweepOutputs {
                outputs: outputs.begin(beginning.layout)?,
                certificates: certs.map(CertificateFile::begin).transpose()?,
                facts,
            },
        })
    }
}
