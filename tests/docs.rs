//! Keeps what can be generated in step with the code: `docs/FINDINGS.md`, `docs/schema.json`, the
//! table of `docs/ACCURACY.md`, and the help and verdict blocks of the README. `TLSWEEP_BLESS=1 cargo test --test docs` rewrites them.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use support::cases::{Case, listed};
use tlsweep::judge::clients::{self, Breaks};
use tlsweep::judge::findings::{Definition, FINDINGS, Needs, Text};
use tlsweep::observation::Question;
use tlsweep::output::{self, COLUMNS, FORMATS};
use tlsweep::tls::{self, HELLOS};
use tlsweep::verdict::FindingId;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares, or rewrites when asked to.
fn hold(name: &str, wanted: &str) {
    #[allow(
        clippy::disallowed_methods,
        reason = "how a test is told to rewrite, as no test takes flags"
    )]
    let bless = std::env::var("TLSWEEP_BLESS").is_ok();
    if bless {
        fs::write(path(name), wanted).expect("the file can be written");
        return;
    }
    let found = fs::read_to_string(path(name)).unwrap_or_default();
    assert!(
        found == wanted,
        "{name} is out of step with the code: TLSWEEP_BLESS=1 cargo test --test docs"
    );
}

/// Holds the part of a file between two marks.
fn hold_block(name: &str, mark: &str, wanted: &str) {
    let text = fs::read_to_string(path(name)).expect("the file is there");
    let (open, close) = (
        format!("<!-- {mark} -->\n"),
        format!("<!-- end of {mark} -->"),
    );
    let start = text
        .find(&open)
        .unwrap_or_else(|| panic!("{name} has no {open}"))
        + open.len();
    let end = start
        + text[start..]
            .find(&close)
            .unwrap_or_else(|| panic!("{name} has no {close}"));
    hold(name, &format!("{}{wanted}{}", &text[..start], &text[end..]));
}

#[test]
fn the_schema_is_in_step() {
    let schema = serde_json::to_string_pretty(&output::schema()).expect("a schema is JSON");
    hold("docs/schema.json", &(schema + "\n"));
}

#[test]
fn the_findings_are_in_step() {
    let mut page = String::from(
        "# Findings\n\nGenerated from `src/judge/findings`; `tlsweep explain FINDING [--lang ja]` prints the same.\n\
         A finding with a verdict decides a row when no finding above it applies; the others are warnings.\n",
    );
    for finding in FINDINGS {
        describe(&mut page, finding).expect("writing to a string");
    }
    hold("docs/FINDINGS.md", &page);
}

fn describe(page: &mut String, finding: &Definition) -> std::fmt::Result {
    let kind = if finding.verdict.is_some() {
        "verdict"
    } else {
        "warning"
    };
    writeln!(
        page,
        "\n## {}\n\n**{}** ({kind}, {}, {} side)\n",
        finding.id, finding.doc.en.title, finding.severity, finding.side
    )?;
    writeln!(page, "{}", finding.doc.en.meaning)?;
    if finding.needs != Needs::Nothing {
        writeln!(page, "\nFound only with `{}`.", finding.needs)?;
    }
    steps(page, &finding.doc.en)?;
    behaviour(page, finding.id)?;
    if !finding.evidence.is_empty() {
        writeln!(page, "\n| evidence | what it holds |\n| --- | --- |")?;
        for (field, holds) in finding.evidence {
            writeln!(page, "| `{field}` | {holds} |")?;
        }
    }
    Ok(())
}

fn behaviour(page: &mut String, finding: FindingId) -> std::fmt::Result {
    writeln!(
        page,
        "\n| client | connects? | what it says | source |\n| --- | --- | --- | --- |"
    )?;
    for row in clients::rows(finding) {
        let connects = match row.breaks {
            Breaks::Yes => "no",
            Breaks::No => "yes",
            Breaks::Sometimes => "depends",
            Breaks::NotConcerned => "not concerned",
            Breaks::Unknown => "unknown",
        };
        let source = row.source.map(|(name, at)| format!("[{name}]({at})"));
        writeln!(
            page,
            "| {} | {connects} | {} | {} |",
            row.clients,
            row.message.unwrap_or("unknown").replace('|', "\\|"),
            source.unwrap_or_default()
        )?;
    }
    Ok(())
}

fn steps(page: &mut String, text: &Text) -> std::fmt::Result {
    if !text.check_first.is_empty() {
        writeln!(page, "\nCheck first:\n")?;
        text.check_first
            .iter()
            .try_for_each(|step| writeln!(page, "- {step}"))?;
    }
    if !text.fixes.is_empty() {
        writeln!(page, "\nFix:\n")?;
        text.fixes
            .iter()
            .try_for_each(|(place, fix)| writeln!(page, "- **{place}**: {fix}"))?;
    }
    writeln!(page, "\nBy hand: `{}`", text.by_hand)
}

#[test]
fn the_help_in_the_readme_is_in_step() {
    let help = Command::new(env!("CARGO_BIN_EXE_tlsweep"))
        .args(["scan", "--help"])
        .output()
        .expect("the program runs");
    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).expect("help is UTF-8");
    hold_block(
        "README.md",
        "help of tlsweep scan",
        &format!("```text\n{}\n```\n", help.trim_end()),
    );
}

#[test]
fn the_columns_and_formats_are_in_step() {
    let mut formats = String::from("| format | endings | what for |\n| --- | --- | --- |\n");
    for format in FORMATS {
        let endings = format.endings.join(", ");
        writeln!(
            formats,
            "| `{}` | {endings} | {} |",
            format.name, format.doc
        )
        .expect("writing to a string");
    }
    hold_block("docs/OUTPUT.md", "formats", &formats);
    let mut columns = String::from("| column | what it holds |\n| --- | --- |\n");
    for column in COLUMNS {
        writeln!(columns, "| `{}` | {} |", column.name, column.doc).expect("writing to a string");
    }
    hold_block("docs/OUTPUT.md", "columns", &columns);
}

#[test]
fn the_hellos_are_in_step() {
    let mut page = String::from(
        "# Hellos\n\nGenerated from `src/tls/hellos.rs`. The id is what `tls.offer` and `tls.versions.*.hello` of a record name.\n\n\
         | id | versions | suites | groups | signature schemes | written by |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for hello in HELLOS {
        let by = if hello.hand_made { "hand" } else { "rustls" };
        let versions = match hello.oldest == hello.newest {
            true => hello.newest.to_string(),
            false => format!("{} to {}", hello.oldest, hello.newest),
        };
        writeln!(
            page,
            "| [`{}`](#{}) | {versions} | {} | {} | {} | {by} |",
            hello.id,
            hello.id,
            hello.suites.len(),
            hello.groups.len(),
            hello.signatures.len()
        )
        .expect("writing to a string");
    }
    for hello in HELLOS {
        let list = |numbers: &[u16], text: fn(u16) -> std::borrow::Cow<'static, str>| {
            let names: Vec<_> = numbers.iter().map(|id| text(*id)).collect();
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        };
        writeln!(
            page,
            "\n## {}\n\n{}\n\n- suites: {}\n- groups: {}\n- signature schemes: {}",
            hello.id,
            hello.about,
            list(hello.suites, tls::cipher_suite_text),
            list(hello.groups, tls::group_text),
            list(hello.signatures, tls::signature_scheme_text)
        )
        .expect("writing to a string");
    }
    page.push_str(
        "\n## Questions\n\nThe hellos of `--facts`, each made from one of those above. A list of `tls.facts` names the first hello of its row\n\
         in `hello`: one of `suites_...` or `groups_...`. The ids of the others stand in saved facts alone.\n\
         Those that TLS 1.2 or older may answer end in TLS_EMPTY_RENEGOTIATION_INFO_SCSV.\n\n\
         | id | made from | but for |\n| --- | --- | --- |\n",
    );
    for question in Question::ALL {
        let (id, template) = (question.id(), question.template().id);
        writeln!(page, "| `{id}` | `{template}` | {} |", question.about())
            .expect("writing to a string");
    }
    hold("docs/HELLOS.md", &page);
}

/// How the cases of one subject come out.
#[derive(Default)]
struct Tally {
    cases: usize,
    ours: usize,
    accepts: usize,
    refuses: usize,
}

impl Tally {
    fn add(&mut self, case: &Case, openssl: Option<&str>) {
        let verdict = case.judge(case.chain());
        let found: Vec<_> = verdict
            .findings
            .iter()
            .map(|found| found.id.name())
            .collect();
        let says = case.says();
        let right = verdict.kind.name() == says.verdict
            && found.iter().all(|id| says.findings.contains(*id))
            && says.findings.iter().all(|id| found.contains(&id.as_str()));
        self.cases += 1;
        self.ours += usize::from(right);
        self.accepts += usize::from(openssl == Some("accepts"));
        self.refuses += usize::from(openssl == Some("refuses"));
    }

    fn write(&self, table: &mut String, kind: &str) -> std::fmt::Result {
        let same = self.cases - self.accepts - self.refuses;
        writeln!(
            table,
            "| {kind} | {} | {} | {same} | {} | {} |",
            self.cases, self.ours, self.accepts, self.refuses
        )
    }
}

/// What openssl answers is taken from the list that `tests/differential.rs` holds to the truth.
#[test]
fn the_table_of_accuracy_is_in_step() {
    let differing = listed("openssl-differences.txt");
    let mut kinds: BTreeMap<String, Tally> = BTreeMap::new();
    let mut all = Tally::default();
    for case in Case::all() {
        let openssl = differing.get(case.id()).map(|columns| columns[0].as_str());
        let kind = kinds.entry(case.says().kind.clone()).or_default();
        kind.add(&case, openssl);
        all.add(&case, openssl);
    }
    let mut table = String::from(
        "| subject | cases | we say what the case says | `openssl verify` answers as we do | it accepts what we refuse | it refuses what we accept |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for (kind, tally) in &kinds {
        tally.write(&mut table, kind).expect("writing to a string");
    }
    all.write(&mut table, "**all**")
        .expect("writing to a string");
    hold_block("docs/ACCURACY.md", "accuracy", &table);
}
