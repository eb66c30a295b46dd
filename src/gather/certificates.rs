//! Certificates from a file, whatever its form: PEM, DER, or a CSV with a column of PEM, as CCADB
//! publishes them. It knows forms, not what the certificates are for.

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::table::{BadTable, Table};
use crate::crypto::der::{self, tag};

/// Five times CCADB's largest report; small enough to refuse a wrong file before it fills the
/// memory.
const MAX_FILE: u64 = 64 << 20;

/// What CCADB calls the column that holds a certificate.
const PEM_COLUMNS: &[&str] = &["PEM", "PEM Info", "X.509 Certificate (PEM)"];

/// Columns by which a CCADB report without certificates is known.
const OTHER_COLUMNS: &[&str] = &["SHA-256 Fingerprint", "SHA256 Fingerprint", "SHA256"];

/// A certificate of a file.
#[derive(Debug)]
pub struct Found {
    /// Where it stands.
    pub place: Place,
    /// Its bytes, or why they cannot be had.
    pub der: Result<CertificateDer<'static>, String>,
}

/// Where a certificate stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Which one it is, from 1.
    Number(usize),
    /// The line on which its row begins, from 1.
    Line(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "certificate {number}"),
            Self::Line(line) => write!(f, "line {line}"),
        }
    }
}

/// Why a file has no certificates to give.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCertificates {
    /// A CCADB report, but one about certificates rather than of them.
    #[error(
        "a report without certificates; take one that has them, in a column named {}",
        PEM_COLUMNS.join(" or ")
    )]
    NoPemColumn,
    /// A damaged report.
    #[error(transparent)]
    Table(#[from] BadTable),
}

/// A whole file; one beyond any use is refused.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = std::fs::File::open(path)?.take(MAX_FILE + 1);
    file.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        let reason = format!("larger than {} MiB; is it the right file?", MAX_FILE >> 20);
        return Err(io::Error::new(ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

/// The certificates of a file, in its order. None at all where it is in no form known here.
pub fn certificates(bytes: &[u8]) -> Result<Vec<Found>, NotCertificates> {
    if der::only(bytes, tag::SEQUENCE).is_some() {
        return Ok(vec![Found {
            place: Place::Number(1),
            der: Ok(CertificateDer::from(bytes.to_vec())),
        }]);
    }
    // A comment may hold commas and quotes; a report does not begin with one.
    let commented = bytes.trim_ascii_start().starts_with(b"#");
    if let (false, Ok(table)) = (commented, Table::of(bytes)) {
        if let Some(column) = table.column(PEM_COLUMNS)? {
            return cells(table, column);
        }
        if table.has(OTHER_COLUMNS) {
            return Err(NotCertificates::NoPemColumn);
        }
    }
    Ok(sections(bytes))
}

/// Each section is read by itself, so that a broken one costs none but itself.
fn sections(bytes: &[u8]) -> Vec<Found> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let places = bytes.windows(BEGIN.len()).enumerate();
    let starts = places.filter(|(_, bytes)| *bytes == BEGIN);
    let starts: Vec<usize> = starts.map(|(place, _)| place).collect();
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    let sections = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &bytes[*start..end]);
    // Of other things, keys for one, nothing is said.
    let certificates =
        sections.filter_map(|section| CertificateDer::pem_slice_iter(section).next());
    let numbered = certificates.enumerate().map(|(index, der)| Found {
        place: Place::Number(index + 1),
        der: der.map_err(|error| format!("not sound PEM: {error}")),
    });
    numbered.collect()
}

/// Rows without a certificate are passed over: reports have a few, for examples.
fn cells(table: Table<'_>, column: usize) -> Result<Vec<Found>, NotCertificates> {
    let mut found = Vec::new();
    for row in table.rows() {
        let row = row?;
        let cell = row.cell(column);
        // CCADB puts the cell in single quotes, so that spreadsheets leave it alone.
        let pem = cell.trim_matches(|c: char| c == '\'' || c.is_whitespace());
        if !pem.is_empty() {
            found.push(Found {
                place: Place::Line(row.line),
                der: CertificateDer::from_pem_slice(pem.as_bytes())
                    .map_err(|error| format!("not sound PEM: {error}")),
            });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair};

    fn made() -> rcgen::Certificate {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["ca.test".to_owned()]).unwrap();
        params.self_signed(&key).unwrap()
    }

    #[test]
    fn a_certificate_is_found_in_every_form() {
        let made = made();
        let pem = made.pem();
        let quoted = format!("\"Subject\",\"PEM Info\"\n\"CN=none\",\"\"\n\"CN=ca\",\"'{pem}'\"\n");
        let crlf = format!("PEM,SHA256\r\n\"{}\",00\r\n", pem.replace('\n', "\r\n"));
        let last = format!("A,\"X.509 Certificate (PEM)\"\n1,\"{pem}\"\n");
        let commented = format!("# \"ours\", PEM\n{pem}");
        for (bytes, place) in [
            (made.der().to_vec(), Place::Number(1)),
            (pem.into_bytes(), Place::Number(1)),
            (commented.into_bytes(), Place::Number(1)),
            (quoted.into_bytes(), Place::Line(3)),
            (crlf.into_bytes(), Place::Line(2)),
            (last.into_bytes(), Place::Line(2)),
        ] {
            let found = certificates(&bytes).unwrap();
            assert_eq!(found.len(), 1, "{}", String::from_utf8_lossy(&bytes));
            assert_eq!(found[0].place, place);
            assert_eq!(found[0].der.as_ref().unwrap(), made.der());
        }
    }

    #[test]
    fn what_is_broken_is_told_with_its_place() {
        let broken = made().pem().replace("MII", "M!!");
        let found = certificates(broken.as_bytes()).unwrap();
        assert_eq!(found[0].place.to_string(), "certificate 1");
        assert!(found[0].der.is_err());
        let (key, sound) = ("-----BEGIN PRIVATE KEY-----\n", made().pem());
        let mixed = format!("{sound}{broken}{key}# no end\n{sound}");
        let found = certificates(mixed.as_bytes()).unwrap();
        let sound: Vec<_> = found.iter().map(|found| found.der.is_ok()).collect();
        assert_eq!(sound, [true, false, false, true], "{mixed}");
        let table = format!("PEM\n\"{broken}\"\n");
        let found = certificates(table.as_bytes()).unwrap();
        assert_eq!(found[0].place.to_string(), "line 2");
        assert!(found[0].der.is_err());
        let report = certificates(b"CA Owner,SHA-256 Fingerprint\na,b\n");
        assert_eq!(report.unwrap_err(), NotCertificates::NoPemColumn);
        let twice = certificates(b"PEM,Subject,PEM\na,b,c\n").unwrap_err();
        assert!(twice.to_string().contains("\"PEM\""), "{twice}");
        let torn = certificates(b"PEM,Subject\na\n").unwrap_err().to_string();
        assert!(torn.starts_with("line 2: 1 cells"), "{torn}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_certificates_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = certificates(&bytes);
        }
    }
}
