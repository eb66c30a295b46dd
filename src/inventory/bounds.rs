//! Limits on lines and names, and on how much of a text a message shows.

/// Maximum length of a line (and of a CSV row) in bytes: far longer than any row of an inventory,
/// but short enough that a file without line ends does not fill memory.
pub(super) const MAX_LINE: usize = 65_536;

/// Maximum length of a row of an earlier scan in bytes. Such a row contains names that a server sent
/// in at most 512 KiB, and tags; escapes turn one byte into up to six.
pub(super) const MAX_ROW: usize = 4 * 1024 * 1024;

/// Maximum size of a target and its tags in such a row, in bytes: the line of the inventory that
/// they come from, and its header.
pub(super) const MAX_GIVEN: usize = 2 * MAX_LINE;

/// Four times the limit of DNS. A name that is slightly too long still gets its row, but a line
/// that is not a name at all is rejected.
pub(super) const MAX_NAME: usize = 1_024;

/// Returns the beginning of a text, short enough for one line of a message.
pub(super) fn short(text: &str) -> String {
    cut(text, 60)
}

/// Returns the first `limit` characters of a text, followed by an ellipsis if there are more.
pub(super) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
