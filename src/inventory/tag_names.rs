//! Names of the tags of CSV columns whose own name is missing or repeated.

use std::collections::HashSet;
use std::sync::Arc;

use super::bounds::cut;
use super::columns::Column;

/// Returns the name of a column that is carried as a tag. Tags are found by name in the record, so a
/// missing name is replaced by the column's number, and a repeated name gets it as a suffix.
pub(super) fn of_column(name: &str, number: usize, seen: &mut HashSet<Arc<str>>) -> Arc<str> {
    let mut name = match name {
        "" => format!("column{number}"),
        name => name.to_owned(),
    };
    while seen.contains(name.as_str()) {
        name = format!("{name}.{number}");
    }
    let name: Arc<str> = name.into();
    seen.insert(name.clone());
    name
}

/// Returns a notice about the columns without a name, and one about those with a repeated name. Each
/// shows the first of them.
pub(super) fn notices(names: &[&str], columns: &[Column]) -> Vec<String> {
    let tags = || {
        let all = names.iter().zip(columns).enumerate();
        all.filter_map(|(index, (name, column))| match column {
            Column::Tag(tag) if **tag != **name => Some((index + 1, *name, tag)),
            _ => None,
        })
    };
    let notice = |unnamed: bool, what: &str| {
        let (number, name, tag) = tags().find(|(_, name, _)| name.is_empty() == unnamed)?;
        let others = tags().filter(|(_, name, _)| name.is_empty() == unnamed);
        let others = match others.count() - 1 {
            0 => String::new(),
            count => format!("; {count} more like it"),
        };
        let name = match unnamed {
            true => String::new(),
            false => format!(" {:?}", cut(name, 60)),
        };
        Some(format!(
            "column {number}{name} {what}, so its tag is named {:?}{others}",
            cut(tag, 80)
        ))
    };
    let unnamed = notice(true, "has no name");
    let repeated = notice(false, "has the name of an earlier column");
    unnamed.into_iter().chain(repeated).collect()
}
