//! Dates of certificates as Unix times in seconds (RFC 5280 section 4.1.2.5). Only UTC with seconds is
//! accepted, as in every client.

use x509_parser::time::ASN1Time;

use super::fields::{Fields, only};

/// Reads a UTCTime or GeneralizedTime as Unix time in seconds, or returns `None` if it is not valid.
pub(super) fn timestamp(dates: &mut Fields<'_>) -> Option<i64> {
    time(dates.next()?.whole)
}

/// Parses a time with its tag and length, like [`timestamp`].
pub(crate) fn time(whole: &[u8]) -> Option<i64> {
    // YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, with the header of two bytes. x509-parser also accepts
    // offsets, fractions, and times without seconds or zone.
    let of_the_form = matches!(
        (whole, whole.len()),
        ([0x17, .., b'Z'], 15) | ([0x18, .., b'Z'], 17)
    );
    let time: ASN1Time = only(whole).filter(|_| of_the_form)?;
    Some(time.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tag: u8, content: &str) -> Option<i64> {
        let length = u8::try_from(content.len()).unwrap();
        let whole = [&[tag, length], content.as_bytes()].concat();
        timestamp(&mut Fields::of(&whole))
    }

    #[test]
    fn dates_agree_with_the_calendar() {
        let cases = [
            (0x17, "700101000000Z", Some(0)),
            (0x17, "691231235959Z", Some(-1)),
            (0x17, "500101000000Z", Some(-631_152_000)),
            (0x17, "491231235959Z", Some(2_524_607_999)),
            (0x17, "000229120000Z", Some(951_825_600)),
            (0x17, "260601000000Z", Some(1_780_272_000)),
            (0x18, "20260601000000Z", Some(1_780_272_000)),
            (0x18, "99991231235959Z", Some(253_402_300_799)),
            (0x18, "00000101000000Z", Some(-62_167_219_200)),
            (0x17, "010229120000Z", None),
            (0x18, "19000229000000Z", None),
            (0x17, "261301000000Z", None),
            (0x17, "260001000000Z", None),
            (0x17, "260600000000Z", None),
            (0x17, "260601240000Z", None),
            (0x17, "260601006000Z", None),
            (0x17, "260601000060Z", None),
            (0x17, "2606010000Z", None),
            (0x17, "260601000000+0000", None),
            (0x17, "26060100000 Z", None),
            (0x18, "260601000000Z", None),
            (0x18, "20260601000000.5Z", None),
            (0x0c, "260601000000Z", None),
            (0x17, "", None),
        ];
        for (tag, text, expected) in cases {
            assert_eq!(read(tag, text), expected, "{text}");
        }
    }
}
