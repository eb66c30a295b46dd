//! From the revocation flags to what is known of revocation: which sources are asked, and the lists
//! and filters that are read beforehand.

use std::sync::Arc;

use super::error::PlanError;
use super::flags::{RevocationChoice, RevocationFlags};
use crate::gather::{RevocationData, RevocationSources};

/// Where revocation lists may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// From the files named, and from the addresses that certificates name.
    Fetched,
    /// From the files named.
    OfFiles,
}

/// What the flags ask for; `None` when revocation is not to be looked at.
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

/// The sources, each with what it needs and nothing beside.
fn sources(flags: &RevocationFlags, lists: Lists) -> Result<RevocationSources, PlanError> {
    let asked = |choice| flags.revocation.contains(&choice);
    let sources = RevocationSources {
        staple: asked(RevocationChoice::Staple),
        crl: asked(RevocationChoice::Crl),
        crlite: asked(RevocationChoice::Crlite),
    };
    let wrong = match (flags.crls.is_empty(), flags.crlite.is_empty()) {
        (true, _) if sources.crl && lists == Lists::OfFiles => {
            "--revocation crl: nothing is fetched here; name the lists with --crls FILE or FOLDER"
        }
        (false, _) if !sources.crl => {
            "--crls: nobody asks the lists; add crl to --revocation, as in --revocation crl"
        }
        (_, true) if sources.crlite => {
            "--revocation crlite: there are no filters to look at; name their folder with --crlite"
        }
        (_, false) if !sources.crlite => {
            "--crlite: nobody asks the filters; add crlite to --revocation, as in --revocation crlite"
        }
        _ => return Ok(sources),
    };
    Err(PlanError::Revocation(wrong))
}

/// What was left out of the files and folders read, as lines for people.
pub(super) fn revocation_warnings(data: &RevocationData) -> Vec<String> {
    let notes = data.notes().iter();
    let mut told: Vec<_> = notes
        .map(|note| format!("--crls, --crlite: {note}"))
        .collect();
    let left_out = data.left_out();
    if left_out > 0 {
        told.push(format!(
            "--crls, --crlite: {left_out} files of these folders hold no list or filter"
        ));
    }
    told
}
