//! One line for people: where, and why the verdict is what it is. It is made from the record's
//! facts and the evidence of its findings; what a finding means stands in its definition.

mod evidence;

use std::fmt::Write;

use jiff::Timestamp;

use super::columns::own_finding;
use super::names::Word;
use super::{Clean, Leaf, Record};
use crate::observation::{Failure, Reason, Stage};
use crate::verdict::{FindingId, Value, VerdictKind};

/// The longest text of others in a line: enough for nearly every name, subject and banner, and
/// short enough that what follows stays in sight.
const LONGEST_TEXT: usize = 60;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Where: the endpoint as a target that can be given to `scan` again. The address is named when
/// the target named it, or when asked for.
pub fn place(record: &Record<'_>, addresses: bool) -> String {
    let mut place = match record.service {
        "tls" | "https" => String::new(),
        service => format!("{service}://"),
    };
    let named = record.host.parse::<std::net::IpAddr>().is_err();
    match record.ip {
        Some(ip) if named && (addresses || record.pinned) => {
            add(&mut place, format_args!("{}@", Clean::new(&record.host)));
            bracketed(&mut place, &ip.to_string());
        }
        _ => bracketed(&mut place, &record.host),
    }
    add(&mut place, format_args!(":{}", record.port));
    place
}

/// Why: one line, safe to show, without the verdict's own word.
pub fn why(record: &Record<'_>) -> String {
    let own_words = match record.verdict {
        VerdictKind::Ok => record.leaf.as_ref().map(|leaf| healthy(record, leaf)),
        VerdictKind::DnsFailure
        | VerdictKind::Unreachable
        | VerdictKind::NotTls
        | VerdictKind::HandshakeFailed => failed(record),
        VerdictKind::StarttlsUnavailable => record.error.map(|error| upgrade(record, error)),
        _ => evidence::told(record),
    };
    own_words.unwrap_or_else(|| evidence::listed(record))
}

/// What was found beside the verdict: the ids of the other findings, in their order.
pub(super) fn others(record: &Record<'_>) -> impl Iterator<Item = FindingId> {
    let own = usize::from(own_finding(record).is_some());
    record.findings.0[own..].iter().map(|finding| finding.id)
}

fn healthy(record: &Record<'_>, leaf: &Leaf<'_>) -> String {
    let mut words = Vec::with_capacity(3);
    words.extend(
        record
            .tls
            .as_ref()
            .and_then(|tls| Some(tls.version?.to_string())),
    );
    words.extend(leaf.days_left.map(|left| format!("{} left", days(left))));
    words.extend(issuer(leaf));
    words.join(", ")
}

fn issuer(leaf: &Leaf<'_>) -> Option<String> {
    let name = leaf.issuer_name.or(leaf.issuer)?;
    Some(format!("issuer {}", Clean::bounded(name, LONGEST_TEXT)))
}

/// Why TLS could not begin; that it begins at once here is more than how that looked.
fn upgrade(record: &Record<'_>, error: &Failure) -> String {
    let evidence = own_finding(record).map_or(&[][..], |finding| &finding.evidence);
    match evidence.contains(&("implicit_tls", Value::Flag(true))) {
        true => format!("implicit TLS, no {} before it", record.service),
        false => failure_words(error),
    }
}

/// What ended the visit.
fn failed(record: &Record<'_>) -> Option<String> {
    match record.error {
        Some(failure) => Some(failure_words(failure)),
        // The one handshake that fails without an error: it went to its end.
        None => (record.verdict == VerdictKind::HandshakeFailed).then(|| KEY_NOT_PROVEN.to_owned()),
    }
}

const KEY_NOT_PROVEN: &str = "did not prove that it holds its certificate's key";

fn failure_words(failure: &Failure) -> String {
    let detail = Clean::bounded(&failure.detail, LONGEST_TEXT).to_string();
    let told = failure.detail.chars().any(char::is_alphanumeric);
    match (failure.reason, told) {
        (Reason::Nxdomain, _) => "no such name (nxdomain)".to_owned(),
        (Reason::Servfail, _) => "the name's servers give no answer (servfail)".to_owned(),
        (Reason::NoAddress, _) => "the name has no address".to_owned(),
        (Reason::InvalidName, true) => format!("not a host name: {detail}"),
        (Reason::InvalidName, false) => "not a host name".to_owned(),
        (Reason::Timeout, _) => silence(failure.stage).to_owned(),
        (Reason::Refused, _) => "connection refused".to_owned(),
        (Reason::Reset, _) => "connection reset".to_owned(),
        (Reason::Eof, _) => "connection closed during the handshake".to_owned(),
        (Reason::UnusableAddress, true) => format!("no usable address: {detail}"),
        (Reason::AddressDead, _) => "not asked: the address answered nobody".to_owned(),
        (Reason::AllSilent, _) => "not asked: no address answered any more".to_owned(),
        (Reason::LocalLimit, true) => format!("this machine ran out: {detail}"),
        (Reason::NotTls, true) => format!("not TLS: {detail}"),
        (Reason::NotTls, false) => "not TLS: unknown bytes".to_owned(),
        (Reason::Alert, true) => format!("alert {detail}"),
        (Reason::Malformed, true) => format!("malformed answer: {detail}"),
        (Reason::TooLarge, true) => format!("answer too large: {detail}"),
        (Reason::TooLarge, false) => "answer too large".to_owned(),
        (Reason::ScannerLimit, _) => format!("a limit of this scanner: {}", failure.detail),
        (Reason::KeyNotProven, _) => KEY_NOT_PROVEN.to_owned(),
        (Reason::Anonymous, true) => format!("no certificate (anonymous suite {detail})"),
        (reason, true) => format!("{} ({detail})", Word(&reason).to_string().replace('_', " ")),
        (reason, false) => Word(&reason).to_string().replace('_', " "),
    }
}

/// Which silence a timeout was.
fn silence(stage: Stage) -> &'static str {
    match stage {
        Stage::Dns => "no answer from the resolver (timeout)",
        Stage::Connect => "no answer to the connection (timeout)",
        Stage::Starttls | Stage::Handshake => "handshake not finished in time (timeout)",
    }
}

/// A day and how far it is: `2026-11-10 (12 days ago)`.
fn when(time: Timestamp, now: Timestamp) -> String {
    let day = day(time);
    let far = (time.as_second() - now.as_second()) / DAY;
    match far {
        0 => format!("{day} (today)"),
        ..0 => format!("{day} ({})", past(-far)),
        1.. => format!("{day} (in {})", days(far)),
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

fn past(full_days: i64) -> String {
    match full_days {
        0 => "today".to_owned(),
        full => format!("{} ago", days(full)),
    }
}

fn days(count: i64) -> String {
    match count {
        1 => "1 day".to_owned(),
        count => format!("{count} days"),
    }
}

/// Adds a host; an IPv6 address in brackets, as targets and URLs write it.
fn bracketed(place: &mut String, host: &str) {
    match host.contains(':') {
        true => add(place, format_args!("[{}]", Clean::new(host))),
        false => add(place, format_args!("{}", Clean::new(host))),
    }
}

fn add(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    #[test]
    fn lines_say_why() {
        for (sample, expected) in [
            (samples::healthy(), "TLSv1.3, 63 days left, issuer R11"),
            (
                samples::expired(),
                "expired 12 days ago (2026-11-10), issuer R11",
            ),
            (
                samples::early(),
                "valid from 2026-12-02 (in 9 days), issuer R11",
            ),
            (samples::unresolved(), "no such name (nxdomain)"),
            (samples::refused(), "connection refused"),
            (samples::unreadable(), "leaf: unparseable (validity)"),
            (
                samples::mismatched(),
                "certificate is for shop.example and 1 more (www is missing)",
            ),
        ] {
            assert_eq!(why(&sample.record()), expected);
        }
    }

    #[test]
    fn places_can_be_scanned_again() {
        for (sample, plain, addressed) in [
            (
                samples::expired(),
                "shop.example:443",
                "shop.example@192.0.2.7:443",
            ),
            (
                samples::unresolved(),
                "gone.example:443",
                "gone.example:443",
            ),
            (
                samples::refused(),
                "[2001:db8::1]:8443",
                "[2001:db8::1]:8443",
            ),
            (
                samples::mismatched(),
                "www.shop.example@192.0.2.7:443",
                "www.shop.example@192.0.2.7:443",
            ),
        ] {
            assert_eq!(place(&sample.record(), false), plain);
            assert_eq!(place(&sample.record(), true), addressed);
        }
    }

    #[test]
    fn nothing_hostile_is_shown_as_it_is() {
        let sample = samples::hostile();
        let line = format!(
            "{} {}",
            place(&sample.record(), true),
            why(&sample.record())
        );
        assert!(
            line.chars().all(super::super::clean::is_printable),
            "{line}"
        );
    }

    #[test]
    fn days_are_told_as_people_do() {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        for (time, told) in [
            ("2026-11-22T20:00:00Z", "2026-11-22 (today)"),
            ("2026-11-23T09:00:00Z", "2026-11-23 (in 1 day)"),
            ("2026-11-10T00:00:00Z", "2026-11-10 (12 days ago)"),
            ("2026-11-21T07:00:00Z", "2026-11-21 (1 day ago)"),
        ] {
            assert_eq!(when(time.parse().unwrap(), now), told);
        }
    }
}
