//! Reads chains from files, one chain per file, given as a file or a folder.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::PlanError;
use crate::gather::{
    CERTIFICATE_FORMS, FilePosition, Listing, Why, certificates, has_certificate_extension,
};
use crate::observation::{Certificate, PeerChain, Unparseable};

/// Many times larger than any chain that a server could send; a larger file is not a chain.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// The file of a folder of certbot that servers are configured with. The other files beside it
/// contain parts of it, and the key.
const CERTBOT_CHAIN: &str = "fullchain.pem";

/// The files of a folder of certbot.
const CERTBOT_FILES: [&str; 4] = [CERTBOT_CHAIN, "cert.pem", "chain.pem", "privkey.pem"];

/// The file that certbot puts into its folders for people.
const CERTBOT_README: &str = "README";

/// Maximum number of notices about one file.
const MAX_NOTES: usize = 10;

/// A chain read from a file.
pub(super) struct Chain {
    pub(super) chain: PeerChain,
    /// Notices about the rest of the file, one per line.
    pub(super) notes: Vec<String>,
}

/// Reads the chain of a file; `-` is standard input. Returns `None` if the file contains only
/// private keys.
pub(super) fn read(path: &Path) -> Result<Option<Chain>, PlanError> {
    let unusable = |reason: String| unusable(path, reason);
    let bytes = bytes(path).map_err(|error| unusable(error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(unusable(format!(
            "larger than any certificate chain; give a file with one chain ({CERTIFICATE_FORMS})"
        )));
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
    // A PEM label says that a block is a certificate. DER has no label, so it must parse as one.
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
        Err(Unparseable::TrailingBytes) => "more than one DER certificate",
        _ => "neither PEM nor a DER certificate",
    }
}

/// Returns notices about skipped parts, and about certificates that servers would not find.
fn notes(listing: &Listing) -> impl Iterator<Item = String> {
    let left_out = listing.left_out.iter().map(ToString::to_string);
    let hidden = listing.found.iter().filter(|found| found.hidden);
    let hidden = hidden.map(|found| {
        format!(
            "{}: BEGIN is not at the start of its line; OpenSSL, and therefore most servers, read this file differently",
            found.place
        )
    });
    left_out.chain(hidden)
}

/// Sorts certificates that have no order into a chain: first a certificate that is not a CA, then
/// the issuer of each by name, then the rest.
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

/// A file of a folder, and the name of the host that it is named after.
pub(super) struct Named {
    pub(super) path: PathBuf,
    pub(super) name: String,
}

/// Returns the files of a folder, ordered by name. Names that start with a dot are skipped, and so
/// are subfolders, unless they are folders of certbot, such as `live/www.example.com`. A broken link,
/// and the chain that a folder of certbot lacks, are returned too, so that they are reported.
pub(super) fn files(folder: &Path) -> Result<Vec<Named>, PlanError> {
    let unreadable = |error: std::io::Error| unusable(folder, error.to_string());
    if has(folder, CERTBOT_CHAIN) {
        return Ok(vec![certbot(folder).map_err(unreadable)?]);
    }
    let files = listed(folder).map_err(unreadable)?;
    if files.is_empty() {
        let reason = "no file in this folder; put each chain into one file, named after its host";
        return Err(unusable(folder, reason.to_owned()));
    }
    Ok(files)
}

fn listed(folder: &Path) -> std::io::Result<Vec<Named>> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            folders.push(path);
        } else if path.is_file() || !path.exists() {
            let name = named_after(&path);
            files.push(Named { path, name });
        }
    }
    // Certbot's `live` contains nothing but such folders.
    if !folders.iter().any(|it| has(it, CERTBOT_CHAIN)) {
        folders.retain(|folder| CERTBOT_FILES.iter().any(|file| has(folder, file)));
    }
    if !folders.is_empty() {
        files.retain(|file| file.path.file_name() != Some(CERTBOT_README.as_ref()));
    }
    for folder in folders {
        files.push(certbot(&folder)?);
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// Returns true if the folder has this file, or a link of this name that leads nowhere.
fn has(folder: &Path, file: &str) -> bool {
    folder.join(file).symlink_metadata().is_ok()
}

/// Returns the chain of a folder of certbot, which may be missing.
fn certbot(folder: &Path) -> std::io::Result<Named> {
    let path = folder.join(CERTBOT_CHAIN);
    // The name of `.` is known only to the system.
    let named = match folder.file_name() {
        Some(_) => folder.to_owned(),
        None => folder.canonicalize()?,
    };
    let name = named.file_name().unwrap_or_default().to_string_lossy();
    let name = without_number(&name).to_owned();
    Ok(Named { path, name })
}

/// Returns the name without the number that certbot adds for a second certificate of the same name:
/// `example.com` for `example.com-0001`.
fn without_number(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((host, number))
            if number.len() == 4 && number.bytes().all(|it| it.is_ascii_digit()) =>
        {
            host
        }
        _ => name,
    }
}

/// Returns the host that a file is named after: `www.example.com` for `www.example.com.pem`.
fn named_after(file: &Path) -> String {
    let name = match has_certificate_extension(file) {
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

/// Returns the error for a file that cannot be used, with what to give instead.
pub(super) fn unusable(path: &Path, reason: String) -> PlanError {
    PlanError::Chain {
        file: path.display().to_string(),
        reason,
    }
}
