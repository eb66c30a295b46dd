//! Reads and writes several trust stores in one file: PEM with comments that say which store
//! contains which root. An operator can read it and compare two files line by line: the roots are
//! sorted by their SHA-256. `docs/STORES.md` describes the format.

use std::fmt::Write;

use rustls_pki_types::CertificateDer;

use super::certificates::chain;
use crate::crypto::Fingerprint;

/// The first line, which identifies the format.
const FIRST: &str = "# tlsweep trust stores, version 1";

/// Text in place of a date that is not known.
const UNKNOWN: &str = "unknown";

/// Maximum number of roots: far more than all root programs have together.
const MAX_ROOTS: usize = 10_000;

/// Several trust stores in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFile {
    /// Name of the file from which they were imported.
    pub source: String,
    /// SHA-256 of that file.
    pub sha256: Fingerprint,
    /// Date of that file, if it is known.
    pub date: Option<String>,
    /// Names of the stores.
    pub stores: Vec<String>,
    /// The roots.
    pub roots: Vec<Included>,
}

/// A root, and the stores that contain it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// Name of the root, for display.
    pub name: String,
    /// SHA-256 of the certificate.
    pub sha256: Fingerprint,
    /// Names of the stores that contain it.
    pub stores: Vec<String>,
    /// The certificate.
    pub der: CertificateDer<'static>,
}

/// Why a file of stores cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}; import the report again")]
pub struct BadStoreFile {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong on that line.
    pub reason: String,
}

impl StoreFile {
    /// Returns true if the bytes are a file in this format.
    pub fn is_one(bytes: &[u8]) -> bool {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let line = bytes.split(|byte| *byte == b'\n').next();
        line.is_some_and(|line| line.trim_ascii_end() == FIRST.as_bytes())
    }

    /// Returns the text of the file. `block` appends a certificate as PEM. No text field may
    /// contain a line end.
    pub fn text(&self, block: impl Fn(&[u8], &mut String)) -> String {
        let mut text = format!("{FIRST}\n");
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "# source: {}\n# source-sha256: {}\n# date: {}\n# stores: {}\n",
            self.source,
            self.sha256,
            self.date.as_deref().unwrap_or(UNKNOWN),
            self.stores.join(" ")
        );
        for root in &self.roots {
            let _ = write!(
                text,
                "\n# root: {}\n# sha256: {}\n# in: {}\n",
                root.name,
                root.sha256,
                root.stores.join(" ")
            );
            block(&root.der, &mut text);
        }
        text
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is damaged, or was changed by hand so that it is no longer
    /// consistent.
    pub fn read(bytes: &[u8]) -> Result<Self, BadStoreFile> {
        let text = std::str::from_utf8(bytes).map_err(|_| bad(0, "not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = Lines {
            left: text.lines().enumerate(),
            line: 0,
        };
        lines
            .next()
            .filter(|line| *line == FIRST)
            .ok_or_else(|| bad(0, "not a file of trust stores"))?;
        let source = lines.field("source")?.to_owned();
        let sha256 = lines.fingerprint("source-sha256")?;
        let date = Some(lines.field("date")?).filter(|date| *date != UNKNOWN);
        let date = date.map(str::to_owned);
        let stores: Vec<String> = lines.words("stores")?;
        if stores.is_empty()
            || stores
                .iter()
                .enumerate()
                .any(|(at, name)| stores[..at].contains(name))
        {
            return Err(lines.bad("the list of stores is empty or contains a name twice"));
        }
        let mut file = Self {
            source,
            sha256,
            date,
            stores,
            roots: Vec::new(),
        };
        while let Some(line) = lines.next() {
            if file.roots.len() == MAX_ROOTS {
                return Err(lines.bad("too many roots"));
            }
            let name =
                Lines::value(line, "root").ok_or_else(|| lines.bad("no \"# root: NAME\""))?;
            let root = lines.root(name.to_owned(), &file.stores)?;
            file.roots.push(root);
        }
        Ok(file)
    }
}

fn bad(index: usize, reason: &str) -> BadStoreFile {
    BadStoreFile {
        line: index + 1,
        reason: reason.to_owned(),
    }
}

/// The lines that are not blank.
struct Lines<'a> {
    left: std::iter::Enumerate<std::str::Lines<'a>>,
    /// Index of the line read last.
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let mut left = self
            .left
            .by_ref()
            .map(|(index, line)| (index, line.trim_end()));
        let (index, line) = left.find(|(_, line)| !line.is_empty())?;
        self.line = index;
        Some(line)
    }

    fn bad(&self, reason: &str) -> BadStoreFile {
        bad(self.line, reason)
    }

    fn value(line: &'a str, key: &str) -> Option<&'a str> {
        let value = line.strip_prefix("# ")?.strip_prefix(key)?;
        value.strip_prefix(':').map(str::trim)
    }

    fn field(&mut self, key: &str) -> Result<&'a str, BadStoreFile> {
        let value = self.next().and_then(|line| Self::value(line, key));
        value.ok_or_else(|| self.bad(&format!("\"# {key}: ...\" is expected here")))
    }

    fn words(&mut self, key: &str) -> Result<Vec<String>, BadStoreFile> {
        let words = self.field(key)?;
        Ok(words.split_whitespace().map(str::to_owned).collect())
    }

    fn fingerprint(&mut self, key: &str) -> Result<Fingerprint, BadStoreFile> {
        let digits = self.field(key)?;
        digits
            .parse()
            .map_err(|error| self.bad(&format!("{key}: {error}")))
    }

    /// Reads the rest of a root after its name.
    fn root(&mut self, name: String, known: &[String]) -> Result<Included, BadStoreFile> {
        let sha256 = self.fingerprint("sha256")?;
        let stores = self.words("in")?;
        if !stores.iter().all(|store| known.contains(store)) {
            return Err(self.bad("a store that \"# stores:\" does not list"));
        }
        let mut pem = String::new();
        while !pem.ends_with("-----END CERTIFICATE-----\n") {
            let line = self
                .next()
                .ok_or_else(|| self.bad("the file ends within a certificate"))?;
            pem.push_str(line);
            pem.push('\n');
        }
        let mut listing = chain(pem.as_bytes());
        if let Some(broken) = listing.loss() {
            return Err(self.bad(&broken.why.to_string()));
        }
        let der = match (listing.found.pop(), listing.found.is_empty()) {
            (Some(found), true) => found.der,
            _ => return Err(self.bad("exactly one certificate is expected here")),
        };
        if Fingerprint::of(&der) != sha256 {
            return Err(self.bad("the certificate does not match \"# sha256:\""));
        }
        Ok(Included {
            name,
            sha256,
            stores,
            der,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file() -> StoreFile {
        let root = |bytes: &[u8], stores: &[&str]| Included {
            name: "Some root: the first".to_owned(),
            sha256: Fingerprint::of(bytes),
            stores: stores.iter().map(|store| (*store).to_owned()).collect(),
            der: CertificateDer::from(bytes.to_vec()),
        };
        StoreFile {
            source: "report.csv".to_owned(),
            sha256: Fingerprint([7; 32]),
            date: Some("2026-11-20".to_owned()),
            stores: vec!["mozilla".to_owned(), "chrome".to_owned()],
            roots: vec![
                root(b"one", &["mozilla", "chrome"]),
                root(b"two", &["chrome"]),
            ],
        }
    }

    /// Writes the base64 blocks of "one" and "two".
    fn block(der: &[u8], text: &mut String) {
        let body = match der {
            b"one" => "b25l",
            _ => "dHdv",
        };
        *text += &format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    }

    #[test]
    fn a_written_file_is_parsed_back_unchanged() {
        let text = file().text(block);
        assert!(StoreFile::is_one(text.as_bytes()));
        assert_eq!(StoreFile::read(text.as_bytes()), Ok(file()));
        let windows = text.replace('\n', "\r\n");
        assert!(StoreFile::is_one(windows.as_bytes()));
        assert_eq!(StoreFile::read(windows.as_bytes()), Ok(file()));
        let marked = format!("\u{feff}{text}");
        assert!(StoreFile::is_one(marked.as_bytes()));
        assert_eq!(StoreFile::read(marked.as_bytes()), Ok(file()));
        assert!(!StoreFile::is_one(b"# tlsweep\n"));
    }

    #[test]
    fn inconsistent_edits_are_rejected_with_their_line() {
        for (from, to, line) in [
            ("# source: report.csv\n", "", 2),
            ("# source-sha256: 07", "# source-sha256: 7", 3),
            ("# stores: mozilla chrome", "# stores:", 5),
            ("# stores: mozilla chrome", "# stores: mozilla mozilla", 5),
            ("# in: mozilla chrome", "# in: mozilla apple", 9),
            ("b25l", "dHdv", 12),
            ("b25l", "b25!", 12),
            ("# root: Some", "# roots: Some", 7),
            ("dHdv\n-----END CERTIFICATE-----\n", "dHdv\n", 18),
        ] {
            let text = file().text(block).replacen(from, to, 1);
            let error = StoreFile::read(text.as_bytes()).unwrap_err();
            assert_eq!(error.line, line, "{from:?} -> {to:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_file_of_stores_or_an_error(text in "(# (root|in|sha256|stores): ?[a-z ]*\n?)*") {
            let _ = StoreFile::read(format!("{FIRST}\n{text}").as_bytes());
        }
    }
}
