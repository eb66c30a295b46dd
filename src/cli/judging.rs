//! From the flags of `judge` to a plan: facts, trust and outputs, opened and checked.

use std::path::PathBuf;
use std::sync::Arc;

use super::error::{CannotStart, PlanError};
use super::failing::{self, refuse_unasked};
use super::flags::JudgeFlags;
use super::opening::{Beginning, Written};
use super::plan::{places, regular_files};
use super::revocation::Lists;
use super::trust::policy;
use crate::judge::findings::AskedFor;
use crate::output::Layout;
use crate::sweep::{Recording, Rejudge};

/// Recording that can be judged again.
pub struct JudgePlan {
    /// The work itself.
    pub rejudge: Rejudge,
    /// What to tell people before it starts.
    pub notices: Vec<String>,
    /// The outputs that are files, for the manifest that lies beside the first.
    pub files: Vec<PathBuf>,
}

impl JudgePlan {
    /// Opens and checks everything that these flags name.
    pub fn new(flags: &JudgeFlags) -> Result<Self, CannotStart> {
        super::files::refuse_judged_twins(flags)?;
        let mut notices = Vec::new();
        let policy = Arc::new(policy(&flags.trust, Lists::OfFiles, &mut notices)?);
        let facts = Recording::open(&flags.facts).map_err(PlanError::from)?;
        let header = facts.header();
        let asked = AskedFor {
            // A file from before this was saved shows it in its observations alone.
            all_versions: header.all_versions.unwrap_or(true),
            facts: header.facts,
            revocation: policy
                .revocation
                .as_ref()
                .map(|it| it.sources)
                .unwrap_or_default(),
        };
        refuse_unasked(&flags.fail_on, &asked, failing::From::Recording)?;
        let places = places(&flags.output)?;
        let written = Written {
            places: &places,
            certs: flags.certs.as_deref(),
            save: None,
            rejects: None,
        };
        let opened = written.open(&Beginning {
            layout: Layout {
                addresses: facts.header().addresses,
            },
            header: facts.header(),
            quiet: flags.output.quiet,
        })?;
        Ok(Self {
            notices,
            files: regular_files(&places),
            rejudge: Rejudge {
                facts,
                policy,
                destinations: opened.destinations,
            },
        })
    }
}
