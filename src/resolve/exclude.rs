//! The list of targets that must never be contacted: names, names below a name, addresses and
//! networks, one per line. It knows nothing about targets or scanning.
//!
//! A malformed line is an error and is not skipped: an exclusion that silently fails means scanning
//! a server against its operator's wish.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::net::IpAddr;
use std::path::Path;

use rustls_pki_types::DnsName;

use super::ranges::{Net, NetError, Ranges};

/// Names and addresses that are never resolved or visited.
#[derive(Clone, Debug, Default)]
pub struct ExcludeList {
    names: HashSet<Box<str>>,
    /// Parents of excluded names: every name below one of these is excluded.
    below: HashSet<Box<str>>,
    addresses: Ranges,
}

/// Why an exclude file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExcludeError {
    /// The file cannot be read.
    #[error("cannot read {file}: {error}")]
    Read {
        /// Name of the file.
        file: String,
        /// Error of the operating system.
        error: io::Error,
    },
    /// A line is malformed.
    #[error("{file}, line {line}: {problem}")]
    Line {
        /// Name of the file.
        file: String,
        /// Line number, from 1.
        line: usize,
        /// What is wrong, and what to write.
        problem: ExcludeProblem,
    },
}

/// What is wrong with an entry, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExcludeProblem {
    /// Not a name, a name pattern, an address or a network.
    #[error(
        "{0:?} is neither a name nor an address; write example.com, *.example.com, 192.0.2.1 or 192.0.2.0/24, without scheme, port or path"
    )]
    Entry(String),
    /// An asterisk that is not the first label.
    #[error(
        "{0:?}: `*` may only be the first label; write *.example.com for all names below example.com, and example.com for the name itself"
    )]
    Star(String),
    /// The prefix length is invalid.
    #[error(
        "{0:?}: the prefix length must be a number up to 32 (IPv4) or 128 (IPv6), as in 192.0.2.0/24"
    )]
    Prefix(String),
    /// The address of a network is not its first address.
    #[error(
        "{entry:?} is an address inside a network; write {network} for the network, or only the address"
    )]
    HostBits {
        /// The entry.
        entry: String,
        /// The network.
        network: String,
    },
    /// The name is not ASCII.
    #[error("{0:?} is not ASCII; write the name as punycode (xn--...)")]
    NotAscii(String),
    /// The line is not UTF-8.
    #[error("the line is not UTF-8; save the file as UTF-8")]
    NotUtf8,
    /// The line is too long to be an entry.
    #[error("the line is longer than {LONGEST_LINE} bytes; write one entry per line")]
    TooLong,
}

/// Maximum length of a line in bytes: longer than any name or network with a long comment. Without
/// a limit, a file without line ends would be read as one line.
const LONGEST_LINE: usize = 4096;

impl ExcludeList {
    /// Reads an exclude file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read or a line is malformed.
    pub fn read(path: &Path) -> Result<Self, ExcludeError> {
        let file = path.display().to_string();
        match File::open(path) {
            Ok(opened) => Self::parse(&file, BufReader::new(opened)),
            Err(error) => Err(ExcludeError::Read { file, error }),
        }
    }

    /// Reads the list from any stream. Errors call it `file`.
    ///
    /// # Errors
    ///
    /// Returns an error if the stream cannot be read or a line is malformed.
    pub fn parse(file: &str, mut input: impl BufRead) -> Result<Self, ExcludeError> {
        let mut list = Self::default();
        let mut nets = Vec::new();
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            // One byte more than the limit shows that the line is too long.
            let most = u64::try_from(LONGEST_LINE + 1).unwrap_or(u64::MAX);
            let read = input.by_ref().take(most).read_until(b'\n', &mut bytes);
            match read {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    let file = file.to_owned();
                    return Err(ExcludeError::Read { file, error });
                }
            }
            entry(&bytes, line)
                .and_then(|entry| match entry {
                    Some(entry) => list.add(entry, &mut nets),
                    None => Ok(()),
                })
                .map_err(|problem| ExcludeError::Line {
                    file: file.to_owned(),
                    line,
                    problem,
                })?;
        }
        list.addresses = Ranges::new(nets);
        Ok(list)
    }

    /// Returns true if a name is excluded, itself or because it is below another. Case and a
    /// trailing dot are ignored.
    pub fn excludes_name(&self, name: &str) -> bool {
        if self.names.is_empty() && self.below.is_empty() {
            return false;
        }
        let folded;
        let name = name.strip_suffix('.').unwrap_or(name);
        let name = if name.bytes().any(|b| b.is_ascii_uppercase()) {
            folded = name.to_ascii_lowercase();
            &folded
        } else {
            name
        };
        self.names.contains(name) || parents(name).any(|name| self.below.contains(name))
    }

    /// Returns true if an address is excluded. An IPv4-mapped IPv6 address counts as the IPv4
    /// address.
    pub fn excludes_address(&self, address: IpAddr) -> bool {
        self.addresses.contains(address)
    }

    fn add(&mut self, entry: &str, nets: &mut Vec<Net>) -> Result<(), ExcludeProblem> {
        match Net::parse(entry) {
            Ok(net) => {
                nets.push(net);
                return Ok(());
            }
            Err(NetError::NotAnAddress) => {}
            Err(NetError::Prefix) => return Err(ExcludeProblem::Prefix(entry.to_owned())),
            Err(NetError::HostBits(network)) => {
                let entry = entry.to_owned();
                return Err(ExcludeProblem::HostBits { entry, network });
            }
        }
        match entry.strip_prefix("*.") {
            Some(parent) => self.below.insert(name(parent, entry)?),
            None => self.names.insert(name(entry, entry)?),
        };
        Ok(())
    }
}

/// Returns the entry of a line without comment, white space and line end, or `None` if there is
/// none.
fn entry(bytes: &[u8], line: usize) -> Result<Option<&str>, ExcludeProblem> {
    if bytes.len() > LONGEST_LINE {
        return Err(ExcludeProblem::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ExcludeProblem::NotUtf8)?;
    let text = match line {
        1 => text.strip_prefix('\u{feff}').unwrap_or(text),
        _ => text,
    };
    let text = text.split('#').next().unwrap_or(text).trim();
    Ok((!text.is_empty()).then_some(text))
}

/// Normalises a name for comparison.
fn name(text: &str, entry: &str) -> Result<Box<str>, ExcludeProblem> {
    let entry = || entry.to_owned();
    if !text.is_ascii() {
        return Err(ExcludeProblem::NotAscii(entry()));
    }
    if text.contains('*') {
        return Err(ExcludeProblem::Star(entry()));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    match DnsName::try_from(name.as_str()) {
        Ok(_) => Ok(name.into()),
        Err(_) => Err(ExcludeProblem::Entry(entry())),
    }
}

/// Returns the parents of a name, nearest first.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| {
        name.split_once('.').map(|(_, rest)| rest)
    })
    .skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> ExcludeList {
        ExcludeList::parse("no.txt", text.as_bytes()).unwrap()
    }

    #[test]
    fn names_and_what_is_below_them() {
        let list = list(
            "\u{feff}# ours\r\nexample.com\r\n*.Example.org.  # all below\n\n  _x.test\nlast.test",
        );
        for (name, excluded) in [
            ("example.com", true),
            ("EXAMPLE.com.", true),
            ("www.example.com", false),
            ("notexample.com", false),
            ("com", false),
            ("example.org", false),
            ("www.example.org", true),
            ("a.b.Example.ORG", true),
            ("wwwexample.org", false),
            ("_x.test", true),
            ("last.test", true),
            ("", false),
        ] {
            assert_eq!(list.excludes_name(name), excluded, "{name}");
        }
        assert!(!list.excludes_address("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn addresses_and_networks() {
        let list = list("192.0.2.0/24\n198.51.100.7 # one\n2001:db8::/32\n[::1]\n");
        for (address, excluded) in [
            ("192.0.2.77", true),
            ("::ffff:192.0.2.77", true),
            ("192.0.3.1", false),
            ("198.51.100.7", true),
            ("2001:db8:1::1", true),
            ("::1", true),
        ] {
            let parsed = address.parse().unwrap();
            assert_eq!(list.excludes_address(parsed), excluded, "{address}");
        }
        assert!(!list.excludes_name("example.com"));
    }

    #[test]
    fn a_bad_line_is_named_with_what_to_write() {
        let long = "a".repeat(5000);
        for (line, words) in [
            ("https://example.com/", "without scheme, port or path"),
            ("example.com:443", "without scheme, port or path"),
            ("192.0.2.1:443", "without scheme, port or path"),
            ("a b", "neither a name nor an address"),
            ("192.0.2.256", "neither a name nor an address"),
            (".example.com", "neither a name nor an address"),
            ("*", "write *.example.com"),
            ("www.*.com", "write *.example.com"),
            ("*.*.com", "write *.example.com"),
            ("192.0.2.0/33", "prefix length"),
            ("192.0.2.7/24", "write 192.0.2.0/24"),
            ("bücher.example", "xn--"),
            (&long, "longer than 4096 bytes"),
        ] {
            let text = format!("ok.example\n\n{line}\nalso.example\n");
            let error = ExcludeList::parse("no.txt", text.as_bytes()).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("no.txt, line 3: "), "{text}");
            assert!(text.contains(words), "{text}");
        }
        let error = ExcludeList::parse("no.txt", &b"ok\n\xff\xfe\n"[..]).unwrap_err();
        assert!(error.to_string().contains("line 2: the line is not UTF-8"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = ExcludeList::read(Path::new("/nonexistent/no.txt")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read /nonexistent/no.txt: ")
        );
    }

    #[test]
    fn a_hundred_thousand_entries() {
        let mut text = String::new();
        for n in 0u32..50_000 {
            let [_, a, b, c] = (n * 4).to_be_bytes();
            text += &format!("*.host{n}.example\n10.{a}.{b}.{c}/31\n");
        }
        let list = list(&text);
        for n in 0u32..50_000 {
            assert!(list.excludes_name(&format!("www.host{n}.example")));
            assert!(!list.excludes_name(&format!("host{n}.example")));
            let [_, a, b, c] = (n * 4).to_be_bytes();
            assert!(list.excludes_address([10, a, b, c + 1].into()));
            assert!(!list.excludes_address([10, a, b, c + 2].into()));
        }
    }
}
