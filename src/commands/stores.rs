//! `stores`: lists the trust stores, and creates stores from a CCADB report.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use jiff::civil::Date;
use rustls_pki_types::CertificateDer;

use super::message::print;
use crate::cli::{self, Exit, ImportFlags, ListFlags, PlanError, StoresCommand, TrustChoice};
use crate::crypto::Fingerprint;
use crate::gather::{
    CERTIFICATE_FORMS, CcadbReport, Included, NotCertificates, PROGRAMS, Root, StoreFile,
    certificates, read_file,
};
use crate::judge::TrustStore;
use crate::output::{Clean, OutputPath, notice, pem_block, write_whole};

/// Longer than the name of any root, and short enough for one line.
const MAX_NAME: usize = 120;

/// The CCADB report that contains the root certificates.
const ROOTS_REPORT: &str = "RootCACertificatesIncludedByRSReportCSV";

pub(super) fn run(command: StoresCommand) -> anyhow::Result<Exit> {
    match command {
        StoresCommand::List(flags) => list(&flags),
        StoresCommand::Import(flags) => import(&flags),
    }
}

fn list(flags: &ListFlags) -> anyhow::Result<Exit> {
    let mut page = format!("{:16}  {:20}  {:>7}  from\n", "name", "date", "anchors");
    describe(&mut page, &TrustStore::mozilla(), "built in");
    match TrustStore::system() {
        Ok(store) => describe(&mut page, &store, "this system"),
        Err(error) => {
            let _ = writeln!(page, "{:16}  {error}", "system");
        }
    }
    for choice in &flags.stores {
        match choice {
            // These stores are already listed.
            TrustChoice::Mozilla | TrustChoice::System => {}
            TrustChoice::File(path) => {
                for store in cli::stores_at(path)? {
                    describe(&mut page, &store, &choice.to_string());
                }
            }
        }
    }
    print(page.as_bytes())
}

/// Appends the line of a store and those of its warnings. Writing to a string cannot fail.
fn describe(page: &mut String, store: &TrustStore, from: &str) {
    let _ = writeln!(
        page,
        "{:16}  {:20}  {:>7}  {}",
        Clean::new(store.name()).to_string(),
        Clean::new(store.date().unwrap_or("-")).to_string(),
        store.len(),
        Clean::new(from)
    );
    for warning in cli::warnings(store) {
        let _ = writeln!(page, "  {}", Clean::new(&warning));
    }
}

fn import(flags: &ImportFlags) -> anyhow::Result<Exit> {
    let bytes = read(&flags.report)?;
    let report = CcadbReport::read(&bytes).map_err(|error| unusable(&flags.report, &error))?;
    let stores = chosen(flags, &report)?;
    let mut known = HashMap::new();
    collect(&flags.report, &bytes, &mut known)?;
    for path in &flags.certs {
        collect(path, &read(path)?, &mut known)?;
    }
    let file = StoreFile {
        source: flags.report.file_name().map_or_else(String::new, |name| {
            Clean::new(&name.to_string_lossy()).to_string()
        }),
        sha256: Fingerprint::of(&bytes),
        date: day(flags),
        roots: joined(&flags.report, &report.roots, &stores, &known)?,
        stores: stores.iter().map(|store| (*store).to_owned()).collect(),
    };
    let text = file.text(pem_block);
    match OutputPath::from(&*flags.output) {
        OutputPath::Stdout => {
            print(text.as_bytes())?;
        }
        OutputPath::File(path) => {
            let written = write_whole(&path, text.as_bytes());
            written.with_context(|| format!("cannot write -o {}", path.display()))?;
        }
    }
    print_counts(&file, &report);
    Ok(Exit::Finished)
}

fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> PlanError {
    PlanError::Import {
        file: path.display().to_string(),
        reason: reason.to_string(),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PlanError> {
    read_file(path).map_err(|error| unusable(path, &error))
}

/// Returns the stores to create: those requested, or all that the report describes fully.
fn chosen(flags: &ImportFlags, report: &CcadbReport) -> Result<Vec<&'static str>, PlanError> {
    let mut only = flags.only.iter();
    match only.find(|name| !report.programs.contains(&name.as_str())) {
        Some(name) => {
            let reason = format!(
                "does not say which roots {name} includes for TLS servers; use the CCADB report AllIncludedRootCertsCSV"
            );
            Err(unusable(&flags.report, &reason))
        }
        None => Ok(report
            .programs
            .iter()
            .copied()
            .filter(|name| flags.only.is_empty() || flags.only.iter().any(|only| only == name))
            .collect()),
    }
}

/// Adds the certificates of a file. A damaged one is reported but is no error, because it may not
/// be needed.
fn collect(
    path: &Path,
    bytes: &[u8],
    known: &mut HashMap<Fingerprint, CertificateDer<'static>>,
) -> Result<(), PlanError> {
    let listing = match certificates(bytes) {
        Ok(listing) => listing,
        // The report itself may have no certificates; a file of --certs must have some.
        Err(NotCertificates::NoPemColumn) => return Ok(()),
        Err(error) => return Err(unusable(path, &error)),
    };
    for found in listing.found {
        known.insert(Fingerprint::of(&found.der), found.der);
    }
    for part in listing.left_out {
        let text = format!("{}: {part}", path.display());
        notice(format_args!("{}", Clean::new(&text)));
    }
    Ok(())
}

/// Returns the date of the report: `--date`, or else the date in the name of the file. The time at
/// which the file was stored says nothing about its content.
fn day(flags: &ImportFlags) -> Option<String> {
    let name = flags.report.file_name().map(|name| name.to_string_lossy());
    let date = flags.date.or_else(|| date_in(&name?));
    date.map(|date| date.to_string())
}

/// Returns the first date in a text, written as 2026-11-01, 2026_11_01 or 20261101.
fn date_in(text: &str) -> Option<Date> {
    let mut starts = text.char_indices().map(|(start, _)| &text[start..]);
    starts.find_map(|text| {
        let digits: String = text
            .chars()
            .take(10)
            .filter(|it| !matches!(it, '-' | '_'))
            .take(8)
            .collect();
        let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
        let (month, day) = (number(4..6)?, number(6..8)?);
        let date = Date::new(number(0..4)?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        let begins = text.starts_with(|first: char| first.is_ascii_digit());
        (begins && (1990..=2100).contains(&date.year())).then_some(date)
    })
}

/// Returns each root with its certificate. If a certificate is missing, returns an error: an
/// incomplete store would report trusted hosts as untrusted.
fn joined(
    report: &Path,
    roots: &BTreeMap<Fingerprint, Root>,
    stores: &[&'static str],
    known: &HashMap<Fingerprint, CertificateDer<'static>>,
) -> Result<Vec<Included>, PlanError> {
    let mut included = Vec::new();
    let mut missing = Vec::new();
    for (sha256, root) in roots {
        let name = Clean::bounded(&root.name, MAX_NAME).to_string();
        let programs = root
            .programs
            .iter()
            .filter(|program| stores.contains(program));
        let programs: Vec<String> = programs.map(|program| (*program).to_owned()).collect();
        match known.get(sha256) {
            _ if programs.is_empty() => {}
            Some(der) => included.push(Included {
                name,
                sha256: *sha256,
                stores: programs,
                der: der.clone(),
            }),
            None => missing.push((name, sha256, programs)),
        }
    }
    let Some((name, sha256, _)) = missing.first() else {
        return Ok(included);
    };
    let lacking = stores.iter().filter_map(|store| {
        let lacks = |(_, _, programs): &&(_, _, Vec<String>)| programs.iter().any(|it| it == store);
        let count = missing.iter().filter(lacks).count();
        (count > 0).then(|| format!("{store} {count}"))
    });
    let reason = format!(
        "no certificate for {} of its roots ({}), the first of them {name:?} ({sha256}); add --certs FILE \
         ({CERTIFICATE_FORMS}, or CCADB's report {ROOTS_REPORT}), or make fewer stores with --only",
        missing.len(),
        lacking.collect::<Vec<_>>().join(", ")
    );
    Err(unusable(report, &reason))
}

fn print_counts(file: &StoreFile, report: &CcadbReport) {
    for store in &file.stores {
        let roots = file.roots.iter().filter(|root| root.stores.contains(store));
        notice(format_args!("{store}: {} roots", roots.count()));
        let left_out = report.left_out.iter().filter(|root| root.program == store);
        let left_out = left_out.count();
        if left_out > 0 {
            notice(format_args!(
                "{store}: further roots left out: {left_out}; the program trusts only certificates that they issued before a date, which the report does not contain"
            ));
        }
    }
    let silent = PROGRAMS.iter().map(|program| program.name);
    for program in silent.filter(|name| !report.programs.contains(name)) {
        notice(format_args!(
            "{program}: no store built: the report does not say for which purposes {program} includes roots"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_a_report_is_found_in_its_name() {
        for (name, date) in [
            ("AllIncludedRootCertsCSV.csv", None),
            ("AllIncludedRootCertsCSV_2026-11-01.csv", Some("2026-11-01")),
            ("2026_11_01-roots.csv", Some("2026-11-01")),
            ("roots20261101.csv", Some("2026-11-01")),
            ("roots-12345678.csv", None),
            ("roots-2026-13-01.csv", None),
            ("été-2026-11.csv", None),
        ] {
            let found = date_in(name).map(|date| date.to_string());
            assert_eq!(found.as_deref(), date, "{name}");
        }
    }
}
