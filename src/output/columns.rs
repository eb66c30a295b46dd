//! The columns of flat formats: the record's fields, joined by `_` where they are nested. To add
//! one is one line in `COLUMNS`.

use std::fmt::{Display, Write};

use serde::Serialize;

use super::facts::{Accepted, AlpnAccepted, FactsAsked, GroupsByVersion, SuitesByVersion};
use super::jsonl::Printable;
use super::names::Word;
use super::{Leaf, Record, Revocation, Tls};
use crate::observation::Failure;
use crate::verdict::{Finding, Value, VerdictKind};

/// Who chose the text of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This program: numbers, dates, hashes and words from fixed lists.
    Ours,
    /// A server or an inventory: text to escape.
    Others,
}

/// A column.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub doc: &'static str,
    /// Who chose its text.
    pub origin: Origin,
    /// Adds its cell to an empty text; what is not known adds nothing.
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

/// Every column, in order.
#[rustfmt::skip]
pub const COLUMNS: &[Column] = &[
    ours("schema", "version of the record's fields", |r, cell| put(r.schema, cell)),
    others("target", "the target as the inventory wrote it", |r, cell| put(r.target, cell)),
    others("host", "the name or address asked for", |r, cell| put(&r.host, cell)),
    others("sni", "the name sent in server_name", |r, cell| some(r.sni, cell)),
    ours("ip", "the address of this row", |r, cell| some(r.ip, cell)),
    ours("addresses_tried", "how many addresses of the name were tried", |r, cell| some(r.addresses.as_ref().map(|it| it.tried), cell)),
    ours("addresses_of", "how many addresses of the name are known", |r, cell| some(r.addresses.as_ref().map(|it| it.of), cell)),
    ours("addresses_complete", "whether IPv6 was looked up too, where it was wanted", |r, cell| some(r.addresses.as_ref().map(|it| it.complete), cell)),
    ours("addresses_failed", "the other addresses tried and why each was left, joined by a space", |r, cell| spaced(r.addresses.iter().flat_map(|it| &it.failed).map(|it| format!("{}={}", it.ip, Word(&it.kind))), cell)),
    ours("port", "the TCP port", |r, cell| put(r.port, cell)),
    ours("service", "what is spoken there", |r, cell| put(r.service, cell)),
    others("tags", "the inventory's own columns, as a JSON object", tags),
    ours("attempt", "1 for the first visit, 2 for the first retry", |r, cell| put(r.attempt, cell)),
    ours("started_at", "when this attempt began", |r, cell| put(format_args!("{:.3}", r.started_at), cell)),
    ours("timing_ms_dns", "name lookup, milliseconds", |r, cell| some(r.timing_ms.dns, cell)),
    ours("timing_ms_connect", "TCP handshake, milliseconds", |r, cell| some(r.timing_ms.connect, cell)),
    ours("timing_ms_starttls", "dialogue before TLS, milliseconds", |r, cell| some(r.timing_ms.starttls, cell)),
    ours("timing_ms_handshake", "TLS handshake, milliseconds", |r, cell| some(r.timing_ms.handshake, cell)),
    ours("timing_ms_total", "the whole visit, milliseconds", |r, cell| some(r.timing_ms.total, cell)),
    ours("verdict", "the one verdict", |r, cell| put(r.verdict, cell)),
    ours("side", "who can mend it", |r, cell| some(r.side, cell)),
    ours("findings", "ids of everything found, joined by `;`", findings),
    others("detail", "evidence of the verdict's own finding, as `key=value; ...`", detail),
    ours("error_stage", "the step that failed", |r, cell| word(r.error.map(|it: &Failure| &it.stage), cell)),
    ours("error_kind", "why it failed", |r, cell| word(r.error.map(|it| &it.reason), cell)),
    others("error_detail", "the particulars", |r, cell| some(r.error.map(|it| &it.detail), cell)),
    ours("tls_version", "the version chosen", |r, cell| some(tls(r, |it| it.version), cell)),
    ours("tls_cipher", "the cipher suite chosen", |r, cell| some(tls(r, |it| it.cipher.as_ref()), cell)),
    ours("tls_group", "the key exchange group", |r, cell| some(tls(r, |it| it.group.as_ref()), cell)),
    ours("tls_dh_bits", "bits of the prime of a DHE key exchange", |r, cell| some(tls(r, |it| it.dh_bits), cell)),
    ours("tls_signature", "the scheme of the handshake signature", |r, cell| some(tls(r, |it| it.signature.as_ref()), cell)),
    others("tls_alpn", "the ALPN protocol chosen", |r, cell| some(tls(r, |it| it.alpn), cell)),
    ours("tls_alpn_offered", "whether ALPN protocols were offered", |r, cell| some(tls(r, |it| it.alpn_offered), cell)),
    ours("tls_hello_retry", "whether the server asked for a second hello", |r, cell| some(tls(r, |it| it.hello_retry), cell)),
    ours("tls_ocsp_stapled", "whether an OCSP staple came", |r, cell| some(tls(r, |it| it.ocsp_stapled), cell)),
    ours("tls_client_cert_requested", "whether a client certificate was asked for", |r, cell| some(tls(r, |it| it.client_cert_requested), cell)),
    ours("tls_key_proof", "whether the server proved that it holds its key", |r, cell| word(tls(r, |it| it.key_proof.as_ref()), cell)),
    ours("tls_offer", "the id of the hello that it answered", |r, cell| word(tls(r, |it| it.offer.as_ref()), cell)),
    ours("tls_supports_tls1_3", "whether TLS 1.3 is proven", |r, cell| some(tls(r, |it| it.supports_tls1_3), cell)),
    ours("tls_claims_tls1_3", "whether TLS 1.3 is claimed by a mark alone", |r, cell| some(tls(r, |it| it.claims_tls1_3), cell)),
    ours("tls_alpn_refused", "whether the protocols of HTTP were refused", |r, cell| some(tls(r, |it| it.alpn_refused), cell)),
    ours("tls_versions_ssl3", "what it does with SSL 3.0", |r, cell| word(tls(r, |it| it.versions.ssl3.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_ssl3_reason", "why", |r, cell| some(tls(r, |it| it.versions.ssl3.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_ssl3_hello", "the hello that asked", |r, cell| some(tls(r, |it| it.versions.ssl3.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_versions_tls1_0", "what it does with TLS 1.0", |r, cell| word(tls(r, |it| it.versions.tls1_0.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_tls1_0_reason", "why", |r, cell| some(tls(r, |it| it.versions.tls1_0.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_tls1_0_hello", "the hello that asked", |r, cell| some(tls(r, |it| it.versions.tls1_0.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_versions_tls1_1", "what it does with TLS 1.1", |r, cell| word(tls(r, |it| it.versions.tls1_1.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_tls1_1_reason", "why", |r, cell| some(tls(r, |it| it.versions.tls1_1.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_tls1_1_hello", "the hello that asked", |r, cell| some(tls(r, |it| it.versions.tls1_1.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_versions_tls1_2", "what it does with TLS 1.2", |r, cell| word(tls(r, |it| it.versions.tls1_2.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_tls1_2_reason", "why", |r, cell| some(tls(r, |it| it.versions.tls1_2.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_tls1_2_hello", "the hello that asked", |r, cell| some(tls(r, |it| it.versions.tls1_2.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_versions_tls1_3", "what it does with TLS 1.3", |r, cell| word(tls(r, |it| it.versions.tls1_3.as_ref().map(|v| &v.outcome)), cell)),
    others("tls_versions_tls1_3_reason", "why", |r, cell| some(tls(r, |it| it.versions.tls1_3.as_ref().map(|v| &v.reason)), cell)),
    ours("tls_versions_tls1_3_hello", "the hello that asked", |r, cell| some(tls(r, |it| it.versions.tls1_3.as_ref().and_then(|v| v.hello)), cell)),
    ours("tls_facts_ciphers_ssl3", "suites accepted in SSL 3.0, joined by a space", |r, cell| accepted(ciphers(r, |it| it.ssl3.as_ref()), cell)),
    others("tls_facts_ciphers_ssl3_note", "whether these are all, what ended the asking, whose order counts", |r, cell| note(ciphers(r, |it| it.ssl3.as_ref()), cell)),
    ours("tls_facts_ciphers_tls1_0", "suites accepted in TLS 1.0, joined by a space", |r, cell| accepted(ciphers(r, |it| it.tls1_0.as_ref()), cell)),
    others("tls_facts_ciphers_tls1_0_note", "whether these are all, what ended the asking, whose order counts", |r, cell| note(ciphers(r, |it| it.tls1_0.as_ref()), cell)),
    ours("tls_facts_ciphers_tls1_1", "suites accepted in TLS 1.1, joined by a space", |r, cell| accepted(ciphers(r, |it| it.tls1_1.as_ref()), cell)),
    others("tls_facts_ciphers_tls1_1_note", "whether these are all, what ended the asking, whose order counts", |r, cell| note(ciphers(r, |it| it.tls1_1.as_ref()), cell)),
    ours("tls_facts_ciphers_tls1_2", "suites accepted in TLS 1.2, joined by a space", |r, cell| accepted(ciphers(r, |it| it.tls1_2.as_ref()), cell)),
    others("tls_facts_ciphers_tls1_2_note", "whether these are all, what ended the asking, whose order counts", |r, cell| note(ciphers(r, |it| it.tls1_2.as_ref()), cell)),
    ours("tls_facts_ciphers_tls1_3", "suites accepted in TLS 1.3, joined by a space", |r, cell| accepted(ciphers(r, |it| it.tls1_3.as_ref()), cell)),
    others("tls_facts_ciphers_tls1_3_note", "whether these are all, what ended the asking, whose order counts", |r, cell| note(ciphers(r, |it| it.tls1_3.as_ref()), cell)),
    ours("tls_facts_groups_tls1_2", "groups accepted in TLS 1.2, joined by a space", |r, cell| accepted(groups(r, |it| it.tls1_2.as_ref()), cell)),
    others("tls_facts_groups_tls1_2_note", "whether these are all, and what ended the asking", |r, cell| note(groups(r, |it| it.tls1_2.as_ref()), cell)),
    ours("tls_facts_groups_tls1_3", "groups accepted in TLS 1.3, joined by a space", |r, cell| accepted(groups(r, |it| it.tls1_3.as_ref()), cell)),
    others("tls_facts_groups_tls1_3_note", "whether these are all, and what ended the asking", |r, cell| note(groups(r, |it| it.tls1_3.as_ref()), cell)),
    ours("tls_facts_alpn", "application protocols accepted, joined by a space", |r, cell| spaced(facts(r, |it| it.alpn.as_ref()).iter().flat_map(|it| &it.accepted), cell)),
    others("tls_facts_alpn_note", "whether these are all, and what ended the asking", |r, cell| some(facts(r, |it| it.alpn.as_ref()).map(AlpnAccepted::note), cell)),
    ours("tls_facts_tickets_tls1_2", "whether a session ticket is taken up, to TLS 1.2", |r, cell| some(facts(r, |it| it.tickets.as_ref()?.tls1_2), cell)),
    ours("tls_facts_tickets_tls1_3", "whether a session ticket came after TLS 1.3", |r, cell| some(facts(r, |it| it.tickets.as_ref()?.tls1_3), cell)),
    ours("tls_facts_secure_renegotiation", "whether renegotiation is secure, to TLS 1.2", |r, cell| some(facts(r, |it| it.secure_renegotiation), cell)),
    ours("tls_facts_compression", "whether compression is accepted, to TLS 1.2", |r, cell| some(facts(r, |it| it.compression), cell)),
    ours("tls_facts_default_certificate", "whether it is the certificate for who names no server", |r, cell| some(facts(r, |it| it.default_certificate), cell)),
    ours("tls_facts_chains_rsa", "SHA-256 of the chain for who verifies RSA alone", |r, cell| spaced(facts(r, |it| it.chains.as_ref()?.rsa.as_ref()?.sent.as_ref()).into_iter().flatten(), cell)),
    others("tls_facts_chains_rsa_refused", "why none was sent", |r, cell| some(facts(r, |it| it.chains.as_ref()?.rsa.as_ref()?.refused.as_ref()), cell)),
    ours("tls_facts_chains_ecdsa", "SHA-256 of the chain for who verifies ECDSA alone", |r, cell| spaced(facts(r, |it| it.chains.as_ref()?.ecdsa.as_ref()?.sent.as_ref()).into_iter().flatten(), cell)),
    others("tls_facts_chains_ecdsa_refused", "why none was sent", |r, cell| some(facts(r, |it| it.chains.as_ref()?.ecdsa.as_ref()?.refused.as_ref()), cell)),
    ours("leaf_sha256", "SHA-256 of the server's certificate", |r, cell| some(leaf(r, |it| Some(it.sha256)), cell)),
    ours("leaf_spki_sha256", "SHA-256 of its public key", |r, cell| some(leaf(r, |it| it.spki_sha256), cell)),
    others("leaf_subject", "who it is for", |r, cell| some(leaf(r, |it| it.subject), cell)),
    others("leaf_sans", "subject alternative names, joined by a space", sans),
    others("leaf_issuer", "who signed it", |r, cell| some(leaf(r, |it| it.issuer), cell)),
    ours("leaf_serial", "serial number, hexadecimal", |r, cell| some(leaf(r, |it| it.serial), cell)),
    ours("leaf_not_before", "valid from", |r, cell| some(leaf(r, |it| it.not_before), cell)),
    ours("leaf_not_after", "valid until", |r, cell| some(leaf(r, |it| it.not_after), cell)),
    ours("leaf_days_left", "whole days until then, rounded down: 0 on the last day, negative once it is past", |r, cell| some(leaf(r, |it| it.days_left), cell)),
    others("leaf_key", "kind and size of its key", |r, cell| some(leaf(r, |it| it.key), cell)),
    others("leaf_signature", "the algorithm it is signed with", |r, cell| some(leaf(r, |it| it.signature), cell)),
    ours("leaf_version", "1, 2 or 3", |r, cell| some(leaf(r, |it| it.version), cell)),
    ours("chain_sent", "SHA-256 of the certificates sent, joined by a space", |r, cell| spaced(r.chain.iter().flat_map(|it| &it.sent), cell)),
    ours("chain_cut", "whether the server announced further certificates that did not come whole", |r, cell| some(r.chain.as_ref().map(|it| it.cut), cell)),
    ours("chain_path", "SHA-256 of the path taken, joined by a space", |r, cell| spaced(r.chain.iter().filter_map(|it| it.path.as_ref()).flatten(), cell)),
    ours("chain_completed_by", "who supplied what the server left out", |r, cell| word(r.chain.as_ref().and_then(|it| it.completed_by.as_ref()), cell)),
    others("trust", "what each store says, as `store=trusted; store=untrusted(reason)`", trust),
    ours("revocation_status", "revoked, good or unknown", |r, cell| word(revocation(r, |it| Some(&it.status)), cell)),
    ours("revocation_source", "who says so", |r, cell| some(revocation(r, |it| Some(it.source)), cell)),
    ours("revocation_certificate", "of which certificate", |r, cell| some(revocation(r, |it| Some(it.certificate)), cell)),
    ours("revocation_reason", "why it was revoked, or why nothing is known", |r, cell| some(revocation(r, |it| it.reason), cell)),
    ours("revocation_revoked_at", "since when it is revoked", |r, cell| some(revocation(r, |it| it.revoked_at), cell)),
    ours("revocation_this_update", "the source's date", |r, cell| some(revocation(r, |it| it.this_update), cell)),
    ours("revocation_answers", "every answer, as `crl leaf=good; crl intermediate=unknown(no_crl)`", answers),
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
    // Strings into memory cannot fail, and JSON is UTF-8.
    if record.tags.serialize(&mut serializer).is_ok() {
        cell.push_str(&String::from_utf8_lossy(&json));
    }
}

fn findings(record: &Record<'_>, cell: &mut String) {
    joined(record.findings.0.iter().map(|it| it.id), ";", cell);
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
            Value::Text(text) => cell.push_str(text),
            other => put(Word(other), cell),
        }
    }
}

/// The finding that became the verdict.
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
                "mozilla=trusted(expired); corp=untrusted(unknown issuer)",
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

    #[test]
    fn every_field_of_the_record_has_its_column() {
        let sample = samples::asked();
        let row = serde_json::to_value(sample.record()).unwrap();
        let mut fields = Vec::new();
        for (name, value) in row.as_object().unwrap() {
            match value {
                serde_json::Value::Object(inner) if !["tags", "trust"].contains(&&**name) => {
                    fields.extend(inner.keys().map(|key| format!("{name}_{key}")));
                    for inside in ["versions", "facts"] {
                        if let Some(parts) = inner.get(inside) {
                            let each = parts.as_object().unwrap().keys();
                            fields.extend(each.map(|key| format!("{name}_{inside}_{key}")));
                            fields.retain(|field| *field != format!("tls_{inside}"));
                        }
                    }
                }
                _ => fields.push(name.clone()),
            }
        }
        for field in fields.iter().filter(|field| *field != "error") {
            let known = COLUMNS
                .iter()
                .any(|column| column.name.starts_with(&**field));
            assert!(known, "no column holds {field}");
        }
    }
}
