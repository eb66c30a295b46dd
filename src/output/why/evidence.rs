//! Describes the evidence of a verdict in words. Evidence of a finding that has no text here is
//! listed field by field.

use jiff::Timestamp;

use super::words::{DAY, LONGEST_TEXT, add, day, issuer, past, shown_name, when};
use crate::output::columns::own_finding;
use crate::output::{Clean, Record};
use crate::verdict::{Value, VerdictKind};

/// Maximum number of evidence fields in a line, and of members shown of a list. The record has all
/// of them.
const MOST_EVIDENCE: usize = 4;
const MOST_WORDS: usize = 3;

/// Describes the evidence of a certificate verdict; returns `None` if a required field is missing.
pub(super) fn described(record: &Record<'_>) -> Option<String> {
    let evidence = Evidence(&own_finding(record)?.evidence);
    match record.verdict {
        VerdictKind::LegacyTlsOnly => {
            let version = evidence.text("version")?;
            Some(format!("accepts nothing newer than {version}"))
        }
        VerdictKind::Revoked => revoked(record, &evidence),
        VerdictKind::SelfSigned => {
            let ca = if evidence.flag("ca") {
                ", a CA certificate"
            } else {
                ""
            };
            Some(format!(
                "signed by itself{ca}: {}",
                evidence.text("subject")?
            ))
        }
        VerdictKind::MissingIntermediate => missing(&evidence),
        VerdictKind::UntrustedCa => {
            let issuer = evidence.text("issuer")?;
            Some(match evidence.raw("reason")? {
                "untrusted_root" => format!("root not trusted: {issuer}"),
                _ => format!("issuer not sent and unknown: {issuer}"),
            })
        }
        VerdictKind::InvalidCertificate => invalid(&evidence),
        VerdictKind::NameMismatch => mismatched(record, &evidence),
        VerdictKind::Expired => {
            let date = evidence.time("not_after")?;
            // Whole days, rounded down, as people count the past.
            let full = (record.judged_at.as_second() - date.as_second()).max(0) / DAY;
            let ago = format!("expired {} ({})", past(full), day(date));
            Some(dated(record, &evidence, &ago))
        }
        VerdictKind::NotYetValid => {
            let date = evidence.time("not_before")?;
            let from = format!("valid from {}", when(date, record.judged_at));
            Some(dated(record, &evidence, &from))
        }
        _ => None,
    }
}

/// For example `intermediate R11: revoked 2026-11-01 (21 days ago), key compromise; crl of
/// 2026-11-20`.
fn revoked(record: &Record<'_>, evidence: &Evidence<'_>) -> Option<String> {
    let mut words = match (evidence.raw("certificate")?, evidence.text("subject")) {
        ("leaf", _) | (_, None) => "revoked".to_owned(),
        (place, Some(subject)) => format!("{place} {subject}: revoked"),
    };
    if let Some(date) = evidence.time("revoked_at") {
        add(
            &mut words,
            format_args!(" {}", when(date, record.judged_at)),
        );
    }
    if let Some(reason) = evidence.raw("reason") {
        add(&mut words, format_args!(", {}", reason.replace('_', " ")));
    }
    add(&mut words, format_args!("; {}", evidence.raw("source")?));
    if let Some(date) = evidence.time("this_update") {
        add(&mut words, format_args!(" of {}", day(date)));
    }
    if let Some(others) = evidence.list("contradicted_by") {
        add(&mut words, format_args!(", but {others} says good"));
    }
    Some(words)
}

fn missing(evidence: &Evidence<'_>) -> Option<String> {
    if evidence.flag("confirmed") {
        let place = match evidence.raw("completed_by")? {
            "bundle" => "known from --intermediates".to_owned(),
            "aia" => format!("fetched from {}", evidence.list("fetched_from")?),
            _ => "seen elsewhere in this sweep".to_owned(),
        };
        return Some(format!(
            "not sent, but {place}: {}",
            evidence.list("missing")?
        ));
    }
    let issuer = evidence.text("issuer")?;
    let address = evidence.list("ca_issuers");
    let address = match evidence.list("aia_error") {
        Some(tried) => format!(" ({tried})"),
        None => address.map_or(String::new(), |address| format!(" (see {address})")),
    };
    Some(format!("issuer not sent: {issuer}{address}"))
}

/// For example `leaf: extended key usage (1.3.6.1.5.5.7.3.2)`. Names the subject if an intermediate
/// is at fault.
fn invalid(evidence: &Evidence<'_>) -> Option<String> {
    let mut words = match (evidence.raw("certificate"), evidence.text("subject")) {
        (Some("leaf"), _) => "leaf: ".to_owned(),
        (Some(place), Some(subject)) => format!("{place} {subject}: "),
        (Some(place), None) => format!("{place}: "),
        (None, _) => String::new(),
    };
    words.push_str(&evidence.raw("reason")?.replace('_', " "));
    let detail = evidence.text("detail").or(evidence.text("field"));
    if let Some(detail) = detail {
        add(&mut words, format_args!(" ({detail})"));
    }
    Some(words)
}

/// For example `certificate is for *.example (a wildcard covers one label)`. The requested name is
/// shown only if the endpoint does not show it.
fn mismatched(record: &Record<'_>, evidence: &Evidence<'_>) -> Option<String> {
    let asked = match evidence.raw("asked")? {
        asked if asked == record.host || Some(asked) == record.sni => String::new(),
        asked => format!("asked {}, ", shown_name(asked)),
    };
    let count = evidence.number("presented_count")?;
    if count == 0 {
        let common = match evidence.flag("common_name_matches") {
            true => "; its common name matches, but clients ignore the common name",
            false => "",
        };
        return Some(format!("{asked}certificate has no names (SAN){common}"));
    }
    let nearest = evidence.raw("nearest").filter(|name| !name.is_empty());
    let names = match nearest.map(shown_name) {
        Some(nearest) if count > 1 => format!("{nearest} and {} more", count - 1),
        Some(nearest) => nearest,
        None => evidence.list("presented")?,
    };
    let hint = match evidence.raw("hint") {
        Some("www_missing") => " (www is missing)",
        Some("apex_missing") => " (the bare domain is missing)",
        Some("wildcard_depth") => " (a wildcard covers one label)",
        Some("address_not_listed") => " (the address is not listed)",
        _ => "",
    };
    Some(format!("{asked}certificate is for {names}{hint}"))
}

/// Adds the certificate to the text of a date: the issuer of a leaf, or the subject of another
/// certificate of the path.
fn dated(record: &Record<'_>, evidence: &Evidence<'_>, words: &str) -> String {
    match (evidence.raw("certificate"), evidence.text("subject")) {
        (Some(place @ ("intermediate" | "root")), Some(subject)) => {
            format!("{place} {words}: {subject}")
        }
        _ => match record.leaf.as_ref().and_then(issuer) {
            Some(issuer) => format!("{words}, {issuer}"),
            None => words.to_owned(),
        },
    }
}

/// Lists the evidence as `name value`.
pub(super) fn listed(record: &Record<'_>) -> String {
    let finding = own_finding(record);
    let evidence = finding.map_or(&[][..], |finding| &finding.evidence);
    let visible = evidence.iter().filter(|(_, value)| is_shown(value));
    let words = visible
        .take(MOST_EVIDENCE)
        .map(|(name, value)| match value {
            Value::Flag(true) => name.replace('_', " "),
            Value::Flag(false) => format!("not {}", name.replace('_', " ")),
            value => format!("{} {}", name.replace('_', " "), shown(value, record)),
        });
    words.collect::<Vec<_>>().join(", ")
}

/// Returns true if a value is worth showing to people; empty texts and fingerprints are not.
fn is_shown(value: &Value) -> bool {
    match value {
        Value::Text(text) => {
            !(text.is_empty() || text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()))
        }
        Value::List(words) => !words.is_empty(),
        Value::Number(_) | Value::Flag(_) | Value::Time(_) => true,
    }
}

fn shown(value: &Value, record: &Record<'_>) -> String {
    match value {
        Value::Text(text) => Clean::bounded(text, LONGEST_TEXT).to_string(),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Time(time) => when(*time, record.judged_at),
        Value::List(words) => list(words),
    }
}

fn list(words: &[String]) -> String {
    let first = words.iter().take(MOST_WORDS);
    let first: Vec<String> = first
        .map(|word| Clean::bounded(word, LONGEST_TEXT).to_string())
        .collect();
    let more = words.len().saturating_sub(MOST_WORDS);
    match more {
        0 => first.join("; "),
        more => format!("{} and {more} more", first.join("; ")),
    }
}

/// Evidence, read by name, safe to show.
struct Evidence<'a>(&'a [(&'static str, Value)]);

impl<'a> Evidence<'a> {
    fn value(&self, name: &str) -> Option<&'a Value> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    /// Returns the unescaped text, to be compared but not displayed.
    fn raw(&self, name: &str) -> Option<&'a str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let text = self.raw(name).filter(|text| !text.is_empty())?;
        Some(Clean::bounded(text, LONGEST_TEXT).to_string())
    }

    fn list(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::List(words) if !words.is_empty() => Some(list(words)),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        match self.value(name)? {
            Value::Time(time) => Some(*time),
            _ => None,
        }
    }

    fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Value::Flag(true)))
    }
}
