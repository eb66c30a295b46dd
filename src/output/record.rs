//! The record: one row for one endpoint, also if the visit failed. Every key is always present. An
//! unknown value is `null`, so that "no" is never confused with "not checked".

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::fields::{Date, Findings, Hex, Instant, Sans, Says, Tags, Trust};
use super::revocation::Revocation;
use super::tls::Tls;
use crate::inventory::{Host, unicode_name};
use crate::observation::{
    self, Certificate, Contents, Failure, Observation, PeerChain, Population, Reason, Stage,
};
use crate::verdict::{CompletedBy, Side, Verdict, VerdictKind};

/// Version of the record format. It increases when a field is removed or changes its meaning, but
/// not when a field is added.
pub const SCHEMA: u32 = 1;

/// One row: the target, what was observed, and the verdict.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Record<'a> {
    /// Version of the record format.
    pub schema: u32,
    /// The target as written in the inventory.
    pub target: &'a str,
    /// The host name or IP address of the target.
    pub host: Cow<'a, str>,
    /// The Unicode form of an internationalised host name; a label that could be taken for another
    /// one stays in ASCII. Null if no label has a Unicode form.
    pub host_unicode: Option<String>,
    /// The name sent in the SNI extension (server_name); null if none was sent.
    pub sni: Option<&'a str>,
    /// The IP address that this row is about; null if the name did not resolve to one.
    pub ip: Option<IpAddr>,
    /// How many addresses the name has, and which were tried. Null if the target gives its address,
    /// if the name has no address, or if each address has its own row (`--all-ips`).
    pub addresses: Option<Addresses>,
    /// TCP port.
    pub port: u16,
    /// The service on this port, which determines how TLS starts: `tls`, `https`, `smtp`, ...
    pub service: &'static str,
    /// The additional columns of the inventory. Values from CSV are text; values from JSON Lines
    /// keep their JSON type.
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub tags: Tags<'a>,
    /// The visited target, if this row repeats its visit for another listing of it with other
    /// `tags`; null in the row of the visit itself.
    pub duplicate_of: Option<&'a str>,
    /// Number of this attempt: 1 for the first visit, 2 for the first retry, and so on.
    pub attempt: u32,
    /// Time at which this attempt started, with its DNS lookup (RFC 3339). The time between the lookup
    /// and the visit does not count.
    #[serde(serialize_with = "milliseconds")]
    #[schemars(with = "Instant")]
    pub started_at: Timestamp,
    /// Duration of each step in milliseconds; null for a step that was not taken.
    pub timing_ms: TimingMs,
    /// The verdict.
    pub verdict: VerdictKind,
    /// Where the problem can usually be fixed; null if nothing is wrong.
    pub side: Option<Side>,
    /// How far the visit got: the denominator of a study that the row belongs to. Null if nothing was
    /// measured because of a limit or fault on our own side.
    pub population: Option<Population>,
    /// All findings. The finding that explains the verdict comes first.
    pub findings: Findings<'a>,
    /// The step at which the visit failed and the reason; null if it did not fail.
    pub error: Option<&'a Failure>,
    /// What the server negotiated; null if the handshake did not get that far.
    pub tls: Option<Tls<'a>>,
    /// The server's own certificate; null if none arrived.
    pub leaf: Option<Leaf<'a>>,
    /// The certificates sent and the validated path, by SHA-256; null if no certificate arrived.
    pub chain: Option<Chain<'a>>,
    /// The result for each trust store; null if there was no chain to judge.
    #[schemars(with = "Option<std::collections::BTreeMap<String, Says<'_>>>")]
    pub trust: Option<Trust<'a>>,
    /// Revocation status of the path. Null if revocation was not checked, or if no checked source
    /// had an answer.
    pub revocation: Option<Revocation<'a>>,
    /// Time for which the row was judged. Not written: it is the same for the whole sweep and is in
    /// the manifest.
    #[serde(skip)]
    pub judged_at: Timestamp,
    /// True if the target itself gives the address to connect to. Not written: `target` shows it, or
    /// `timing_ms.dns` is null.
    #[serde(skip)]
    pub pinned: bool,
    /// True if a name had to be looked up. Not written: `host` and `target` show it.
    #[serde(skip)]
    pub looked_up: bool,
    /// True if each protocol version was to be tested. Not written: the manifest has it for the
    /// whole sweep.
    #[serde(skip)]
    pub versions_asked: bool,
}

/// The addresses of a name. They are tried one after the other until one accepts a connection.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Addresses {
    /// Number of addresses tried, including the one of this row.
    pub tried: usize,
    /// Number of known addresses of the name.
    pub of: usize,
    /// True if all wanted address families were looked up. If false, the name may have IPv6
    /// addresses that are not counted: IPv6 is only looked up if the first IPv4 address accepts no
    /// connection.
    pub complete: bool,
    /// The other addresses that were tried, in order, and why each one failed. One with
    /// `unusable_address` was not tried, because no connection to it is possible.
    pub failed: Vec<FailedAddress>,
}

/// An address that was tried without success.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FailedAddress {
    /// IP address.
    pub ip: IpAddr,
    /// Why the connection failed; `unusable_address` if none was tried.
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

/// Duration of each step in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TimingMs {
    /// DNS lookup, without the time that it waited for the limits of this program; null also for a
    /// retry, which uses the addresses of the first attempt.
    pub dns: Option<f64>,
    /// TCP handshake of the first connection.
    pub connect: Option<f64>,
    /// Unencrypted dialogue before TLS (STARTTLS and similar).
    pub starttls: Option<f64>,
    /// From the ClientHello to the end of the handshake or to the failure.
    pub handshake: Option<f64>,
    /// The whole visit, including all connections.
    pub total: Option<f64>,
}

/// The server's own certificate. If it cannot be parsed, every field except `sha256` is null.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Leaf<'a> {
    /// SHA-256 of the certificate (DER).
    pub sha256: Hex<'a>,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub spki_sha256: Option<Hex<'a>>,
    /// Subject name (RFC 4514).
    pub subject: Option<&'a str>,
    /// Subject alternative names; empty if it has none.
    #[schemars(with = "Option<Vec<String>>")]
    pub sans: Option<Sans<'a>>,
    /// Issuer name (RFC 4514).
    pub issuer: Option<&'a str>,
    /// Serial number, as encoded in the certificate.
    pub serial: Option<Hex<'a>>,
    /// Start of the validity period.
    #[schemars(with = "Option<Instant>")]
    pub not_before: Option<Date>,
    /// End of the validity period.
    #[schemars(with = "Option<Instant>")]
    pub not_after: Option<Date>,
    /// Number of whole days from the time of judging to `not_after`, rounded down: 0 on the last
    /// day, -1 from the first second after `not_after`.
    pub days_left: Option<i64>,
    /// Public key: `rsa2048`, `rsapss2048`, `p256`, `ed25519`, or the OID of the algorithm.
    pub key: Option<&'a str>,
    /// Signature algorithm, or its OID.
    pub signature: Option<&'a str>,
    /// X.509 version: 1, 2 or 3.
    pub version: Option<u32>,
    /// Common name of the issuer, for text output. Not written: `issuer` contains it.
    #[serde(skip)]
    pub issuer_name: Option<&'a str>,
}

/// The certificates sent and the validated path, by SHA-256.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Chain<'a> {
    /// The certificates sent, in the server's order.
    pub sent: Vec<Hex<'a>>,
    /// True if the server announced further certificates that did not arrive completely.
    pub cut: bool,
    /// The validated path, leaf first, without the trust anchor; null if no path reaches one.
    pub path: Option<Vec<Hex<'a>>>,
    /// Where the certificates that the server left out came from; null if none were missing or none
    /// could be found.
    pub completed_by: Option<CompletedBy>,
}

impl<'a> Record<'a> {
    /// Builds the row of an observation and its verdict; `at` is the time for which it was judged.
    pub fn new(observation: &'a Observation, verdict: &'a Verdict, at: Timestamp) -> Self {
        let target = &*observation.endpoint.target;
        let chain = observation.chain();
        Self {
            schema: SCHEMA,
            target: &target.text,
            host: host(&target.host),
            host_unicode: match &target.host {
                Host::Name(name) => unicode_name(name),
                Host::Address(_) => None,
            },
            sni: target.server_name().map(|name| &**name),
            ip: observation.endpoint.address,
            addresses: observation.addresses.as_deref().map(Addresses::new),
            port: target.port,
            service: target.service.name,
            tags: Tags(&target.tags),
            duplicate_of: target.duplicate_of.as_deref(),
            attempt: observation.attempt,
            started_at: observation.started_at,
            timing_ms: TimingMs::new(observation),
            verdict: verdict.kind,
            side: verdict.side,
            population: Population::of(observation),
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

    /// Returns true if the endpoint accepted a TCP connection.
    pub fn reached(&self) -> bool {
        let failed = self.error.map(|error| (error.stage, error.reason));
        !matches!(
            failed,
            Some((Stage::Dns | Stage::Connect, _) | (_, Reason::LocalLimit))
        )
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

fn host(host: &Host) -> Cow<'_, str> {
    match host {
        Host::Name(name) => Cow::Borrowed(name),
        Host::Address(address) => Cow::Owned(address.to_string()),
    }
}

/// Returns the number of whole days between two times, rounded down, so that any time in the past
/// is negative.
fn days_between(from: i64, until: i64) -> i64 {
    until.saturating_sub(from).div_euclid(86_400)
}

/// Returns milliseconds with at most three decimals; no clock here is more accurate than one
/// microsecond.
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
    fn an_unparseable_leaf_keeps_only_its_hash() {
        let sample = samples::unreadable();
        let row = serde_json::to_value(sample.record()).unwrap();
        let leaf = row["leaf"].as_object().unwrap();
        assert_eq!(leaf["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(leaf.values().filter(|value| !value.is_null()).count(), 1);
        assert_eq!(leaf.len(), 12);
    }

    #[test]
    fn unknown_fields_are_null_and_never_missing() {
        let sample = samples::unresolved();
        let row = serde_json::to_value(sample.record()).unwrap();
        for field in ["ip", "tls", "leaf", "chain", "trust", "revocation"] {
            assert_eq!(row.get(field), Some(&serde_json::Value::Null), "{field}");
        }
        assert_eq!(row["error"]["kind"], "nxdomain");
        assert_eq!(row["timing_ms"]["handshake"], serde_json::Value::Null);
    }
}
