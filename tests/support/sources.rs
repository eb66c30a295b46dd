//! The source files of the library as the checks see them: the part of a file that is compiled
//! outside tests, and the paths that it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One source file of the library.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Path of its module, starting with the room.
    pub(crate) module: Vec<String>,
    pub(crate) text: String,
    /// The text without comments, the contents of strings, and items that are compiled for tests
    /// only. Line numbers are unchanged.
    pub(crate) code: String,
    /// True if the whole file is compiled for tests only.
    pub(crate) only_tests: bool,
}

impl Source {
    /// Returns the file of this name below `src`.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self::read(root().join(name), text.to_owned()).0
    }

    /// Parses a file. Also returns the names of its modules that are compiled for tests only.
    fn read(path: PathBuf, text: String) -> (Self, Vec<String>) {
        let (code, of_tests) = without_tests(&without_words(&text));
        let source = Self {
            module: module(&path),
            path,
            text,
            code,
            only_tests: false,
        };
        (source, of_tests)
    }

    pub(crate) fn room(&self) -> &str {
        &self.module[0]
    }

    /// Returns the path below `src`, such as `judge/findings/mod.rs`.
    pub(crate) fn name(&self) -> String {
        let inside = self.path.strip_prefix(root()).expect("below src");
        inside.to_string_lossy().into_owned()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns every file of every room, including tests.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut of_tests: BTreeSet<Vec<String>> = BTreeSet::new();
    walk(&root(), &mut |path| {
        let text = fs::read_to_string(path).expect("sources are UTF-8");
        let (source, names) = Source::read(path.to_owned(), text);
        if source.module.is_empty() {
            return;
        }
        for name in names {
            of_tests.insert([&source.module[..], &[name]].concat());
        }
        found.push(source);
    });
    for source in &mut found {
        let mut lengths = 1..=source.module.len();
        source.only_tests = lengths.any(|to| of_tests.contains(&source.module[..to]));
    }
    assert!(found.len() > 50, "the walk found {} files", found.len());
    found
}

/// Returns every file that is compiled outside tests.
pub(crate) fn compiled() -> Vec<Source> {
    let mut found = sources();
    found.retain(|source| !source.only_tests);
    found
}

/// Returns the module of a file; empty for the crate root.
fn module(path: &Path) -> Vec<String> {
    let inside = path.strip_prefix(root()).expect("walked from the root");
    let inside = inside.with_extension("");
    let mut parts: Vec<_> = inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.pop_if(|last| last == "mod");
    if parts.len() == 1 && !path.ends_with("mod.rs") {
        parts.clear();
    }
    parts
}

pub(crate) fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, visit);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            visit(&path);
        }
    }
}

/// Returns the text with comments replaced by blanks, and the contents of strings and characters
/// replaced by quotes.
pub(crate) fn without_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let blank = blanked(rest, out.chars().next_back());
        let taken = blank.unwrap_or(first.len_utf8());
        let (piece, after) = rest.split_at(taken);
        match blank {
            // A line inside a string counts as a line of code.
            Some(_) => {
                let filled = if first == '/' { ' ' } else { '"' };
                let fill = |c: char| if c.is_whitespace() { c } else { filled };
                out.extend(piece.chars().map(fill));
            }
            None => out.push_str(piece),
        }
        rest = after;
    }
    out
}

/// Returns the length in bytes of the comment, string or character at the start of the text.
fn blanked(text: &str, before: Option<char>) -> Option<usize> {
    let end_of = |mark: &str, from: usize| text[from..].find(mark).map(|at| from + at + mark.len());
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return end_of("*/", 2);
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let raw = text.strip_prefix('b').unwrap_or(text);
    if !in_word && let Some(marks) = raw.strip_prefix('r') {
        let hashes = marks.len() - marks.trim_start_matches('#').len();
        if marks[hashes..].starts_with('"') {
            let start = text.len() - marks.len() + hashes + 1;
            return end_of(&format!("\"{}", "#".repeat(hashes)), start);
        }
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    // A lifetime has no second quote after its first letter.
    let mut inside = text[1..].chars();
    let first = inside.next()?;
    if quote == '\'' && first != '\\' && inside.next() != Some('\'') {
        return None;
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

/// Returns the code without the items under `#[cfg(test)]`, and the names of the modules among
/// these items.
pub(crate) fn without_tests(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let (mut out, mut names, mut rest) = (String::new(), Vec::new(), code);
    while let Some(at) = rest.find(MARK) {
        let item = &rest[at..];
        let end = MARK.len() + end_of_item(&item[MARK.len()..]);
        names.extend(module_named(&item[MARK.len()..end]));
        out.push_str(&rest[..at]);
        out.extend(item[..end].chars().filter(|c| *c == '\n'));
        rest = &item[end..];
    }
    out.push_str(rest);
    (out, names)
}

/// Returns the end of an item: after its semicolon, or after the brace that closes its body.
fn end_of_item(item: &str) -> usize {
    let (mut braces, mut others) = (0_u32, 0_u32);
    for (at, c) in item.char_indices() {
        match c {
            '(' | '[' => others += 1,
            ')' | ']' => others -= 1,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => {}
        }
        if matches!(c, ';' | '}') && braces == 0 && others == 0 {
            return at + 1;
        }
    }
    item.len()
}

/// Returns the name in `mod NAME;` or `mod NAME {`.
fn module_named(item: &str) -> Option<String> {
    let tokens = tokens(item);
    let at = tokens.iter().position(|token| token.text == "mod")?;
    Some(tokens.get(at + 1)?.text.to_owned())
}

/// Returns a path that starts with `crate` or `super` as a path from the crate root.
pub(crate) fn at_root(module: &[String], segments: &[String]) -> Option<Vec<String>> {
    let ups = segments.iter().take_while(|segment| *segment == "super");
    let ups = ups.count();
    let from_root = segments.first().is_some_and(|first| first == "crate");
    let above = match (from_root, ups) {
        (true, _) => &[],
        (false, 0) => return None,
        (false, _) => &module[..module.len().checked_sub(ups)?],
    };
    let rest = &segments[ups + usize::from(from_root)..];
    Some([above, rest].concat())
}

/// A word, `::`, or any other character.
#[derive(Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Returns the tokens of code in which strings and comments are blank.
pub(crate) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (index, mut rest) in code.lines().enumerate() {
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with("::") {
                2
            } else {
                let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
                word.unwrap_or(rest.len()).max(first.len_utf8())
            };
            let (text, after) = rest.split_at(length);
            if !first.is_whitespace() {
                found.push(Token {
                    text,
                    line: index + 1,
                });
            }
            rest = after;
        }
    }
    found
}

/// A path that code names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// The name that a `use` imports; `None` for a path in the code itself.
    pub(crate) brings: Option<String>,
    /// True for a `pub use` with any visibility.
    pub(crate) passes_on: bool,
}

/// Returns every path in the code that contains `::` or follows `use`. Trees of `use` are split
/// into single paths.
pub(crate) fn paths(code: &str) -> Vec<Named> {
    let tokens = tokens(code);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let next = |ahead: usize| tokens.get(at + ahead).map_or("", |token| token.text);
        if tokens[at].text == "use" && next(1) != "<" {
            let passes_on = at > 0 && matches!(tokens[at - 1].text, "pub" | ")");
            let from = found.len();
            at = tree(&tokens, at + 1, &[], &mut found);
            found[from..]
                .iter_mut()
                .for_each(|named| named.passes_on = passes_on);
        } else if is_word(next(0)) && next(1) == "::" && is_word(next(2)) {
            let line = tokens[at].line;
            let mut segments = vec![tokens[at].text.to_owned()];
            while tokens.get(at + 1).is_some_and(|token| token.text == "::")
                && tokens.get(at + 2).is_some_and(|token| is_word(token.text))
            {
                segments.push(tokens[at + 2].text.to_owned());
                at += 2;
            }
            found.push(Named {
                segments,
                line,
                brings: None,
                passes_on: false,
            });
            at += 1;
        } else {
            at += 1;
        }
    }
    found
}

/// Parses one tree of a `use`, starting at its first token. Returns the position after it.
fn tree(tokens: &[Token<'_>], mut at: usize, above: &[String], found: &mut Vec<Named>) -> usize {
    let mut segments = above.to_vec();
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.text {
            "::" => continue,
            "{" => {
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    at = tree(tokens, at, &segments, found);
                    at += usize::from(tokens.get(at).is_some_and(|token| token.text == ","));
                }
                return at + 1;
            }
            // `{self}` means the module before the brace.
            "self" if !above.is_empty() => {}
            word => segments.push(word.to_owned()),
        }
        if tokens.get(at).is_none_or(|next| next.text != "::") {
            let mut brings = segments.last().cloned();
            if tokens.get(at).is_some_and(|next| next.text == "as") {
                brings = tokens.get(at + 1).map(|token| token.text.to_owned());
                at += 2;
            }
            found.push(Named {
                segments,
                line: token.line,
                brings,
                passes_on: false,
            });
            return at;
        }
    }
    at
}
