//! Makes hostile text safe to display. Servers and inventories choose names, subjects and banners,
//! and a terminal obeys the escape sequences and direction marks in them.

use std::fmt::{self, Write};

/// Displays text with every character that is not plainly printable escaped in Rust notation
/// (`\u{1b}`): control characters, line breaks, marks that reorder text, invisible and private-use
/// characters. Letters of every script, quotes and backslashes are unchanged.
#[derive(Clone, Copy, Debug)]
pub struct Clean<'a> {
    text: &'a str,
    limit: usize,
}

impl<'a> Clean<'a> {
    /// Displays the whole text.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            limit: usize::MAX,
        }
    }

    /// Displays at most `limit` characters, escapes included. Shortened text ends with an ellipsis.
    pub fn bounded(text: &'a str, limit: usize) -> Self {
        Self { text, limit }
    }
}

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.len() <= self.limit && is_plain(self.text) {
            return f.write_str(self.text);
        }
        let mut shown = 0_usize;
        let mut chars = self.text.chars().peekable();
        while let Some(c) = chars.next() {
            let width = width(c);
            // One position is reserved for the ellipsis until the last character is reached.
            let room = self.limit.saturating_sub(shown);
            if width > room || (width == room && chars.peek().is_some()) {
                return if room > 0 {
                    f.write_char('…')
                } else {
                    Ok(())
                };
            }
            shown += width;
            if is_printable(c) {
                f.write_char(c)?;
            } else {
                escape(c, f)?;
            }
        }
        Ok(())
    }
}

/// Returns true if the text is printable ASCII throughout, which nearly all text is.
pub(super) fn is_plain(text: &str) -> bool {
    // `fold` visits every byte, which lets the compiler vectorise the loop; `all` would stop early.
    text.bytes()
        .fold(true, |plain, byte| plain & (b' '..0x7f).contains(&byte))
}

/// Returns true if a character is visible as itself and has no other effect.
pub(super) fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    if is_invisible(c) {
        return false;
    }
    // The ideographic space is the ordinary space of Japanese text.
    c == '\u{3000}' || stays_in_debug(c)
}

/// Returns true for characters that Unicode classifies as marks or letters but that fonts show as
/// nothing (members of Default_Ignorable_Code_Point that the general category does not reveal).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}

/// Returns true if the standard library's `escape_debug` does not escape a character; it uses
/// Unicode's categories. A letter is put in front because `str::escape_debug` does not escape a
/// combining mark after a letter, while `char::escape_debug` always does.
fn stays_in_debug(c: char) -> bool {
    let mut bytes = [b'a'; 5];
    let length = 1 + c.encode_utf8(&mut bytes[1..]).len();
    std::str::from_utf8(&bytes[..length]).is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
}

/// Writes the escape of an unprintable character.
fn escape(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match c {
        '\t' => f.write_str("\\t"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        other => write!(f, "{}", other.escape_unicode()),
    }
}

fn width(c: char) -> usize {
    match c {
        c if is_printable(c) => 1,
        '\t' | '\n' | '\r' => 2,
        other => other.escape_unicode().len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn harmless_text_stays_and_the_rest_is_escaped() {
        for (text, shown) in [
            ("shop.example", "shop.example"),
            (
                "CN=Zoë's \"shop\" \\, 中文 ひらがな",
                "CN=Zoë's \"shop\" \\, 中文 ひらがな",
            ),
            ("東京\u{3000}港区", "東京\u{3000}港区"),
            ("e\u{301}", "e\u{301}"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\0b\u{7f}", "a\\u{0}b\\u{7f}"),
            ("a\tb\r\nc", "a\\tb\\r\\nc"),
            ("\u{202e}moc.knab", "\\u{202e}moc.knab"),
            ("\u{2066}\u{2069}\u{61c}", "\\u{2066}\\u{2069}\\u{61c}"),
            (
                "pay\u{200b}pal\u{200d}\u{ad}",
                "pay\\u{200b}pal\\u{200d}\\u{ad}",
            ),
            ("\u{feff}bom", "\\u{feff}bom"),
            ("\u{e000}\u{10fffd}", "\\u{e000}\\u{10fffd}"),
            ("\u{2028}\u{2029}\u{85}", "\\u{2028}\\u{2029}\\u{85}"),
            ("\u{3164}\u{115f}\u{fe0f}", "\\u{3164}\\u{115f}\\u{fe0f}"),
            ("\u{e0041}", "\\u{e0041}"),
        ] {
            assert_eq!(Clean::new(text).to_string(), shown, "{text:?}");
        }
    }

    #[test]
    fn a_bound_counts_what_is_shown() {
        for (text, limit, shown) in [
            ("abcdef", 6, "abcdef"),
            ("abcdef", 5, "abcd…"),
            ("中文字", 3, "中文字"),
            ("中文字", 2, "中…"),
            ("ab\n", 4, "ab\\n"),
            ("ab\n", 3, "ab…"),
            ("ab\nc", 4, "ab…"),
            ("a\u{1b}b", 7, "a…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(
                Clean::bounded(text, limit).to_string(),
                shown,
                "{text:?} {limit}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_shown_controls_a_terminal(text in any::<String>(), limit in 0_usize..40) {
            let whole = Clean::new(&text).to_string();
            prop_assert!(whole.chars().all(|c| !c.is_control() && is_printable(c)));
            let short = Clean::bounded(&text, limit).to_string();
            prop_assert!(short.chars().count() <= limit);
            prop_assert!(short.chars().all(|c| c == '…' || is_printable(c)));
        }
    }
}
