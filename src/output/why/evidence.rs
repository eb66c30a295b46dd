//! Describes the evidence of a verdict as text. Evidence of a finding that has no text here is
//! listed field by field.

use jiff::Timestamp;

use super::phrases::{DAY, LONGEST_TEXT, add, day, issuer, past, shown_name, when};
use crate::output::columns::own_finding;
use crate::output::{Clean, Record};
use crate::verdict::{CompletedBy, NameHint, Position, Term, UntrustedReason, Value, VerdictKind};

/// Maximum number of evidence fields in a line, and of members shown of a list. The record has all
/// of them.
const MOST_EVIDENCE: usize = 4;
const MOST_MEMBERS: usize = 3;

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
            match evidence.term("reason")? {
                Term::UntrustedReason(UntrustedReason::UntrustedRoot) => {
                    Some(format!("root not trusted: {issuer}"))
                }
                _ => Some(format!("issuer not sent and unknown: {issuer}")),
            }
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
    let mut text = match (evidence.position()?, evidence.text("subject")) {
        (Position::Leaf, _) | (_, None) => "revoked".to_owned(),
        (position, Some(subject)) => format!("{position} {subject}: revoked"),
    };
    if let Some(date) = evidence.time("revoked_at") {
        add(&mut text, format_args!(" {}", when(date, record.judged_at)));
    }
    if let Some(reason) = evidence.text("reason") {
        add(&mut text, format_args!(", {}", reason.replace('_', " ")));
    }
    add(&mut text, format_args!("; {}", evidence.text("source")?));
    if let Some(date) = evidence.time("this_update") {
        add(&mut text, format_args!(" of {}", day(date)));
    }
    if let Some(others) = evidence.list("contradicted_by") {
        add(&mut text, format_args!(", but {others} says good"));
    }
    Some(text)
}

fn missing(evidence: &Evidence<'_>) -> Option<String> {
    if evidence.flag("confirmed") {
        let place = match evidence.term("completed_by")? {
            Term::CompletedBy(CompletedBy::Bundle) => "known from --intermediates".to_owned(),
            Term::CompletedBy(CompletedBy::Aia) => {
                format!("fetched from {}", evidence.list("fetched_from")?)
            }
            _ => "known from another host of this scan".to_owned(),
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
    let mut text = match (evidence.position(), evidence.text("subject")) {
        (Some(position), Some(subject)) if position != Position::Leaf => {
            format!("{position} {subject}: ")
        }
        (Some(position), _) => format!("{position}: "),
        (None, _) => String::new(),
    };
    text.push_str(&evidence.text("reason")?.replace('_', " "));
    let detail = evidence.text("detail").or(evidence.text("field"));
    if let Some(detail) = detail {
        add(&mut text, format_args!(" ({detail})"));
    }
    Some(text)
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
    let nearest = evidence.raw("nearest");
    let names = match nearest.map(shown_name) {
        Some(nearest) if count > 1 => format!("{nearest} and {} more", count - 1),
        Some(nearest) => nearest,
        None => evidence.list("presented")?,
    };
    let hint = match evidence.term("hint") {
        Some(Term::NameHint(NameHint::WwwMissing)) => " (www is missing)",
        Some(Term::NameHint(NameHint::ApexMissing)) => " (the bare domain is missing)",
        Some(Term::NameHint(NameHint::WildcardDepth)) => " (a wildcard covers one label)",
        Some(Term::NameHint(NameHint::AddressNotListed)) => " (the address is not listed)",
        _ => "",
    };
    Some(format!("{asked}certificate is for {names}{hint}"))
}

/// Adds the certificate to the text of a date: the issuer of a leaf, or the subject of another
/// certificate of the path.
fn dated(record: &Record<'_>, evidence: &Evidence<'_>, date: &str) -> String {
    match (evidence.position(), evidence.text("subject")) {
        (Some(position @ (Position::Intermediate | Position::Root)), Some(subject)) => {
            format!("{position} {date}: {subject}")
        }
        _ => match record.leaf.as_ref().and_then(issuer) {
            Some(issuer) => format!("{date}, {issuer}"),
            None => date.to_owned(),
        },
    }
}

/// Lists the evidence as `name value`.
pub(super) fn listed(record: &Record<'_>) -> String {
    let finding = own_finding(record);
    let evidence = finding.map_or(&[][..], |finding| &finding.evidence);
    let visible = evidence.iter().filter(|(_, value)| is_shown(value));
    let fields = visible
        .take(MOST_EVIDENCE)
        .map(|(name, value)| match value {
            Value::Flag(true) => name.replace('_', " "),
            Value::Flag(false) => format!("not {}", name.replace('_', " ")),
            value => format!("{} {}", name.replace('_', " "), shown(value, record)),
        });
    fields.collect::<Vec<_>>().join(", ")
}

/// Returns true if a value is worth showing to people; empty texts and fingerprints are not.
fn is_shown(value: &Value) -> bool {
    match value {
        Value::Text(text) => {
            !(text.is_empty() || text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()))
        }
        Value::List(members) => !members.is_empty(),
        Value::Term(_) | Value::Number(_) | Value::Flag(_) | Value::Time(_) => true,
    }
}

fn shown(value: &Value, record: &Record<'_>) -> String {
    match value {
        Value::Text(text) => Clean::bounded(text, LONGEST_TEXT).to_string(),
        Value::Term(term) => term.name().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Time(time) => when(*time, record.judged_at),
        Value::List(members) => list(members),
    }
}

fn list(members: &[String]) -> String {
    let first = members.iter().take(MOST_MEMBERS);
    let first: Vec<String> = first
        .map(|word| Clean::bounded(word, LONGEST_TEXT).to_string())
        .collect();
    let more = members.len().saturating_sub(MOST_MEMBERS);
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

    fn term(&self, name: &str) -> Option<Term> {
        match self.value(name)? {
            Value::Term(term) => Some(*term),
            _ => None,
        }
    }

    /// Returns the role of the certificate that the finding is about.
    fn position(&self) -> Option<Position> {
        match self.term("certificate")? {
            Term::Position(position) => Some(position),
            _ => None,
        }
    }

    /// Returns the unescaped text, to be compared but not displayed.
    fn raw(&self, name: &str) -> Option<&'a str> {
        self.value(name)?.as_text().filter(|text| !text.is_empty())
    }

    fn text(&self, name: &str) -> Option<String> {
        let text = self.raw(name)?;
        Some(Clean::bounded(text, LONGEST_TEXT).to_string())
    }

    fn list(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::List(members) if !members.is_empty() => Some(list(members)),
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
