//! Creates the policy from the trust flags: the chosen stores with distinct names, the stores that
//! the verdict is based on, and the intermediates given by the user.

use std::path::Path;
use std::sync::Arc;

use super::error::PlanError;
use super::flags::TrustFlags;
use super::revocation::{Lists, revocation, revocation_warnings};
use super::values::TrustChoice;
use crate::gather::IssuerPool;
use crate::judge::{Policy, TrustStore};

/// Maximum number of notices about one file of intermediates.
const MAX_NOTES: usize = 10;

/// Returns the policy that the trust flags describe. Skipped parts of the files are added to the
/// notices.
pub fn policy(
    flags: &TrustFlags,
    lists: Lists,
    notices: &mut Vec<String>,
) -> Result<Policy, PlanError> {
    let stores = stores(&flags.trust)?;
    notices.extend(stores.iter().flat_map(warnings));
    let required = required(&flags.require_store, &stores)?;
    let mut issuers = IssuerPool::default();
    for path in &flags.intermediates {
        let bundle = IssuerPool::from_file(path).map_err(PlanError::Intermediates)?;
        let left_out = bundle.left_out.iter().take(MAX_NOTES);
        notices.extend(left_out.map(|part| format!("--intermediates {}: {part}", path.display())));
        if bundle.pool.is_empty() {
            notices.push(format!(
                "--intermediates {}: none of its certificates is a CA certificate, so it completes no chain",
                path.display()
            ));
        }
        bundle
            .pool
            .iter()
            .for_each(|(certificate, from)| issuers.add(certificate.clone(), from));
    }
    let revocation = revocation(&flags.revocation, lists)?;
    notices.extend(
        revocation
            .as_deref()
            .map_or_else(Vec::new, revocation_warnings),
    );
    Ok(Policy {
        required,
        issuers: Arc::new(issuers),
        revocation,
        at: flags.at,
        expiring_within: flags.expiring_within.0,
        ..Policy::new(stores)
    })
}

/// Returns one line for each certificate of a store that was skipped.
pub fn warnings(store: &TrustStore) -> impl Iterator<Item = String> {
    let name = store.name();
    store.warnings().iter().map(move |warning| {
        let reason = &warning.reason;
        match warning.position {
            0 => format!("trust store {name}: {reason}"),
            position => {
                format!("trust store {name}: certificate {position} is skipped: {reason}")
            }
        }
    })
}

/// Returns the stores at a path, with the names that they have if no other store is chosen.
pub fn stores_at(path: &Path) -> Result<Vec<TrustStore>, PlanError> {
    TrustStore::from_path(&store_name(path, &[]), path).map_err(PlanError::Listed)
}

fn stores(choices: &[TrustChoice]) -> Result<Vec<TrustStore>, PlanError> {
    let mut stores: Vec<TrustStore> = Vec::new();
    let mut chosen: Vec<&TrustChoice> = Vec::new();
    for (index, choice) in choices.iter().enumerate() {
        if choices[..index].contains(choice) {
            continue;
        }
        let more = match choice {
            TrustChoice::Mozilla => vec![TrustStore::mozilla()],
            TrustChoice::System => vec![TrustStore::system().map_err(PlanError::Trust)?],
            TrustChoice::File(path) => {
                TrustStore::from_path(&store_name(path, &stores), path).map_err(PlanError::Trust)?
            }
        };
        for store in more {
            if let Some(twin) = stores.iter().position(|it| it.name() == store.name()) {
                return Err(PlanError::SameStore {
                    name: store.name().to_string(),
                    first: chosen[twin].to_string(),
                    second: choice.to_string(),
                });
            }
            stores.push(store);
            chosen.push(choice);
        }
    }
    if stores.is_empty() {
        stores.push(TrustStore::mozilla());
    }
    Ok(stores)
}

/// Returns the name of a file's store: the file name without folder and extension, or the whole
/// path if another store already has that name.
fn store_name(path: &Path, others: &[TrustStore]) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    let taken = |name: &str| {
        let words = TrustChoice::WORDS.iter().map(|(word, _)| *word);
        let others = others.iter().map(|store| &**store.name());
        words.chain(others).any(|taken| taken == name)
    };
    match stem {
        Some(stem) if !taken(&stem) => stem.into_owned(),
        _ => path.display().to_string(),
    }
}

/// Returns the indexes of the stores that the verdict is based on.
fn required(names: &[String], stores: &[TrustStore]) -> Result<Vec<usize>, PlanError> {
    let place = |asked: &String| {
        let named = |store: &TrustStore| **store.name() == **asked;
        let chosen = || stores.iter().map(|store| &**store.name());
        stores
            .iter()
            .position(named)
            .ok_or_else(|| PlanError::NoStore {
                asked: asked.clone(),
                chosen: chosen().collect::<Vec<_>>().join(", "),
            })
    };
    names.iter().map(place).collect()
}
