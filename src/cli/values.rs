//! Parses the values of flags. The errors say what to write instead.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::similar;
use crate::gather::PROGRAMS;
use crate::inventory::Service;
use crate::judge::findings::Definition;
use crate::observation::Fact;
use crate::output::{Format, UnknownFormat, endings};
use crate::resolve;
use crate::starttls::PROTOCOLS;
use crate::verdict::FindingId;

/// A duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// Units of durations, with their length in milliseconds.
const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 7 * 86_400_000),
];

/// A century in milliseconds. It exceeds every certificate and timeout; longer durations would
/// overflow dates.
const LONGEST: u64 = 36_525 * 86_400_000;

/// Parses a timeout: `500ms`, `3s`, `2m`, `1h`.
pub(super) fn timeout(text: &str) -> Result<Span, String> {
    let (number, unit) = number_and_unit(text);
    span(number, unit, &["ms", "s", "m", "h"]).ok_or_else(|| {
        let expected = "expected a whole number and a unit, such as 500ms, 3s or 2m";
        match (number, unit) {
            (Some(number), "") => format!("{expected}; write {number}s for seconds"),
            _ => expected.to_owned(),
        }
    })
}

/// Parses a period of a certificate's life: `12h`, `60d`, `2w`. Months and years differ in length.
pub(super) fn period(text: &str) -> Result<Span, String> {
    let (number, unit) = number_and_unit(text);
    span(number, unit, &["h", "d", "w"]).ok_or_else(|| {
        let expected = "expected a whole number of days or weeks, such as 60d or 2w";
        let lower = unit.trim().to_ascii_lowercase();
        let days = |each: u64| number.and_then(|number| number.checked_mul(each));
        match (&*lower, days(1), days(7), days(30), days(365)) {
            ("", Some(days), ..) => format!("the unit is missing; write {days}d for days"),
            ("d" | "day" | "days", Some(days), ..) => format!("{expected}; write {days}d"),
            ("w" | "week" | "weeks", _, Some(_), ..) => {
                format!("{expected}; write {}w", number.unwrap_or_default())
            }
            // Elsewhere, `m` is minutes, which nobody means here.
            ("m" | "mo" | "mon" | "month" | "months", _, _, Some(days), _) => {
                format!("months differ in length; write {days}d")
            }
            ("y" | "yr" | "year" | "years", _, _, _, Some(days)) => {
                format!("years differ in length; write {days}d")
            }
            _ => expected.to_owned(),
        }
    })
}

/// Splits a text into a whole number, or `None` if it begins with none, and the rest.
fn number_and_unit(text: &str) -> (Option<u64>, &str) {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    (number.parse().ok(), unit)
}

fn span(number: Option<u64>, unit: &str, allowed: &[&str]) -> Option<Span> {
    let mut units = UNITS.iter().filter(|(name, _)| allowed.contains(name));
    let (_, length) = units.find(|(name, _)| *name == unit)?;
    let total = number?.checked_mul(*length);
    let total = total.filter(|milliseconds| *milliseconds <= LONGEST)?;
    Some(Span(Duration::from_millis(total)))
}

/// A trust store, as given with `--trust`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustChoice {
    /// Mozilla's store, which is built in.
    Mozilla,
    /// The operating system's store.
    System,
    /// A file, or a folder of files.
    File(PathBuf),
}

impl TrustChoice {
    /// The stores that a word names, which no file's store may be named after.
    pub(super) const WORDS: [(&str, Self); 2] =
        [("mozilla", Self::Mozilla), ("system", Self::System)];
}

impl FromStr for TrustChoice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let mut words = Self::WORDS.into_iter();
        let named = words.find(|(word, _)| *word == text);
        Ok(named.map_or_else(|| Self::File(text.into()), |(_, store)| store))
    }
}

impl fmt::Display for TrustChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Mozilla | Self::System => {
                let mut words = Self::WORDS.into_iter();
                let word = words.find(|(_, store)| store == self);
                f.write_str(word.map_or("", |(word, _)| word))
            }
        }
    }
}

/// Parses a percentage, with or without the sign.
pub(super) fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text);
    let number = number.parse().ok().filter(|number| *number <= 100);
    number.ok_or_else(|| "expected a whole number from 0 to 100, such as 50".to_owned())
}

/// Parses a point in time: a date (midnight UTC) or an RFC 3339 time.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    let date = || {
        let date: Date = text.parse().ok()?;
        // jiff would also parse a time of day without a zone as a date and ignore the time.
        let alone = date.to_string() == text;
        let midnight = date.to_zoned(TimeZone::UTC).ok()?;
        alone.then(|| midnight.timestamp())
    };
    text.parse::<Timestamp>().ok().or_else(date).ok_or_else(|| {
        "expected a date or a time with a zone, such as 2026-03-01 or 2026-03-01T12:00:00Z"
            .to_owned()
    })
}

/// Parses a date.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let date: Option<Date> = text.parse().ok();
    date.filter(|date| date.to_string() == text)
        .ok_or_else(|| "expected a date, such as 2026-03-01".to_owned())
}

/// Parses the name of a CCADB root program.
pub(super) fn program() -> PossibleValuesParser {
    PossibleValuesParser::new(PROGRAMS.iter().map(|program| program.name))
}

/// Parses a list of resolver addresses.
pub(super) fn resolvers(text: &str) -> Result<Arc<[SocketAddr]>, String> {
    resolve::parse_servers(text)
        .map(Into::into)
        .map_err(|error| error.to_string())
}

/// Returns the short help of `--output`, with the extensions that choose a format.
pub(super) fn output_help() -> String {
    format!(
        "Write rows to FILE; its extension sets the format: {} (repeatable)",
        endings()
    )
}

/// Returns the long help of `--output`.
pub(super) fn output_long_help() -> String {
    format!("{}\n\n`-` is standard output.", output_help())
}

/// Parses the name of an output format.
pub(super) fn format(text: &str) -> Result<&'static Format, UnknownFormat> {
    Format::named(text)
}

/// Parses the name of a service that starts TLS with a dialogue.
pub(super) fn starttls() -> impl TypedValueParser<Value = &'static Service> {
    PossibleValuesParser::new(PROTOCOLS.iter().map(|protocol| protocol.name))
        .try_map(|name| Service::named(&name).ok_or("unknown service"))
}

/// Parses the name of an additional measurement of `--facts`.
pub(super) fn fact() -> impl TypedValueParser<Value = Fact> {
    let named = |name: String| {
        let mut facts = Fact::ALL.into_iter();
        facts.find(|fact| fact.name() == name).ok_or("unknown name")
    };
    PossibleValuesParser::new(Fact::ALL.map(Fact::name)).try_map(named)
}

/// A value of `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Every verdict except `ok`.
    Any,
    /// This finding, which the other options must make possible.
    Finding(FindingId),
}

impl FailOn {
    /// Returns true if the value includes this finding.
    pub fn names(self, finding: &Definition) -> bool {
        match self {
            Self::Any => finding.verdict.is_some(),
            Self::Finding(id) => finding.id == id,
        }
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match FindingId::named(text) {
            _ if text == "any" => Ok(Self::Any),
            Some(id) => Ok(Self::Finding(id)),
            None => {
                let ids = || FindingId::ALL.iter().map(|id| id.name());
                let similar = similar(&text.to_lowercase(), ids().map(str::to_owned));
                Err(match similar.is_empty() {
                    true => format!(
                        "choose from {}, or any",
                        ids().collect::<Vec<_>>().join(", ")
                    ),
                    false => format!(
                        "no finding has this name; similar names are {}",
                        similar.join(", ")
                    ),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_finding_gets_the_similar_names() {
        for (text, similar) in [
            ("expird", "expired"),
            ("Expird", "expired"),
            ("name-mismatch", "name_mismatch"),
            ("weak_dhe", "weak_dh"),
        ] {
            let error = text.parse::<FailOn>().unwrap_err();
            assert!(error.contains(similar), "{text}: {error}");
            assert!(error.len() < 200 && !error.contains("choose"), "{error}");
        }
        let error = "zzz".parse::<FailOn>().unwrap_err();
        assert!(error.starts_with("choose from ") && error.ends_with(", or any"));
        assert_eq!("any".parse(), Ok(FailOn::Any));
    }

    #[test]
    fn timeouts_have_a_unit_of_time() {
        for (text, milliseconds) in [("500ms", 500), ("3s", 3_000), ("2m", 120_000)] {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(timeout(text).unwrap().0, expected, "{text}");
        }
        for text in [
            "",
            "s",
            "3 s",
            "-1s",
            "1.5s",
            "3w",
            "30d",
            "99999999999999999999s",
            "999999999h",
        ] {
            assert!(timeout(text).is_err(), "{text}");
        }
        assert!(timeout("3").unwrap_err().contains("write 3s"));
    }

    #[test]
    fn periods_are_days_or_weeks_and_others_say_what_to_write() {
        for (text, hours) in [("12h", 12), ("60d", 1_440), ("2w", 336), ("0d", 0)] {
            let expected = Duration::from_secs(hours * 3_600);
            assert_eq!(period(text).unwrap().0, expected, "{text}");
        }
        for (text, advice) in [
            ("60", "write 60d"),
            ("1y", "write 365d"),
            ("2 years", "write 730d"),
            ("2m", "write 60d"),
            ("3months", "write 90d"),
            ("60 days", "write 60d"),
            ("2weeks", "write 2w"),
            ("", "such as 60d or 2w"),
            ("soon", "such as 60d or 2w"),
            ("30s", "such as 60d or 2w"),
            ("99999999d", "such as 60d or 2w"),
            ("18446744073709551615y", "such as 60d or 2w"),
            ("99999999999999999999d", "such as 60d or 2w"),
        ] {
            let error = period(text).unwrap_err();
            assert!(error.contains(advice), "{text}: {error}");
        }
    }

    #[test]
    fn times_are_dates_or_rfc_3339() {
        assert_eq!(
            time("2026-03-01").unwrap(),
            time("2026-03-01T00:00:00Z").unwrap()
        );
        assert_eq!(
            time("2026-03-01T09:00:00+09:00").unwrap(),
            time("2026-03-01").unwrap()
        );
        for text in ["", "tomorrow", "2026-02-30", "2026-03-01T00:00:00"] {
            assert!(time(text).is_err(), "{text}");
            assert!(day(text).is_err(), "{text}");
        }
        assert_eq!(day("2026-03-01").unwrap().to_string(), "2026-03-01");
    }
}
