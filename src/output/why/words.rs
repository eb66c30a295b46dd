//! The words that both kinds of line are made of: dates, days, and text of bounded length.

use std::fmt::Write;

use jiff::Timestamp;

use crate::output::{Clean, Leaf};

/// The longest text of others in a line: enough for nearly every name, subject and banner, and
/// short enough that what follows stays in sight.
pub(super) const LONGEST_TEXT: usize = 60;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

pub(super) fn issuer(leaf: &Leaf<'_>) -> Option<String> {
    let name = leaf.issuer_name.or(leaf.issuer)?;
    Some(format!("issuer {}", Clean::bounded(name, LONGEST_TEXT)))
}

/// A day and how far it is: `2026-11-10 (12 days ago)`.
pub(super) fn when(time: Timestamp, now: Timestamp) -> String {
    let day = day(time);
    let far = (time.as_second() - now.as_second()) / DAY;
    match far {
        0 => format!("{day} (today)"),
        ..0 => format!("{day} ({})", past(-far)),
        1.. => format!("{day} (in {})", days(far)),
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

pub(super) fn add(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(words);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_as_people_do() {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        for (time, told) in [
            ("2026-11-22T20:00:00Z", "2026-11-22 (today)"),
            ("2026-11-23T09:00:00Z", "2026-11-23 (in 1 day)"),
            ("2026-11-10T00:00:00Z", "2026-11-10 (12 days ago)"),
            ("2026-11-21T07:00:00Z", "2026-11-21 (1 day ago)"),
        ] {
            assert_eq!(when(time.parse().unwrap(), now), told);
        }
    }
}
