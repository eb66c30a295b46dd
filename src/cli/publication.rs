//! Creates the anonymizer of rows from flags.

use std::path::Path;

use super::error::{CannotStart, PlanError};
use super::flags::AnonymizeFlags;
use crate::crypto::HashKey;
use crate::output::Anonymizer;
use crate::summary::Anonymized;

/// Minimum length of a key in bytes. A shorter one could be guessed.
const SHORTEST: usize = 16;

/// Returns what replaces values in rows, or `None` if nothing does. `certs` is the path of `--certs`.
///
/// # Errors
///
/// Returns an error if the key cannot be used, or if certificates would be written beside the rows.
pub(super) fn anonymizer(
    flags: &AnonymizeFlags,
    certs: Option<&Path>,
) -> Result<Option<Anonymizer>, CannotStart> {
    if flags.anonymize.is_empty() {
        return Ok(None);
    }
    if certs.is_some() {
        return Err(PlanError::CertsNotAnonymous.into());
    }
    let key = match &flags.anonymize_key {
        Some(path) => key(path)?,
        None => HashKey::random().map_err(|source| PlanError::AnonymizeKey {
            path: "a random key".to_owned(),
            reason: source.to_string(),
        })?,
    };
    let groups = flags.anonymize.iter().copied();
    let kept = flags.keep_tags.iter().cloned();
    Ok(Some(Anonymizer::new(groups, kept, key)))
}

fn key(path: &Path) -> Result<HashKey, PlanError> {
    let unusable = |reason: String| PlanError::AnonymizeKey {
        path: path.display().to_string(),
        reason,
    };
    let bytes = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    if bytes.len() < SHORTEST {
        let reason = format!(
            "it has {} bytes, and at least {SHORTEST} are needed; make one with: head -c 32 /dev/urandom > FILE",
            bytes.len()
        );
        return Err(unusable(reason));
    }
    Ok(HashKey::from_bytes(&bytes))
}

/// Describes the replacement for the manifest, without the key.
pub fn anonymized(flags: &AnonymizeFlags) -> Option<Anonymized> {
    let distinct = |mut names: Vec<String>| {
        names.sort();
        names.dedup();
        names
    };
    let groups = flags.anonymize.iter().map(ToString::to_string);
    (!flags.anonymize.is_empty()).then(|| Anonymized {
        groups: distinct(groups.collect()),
        kept_tags: distinct(flags.keep_tags.clone()),
        key_of_file: flags.anonymize_key.is_some(),
    })
}
