//! Chains in files: PEM, DER or PKCS#7, one a file, alone or a folder of them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::PlanError;
use crate::gather::{FilePosition, Listing, Why, certificates};
use crate::observation::{Certificate, PeerChain};

/// A chain that a server could send fits many times; a file beyond it is some other file.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Endings that are no part of a host's name. `example.com` is a name, not `example` with an
/// ending.
const ENDINGS: &[&str] = &["pem", "crt", "cer", "der", "p7b", "p7c"];

/// Notes about one file that are told; nobody reads more.
const MAX_NOTES: usize = 10;

/// A chain of a file.
pub(super) struct Chain {
    pub(super) chain: PeerChain,
    /// What else of the file people should know, a line each.
    pub(super) notes: Vec<String>,
}

/// Reads the chain of a file; `-` is standard input. `None` where the file holds private keys and
/// nothing else.
pub(super) fn read(path: &Path) -> Result<Option<Chain>, PlanError> {
    let unusable = |reason: String| unusable(path, reason);
    let bytes = bytes(path).map_err(|error| unusable(error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE {
        let reason = "larger than any certificate chain; give a PEM or DER file";
        return Err(unusable(reason.to_owned()));
    }
    let listing = certificates(&bytes).map_err(|error| unusable(error.to_string()))?;
    if let Some(lost) = listing.loss() {
        return Err(unusable(lost.to_string()));
    }
    let keys = || listing.left_out.iter().all(|it| it.why == Why::PrivateKey);
    if listing.found.is_empty() && !listing.left_out.is_empty() && keys() {
        return Ok(None);
    }
    let notes = notes(&listing).map(|note| format!("{}: {note}", path.display()));
    let notes = notes.take(MAX_NOTES).collect();
    let in_der = |place| matches!(place, FilePosition::Number(_)) && !listing.unordered;
    let der = listing.found.first().is_some_and(|it| in_der(it.place));
    let unordered = listing.unordered;
    let found = listing.found.into_iter();
    let mut certificates: Vec<_> = found.map(|found| Certificate::read(found.der)).collect();
    // What PEM calls a certificate is taken for one; DER has nothing else to be known by.
    let refused = match certificates.first() {
        None if bytes.starts_with(&[0x30]) => Some(der_refused(&bytes)),
        None => Some("neither PEM nor a DER certificate"),
        Some(first) if der && first.contents.is_err() => Some("neither PEM nor a DER certificate"),
        Some(_) => None,
    };
    if let Some(refused) = refused {
        return Err(unusable(format!(
            "{refused}; give PEM (-----BEGIN CERTIFICATE-----), the server's certificate first"
        )));
    }
    if unordered {
        in_order(&mut certificates);
    }
    let certificates = certificates.into_iter().map(Arc::new).collect();
    let chain = PeerChain { certificates };
    Ok(Some(Chain { chain, notes }))
}

fn der_refused(bytes: &[u8]) -> &'static str {
    match Certificate::read(bytes.to_vec().into()).contents {
        Err(stopped) if stopped.field == "trailing_bytes" => "more than one DER certificate",
        _ => "neither PEM nor a DER certificate",
    }
}

/// What is left out, and what servers would not find.
fn notes(listing: &Listing) -> impl Iterator<Item = String> {
    let left_out = listing.left_out.iter().map(ToString::to_string);
    let hidden = listing.found.iter().filter(|found| found.hidden);
    let hidden = hidden.map(|found| {
        format!(
            "{}: BEGIN does not stand at the start of its line; OpenSSL, and so most servers, do not read this file as it is read here",
            found.place
        )
    });
    left_out.chain(hidden)
}

/// Puts certificates without an order into that of a chain: the first that is no CA, then each
/// one's issuer by name, then the others.
fn in_order(certificates: &mut [Certificate]) {
    let Some(leaf) = certificates.iter().position(|it| !it.is_ca()) else {
        return;
    };
    certificates[..=leaf].rotate_right(1);
    for done in 1..certificates.len() {
        let (before, after) = certificates.split_at_mut(done);
        let Ok(below) = &before[done - 1].contents else {
            return;
        };
        let issuer = after.iter().position(|it| {
            let contents = it.contents.as_ref();
            contents.is_ok_and(|it| it.subject.der == below.issuer.der)
        });
        match issuer {
            Some(issuer) => after[..=issuer].rotate_right(1),
            None => return,
        }
    }
}

/// The files of a folder by name; folders in it and names with a dot in front are left out.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, PlanError> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !hidden && entry.path().is_file() {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(files)
    };
    match read() {
        Ok(files) if files.is_empty() => {
            let reason = "no file in this folder; give one chain a file, named after its host";
            Err(unusable(folder, reason.to_owned()))
        }
        Ok(files) => Ok(files),
        Err(error) => Err(unusable(folder, error.to_string())),
    }
}

/// The host that a file is named after: `www.example.com` of `www.example.com.pem`.
pub(super) fn named_after(file: &Path) -> String {
    let ending = file.extension().and_then(|ending| ending.to_str());
    let known = ending.is_some_and(|it| ENDINGS.iter().any(|known| it.eq_ignore_ascii_case(known)));
    let name = match known {
        true => file.file_stem(),
        false => file.file_name(),
    };
    let name = name.unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let stream: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(std::fs::File::open(path)?),
    };
    stream.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that cannot be used, and what to give instead.
pub(super) fn unusable(path: &Path, reason: String) -> PlanError {
    PlanError::Chain {
        file: path.display().to_string(),
        reason,
    }
}
