//! Replaces the values of one row. Every field of a row is named here, so that a new field does not
//! compile before it is decided what happens to it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::Anonymizer;
use super::evidence::Secrets;
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
    /// True if host names are replaced.
    names: bool,
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
        let secrets = self.secrets(row);
        let host = match row.host.parse() {
            Ok(address) => self.host(&crate::inventory::Host::Address(address)),
            Err(_) => self.host(&crate::inventory::Host::Name(row.host.as_ref().into())),
        };
        let text = |text: &str| match self.names() {
            true => self.text(text),
            false => text.to_owned(),
        };
        let ip = |address: IpAddr| match self.addresses() {
            true => self.ip(address),
            false => address,
        };
        Masked {
            target: match self.names() || secrets.in_text(row.target) {
                true => target(&host, row),
                false => row.target.to_owned(),
            },
            duplicate_of: row.duplicate_of.map(|visited| {
                match self.names() || secrets.in_text(visited) {
                    true => target(&host, row),
                    false => visited.to_owned(),
                }
            }),
            sni: row.sni.map(|name| match self.names() {
                true => self.name(name),
                false => name.to_owned(),
            }),
            host,
            ip: row.ip.map(ip),
            failed: failed(row).map(ip).collect(),
            tags: row
                .tags
                .0
                .iter()
                .map(|tag| self.tagged(tag, &secrets))
                .collect(),
            findings: row
                .findings
                .0
                .iter()
                .map(|finding| self.finding(finding, &secrets))
                .collect(),
            error: row.error.map(|failure| self.failure(failure, &secrets)),
            tls: row.tls.as_ref().map(|tls| self.tls(tls, &secrets)),
            leaf: row.leaf.as_ref().map(|leaf| MaskedLeaf {
                sha256: self.hash(leaf.sha256),
                spki: leaf.spki_sha256.map(|it| self.hash(it)),
                subject: leaf.subject.map(text),
                sans: leaf
                    .sans
                    .map(|sans| sans.0.iter().map(|name| self.san(name)).collect()),
                issuer: leaf.issuer.map(text),
                issuer_name: leaf.issuer_name.map(text),
                serial: leaf.serial.map(|it| self.serial(it)),
            }),
            sent: hashes(row, |chain| Some(&chain.sent))
                .map(|it| self.hash(it))
                .collect(),
            path: row.chain.as_ref().and_then(|chain| {
                let path = chain.path.as_ref()?;
                Some(path.iter().map(|it| self.hash(*it)).collect())
            }),
            answers: row
                .revocation
                .iter()
                .flat_map(|it| &it.answers)
                .map(|answer| (self.hash(answer.sha256), answer.from.map(text)))
                .collect(),
            names: self.names(),
            dates: match self.hashes() {
                true => Dates::Days,
                false => Dates::Exact,
            },
        }
    }

    /// Returns the original values that must not appear in the row.
    fn secrets(&self, row: &Record<'_>) -> Secrets {
        let mut secrets = Vec::new();
        if self.names() {
            let names = [Some(row.host.as_ref()), row.sni].into_iter().flatten();
            for name in names {
                secrets.push(name.to_owned());
                // The own label of a host is as good as its name. The last label is not.
                let labels = name.split('.').rev().skip(1);
                secrets.extend(labels.filter(|it| it.len() > 3).map(str::to_owned));
            }
            let sans = row.leaf.iter().filter_map(|leaf| leaf.sans);
            secrets.extend(sans.flat_map(Sans::iter).map(|name| {
                let name = name.to_string();
                name.strip_prefix("*.").unwrap_or(&name).to_owned()
            }));
            secrets.extend(
                row.leaf
                    .iter()
                    .filter_map(|it| it.subject)
                    .map(str::to_owned),
            );
        }
        if self.addresses() {
            let addresses = row.ip.into_iter().chain(failed(row));
            secrets.extend(addresses.map(|address| address.to_string()));
            let host: Option<IpAddr> = row.host.parse().ok();
            secrets.extend(host.map(|address| address.to_string()));
        }
        if self.hashes() {
            let leaf = row.leaf.iter();
            secrets.extend(leaf.map(|it| it.sha256.to_string()));
            let sent = hashes(row, |chain| Some(&chain.sent));
            secrets.extend(sent.map(|it| it.to_string()));
        }
        Secrets::new(secrets)
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

    fn tagged(&self, (name, value): &(Arc<str>, Tag), secrets: &Secrets) -> (Arc<str>, Tag) {
        let text = value.as_str();
        let hidden = self.tag(name) || secrets.in_text(text);
        let value = match hidden {
            true => Tag::Text(self.text(text)),
            false => value.clone(),
        };
        (name.clone(), value)
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

fn hashes<'a>(
    row: &'a Record<'_>,
    of: fn(&'a Chain<'_>) -> Option<&'a Vec<Hex<'a>>>,
) -> impl Iterator<Item = Hex<'a>> {
    row.chain.iter().filter_map(of).flatten().copied()
}

impl Masked {
    /// Returns the row with the replaced values. `real` must be the row that was replaced.
    pub fn record<'a>(&'a self, real: &'a Record<'_>) -> Record<'a> {
        Record {
            schema: real.schema,
            target: &self.target,
            host: Cow::Borrowed(&self.host),
            host_unicode: match self.names {
                true => None,
                false => real.host_unicode.clone(),
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
