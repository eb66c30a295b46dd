//! Creates the plan of `judge` from its flags: recording, trust stores and outputs, opened and
//! checked.

use std::path::PathBuf;
use std::sync::Arc;

use super::error::{CannotStart, PlanError};
use super::failing::{self, refuse_unasked};
use super::flags::{JudgeFlags, TrustFlags};
use super::opening::{Beginning, Written};
use super::plan::places;
use super::provenance::{WrittenFile, files_written, first_regular_file};
use super::publication::anonymizer;
use super::revocation::Lists;
use super::trust::policy;
use crate::judge::findings::AskedFor;
use crate::observation::SavedHeader;
use crate::output::Layout;
use crate::summary::Sweep;
use crate::sweep::{Recording, Rejudge};

/// Everything that judging a recording again needs, opened and checked.
pub struct JudgePlan {
    /// The work to do.
    pub rejudge: Rejudge,
    /// Messages to show before it starts.
    pub notices: Vec<String>,
    /// The row output next to which the manifest is written, if there is one.
    pub beside: Option<PathBuf>,
    /// All files that are written, for the manifest.
    pub written: Vec<WrittenFile>,
}

impl JudgePlan {
    /// Opens and checks everything that these flags name.
    ///
    /// # Errors
    ///
    /// Returns an error if a file or a combination of flags cannot be used.
    pub fn new(flags: &JudgeFlags) -> Result<Self, CannotStart> {
        let mut notices = Vec::new();
        let policy = Arc::new(policy(&flags.trust, Lists::OfFiles, &mut notices)?);
        let recording = Recording::open(&flags.recording).map_err(PlanError::from)?;
        let header = recording.header();
        notices.extend(other_stores(&flags.trust, header));
        let asked = AskedFor {
            // A recording from before this field existed shows it only in its observations.
            all_versions: header.all_versions.unwrap_or(true),
            facts: header.facts,
            revocation: policy
                .revocation
                .as_ref()
                .map(|it| it.sources)
                .unwrap_or_default(),
        };
        refuse_unasked(&flags.gate.fail_on, &asked, failing::From::Recording)?;
        let places = places(&flags.output)?;
        let anonymizer = anonymizer(&flags.publication, flags.certs.as_deref())?;
        let written = Written {
            places: &places,
            certs: flags.certs.as_deref(),
            save: None,
            rejects: None,
        };
        let mut opened = written.open(&Beginning {
            layout: Layout {
                addresses: recording.header().addresses,
                advice: false,
            },
            header: recording.header(),
        })?;
        let outputs = opened.outputs.rows.anonymized(anonymizer);
        opened.outputs.rows = outputs;
        Ok(Self {
            notices,
            beside: first_regular_file(&places),
            written: files_written(
                &flags.output,
                [
                    ("--certs", flags.certs.as_deref()),
                    ("--save", None),
                    ("--rejects", None),
                ],
            ),
            rejudge: Rejudge {
                recording,
                policy,
                outputs: opened.outputs,
            },
        })
    }
}

/// Returns a notice if the scan used stores from files and this command names none: rows that those
/// stores trust would be `untrusted_ca` without a word.
fn other_stores(flags: &TrustFlags, header: &SavedHeader) -> Option<String> {
    let sweep = Sweep::of_recording(header.sweep.as_ref(), None)?;
    let files = sweep.start.files.iter();
    let stores: Vec<_> = files
        .filter(|file| file.flag == "--trust")
        .map(|file| format!("--trust {}", file.path))
        .collect();
    (flags.trust.is_empty() && !stores.is_empty()).then(|| {
        format!(
            "the scan used {}; without --trust, this judges with the mozilla store only",
            stores.join(" ")
        )
    })
}
