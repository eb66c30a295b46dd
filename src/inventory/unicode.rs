//! The Unicode form of internationalised names, for people. A name whose Unicode form could be taken
//! for another name has none.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Returns the Unicode form of an internationalised name in ASCII. A label that could mislead stays
/// in ASCII: one of mixed scripts, of letters that look Latin, or of other characters than those of
/// the scripts in `SCRIPTS`. Returns `None` if no label has a Unicode form, or if the form is invalid
/// or does not lead back to the name. A `*.` in front stays.
pub fn unicode_name(name: &str) -> Option<String> {
    if !name.contains("xn--") {
        return None;
    }
    let (wildcard, name) = match name.strip_prefix("*.") {
        Some(rest) => ("*.", rest),
        None => ("", name),
    };
    let uts46 = Uts46::new();
    let (unicode, result) = uts46.to_user_interface(
        name.as_bytes(),
        AsciiDenyList::EMPTY,
        Hyphens::Allow,
        |label, _, _| is_clear(label),
    );
    result.ok()?;
    let back = uts46.to_ascii(
        unicode.as_bytes(),
        AsciiDenyList::EMPTY,
        Hyphens::Allow,
        DnsLength::Ignore,
    );
    let same = back.is_ok_and(|back| back == name) && !unicode.is_ascii();
    same.then(|| format!("{wildcard}{unicode}"))
}

/// A script, or scripts that are written together.
#[derive(Clone, Copy, PartialEq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Georgian,
    Hebrew,
    Arabic,
    /// Indian scripts and those of South-East Asia, each a block of its own.
    Block(u32),
    Han,
    Kana,
    Bopomofo,
    Hangul,
}

/// The letters and marks of scripts in daily use, as ranges of characters.
const SCRIPTS: &[(u32, u32, Script)] = &[
    (0x61, 0x7a, Script::Latin),
    (0xdf, 0xf6, Script::Latin),
    (0xf8, 0x17f, Script::Latin),
    (0x218, 0x21b, Script::Latin),
    (0x1e00, 0x1eff, Script::Latin),
    (0x386, 0x3ce, Script::Greek),
    (0x430, 0x45f, Script::Cyrillic),
    (0x48a, 0x4ff, Script::Cyrillic),
    (0x561, 0x587, Script::Armenian),
    (0x10d0, 0x10fa, Script::Georgian),
    (0x5d0, 0x5ea, Script::Hebrew),
    (0x620, 0x652, Script::Arabic),
    (0x660, 0x669, Script::Arabic),
    (0x66e, 0x6d3, Script::Arabic),
    (0x6f0, 0x6fc, Script::Arabic),
    (0x3005, 0x3007, Script::Han),
    (0x3400, 0x4dbf, Script::Han),
    (0x4e00, 0x9fff, Script::Han),
    (0x3041, 0x3096, Script::Kana),
    (0x309d, 0x309e, Script::Kana),
    (0x30a1, 0x30fe, Script::Kana),
    (0x3105, 0x312f, Script::Bopomofo),
    (0xac00, 0xd7a3, Script::Hangul),
];

/// Devanagari to Sinhala, Thai and Lao: blocks of 128 characters.
const BLOCKS: std::ops::Range<u32> = 0x900..0xf00;

fn script(c: char) -> Option<Script> {
    let code = u32::from(c);
    if BLOCKS.contains(&code) {
        return Some(Script::Block(code / 128));
    }
    let mut scripts = SCRIPTS.iter();
    scripts
        .find(|(first, last, _)| (*first..=*last).contains(&code))
        .map(|(_, _, script)| *script)
}

/// Cyrillic and Greek letters that look like Latin ones. A label of these alone looks Latin.
const LOOK_LATIN: &str = "асԁеһіјӏорԛѕԝхуъьҽпгѵѡαικνρυωηοτχγ";

/// Returns true if a label cannot be taken for another.
fn is_clear(label: &[char]) -> bool {
    let mut scripts = Vec::new();
    for c in label.iter().filter(|c| !matches!(c, '0'..='9' | '-' | '_')) {
        match script(*c) {
            Some(script) if !scripts.contains(&script) => scripts.push(script),
            Some(_) => {}
            None => return false,
        }
    }
    let only = |allowed: &[Script]| scripts.iter().all(|script| allowed.contains(script));
    // The combinations that UTS 39 (5.2) calls highly restrictive.
    let together = only(&[Script::Latin, Script::Han, Script::Kana])
        || only(&[Script::Latin, Script::Han, Script::Bopomofo])
        || only(&[Script::Latin, Script::Han, Script::Hangul]);
    let ascii = |c: &char| c.is_ascii() && !c.is_ascii_alphabetic();
    let looks_latin = label.iter().all(|c| LOOK_LATIN.contains(*c) || ascii(c));
    (scripts.len() == 1 || together) && !looks_latin
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::fold_name;

    #[test]
    fn names_are_shown_as_they_are_written() {
        for name in [
            "büro.example",
            "www.bücher.example",
            "日本語.example",
            "ひらがな漢字.example",
            "例え.テスト",
            "пример.example",
            "παράδειγμα.example",
            "उदाहरण.example",
            "ตัวอย่าง.example",
            "مثال.example",
            "한국-1.example",
        ] {
            let ascii = fold_name(name).unwrap();
            assert_eq!(unicode_name(&ascii).as_deref(), Some(name), "{ascii}");
            let wildcard = format!("*.{ascii}");
            assert_eq!(unicode_name(&wildcard), Some(format!("*.{name}")));
        }
    }

    #[test]
    fn names_that_could_mislead_stay_as_they_are() {
        for name in [
            "example.com",
            // Cyrillic letters that look like `apple`, and one of them in a Latin word.
            "xn--80ak6aa92e.com",
            "xn--pple-43d.com",
            // Not decodable, empty, and not what encoding the label returns.
            "xn--0.example",
            "xn--.example",
            "xn--bcher-kva\u{ad}.example",
            "xn--a.example",
        ] {
            assert_eq!(unicode_name(name), None, "{name}");
        }
        // Greek letters that look Latin, a heart, and two scripts.
        for name in ["οοο.example", "i❤.example", "abcж.example"] {
            let ascii = fold_name(name).unwrap();
            assert_eq!(unicode_name(&ascii), None, "{name}");
            let beside = fold_name(&format!("büro.{name}")).unwrap();
            assert_eq!(unicode_name(&beside), Some(format!("büro.{ascii}")));
        }
    }
}
