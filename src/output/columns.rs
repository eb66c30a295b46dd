//! The columns of flat formats. A nested field of the record becomes one column, with the names
//! joined by `_`. A new column needs one entry in `COLUMNS`.

use std::fmt::{Display, Write};

use serde::Serialize;

use super::facts::{Accepted, AlpnAccepted, FactsAsked, GroupsByVersion, SuitesByVersion};
use super::jsonl::Printable;
use super::names::Word;
use super::{Leaf, Record, Revocation, Tls};
use crate::observation::Failure;
use crate::verdict::{Finding, Value, VerdictKind};

/// Origin of the text in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This program: numbers, dates, hashes and words of fixed lists.
    Ours,
    /// A server or an inventory: the text must be escaped.
    Others,
}

/// A column of a flat format.
pub struct Column {
    /// Name of the column.
    pub name: &'static str,
    /// Description of its contents.
    pub doc: &'static str,
    /// Origin of its text.
    pub origin: Origin,
    /// Appends the cell of a record to an empty string; an unknown value appends nothing.
    pub write: fn(&Record<'_>, &mut String),
}

const fn ours(
    name: &'static str,
    doc: &'static str,
    write: fn(&Record<'_>, &mut String),
) -> Column {
    Column {
        name,
        doc,
        origin: Origin::Ours,
        write,
    }
}

const fn others(
    name: &'static str,
    doc: &'static str,
    write: fn(&Record<'_>, &mut String),
) -> Column {
    Column {
        name,
        doc,
        origin: Origin::Others,
        write,
    }
}

/// All columns, in order.
#[rustfmt::skip]
pub const COLUMNS: &[Column] = &[
    ours("schema", "version of the record format", |r, cell| put(r.schema, cell)),
    others("target", "the target as written in the inventory", |r, cell| put(r.target, cell)),
    others("host", "the host name or IP address of the target", |r, cell| put(&r.host, cell)),
    others("host_unicode", "the Unicode form of an internationalised host name; empty for other names", |r, cell| some(r.host_unicode.as_ref(), cell)),
    others("sni", "the name sent as server name indication (SNI); empty if none was sent", |r, cell| some(r.sni, cell)),
    ours("ip", "the IP address that this row is about; empty if the name has none", |r, cell| some(r.ip, cell)),
    ours("addresses_tried", "number of addresses of the name that were tried", |r, cell| some(r.addresses.as_ref().map(|it| it.tried), cell)),
    ours("addresses_of", "number of known addresses of the name", |r, cell| some(r.addresses.as_ref().map(|it| it.of), cell)),
    ours("addresses_complete", "true if all wanted address families were looked up", |r, cell| some(r.addresses.as_ref().map(|it| it.complete), cell)),
    ours("addresses_failed", "the other addresses tried and why each failed, as `address=reason`, separated by spaces", |r, cell| spaced(r.addresses.iter().flat_map(|it| &it.failed).map(|it| format!("{}={}", it.ip, Word(&it.kind))), cell)),
    ours("port", "TCP port", |r, cell| put(r.port, cell)),
    ours("service", "the service on this port: `tls`, `https`, `smtp`, ...", |r, cell| put(r.service, cell)),
    others("tags", "the additional columns of the inventory, as a JSON object", tags),
    others("duplicate_of", "the visited target, if this row repeats its visit for another listing with other `tags`", |r, cell| some(r.duplicate_of, cell)),
    ours("attempt", "1 for the first visit, 2 for the first retry, and so on", |r, cell| put(r.attempt, cell)),
    ours("started_at", "time at which this attempt started, with its DNS lookup", |r, cell| put(format_args!("{:.3}", r.started_at), cell)),
    ours("timing_ms_dns", "duration of the DNS lookup in milliseconds; empty for an address and for a retry", |r, cell| some(r.timing_ms.dns, cell)),
    ours("timing_ms_connect", "duration of the TCP handshake in milliseconds", |r, cell| some(r.timing_ms.connect, cell)),
    ours("timing_ms_starttls", "duration of the dialogue before TLS in milliseconds", |r, cell| some(r.timing_ms.starttls, cell)),
    ours("timing_ms_handshake", "duration of the TLS handshake in milliseconds", |r, cell| some(r.timing_ms.handshake, cell)),
    ours("timing_ms_total", "duration of the whole visit in milliseconds", |r, cell| some(r.timing_ms.total, cell)),
    ours("verdict", "the verdict", |r, cell| put(r.verdict, cell)),
    ours("side", "where the problem can usually be fixed: `client`, `network` or `server`; empty if nothing is wrong", |r, cell| some(r.side, cell)),
    ours("population", "how far the visit got, as a denominator of studies: `unresolved`, `refused`, `timed_out`, `unreachable`, `not_tls`, `no_tls_answer`, `tls` or `tls_no_version`", |r, cell| word(r.population.as_ref(), cell)),
    ours("findings", "ids of all findings, separated by `;`", findings),
    others("detail", "evidence of the finding that explains the verdict, as `key=value; ...`; empty for `ok`", detail),
    ours("error_stage", "the step that failed: `dns`, `connect`, `starttls` or `handshake`; empty if none failed", |r, cell| word(r.error.map(|it: &Failure| &it.stage), cell)),
    ours("error_kind", "why it failed: `timeout`, `refused`, ...", |r, cell| word(r.error.map(|it| &it.reason), cell)),
    others("error_detail", "details of the failure", |r, cell| some(r.error.map(|it| &it.detail), cell)),
    ours("tls_version", "the negotiated version", |r, cell| some(tls(r, |it| it.version), cell)),
    ours("tls_cipher", "the negotiated cipher suite", |r, cell| some(tls(r, |it| it.cipher.as_ref()), cell)),
    ours("tls_group", "the key exchange group", |r, cell| some(tls(r, |it| it.group.as_ref()), cell)),
    ours("tls_dh_bits", "size of the prime of a DHE key exchange, in bits; empty for other key exchanges", |r, cell| some(tls(r, |it| it.dh_bits), cell)),
    ours("tls_signature", "the handshake signature scheme", |r, cell| some(tls(r, |it| it.signature.as_ref()), cell)),
    others("tls_alpn", "the negotiated ALPN protocol", |r, cell| some(tls(r, |it| it.alpn), cell)),
    ours("tls_alpn_offered", "true if the ClientHello offered ALPN protocols", |r, cell| some(tls(r, |it| it.alpn_offered), cell)),
    ours("tls_hello_retry", "true if the server asked for a second ClientHello", |r, cell| some(tls(r, |it| it.hello_retry), cell)),
    ours("tls_ocsp_stapled", "true if the server sent an OCSP staple", |r, cell| some(tls(r, |it| it.ocsp_stapled), cell)),
    ours("tls_client_cert_requested", "true if the server asked for a client certificate", |r, cell| some(tls(r, |it| it.client_cert_requested), cell)),
    ours("tls_key_proof", "whether the server proved that it has its certificate's private key: `proven`, `refuted` or `unverifiable`", |r, cell| word(tls(r, |it| it.key_proof.as_ref()), cell)),
    ours("tls_offer", "id of the ClientHello that the server answered", |r, cell| word(tls(r, |it| it.offer.as_ref()), cell)),
    ours("tls_supports_tls1_3", "true if TLS 1.3 support is proven", |r, cell| some(tls(r, |it| it.supports_tls1_3), cell)),
    ours("tls_claims_tls1_3", "true if only the downgrade mark indicates TLS 1.3 support", |r, cell| some(tls(r, |it| it.claims_tls1_3), cell)),
    ours("tls_alpn_refused", "true if the server rejected the ALPN protocols of HTTP", |r, cell| some(tls(r, |it| it.alpn_refused), cell)),
    ours("tls_versions_ssl3", "outcome of the test for SSL 3.0", |r, cell| word(tls(r, |it| it.versions.ssl3.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_ssl3_reason", "reason for this outcome", |r, cell| some(tls(r, |it| it.versions.ssl3.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_ssl3_hello", "id of the ClientHello sent for this test", |r, cell| some(tls(r, |it| it.versions.ssl3.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_versions_tls1_0", "outcome of the test for TLS 1.0", |r, cell| word(tls(r, |it| it.versions.tls1_0.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_tls1_0_reason", "reason for this outcome", |r, cell| some(tls(r, |it| it.versions.tls1_0.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_tls1_0_hello", "id of the ClientHello sent for this test", |r, cell| some(tls(r, |it| it.versions.tls1_0.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_versions_tls1_1", "outcome of the test for TLS 1.1", |r, cell| word(tls(r, |it| it.versions.tls1_1.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_tls1_1_reason", "reason for this outcome", |r, cell| some(tls(r, |it| it.versions.tls1_1.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_tls1_1_hello", "id of the ClientHello sent for this test", |r, cell| some(tls(r, |it| it.versions.tls1_1.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_versions_tls1_2", "outcome of the test for TLS 1.2", |r, cell| word(tls(r, |it| it.versions.tls1_2.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_tls1_2_reason", "reason for this outcome", |r, cell| some(tls(r, |it| it.versions.tls1_2.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_tls1_2_hello", "id of the ClientHello sent for this test", |r, cell| some(tls(r, |it| it.versions.tls1_2.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_versions_tls1_3", "outcome of the test for TLS 1.3", |r, cell| word(tls(r, |it| it.versions.tls1_3.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_tls1_3_reason", "reason for this outcome", |r, cell| some(tls(r, |it| it.versions.tls1_3.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_tls1_3_hello", "id of the ClientHello sent for this test", |r, cell| some(tls(r, |it| it.versions.tls1_3.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_facts_ciphers_ssl3", "cipher suites accepted in SSL 3.0, separated by spaces", |r, cell| accepted(ciphers(r, |it| it.ssl3.as_ref()), cell)),
    others("tls_facts_ciphers_ssl3_note", "whether the list is complete, why the test ended, and whose preference decides", |r, cell| note(ciphers(r, |it| it.ssl3.as_ref()), cell)),
    ours("tls_facts_ciphers_tls1_0", "cipher suites accepted in TLS 1.0, separated by spaces", |r, cell| accepted(ciphers(r, |it| it.tls1_0.as_ref()), cell)),
    others("tls_facts_ciphers_tls1_0_note", "whether the list is complete, why the test ended, and whose preference decides", |r, cell| note(ciphers(r, |it| it.tls1_0.as_ref()), cell)),
    ours("tls_facts_ciphers_tls1_1", "cipher suites accepted in TLS 1.1, separated by spaces", |r, cell| accepted(ciphers(r, |it| it.tls1_1.as_ref()), cell)),
    others("tls_facts_ciphers_tls1_1_note", "whether the list is complete, why the test ended, and whose preference decides", |r, cell| note(ciphers(r, |it| it.tls1_1.as_ref()), cell)),
    ours("tls_facts_ciphers_tls1_2", "cipher suites accepted in TLS 1.2, separated by spaces", |r, cell| accepted(ciphers(r, |it| it.tls1_2.as_ref()), cell)),
    others("tls_facts_ciphers_tls1_2_note", "whether the list is complete, why the test ended, and whose preference decides", |r, cell| note(ciphers(r, |it| it.tls1_2.as_ref()), cell)),
    ours("tls_facts_ciphers_tls1_3", "cipher suites accepted in TLS 1.3, separated by spaces", |r, cell| accepted(ciphers(r, |it| it.tls1_3.as_ref()), cell)),
    others("tls_facts_ciphers_tls1_3_note", "whether the list is complete, why the test ended, and whose preference decides", |r, cell| note(ciphers(r, |it| it.tls1_3.as_ref()), cell)),
    ours("tls_facts_groups_tls1_2", "groups accepted in TLS 1.2, separated by spaces", |r, cell| accepted(groups(r, |it| it.tls1_2.as_ref()), cell)),
    others("tls_facts_groups_tls1_2_note", "whether the list is complete, and why the test ended", |r, cell| note(groups(r, |it| it.tls1_2.as_ref()), cell)),
    ours("tls_facts_groups_tls1_3", "groups accepted in TLS 1.3, separated by spaces", |r, cell| accepted(groups(r, |it| it.tls1_3.as_ref()), cell)),
    others("tls_facts_groups_tls1_3_note", "whether the list is complete, and why the test ended", |r, cell| note(groups(r, |it| it.tls1_3.as_ref()), cell)),
    ours("tls_facts_alpn", "accepted ALPN protocols, separated by spaces", |r, cell| spaced(facts(r, |it| it.alpn.as_ref()).iter().flat_map(|it| &it.accepted), cell)),
    others("tls_facts_alpn_note", "whether the list is complete, and why the test ended", |r, cell| some(facts(r, |it| it.alpn.as_ref()).map(AlpnAccepted::note), cell)),
    ours("tls_facts_tickets_tls1_2", "true if the server accepts the offer of session tickets, TLS 1.2 and older", |r, cell| some(facts(r, |it| it.tickets.as_ref()?.tls1_2), cell)),
    ours("tls_facts_tickets_tls1_3", "true if the server sent a session ticket after a TLS 1.3 handshake", |r, cell| some(facts(r, |it| it.tickets.as_ref()?.tls1_3), cell)),
    ours("tls_facts_secure_renegotiation", "true if the server supports secure renegotiation, TLS 1.2 and older", |r, cell| some(facts(r, |it| it.secure_renegotiation), cell)),
    ours("tls_facts_compression", "true if the server accepts TLS compression, TLS 1.2 and older", |r, cell| some(facts(r, |it| it.compression), cell)),
    ours("tls_facts_default_certificate", "true if clients that send no SNI get the same certificate", |r, cell| some(facts(r, |it| it.default_certificate), cell)),
    ours("tls_facts_chains_rsa", "SHA-256 of each certificate sent to a client that accepts only RSA, separated by spaces", |r, cell| spaced(facts(r, |it| it.chains.as_ref()?.rsa.as_ref()?.sent.as_ref()).into_iter().flatten(), cell)),
    others("tls_facts_chains_rsa_refused", "why no RSA chain was sent", |r, cell| some(facts(r, |it| it.chains.as_ref()?.rsa.as_ref()?.refused.as_ref()), cell)),
    ours("tls_facts_chains_ecdsa", "SHA-256 of each certificate sent to a client that accepts only ECDSA, separated by spaces", |r, cell| spaced(facts(r, |it| it.chains.as_ref()?.ecdsa.as_ref()?.sent.as_ref()).into_iter().flatten(), cell)),
    others("tls_facts_chains_ecdsa_refused", "why no ECDSA chain was sent", |r, cell| some(facts(r, |it| it.chains.as_ref()?.ecdsa.as_ref()?.refused.as_ref()), cell)),
    ours("leaf_sha256", "SHA-256 of the server's certificate", |r, cell| some(leaf(r, |it| Some(it.sha256)), cell)),
    ours("leaf_spki_sha256", "SHA-256 of its public key (SubjectPublicKeyInfo)", |r, cell| some(leaf(r, |it| it.spki_sha256), cell)),
    others("leaf_subject", "its subject name", |r, cell| some(leaf(r, |it| it.subject), cell)),
    others("leaf_sans", "its subject alternative names (SANs), separated by spaces", sans),
    others("leaf_issuer", "its issuer name", |r, cell| some(leaf(r, |it| it.issuer), cell)),
    ours("leaf_serial", "its serial number, hexadecimal", |r, cell| some(leaf(r, |it| it.serial), cell)),
    ours("leaf_not_before", "start of its validity period", |r, cell| some(leaf(r, |it| it.not_before), cell)),
    ours("leaf_not_after", "end of its validity period", |r, cell| some(leaf(r, |it| it.not_after), cell)),
    ours("leaf_days_left", "whole days from the time of judging until `leaf_not_after`, rounded down: 0 on the last day, negative after it", |r, cell| some(leaf(r, |it| it.days_left), cell)),
    others("leaf_key", "type and size of its public key", |r, cell| some(leaf(r, |it| it.key), cell)),
    others("leaf_signature", "its signature algorithm", |r, cell| some(leaf(r, |it| it.signature), cell)),
    ours("leaf_version", "its X.509 version: 1, 2 or 3", |r, cell| some(leaf(r, |it| it.version), cell)),
    ours("chain_sent", "SHA-256 of each certificate sent, separated by spaces", |r, cell| spaced(r.chain.iter().flat_map(|it| &it.sent), cell)),
    ours("chain_cut", "true if the server announced further certificates that did not arrive completely", |r, cell| some(r.chain.as_ref().map(|it| it.cut), cell)),
    ours("chain_path", "SHA-256 of each certificate of the validated path without the trust anchor, separated by spaces; empty if no path reaches one", |r, cell| spaced(r.chain.iter().filter_map(|it| it.path.as_ref()).flatten(), cell)),
    ours("chain_completed_by", "source of the certificates that the server left out: `bundle` (`--intermediates`), `sweep` (other hosts) or `aia` (downloaded with `--aia`); empty if none helped", |r, cell| word(r.chain.as_ref().and_then(|it| it.completed_by.as_ref()), cell)),
    others("trust", "the result for each trust store, as `store=trusted; store=trusted(expired); store=untrusted(reason)`", trust),
    ours("revocation_status", "`revoked`, `good` or `unknown`", |r, cell| word(revocation(r, |it| Some(&it.status)), cell)),
    ours("revocation_source", "the source of this status", |r, cell| some(revocation(r, |it| Some(it.source)), cell)),
    ours("revocation_certificate", "the certificate that it is about: `leaf` or `intermediate`", |r, cell| some(revocation(r, |it| Some(it.certificate)), cell)),
    ours("revocation_reason", "the revocation reason, or why the status is unknown", |r, cell| some(revocation(r, |it| it.reason), cell)),
    ours("revocation_revoked_at", "time of revocation", |r, cell| some(revocation(r, |it| it.revoked_at), cell)),
    ours("revocation_this_update", "date of the source's data", |r, cell| some(revocation(r, |it| it.this_update), cell)),
    ours("revocation_answers", "all answers, as `crl leaf=good; crl intermediate=unknown(no_crl)`", answers),
];

fn put(value: impl Display, cell: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(cell, "{value}");
}

fn some(value: Option<impl Display>, cell: &mut String) {
    if let Some(value) = value {
        put(value, cell);
    }
}

fn word<T: Serialize>(value: Option<&T>, cell: &mut String) {
    some(value.map(Word), cell);
}

fn joined<T: Display>(values: impl IntoIterator<Item = T>, between: &str, cell: &mut String) {
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            cell.push_str(between);
        }
        put(value, cell);
    }
}

fn spaced<T: Display>(values: impl IntoIterator<Item = T>, cell: &mut String) {
    joined(values, " ", cell);
}

fn tls<'r, T>(record: &'r Record<'_>, field: fn(&'r Tls<'r>) -> Option<T>) -> Option<T> {
    record.tls.as_ref().and_then(field)
}

fn facts<'r, T>(record: &'r Record<'_>, field: fn(&'r FactsAsked) -> Option<T>) -> Option<T> {
    record.tls.as_ref()?.facts.as_ref().and_then(field)
}

fn ciphers<'r>(
    record: &'r Record<'_>,
    version: fn(&'r SuitesByVersion) -> Option<&'r Accepted>,
) -> Option<&'r Accepted> {
    facts(record, |it| it.ciphers.as_ref()).and_then(version)
}

fn groups<'r>(
    record: &'r Record<'_>,
    version: fn(&'r GroupsByVersion) -> Option<&'r Accepted>,
) -> Option<&'r Accepted> {
    facts(record, |it| it.groups.as_ref()).and_then(version)
}

fn accepted(list: Option<&Accepted>, cell: &mut String) {
    spaced(list.into_iter().flat_map(|list| &list.accepted), cell);
}

fn note(list: Option<&Accepted>, cell: &mut String) {
    some(list.map(Accepted::note), cell);
}

fn leaf<'r, T>(record: &'r Record<'_>, field: fn(&'r Leaf<'r>) -> Option<T>) -> Option<T> {
    record.leaf.as_ref().and_then(field)
}

fn tags(record: &Record<'_>, cell: &mut String) {
    if record.tags.0.is_empty() {
        return;
    }
    let mut json = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, Printable);
    // Serialising strings to memory cannot fail, and JSON is UTF-8.
    if record.tags.serialize(&mut serializer).is_ok() {
        cell.push_str(&String::from_utf8_lossy(&json));
    }
}

fn findings(record: &Record<'_>, cell: &mut String) {
    joined(record.findings.0.iter().map(|it| it.id.name()), ";", cell);
}

fn detail(record: &Record<'_>, cell: &mut String) {
    let own = own_finding(record).map_or(&[][..], |finding| &finding.evidence);
    for (place, (name, value)) in own.iter().enumerate() {
        if place > 0 {
            cell.push_str("; ");
        }
        cell.push_str(name);
        cell.push('=');
        match value {
            Value::List(words) => spaced(words, cell),
            other => match other.as_text() {
                Some(text) => cell.push_str(text),
                None => put(Word(other), cell),
            },
        }
    }
}

/// Returns the finding that explains the verdict.
pub(super) fn own_finding<'r>(record: &Record<'r>) -> Option<&'r Finding> {
    match record.verdict {
        VerdictKind::Ok => None,
        _ => record.findings.0.first(),
    }
}

fn sans(record: &Record<'_>, cell: &mut String) {
    let sans = leaf(record, |it| it.sans);
    spaced(sans.into_iter().flat_map(|sans| sans.iter()), cell);
}

fn trust(record: &Record<'_>, cell: &mut String) {
    let stores = record.trust.iter().flat_map(|trust| trust.0);
    let says = stores.map(|store| {
        let word = if store.trusted {
            "trusted"
        } else {
            "untrusted"
        };
        match &store.reason {
            Some(reason) => format!("{}={word}({reason})", store.store),
            None => format!("{}={word}", store.store),
        }
    });
    joined(says, "; ", cell);
}

fn revocation<'r, T>(
    record: &'r Record<'_>,
    field: fn(&'r Revocation<'r>) -> Option<T>,
) -> Option<T> {
    record.revocation.as_ref().and_then(field)
}

fn answers(record: &Record<'_>, cell: &mut String) {
    let answers = record.revocation.iter().flat_map(|it| &it.answers);
    let says = answers.map(|answer| {
        let (source, certificate) = (answer.source, answer.certificate);
        let word = answer.status.word();
        match answer.reason {
            Some(reason) => format!("{source} {certificate}={word}({reason})"),
            None => format!("{source} {certificate}={word}"),
        }
    });
    joined(says, "; ", cell);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    fn cell(sample: &samples::Sample, name: &str) -> String {
        let column = COLUMNS.iter().find(|column| column.name == name).unwrap();
        let mut cell = String::new();
        (column.write)(&sample.record(), &mut cell);
        cell
    }

    #[test]
    fn cells_hold_the_fields() {
        let sample = samples::expired();
        for (name, expected) in [
            ("target", "https://shop.example/"),
            ("port", "443"),
            ("tags", r#"{"owner":"web team"}"#),
            ("started_at", "2026-11-22T08:00:00.250Z"),
            ("timing_ms_connect", "12.5"),
            ("timing_ms_starttls", ""),
            ("verdict", "expired"),
            ("side", "server"),
            ("findings", "expired;legacy_tls_enabled"),
            ("error_kind", ""),
            ("tls_version", "TLSv1.3"),
            ("tls_hello_retry", "false"),
            ("tls_ocsp_stapled", ""),
            ("tls_key_proof", "proven"),
            ("leaf_sans", "shop.example 192.0.2.7"),
            ("leaf_serial", "00c0ffee"),
            ("leaf_not_after", "2026-11-10T00:00:00Z"),
            (
                "trust",
                "mozilla=trusted(expired); corp=untrusted(issuer_unknown)",
            ),
            ("revocation_status", "good"),
            ("revocation_source", "staple"),
            ("revocation_reason", ""),
            ("revocation_this_update", "2026-11-20T00:00:00Z"),
            (
                "revocation_answers",
                "staple leaf=good; crl leaf=unknown(no_crl)",
            ),
        ] {
            assert_eq!(cell(&sample, name), expected, "{name}");
        }
    }

    #[test]
    fn evidence_becomes_one_cell() {
        let detail = cell(&samples::mismatched(), "detail");
        assert_eq!(
            detail,
            "asked=www.shop.example; presented=shop.example api.example; presented_count=2; nearest=shop.example; hint=www_missing"
        );
    }

    /// Returns the fields at or below this path that no column contains. The name of a column is
    /// the path of its field.
    fn without_column(
        path: &str,
        field: &serde_json::Value,
        whole: &serde_json::Value,
    ) -> Vec<String> {
        if COLUMNS.iter().any(|column| column.name == path) {
            return Vec::new();
        }
        let alternatives = field["anyOf"].as_array().into_iter().flatten();
        let mut types = alternatives
            .chain([field])
            .map(|it| match it["$ref"].as_str() {
                Some(reference) => whole.pointer(&reference[1..]).unwrap(),
                None => it,
            });
        match types.find_map(|it| it["properties"].as_object()) {
            Some(inner) => inner
                .iter()
                .flat_map(|(name, inner)| without_column(&format!("{path}_{name}"), inner, whole))
                .collect(),
            None => vec![path.to_owned()],
        }
    }

    #[test]
    fn every_field_of_the_record_has_its_column() {
        let schema = crate::output::schema();
        let fields = schema["properties"].as_object().unwrap();
        assert!(fields.len() > 20);
        for (name, field) in fields {
            assert_eq!(without_column(name, field, &schema), [""; 0]);
        }
    }
}
