//! Keeps what can be generated in step with the code: `docs/FINDINGS.md`, `docs/HELLOS.md`, `docs/schema.json`, `docs/manifest.schema.json`, and
//! what stands between marks in other documents: the README's help, the order of its verdicts, and its warnings; the
//! formats and columns of `docs/OUTPUT.md`, the names of columns of `docs/INPUT.md`, the rooms of `docs/ARCHITECTURE.md` and the counts of `docs/ACCURACY.md`.
//! `TLSWEEP_BLESS=1 cargo test --test docs` rewrites them.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use support::cases::{Case, listed};
use support::rooms::{HOMES, ROOMS, WORDS, dependencies};
use tlsweep::cli;
use tlsweep::gather::CERTIFICATE_FORMS;
use tlsweep::inventory::{REJECT_COLUMNS, SERVICES, SYNONYMS, Service, Start};
use tlsweep::judge::clients::{self, Breaks};
use tlsweep::judge::findings::{Definition, FINDINGS, Needs, Text};
use tlsweep::observation::{Offer, Question, Reason};
use tlsweep::output::{self, COLUMNS, FORMATS};
use tlsweep::probe::HelloSample;
use tlsweep::summary;
use tlsweep::tls::{self, HELLOS};
use tlsweep::verdict::FindingId;
use tlsweep::verdict::VerdictKind;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares, or rewrites when asked to.
fn hold(name: &str, wanted: &str) {
    #[allow(
        clippy::disallowed_methods,
        reason = "how a test is asked to rewrite, as no test takes flags"
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

/// The part of a file between two marks, with what stands before and behind it.
fn block(name: &str, mark: &str) -> [String; 3] {
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
    [&text[..start], &text[start..end], &text[end..]].map(str::to_owned)
}

/// Holds the part of a file between two marks.
fn hold_block(name: &str, mark: &str, wanted: &str) {
    // Tests run at once, and some hold parts of one file.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let [before, _, after] = block(name, mark);
    hold(name, &format!("{before}{wanted}{after}"));
}

/// The rows of a table between two marks by their first cell, the head left out.
fn written_rows(name: &str, mark: &str) -> BTreeMap<String, Vec<String>> {
    let [_, table, _] = block(name, mark);
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells = row.trim_matches('|').split(" | ");
        let cells: Vec<String> = cells.map(|cell| cell.trim().to_owned()).collect();
        (cells[0].trim_matches('`').to_owned(), cells)
    })
    .collect()
}

#[test]
fn the_schema_is_in_step() {
    let schema = serde_json::to_string_pretty(&output::schema()).expect("a schema is JSON");
    hold("docs/schema.json", &(schema + "\n"));
}

#[test]
fn the_names_of_columns_are_in_step() {
    let mut table = String::from("| column | also recognized |\n| --- | --- |\n");
    for (column, names) in SYNONYMS {
        let names = names.iter().map(|name| format!("`{name}`"));
        let names = names.collect::<Vec<_>>().join(", ");
        writeln!(table, "| `{column}` | {names} |").expect("writing to a string");
    }
    hold_block("docs/INPUT.md", "synonyms", &table);
    let header = format!("```csv\n{}\n```\n", REJECT_COLUMNS.join(","));
    hold_block("docs/INPUT.md", "rejects", &header);
}

#[test]
fn the_schema_of_manifests_is_in_step() {
    let schema = serde_json::to_string_pretty(&summary::manifest_schema()).expect("JSON");
    hold("docs/manifest.schema.json", &(schema + "\n"));
}

/// The keys in the first column of the table below this head.
fn keys_written(page: &str, head: &str) -> BTreeSet<String> {
    let mut lines = page.lines().skip_while(|line| !line.starts_with(head));
    assert!(lines.next().is_some(), "no table {head}");
    let rows = lines.take_while(|line| line.starts_with('|')).skip(1);
    let first = rows.map(|row| row.split('|').nth(1).expect("a cell"));
    let words = first.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    words.map(str::to_owned).collect()
}

/// The manifest's tables are written by hand. Each has the keys of its type, no more and no fewer.
#[test]
fn the_tables_of_the_manifest_have_the_keys_of_the_types() {
    let schema = serde_json::to_value(summary::manifest_schema()).expect("JSON");
    let page = fs::read_to_string(path("docs/OUTPUT.md")).expect("the page is there");
    for (head, place) in [
        ("| key | content |", "/properties"),
        ("| key of `limits` |", "/$defs/ManifestLimits/properties"),
        ("| key of `counts` |", "/$defs/Counts/properties"),
        (
            "| key of `counts.versions` |",
            "/$defs/VersionCounts/properties",
        ),
    ] {
        let fields = schema.pointer(place).expect("it is in the schema");
        let fields = fields.as_object().expect("properties").keys().cloned();
        assert_eq!(keys_written(&page, head), fields.collect(), "{head}");
    }
}

/// The file that citation tools read has the version of the package.
#[test]
fn the_citation_is_in_step() {
    let text = fs::read_to_string(path("CITATION.cff")).expect("it is there");
    let field = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    assert_eq!(field("cff-version"), Some("1.2.0"));
    assert_eq!(field("version"), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(field("title"), Some(env!("CARGO_PKG_NAME")));
    assert_eq!(field("repository-code"), Some(env!("CARGO_PKG_REPOSITORY")));
    for required in ["message", "license", "authors"] {
        assert!(
            text.lines()
                .any(|line| line.starts_with(&format!("{required}:"))),
            "{required}"
        );
    }
}

#[test]
fn the_findings_are_in_step() {
    let mut page = String::from(
        "# Findings\n\nGenerated from `src/judge/findings`; `tlsweep explain FINDING [--lang ja]` prints the same text.\n\
         A finding marked as a verdict decides the verdict of a row if no finding above it applies. The others do not change the\n\
         verdict. The side is where the problem can usually be fixed.\n\n\
         Abbreviations: SAN is the subject alternative name, the field with the names that a certificate is valid for. SNI is the\n\
         server name indication, the name that a client sends in its ClientHello. AIA is the authority information access\n\
         extension, in which a certificate names a URL of its issuer's certificate. OCSP is the Online Certificate Status\n\
         Protocol, and a staple is the OCSP response that a server sends with its certificate.\n",
    );
    for finding in FINDINGS {
        describe(&mut page, finding).expect("writing to a string");
    }
    hold("docs/FINDINGS.md", &page);
}

/// A text without a step that another language has would be an incomplete translation.
#[test]
fn every_language_has_the_same_steps_and_fixes() {
    for Definition { id, doc, .. } in FINDINGS {
        let languages = [&doc.en, &doc.ja];
        for text in languages {
            assert_eq!(text.check_first.len(), doc.en.check_first.len(), "{id}");
            assert_eq!(text.fixes.len(), doc.en.fixes.len(), "{id}");
            let fixes = text.fixes.iter().flat_map(|(place, fix)| [*place, *fix]);
            let steps = text.check_first.iter().copied().chain(fixes);
            for part in steps.chain([text.title, text.meaning, text.by_hand]) {
                assert!(!part.trim().is_empty(), "{id}: an empty text");
            }
        }
    }
}

fn describe(page: &mut String, finding: &Definition) -> std::fmt::Result {
    let kind = if finding.verdict.is_some() {
        "verdict"
    } else {
        "no verdict"
    };
    writeln!(
        page,
        "\n## {}\n\n**{}** ({kind}, severity {}, {} side)\n",
        finding.id, finding.doc.en.title, finding.severity, finding.side
    )?;
    writeln!(page, "{}", finding.doc.en.meaning)?;
    if finding.needs != Needs::Nothing {
        writeln!(page, "\nDetected only with `{}`.", finding.needs)?;
    }
    steps(page, &finding.doc.en)?;
    behaviour(page, finding.id)?;
    if !finding.evidence.is_empty() {
        writeln!(page, "\n| evidence | description |\n| --- | --- |")?;
        for (field, holds) in finding.evidence {
            writeln!(page, "| `{field}` | {holds} |")?;
        }
    }
    Ok(())
}

fn behaviour(page: &mut String, finding: FindingId) -> std::fmt::Result {
    writeln!(
        page,
        "\n| client | connects? | message or reason | source |\n| --- | --- | --- | --- |"
    )?;
    for row in clients::rows(finding) {
        let connects = match row.breaks {
            Breaks::Yes => "no",
            Breaks::No => "yes",
            Breaks::Sometimes => "depends",
            Breaks::NotConcerned => "not affected",
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
    writeln!(page, "\nCommand to check: `{}`", text.by_hand)
}

/// The contents of a room are written by hand; the order of the rooms and their crates are not.
#[test]
fn the_rooms_are_in_step() {
    let written = written_rows("docs/ARCHITECTURE.md", "rooms");
    let packages: BTreeMap<String, String> = dependencies().into_iter().collect();
    let package = |name: &str| packages.get(name).map_or(name, String::as_str).to_owned();
    let mut table = String::from("| room | contents | home of |\n| --- | --- | --- |\n");
    for room in ROOMS {
        let contents = written.get(&format!("{room}/"));
        let contents = contents.map_or("", |cells| &cells[1]);
        let homes = HOMES.iter().filter(|(_, homes)| homes.contains(room));
        let homes: Vec<String> = homes.map(|(name, _)| package(name)).collect();
        let homes = match homes.is_empty() {
            true => "–".to_owned(),
            false => homes.join(", "),
        };
        writeln!(table, "| `{room}/` | {contents} | {homes} |").expect("writing to a string");
    }
    let words: Vec<String> = WORDS.iter().map(|name| package(name)).collect();
    writeln!(
        table,
        "\nThese crates provide types and derive macros, and may be used in every room: {}.",
        words.join(", ")
    )
    .expect("writing to a string");
    hold_block("docs/ARCHITECTURE.md", "rooms", &table);
}

#[test]
fn the_help_in_the_readme_is_in_step() {
    let help = Command::new(env!("CARGO_BIN_EXE_tlsweep"))
        .args(["scan", "-h"])
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

/// When a verdict applies is written by hand; which verdicts there are, and their order, is not.
#[test]
fn the_verdicts_in_the_readme_are_in_step() {
    let written = written_rows("README.md", "verdicts");
    let mut table = String::from("| verdict | when | side |\n| --- | --- | --- |\n");
    for kind in VerdictKind::ALL {
        let row = match (
            written.get(kind.name()),
            FINDINGS.iter().find(|it| it.verdict == Some(kind)),
        ) {
            (Some(cells), _) => cells[1..].join(" | "),
            (None, Some(finding)) => format!("{} | {}", finding.doc.en.title, finding.side),
            (None, None) => " | ".to_owned(),
        };
        writeln!(table, "| `{kind}` | {} |", row.trim_end()).expect("writing to a string");
    }
    hold_block("README.md", "verdicts", &table);
}

/// The row of a verdict names every reason that its finding can have.
#[test]
fn the_verdicts_in_the_readme_name_all_reasons() {
    let written = written_rows("README.md", "verdicts");
    let is_reason = |word: &&str| serde_json::from_value::<Reason>((*word).into()).is_ok();
    let mut missing = Vec::new();
    let mut checked = 0;
    for finding in FINDINGS.iter().filter(|it| it.verdict.is_some()) {
        let kinds = finding
            .evidence
            .iter()
            .filter(|(field, _)| *field == "kind");
        for (_, kinds) in kinds {
            let words = kinds.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            for word in words.filter(is_reason) {
                checked += 1;
                if !written[finding.id.name()][1].contains(&format!("`{word}`")) {
                    missing.push(format!("{}: {word}", finding.id));
                }
            }
        }
    }
    assert!(checked > 30, "only {checked} reasons");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_warnings_in_the_readme_are_in_step() {
    let warnings = FINDINGS.iter().filter(|finding| finding.verdict.is_none());
    let mut names = Vec::new();
    for warning in warnings {
        names.push(match warning.needs {
            Needs::Nothing => format!("`{}`", warning.id),
            needs => format!("`{}` (only with `{needs}`)", warning.id),
        });
    }
    let text = format!("Warnings, which are never verdicts: {}.", names.join(", "));
    hold_block("README.md", "warnings", &wrapped(&text));
}

fn starttls_services() -> impl Iterator<Item = &'static Service> {
    let services = SERVICES.iter();
    services.filter(|service| service.start == Start::StartTls)
}

/// The words as a list, with "and" before the last.
fn listed_in_text(words: &[String]) -> String {
    match words {
        [words @ .., last] if !words.is_empty() => format!("{} and {last}", words.join(", ")),
        _ => words.join(""),
    }
}

#[test]
fn the_starttls_services_in_the_readme_are_in_step() {
    let names: Vec<String> = starttls_services().map(|it| it.name.to_owned()).collect();
    let text = format!(
        "tlsweep speaks implicit TLS (TLS from the first byte), and STARTTLS (TLS after a plaintext dialogue) or its equivalent for {}.",
        listed_in_text(&names)
    );
    hold_block("README.md", "starttls services", &wrapped(&text));
}

#[test]
fn the_starttls_ports_in_the_readme_are_in_step() {
    let (implied, named): (Vec<_>, Vec<_>) =
        starttls_services().partition(|service| !service.implied_by.is_empty());
    let ports = implied.iter().map(|service| {
        let ports: Vec<String> = service.implied_by.iter().map(u16::to_string).collect();
        format!("{} ({})", listed_in_text(&ports), service.name)
    });
    let ports: Vec<String> = ports.collect();
    let named: Vec<String> = named.iter().map(|it| it.name.to_owned()).collect();
    let text = format!(
        "If no service is named, these ports imply STARTTLS: {}. Services without such a port must be named: {}.",
        ports.join(", "),
        listed_in_text(&named)
    );
    hold_block("README.md", "starttls ports", &wrapped(&text));
}

/// Texts that name the forms of certificate files are written by hand. None of them may name fewer
/// forms than there are.
#[test]
fn every_text_about_files_of_certificates_names_all_forms() {
    let last = CERTIFICATE_FORMS.rsplit(", ").next().expect("a form");
    let hold = |name: &str, text: &str| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let rest = text.replace(CERTIFICATE_FORMS, "");
        for form in [last, "PKCS#7"] {
            assert!(!rest.contains(form), "{name}: not {CERTIFICATE_FORMS}");
        }
        text.matches(CERTIFICATE_FORMS).count()
    };
    for (name, least) in [("README.md", 3), ("docs/STORES.md", 1)] {
        let text = fs::read_to_string(path(name)).expect("the file is there");
        assert!(hold(name, &text) >= least, "{name}");
    }
    let mut definition = cli::definition();
    definition.build();
    let mut named = 0;
    let mut commands: Vec<_> = definition.get_subcommands_mut().collect();
    while let Some(command) = commands.pop() {
        let help = command.render_long_help().to_string();
        named += hold(command.get_name(), &help);
        commands.extend(command.get_subcommands_mut());
    }
    assert!(named >= 4, "{named} help texts");
}

/// The text in lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= 120 {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_columns_and_formats_are_in_step() {
    let mut formats = String::from("| format | extensions | what for |\n| --- | --- | --- |\n");
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
        "# Hellos\n\nGenerated from `src/tls/hellos.rs` and `src/observation/facts/question.rs`.\n\n\
         A hello is a ClientHello: the message with which a client starts TLS. It offers versions, cipher suites (encryption),\n\
         groups (key exchange) and signature schemes; the server chooses one of each. [LANES.md](LANES.md) says which hello is\n\
         sent when. In a record, `tls.offer` and `tls.versions.*.hello` are one of the ids below, or `without_alpn` or `implicit`,\n\
         which are forms of `modern`. A few more terms:\n\n\
         - lane: `--probe handshake` or `--probe hello`.\n\
         - written by hand (hand-made): this program writes the hello and reads the first flight, which is the server's answer\n  \
         up to the point where it waits for the client. Up to TLS 1.2 it is not encrypted and contains the certificates.\n  \
         rustls, a TLS library, writes the other hellos and completes the handshake.\n\
         - key share: a public key for one group, sent with the hello in TLS 1.3. A server that wants another group answers with\n  \
         a HelloRetryRequest.\n\
         - anonymous suite: the server sends no certificate.\n\
         - ALPN: the extension that offers application protocols such as h2. SNI: the one that names the server.\n\
         - TLS_EMPTY_RENEGOTIATION_INFO_SCSV: no suite, but the sign that the client supports secure renegotiation (RFC 5746).\n\n\
         ## Digests\n\n\
         The digest of a hello is the SHA-256 of its bytes for the server name `example.com` on a web server's port. The bytes are\n\
         those of the whole TLS record, from its first byte (0x16). Everything random is set to zero: the 32 bytes of the random, those\n\
         of the session id, and the keys in the key shares. Lengths stay. There are no GREASE values. rustls shuffles the extensions\n\
         of its hellos in every connection; for the digest they are sorted by number. Hellos made by hand keep the order shown below.\n\n\
         On other services than web servers, `modern` is sent without ALPN, with the bytes of `without_alpn`. Another server name\n\
         changes the name, the lengths that contain it and the padding.\n\n\
         An id never changes its meaning: a test compares the digests with `testdata/hellos.txt`, and a hello that changes gets a\n\
         new id. The manifest lists the ids and digests that a sweep may send.\n\n\
         ## All hellos\n\n\
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
        let offer = Offer::all().find(|offer| offer.id() == hello.id);
        let sample = offer.and_then(HelloSample::of).expect("a sample");
        let extensions = sample.hello.extensions.iter();
        let extensions: Vec<_> = extensions
            .map(|(kind, _)| tls::extension_text(*kind))
            .collect();
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
            "\n## {}\n\n{}\n\n- SHA-256: `{}`\n- extensions: {}\n- suites: {}\n- groups: {}\n- signature schemes: {}",
            hello.id,
            hello.about,
            sample.sha256,
            extensions.join(", "),
            list(hello.suites, tls::cipher_suite_text),
            list(hello.groups, tls::group_text),
            list(hello.signatures, tls::signature_scheme_text)
        )
        .expect("writing to a string");
    }
    page.push_str(
        "\n## Questions\n\nThe hellos of `--facts`, each made from one of those above. To find all accepted suites or groups, the scanner repeats\n\
         a hello without those that the server has chosen so far. `hello` of such a list in `tls.facts` is `suites_...` or\n\
         `groups_...`. The other ids occur only in recordings (`--save`). Hellos that may be answered with TLS 1.2 or older end\n\
         in TLS_EMPTY_RENEGOTIATION_INFO_SCSV.\n\n\
         The digest is that of the first hello of a series. Hellos without one follow from earlier answers.\n\n\
         | id | made from | difference | SHA-256 |\n| --- | --- | --- | --- |\n",
    );
    for question in Question::ALL {
        let (id, template) = (question.id(), question.template().id);
        let sample = HelloSample::of(Offer::Asked(question));
        let digest = sample.map_or_else(String::new, |it| format!("`{}`", it.sha256));
        writeln!(
            page,
            "| `{id}` | `{template}` | {} | {digest} |",
            question.about()
        )
        .expect("writing to a string");
    }
    page.push_str("\n## Without application protocols\n\n");
    for offer in [Offer::NoAlpn, Offer::Implicit] {
        let sample = HelloSample::of(offer).expect("a sample");
        writeln!(page, "- `{}`: `{}`", offer.id(), sample.sha256).expect("writing to a string");
    }
    hold("docs/HELLOS.md", &page);
}

/// Counts of the results for the cases of one subject.
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
        "| subject | cases | tlsweep as expected | openssl as tlsweep | only openssl accepts | only openssl refuses |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for (kind, tally) in &kinds {
        tally.write(&mut table, kind).expect("writing to a string");
    }
    all.write(&mut table, "**all**")
        .expect("writing to a string");
    hold_block("docs/ACCURACY.md", "accuracy", &table);
}
