//! The names of columns and keys: which ones are recognised, which ones only resemble a recognised
//! one, and which column counts if several have the same meaning.

use std::sync::Arc;

use super::blanks::trimmed;
use super::bounds::short;

/// The recognised columns. `target` and `host` accept the whole grammar. If both are filled,
/// `target` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum KnownColumn {
    Target,
    Host,
    Port,
    Ports,
    Ip,
    Sni,
    StartTls,
    /// `address`, which contains IP addresses in some inventories and names in others.
    Address,
}

/// How clearly a name means its column: the lowest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The recognised name itself, in any case.
    Exact,
    /// A name that other programs and people use for it.
    Synonym,
    /// `address`.
    Vague,
}

/// The name of a column or key, and what it means; `None` if it is not recognised.
pub(super) type Heading = (Arc<str>, Option<(KnownColumn, Rank)>);

/// The recognised columns, and the names that other programs and people use for them: in lower case,
/// without blanks, hyphens, underscores and other punctuation.
pub const SYNONYMS: &[(&str, &[&str])] = &[
    (
        "host",
        &[
            "hostname",
            "fqdn",
            "domain",
            "domainname",
            "dnsname",
            "dnshostname",
            "servername",
            "serverhostname",
            "url",
            "uri",
            "website",
        ],
    ),
    (
        "port",
        &[
            "portnumber",
            "portno",
            "portid",
            "tcpport",
            "dport",
            "dstport",
            "destinationport",
            "sport",
            "serviceport",
            "tlsport",
            "sslport",
            "httpsport",
        ],
    ),
    (
        "ports",
        &["openports", "tcpports", "opentcpports", "portlist"],
    ),
    (
        "ip",
        &[
            "ipaddress",
            "ipaddr",
            "ipstr",
            "ipv4",
            "ipv6",
            "ipv4address",
            "ipv6address",
            "saddr",
            "daddr",
        ],
    ),
];

/// The columns of a file of rejected lines.
pub const REJECT_COLUMNS: [&str; 7] = [
    "file", "line", "reason", "hint", "original", "header", "format",
];

/// Names whose cells decide what they mean.
const VAGUE: [&str; 2] = ["address", "addr"];

impl KnownColumn {
    pub(super) const COUNT: usize = 8;

    const EXACT: [Self; 7] = [
        Self::Target,
        Self::Host,
        Self::Port,
        Self::Ports,
        Self::Ip,
        Self::Sni,
        Self::StartTls,
    ];

    /// Returns the column that this name means, and how clearly; `None` for any other name.
    pub(super) fn named(name: &str) -> Option<(Self, Rank)> {
        let exact = |name: &str| {
            let mut all = Self::EXACT.into_iter();
            all.find(|column| column.name().eq_ignore_ascii_case(name))
        };
        if let Some(column) = exact(name) {
            return Some((column, Rank::Exact));
        }
        let letters = letters(name);
        let mut synonyms = SYNONYMS.iter();
        let meant = synonyms.find(|(_, names)| names.contains(&&*letters));
        let meant = exact(meant.map_or(&*letters, |(column, _)| column));
        let vague = || {
            VAGUE
                .contains(&&*letters)
                .then_some((Self::Address, Rank::Vague))
        };
        meant.map(|column| (column, Rank::Synonym)).or_else(vague)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Host => "host",
            Self::Port => "port",
            Self::Ports => "ports",
            Self::Ip => "ip",
            Self::Sni => "sni",
            Self::StartTls => "starttls",
            Self::Address => "address",
        }
    }

    /// Returns what the cells of the column contain, in the plural.
    pub(super) fn contents(self) -> &'static str {
        match self {
            Self::Target => "targets",
            Self::Host => "host names",
            Self::Port => "ports",
            Self::Ports => "lists of ports",
            Self::Ip => "IP addresses",
            Self::Sni => "names to send as SNI",
            Self::StartTls => "STARTTLS services",
            Self::Address => "addresses",
        }
    }

    /// Returns true if a row can be visited with this column alone.
    pub(super) fn names_a_host(self) -> bool {
        matches!(self, Self::Target | Self::Host | Self::Ip | Self::Address)
    }

    /// Returns the column that stands for all columns of the same meaning.
    fn meaning(self) -> Self {
        match self {
            Self::Target => Self::Host,
            Self::Ports => Self::Port,
            Self::Address => Self::Ip,
            other => other,
        }
    }
}

/// Two names with the same meaning, of which neither counts more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// The same recognised name twice.
    Twice(KnownColumn),
    /// Two other names.
    SameMeaning {
        first: Arc<str>,
        second: Arc<str>,
        meant: KnownColumn,
    },
}

/// Decides which of the recognised columns count. Returns for each of `found`, in their order,
/// true if it counts; the others become tags.
pub(super) fn chosen(found: &[Heading]) -> Result<Vec<bool>, Clash> {
    let known = || {
        let known = found.iter().enumerate();
        known.filter_map(|(index, (name, it))| it.map(|(column, rank)| (index, name, column, rank)))
    };
    let mut counts = vec![false; found.len()];
    for (index, name, column, rank) in known() {
        let rivals = || known().filter(|it| it.2.meaning() == column.meaning());
        if rivals().any(|it| it.3 < rank) {
            continue;
        }
        let earlier = rivals().find(|it| {
            // `target` beside `host`, and `ports` beside `port`, are told apart row by row.
            it.0 < index && it.3 == rank && (it.2 == column || rank != Rank::Exact)
        });
        match earlier {
            Some(_) if rank == Rank::Exact => return Err(Clash::Twice(column)),
            Some((_, first, ..)) => {
                return Err(Clash::SameMeaning {
                    first: first.clone(),
                    second: name.clone(),
                    meant: column,
                });
            }
            None => counts[index] = true,
        }
    }
    Ok(counts)
}

/// Returns a notice for each column that seems to be meant for this program but becomes a tag, or
/// whose cells are read in two ways. `kind` is `column` or `key`.
pub(super) fn notices(kind: &str, found: &[Heading], counts: &[bool]) -> Vec<(Arc<str>, String)> {
    let counting = || {
        let counting = found.iter().zip(counts).filter(|(_, counts)| **counts);
        counting.filter_map(|((name, it), _)| Some((name, (*it)?.0)))
    };
    let mut notices = Vec::new();
    for ((name, known), counts) in found.iter().zip(counts) {
        let shown = short(name);
        let text = match known {
            Some((KnownColumn::Address, _)) if *counts => counting()
                .find(|(_, column)| matches!(column, KnownColumn::Target | KnownColumn::Host))
                .map(|(host, _)| {
                    format!(
                        "the {kind} {shown:?} is the address to connect to where it contains an \
                         IP address, and a tag elsewhere, because {:?} names the host",
                        short(host)
                    )
                }),
            Some(_) if *counts => None,
            Some((column, _)) => counting()
                .find(|(_, other)| other.meaning() == column.meaning())
                .map(|(other, _)| {
                    format!(
                        "the {kind} {shown:?} is kept as a tag, because {:?} has the same meaning",
                        short(other)
                    )
                }),
            None => {
                let filled = |column: KnownColumn| {
                    counting().any(|(_, other)| other.meaning() == column.meaning())
                };
                resembled(name, filled).map(|column| {
                    let (contents, meant) = (column.contents(), column.name());
                    format!(
                        "the {kind} {shown:?} is kept as a tag; if it contains {contents}, \
                         rename it to `{meant}`"
                    )
                })
            }
        };
        notices.extend(text.map(|text| (name.clone(), text)));
    }
    notices
}

/// Returns the column that a name resembles: by a slip of the fingers, as the plural of a name of
/// hosts, or, if no other column has this meaning, by its last word, as in `public ip`.
pub(super) fn resembled(name: &str, filled: impl Fn(KnownColumn) -> bool) -> Option<KnownColumn> {
    let letters = letters(name);
    let mut all = KnownColumn::EXACT.into_iter();
    let slip = all.find(|column| is_slip(&letters, column.name()));
    let mut others = SYNONYMS.iter().flat_map(|(_, names)| *names).chain(&VAGUE);
    let slip = slip.or_else(|| {
        // Half of the shorter ones are a slip away from another word, such as `sort` from `sport`.
        let long = |name: &str| name.len() >= 6;
        let meant = others.find(|name| long(name) && is_slip(&letters, name))?;
        KnownColumn::named(meant).map(|(column, _)| column)
    });
    let slip = slip.or_else(|| plural(&letters));
    slip.or_else(|| {
        let words = || trimmed(name).split(|c: char| !c.is_alphanumeric());
        let last = words().rfind(|word| !word.is_empty())?;
        let (column, _) = KnownColumn::named(last)?;
        (!filled(column) && column != KnownColumn::Address).then_some(column)
    })
}

/// Returns the column of hosts whose name, in the plural, these letters are.
fn plural(letters: &str) -> Option<KnownColumn> {
    let endings = ["s", "es"].into_iter();
    let mut singular = endings.filter_map(|ending| letters.strip_suffix(ending));
    let named = singular.find_map(KnownColumn::named);
    let column = named.map(|(column, _)| column);
    column.filter(|column| column.names_a_host())
}

/// Returns the letters and digits of a name, in lower case.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_ascii_lowercase()
}

/// Returns true if one slip turns one word into the other: two letters swapped, or, in words of four
/// letters, one missing or one too many, or, in longer words, another one after the first. Shorter
/// words are not compared: `id` is no slip for `ip`, and `cost` is none for `host`.
fn is_slip(word: &str, meant: &str) -> bool {
    let (word, meant) = (word.as_bytes(), meant.as_bytes());
    if meant.len() < 3 || word == meant {
        return false;
    }
    let long = meant.len() > 3;
    let start = word.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (a, b) = (&word[start..], &meant[start..]);
    match (a, b) {
        ([x, y, a @ ..], [v, w, b @ ..]) if x == w && y == v => a == b,
        ([_, a @ ..], [_, b @ ..]) if word.len() == meant.len() => {
            a == b && start > 0 && meant.len() > 4
        }
        (a, [_, b @ ..]) if long && word.len() + 1 == meant.len() => a == b,
        ([_, a @ ..], b) if long && word.len() == meant.len() + 1 => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Vec<Heading> {
        let names = names.iter();
        names
            .map(|name| (Arc::from(*name), KnownColumn::named(name)))
            .collect()
    }

    #[test]
    fn every_usual_name_is_recognised() {
        for (name, column) in [
            ("HOST", KnownColumn::Host),
            ("Host Name", KnownColumn::Host),
            ("host_name", KnownColumn::Host),
            ("FQDN:", KnownColumn::Host),
            ("Domain Name", KnownColumn::Host),
            ("Website", KnownColumn::Host),
            ("Server-Name", KnownColumn::Host),
            ("IP Address", KnownColumn::Ip),
            ("ip_addr", KnownColumn::Ip),
            ("IPv6", KnownColumn::Ip),
            ("TCP Port", KnownColumn::Port),
            ("portId", KnownColumn::Port),
            ("Open Ports", KnownColumn::Ports),
            ("start_tls", KnownColumn::StartTls),
            ("Address", KnownColumn::Address),
        ] {
            let named = KnownColumn::named(name).map(|(column, _)| column);
            assert_eq!(named, Some(column), "{name}");
        }
        for name in ["owner", "", "name", "ip owner", "id", "site"] {
            assert_eq!(KnownColumn::named(name), None, "{name}");
        }
    }

    #[test]
    fn synonyms_name_their_column_and_nothing_twice() {
        let mut seen = std::collections::HashSet::new();
        for (column, names) in SYNONYMS {
            for name in *names {
                assert!(seen.insert(*name), "{name} is listed twice");
                assert_eq!(letters(name), *name);
                let (known, rank) = KnownColumn::named(name).unwrap();
                assert_eq!((known.name(), rank), (*column, Rank::Synonym), "{name}");
            }
        }
    }

    #[test]
    fn the_clearest_name_of_a_meaning_counts() {
        for (names, expected) in [
            (&["host", "url", "owner"][..], &[true, false, false][..]),
            (&["url", "target"], &[false, true]),
            (&["target", "host"], &[true, true]),
            (&["ip_address", "ip"], &[false, true]),
            (&["host", "address", "ip address"], &[true, false, true]),
            (&["port", "open ports"], &[true, false]),
            (&["port", "ports"], &[true, true]),
            (&["hostname", "address"], &[true, true]),
        ] {
            assert_eq!(chosen(&found(names)).as_deref(), Ok(expected), "{names:?}");
        }
        for names in [["domain", "hostname"], ["dport", "open ports"]] {
            let clash = chosen(&found(&names)).unwrap_err();
            let Clash::SameMeaning { first, second, .. } = clash else {
                panic!("{names:?}: {clash:?}");
            };
            assert_eq!([&*first, &*second], names);
        }
        assert_eq!(
            chosen(&found(&["host", "HOST"])),
            Err(Clash::Twice(KnownColumn::Host))
        );
    }

    #[test]
    fn slips_and_last_words_resemble_a_column() {
        let none = |_| false;
        for (name, column) in [
            ("prot", KnownColumn::Port),
            ("hots", KnownColumn::Host),
            ("Hosts", KnownColumn::Host),
            ("hst", KnownColumn::Host),
            ("targte", KnownColumn::Target),
            ("terget", KnownColumn::Target),
            ("hostnames", KnownColumn::Host),
            ("startls", KnownColumn::StartTls),
            ("public ip", KnownColumn::Ip),
            ("primary_host", KnownColumn::Host),
            ("adress", KnownColumn::Address),
            ("addresses", KnownColumn::Address),
            ("urls", KnownColumn::Host),
            ("fqdns", KnownColumn::Host),
            ("IPs", KnownColumn::Ip),
            ("sin", KnownColumn::Sni),
        ] {
            assert_eq!(resembled(name, none), Some(column), "{name}");
        }
        for name in [
            "id", "cost", "sort", "post", "part", "owner", "ip owner", "", "sn", "snip", "notes",
            "sites",
        ] {
            assert_eq!(resembled(name, none), None, "{name}");
        }
        assert_eq!(resembled("public ip", |_| true), None);
    }
}
