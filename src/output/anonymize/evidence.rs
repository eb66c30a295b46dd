//! Replaces texts in evidence and errors. What happens to a text depends on its field: words of this
//! program stay, and everything that a server may have written is replaced or dropped.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::Anonymizer;
use crate::observation::{Failure, PHRASES, Reason};
use crate::tls::{AlertDescription, ProtocolVersion, SPOKEN};
use crate::verdict::{Finding, FindingId, Value};

/// Number of seconds in a day.
const DAY: i64 = 86_400;

/// What a field of evidence contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Words of this program, or names of algorithms and protocols.
    Words,
    /// Names of hosts, or addresses.
    Names,
    /// Hashes or serial numbers of certificates.
    Hashes,
    /// A word of this program, or a message of a server, resolver or system.
    Message,
    /// A message that only this program writes. It may describe a certificate.
    OwnMessage,
    /// Any other text.
    Text,
}

impl Content {
    /// Returns the content of a field. A new field is replaced until it is listed here.
    fn of(finding: FindingId, field: &str) -> Self {
        match field {
            // The OIDs in it look like addresses.
            "detail" if finding == FindingId::InvalidCertificate => Self::OwnMessage,
            "detail" | "injected" | "reply" | "spoken" => Self::Message,
            "asked" | "belongs_to" | "common_name" | "names" | "nearest" | "presented" => {
                Self::Names
            }
            "append" | "fingerprint" | "fingerprints" | "serial" => Self::Hashes,
            "accepted" | "certificate" | "cipher" | "completed_by" | "connects"
            | "contradicted_by" | "fails" | "field" | "findings" | "hash" | "hint" | "key"
            | "kind" | "positions" | "reason" | "refused" | "rules" | "service" | "signature"
            | "source" | "verdict" | "version" | "versions" | "weakness" | "why" => Self::Words,
            _ => Self::Text,
        }
    }
}

impl Anonymizer {
    pub(super) fn finding(&self, finding: &Finding) -> Finding {
        let evidence = finding.evidence.iter();
        Finding {
            evidence: evidence
                .map(|(field, value)| {
                    let content = Content::of(finding.id, field);
                    (*field, self.value(content, value))
                })
                .collect(),
            ..finding.clone()
        }
    }

    fn value(&self, content: Content, value: &Value) -> Value {
        match value {
            Value::Text(text) => Value::Text(self.word(content, text)),
            Value::List(words) => {
                let words = words.iter().map(|word| self.word(content, word));
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

    fn word(&self, content: Content, text: &str) -> String {
        match content {
            Content::Words => text.to_owned(),
            Content::Names => self.presented(text),
            Content::Hashes if self.hashes() => self.fingerprint(text.as_bytes()).to_string(),
            Content::OwnMessage if !self.names() => text.to_owned(),
            Content::OwnMessage | Content::Message => self.message(text),
            Content::Hashes | Content::Text => self.text(text),
        }
    }

    /// Returns a name or address with the pseudonym that it has elsewhere in the row.
    fn presented(&self, text: &str) -> String {
        let is_name = !text.contains([' ', ':', '=']);
        match text.parse() {
            Ok(address) => self.address(address).to_string(),
            Err(_) if is_name => self.dns(text),
            Err(_) => self.text(text),
        }
    }

    pub(super) fn failure(&self, failure: &Failure) -> Failure {
        Failure {
            detail: self.message(&failure.detail),
            ..failure.clone()
        }
    }

    /// Returns the message. If host names are replaced, it is empty unless it is a word of this
    /// program.
    pub(super) fn message(&self, text: &str) -> String {
        match self.names() {
            true if is_word(text) => text.to_owned(),
            true => String::new(),
            false => self.text(text),
        }
    }
}

/// Returns true if the text is an alert, a protocol, a reason or another text of a fixed list.
fn is_word(text: &str) -> bool {
    let reason: StrDeserializer<'_, Error> = text.into_deserializer();
    AlertDescription::displayed_as(text).is_some()
        || SPOKEN.contains(&text)
        || PHRASES.iter().any(|(phrase, _)| *phrase == text)
        || Reason::deserialize(reason).is_ok()
        || is_choice(text)
}

/// Returns true for `chose TLSv1.2` and `chose TLSv1.2, which was not on offer`.
fn is_choice(text: &str) -> bool {
    let version = text.strip_prefix("chose ");
    let version = version.map(|it| it.strip_suffix(", which was not on offer").unwrap_or(it));
    version.is_some_and(|name| ProtocolVersion::ALL.iter().any(|it| it.name() == name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::HashKey;
    use crate::judge::findings::FINDINGS;
    use crate::output::Group;

    fn anonymizer(group: Group) -> Anonymizer {
        Anonymizer::new([group], [], HashKey::from_bytes(b"a key of a test"))
    }

    #[test]
    fn words_of_this_program_stay() {
        let hosts = anonymizer(Group::Host);
        for word in [
            "handshake_failure",
            "alert 200",
            "http",
            "smtp or ftp",
            "refused",
            "close",
            "out of time",
            "chose TLSv1.2",
            "chose SSLv3, which was not on offer",
        ] {
            assert_eq!(hosts.message(word), word);
        }
    }

    #[test]
    fn messages_of_servers_are_dropped() {
        let hosts = anonymizer(Group::Host);
        for message in [
            "ready at the secret host",
            "mail",
            "chose mail",
            "Refused",
            "",
        ] {
            assert_eq!(hosts.message(message), "");
        }
        let addresses = anonymizer(Group::Address);
        let message = addresses.message("550 192.0.2.7 is blocked");
        assert!(message.starts_with("550 fd") && message.ends_with(" is blocked"));
    }

    #[test]
    fn evidence_is_replaced_by_its_field() {
        let (hosts, addresses) = (anonymizer(Group::Host), anonymizer(Group::Address));
        let said = "192.0.2.7 secret";
        for definition in FINDINGS {
            for (field, _) in definition.evidence {
                let content = Content::of(definition.id, field);
                let kept = hosts.word(content, said).contains("secret");
                assert_eq!(kept, content == Content::Words, "{field}");
                let kept = addresses.word(content, said).contains("192.0.2.7");
                let own = matches!(content, Content::Words | Content::OwnMessage);
                assert_eq!(kept, own, "{field}");
            }
        }
    }
}
