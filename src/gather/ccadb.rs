//! Reads CCADB's report of included roots: which root programs include which root for TLS servers.
//! The report identifies roots by SHA-256 and does not contain them.
//!
//! A program counts only if the report says both that it includes a root and that it does so for
//! TLS servers: Mozilla, Apple and Microsoft also include roots for mail or code signing only.

use std::collections::BTreeMap;

use super::table::{BadTable, Table, TableRow};
use crate::crypto::Fingerprint;

/// A root program, and its columns in the report.
#[derive(Debug)]
pub struct Program {
    /// Name of the program as a trust store.
    pub name: &'static str,
    status: &'static [&'static str],
    /// Column of allowed uses, and its value for TLS servers. `None` for Chrome, which includes
    /// roots for TLS servers only.
    uses: Option<(&'static str, &'static str)>,
}

/// The programs that report to CCADB.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "mozilla",
        status: &["Mozilla Status"],
        uses: Some(("Mozilla Trust Bits", "Websites")),
    },
    Program {
        name: "chrome",
        status: &["Google Chrome Status", "Chrome Status"],
        uses: None,
    },
    Program {
        name: "apple",
        status: &["Apple Status"],
        uses: Some(("Apple Trust Bits", "serverAuth")),
    },
    Program {
        name: "microsoft",
        status: &["Microsoft Status"],
        uses: Some(("Microsoft EKUs", "Server Authentication")),
    },
];

/// The status of a root that a program includes.
const INCLUDED: &str = "Included";

/// Microsoft's value for a root that is trusted only for certificates issued before a date. The
/// report does not contain the date.
const NOT_BEFORE: &str = "NotBefore";

/// The content of a report.
#[derive(Debug)]
pub struct CcadbReport {
    /// Programs for which the report has all columns, in the order of `PROGRAMS`.
    pub programs: Vec<&'static str>,
    /// Roots that at least one of them includes.
    pub roots: BTreeMap<Fingerprint, Root>,
    /// Roots left out although a program still trusts them in part.
    pub left_out: Vec<LeftOut>,
    /// What the first row of each root says.
    statements: BTreeMap<Fingerprint, Statement>,
}

/// What a row says about a root.
#[derive(Debug, PartialEq, Eq)]
struct Statement {
    /// Programs that include it.
    included: Vec<&'static str>,
    /// Programs that trust it for certificates issued before a date.
    limited: Vec<&'static str>,
}

/// A root in the report.
#[derive(Debug, PartialEq, Eq)]
pub struct Root {
    /// Name in the report. Untrusted text.
    pub name: String,
    /// Programs that include it, in the order of `PROGRAMS`.
    pub programs: Vec<&'static str>,
}

/// A root that is trusted only for certificates issued before a date that the report does not
/// contain.
#[derive(Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Program that limits it.
    pub program: &'static str,
    /// SHA-256 of the root.
    pub root: Fingerprint,
}

/// Why a report cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The table is malformed, or a row is inconsistent.
    #[error(transparent)]
    TableRow(#[from] BadTable),
    /// The file is another report, or something else.
    #[error("no column {0:?}; use CCADB's report AllIncludedRootCertsCSV")]
    NoColumn(&'static str),
    /// A program has no roots.
    #[error("no root is {INCLUDED} in {0} for TLS servers; is the file complete?")]
    NoRoot(&'static str),
}

/// The columns of one program in this file.
struct Columns {
    program: &'static Program,
    status: usize,
    uses: Option<(usize, &'static str)>,
}

impl CcadbReport {
    /// Reads the report.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not this report, or if it is damaged or inconsistent.
    pub fn read(bytes: &[u8]) -> Result<Self, ReportError> {
        let table = Table::of(bytes)?;
        let sha256 = "SHA-256 Fingerprint";
        let fingerprint = table
            .column(&[sha256])?
            .ok_or(ReportError::NoColumn(sha256))?;
        let name = table.column(&["Certificate Name"])?;
        let kind = table.column(&["Certificate Record Type"])?;
        let programs: Vec<_> = PROGRAMS
            .iter()
            .filter_map(|it| columns(it, &table).transpose())
            .collect::<Result<_, _>>()?;
        if programs.is_empty() {
            return Err(ReportError::NoColumn("Mozilla Trust Bits"));
        }
        let mut report = Self {
            programs: programs
                .iter()
                .map(|columns| columns.program.name)
                .collect(),
            roots: BTreeMap::new(),
            left_out: Vec::new(),
            statements: BTreeMap::new(),
        };
        for row in table.rows() {
            let row = row?;
            // The report of all certificates also contains intermediates.
            if kind.is_none_or(|kind| row.cell(kind) == "Root Certificate") {
                report.add(&row, fingerprint, name, &programs)?;
            }
        }
        let missing = |program: &&&str| {
            let mut roots = report.roots.values();
            !roots.any(|root| root.programs.contains(program))
        };
        match report.programs.iter().find(missing) {
            Some(program) => Err(ReportError::NoRoot(program)),
            None => Ok(report),
        }
    }

    fn add(
        &mut self,
        row: &TableRow,
        fingerprint: usize,
        name: Option<usize>,
        programs: &[Columns],
    ) -> Result<(), BadTable> {
        let with = |status: &str| {
            let says = programs.iter().filter(|it| it.has_status(row, status));
            says.map(|it| it.program.name).collect::<Vec<_>>()
        };
        let statement = Statement {
            included: with(INCLUDED),
            limited: with(NOT_BEFORE),
        };
        let digits = row.cell(fingerprint);
        let sha256: Fingerprint = match digits.parse() {
            Ok(sha256) => sha256,
            // An invalid fingerprint does not matter for a root that no program includes.
            Err(_) if statement.included.is_empty() && statement.limited.is_empty() => {
                return Ok(());
            }
            Err(error) => return Err(row.bad(format!("{digits:?} is not a fingerprint: {error}"))),
        };
        match self.statements.get(&sha256) {
            None => {}
            Some(before) if *before == statement => return Ok(()),
            Some(_) => {
                return Err(row.bad(format!(
                    "{sha256} occurs in two rows that disagree on which programs include it; remove the wrong one"
                )));
            }
        }
        let limited = statement.limited.iter().map(|program| LeftOut {
            program,
            root: sha256,
        });
        self.left_out.extend(limited);
        if !statement.included.is_empty() {
            let root = Root {
                name: name.map_or_else(String::new, |name| row.cell(name).into_owned()),
                programs: statement.included.clone(),
            };
            self.roots.insert(sha256, root);
        }
        self.statements.insert(sha256, statement);
        Ok(())
    }
}

/// Returns the columns of a program, or `None` if one of them is missing.
fn columns(program: &'static Program, table: &Table<'_>) -> Result<Option<Columns>, BadTable> {
    let uses = match program.uses {
        Some((column, word)) => table.column(&[column])?.map(|column| Some((column, word))),
        None => Some(None),
    };
    let status = table.column(program.status)?;
    Ok(status.zip(uses).map(|(status, uses)| Columns {
        program,
        status,
        uses,
    }))
}

impl Columns {
    /// Returns true if the program has the root in this status, for TLS servers.
    fn has_status(&self, row: &TableRow, status: &str) -> bool {
        let used = |(column, word): (usize, &str)| {
            let cell = row.cell(column);
            cell.split(';').any(|used| used.trim() == word)
        };
        row.cell(self.status) == status && self.uses.is_none_or(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "\"CA Owner\",\"Certificate Name\",\"Apple Status\",\"Apple Trust Bits\",\
        \"Google Chrome Status\",\"Microsoft Status\",\"Microsoft EKUs\",\"Mozilla Status\",\
        \"Mozilla Trust Bits\",\"SHA-256 Fingerprint\"\n";

    fn row(cells: &str, digit: char) -> String {
        format!("Owner,Root,{cells},{}\n", digit.to_string().repeat(64))
    }

    const ALL: &str = "Included,serverAuth;clientAuth,Included,Included,\
        Client Authentication;Server Authentication,Included,Websites;Email";

    const NOWHERE: &str = "Removed,serverAuth,Removed,Disabled,\
        Server Authentication,Removed,Websites";

    fn read(rows: &[String]) -> Result<CcadbReport, ReportError> {
        CcadbReport::read(format!("{HEADER}{}", rows.concat()).as_bytes())
    }

    #[test]
    fn a_program_counts_where_it_includes_the_root_for_servers() {
        let cases = [
            (ALL, "mozilla chrome apple microsoft"),
            (
                "Included,clientAuth,Not Included,Not Included,,Included,Email",
                "",
            ),
            (
                "Removed,serverAuth,Included,Disabled,Server Authentication,Not Yet Included,Websites",
                "chrome",
            ),
            (
                "Included,serverAuth,Included,NotBefore,Server Authentication,Blocked,",
                "chrome apple",
            ),
            (
                "included,serverAuth,INCLUDED,Included,OCSP Signing,Included,Websites",
                "mozilla",
            ),
            (
                "Included,notserverAuth,Not Included,Included,\"Server Authentication \",Included,Websites2",
                "microsoft",
            ),
        ];
        for (cells, programs) in cases {
            let report = read(&[row(ALL, 'a'), row(cells, 'B')]).unwrap();
            let root = report.roots.get(&Fingerprint([0xbb; 32]));
            let found = root.map_or(String::new(), |root| root.programs.join(" "));
            assert_eq!(found, programs, "{cells}");
            let limited = usize::from(cells.contains("NotBefore"));
            assert_eq!(report.left_out.len(), limited, "{cells}");
        }
    }

    #[test]
    fn a_program_with_a_missing_column_is_ignored() {
        let text = format!(
            "SHA-256 Fingerprint,Certificate Record Type,Chrome Status,Mozilla Status\n\
             {0},Root Certificate,Included,Included\n\
             {1},Intermediate Certificate,Included,Included\n",
            "a".repeat(64),
            "b".repeat(64)
        );
        let report = CcadbReport::read(text.as_bytes()).unwrap();
        assert_eq!(report.programs, ["chrome"]);
        assert_eq!(report.roots.len(), 1);
    }

    #[test]
    fn a_damaged_report_is_refused_with_its_line() {
        let partly = ALL.replacen("Included", "Removed", 1);
        let cases = [
            (read(&[]), "no root is Included in mozilla"),
            (read(&[row(&partly, 'a')]), "no root is Included in apple"),
            (read(&[row(ALL, 'a'), row(ALL, 'g')]), "line 3: \"ggg"),
            (read(&[row(ALL, 'a'), row(&partly, 'a')]), "line 3: aaa"),
            (read(&[row(ALL, 'a'), row(NOWHERE, 'a')]), "line 3: aaa"),
            (read(&[row(NOWHERE, 'a'), row(ALL, 'a')]), "line 3: aaa"),
            (read(&["Owner,Root\n".to_owned()]), "line 2: 2 cells"),
            (CcadbReport::read(b""), "no column \"SHA-256 Fingerprint\""),
            (
                CcadbReport::read(b"SHA-256 Fingerprint,Mozilla Status\n"),
                "no column \"Mozilla Trust Bits\"",
            ),
        ];
        for (report, says) in cases {
            let error = report.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn the_same_row_twice_changes_nothing() {
        let limited = ALL.replace("Included,Client", "NotBefore,Client");
        let rows = [(ALL, 'a'), (&limited, 'b'), (NOWHERE, 'c')];
        let rows = rows.map(|(cells, digit)| row(cells, digit));
        let report = read(&[&rows[..], &rows].concat()).unwrap();
        assert_eq!((report.roots.len(), report.left_out.len()), (2, 1));
    }

    #[test]
    fn a_duplicate_column_is_rejected_by_name() {
        for (column, other) in [
            ("Mozilla Status", "Mozilla Status"),
            ("SHA-256 Fingerprint", "SHA-256 Fingerprint"),
            ("Apple Trust Bits", "Apple Trust Bits"),
            ("Google Chrome Status", "Chrome Status"),
        ] {
            let header = HEADER.replacen("\"CA Owner\"", &format!("{other:?}"), 1);
            let text = format!("{header}{}", row(ALL, 'a'));
            let error = CcadbReport::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("line 1: "), "{error}");
            assert!(error.contains(column) && error.contains(other), "{error}");
        }
    }
}
