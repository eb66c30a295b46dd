//! Replaces texts in evidence and errors. Only words of this program stay: everything else may contain
//! what a server wrote.

use super::Anonymizer;
use crate::observation::Failure;
use crate::tls::AlertDescription;
use crate::verdict::{Finding, Value};

/// Evidence whose texts are words of this program, or names of algorithms and protocols. Every other
/// text is replaced, so a new field is safe until it is listed here.
const OUR_WORDS: &[&str] = &[
    "accepted",
    "certificate",
    "cipher",
    "completed_by",
    "connects",
    "contradicted_by",
    "fails",
    "field",
    "findings",
    "hash",
    "hint",
    "key",
    "kind",
    "positions",
    "reason",
    "refused",
    "rules",
    "service",
    "signature",
    "source",
    "verdict",
    "version",
    "versions",
    "weakness",
    "why",
];

/// Evidence that contains names of hosts.
const NAMES: &[&str] = &["asked", "presented", "nearest", "names", "common_name"];

/// Evidence that contains hashes or serial numbers of certificates.
const HASHES: &[&str] = &["fingerprint", "fingerprints", "serial", "append"];

/// Number of seconds in a day.
const DAY: i64 = 86_400;

/// Longest text of a failure that is kept.
const LONGEST: usize = 40;

/// The values of a row that must not appear anywhere in it.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Creates the list. Texts are compared in lower case; very short ones would be found everywhere.
    pub(super) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let texts = texts.into_iter().map(|text| text.to_lowercase());
        Self(texts.filter(|text| text.len() > 2).collect())
    }

    /// Returns true if the text contains one of the values.
    pub(super) fn in_text(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.0.iter().any(|secret| text.contains(secret))
    }
}

impl Anonymizer {
    pub(super) fn finding(&self, finding: &Finding, secrets: &Secrets) -> Finding {
        let evidence = finding.evidence.iter();
        Finding {
            evidence: evidence
                .map(|(name, value)| (*name, self.value(name, value, secrets)))
                .collect(),
            ..finding.clone()
        }
    }

    fn value(&self, name: &str, value: &Value, secrets: &Secrets) -> Value {
        match value {
            Value::Text(text) => Value::Text(self.word(name, text, secrets)),
            Value::List(words) => {
                let words = words.iter().map(|word| self.word(name, word, secrets));
                Value::List(words.collect())
            }
            // The second at which a certificate begins or ends is as good as its hash.
            Value::Time(time) if self.hashes() => {
                let seconds = time.as_second();
                let day = seconds - seconds.rem_euclid(DAY);
                Value::Time(jiff::Timestamp::from_second(day).unwrap_or_default())
            }
            Value::Term(_) | Value::Time(_) | Value::Number(_) | Value::Flag(_) => value.clone(),
        }
    }

    fn word(&self, name: &str, text: &str, secrets: &Secrets) -> String {
        if HASHES.contains(&name) {
            return match self.hashes() {
                true => self.fingerprint(text.as_bytes()).to_string(),
                false => text.to_owned(),
            };
        }
        let found = secrets.in_text(text);
        let ours = OUR_WORDS.contains(&name);
        match self.names() {
            _ if text.is_empty() => String::new(),
            true if NAMES.contains(&name) => self.name_or_address(text),
            true if ours && !found => text.to_owned(),
            true if ["detail", "reply", "injected", "spoken"].contains(&name) => {
                self.failure_text(text, secrets).to_owned()
            }
            true => self.text(text),
            false if found => self.name_or_address(text),
            false => text.to_owned(),
        }
    }

    /// Returns the pseudonym that the text has as a host name or address elsewhere.
    fn name_or_address(&self, text: &str) -> String {
        match text.parse() {
            Ok(address) => self.ip(address).to_string(),
            Err(_) if self.names() && !text.contains(' ') => self.name(text),
            Err(_) => self.text(text),
        }
    }

    pub(super) fn failure(&self, failure: &Failure, secrets: &Secrets) -> Failure {
        Failure {
            detail: self.failure_text(&failure.detail, secrets).to_owned(),
            ..failure.clone()
        }
    }

    /// Returns the text if it can only be a word of this program, and otherwise an empty one.
    pub(super) fn failure_text<'a>(&self, text: &'a str, secrets: &Secrets) -> &'a str {
        if !self.names() {
            return if secrets.in_text(text) { "" } else { text };
        }
        let word = |text: &str| {
            let letters = |byte: u8| matches!(byte, b'a'..=b'z' | b'_' | b' ');
            text.len() <= LONGEST && text.bytes().all(letters)
        };
        let ours = word(text)
            || text
                .strip_prefix("chose TLSv1")
                .is_some_and(|rest| rest.len() <= 2)
            || AlertDescription::displayed_as(text).is_some();
        if ours && !secrets.in_text(text) {
            text
        } else {
            ""
        }
    }
}
