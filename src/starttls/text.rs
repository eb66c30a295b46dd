//! Lines and replies of the protocols that speak in text.

/// The longest reply in words: room for two sentences and a link to a policy.
const MAX_WORDS: usize = 240;

/// The server's words for a message: line ends become spaces, and a dot stands for everything else
/// that is not printable ASCII.
pub fn words(bytes: &[u8]) -> String {
    let bytes = bytes.trim_ascii();
    let mut words = String::with_capacity(bytes.len().min(MAX_WORDS));
    for byte in bytes {
        if words.len() >= MAX_WORDS {
            break;
        }
        match byte {
            b'\r' | b'\n' if words.ends_with(' ') => {}
            b'\r' | b'\n' | b'\t' => words.push(' '),
            0x20..=0x7E => words.push(char::from(*byte)),
            _ => words.push('.'),
        }
    }
    words
}

/// The first line without its end, and how many bytes it takes; `None` when it is not complete.
pub(super) fn line(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = &bytes[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

/// The complete lines, each with the bytes taken up to its end.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut taken = 0;
    std::iter::from_fn(move || {
        let (line, length) = line(bytes.get(taken..)?)?;
        taken += length;
        Some((line, taken))
    })
}

/// Whether the line begins with this word, in any case.
pub(super) fn begins(line: &[u8], word: &str) -> bool {
    let Some((head, rest)) = line.split_at_checked(word.len()) else {
        return false;
    };
    head.eq_ignore_ascii_case(word.as_bytes()) && rest.first().is_none_or(|next| *next == b' ')
}

/// Whether one of the words of the line is this one, in any case.
pub(super) fn has_word(line: &[u8], word: &str) -> bool {
    line.split(|byte| matches!(byte, b' ' | b'[' | b']'))
        .any(|each| each.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether the line holds one of these texts (in capitals), in any case.
pub(super) fn has_any(line: &[u8], words: &[&str]) -> bool {
    let line = line.to_ascii_uppercase();
    let has = |word: &&str| line.windows(word.len()).any(|part| part == word.as_bytes());
    words.iter().any(has)
}

/// A reply that begins with a number (RFC 5321 section 4.2, RFC 959 section 4.2).
pub(super) struct Reply<'a> {
    /// The number.
    pub(super) code: u16,
    /// All of it, numbers included.
    pub(super) all: &'a [u8],
    /// The bytes it takes.
    pub(super) taken: usize,
}

/// What is at the front instead of a reply.
pub(super) enum NoReply {
    /// Its beginning.
    More,
    /// Something else.
    Other,
}

/// The reply at the front, of however many lines. Where `free`, the lines between the first and
/// the last need no number (FTP).
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
                // The last line's number counts: it is the one that is not taken back.
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
    /// Whether what it says may pass: 4yz (RFC 5321 section 4.2.1, RFC 959 section 4.2).
    pub(super) fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// The texts of its lines, without the numbers.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'a [u8]> {
        lines(self.all).map(|(line, _)| line.get(4..).unwrap_or_default())
    }
}

/// A list that ends with a line of one dot (RFC 3977 section 3.1.1): its lines and the bytes taken
/// with the dot; `None` when it is not complete.
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
