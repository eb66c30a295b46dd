//! Helpers for text protocols: lines, numbered replies and dotted lists. They know no protocol.

/// Maximum length of a reply's text: room for two sentences and a link to a policy.
const MAX_REPLY_TEXT: usize = 240;

/// Returns the server's text as one line of printable ASCII: line ends become spaces, and a dot
/// replaces every other byte that is not printable.
pub fn printable_line(bytes: &[u8]) -> String {
    let bytes = bytes.trim_ascii();
    let mut line = String::with_capacity(bytes.len().min(MAX_REPLY_TEXT));
    for byte in bytes {
        if line.len() >= MAX_REPLY_TEXT {
            break;
        }
        match byte {
            b'\r' | b'\n' if line.ends_with(' ') => {}
            b'\r' | b'\n' | b'\t' => line.push(' '),
            0x20..=0x7E => line.push(char::from(*byte)),
            _ => line.push('.'),
        }
    }
    line
}

/// Returns the first line without its end, and its length with it, or `None` if the line is
/// incomplete.
pub(super) fn line(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = &bytes[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

/// Returns the complete lines, each with the number of bytes up to and including its end.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut taken = 0;
    std::iter::from_fn(move || {
        let (line, length) = line(bytes.get(taken..)?)?;
        taken += length;
        Some((line, taken))
    })
}

/// Returns true if the line begins with this word, in any case.
pub(super) fn begins(line: &[u8], word: &str) -> bool {
    let Some((head, rest)) = line.split_at_checked(word.len()) else {
        return false;
    };
    head.eq_ignore_ascii_case(word.as_bytes()) && rest.first().is_none_or(|next| *next == b' ')
}

/// Returns true if one of the words of the line is this word, in any case.
pub(super) fn has_word(line: &[u8], word: &str) -> bool {
    line.split(|byte| matches!(byte, b' ' | b'[' | b']'))
        .any(|each| each.eq_ignore_ascii_case(word.as_bytes()))
}

/// Returns true if the line contains one of these texts, in any case. They must be upper case.
pub(super) fn has_any(line: &[u8], words: &[&str]) -> bool {
    let line = line.to_ascii_uppercase();
    let has = |word: &&str| line.windows(word.len()).any(|part| part == word.as_bytes());
    words.iter().any(has)
}

/// A reply that begins with a number (RFC 5321 section 4.2, RFC 959 section 4.2).
pub(super) struct Reply<'a> {
    /// Reply code.
    pub(super) code: u16,
    /// The whole reply, codes included.
    pub(super) all: &'a [u8],
    /// Length of the reply in bytes.
    pub(super) taken: usize,
}

/// Why there is no reply at the front.
pub(super) enum NoReply {
    /// The reply is incomplete.
    More,
    /// The bytes are not a reply.
    Other,
}

/// Parses the reply at the front, which may have several lines. If `free` is true, the lines
/// between the first and the last need no code (FTP).
pub(super) fn reply(bytes: &[u8], free: bool) -> Result<Reply<'_>, NoReply> {
    let mut first = None;
    for (line, taken) in lines(bytes) {
        let numbered = code(line);
        if numbered.is_none() && (first.is_none() || !free) {
            return Err(NoReply::Other);
        }
        let opening = *first.get_or_insert(numbered);
        let ends = line.get(3) != Some(&b'-') && numbered.is_some();
        if ends && (numbered == opening || !free) {
            return Ok(Reply {
                // The code of the last line is the server's final word.
                code: numbered.unwrap_or_default(),
                all: &bytes[..taken],
                taken,
            });
        }
    }
    Err(NoReply::More)
}

fn code(line: &[u8]) -> Option<u16> {
    let (digits, rest) = line.split_at_checked(3)?;
    let follows = matches!(rest.first(), None | Some(b' ' | b'-'));
    if !follows || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

impl<'a> Reply<'a> {
    /// Returns true for a transient failure: 4yz (RFC 5321 section 4.2.1, RFC 959 section 4.2).
    pub(super) fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Returns the texts of the lines, without the codes.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'a [u8]> {
        lines(self.all).map(|(line, _)| line.get(4..).unwrap_or_default())
    }
}

/// Parses a list that ends with a line of one dot (RFC 3977 section 3.1.1). Returns its lines and
/// its length with the dot, or `None` if the list is incomplete.
pub(super) fn dotted(bytes: &[u8]) -> Option<(Vec<&[u8]>, usize)> {
    let mut list = Vec::new();
    for (line, taken) in lines(bytes) {
        if line == b"." {
            return Some((list, taken));
        }
        list.push(line);
    }
    None
}
