//! Reads certificates from a file in any supported format: PEM, DER, PKCS#7, or a CSV with a column
//! of PEM, as CCADB publishes. It reports what it left out. It does not know what the certificates
//! are for.

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustls_pki_types::CertificateDer;

use super::form;
use super::pem::{self, Flaw, Label, Section};
use super::pkcs7;
use super::table::{BadTable, Table};
use crate::crypto::der::{self, DerReader, tag};

/// The forms of files that contain certificates, as help texts, messages and documents name them.
/// A file may also be a CSV with a column of PEM, where that is said. `tests/docs.rs` holds every
/// text to this list.
pub const CERTIFICATE_FORMS: &str = "PEM, DER, PKCS#7";

/// File name extensions of certificate files. A file name with another extension may be a host name:
/// `example.com` is not `example` with an extension.
const ENDINGS: &[&str] = &["pem", "crt", "cer", "der", "p7b", "p7c"];

/// Returns true if a file name has an extension of certificate files.
pub fn has_certificate_extension(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|it| ENDINGS.iter().any(|known| it.eq_ignore_ascii_case(known)))
}

/// Maximum size of a file: five times CCADB's largest report, and small enough that a wrong file is
/// rejected before it fills the memory.
const MAX_FILE: u64 = 64 << 20;

/// Maximum number of sections: ten times as many as there are certificates of public CAs, roots and
/// intermediates together.
const MAX_SECTIONS: usize = 100_000;

/// CCADB's names of the column that contains a certificate.
const PEM_COLUMNS: &[&str] = &["PEM", "PEM Info", "X.509 Certificate (PEM)"];

/// Columns that identify a CCADB report without certificates.
const OTHER_COLUMNS: &[&str] = &["SHA-256 Fingerprint", "SHA256 Fingerprint", "SHA256"];

/// The content of a file in which certificates are expected.
#[derive(Debug, Default)]
pub struct Listing {
    /// Its certificates, in file order.
    pub found: Vec<Found>,
    /// Everything else found in the file.
    pub left_out: Vec<Omitted>,
    /// True if the certificates come from PKCS#7, where their order means nothing.
    pub unordered: bool,
}

/// A certificate in a file.
#[derive(Debug)]
pub struct Found {
    /// Position in the file.
    pub place: FilePosition,
    /// Its bytes, as in the file.
    pub der: CertificateDer<'static>,
    /// True if the OpenSSL trust settings beside it forbid its use as a trust anchor for TLS
    /// servers.
    pub excluded_for_tls: bool,
    /// True if its BEGIN is not at the start of a line, so that OpenSSL does not find it.
    pub hidden: bool,
}

/// A part of a file that is not a certificate, or is unreadable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omitted {
    /// Position in the file.
    pub place: FilePosition,
    /// Why it was left out.
    pub why: Why,
}

/// Why a part of a file was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// A private key. Its bytes are never decoded.
    #[error("a private key is ignored; it was not read")]
    PrivateKey,
    /// A revocation list in a file of certificates.
    #[error("a revocation list is ignored; give it with --crls")]
    Crl,
    /// A certificate in a file of revocation lists.
    #[error("a certificate is ignored; only revocation lists (BEGIN X509 CRL) are read here")]
    Certificate,
    /// Any other PEM section.
    #[error("a section named {0} is ignored")]
    Other(String),
    /// A malformed section.
    #[error(transparent)]
    Broken(Flaw),
    /// A section that should be PKCS#7 but is not.
    #[error("not PKCS#7 with certificates (SignedData in DER)")]
    BadPkcs7,
    /// A section that should be an OpenSSL trusted certificate but is not.
    #[error("not a certificate followed by OpenSSL trust settings")]
    BadTrust,
    /// A cell of a table without PEM.
    #[error("invalid PEM: no BEGIN CERTIFICATE in the cell")]
    NoSection,
    /// More sections than the maximum.
    #[error("the file has more than {MAX_SECTIONS} sections; split it")]
    TooMany,
}

impl Omitted {
    /// Returns true if a certificate or list may have been lost with this part, and not only
    /// something of another kind.
    pub fn is_loss(&self) -> bool {
        match self.why {
            Why::PrivateKey | Why::Crl | Why::Certificate | Why::Other(_) => false,
            Why::Broken(_) | Why::BadPkcs7 | Why::BadTrust | Why::NoSection | Why::TooMany => true,
        }
    }
}

impl fmt::Display for Omitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// A position in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePosition {
    /// Number of the certificate, from 1, in a file without lines.
    Number(usize),
    /// Line on which it begins or becomes invalid, from 1.
    Line(u64),
}

impl FilePosition {
    pub(super) fn line(line: usize) -> Self {
        Self::Line(line as u64)
    }
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "certificate {number}"),
            Self::Line(line) => write!(f, "line {line}"),
        }
    }
}

/// Why no certificates can be read from a file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCertificates {
    /// A CCADB report about certificates that does not contain them.
    #[error(
        "a report without certificates; use one that contains them in a column named {}",
        PEM_COLUMNS.join(" or ")
    )]
    NoPemColumn,
    /// The table is malformed.
    #[error(transparent)]
    Table(#[from] BadTable),
    /// A format that is recognised but not supported.
    #[error("{0}")]
    Form(&'static str),
}

/// Reads a whole file.
///
/// # Errors
///
/// Returns an error if the file cannot be read or is larger than 64 MiB.
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

/// Returns the certificates of a file. The listing is empty if the format is unknown.
///
/// # Errors
///
/// Returns an error if the file is a table without certificates, a malformed table, or in a format
/// that is recognised but not supported.
pub fn certificates(bytes: &[u8]) -> Result<Listing, NotCertificates> {
    // A comment may contain commas and quotes. Reports do not begin with a comment.
    let commented = bytes.trim_ascii_start().starts_with(b"#");
    let whole = der::only(bytes, tag::SEQUENCE).is_some();
    if let (false, false, Ok(table)) = (whole, commented, Table::of(bytes)) {
        if let Some(column) = table.column(PEM_COLUMNS)? {
            return cells(table, column);
        }
        if table.has(OTHER_COLUMNS) {
            return Err(NotCertificates::NoPemColumn);
        }
    }
    let listing = chain(bytes);
    match form::unsupported(bytes) {
        Some(form) if listing.is_empty() => Err(NotCertificates::Form(form)),
        _ => Ok(listing),
    }
}

/// Returns the certificates in bytes that are not a table: DER, PKCS#7 or PEM.
pub(super) fn chain(bytes: &[u8]) -> Listing {
    let mut listing = Listing::default();
    if der::only(bytes, tag::SEQUENCE).is_none() {
        listing.add_sections(bytes);
    } else if pkcs7::is_one(bytes) {
        listing.add_pkcs7(bytes, FilePosition::Number);
    } else if form::unsupported(bytes).is_none() {
        listing.add(FilePosition::Number(1), bytes);
    }
    listing
}

impl Listing {
    /// Returns true if nothing was found, not even something to leave out.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.left_out.is_empty()
    }

    /// Returns the first part with which a certificate may have been lost.
    pub fn loss(&self) -> Option<&Omitted> {
        self.left_out.iter().find(|it| it.is_loss())
    }

    fn add(&mut self, place: FilePosition, der: &[u8]) {
        self.found.push(Found {
            place,
            der: CertificateDer::from(der.to_vec()),
            excluded_for_tls: false,
            hidden: false,
        });
    }

    fn leave_out(&mut self, place: FilePosition, why: Why) {
        self.left_out.push(Omitted { place, why });
    }

    fn add_sections(&mut self, bytes: &[u8]) {
        let mut sections = pem::sections(bytes);
        sections
            .by_ref()
            .take(MAX_SECTIONS)
            .for_each(|section| self.add_section(&section));
        if let Some(next) = sections.next() {
            self.leave_out(FilePosition::line(next.line), Why::TooMany);
        }
    }

    fn add_section(&mut self, section: &Section<'_>) {
        let place = FilePosition::line(section.line);
        let why = match &section.label {
            Label::PrivateKey => Why::PrivateKey,
            Label::Crl => Why::Crl,
            Label::Other(label) => Why::Other(label.clone()),
            Label::Certificate | Label::Trusted | Label::Pkcs7 => match section.decode() {
                Ok(der) => return self.add_decoded(section, &der),
                Err(broken) => {
                    let place = FilePosition::line(broken.line);
                    return self.leave_out(place, Why::Broken(broken.flaw));
                }
            },
        };
        self.leave_out(place, why);
    }

    fn add_decoded(&mut self, section: &Section<'_>, der: &[u8]) {
        let place = FilePosition::line(section.line);
        let before = self.found.len();
        match section.label {
            Label::Trusted => match trusted(der) {
                Some((der, excluded_for_tls)) => {
                    self.add(place, der);
                    self.found[before].excluded_for_tls = excluded_for_tls;
                }
                None => self.leave_out(place, Why::BadTrust),
            },
            // Windows certutil also labels PKCS#7 as CERTIFICATE.
            Label::Certificate if !pkcs7::is_one(der) => self.add(place, der),
            _ => self.add_pkcs7(der, |_| place),
        }
        let added = self.found[before..].iter_mut();
        added.for_each(|found| found.hidden = !section.at_line_start);
    }

    fn add_pkcs7(&mut self, der: &[u8], place: impl Fn(usize) -> FilePosition) {
        let Some(found) = pkcs7::certificates(der, MAX_SECTIONS) else {
            return self.leave_out(place(1), Why::BadPkcs7);
        };
        self.unordered = true;
        for (index, der) in found.into_iter().enumerate() {
            self.add(place(index + 1), der);
        }
    }
}

/// serverAuth, 1.3.6.1.5.5.7.3.1, and anyExtendedKeyUsage, 2.5.29.37.0.
const FOR_SERVERS: [&[u8]; 2] = [&[0x2b, 6, 1, 5, 5, 7, 3, 1], &[0x55, 0x1d, 0x25, 0]];

/// Returns the certificate before OpenSSL's trust settings (X509_CERT_AUX), and true if those
/// settings forbid its use as a trust anchor for TLS servers: they reject that purpose, or trust it
/// for other purposes only (`obj_trust` in OpenSSL's crypto/x509/x509_trust.c).
fn trusted(der: &[u8]) -> Option<(&[u8], bool)> {
    let mut parts = DerReader::new(der);
    let certificate = parts.whole(tag::SEQUENCE)?;
    if parts.is_empty() {
        return Some((certificate, false));
    }
    let mut settings = parts.expect(tag::SEQUENCE)?.inside();
    let trust = settings.take_if(tag::SEQUENCE)?;
    let reject = settings.take_if(tag::constructed(0))?;
    let names = |purposes: der::Element<'_>| {
        let mut purposes = purposes.inside();
        std::iter::from_fn(|| purposes.next()).any(|it| FOR_SERVERS.contains(&it.content))
    };
    let excluded_for_tls = reject.is_some_and(names) || trust.is_some_and(|trust| !names(trust));
    parts.is_empty().then_some((certificate, excluded_for_tls))
}

/// Reads the certificates of a column. Rows with an empty cell are skipped, because reports contain
/// a few.
fn cells(table: Table<'_>, column: usize) -> Result<Listing, NotCertificates> {
    let mut listing = Listing::default();
    for row in table.rows() {
        let row = row?;
        let cell = row.cell(column);
        // CCADB encloses the cell in single quotes, so that spreadsheets do not change it.
        let pem = cell.trim_matches(|c: char| c == '\'' || c.is_whitespace());
        if pem.is_empty() {
            continue;
        }
        let mut inside = Listing::default();
        inside.add_sections(pem.as_bytes());
        if inside.is_empty() {
            inside.leave_out(FilePosition::Line(row.line), Why::NoSection);
        }
        // Report lines of the file, not of the cell.
        inside
            .found
            .iter_mut()
            .for_each(|it| it.place = FilePosition::Line(row.line));
        inside
            .left_out
            .iter_mut()
            .for_each(|it| it.place = FilePosition::Line(row.line));
        listing.found.append(&mut inside.found);
        listing.left_out.append(&mut inside.left_out);
    }
    Ok(listing)
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

    fn made_der() -> Vec<u8> {
        made().der().to_vec()
    }

    #[test]
    fn a_certificate_is_found_in_every_format() {
        let made = made();
        let pem = made.pem();
        let quoted = format!("\"Subject\",\"PEM Info\"\n\"CN=none\",\"\"\n\"CN=ca\",\"'{pem}'\"\n");
        let crlf = format!("PEM,SHA256\r\n\"{}\",00\r\n", pem.replace('\n', "\r\n"));
        let last = format!("A,\"X.509 Certificate (PEM)\"\n1,\"{pem}\"\n");
        let commented = format!("# \"ours\", PEM\n{pem}");
        let pkcs7 = wrapped(&[made.der()]);
        let armoured = armour("PKCS7", &pkcs7);
        // As Windows certutil encodes it.
        let misnamed = armour("CERTIFICATE", &pkcs7);
        for (bytes, place) in [
            (made.der().to_vec(), FilePosition::Number(1)),
            (pem.clone().into_bytes(), FilePosition::Line(1)),
            (format!("\u{feff}{pem}").into_bytes(), FilePosition::Line(1)),
            (commented.into_bytes(), FilePosition::Line(2)),
            (quoted.into_bytes(), FilePosition::Line(3)),
            (crlf.into_bytes(), FilePosition::Line(2)),
            (last.into_bytes(), FilePosition::Line(2)),
            (pkcs7, FilePosition::Number(1)),
            (armoured.into_bytes(), FilePosition::Line(1)),
            (misnamed.into_bytes(), FilePosition::Line(1)),
            (
                pem.replace("CERTIFICATE", "X509 CERTIFICATE").into_bytes(),
                FilePosition::Line(1),
            ),
            (
                armour("TRUSTED CERTIFICATE", &made_der()).into_bytes(),
                FilePosition::Line(1),
            ),
        ] {
            let listing = certificates(&bytes).unwrap();
            assert_eq!(
                listing.found.len(),
                1,
                "{}",
                String::from_utf8_lossy(&bytes)
            );
            assert_eq!(listing.left_out, []);
            assert_eq!(listing.found[0].place, place);
            assert_eq!(listing.found[0].der[..2], made.der()[..2]);
        }
    }

    /// Writes PEM with labels that no library writes.
    fn armour(label: &str, der: &[u8]) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = format!("-----BEGIN {label}-----\n");
        for three in der.chunks(3) {
            let mut bytes = [0; 4];
            bytes[1..=three.len()].copy_from_slice(three);
            let bits = u32::from_be_bytes(bytes);
            let sextets = [18, 12, 6, 0].map(|shift| alphabet[(bits >> shift & 63) as usize]);
            text.extend(sextets[..=three.len()].iter().map(|it| char::from(*it)));
        }
        text + &format!("\n-----END {label}-----\n")
    }

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        let length = match content.len() {
            0..0x80 => vec![low],
            0x80..0x100 => vec![0x81, low],
            _ => vec![0x82, high, low],
        };
        [&[tag][..], &length, &content].concat()
    }

    fn wrapped(certificates: &[&[u8]]) -> Vec<u8> {
        let list = element(tag::constructed(0), certificates);
        let empty = element(tag::SET, &[]);
        let (version, inner) = ([tag::INTEGER, 1, 1], element(tag::SEQUENCE, &[]));
        let signed = element(tag::SEQUENCE, &[&version, &empty, &inner, &list, &empty]);
        let kind = element(tag::OID, &[pkcs7::SIGNED_DATA]);
        element(
            tag::SEQUENCE,
            &[&kind, &element(tag::constructed(0), &[&signed])],
        )
    }

    #[test]
    fn openssl_trust_settings_are_removed_and_respected() {
        let made = made();
        let oid = |oid: &[u8]| element(tag::OID, &[oid]);
        let (server, any, mail) = (
            oid(FOR_SERVERS[0]),
            oid(FOR_SERVERS[1]),
            oid(&[0x2b, 6, 1, 5, 5, 7, 3, 4]),
        );
        let trust = |purposes: &[&[u8]]| element(tag::SEQUENCE, purposes);
        let reject = |purposes: &[&[u8]]| element(tag::constructed(0), purposes);
        let alias = element(0x0c, &[b"ours"]);
        for (settings, excluded_for_tls) in [
            (vec![], false),
            (vec![trust(&[])], false),
            (vec![trust(&[&trust(&[&server])])], false),
            (vec![trust(&[&trust(&[&mail, &any]), &alias])], false),
            (vec![trust(&[&alias])], false),
            (vec![trust(&[&trust(&[&mail])])], true),
            (vec![trust(&[&reject(&[&mail])])], false),
            (vec![trust(&[&reject(&[&server])])], true),
            (vec![trust(&[&trust(&[&server]), &reject(&[&any])])], true),
        ] {
            let der = [made.der().to_vec(), settings.concat()].concat();
            let listing = certificates(armour("TRUSTED CERTIFICATE", &der).as_bytes()).unwrap();
            assert_eq!(listing.found[0].der, *made.der(), "{settings:?}");
            assert_eq!(
                listing.found[0].excluded_for_tls, excluded_for_tls,
                "{settings:?}"
            );
        }
        let junk = [made.der().to_vec(), vec![1]].concat();
        let listing = certificates(armour("TRUSTED CERTIFICATE", &junk).as_bytes()).unwrap();
        assert_eq!(listing.loss().unwrap().why, Why::BadTrust);
    }

    #[test]
    fn ignored_parts_are_reported_with_their_position() {
        let sound = made().pem();
        let broken = sound.replace("MII", "M!!");
        let secret = "c2VjcmV0";
        let key =
            format!("-----BEGIN RSA PRIVATE KEY-----\n{secret}\n-----END RSA PRIVATE KEY-----\n");
        let unended = "-----BEGIN CERTIFICATE-----\n# no end\n";
        let others = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n-----BEGIN DH PARAMETERS-----\n";
        let mixed = format!("{key}{sound}{broken}{unended}{sound}{others}");
        let listing = certificates(mixed.as_bytes()).unwrap();
        let lines = sound.lines().count();
        let places: Vec<_> = listing.found.iter().map(|it| it.place).collect();
        assert_eq!(
            places,
            [FilePosition::line(4), FilePosition::line(4 + 2 * lines + 2)]
        );
        let reasons: Vec<_> = listing.left_out.iter().map(ToString::to_string).collect();
        let expected = [
            "line 1: a private key is ignored; it was not read".to_owned(),
            format!("line {}: invalid PEM: ! is not base64", 5 + lines),
            format!(
                "line {}: invalid PEM: -----END CERTIFICATE----- is missing before the next BEGIN",
                4 + 2 * lines
            ),
            format!(
                "line {}: a revocation list is ignored; give it with --crls",
                6 + 3 * lines
            ),
            format!(
                "line {}: a section named DH PARAMETERS is ignored",
                9 + 3 * lines
            ),
        ];
        assert_eq!(reasons, expected, "{mixed}");
        let losses: Vec<_> = listing.left_out.iter().map(Omitted::is_loss).collect();
        assert_eq!(losses, [false, true, true, false, false]);
    }

    #[test]
    fn invalid_tables_and_rows_are_reported_by_line() {
        let broken = made().pem().replace("MII", "M!!");
        for cell in [&broken, "MIIB"] {
            let listing = certificates(format!("PEM\n\"{cell}\"\n").as_bytes()).unwrap();
            assert_eq!(
                listing.loss().unwrap().place,
                FilePosition::Line(2),
                "{cell}"
            );
        }
        let report = certificates(b"CA Owner,SHA-256 Fingerprint\na,b\n");
        assert_eq!(report.unwrap_err(), NotCertificates::NoPemColumn);
        let twice = certificates(b"PEM,Subject,PEM\na,b,c\n").unwrap_err();
        assert!(twice.to_string().contains("\"PEM\""), "{twice}");
        let torn = certificates(b"PEM,Subject\na\n").unwrap_err().to_string();
        assert!(torn.starts_with("line 2: 1 cells"), "{torn}");
    }

    #[test]
    fn damaged_pkcs7_is_a_loss() {
        let made = made();
        let whole = wrapped(&[made.der(), made.der()]);
        assert_eq!(chain(&whole).found.len(), 2);
        assert!(chain(&whole).unordered);
        let damaged = element(tag::SEQUENCE, &[&element(tag::OID, &[pkcs7::SIGNED_DATA])]);
        for listing in [chain(&damaged), chain(armour("PKCS7", &damaged).as_bytes())] {
            assert_eq!(listing.loss().unwrap().why, Why::BadPkcs7);
        }
        let cut = armour("PKCS7", &whole[..whole.len() - 1]);
        assert_eq!(chain(cut.as_bytes()).loss().unwrap().why, Why::BadPkcs7);
    }

    proptest! {
        #[test]
        fn any_bytes_are_certificates_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = certificates(&bytes);
        }

        #[test]
        fn a_changed_message_is_read_without_a_panic(place in 0..2000_usize, byte: u8) {
            let mut whole = wrapped(&[&made_der(), &made_der()]);
            let place = place % whole.len();
            whole[place] = byte;
            let _ = certificates(&whole);
        }
    }
}
