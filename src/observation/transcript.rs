//! The plaintext dialogue before TLS.

use serde::{Deserialize, Serialize};

/// Maximum number of characters kept of one dialogue, after escaping. It is enough for every dialogue
/// that leads to TLS, and for the start of the others.
const MAX_KEPT: usize = 4 * 1024;

/// Maximum number of turns kept. A normal dialogue has eight; consecutive reads of one side count as one.
const MAX_TURNS: usize = 32;

/// The sender of a part of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// This scanner.
    Client,
    /// The server.
    Server,
}

/// The dialogue before TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The turns in order. Everything except printable ASCII is escaped (`\r\n`, `\xff`).
    pub turns: Vec<(Said, String)>,
    /// True if the dialogue was longer than what is kept.
    pub cut: bool,
    /// Plaintext that the server sent after it accepted the upgrade and before our ClientHello, escaped
    /// in the same way. A correct server sends nothing there.
    pub injected: Option<String>,
}

impl Transcript {
    /// Appends bytes of one side. They extend the current turn unless the other side spoke in
    /// between.
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

    /// Records the bytes received after the upgrade was accepted, unless there are none.
    pub fn inject(&mut self, bytes: &[u8]) {
        self.injected = (!bytes.is_empty()).then(|| escaped(bytes, MAX_KEPT).0);
    }

    /// Returns true if the server sent anything.
    pub fn heard(&self) -> bool {
        self.turns.iter().any(|(said, _)| *said == Said::Server)
    }
}

/// Returns the escaped bytes in at most `room` characters, and true if some did not fit.
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
    fn a_turn_continues_until_the_other_side_speaks() {
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
    fn the_transcript_is_bounded_and_safe_to_display() {
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
