//! The record: one row for one endpoint, failures included. Every key is always there; what is
//! not known is `null`, so that "no" never looks like "not checked".

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::fields::{Date, Findings, Hex, Sans, Says, Tags, Trust};
use super::revocation::Revocation;
use super::tls::Tls;
use crate::inventory::Host;
use crate::observation::{self, Certificate, Contents, Failure, Observation, PeerChain, Reason};
use crate::verdict::{CompletedBy, Side, Verdict, VerdictKind};

/// The version of the record. It rises when a field changes its meaning or goes; new fields may
/// come without.
pub const SCHEMA: u32 = 1;

/// One row: what was asked, what was seen, and what it means.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Record<'a> {
    /// The version of this record's fields.
    pub schema: u32,
    /// The target as the inventory wrote it.
    pub target: &'a str,
    /// The name or address asked for.
    pub host: Cow<'a, str>,
    /// The name sent in server_name; null when none was.
    pub sni: Option<&'a str>,
    /// The address of this row; null when the name gave none.
    pub ip: Option<IpAddr>,
    /// The addresses of the name, of which this one was visited; null where the target names its
    /// address, the name gave none, or each address has its own row (`--all-ips`).
    pub addresses: Option<Addresses>,
    /// The TCP port.
    pub port: u16,
    /// What is spoken there.
    pub service: &'static str,
    /// The inventory's own columns: text, or from JSON Lines any value as it was there.
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub tags: Tags<'a>,
    /// 1 for the first visit, 2 for the first retry, and so on.
    pub attempt: u32,
    /// When this attempt began (RFC 3339).
    #[serde(serialize_with = "milliseconds")]
    #[schemars(with = "Instant")]
    pub started_at: Timestamp,
    /// How long each step took, in milliseconds; null for a step that was not taken.
    pub timing_ms: TimingMs,
    /// The one verdict.
    pub verdict: VerdictKind,
    /// Who can mend it; null when nothing is wrong.
    pub side: Option<Side>,
    /// Everything found, the verdict's own finding first.
    pub findings: Findings<'a>,
    /// Where the visit failed; null when it did not.
    pub error: Option<&'a Failure>,
    /// What the server agreed to; null when it never got so far.
    pub tls: Option<Tls<'a>>,
    /// The server's own certificate; null when none arrived.
    pub leaf: Option<Leaf<'a>>,
    /// The certificates sent and the path taken, by SHA-256; null when none arrived.
    pub chain: Option<Chain<'a>>,
    /// What each chosen store says; null when there was no chain to judge.
    #[schemars(with = "Option<std::collections::BTreeMap<String, Says<'_>>>")]
    pub trust: Option<Trust<'a>>,
    /// Whether a certificate of the path is revoked; null when it was not asked, or no source that
    /// was asked had anything to say of it.
    pub revocation: Option<Revocation<'a>>,
    /// When it was judged. Not written: it is one time for the whole sweep, in its manifest.
    #[serde(skip)]
    pub judged_at: Timestamp,
    /// Whether the target itself said where to connect. Not written: `target` shows it.
    #[serde(skip)]
    pub pinned: bool,
    /// Whether a name had to be looked up. Not written: host and target show it.
    #[serde(skip)]
    pub looked_up: bool,
    /// Whether each version was to be asked for. Not written: the manifest says it of the sweep.
    #[serde(skip)]
    pub versions_asked: bool,
}

/// The addresses of a name, tried one after the other until one accepts a connection.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Addresses {
    /// How many were tried, the one of this row among them.
    pub tried: usize,
    /// How many are known.
    pub of: usize,
    /// Whether IPv6 was looked up too, where it was wanted: without it there may be more. It is
    /// looked up when the first IPv4 address accepts no connection.
    pub complete: bool,
    /// The other ones that were tried, in order, and why each was left. One with `unusable_address` was
    /// not tried: no connection can be made to it.
    pub failed: Vec<FailedAddress>,
}

/// An address that was left for another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FailedAddress {
    /// The address.
    pub ip: IpAddr,
    /// Why no connection came about; `unusable_address` where none was tried.
    pub kind: Reason,
}

impl Addresses {
    fn new(addresses: &observation::Addresses) -> Self {
        let failed = addresses.failed.iter();
        Self {
            tried: addresses.tried(),
            of: addresses.of(),
            complete: addresses.complete,
            failed: failed
                .map(|(ip, failure)| FailedAddress {
                    ip: *ip,
                    kind: failure.reason,
                })
                .collect(),
        }
    }
}

/// How long each step took, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TimingMs {
    /// The name lookup.
    pub dns: Option<f64>,
    /// The TCP handshake of the first connection.
    pub connect: Option<f64>,
    /// The dialogue in clear before TLS.
    pub starttls: Option<f64>,
    /// From the ClientHello to the end of the handshake, or to the failure.
    pub handshake: Option<f64>,
    /// The whole visit, all connections together.
    pub total: Option<f64>,
}

/// The server's own certificate. One that cannot be read has its SHA-256 and nothing else.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Leaf<'a> {
    /// SHA-256 of its bytes.
    pub sha256: Hex<'a>,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub spki_sha256: Option<Hex<'a>>,
    /// Who it is for (RFC 4514).
    pub subject: Option<&'a str>,
    /// Subject alternative names; empty when it carries none.
    #[schemars(with = "Option<Vec<String>>")]
    pub sans: Option<Sans<'a>>,
    /// Who signed it (RFC 4514).
    pub issuer: Option<&'a str>,
    /// The serial number's bytes, as encoded.
    pub serial: Option<Hex<'a>>,
    /// Valid from.
    #[schemars(with = "Option<Instant>")]
    pub not_before: Option<Date>,
    /// Valid until.
    #[schemars(with = "Option<Instant>")]
    pub not_after: Option<Date>,
    /// Whole days from the time of judging to `not_after`, rounded down: 0 on the last day, -1 from
    /// the first second after `not_after` on.
    pub days_left: Option<i64>,
    /// `rsa2048`, `rsapss2048`, `p256`, `ed25519`, or the algorithm's OID.
    pub key: Option<&'a str>,
    /// The algorithm it is signed with, or its OID.
    pub signature: Option<&'a str>,
    /// 1, 2 or 3.
    pub version: Option<u32>,
    /// The common name of its issuer, for people. Not written: `issuer` holds it.
    #[serde(skip)]
    pub issuer_name: Option<&'a str>,
}

/// The certificates sent and the path taken, by SHA-256.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Chain<'a> {
    /// As sent, in the server's order.
    pub sent: Vec<Hex<'a>>,
    /// True when the server announced further certificates that did not come whole.
    pub cut: bool,
    /// The path that was taken, leaf first, without the anchor; null when none reaches one.
    pub path: Option<Vec<Hex<'a>>>,
    /// Who supplied what the server left out; null when nothing was missing or nothing helped.
    pub completed_by: Option<CompletedBy>,
}

impl<'a> Record<'a> {
    /// The row of an observation and its verdict; `at` is the time that was judged for.
    pub fn new(observation: &'a Observation, verdict: &'a Verdict, at: Timestamp) -> Self {
        let target = &*observation.endpoint.target;
        let chain = observation.chain();
        Self {
            schema: SCHEMA,
            target: &target.text,
            host: host(&target.host),
            sni: target.server_name().map(|name| &**name),
            ip: observation.endpoint.address,
            addresses: observation.addresses.as_deref().map(Addresses::new),
            port: target.port,
            service: target.service.name,
            tags: Tags(&target.tags),
            attempt: observation.attempt,
            started_at: observation.started_at,
            timing_ms: TimingMs::new(observation),
            verdict: verdict.kind,
            side: verdict.side,
            findings: Findings(&verdict.findings),
            error: observation.failure(),
            tls: Tls::new(observation),
            leaf: chain
                .and_then(PeerChain::leaf)
                .map(|leaf| Leaf::new(leaf, at)),
            chain: chain.map(|chain| Chain::new(chain, observation.chain_cut(), verdict)),
            trust: (!verdict.trust.is_empty()).then_some(Trust(&verdict.trust)),
            revocation: verdict.revocation.as_ref().and_then(Revocation::new),
            judged_at: at,
            pinned: target.address.is_some(),
            versions_asked: observation.versions_asked,
            looked_up: target.fixed_address().is_none(),
        }
    }
}

impl TimingMs {
    fn new(observation: &Observation) -> Self {
        let timing = &observation.timing;
        Self {
            dns: timing.dns.map(in_ms),
            connect: timing.connect.map(in_ms),
            starttls: timing.starttls.map(in_ms),
            handshake: timing.handshake.map(in_ms),
            total: timing.total.map(in_ms),
        }
    }
}

impl<'a> Leaf<'a> {
    fn new(certificate: &'a Certificate, at: Timestamp) -> Self {
        let sha256 = Hex::from(&certificate.sha256);
        match &certificate.contents {
            Ok(contents) => Self {
                sha256,
                ..Self::read(contents, at)
            },
            Err(_) => Self {
                sha256,
                ..Self::default()
            },
        }
    }

    fn read(contents: &'a Contents, at: Timestamp) -> Self {
        Self {
            sha256: Hex::default(),
            spki_sha256: Some(Hex::from(&contents.key.spki_sha256)),
            subject: Some(&contents.subject.text),
            sans: Some(Sans(contents.sans.as_deref().unwrap_or_default())),
            issuer: Some(&contents.issuer.text),
            serial: Some(Hex(&contents.serial)),
            not_before: Date::new(contents.not_before),
            not_after: Date::new(contents.not_after),
            days_left: Some(days_between(at.as_second(), contents.not_after)),
            key: Some(&contents.key.name),
            signature: Some(&contents.signature.name),
            version: Some(contents.version),
            issuer_name: contents.issuer.common_name.as_deref(),
        }
    }
}

impl<'a> Chain<'a> {
    fn new(chain: &'a PeerChain, cut: bool, verdict: &'a Verdict) -> Self {
        let sent = chain.certificates.iter();
        let path = verdict.path.as_ref();
        Self {
            sent: sent.map(|each| Hex::from(&each.sha256)).collect(),
            cut,
            path: path.map(|path| path.certificates.iter().map(Hex::from).collect()),
            completed_by: path.and_then(|path| path.completed_by),
        }
    }
}

/// A point in time in the schema.
pub(super) struct Instant;

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

fn host(host: &Host) -> Cow<'_, str> {
    match host {
        Host::Name(name) => Cow::Borrowed(name),
        Host::Address(address) => Cow::Owned(address.to_string()),
    }
}

/// Whole days from one second to another, rounded down, so that whatever is past is negative.
fn days_between(from: i64, until: i64) -> i64 {
    until.saturating_sub(from).div_euclid(86_400)
}

/// Milliseconds with at most three decimals: a microsecond is finer than any clock here is true.
fn in_ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn milliseconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    #[test]
    fn days_are_rounded_down_on_both_sides_of_the_end() {
        for (left, days) in [
            (86_400, 1),
            (86_399, 0),
            (0, 0),
            (-1, -1),
            (-86_400, -1),
            (-86_401, -2),
            (-172_799, -2),
        ] {
            assert_eq!(days_between(1_000_000, 1_000_000 + left), days, "{left}");
        }
        assert!(days_between(i64::MIN, i64::MAX) > 0);
    }

    #[test]
    fn milliseconds_have_at_most_three_decimals() {
        assert_eq!(
            in_ms(Duration::from_nanos(12_345_678)).to_string(),
            "12.346"
        );
        assert_eq!(in_ms(Duration::from_micros(400)).to_string(), "0.4");
        assert_eq!(in_ms(Duration::ZERO).to_string(), "0");
    }

    #[test]
    fn an_unreadable_leaf_keeps_its_hash_and_nothing_else() {
        let sample = samples::unreadable();
        let row = serde_json::to_value(sample.record()).unwrap();
        let leaf = row["leaf"].as_object().unwrap();
        assert_eq!(leaf["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(leaf.values().filter(|value| !value.is_null()).count(), 1);
        assert_eq!(leaf.len(), 12);
    }

    #[test]
    fn nothing_seen_is_null_and_never_missing() {
        let sample = samples::unresolved();
        let row = serde_json::to_value(sample.record()).unwrap();
        for field in ["ip", "tls", "leaf", "chain", "trust", "revocation"] {
            assert_eq!(row.get(field), Some(&serde_json::Value::Null), "{field}");
        }
        assert_eq!(row["error"]["kind"], "nxdomain");
        assert_eq!(row["timing_ms"]["handshake"], serde_json::Value::Null);
    }
}
