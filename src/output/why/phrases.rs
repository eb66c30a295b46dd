//! The phrases that all reasons share: dates, numbers of days, and text of limited length.

use std::fmt::Write;

use jiff::Timestamp;

use crate::inventory::unicode_name;
use crate::output::{Clean, Leaf};

/// Maximum number of characters of a text that a server sent: enough for nearly every name,
/// subject and banner, and short enough that the rest of the line remains visible.
pub(super) const LONGEST_TEXT: usize = 60;

/// Number of seconds in a day.
pub(super) const DAY: i64 = 86_400;

pub(super) fn issuer(leaf: &Leaf<'_>) -> Option<String> {
    let name = leaf.issuer_name.or(leaf.issuer)?;
    Some(format!("issuer {}", Clean::bounded(name, LONGEST_TEXT)))
}

/// Returns a day and its distance from now: `2026-11-10 (12 days ago)`.
pub(super) fn when(time: Timestamp, now: Timestamp) -> String {
    let day = day(time);
    let distance = (time.as_second() - now.as_second()) / DAY;
    match distance {
        0 => format!("{day} (today)"),
        ..0 => format!("{day} ({})", past(-distance)),
        1.. => format!("{day} (in {})", days(distance)),
    }
}

pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

pub(super) fn past(full_days: i64) -> String {
    match full_days {
        0 => "today".to_owned(),
        full => format!("{} ago", days(full)),
    }
}

pub(super) fn days(count: i64) -> String {
    match count {
        1 => "1 day".to_owned(),
        count => format!("{count} days"),
    }
}

pub(super) fn add(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(more);
}

/// Returns a name for people: an internationalised one in Unicode, with its ASCII form.
pub(super) fn shown_name(name: &str) -> String {
    match unicode_name(name) {
        Some(unicode) => format!("{} ({})", Clean::new(&unicode), Clean::new(name)),
        None => Clean::bounded(name, LONGEST_TEXT).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_shown_with_their_distance_in_days() {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        for (time, expected) in [
            ("2026-11-22T20:00:00Z", "2026-11-22 (today)"),
            ("2026-11-23T09:00:00Z", "2026-11-23 (in 1 day)"),
            ("2026-11-10T00:00:00Z", "2026-11-10 (12 days ago)"),
            ("2026-11-21T07:00:00Z", "2026-11-21 (1 day ago)"),
        ] {
            assert_eq!(when(time.parse().unwrap(), now), expected);
        }
    }
}
