//! Checks the structure of the code: which room may import which, where each external crate is
//! used, that the files of a room do not import each other in circles, and that every file says
//! what it is for.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use support::circles::{Import, circles, imports};
use support::rooms::{HOMES, ROOMS, STAGE_IMPORTS, STAGES, WORDS, dependencies};
use support::sources::{
    Source, at_root, compiled, paths, sources, walk, without_tests, without_words,
};

fn rank(room: &str) -> usize {
    ROOMS
        .iter()
        .position(|known| *known == room)
        .unwrap_or_else(|| panic!("{room} is not in the table"))
}

/// Returns the rooms that the code of a module names, each with its line: from `crate::ROOM`, also
/// inside `use` trees, and from `super` paths that reach the crate root.
fn rooms_named(module: &[String], code: &str) -> Vec<(usize, String)> {
    let named = paths(code).into_iter().filter_map(|path| {
        let room = at_root(module, &path.segments)?.into_iter().next()?;
        ROOMS.contains(&room.as_str()).then_some((path.line, room))
    });
    named.collect()
}

#[test]
fn rooms_import_only_rooms_below_them() {
    let mut wrong = Vec::new();
    for source in compiled() {
        let room = source.room();
        for (line, named) in rooms_named(&source.module, &source.code) {
            let allowed = STAGE_IMPORTS
                .iter()
                .any(|(from, to, _)| *from == room && *to == named);
            let stages = STAGES.contains(&named.as_str()) && STAGES.contains(&room);
            if named != room && (rank(&named) > rank(room) || stages && !allowed) {
                let path = source.path.display();
                wrong.push(format!("{path}:{line}: {room} imports {named}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rooms_are_found_in_every_form_of_import() {
    let code = without_words(
        r#"use crate::{
            judge::{Judge, findings::FINDINGS},
            pace as tempo, // crate::lab
        };
        #[cfg(test)]
        mod tests;
        #[cfg(test)]
        use crate::cli::Plan;
        #[cfg(test)]
        fn helper() -> [u8; 3] { crate::sweep::three("}") }
        fn probe() { crate :: probe :: go("crate::output") }
        use super::super::gather::{self, Search};"#,
    );
    let (code, modules) = without_tests(&code);
    let mut expected = vec![(2, "judge"), (2, "judge"), (3, "pace"), (11, "probe")];
    expected.extend([(12, "gather"); 2]);
    let module = ["sweep", "fetch"].map(str::to_owned);
    let named = rooms_named(&module, &code);
    let named: Vec<_> = named.iter().map(|(line, room)| (*line, &**room)).collect();
    assert_eq!(named, expected);
    assert_eq!(modules, ["tests"]);
}

/// Returns the external crates that a file names, each with its line. A module of the file may have
/// the same name as a crate.
fn crates_named(source: &Source, all: &[Source]) -> Vec<(usize, &'static str)> {
    let child = |name: &str| [&source.module[..], &[name.to_owned()]].concat();
    let own = |name: &str| all.iter().any(|other| other.module == child(name));
    let named = paths(&source.code).into_iter().filter_map(|path| {
        let (name, _) = HOMES.iter().find(|(name, _)| *name == path.segments[0])?;
        (!own(name)).then_some((path.line, *name))
    });
    named.collect()
}

#[test]
fn external_crates_are_used_in_all_their_homes_and_nowhere_else() {
    let sources = compiled();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for source in &sources {
        for (line, name) in crates_named(source, &sources) {
            let homes = HOMES.iter().find(|(known, _)| *known == name);
            if !homes.is_some_and(|(_, homes)| homes.contains(&source.room())) {
                let path = source.path.display();
                wrong.push(format!(
                    "{path}:{line}: {name} may not be used here (see HOMES)"
                ));
            }
            used.insert((name, source.room()));
        }
    }
    let claimed = HOMES
        .iter()
        .flat_map(|(name, homes)| homes.iter().map(move |room| (*name, *room)));
    for (name, room) in claimed.filter(|claim| !used.contains(claim)) {
        wrong.push(format!("{room} is a home of {name} and does not use it"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_crate_of_the_manifest_has_a_home() {
    for (name, _) in dependencies() {
        let known = HOMES.iter().any(|(known, _)| *known == name);
        let known = known || WORDS.contains(&name.as_str());
        assert!(known, "{name} has no home in tests/support/rooms.rs");
    }
}

/// Registries with one file per entry: the registry file, what it imports from the entry files, and
/// why these import it in turn.
const SLICES: &[(&str, &str, &str)] = &[
    ("judge/findings/mod.rs", "FINDING", "each is a Definition"),
    ("lab/case.rs", "CASES", "each is a LabCase"),
    ("output/format.rs", "FORMAT", "each is a Format"),
    (
        "starttls/mod.rs",
        "FTP IMAP LDAP LMTP MYSQL NNTP POP3 POSTGRES SIEVE SMTP XMPP XMPP_SERVER",
        "each is a Protocol",
    ),
    (
        "tls/names/suite.rs",
        "SUITES_00 SUITES_C0",
        "each row of the table is a CipherSuite",
    ),
];

fn lists_an_entry(import: &Import) -> bool {
    let slice = SLICES.iter().find(|(file, ..)| import.from == *file);
    slice.is_some_and(|(_, entries, _)| entries.split(' ').any(|entry| entry == import.item))
}

#[test]
fn files_of_a_room_have_no_circular_imports() {
    let mut imports = imports(&compiled());
    imports.retain(|import| !lists_an_entry(import));
    let found = circles(&imports);
    let texts = found.iter().map(|circle| {
        let lines = circle.iter();
        let lines = lines.map(|it| format!("{} -> {} ({})", it.from, it.to, it.item));
        lines.collect::<Vec<_>>().join("\n")
    });
    let texts: Vec<String> = texts.collect();
    assert!(
        found.is_empty(),
        "{} circles:\n\n{}",
        found.len(),
        texts.join("\n\n")
    );
}

/// Returns the circles among files with these names and texts, each as a list of imports.
fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let sources: Vec<_> = files
        .iter()
        .map(|(name, text)| Source::new(name, text))
        .collect();
    let imports = imports(&sources);
    let found = circles(&imports);
    let names = |circle: &Vec<&Import>| {
        let names = circle.iter();
        names
            .map(|it| format!("{} -> {}", it.from, it.to))
            .collect()
    };
    found.iter().map(names).collect()
}

#[test]
fn circles_are_found_and_reexports_are_not_circles() {
    let passing = (
        "pace/mod.rs",
        "mod a;\nmod b;\npub use a::A;\npub use b::B;",
    );
    let a = ("pace/a.rs", "use super::B;\npub struct A(B);");
    let b = ("pace/b.rs", "pub struct B;");
    assert!(circles_of(&[passing, a, b]).is_empty());
    let back = ("pace/b.rs", "pub struct B(Vec<crate::pace::A>);");
    assert_eq!(
        circles_of(&[passing, a, back]),
        [["pace/a.rs -> pace/b.rs", "pace/b.rs -> pace/a.rs"]]
    );
    let parent = ("pace/mod.rs", "mod a;\npub struct B(a::A);");
    assert_eq!(
        circles_of(&[parent, a]),
        [["pace/a.rs -> pace/mod.rs", "pace/mod.rs -> pace/a.rs"]]
    );
    let tested = (
        "pace/b.rs",
        "pub struct B;\n#[cfg(test)]\nmod tests { use crate::pace::A; }",
    );
    assert!(circles_of(&[passing, a, tested]).is_empty());
}

#[test]
fn every_file_says_what_it_is_for_and_is_finished() {
    let unfinished = [
        "todo!(",
        "unimplemented!(",
        "dbg!(",
        "#[ignore",
        "(being built)",
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            wrong.push(format!(
                "{}: does not start with //!",
                source.path.display()
            ));
        }
        for mark in unfinished {
            if source.text.contains(mark) {
                wrong.push(format!("{}: holds {mark}", source.path.display()));
            }
        }
        let lines = lines_of_code(&source);
        if lines > 400 && !source.only_tests {
            wrong.push(format!(
                "{}: {lines} lines; move a part of it to its own file",
                source.path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_beside_the_folder_of_its_module() {
    let files = sources().into_iter();
    let beside: Vec<_> = files
        .filter(|source| source.path.with_extension("").is_dir())
        .map(|source| source.name())
        .collect();
    assert!(beside.is_empty(), "move to NAME/mod.rs: {beside:?}");
}

/// Returns the number of lines that are neither comments nor compiled for tests only.
fn lines_of_code(source: &Source) -> usize {
    let lines = source.code.lines();
    lines.filter(|line| !line.trim().is_empty()).count()
}

#[test]
fn every_finding_file_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/judge/findings");
    let mut files = 0;
    walk(&folder, &mut |path| {
        let id = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let is_finding = fs::read_to_string(path)
            .expect("UTF-8")
            .contains(" const FINDING: Definition");
        if is_finding {
            files += 1;
            let listed = tlsweep::judge::findings::FINDINGS
                .iter()
                .any(|finding| finding.id.name() == id);
            assert!(listed, "{id} is not in FINDINGS");
        }
    });
    assert_eq!(
        files,
        tlsweep::judge::findings::FINDINGS.len(),
        "one file for each finding"
    );
}

/// Every file of the repository, by its path from the root.
fn files(folder: &Path, below: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        match path.is_dir() {
            true if ["target", ".git"].contains(&&*name) => {}
            true => files(&path, &format!("{below}{name}/"), found),
            false => found.push(format!("{below}{name}")),
        }
    }
}

/// The code spans of a page, each with its line; blocks of code apart.
fn spans(page: &str) -> Vec<(usize, String)> {
    let text = page.lines().enumerate();
    let text = text.filter(|(_, line)| !line.starts_with("    "));
    let spans = text.flat_map(|(index, line)| {
        let spans = line.split('`').skip(1).step_by(2);
        spans.map(move |span| (index + 1, span.to_owned()))
    });
    spans.collect()
}

/// Returns the words of the code of a file.
fn words(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).expect("sources are UTF-8");
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let words = code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.map(str::to_owned).collect()
}

/// Returns true if the file has this path, or the path ends with `span`.
fn is_named(path: &str, span: &str) -> bool {
    format!("/{path}").ends_with(&format!("/{span}"))
}

/// Returns true if a code span names a type, a constant or one of their items.
fn is_code(span: &str) -> bool {
    let capital = span.starts_with(|c: char| c.is_ascii_uppercase());
    let known = |c: char| c.is_ascii_alphanumeric() || "_:".contains(c);
    span.chars().all(known) && (capital || span.contains("::"))
}

#[test]
fn files_and_types_that_the_pages_for_developers_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = Vec::new();
    files(root, "", &mut known);
    let sources = known.iter().filter(|path| path.ends_with(".rs"));
    let words: BTreeSet<_> = sources.flat_map(|path| words(&root.join(path))).collect();
    let is_file = |span: &str| match span.ends_with('/') {
        true => known
            .iter()
            .any(|path| format!("/{path}").contains(&format!("/{span}"))),
        false => known.iter().any(|path| is_named(path, span)),
    };
    let mut unknown = Vec::new();
    for page in ["docs/ARCHITECTURE.md", "docs/CONTRIBUTING.md"] {
        let text = fs::read_to_string(root.join(page)).expect("the page is there");
        for (line, span) in spans(&text) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
            let ending = [".rs", ".txt", ".md", ".toml", ".facts", "/"];
            let file = span.chars().all(plain) && ending.iter().any(|it| span.ends_with(it));
            let exists = match (file, is_code(&span)) {
                (true, _) => is_file(&span),
                (_, true) => span.split("::").all(|word| words.contains(word)),
                _ => true,
            };
            if !exists {
                unknown.push(format!("{page}:{line}: {span}"));
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

/// A recipe names a place as "`TYPE` in `FILE`" in one cell of a table.
#[test]
fn types_are_in_the_files_that_a_recipe_names_beside_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = Vec::new();
    files(root, "", &mut known);
    let text = fs::read_to_string(root.join("docs/CONTRIBUTING.md")).expect("the page is there");
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (index, row) in text
        .lines()
        .enumerate()
        .filter(|(_, row)| row.starts_with('|'))
    {
        for cell in row.split(" | ") {
            let cell = spans(cell);
            let mut named = known.iter().filter(|path| {
                let mut spans = cell.iter();
                path.ends_with(".rs") && spans.any(|(_, span)| is_named(path, span))
            });
            let Some(first) = named.next() else { continue };
            let mut inside = words(&root.join(first));
            named.for_each(|path| inside.extend(words(&root.join(path))));
            for (_, span) in cell.iter().filter(|(_, span)| is_code(span)) {
                checked += 1;
                if !span.split("::").all(|word| inside.contains(word)) {
                    wrong.push(format!("docs/CONTRIBUTING.md:{}: {span}", index + 1));
                }
            }
        }
    }
    assert!(checked > 20, "only {checked} names are beside a file");
    assert!(wrong.is_empty(), "in another file:\n{}", wrong.join("\n"));
}
