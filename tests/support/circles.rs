//! Finds which files of a room import each other, and where these imports form a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Named, Source, at_root, paths, tokens};

/// An import: one file names an item that another file defines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The file that names the item, below `src`.
    pub(crate) from: String,
    /// The file that defines the item.
    pub(crate) to: String,
    /// The item.
    pub(crate) item: String,
}

/// The modules, and the names that each imports from others.
struct Modules<'a> {
    files: BTreeMap<&'a [String], String>,
    brought: BTreeMap<&'a [String], BTreeMap<String, Vec<String>>>,
}

impl Modules<'_> {
    /// Returns a path of this module as a path from the crate root. Returns `None` for items of
    /// other crates, and for names that a `use` of the module imports, except modules.
    fn whole(&self, module: &[String], segments: &[String]) -> Option<Vec<String>> {
        let first = segments.first()?;
        if let Some(whole) = at_root(module, segments) {
            return Some(whole);
        }
        if first == "self" {
            return Some([module, &segments[1..]].concat());
        }
        let child = [module, segments].concat();
        if self.files.contains_key(&child[..=module.len()]) {
            return Some(child);
        }
        let origin = self.brought.get(module)?.get(first)?;
        if origin.first() == Some(first) {
            return None;
        }
        let file = self.whole(module, origin)?;
        let is_file = self.files.contains_key(file.as_slice());
        is_file.then(|| [&file, &segments[1..]].concat())
    }

    /// Returns the file that defines the item of a full path. Re-exports are followed to the
    /// definition, at most eight times.
    fn file(&self, path: &[String], follow: u32) -> Option<&str> {
        let mut at: &[String] = &[];
        for to in 1..=path.len() {
            if self.files.contains_key(&path[..to]) {
                at = &path[..to];
                continue;
            }
            let brought = self.brought.get(at).and_then(|all| all.get(&path[to - 1]));
            if let Some(origin) = brought {
                let whole = self.whole(at, origin)?;
                let path = [&whole, &path[to..]].concat();
                return self.file(&path, follow.checked_sub(1)?);
            }
            break;
        }
        self.files.get(at).map(String::as_str)
    }
}

/// Returns every import between two files of one room. A `pub use` counts if the file also uses the
/// name. A `use` of a module counts for each name that is used from it.
pub(crate) fn imports(sources: &[Source]) -> BTreeSet<Import> {
    let named: Vec<Vec<Named>> = sources.iter().map(|source| paths(&source.code)).collect();
    let brings = |paths: &[Named]| {
        let pairs = paths.iter().filter_map(|path| {
            let name = path.brings.clone()?;
            Some((name, path.segments.clone()))
        });
        pairs.collect()
    };
    let modules = Modules {
        files: sources
            .iter()
            .map(|source| (source.module.as_slice(), source.name()))
            .collect(),
        brought: sources
            .iter()
            .zip(&named)
            .map(|(source, paths)| (source.module.as_slice(), brings(paths)))
            .collect(),
    };
    let mut found = BTreeSet::new();
    for (source, paths) in sources.iter().zip(&named) {
        let from = source.name();
        for path in paths {
            if path.passes_on && !also_used(source, path) {
                continue;
            }
            let Some(whole) = modules.whole(&source.module, &path.segments) else {
                continue;
            };
            if path.brings.is_some() && modules.files.contains_key(whole.as_slice()) {
                continue;
            }
            let to = modules.file(&whole, 8).unwrap_or_default();
            if whole.first().map(String::as_str) == Some(source.room())
                && !to.is_empty()
                && to != from
            {
                found.insert(Import {
                    from: from.clone(),
                    to: to.to_owned(),
                    item: path.segments.last().cloned().unwrap_or_default(),
                });
            }
        }
    }
    found
}

/// Returns true if the name that a `pub use` imports occurs anywhere outside of `use`.
fn also_used(source: &Source, path: &Named) -> bool {
    let mut within_use = false;
    tokens(&source.code).iter().any(|token| {
        match token.text {
            "use" => within_use = true,
            ";" => within_use = false,
            _ => {}
        }
        !within_use && Some(token.text) == path.brings.as_deref()
    })
}

/// Returns the sets of files that reach each other, each with the imports inside it.
pub(crate) fn circles(imports: &BTreeSet<Import>) -> Vec<Vec<&Import>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for import in imports {
        next.entry(&import.from).or_default().insert(&import.to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = next
        .keys()
        .map(|from| (*from, reach(&next, from)))
        .collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|all| all.contains(to));
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for file in next.keys().filter(|file| reaches(file, file)) {
        if done.contains(file) {
            continue;
        }
        let one = |other: &str| reaches(file, other) && reaches(other, file);
        let inside = imports.iter().filter(|it| one(&it.from) && one(&it.to));
        let inside: Vec<&Import> = inside.collect();
        done.extend(inside.iter().map(|import| import.from.as_str()));
        found.push(inside);
    }
    found
}

fn reach<'a>(next: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> = vec![from];
    while let Some(file) = waiting.pop() {
        for to in next.get(file).into_iter().flatten() {
            if reached.insert(*to) {
                waiting.push(to);
            }
        }
    }
    reached
}
