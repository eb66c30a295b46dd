//! Parses PEM (RFC 7468) leniently, without losing anything: every BEGIN in a text becomes a
//! section, valid or broken, with its line number. It knows the PEM format and base64, but not the
//! content. The body of a section is decoded only on request, so a private key never is.

/// Maximum length of a label; the longest in use has 23 characters.
const MAX_LABEL: usize = 80;

/// Maximum length of an unknown label in a message.
const MAX_SHOWN: usize = 40;

const HYPHENS: &[u8] = b"-----";

/// The kind of content that a section announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// `CERTIFICATE`, or `X509 CERTIFICATE` as older tools write.
    Certificate,
    /// `TRUSTED CERTIFICATE`: OpenSSL's trust settings follow the certificate.
    Trusted,
    /// `X509 CRL`.
    Crl,
    /// `PKCS7` or `CMS`.
    Pkcs7,
    /// Any kind of private key.
    PrivateKey,
    /// Any other label, escaped for display.
    Other(String),
}

impl Label {
    fn of(text: &[u8]) -> Self {
        match text.trim_ascii() {
            b"CERTIFICATE" | b"X509 CERTIFICATE" => Self::Certificate,
            b"TRUSTED CERTIFICATE" => Self::Trusted,
            b"X509 CRL" | b"CRL" => Self::Crl,
            // The last one is Netscape's label.
            b"PKCS7" | b"CMS" | b"PKCS #7 SIGNED DATA" | b"CERTIFICATE CHAIN" => Self::Pkcs7,
            key if key.ends_with(b"PRIVATE KEY") => Self::PrivateKey,
            other => Self::Other(shown(other)),
        }
    }
}

/// Returns a label for display: printable and short.
fn shown(label: &[u8]) -> String {
    let end = label.len().min(MAX_SHOWN);
    label[..end].escape_ascii().to_string()
}

/// One BEGIN of a text, or an END without a BEGIN.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// Line of its BEGIN, from 1.
    pub(super) line: usize,
    /// Announced kind of content.
    pub(super) label: Label,
    /// True if BEGIN is at the start of its line. OpenSSL finds no other.
    pub(super) at_line_start: bool,
    body: Result<&'a [u8], Broken>,
}

/// Why a section is broken, and the line where that shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) flaw: Flaw,
}

/// What is wrong with a section.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// BEGIN has too few hyphens or is in lower case.
    #[error(
        "invalid PEM: the line should be -----BEGIN {0}-----, with five hyphens on either side"
    )]
    BadBegin(String),
    /// END has too few hyphens or is in lower case.
    #[error("invalid PEM: the line should be -----END {0}-----, with five hyphens on either side")]
    BadEnd(String),
    /// Another BEGIN comes before END.
    #[error("invalid PEM: -----END {0}----- is missing before the next BEGIN")]
    Unended(String),
    /// The text ends before END.
    #[error("invalid PEM: the file ends before -----END {0}-----; is it complete?")]
    Truncated(String),
    /// END has another label than BEGIN.
    #[error("invalid PEM: BEGIN says {begin}, but END says {end}")]
    Mismatched {
        /// Label of BEGIN.
        begin: String,
        /// Label of END.
        end: String,
    },
    /// END without BEGIN.
    #[error("invalid PEM: -----BEGIN {0}----- is missing before this END")]
    Unbegun(String),
    /// The body is empty.
    #[error("invalid PEM: nothing between BEGIN and END")]
    Empty,
    /// A character that is not base64.
    #[error("invalid PEM: {} is not base64", .0.escape_debug())]
    Character(char),
    /// `
    /// ` written as two characters, as in a JSON string or an environment variable.
    #[error("invalid PEM: line ends are written as \\n; replace them with real ones (printf '%b')")]
    EscapedLines,
    /// Text after the end of the base64.
    #[error("invalid PEM: text follows the padding (=) of the base64")]
    AfterPadding,
    /// The length is one character more than a multiple of four.
    #[error("invalid PEM: a character of the base64 is missing; copy the section again")]
    Cut,
}

impl Section<'_> {
    /// Decodes the body of the section.
    pub(super) fn decode(&self) -> Result<Vec<u8>, Broken> {
        decode(self.body.clone()?, self.line)
    }
}

/// Returns the sections of a text, in order.
pub(super) fn sections(bytes: &[u8]) -> Sections<'_> {
    Sections {
        bytes,
        next: marker(bytes, 0),
        lines: Lines { at: 0, line: 1 },
    }
}

/// Iterator returned by [`sections`].
pub(super) struct Sections<'a> {
    bytes: &'a [u8],
    next: Option<Marker>,
    lines: Lines,
}

impl<'a> Iterator for Sections<'a> {
    type Item = Section<'a>;

    fn next(&mut self) -> Option<Section<'a>> {
        let begin = self.next.take()?;
        let line = self.lines.of(self.bytes, begin.keyword);
        self.next = marker(self.bytes, begin.label_end);
        let label = begin.label(self.bytes);
        let body = match begin.kind {
            Kind::End => Err(Flaw::Unbegun(shown(label))),
            Kind::Begin if !begin.sound => Err(Flaw::BadBegin(shown(label).to_uppercase())),
            Kind::Begin => self.body(&begin),
        };
        Some(Section {
            line,
            label: Label::of(&label.to_ascii_uppercase()),
            at_line_start: begin.at_line_start(self.bytes),
            body: body.map_err(|flaw| Broken { line, flaw }),
        })
    }
}

impl<'a> Sections<'a> {
    /// Returns the text between a valid BEGIN and its END, and consumes the END.
    fn body(&mut self, begin: &Marker) -> Result<&'a [u8], Flaw> {
        let label = begin.label(self.bytes);
        let Some(end) = self.next.take_if(|next| next.kind == Kind::End) else {
            return Err(match self.next {
                Some(_) => Flaw::Unended(shown(label)),
                None => Flaw::Truncated(shown(label)),
            });
        };
        self.next = marker(self.bytes, end.label_end);
        let ended = end.label(self.bytes);
        if !end.sound {
            return Err(Flaw::BadEnd(shown(label)));
        }
        if ended != label {
            let (begin, end) = (shown(label), shown(ended));
            return Err(Flaw::Mismatched { begin, end });
        }
        let body = self.bytes.get(begin.label_end..end.keyword - HYPHENS.len());
        let body = body.unwrap_or_default();
        let hyphens = body.iter().take_while(|byte| **byte == b'-').count();
        Ok(&body[hyphens..])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Begin,
    End,
}

/// A BEGIN or END with hyphens before it.
#[derive(Debug)]
struct Marker {
    kind: Kind,
    /// Position of the word BEGIN or END, after the hyphens.
    keyword: usize,
    label_start: usize,
    /// Position of the closing hyphens. They may also be the opening hyphens of the next marker, so
    /// the search continues here.
    label_end: usize,
    /// True if the marker is written correctly.
    sound: bool,
}

impl Marker {
    fn label<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes[self.label_start..self.label_end].trim_ascii()
    }

    fn at_line_start(&self, bytes: &[u8]) -> bool {
        let start = self.keyword.checked_sub(HYPHENS.len());
        let before = start.and_then(|start| bytes.get(..start));
        before.is_some_and(|before| {
            before.is_empty() || before.ends_with(b"\n") || before.ends_with(b"\r")
        })
    }
}

/// Returns the next marker whose word is at `from` or later. An incorrectly written marker counts
/// only if its label is known: `-- begin of our roots --` is a comment.
fn marker(bytes: &[u8], from: usize) -> Option<Marker> {
    (from..bytes.len()).find_map(|at| {
        let (kind, word): (_, &[u8]) = match bytes[at] {
            b'B' | b'b' => (Kind::Begin, b"BEGIN "),
            b'E' | b'e' => (Kind::End, b"END "),
            _ => return None,
        };
        let written = bytes.get(at..at + word.len())?;
        if !written.eq_ignore_ascii_case(word) || !follows_hyphen(&bytes[..at]) {
            return None;
        }
        let label_start = at + word.len();
        let (length, closed) = label(&bytes[label_start..]);
        let opened = written == word && bytes[..at].ends_with(HYPHENS);
        let marker = Marker {
            kind,
            keyword: at,
            label_start,
            label_end: label_start + length,
            sound: opened && closed,
        };
        let known = || {
            let label = marker.label(bytes).to_ascii_uppercase();
            !matches!(Label::of(&label), Label::Other(_))
        };
        (opened || known()).then_some(marker)
    })
}

/// Returns true if the text ends with a hyphen, or with a dash into which a word processor turned
/// several.
fn follows_hyphen(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    // U+2010 to U+2015.
    let dash = matches!(before, [.., 0xe2, 0x80, 0x90..=0x95]);
    dash || before.ends_with(b"-")
}

/// Returns the length of the label at the start of a text, and true if five hyphens close it.
fn label(bytes: &[u8]) -> (usize, bool) {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next();
    let line = line.unwrap_or_default();
    let line = &line[..line.len().min(MAX_LABEL)];
    let closed = line.windows(HYPHENS.len()).position(|five| five == HYPHENS);
    let hyphen = || line.iter().position(|byte| matches!(byte, b'-' | 0x80..));
    match closed {
        Some(length) => (length, true),
        None => (hyphen().unwrap_or(line.len()), false),
    }
}

/// Counts lines while a text is read. CR, LF and CR LF each end a line.
struct Lines {
    at: usize,
    line: usize,
}

impl Lines {
    fn of(&mut self, bytes: &[u8], place: usize) -> usize {
        self.line += line_ends(bytes, self.at, place);
        self.at = self.at.max(place);
        self.line
    }
}

fn line_ends(bytes: &[u8], from: usize, to: usize) -> usize {
    let ends = |at: &usize| match bytes[*at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    (from..to).filter(ends).count()
}

/// Decodes base64 (RFC 4648 section 4), with white space anywhere and with or without padding.
/// `line` is the line number where the text begins.
fn decode(text: &[u8], line: usize) -> Result<Vec<u8>, Broken> {
    let start = after_headers(text);
    let broken = |at, flaw| Broken {
        line: line + line_ends(text, 0, at),
        flaw,
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut sextets, mut padded) = (0_u32, 0_usize, false);
    for (at, byte) in text.iter().enumerate().skip(start) {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padded = true;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => continue,
            _ => return Err(broken(at, unknown(&text[at..]))),
        };
        if padded {
            return Err(broken(at, Flaw::AfterPadding));
        }
        bits = bits << 6 | u32::from(sextet);
        sextets += 1;
        if sextets % 4 == 0 {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
            bits = 0;
        }
    }
    match sextets % 4 {
        0 => {}
        2 => bytes.extend_from_slice(&(bits << 12).to_be_bytes()[1..2]),
        3 => bytes.extend_from_slice(&(bits << 6).to_be_bytes()[1..3]),
        _ => return Err(broken(text.len(), Flaw::Cut)),
    }
    match bytes.is_empty() {
        true => Err(broken(0, Flaw::Empty)),
        false => Ok(bytes),
    }
}

/// Returns what is wrong with a text that begins with a character that is not base64.
fn unknown(text: &[u8]) -> Flaw {
    if text.starts_with(b"\\n") || text.starts_with(b"\\r") {
        return Flaw::EscapedLines;
    }
    let beginning = String::from_utf8_lossy(&text[..text.len().min(4)]);
    Flaw::Character(
        beginning
            .chars()
            .next()
            .unwrap_or(char::REPLACEMENT_CHARACTER),
    )
}

/// Returns the position at which the base64 begins: after `Key: value` lines (RFC 1421 section
/// 4.4). These continue on lines that begin with a blank, and end with an empty line.
fn after_headers(text: &[u8]) -> usize {
    let end = match text.contains(&b'\n') {
        true => b'\n',
        false => b'\r',
    };
    let (mut start, mut headers) = (0, false);
    for line in text.split_inclusive(|byte| *byte == end) {
        let blank = line.trim_ascii().is_empty();
        let goes_on = headers && matches!(line, [b' ' | b'\t', ..]);
        if headers && blank || !(blank || goes_on || is_header(line)) {
            return start;
        }
        headers |= !blank;
        start += line.len();
    }
    start
}

fn is_header(line: &[u8]) -> bool {
    let colon = line.iter().position(|byte| *byte == b':');
    colon.is_some_and(|colon| {
        let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        line[..colon].iter().all(name) && matches!(line[colon..], [_, b' ' | b'\r' | b'\n', ..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The decoded bytes, or the line and text of the error.
    type Decoded = Result<Vec<u8>, (usize, String)>;

    /// Returns the sections of a text, each with its line.
    fn read(text: impl AsRef<[u8]>) -> Vec<(usize, Decoded)> {
        let described = |broken: Broken| (broken.line, broken.flaw.to_string());
        let sections = sections(text.as_ref());
        sections
            .map(|section| (section.line, section.decode().map_err(described)))
            .collect()
    }

    fn armour(body: &str) -> String {
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    }

    #[test]
    fn sections_are_found_in_every_kind_of_file() {
        let one = armour("b25l");
        let glued = one.trim_end();
        for text in [
            one.clone(),
            format!("\u{feff}{one}"),
            one.replace('\n', "\r\n"),
            one.replace('\n', "\r"),
            one.replace('\n', "  \n\n\t"),
            one.replace('\n', " "),
            format!("subject=/CN=x\n    Data: y\n{one}-- end of begin --\n"),
            glued.to_owned(),
            armour("b25 l"),
            armour("b\n2\n5\nl\n"),
            armour("Comment: a\n b: c\nX-Y: z\n\nb25l"),
            armour("Comment: a\nb25l"),
            one.replace("CERTIFICATE", "X509 CERTIFICATE"),
            one.replace("BEGIN", "-BEGIN")
                .replace("-----\n", "------\n"),
        ] {
            let found = read(&text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].1, Ok(b"one".to_vec()), "{text}");
        }
        for between in ["", "-", "----", "# two", "\u{feff}"] {
            let found = read(format!("{glued}{between}{}", armour("dHdv")));
            let expected = [(1, Ok(b"one".to_vec())), (3, Ok(b"two".to_vec()))];
            assert_eq!(found, expected, "{between:?}");
        }
        let shared = glued.strip_suffix("-----").unwrap().to_owned() + &armour("dHdv");
        assert_eq!(read(shared).len(), 2);
    }

    #[test]
    fn the_padding_of_base64_may_be_left_out() {
        for (text, bytes) in [
            ("YQ==", &b"a"[..]),
            ("YQ", b"a"),
            ("YQ=", b"a"),
            ("YWI=", b"ab"),
            ("YWI", b"ab"),
            ("YWJj", b"abc"),
            ("+/+/", &[0xfb, 0xff, 0xbf]),
        ] {
            assert_eq!(read(armour(text))[0].1.as_deref(), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn malformed_sections_are_reported_with_their_line() {
        let (begin, end) = (
            "-----BEGIN CERTIFICATE-----\n",
            "-----END CERTIFICATE-----\n",
        );
        let sound = armour("b25l");
        for (broken, line, words) in [
            (armour("b25l\nb2!l"), 3, "! is not base64"),
            (armour("b25l\n\nb2\u{a0}l"), 4, "\\u{a0} is not base64"),
            (armour("b25l\\nb25l"), 2, "\\n"),
            (armour("b2=l"), 2, "padding"),
            (armour("b25lb"), 3, "a character of the base64 is missing"),
            (armour(" "), 1, "nothing between"),
            (format!("{begin}b25l\n"), 1, "before the next BEGIN"),
            (format!("{begin}{begin}{sound}"), 1, "before the next BEGIN"),
            (
                sound.replace("END CERT", "END X CERT"),
                1,
                "END says X CERT",
            ),
            (
                sound.replace("END CERTIFICATE-----", "END CERTIFICATE--"),
                1,
                "should be -----END",
            ),
            (
                sound.replace("-----END", "---END"),
                1,
                "should be -----END CERTIFICATE-----",
            ),
            (
                sound.replace("-----BEGIN", "----BEGIN"),
                1,
                "should be -----BEGIN CERTIFICATE-----",
            ),
            (
                sound.replace("-----BEGIN", "----- BEGIN"),
                1,
                "should be -----BEGIN",
            ),
            (
                sound.replace("-----BEGIN", "\u{2014}\u{2013}BEGIN"),
                1,
                "should be -----BEGIN",
            ),
            (sound.replace("BEGIN", "begin"), 1, "should be -----BEGIN"),
            (
                format!("b25l\n{end}"),
                2,
                "-----BEGIN CERTIFICATE----- is missing",
            ),
        ] {
            let found = read(format!("{broken}{sound}"));
            let (_, first) = &found[0];
            let (at, reason) = first.as_ref().unwrap_err();
            assert_eq!(*at, line, "{broken}: {reason}");
            assert!(reason.contains(words), "{broken}: {reason}");
            assert!(reason.len() < 200 && !reason.contains('\n'), "{reason}");
            // The sections after it are still read.
            assert_eq!(found.last().unwrap().1, Ok(b"one".to_vec()), "{broken}");
        }
        let cut = read(format!("{sound}{begin}b25l"));
        assert_eq!(cut[1].1.as_ref().unwrap_err().0, 4);
        assert!(cut[1].1.as_ref().unwrap_err().1.contains("is it complete?"));
    }

    proptest! {
        #[test]
        fn every_begin_of_any_text_is_accounted_for(
            parts in prop::collection::vec(prop_oneof![
                Just("-----BEGIN ".to_owned()), Just("-----END ".to_owned()), Just("CERTIFICATE".to_owned()),
                Just("-----".to_owned()), Just("\n".to_owned()), Just("\r".to_owned()), Just("b25l".to_owned()),
                Just("-BEGIN X509 CRL".to_owned()), ".{0,4}",
            ], 0..30)
        ) {
            let text = parts.concat();
            let begins = text.matches("-----BEGIN ").count();
            let sections: Vec<_> = sections(text.as_bytes()).collect();
            prop_assert!(sections.len() >= begins, "{text:?}");
            prop_assert!(sections.is_sorted_by_key(|section| section.line));
            let decoded: usize = sections.iter().flat_map(Section::decode).map(|it| it.len()).sum();
            prop_assert!(decoded <= text.len());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            sections(&bytes).for_each(|section| drop(section.decode()));
        }
    }
}
