//! The dialogue in clear before TLS, as it was said.

use serde::{Deserialize, Serialize};

/// The most that is kept of one dialogue, as escaped: enough for every dialogue that
/// leads to TLS, and for the beginning of those that do not.
const MAX_KEPT: usize = 4 * 1024;

/// The most turns that are kept: a dialogue has eight, and one that comes byte by byte no more.
const MAX_TURNS: usize = 32;

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// We did.
    Client,
    /// The server did.
    Server,
}

/// What was said before TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// In turn, each text with everything escaped that is not printable ASCII (`\r\n`, `\xff`).
    pub turns: Vec<(Said, String)>,
    /// Whether more was said than was kept.
    pub cut: bool,
    /// What the server sent in clear after its go-ahead and before our hello, escaped likewise.
    /// Nothing belongs there.
    pub injected: Option<String>,
}

impl Transcript {
    /// Adds what one side said; its turn goes on while the other is silent.
    pub fn add(&mut self, said: Said, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let kept: usize = self.turns.iter().map(|(_, text)| text.len()).sum();
        let (text, cut) = escaped(bytes, MAX_KEPT.saturating_sub(kept));
        self.cut |= cut;
        let full = self.turns.len() >= MAX_TURNS;
        match self.turns.last_mut() {
            Some((last, texts)) if *last == said => texts.push_str(&text),
            _ if full => self.cut = true,
            _ => self.turns.push((said, text)),
        }
    }

    /// Notes what came after the go-ahead, if anything did.
    pub fn inject(&mut self, bytes: &[u8]) {
        self.injected = (!bytes.is_empty()).then(|| escaped(bytes, MAX_KEPT).0);
    }

    /// Whether the server said anything.
    pub fn heard(&self) -> bool {
        self.turns.iter().any(|(said, _)| *said == Said::Server)
    }
}

/// The bytes in at most so many characters, and whether there are more.
fn escaped(bytes: &[u8], room: usize) -> (String, bool) {
    let mut text = String::new();
    for byte in bytes {
        let byte = byte.escape_ascii();
        if text.len() + byte.len() > room {
            return (text, true);
        }
        text.extend(byte.map(char::from));
    }
    (text, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_goes_on_until_the_other_speaks() {
        let mut transcript = Transcript::default();
        transcript.add(Said::Server, b"220 a\r");
        transcript.add(Said::Server, b"\n");
        transcript.add(Said::Client, b"QUIT\r\n");
        transcript.add(Said::Server, b"");
        let turns = [
            (Said::Server, "220 a\\r\\n".to_owned()),
            (Said::Client, "QUIT\\r\\n".to_owned()),
        ];
        assert_eq!(transcript.turns, turns);
        assert!(!transcript.cut && transcript.injected.is_none());
    }

    #[test]
    fn what_is_kept_is_bounded_and_safe_to_show() {
        let mut transcript = Transcript::default();
        for _ in 0..100 {
            transcript.add(Said::Server, &[0x1B; 100]);
            transcript.add(Said::Client, b"x");
        }
        transcript.inject(&[0xFF; 100_000]);
        assert!(transcript.cut);
        assert!(transcript.turns.len() <= MAX_TURNS);
        let injected = transcript.injected.unwrap();
        let texts: String = transcript.turns.into_iter().map(|(_, text)| text).collect();
        for text in [texts, injected] {
            assert!(text.len() <= MAX_KEPT && text.bytes().all(|b| b.is_ascii_graphic()));
        }
    }
}
