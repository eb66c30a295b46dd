//! Blanks around a value. Text copied from a browser, a spreadsheet or a certificate dialog carries
//! non-breaking spaces and characters without width, which nobody sees and no host name contains.

/// Returns true for white space and for characters without width: zero-width spaces and joiners,
/// soft hyphens, marks of the writing direction, and the byte order mark.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns the text without blanks around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}
