//! Chains in files: PEM or DER, one a file, alone or a folder of them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::cli::PlanError;
use crate::observation::{Certificate, PeerChain};

/// A chain that a server could send fits many times; a file beyond it is some other file.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Endings that are no part of a host's name. `example.com` is a name, not `example` with an
/// ending.
const ENDINGS: &[&str] = &["pem", "crt", "cer", "der"];

/// How every block of PEM begins (RFC 7468).
const PEM: &[u8] = b"-----BEGIN ";

/// Reads the chain of a file; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<PeerChain, PlanError> {
    let unusable = |reason: String| unusable(path, reason);
    let bytes = bytes(path).map_err(|error| unusable(error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE {
        let reason = "larger than any certificate chain; give a PEM or DER file";
        return Err(unusable(reason.to_owned()));
    }
    let pem = bytes.windows(PEM.len()).any(|window| window == PEM);
    let ders = match pem {
        true => CertificateDer::pem_slice_iter(&bytes)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unusable(format!("not sound PEM: {error}")))?,
        false => vec![CertificateDer::from(bytes)],
    };
    let certificates: Vec<_> = ders.into_iter().map(Certificate::read).collect();
    // What PEM calls a certificate is taken for one; DER has nothing else to be known by.
    let refused = match certificates.first() {
        None => Some("no certificate in it"),
        Some(first) => match &first.contents {
            Err(stopped) if !pem && stopped.field == "trailing_bytes" => {
                Some("more than one DER certificate")
            }
            Err(_) if !pem => Some("neither PEM nor a DER certificate"),
            Err(_) | Ok(_) => None,
        },
    };
    if let Some(refused) = refused {
        return Err(unusable(format!(
            "{refused}; give PEM (-----BEGIN CERTIFICATE-----), the server's certificate first; \
             from PKCS#7: openssl pkcs7 -print_certs -in FILE"
        )));
    }
    let certificates = certificates.into_iter().map(Arc::new).collect();
    Ok(PeerChain { certificates })
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
