//! The size of a sample: a number of targets, or a percentage of them.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;

/// The size of a uniform sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Number of targets.
    Count(NonZero<usize>),
    /// Share of the targets.
    Share(Percentage),
}

/// A percentage above 0 and up to 100, with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentage {
    /// In millionths of a percent.
    millionths: u32,
}

/// Digits after the decimal point of a percentage.
const DECIMALS: usize = 6;

/// 100 percent.
const WHOLE: u32 = 100_000_000;

/// The text is not the size of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASample {
    /// It is neither a number nor a percentage.
    #[error("expected a number of targets, or a percentage of them, such as 1000, 10% or 0.5%")]
    Neither,
    /// The number is zero.
    #[error(
        "a sample has at least one target; write a number such as 1000, or a percentage such as 10%"
    )]
    Nothing,
    /// The percentage contains a blank.
    #[error("write the percentage without a blank, such as 10% or 0.5%")]
    Blank,
    /// The percentage is out of range.
    #[error("a percentage is above 0% and at most 100%, such as 10% or 0.5%")]
    Range,
    /// The percentage has too many decimals.
    #[error("a percentage has at most six decimals, such as 0.000001%")]
    Decimals,
}

impl FromStr for Sample {
    type Err = NotASample;

    fn from_str(text: &str) -> Result<Self, NotASample> {
        match text.strip_suffix('%') {
            Some(number) if number.contains(char::is_whitespace) => Err(NotASample::Blank),
            Some(number) => Percentage::parse(number).map(Self::Share),
            None if is_digits(text) => match text.parse() {
                Ok(count) => NonZero::new(count)
                    .map(Self::Count)
                    .ok_or(NotASample::Nothing),
                Err(_) => Err(NotASample::Neither),
            },
            None => Err(NotASample::Neither),
        }
    }
}

impl Percentage {
    fn parse(number: &str) -> Result<Self, NotASample> {
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        if !is_digits(whole) || !is_digits(decimals) {
            return Err(NotASample::Neither);
        }
        if decimals.len() > DECIMALS {
            return Err(NotASample::Decimals);
        }
        // More digits than fit are more than 100 percent.
        let millionths = format!("{whole}{decimals:0<DECIMALS$}").parse();
        let millionths = millionths.map_err(|_| NotASample::Range)?;
        match (1..=WHOLE).contains(&millionths) {
            true => Ok(Self { millionths }),
            false => Err(NotASample::Range),
        }
    }

    /// Returns true if a target with this key belongs to the sample. Keys are uniform, so this is
    /// the share of the targets that is drawn, each independently of all others.
    pub(super) fn holds(self, key: u64) -> bool {
        u128::from(key) * u128::from(WHOLE) < u128::from(self.millionths) << 64
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// In a form that can be parsed again.
impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_percent = WHOLE / 100;
        let (whole, rest) = (self.millionths / per_percent, self.millionths % per_percent);
        if rest == 0 {
            return write!(f, "{whole}%");
        }
        let decimals = format!("{rest:0DECIMALS$}");
        write!(f, "{whole}.{}%", decimals.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_back() {
        assert_eq!(
            "5000".parse(),
            Ok(Sample::Count(NonZero::new(5000).unwrap()))
        );
        for (text, millionths, written) in [
            ("10%", 10_000_000, "10%"),
            ("0.5%", 500_000, "0.5%"),
            ("010.50%", 10_500_000, "10.5%"),
            ("0.000001%", 1, "0.000001%"),
            ("100%", WHOLE, "100%"),
        ] {
            let share = Percentage { millionths };
            assert_eq!(text.parse(), Ok(Sample::Share(share)), "{text}");
            assert_eq!(share.to_string(), written);
            assert_eq!(written.parse(), Ok(Sample::Share(share)), "{text}");
        }
    }

    #[test]
    fn other_sizes_are_refused_with_their_fault() {
        use NotASample::{Blank, Decimals, Neither, Nothing, Range};
        for (text, fault) in [
            ("0", Nothing),
            ("10 %", Blank),
            ("110%", Range),
            ("100.000001%", Range),
            ("0%", Range),
            ("0.0%", Range),
            ("99999999999999%", Range),
            ("0.0000001%", Decimals),
            ("ten", Neither),
            ("", Neither),
            ("%", Neither),
            (".5%", Neither),
            ("5.%", Neither),
            ("1e1%", Neither),
            ("-5%", Neither),
            ("+5", Neither),
            ("1/10", Neither),
            ("0.1", Neither),
            ("99999999999999999999999", Neither),
        ] {
            assert_eq!(text.parse::<Sample>(), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn a_share_holds_its_part_of_the_keys() {
        let half = Percentage {
            millionths: WHOLE / 2,
        };
        assert!(half.holds(0) && half.holds(u64::MAX / 2) && !half.holds(u64::MAX / 2 + 1));
        let all = Percentage { millionths: WHOLE };
        assert!(all.holds(u64::MAX));
        let least = Percentage { millionths: 1 };
        assert!(least.holds(0) && least.holds(u64::MAX / 100_000_000) && !least.holds(u64::MAX));
    }
}
