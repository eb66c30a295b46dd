//! The endpoint and the reason for the verdict, as text for people. The text is built from the
//! record and from the evidence of its findings. What a finding means is in its definition.

mod evidence;
mod phrases;

use super::columns::own_finding;
use super::names::Word;
use super::{Clean, Leaf, Record};
use crate::observation::{Failure, Reason, Stage};
use crate::verdict::{FindingId, Value, VerdictKind};
use phrases::{LONGEST_TEXT, add, days, issuer, shown_name};

/// Returns the endpoint. Its first word is a form that `scan` accepts as a target. The address is
/// included if the target gave it, or if `addresses` is true. An internationalised name is followed
/// by its ASCII form, and a host that was asked for under another name by that name: the verdict is
/// about that name.
pub fn place(record: &Record<'_>, addresses: bool) -> String {
    let mut place = match record.service {
        "tls" | "https" => String::new(),
        service => format!("{service}://"),
    };
    let named = record.host.parse::<std::net::IpAddr>().is_err();
    let host = record.host_unicode.as_deref().unwrap_or(&record.host);
    match record.ip {
        Some(ip) if named && (addresses || record.pinned) => {
            add(&mut place, format_args!("{}@", Clean::new(host)));
            bracketed(&mut place, &ip.to_string());
        }
        _ => bracketed(&mut place, host),
    }
    add(&mut place, format_args!(":{}", record.port));
    if record.host_unicode.is_some() {
        add(&mut place, format_args!(" ({})", Clean::new(&record.host)));
    }
    if let Some(sni) = record.sni.filter(|sni| *sni != record.host) {
        add(&mut place, format_args!(" as {}", shown_name(sni)));
    }
    place
}

/// Returns the reason for the verdict in one line. The line does not repeat the verdict and is safe
/// to print.
pub fn why(record: &Record<'_>) -> String {
    let special = match record.verdict {
        VerdictKind::Ok => record.leaf.as_ref().map(|leaf| healthy(record, leaf)),
        VerdictKind::DnsFailure
        | VerdictKind::Unreachable
        | VerdictKind::NotTls
        | VerdictKind::HandshakeFailed => failed(record),
        VerdictKind::StarttlsUnavailable => record.error.map(|error| upgrade(record, error)),
        _ => evidence::described(record),
    };
    special.unwrap_or_else(|| evidence::listed(record))
}

/// Returns the ids of all findings except the verdict's own, in order. Old versions are named.
pub(super) fn others(record: &Record<'_>) -> impl Iterator<Item = String> {
    let own = usize::from(own_finding(record).is_some());
    record.findings.0[own..].iter().map(|finding| {
        let mut evidence = finding.evidence.iter();
        match (finding.id, evidence.find(|(name, _)| *name == "versions")) {
            (FindingId::LegacyTlsEnabled, Some((_, Value::List(versions)))) => {
                format!("{} ({})", finding.id, versions.join(", "))
            }
            _ => finding.id.to_string(),
        }
    })
}

fn healthy(record: &Record<'_>, leaf: &Leaf<'_>) -> String {
    let mut parts = Vec::with_capacity(3);
    parts.extend(
        record
            .tls
            .as_ref()
            .and_then(|tls| Some(tls.version?.to_string())),
    );
    parts.extend(leaf.days_left.map(|left| format!("{} left", days(left))));
    parts.extend(issuer(leaf));
    parts.join(", ")
}

/// Returns why TLS could not start. If the port speaks TLS from the first byte, that is more useful
/// than the failure itself.
fn upgrade(record: &Record<'_>, error: &Failure) -> String {
    let evidence = own_finding(record).map_or(&[][..], |finding| &finding.evidence);
    match evidence.contains(&("implicit_tls", Value::Flag(true))) {
        true => format!("implicit TLS, no {} before it", record.service),
        false => failure_message(error),
    }
}

/// Returns the failure that ended the visit.
fn failed(record: &Record<'_>) -> Option<String> {
    match record.error {
        Some(failure) => Some(failure_message(failure)),
        // The only handshake failure without an error: the handshake reached its end.
        None => (record.verdict == VerdictKind::HandshakeFailed).then(|| KEY_NOT_PROVEN.to_owned()),
    }
}

const KEY_NOT_PROVEN: &str = "did not prove possession of its certificate's private key";

fn failure_message(failure: &Failure) -> String {
    let detail = Clean::bounded(&failure.detail, LONGEST_TEXT).to_string();
    let has_detail = failure.detail.chars().any(char::is_alphanumeric);
    match (failure.reason, has_detail) {
        (Reason::Nxdomain, _) => "no such name (nxdomain)".to_owned(),
        (Reason::Servfail, _) => "the DNS lookup failed (servfail)".to_owned(),
        (Reason::ResolverError, true) => {
            format!("the DNS resolver answered with an error: {detail}")
        }
        (Reason::NoResolver, true) => format!("no DNS resolver can be reached: {detail}"),
        (Reason::NoResolver, false) => "no DNS resolver can be reached".to_owned(),
        (Reason::NoAddress, _) => "the name has no address".to_owned(),
        (Reason::InvalidName, true) => format!("not a host name: {detail}"),
        (Reason::InvalidName, false) => "not a host name".to_owned(),
        (Reason::Timeout, _) => silence(failure.stage).to_owned(),
        (Reason::Refused, _) => "connection refused".to_owned(),
        (Reason::Reset, _) => "connection reset".to_owned(),
        (Reason::Eof, _) => "connection closed during the handshake".to_owned(),
        (Reason::UnusableAddress, true) => format!("no usable address: {detail}"),
        (Reason::AddressDead, _) => {
            "not tried: this address did not answer earlier connections".to_owned()
        }
        (Reason::AllSilent, _) => "not tried: all addresses stopped answering".to_owned(),
        (Reason::LocalLimit, true) => format!("limit of this machine: {detail}"),
        (Reason::NotTls, true) => format!("not TLS: {detail}"),
        (Reason::NotTls, false) => "not TLS: unknown bytes".to_owned(),
        (Reason::Alert, true) => format!("alert {detail}"),
        (Reason::Malformed, true) => format!("malformed response: {detail}"),
        (Reason::TooLarge, true) => format!("response too large: {detail}"),
        (Reason::TooLarge, false) => "response too large".to_owned(),
        (Reason::ScannerLimit, _) => format!("limit of this scanner: {}", failure.detail),
        (Reason::KeyNotProven, _) => KEY_NOT_PROVEN.to_owned(),
        (Reason::Anonymous, true) => format!("no certificate (anonymous suite {detail})"),
        (reason, true) => format!("{} ({detail})", Word(&reason).to_string().replace('_', " ")),
        (reason, false) => Word(&reason).to_string().replace('_', " "),
    }
}

/// Returns which step timed out.
fn silence(stage: Stage) -> &'static str {
    match stage {
        Stage::Dns => "no answer from the resolver (timeout)",
        Stage::Connect => "no answer to the connection (timeout)",
        Stage::Starttls | Stage::Handshake => "handshake not finished in time (timeout)",
    }
}

/// Appends a host. An IPv6 address is written in brackets, as in targets and URLs.
fn bracketed(place: &mut String, host: &str) {
    match host.contains(':') {
        true => add(place, format_args!("[{}]", Clean::new(host))),
        false => add(place, format_args!("{}", Clean::new(host))),
    }
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
    fn names_are_shown_as_they_are_written_and_as_they_were_asked_for() {
        let unicode = samples::expired_at("xn--bro-hoa.example");
        let mut record = unicode.record();
        assert_eq!(record.host_unicode.as_deref(), Some("büro.example"));
        let shown = "büro.example:443 (xn--bro-hoa.example)";
        assert_eq!(place(&record, false), shown);
        record.sni = Some("www.example");
        assert_eq!(place(&record, false), format!("{shown} as www.example"));
        // Looks like `apple`.
        let hostile = samples::expired_at("xn--80ak6aa92e.example");
        assert_eq!(hostile.record().host_unicode, None);
        assert_eq!(
            place(&hostile.record(), false),
            "xn--80ak6aa92e.example:443"
        );
        let other = samples::expired();
        let mut other = other.record();
        other.sni = Some("xn--bro-hoa.example");
        other.service = "smtp";
        assert_eq!(
            place(&other, true),
            "smtp://shop.example@192.0.2.7:443 as büro.example (xn--bro-hoa.example)"
        );
    }

    #[test]
    fn hostile_text_is_shown_in_printable_form() {
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
}
