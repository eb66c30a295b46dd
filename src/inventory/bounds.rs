//! How long a line and a name may be, and how much of a text a message shows.

/// The longest line (and CSV row) read, in bytes: far beyond any row of an inventory, and small
/// enough that a file without line ends does not fill memory.
pub(super) const MAX_LINE: usize = 65_536;

/// Four times what DNS allows: names that are too long by mistake still get their row, while a
/// line that is no name at all does not become one.
pub(super) const MAX_NAME: usize = 1_024;

/// The beginning of a text, for a message: one screen line at most.
pub(super) fn short(text: &str) -> String {
    cut(text, 60)
}

/// The first `limit` characters of a text, with an ellipsis if there are more.
pub(super) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
