//! Loads trust stores from disk: a file of certificates, a folder of such files, or a file with
//! several stores. It makes no trust decisions.

use std::path::{Path, PathBuf};

use super::{StoreError, TrustStore};
use crate::gather::{Listing, NotCertificates, StoreFile, certificates, read_file};

/// Maximum number of files in a folder: ten times as many as in a system's folder of roots.
const MAX_FILES: usize = 10_000;

/// Maximum number of warnings reported individually for one file.
const MAX_WARNINGS: usize = 20;

impl TrustStore {
    /// Returns the stores at this path. A file with several stores returns each under its own name.
    /// Otherwise the result is one store with this name and the certificates of the file or folder.
    ///
    /// # Errors
    ///
    /// Returns an error if a file or folder cannot be read or contains no usable certificate.
    pub fn from_path(name: &str, path: &Path) -> Result<Vec<Self>, StoreError> {
        if path.is_dir() {
            return Ok(vec![Self::from_folder(name, path)?]);
        }
        let bytes = read_file(path).map_err(unreadable(path))?;
        if StoreFile::is_one(&bytes) {
            let file = StoreFile::read(&bytes).map_err(|error| StoreError::Stores {
                path: path.to_owned(),
                error,
            })?;
            return Self::of_file(path, &file);
        }
        let mut store = Self::empty(name, false);
        let unusable = |reason| StoreError::Unusable {
            path: path.to_owned(),
            reason,
        };
        let listing = certificates(&bytes).map_err(|error| match error {
            NotCertificates::NoPemColumn => StoreError::Report {
                path: path.to_owned(),
            },
            NotCertificates::Table(_) => empty(path),
            NotCertificates::Form(form) => unusable(form.to_owned()),
        })?;
        store.add_all(None, listing);
        match (store.is_empty(), store.warnings().first()) {
            (true, Some(warning)) => Err(unusable(format!(
                "it contains no usable certificate; {}",
                warning.reason
            ))),
            (true, None) => Err(empty(path)),
            (false, _) => Ok(vec![store]),
        }
    }

    fn of_file(path: &Path, file: &StoreFile) -> Result<Vec<Self>, StoreError> {
        let stores = file.stores.iter().map(|name| {
            // The CAs of a root program must follow the rules for public CAs.
            let mut store = Self::empty(name, true);
            store.date.clone_from(&file.date);
            let mut roots = file.roots.iter().enumerate();
            roots
                .by_ref()
                .filter(|(_, root)| root.stores.contains(name))
                .for_each(|(index, root)| store.add(index + 1, root.der.clone()));
            match store.is_empty() {
                true => Err(empty(path)),
                false => Ok(store),
            }
        });
        stores.collect()
    }

    /// Returns a store with the certificates of the files directly in the folder. A file without a
    /// certificate is skipped with a warning.
    fn from_folder(name: &str, folder: &Path) -> Result<Self, StoreError> {
        let mut store = Self::empty(name, false);
        for path in files(folder)? {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let found = read_file(&path)
                .map_err(|error| error.to_string())
                .and_then(|bytes| certificates(&bytes).map_err(|error| error.to_string()));
            match found {
                Err(reason) => store.warn(0, format!("{file}: {reason}")),
                Ok(listing) if listing.is_empty() => {
                    store.warn(0, format!("{file}: contains no certificate"));
                }
                Ok(listing) => store.add_all(Some(&file), listing),
            }
        }
        match store.is_empty() {
            true => Err(empty(folder)),
            false => Ok(store),
        }
    }

    /// Adds the certificates of a file and warns about each one that is skipped. `file` is the name
    /// to use in warnings if the store has several files.
    fn add_all(&mut self, file: Option<&str>, listing: Listing) {
        let mut reported = 0_usize;
        let mut warn = |store: &mut Self, reason: String| {
            reported += 1;
            let reason = match reported {
                ..=MAX_WARNINGS => reason,
                _ => return,
            };
            store.warn(
                0,
                match file {
                    Some(file) => format!("{file}: {reason}"),
                    None => reason,
                },
            );
        };
        for found in listing.found {
            let place = found.place;
            let added = match found.excluded_for_tls {
                true => Err("skipped: its OpenSSL trust settings exclude TLS servers".to_owned()),
                false => self.try_add(found.der),
            };
            if let Err(reason) = added {
                warn(self, format!("{place}: {reason}"));
            }
        }
        for part in listing.left_out {
            warn(self, part.to_string());
        }
        if let Some(more) = reported.checked_sub(MAX_WARNINGS).filter(|more| *more > 0) {
            let file = file.map(|file| format!("{file}: ")).unwrap_or_default();
            self.warn(0, format!("{file}{more} more warnings omitted"));
        }
    }
}

/// Returns the files of a folder, including the targets of links, sorted by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = std::fs::read_dir(folder).map_err(unreadable(folder))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable(folder))?.path();
        // Reading a pipe would block, and subfolders are not part of the store.
        if std::fs::metadata(&path).map_or(true, |file| file.is_file()) {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            let reason = format!("more than {MAX_FILES} files; check that it is the right folder");
            return Err(unreadable(folder)(std::io::Error::other(reason)));
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |error| StoreError::Unreadable {
        path: path.clone(),
        error,
    }
}

fn empty(path: &Path) -> StoreError {
    StoreError::Empty {
        name: path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};

    fn root(name: &str) -> rcgen::Certificate {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    fn error(path: &Path) -> String {
        TrustStore::from_path("x", path).err().unwrap().to_string()
    }

    #[test]
    fn a_file_without_certificates_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.pem");
        for text in [
            "",
            "hello",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(error(&path).contains("mine.pem"));
        }
        assert!(error(Path::new("/nonexistent.pem")).contains("/nonexistent.pem"));
        std::fs::write(&path, "CA Owner,SHA-256 Fingerprint\n").unwrap();
        assert!(error(&path).contains("tlsweep stores import"));
    }

    #[test]
    fn a_folder_is_a_store_of_its_files_and_warns_of_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        };
        let (one, two, three) = (root("one"), root("two"), root("three"));
        write("a.pem", (two.pem() + &three.pem()).as_bytes());
        write("b.cer", one.der());
        write("c.pem", one.pem().as_bytes());
        std::fs::create_dir(folder.path().join("inside")).unwrap();
        let store = |folder| TrustStore::from_path("corp", folder).unwrap().remove(0);
        let sound = store(folder.path());
        assert_eq!((sound.len(), sound.warnings().len()), (3, 0));
        assert_eq!((&**sound.name(), sound.date().is_some()), ("corp", false));
        write("README", b"ours\n");
        write("d.pem", two.pem().replace("MII", "M!!").as_bytes());
        write("e.der", &[0x30, 0x00]);
        let store = store(folder.path());
        assert_eq!(store.len(), 3);
        let reasons: Vec<_> = store.warnings().iter().map(|it| &*it.reason).collect();
        assert_eq!(reasons.len(), 3, "{reasons:?}");
        assert_eq!(reasons[0], "README: contains no certificate");
        assert_eq!(reasons[1], "d.pem: line 2: invalid PEM: ! is not base64");
        assert!(reasons[2].starts_with("e.der: certificate 1: not a usable certificate"));
    }

    #[test]
    fn a_folder_without_certificates_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(error(folder.path()).contains(&folder.path().display().to_string()));
    }

    #[test]
    fn a_file_of_stores_gives_each_under_its_name() {
        let (one, two) = (root("one"), root("two"));
        let included = |root: &rcgen::Certificate, stores: &[&str]| crate::gather::Included {
            name: "root".to_owned(),
            sha256: crate::crypto::Fingerprint::of(root.der()),
            stores: stores.iter().map(|store| (*store).to_owned()).collect(),
            der: root.der().clone(),
        };
        let file = StoreFile {
            source: "report.csv".to_owned(),
            sha256: crate::crypto::Fingerprint([0; 32]),
            date: Some("2026-11-20".to_owned()),
            stores: vec!["mozilla".to_owned(), "chrome".to_owned()],
            roots: vec![
                included(&one, &["mozilla", "chrome"]),
                included(&two, &["chrome"]),
            ],
        };
        let block = |der: &[u8], text: &mut String| {
            *text += &if der == &**one.der() {
                one.pem()
            } else {
                two.pem()
            };
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stores.pem");
        std::fs::write(&path, file.text(block)).unwrap();
        let stores = TrustStore::from_path("x", &path).unwrap();
        let found: Vec<_> = stores
            .iter()
            .map(|it| (&**it.name(), it.date(), it.len()))
            .collect();
        let day = Some("2026-11-20");
        assert_eq!(found, [("mozilla", day, 1), ("chrome", day, 2)]);
        assert!(stores.iter().all(TrustStore::is_public));
        std::fs::write(
            &path,
            file.text(block).replace("# in: chrome", "# in: apple"),
        )
        .unwrap();
        assert!(error(&path).contains("line "));
        std::fs::write(
            &path,
            file.text(block)
                .replace("# in: mozilla chrome", "# in: chrome"),
        )
        .unwrap();
        assert!(error(&path).contains("no usable certificate"));
    }
}
