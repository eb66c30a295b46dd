//! Parses the limits that a user writes: `500/s`, `30/m`, `0.5`, or `0` for no limit. It does not
//! apply them.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::str::FromStr;
use std::time::Duration;

/// Why a limit is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Not a rate.
    #[error(
        "{0:?} is not a rate; write connections per second as 500, 500/s, 30/m or 0.5, or 0 for no limit"
    )]
    Rate(String),
    /// The rate is out of range.
    #[error("{0:?} is out of range; write a rate between 1/h and 1000000/s, or 0 for no limit")]
    Range(String),
    /// Not a count.
    #[error("{0:?} is not a count; write a whole number, or 0 for no limit")]
    Count(String),
}

/// Connections per second, minute or hour, or no limit. It keeps the number as written, so that it can
/// be recorded exactly.
#[derive(Clone, Copy, Debug)]
pub struct Rate(Option<(f64, Period)>);

/// Two rates are equal if they are equally fast, however they are written.
impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.in_seconds() == other.in_seconds()
    }
}

/// The time that a rate refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Second,
    Minute,
    Hour,
}

impl Period {
    fn seconds(self) -> f64 {
        match self {
            Self::Second => 1.0,
            Self::Minute => 60.0,
            Self::Hour => 3600.0,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Second => 's',
            Self::Minute => 'm',
            Self::Hour => 'h',
        }
    }
}

/// One per hour. An interval longer than any sweep would look like a hang.
const SLOWEST: f64 = 1.0 / 3600.0;
/// A million per second: more than one machine can do, and still far from the nanosecond, the unit
/// of intervals.
const FASTEST: f64 = 1e6;

impl Rate {
    /// No limit.
    pub const UNLIMITED: Self = Self(None);

    /// Creates a limit of `rate` connections per second; 0 means no limit.
    ///
    /// # Errors
    ///
    /// Returns an error if the rate is out of range.
    pub fn per_second(rate: f64) -> Result<Self, LimitError> {
        Self::per(rate, Period::Second)
    }

    fn per(count: f64, period: Period) -> Result<Self, LimitError> {
        if count == 0.0 {
            return Ok(Self::UNLIMITED);
        }
        // NaN is in no range, so it is rejected as well.
        if !(SLOWEST..=FASTEST).contains(&(count / period.seconds())) {
            return Err(LimitError::Range(count.to_string()));
        }
        Ok(Self(Some((count, period))))
    }

    /// Returns the number of connections per second, or `None` if there is no limit.
    fn in_seconds(self) -> Option<f64> {
        self.0.map(|(count, period)| count / period.seconds())
    }

    /// Returns the time between two connections at this rate, or `None` if there is no limit. It is
    /// never zero.
    pub fn interval(self) -> Option<Duration> {
        self.in_seconds()
            .map(|rate| Duration::from_secs_f64(1.0 / rate))
    }

    /// Returns the slower of two rates.
    #[must_use]
    pub fn slower(self, other: Self) -> Self {
        match (self.in_seconds(), other.in_seconds()) {
            (Some(one), Some(two)) if two < one => other,
            (None, Some(_)) => other,
            _ => self,
        }
    }

    /// Returns how many connections may start at once after a pause: as many as 10 ms allow, at
    /// least one. Timers wake the dispatcher about once per millisecond, so without a burst, rates
    /// above 1000/s could not be reached.
    pub fn burst(self) -> NonZeroU32 {
        let worth = self.interval().map_or(0, |interval| {
            Duration::from_millis(10).as_nanos() / interval.as_nanos().max(1)
        });
        u32::try_from(worth)
            .ok()
            .and_then(NonZeroU32::new)
            .unwrap_or(NonZeroU32::MIN)
    }
}

impl FromStr for Rate {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let (number, period) = match text.split_once('/') {
            None => (text, Period::Second),
            Some((number, "s" | "sec" | "second")) => (number, Period::Second),
            Some((number, "m" | "min" | "minute")) => (number, Period::Minute),
            Some((number, "h" | "hour")) => (number, Period::Hour),
            Some(_) => return Err(LimitError::Rate(text.to_owned())),
        };
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        // Rust's parser also accepts `inf`, `1e3` and signs.
        let count = match number.parse::<f64>() {
            Ok(count) if digits => count,
            _ => return Err(LimitError::Rate(text.to_owned())),
        };
        Self::per(count, period).map_err(|_| LimitError::Range(text.to_owned()))
    }
}

/// In a form that can be parsed again.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("0"),
            Some((count, period)) => write!(f, "{count}/{}", period.letter()),
        }
    }
}

/// A maximum number at the same time, or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling(Option<NonZeroUsize>);

impl Ceiling {
    /// No limit.
    pub const UNLIMITED: Self = Self(None);

    /// Creates a limit of `count`; 0 means no limit.
    pub const fn at(count: usize) -> Self {
        Self(NonZeroUsize::new(count))
    }

    /// Returns the limit, or the largest number if there is none.
    pub fn get(self) -> usize {
        self.0.map_or(usize::MAX, NonZeroUsize::get)
    }
}

impl FromStr for Ceiling {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(LimitError::Count(text.to_owned()));
        }
        text.parse()
            .map(Self::at)
            .map_err(|_| LimitError::Count(text.to_owned()))
    }
}

/// In a form that can be parsed again.
impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.map_or(0, NonZeroUsize::get))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_written_back() {
        for (text, interval_micros, burst, written) in [
            ("500", Some(2_000), 5, "500/s"),
            ("500/s", Some(2_000), 5, "500/s"),
            ("100/sec", Some(10_000), 1, "100/s"),
            ("150", Some(6_666), 1, "150/s"),
            ("0.5", Some(2_000_000), 1, "0.5/s"),
            ("30/m", Some(2_000_000), 1, "30/m"),
            ("1/h", Some(3_600_000_000), 1, "1/h"),
            ("1000000", Some(1), 10_000, "1000000/s"),
            ("0", None, 1, "0"),
            ("0/s", None, 1, "0"),
        ] {
            let rate: Rate = text.parse().unwrap();
            let micros = rate.interval().map(|i| i.as_micros());
            assert_eq!(micros, interval_micros, "{text}");
            assert_eq!(rate.burst().get(), burst, "{text}");
            assert_eq!(rate.to_string(), written, "{text}");
            assert_eq!(written.parse(), Ok(rate), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "/s", "fast", "-1", "+1", "1e3", "inf", "NaN", "1/d", "1.2.3", "1 /s", ".",
        ] {
            assert_eq!(
                text.parse::<Rate>(),
                Err(LimitError::Rate(text.to_owned())),
                "{text}"
            );
        }
        for text in ["1000001", "0.5/h"] {
            assert_eq!(
                text.parse::<Rate>(),
                Err(LimitError::Range(text.to_owned())),
                "{text}"
            );
        }
        assert!(Rate::per_second(f64::NAN).is_err());
        for text in ["", "-1", "+4", "4.0", "many", "99999999999999999999999"] {
            assert_eq!(
                text.parse::<Ceiling>(),
                Err(LimitError::Count(text.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn ceilings_are_read_and_written_back() {
        assert_eq!("4".parse::<Ceiling>().unwrap().get(), 4);
        assert_eq!("0".parse::<Ceiling>().unwrap(), Ceiling::UNLIMITED);
        assert_eq!(Ceiling::UNLIMITED.get(), usize::MAX);
        assert_eq!(Ceiling::UNLIMITED.to_string(), "0");
        assert_eq!(Ceiling::at(4).to_string(), "4");
    }
}
