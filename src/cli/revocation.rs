//! Creates the revocation settings from the flags: the sources to use, and the CRLs and filters
//! loaded from files.

use std::sync::Arc;

use super::error::PlanError;
use super::flags::{RevocationChoice, RevocationFlags};
use crate::gather::{RevocationData, RevocationSources};

/// Where CRLs may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// From the given files and from the distribution points in certificates.
    Fetched,
    /// Only from the given files.
    OfFiles,
}

/// Returns what the flags ask for, or `None` if revocation is not checked.
pub(super) fn revocation(
    flags: &RevocationFlags,
    lists: Lists,
) -> Result<Option<Arc<RevocationData>>, PlanError> {
    let sources = sources(flags, lists)?;
    if sources == RevocationSources::default() {
        return Ok(None);
    }
    let mut data = RevocationData::new(sources);
    for path in &flags.crls {
        data.add_crl_files(path).map_err(PlanError::Crls)?;
    }
    for folder in &flags.crlite {
        data.add_filters(folder).map_err(PlanError::Crlite)?;
    }
    if sources.crl && lists == Lists::Fetched {
        data.expect_fetched();
    }
    Ok(Some(Arc::new(data)))
}

/// Returns the sources. Each must have the inputs it needs, and no input may be unused.
fn sources(flags: &RevocationFlags, lists: Lists) -> Result<RevocationSources, PlanError> {
    let asked = |choice| flags.revocation.contains(&choice);
    let sources = RevocationSources {
        staple: asked(RevocationChoice::Staple),
        crl: asked(RevocationChoice::Crl),
        crlite: asked(RevocationChoice::Crlite),
    };
    let wrong = match (flags.crls.is_empty(), flags.crlite.is_empty()) {
        (true, _) if sources.crl && lists == Lists::OfFiles => {
            "--revocation crl: this command downloads nothing; give the CRLs with --crls FILE or FOLDER"
        }
        (false, _) if !sources.crl => {
            "--crls: the CRLs would not be used; add crl to --revocation, as in --revocation crl"
        }
        (_, true) if sources.crlite => {
            "--revocation crlite: there are no filters; give their folder with --crlite"
        }
        (_, false) if !sources.crlite => {
            "--crlite: the filters would not be used; add crlite to --revocation, as in --revocation crlite"
        }
        _ => return Ok(sources),
    };
    Err(PlanError::Revocation(wrong))
}

/// Returns warnings about skipped parts of the files and folders, one per line.
pub(super) fn revocation_warnings(data: &RevocationData) -> Vec<String> {
    let notes = data.notes().iter();
    let mut warnings: Vec<_> = notes
        .map(|note| format!("--crls, --crlite: {note}"))
        .collect();
    let left_out = data.left_out();
    if left_out > 0 {
        warnings.push(format!(
            "--crls, --crlite: skipped files that contain no CRL or filter: {left_out}"
        ));
    }
    warnings
}
