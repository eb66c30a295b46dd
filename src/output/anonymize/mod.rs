//! Replaces values that identify a server or its operator by pseudonyms (`--anonymize`), so that rows
//! can be published. Each format gets the replaced row, so none can show an original value.

mod evidence;
mod row;
mod tls;

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::crypto::{Fingerprint, HashKey};
use crate::inventory::Host;
use crate::observation::PresentedName;

pub use row::Masked;

/// What is replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Host names, and everything that leads to them: names in certificates, addresses, hashes.
    Host,
    /// IP addresses.
    Address,
    /// Hashes and serial numbers of certificates and keys, by which they are found in public logs.
    Certificates,
    /// All tags.
    Tags,
    /// One tag.
    Tag(String),
}

/// The text names no group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give host, address, certificates, tags or tags.NAME")]
pub struct NotAGroup;

impl FromStr for Group {
    type Err = NotAGroup;

    fn from_str(text: &str) -> Result<Self, NotAGroup> {
        match text {
            "host" => Ok(Self::Host),
            "address" => Ok(Self::Address),
            "certificates" => Ok(Self::Certificates),
            "tags" => Ok(Self::Tags),
            _ => match text.strip_prefix("tags.") {
                Some(name) if !name.is_empty() => Ok(Self::Tag(name.to_owned())),
                _ => Err(NotAGroup),
            },
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::Address => f.write_str("address"),
            Self::Certificates => f.write_str("certificates"),
            Self::Tags => f.write_str("tags"),
            Self::Tag(name) => write!(f, "tags.{name}"),
        }
    }
}

/// Replaces values under one key. Equal values get equal pseudonyms.
pub struct Anonymizer {
    groups: BTreeSet<Group>,
    key: HashKey,
}

impl Anonymizer {
    /// Replaces these groups under this key.
    pub fn new(groups: impl IntoIterator<Item = Group>, key: HashKey) -> Self {
        Self {
            groups: groups.into_iter().collect(),
            key,
        }
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

    fn tag(&self, name: &str) -> bool {
        let one = Group::Tag(name.to_owned());
        self.groups.contains(&Group::Tags) || self.groups.contains(&one)
    }

    /// Returns a host name under the reserved domain `invalid` (RFC 2606). A wildcard stays one.
    fn name(&self, name: &str) -> String {
        let name = name.to_ascii_lowercase();
        match name.strip_prefix("*.") {
            Some(below) => format!("*.{}", self.name(below)),
            None => format!("n{}.invalid", self.short("name", name.as_bytes())),
        }
    }

    /// Returns an address in the private block fd00::/8 (RFC 4193).
    fn ip(&self, address: IpAddr) -> IpAddr {
        let hash = self.key.hash("address", address.to_string().as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        bytes[0] = 0xfd;
        Ipv6Addr::from(bytes).into()
    }

    fn host(&self, host: &Host) -> String {
        match host {
            Host::Name(name) if self.names() => self.name(name),
            Host::Address(address) if self.addresses() => self.ip(*address).to_string(),
            host => host.to_string(),
        }
    }

    fn san(&self, name: &PresentedName) -> PresentedName {
        match name {
            PresentedName::Dns(name) if self.names() => PresentedName::Dns(self.name(name)),
            PresentedName::Address(address) if self.addresses() => {
                PresentedName::Address(self.ip(*address))
            }
            PresentedName::Other(text) if self.names() => PresentedName::Other(self.text(text)),
            kept => kept.clone(),
        }
    }

    /// Returns the pseudonym of any other text.
    fn text(&self, text: &str) -> String {
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
        let groups = groups.split(',').map(|group| group.parse().unwrap());
        Anonymizer::new(groups, HashKey::from_bytes(b"a key of a test"))
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
        let text = written("host,tags");
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
    }

    #[test]
    fn other_groups_change_only_what_they_name() {
        let samples = samples::all();
        let (tags, address) = (anonymizer("tags"), anonymizer("address"));
        for sample in &samples {
            let real = sample.record();
            let plain = serde_json::to_value(&real).unwrap();
            let masked = tags.mask(&real);
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
            let ip = real.ip.map(|ip| format!("{ip}"));
            assert!(ip.is_none_or(|ip| !row.to_string().contains(&format!("\"{ip}\""))));
        }
    }

    #[test]
    fn groups_are_read_and_written_back() {
        for text in ["host", "address", "certificates", "tags", "tags.owner"] {
            assert_eq!(text.parse::<Group>().unwrap().to_string(), text);
        }
        for text in ["", "hosts", "tags.", "sans"] {
            assert_eq!(text.parse::<Group>(), Err(NotAGroup));
        }
    }
}
