//! Reads an input line by line, with a limit on the line length. The bytes need not be valid text.

use std::io::{self, BufRead, Read};

use super::blanks::trimmed;
use super::bounds::MAX_LINE;
use super::error::RowError;

/// Reads lines. The current line is kept until the next one is read.
pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    too_long: bool,
    number: u64,
    /// Maximum length of a line in bytes.
    limit: usize,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            too_long: false,
            number: 0,
            limit: MAX_LINE,
        }
    }

    /// Sets the maximum length of the lines after the current one, in bytes.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Returns the maximum length of a line in bytes.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Reads the next line. Returns false at the end. The rest of a line that is too long is
    /// skipped.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.too_long = false;
        let mut bounded = (&mut self.input).take(self.limit as u64 + 1);
        if bounded.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(false);
        }
        self.number += 1;
        match self.line.pop_if(|last| *last == b'\n') {
            Some(_) => {}
            None if self.line.len() > self.limit => {
                self.too_long = true;
                self.input.skip_until(b'\n')?;
            }
            None => {}
        }
        Ok(true)
    }

    /// Returns the current line without its line feed and byte order mark. A carriage return stays.
    /// Concatenated files have byte order marks on later lines as well.
    pub(super) fn text(&self) -> Result<&str, RowError> {
        if self.too_long {
            return Err(RowError::TooLong(self.limit));
        }
        let text = str::from_utf8(&self.line).map_err(|_| RowError::NotUtf8)?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// Returns the number of the current line, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Returns the current line as it was read, without its line feed. Of a line that is too long,
    /// it is the beginning, and still too long: so it is rejected again when it is read again.
    pub(super) fn raw(&self) -> &[u8] {
        &self.line
    }

    /// Returns the capacity of the line buffer in bytes.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.line.capacity()
    }

    pub(super) fn into_inner(self) -> R {
        self.input
    }
}

/// Returns the bytes without the carriage return of the line end.
pub(super) fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Returns the line without its comment. A comment begins with `#` at the start or after white
/// space, so that a URL keeps its fragment.
pub(super) fn without_comment(line: &str) -> &str {
    let comment = line
        .match_indices('#')
        .find(|(at, _)| *at == 0 || line[..*at].ends_with(char::is_whitespace));
    match comment {
        Some((at, _)) => trimmed(&line[..at]),
        None => trimmed(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_begin_at_the_start_or_after_a_blank() {
        assert_eq!(without_comment("# a"), "");
        assert_eq!(without_comment(" #a"), "");
        assert_eq!(without_comment("a.example\t# note"), "a.example");
        assert_eq!(without_comment("https://a/#b "), "https://a/#b");
    }

    #[test]
    fn a_long_line_is_skipped_to_its_end_and_keeps_no_memory() {
        let input = [&b"a\r\n"[..], &vec![b'x'; 1_000_000], b"\nb\xff\nc"].concat();
        let mut lines = Lines::new(&input[..]);
        let mut read = Vec::new();
        while lines.advance().unwrap() {
            read.push((lines.number(), lines.text().map(str::to_owned)));
        }
        assert!(lines.line.capacity() <= 4 * MAX_LINE);
        assert_eq!(
            read,
            [
                (1, Ok("a\r".to_owned())),
                (2, Err(RowError::TooLong(MAX_LINE))),
                (3, Err(RowError::NotUtf8)),
                (4, Ok("c".to_owned())),
            ]
        );
    }

    #[test]
    fn the_longest_line_is_read_and_one_byte_more_is_not() {
        for (length, fits) in [(MAX_LINE, true), (MAX_LINE + 1, false)] {
            for end in ["", "\n"] {
                let input = "x".repeat(length) + end;
                let mut lines = Lines::new(input.as_bytes());
                assert!(lines.advance().unwrap());
                assert_eq!(lines.text().is_ok(), fits, "{length} {end:?}");
                assert!(!lines.advance().unwrap());
            }
        }
    }
}
