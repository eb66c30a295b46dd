//! Replaces the values of one row. Every field of a row is named here, so that a new field does not
//! compile before it is decided what happens to it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::Anonymizer;
use crate::crypto::Fingerprint;
use crate::inventory::Tag;
use crate::observation::{Failure, PresentedName};
use crate::output::fields::{Date, Findings, Hex, Sans, Tags};
use crate::output::record::{Addresses, Chain, FailedAddress, Leaf, Record};
use crate::output::revocation::{Answer, Revocation};
use crate::output::tls::Tls;
use crate::verdict::Finding;

/// The replaced values of a row.
pub struct Masked {
    target: String,
    duplicate_of: Option<String>,
    host: String,
    sni: Option<String>,
    ip: Option<IpAddr>,
    failed: Vec<IpAddr>,
    tags: Vec<(Arc<str>, Tag)>,
    findings: Vec<Finding>,
    error: Option<Failure>,
    tls: Option<Tls<'static>>,
    leaf: Option<MaskedLeaf>,
    sent: Vec<Fingerprint>,
    path: Option<Vec<Fingerprint>>,
    answers: Vec<(Fingerprint, Option<String>)>,
    dates: Dates,
}

struct MaskedLeaf {
    sha256: Fingerprint,
    spki: Option<Fingerprint>,
    subject: Option<String>,
    sans: Option<Vec<PresentedName>>,
    issuer: Option<String>,
    issuer_name: Option<String>,
    serial: Option<Vec<u8>>,
}

/// How dates of certificates are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dates {
    Exact,
    Days,
}

impl Dates {
    fn date(self, date: Option<Date>) -> Option<Date> {
        match self {
            Self::Exact => date,
            Self::Days => date.map(Date::midnight),
        }
    }
}

impl Anonymizer {
    /// Replaces the values of a row.
    pub fn mask(&self, row: &Record<'_>) -> Masked {
        let host = self.host(&row.host);
        let hashes = |hashes: &[Hex<'_>]| hashes.iter().map(|it| self.hash(*it)).collect();
        let findings = row.findings.0.iter();
        let answers = row.revocation.iter().flat_map(|it| &it.answers);
        let chain = row.chain.as_ref();
        Masked {
            target: self.target(row.target, &host, row),
            duplicate_of: row
                .duplicate_of
                .map(|visited| self.target(visited, &host, row)),
            host,
            sni: row.sni.map(|name| self.dns(name)),
            ip: row.ip.map(|ip| self.address(ip)),
            failed: failed(row).map(|ip| self.address(ip)).collect(),
            tags: self.tags(row.tags.0),
            findings: findings.map(|finding| self.finding(finding)).collect(),
            error: row.error.map(|failure| self.failure(failure)),
            tls: row.tls.as_ref().map(|tls| self.tls(tls)),
            leaf: row.leaf.as_ref().map(|leaf| self.leaf(leaf)),
            sent: chain.map_or_else(Vec::new, |chain| hashes(&chain.sent)),
            path: chain.and_then(|chain| chain.path.as_deref().map(hashes)),
            answers: answers
                .map(|answer| {
                    let from = answer.from.map(|url| self.text(url));
                    (self.hash(answer.sha256), from)
                })
                .collect(),
            dates: match self.hashes() {
                true => Dates::Days,
                false => Dates::Exact,
            },
        }
    }

    fn leaf(&self, leaf: &Leaf<'_>) -> MaskedLeaf {
        let text = |text: &str| self.text(text);
        let sans = |sans: Sans<'_>| sans.0.iter().map(|name| self.san(name)).collect();
        MaskedLeaf {
            sha256: self.hash(leaf.sha256),
            spki: leaf.spki_sha256.map(|it| self.hash(it)),
            subject: leaf.subject.map(text),
            sans: leaf.sans.map(sans),
            issuer: leaf.issuer.map(text),
            issuer_name: leaf.issuer_name.map(text),
            serial: leaf.serial.map(|it| self.serial(it)),
        }
    }

    fn target(&self, text: &str, host: &str, row: &Record<'_>) -> String {
        match self.hides(text) {
            true => target(host, row),
            false => text.to_owned(),
        }
    }

    fn hash(&self, hash: Hex<'_>) -> Fingerprint {
        match self.hashes() {
            // As in evidence, the hash of the hexadecimal text.
            true => self.fingerprint(hash.to_string().as_bytes()),
            false => Fingerprint(hash.0.try_into().unwrap_or_default()),
        }
    }

    fn serial(&self, serial: Hex<'_>) -> Vec<u8> {
        match self.hashes() {
            true => self.fingerprint(serial.to_string().as_bytes()).0.to_vec(),
            false => serial.0.to_vec(),
        }
    }
}

/// Returns a target for the pseudonym of a host, in the grammar of targets.
fn target(host: &str, row: &Record<'_>) -> String {
    let host = match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    };
    format!("{}://{host}:{}", row.service, row.port)
}

fn failed(row: &Record<'_>) -> impl Iterator<Item = IpAddr> {
    let addresses = row.addresses.iter().flat_map(|it| &it.failed);
    addresses.map(|failed| failed.ip)
}

impl Masked {
    /// Returns the row with the replaced values. `real` must be the row that was replaced.
    pub fn record<'a>(&'a self, real: &'a Record<'_>) -> Record<'a> {
        Record {
            schema: real.schema,
            target: &self.target,
            host: Cow::Borrowed(&self.host),
            host_unicode: match self.host == real.host {
                true => real.host_unicode.clone(),
                false => None,
            },
            duplicate_of: self.duplicate_of.as_deref(),
            population: real.population,
            sni: self.sni.as_deref(),
            ip: self.ip,
            addresses: real.addresses.as_ref().map(|it| self.addresses(it)),
            port: real.port,
            service: real.service,
            tags: Tags(&self.tags),
            attempt: real.attempt,
            started_at: real.started_at,
            timing_ms: real.timing_ms,
            verdict: real.verdict,
            side: real.side,
            findings: Findings(&self.findings),
            error: self.error.as_ref(),
            tls: self.tls.clone(),
            leaf: match (&self.leaf, &real.leaf) {
                (Some(masked), Some(leaf)) => Some(masked.leaf(leaf, self.dates)),
                _ => None,
            },
            chain: real.chain.as_ref().map(|chain| Chain {
                sent: self.sent.iter().map(Hex::from).collect(),
                cut: chain.cut,
                path: self
                    .path
                    .as_ref()
                    .map(|path| path.iter().map(Hex::from).collect()),
                completed_by: chain.completed_by,
            }),
            trust: real.trust,
            revocation: real.revocation.as_ref().map(|it| self.revocation(it)),
            judged_at: real.judged_at,
            pinned: real.pinned,
            looked_up: real.looked_up,
            versions_asked: real.versions_asked,
        }
    }

    fn addresses(&self, real: &Addresses) -> Addresses {
        let failed = real.failed.iter().zip(&self.failed);
        Addresses {
            tried: real.tried,
            of: real.of,
            complete: real.complete,
            failed: failed
                .map(|(real, ip)| FailedAddress {
                    ip: *ip,
                    kind: real.kind,
                })
                .collect(),
        }
    }

    fn revocation<'a>(&'a self, real: &Revocation<'a>) -> Revocation<'a> {
        let answers = real.answers.iter().zip(&self.answers);
        Revocation {
            status: real.status,
            source: real.source,
            certificate: real.certificate,
            reason: real.reason,
            revoked_at: self.dates.date(real.revoked_at),
            this_update: self.dates.date(real.this_update),
            answers: answers
                .map(|(real, (sha256, from))| Answer {
                    source: real.source,
                    certificate: real.certificate,
                    sha256: Hex::from(sha256),
                    status: real.status,
                    reason: real.reason,
                    revoked_at: self.dates.date(real.revoked_at),
                    this_update: self.dates.date(real.this_update),
                    next_update: self.dates.date(real.next_update),
                    from: from.as_deref(),
                })
                .collect(),
        }
    }
}

impl MaskedLeaf {
    fn leaf<'a>(&'a self, real: &Leaf<'a>, dates: Dates) -> Leaf<'a> {
        Leaf {
            sha256: Hex::from(&self.sha256),
            spki_sha256: self.spki.as_ref().map(Hex::from),
            subject: self.subject.as_deref(),
            sans: self.sans.as_deref().map(Sans),
            issuer: self.issuer.as_deref(),
            serial: self.serial.as_deref().map(Hex),
            not_before: dates.date(real.not_before),
            not_after: dates.date(real.not_after),
            days_left: real.days_left,
            key: real.key,
            signature: real.signature,
            version: real.version,
            issuer_name: self.issuer_name.as_deref(),
        }
    }
}
