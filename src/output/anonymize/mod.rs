//! Replaces values that identify a server or its operator by pseudonyms (`--anonymize`), so that rows
//! can be published. Each format gets the replaced row, so none can show an original value.

mod addresses;
mod evidence;
mod row;
mod tls;

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use super::Record;
use crate::crypto::{Fingerprint, HashKey};
use crate::inventory::Tag;
use crate::observation::PresentedName;
use addresses::{contains_address, replace_addresses};

pub use row::Masked;

/// What is replaced. Tags are replaced in any case: a column can contain anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Host names, and everything that leads to them: names in certificates, addresses, hashes.
    Host,
    /// IP addresses.
    Address,
    /// Hashes and serial numbers of certificates and keys, by which they are found in public logs.
    Certificates,
}

/// The text names no group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "give host, address or certificates; tags are always replaced, except those of --keep-tags"
)]
pub struct NotAGroup;

impl FromStr for Group {
    type Err = NotAGroup;

    fn from_str(text: &str) -> Result<Self, NotAGroup> {
        match text {
            "host" => Ok(Self::Host),
            "address" => Ok(Self::Address),
            "certificates" => Ok(Self::Certificates),
            _ => Err(NotAGroup),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::Address => "address",
            Self::Certificates => "certificates",
        })
    }
}

/// Replaces values under one key. Equal values get equal pseudonyms. What is replaced depends on the
/// field and the form of a value, never on the other values of the row.
pub struct Anonymizer {
    groups: BTreeSet<Group>,
    kept: Vec<KeptTag>,
    key: HashKey,
}

/// A tag whose values are not replaced.
struct KeptTag {
    name: String,
    /// True if a row had it.
    seen: bool,
}

impl KeptTag {
    fn is(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.to_lowercase()
    }
}

impl Anonymizer {
    /// Replaces these groups under this key, and all tags except the kept ones.
    pub fn new(
        groups: impl IntoIterator<Item = Group>,
        kept: impl IntoIterator<Item = String>,
        key: HashKey,
    ) -> Self {
        let kept = kept.into_iter();
        Self {
            groups: groups.into_iter().collect(),
            kept: kept.map(|name| KeptTag { name, seen: false }).collect(),
            key,
        }
    }

    /// Notes which of the kept tags this row has.
    pub(super) fn watch(&mut self, row: &Record<'_>) {
        for kept in self.kept.iter_mut().filter(|kept| !kept.seen) {
            kept.seen = row.tags.0.iter().any(|(name, _)| kept.is(name));
        }
    }

    /// Returns the kept tags that no row had.
    pub(super) fn absent(&self) -> Vec<String> {
        let absent = self.kept.iter().filter(|kept| !kept.seen);
        absent.map(|kept| kept.name.clone()).collect()
    }

    fn names(&self) -> bool {
        self.groups.contains(&Group::Host)
    }

    /// An address leads to the names at it, and a name to its addresses.
    fn addresses(&self) -> bool {
        self.names() || self.groups.contains(&Group::Address)
    }

    /// A hash or serial number leads to the certificate in public logs, and so to its names.
    fn hashes(&self) -> bool {
        self.names() || self.groups.contains(&Group::Certificates)
    }

    /// Returns true if a name is replaced. A name that contains an address leads to it.
    fn hides(&self, name: &str) -> bool {
        self.names() || (self.addresses() && contains_address(name))
    }

    fn dns(&self, name: &str) -> String {
        match self.hides(name) {
            true => self.name(name),
            false => name.to_owned(),
        }
    }

    /// Returns a host name under the reserved domain `invalid` (RFC 2606). A wildcard stays one.
    fn name(&self, name: &str) -> String {
        let name = name.to_ascii_lowercase();
        match name.strip_prefix("*.") {
            Some(below) => format!("*.{}", self.name(below)),
            None => format!("n{}.invalid", self.short("name", name.as_bytes())),
        }
    }

    fn address(&self, address: IpAddr) -> IpAddr {
        match self.addresses() {
            true => self.ip(address),
            false => address,
        }
    }

    /// Returns an address in the private block fd00::/8 (RFC 4193).
    fn ip(&self, address: IpAddr) -> IpAddr {
        let address = address.to_canonical();
        let hash = self.key.hash("address", address.to_string().as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        bytes[0] = 0xfd;
        Ipv6Addr::from(bytes).into()
    }

    fn host(&self, host: &str) -> String {
        match host.parse() {
            Ok(address) => self.address(address).to_string(),
            Err(_) => self.dns(host),
        }
    }

    fn san(&self, name: &PresentedName) -> PresentedName {
        match name {
            PresentedName::Dns(name) => PresentedName::Dns(self.dns(name)),
            PresentedName::Address(address) => PresentedName::Address(self.address(*address)),
            PresentedName::Other(text) => PresentedName::Other(self.text(text)),
        }
    }

    /// Returns any other text without the values of the groups.
    fn text(&self, text: &str) -> String {
        match (self.names(), self.addresses()) {
            (true, _) => self.pseudonym(text),
            (false, true) => replace_addresses(
                text,
                |address| self.ip(address).to_string(),
                |part| self.pseudonym(part),
            ),
            (false, false) => text.to_owned(),
        }
    }

    fn tag(&self, name: &str, value: &Tag) -> Tag {
        match self.kept.iter().any(|kept| kept.is(name)) {
            true => value.clone(),
            false => Tag::Text(self.pseudonym(value.as_str())),
        }
    }

    fn tags(&self, tags: &[(Arc<str>, Tag)]) -> Vec<(Arc<str>, Tag)> {
        let tags = tags.iter();
        tags.map(|(name, value)| (name.clone(), self.tag(name, value)))
            .collect()
    }

    fn pseudonym(&self, text: &str) -> String {
        format!("x{}", self.short("text", text.as_bytes()))
    }

    fn fingerprint(&self, bytes: &[u8]) -> Fingerprint {
        Fingerprint(self.key.hash("hash", bytes))
    }

    fn short(&self, kind: &str, value: &[u8]) -> String {
        let hash = self.key.hash(kind, value);
        hash[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use crate::output::{Format, Layout, OutputPath, Outputs};

    fn anonymizer(groups: &str) -> Anonymizer {
        let groups = groups.split(',').filter(|group| !group.is_empty());
        let groups = groups.map(|group| group.parse().unwrap());
        Anonymizer::new(groups, [], HashKey::from_bytes(b"a key of a test"))
    }

    /// Writes the samples in every format and returns the text.
    fn written(groups: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a.jsonl", "a.csv", "a.txt"].map(|name| folder.path().join(name));
        let wanted: Vec<_> = paths
            .iter()
            .map(|path| (OutputPath::from(&**path), Format::for_path(path).unwrap()))
            .collect();
        let outputs = Outputs::open(
            &wanted,
            Layout {
                addresses: true,
                ..Layout::default()
            },
        )
        .unwrap();
        let mut outputs = outputs.anonymized(Some(anonymizer(groups)));
        for sample in samples::all() {
            outputs.write(&sample.record()).unwrap();
        }
        outputs.finish().unwrap();
        let texts = paths.map(|path| std::fs::read_to_string(path).unwrap());
        texts.concat().to_lowercase()
    }

    #[test]
    fn no_format_shows_an_original_value() {
        let text = written("host");
        for sample in samples::all() {
            let row = sample.record();
            let mut originals = vec![row.host.to_string(), row.target.to_owned()];
            originals.extend(row.sni.map(str::to_owned));
            originals.extend(row.ip.map(|ip| ip.to_string()));
            if let Some(leaf) = &row.leaf {
                originals.push(leaf.sha256.to_string());
                originals.extend(leaf.spki_sha256.map(|it| it.to_string()));
                originals.extend(leaf.subject.map(str::to_owned));
                originals.extend(leaf.issuer.map(str::to_owned));
                originals.extend(
                    leaf.sans
                        .iter()
                        .flat_map(|it| it.iter())
                        .map(|it| it.to_string()),
                );
            }
            let tags = row.tags.0.iter();
            originals.extend(tags.map(|(_, value)| value.as_str().to_owned()));
            for original in originals.iter().filter(|it| it.len() > 2) {
                assert!(
                    !text.contains(&original.to_lowercase()),
                    "{original}\n{text}"
                );
            }
        }
    }

    #[test]
    fn equal_values_get_equal_pseudonyms() {
        let anonymizer = anonymizer("host");
        assert_eq!(anonymizer.name("A.test"), anonymizer.name("a.test"));
        assert_ne!(anonymizer.name("a.test"), anonymizer.name("b.test"));
        let wildcard = anonymizer.name("*.a.test");
        assert_eq!(wildcard, format!("*.{}", anonymizer.name("a.test")));
        let san = anonymizer.san(&PresentedName::Dns("a.test".to_owned()));
        assert_eq!(san, PresentedName::Dns(anonymizer.name("a.test")));
        let ip = anonymizer.ip("192.0.2.1".parse().unwrap());
        assert_eq!(ip, anonymizer.ip("192.0.2.1".parse().unwrap()));
        assert!(ip.to_string().starts_with("fd"));
        assert_eq!(ip, anonymizer.ip("::ffff:192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn other_groups_change_only_what_they_name() {
        let (none, address) = (anonymizer(""), anonymizer("address"));
        for sample in &samples::all() {
            let real = sample.record();
            let plain = serde_json::to_value(&real).unwrap();
            let masked = none.mask(&real);
            let mut row = serde_json::to_value(masked.record(&real)).unwrap();
            row["tags"] = plain["tags"].clone();
            // No server can choose a protocol that was not offered, as this sample does.
            if real.tls.is_some() {
                row["tls"]["alpn"] = plain["tls"]["alpn"].clone();
            }
            assert_eq!(row, plain);
            let masked = address.mask(&real);
            let row = serde_json::to_value(masked.record(&real)).unwrap();
            assert_eq!(row["leaf"]["sha256"], plain["leaf"]["sha256"]);
            let ip = real.ip.map(|ip| ip.to_string());
            assert!(ip.is_none_or(|ip| !row.to_string().contains(&ip)));
        }
    }

    #[test]
    fn tags_are_replaced_except_the_kept_ones() {
        let samples = samples::all();
        let tagged = |sample: &&samples::Sample| !sample.record().tags.0.is_empty();
        let sample = samples.iter().find(tagged).unwrap();
        let real = sample.record();
        let (name, value) = &real.tags.0[0];
        let kept = [name.to_uppercase(), "nowhere".to_owned()];
        let key = HashKey::from_bytes(b"a key of a test");
        let mut keeping = Anonymizer::new([Group::Address], kept, key);
        keeping.watch(&real);
        assert_eq!(keeping.absent(), ["nowhere"]);
        let masked = keeping.mask(&real);
        let row = masked.record(&real);
        assert_eq!(row.tags.0[0].1.as_str(), value.as_str());
        for ((_, value), (_, masked)) in real.tags.0.iter().zip(row.tags.0).skip(1) {
            assert_ne!(value.as_str(), masked.as_str());
        }
    }

    #[test]
    fn groups_are_read_and_written_back() {
        for text in ["host", "address", "certificates"] {
            assert_eq!(text.parse::<Group>().unwrap().to_string(), text);
        }
        for text in ["", "hosts", "tags", "tags.owner", "sans"] {
            assert_eq!(text.parse::<Group>(), Err(NotAGroup));
        }
    }
}
