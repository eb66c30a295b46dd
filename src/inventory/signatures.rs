//! Recognises files of other programs by their first bytes, so that the error says what to do with
//! them instead of rejecting their lines.

use std::sync::Arc;

use super::error::OpenError;
use super::input::STDIN;

/// Returns the error for an input that begins like no text in UTF-8.
pub(super) fn refused(start: &[u8], file: &Arc<str>) -> Option<OpenError> {
    let found = known(start).or_else(|| not_text(start));
    let (what, remedy) = found.or_else(|| without_line_feeds(start))?;
    let remedy = remedy.replace("FILE", &in_command(file));
    let file = file.clone();
    let shown = match &*file {
        STDIN => "FILE",
        name => name,
    };
    let remedy = remedy.replace("FILE", shown);
    Some(OpenError::Foreign { file, what, remedy })
}

/// Returns the name of an input as a command may contain it.
pub(super) fn in_command(file: &Arc<str>) -> Arc<str> {
    match &**file {
        "<stdin>" => "FILE".into(),
        _ => file.clone(),
    }
}

type Known = (&'static str, &'static str);

/// First bytes, what they show, and what to do. The first match counts.
const SIGNATURES: &[(&[u8], Known)] = &[
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        (
            "an old Excel workbook or another old Office file (.xls)",
            SAVE_AS_CSV,
        ),
    ),
    (
        b"{\\rtf",
        ("an RTF document", "save it as plain text in UTF-8"),
    ),
    (
        b"%PDF-",
        ("a PDF document", "copy its list into a text file"),
    ),
    (
        b"\x1f\x8b",
        (
            "compressed by gzip",
            "give what is in it: gunzip -c FILE | tlsweep scan -i -",
        ),
    ),
    (
        b"\x28\xb5\x2f\xfd",
        (
            "compressed by zstd",
            "give what is in it: zstd -dc FILE | tlsweep scan -i -",
        ),
    ),
    (b"BZh91AY&SY", ("compressed by bzip2", BUNZIP2)),
    (b"BZh61AY&SY", ("compressed by bzip2", BUNZIP2)),
    (b"BZh11AY&SY", ("compressed by bzip2", BUNZIP2)),
    (
        b"\xfd7zXZ\0",
        (
            "compressed by xz",
            "give what is in it: xz -dc FILE | tlsweep scan -i -",
        ),
    ),
    (
        b"7z\xbc\xaf\x27\x1c",
        ("a 7z archive", "unpack it, and give the list that is in it"),
    ),
    (
        b"SQLite format 3\0",
        (
            "an SQLite database",
            "export the table: sqlite3 -csv -header FILE 'select ...' | tlsweep scan -i -",
        ),
    ),
    (b"\xa1\xb2\xc3\xd4", ("a packet capture", EXPORT_HOSTS)),
    (b"\xd4\xc3\xb2\xa1", ("a packet capture", EXPORT_HOSTS)),
    (b"\xa1\xb2\x3c\x4d", ("a packet capture", EXPORT_HOSTS)),
    (b"\x4d\x3c\xb2\xa1", ("a packet capture", EXPORT_HOSTS)),
    (b"\x0a\x0d\x0d\x0a", ("a packet capture", EXPORT_HOSTS)),
];

const SAVE_AS_CSV: &str = "save the sheet as CSV UTF-8";
const BUNZIP2: &str = "give what is in it: bunzip2 -c FILE | tlsweep scan -i -";
const EXPORT_HOSTS: &str = "export its hosts as text, one per line";

fn known(start: &[u8]) -> Option<Known> {
    let mut signatures = SIGNATURES.iter();
    if let Some((_, known)) = signatures.find(|(bytes, _)| start.starts_with(bytes)) {
        return Some(*known);
    }
    let contains = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Some(if contains(b"vnd.oasis.opendocument") {
            ("an OpenDocument file (.ods)", SAVE_AS_CSV)
        } else if OFFICE.iter().any(|part| contains(part)) {
            (
                "an Excel workbook or another Office file (.xlsx)",
                SAVE_AS_CSV,
            )
        } else {
            (
                "a ZIP archive",
                "give the list that is in it: unzip -p FILE | tlsweep scan -i -",
            )
        });
    }
    // A host may begin with these letters.
    let binary = |byte: &u8| !matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if start.starts_with(b"PAR1") && start.get(4).is_some_and(binary) {
        let remedy =
            "export the column: duckdb -csv -c \"select host from 'FILE'\" | tlsweep scan -i -";
        return Some(("a Parquet file", remedy));
    }
    None
}

/// Names of the entries with which an Office file may begin.
const OFFICE: [&[u8]; 4] = [b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/"];

/// Lines that end with carriage returns only, as spreadsheets on a Mac still write them. They would
/// be one line. The last line of another file may end with one.
fn without_line_feeds(start: &[u8]) -> Option<Known> {
    let lines = start.trim_ascii_end();
    (!start.contains(&b'\n') && lines.contains(&b'\r')).then_some((
        "text with the line ends of old Macs (carriage returns only)",
        "convert it: tr '\\r' '\\n' < FILE | tlsweep scan -i -",
    ))
}

/// Bytes of UTF-16 and of binary files. Text in UTF-8 contains no zero bytes.
fn not_text(start: &[u8]) -> Option<Known> {
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        let remedy = "convert it: iconv -f UTF-16 -t UTF-8 FILE | tlsweep scan -i -";
        return Some(("UTF-16 instead of UTF-8 text", remedy));
    }
    if !start.contains(&0) {
        return None;
    }
    // Without a byte order mark: half of the bytes of mostly ASCII text are zero.
    let zeros = |first: usize| {
        start
            .iter()
            .skip(first)
            .step_by(2)
            .filter(|it| **it == 0)
            .count()
    };
    let most = start.len().div_ceil(2) * 3 / 4;
    Some(match (zeros(0), zeros(1)) {
        (0, odd) if odd > 0 && odd >= most => (
            "UTF-16 instead of UTF-8 text",
            "convert it: iconv -f UTF-16LE -t UTF-8 FILE | tlsweep scan -i -",
        ),
        (even, 0) if even >= most => (
            "UTF-16 instead of UTF-8 text",
            "convert it: iconv -f UTF-16BE -t UTF-8 FILE | tlsweep scan -i -",
        ),
        _ => (
            "a binary file",
            "give a list, CSV or JSON Lines as UTF-8 text",
        ),
    })
}
